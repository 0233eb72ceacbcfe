/* custom.h -- what is in custom sections, which are read without failing: at a malformed one `is_malformed` is set and
 * what is read is empty. */
#ifndef MELD_WASM_CUSTOM_H
#define MELD_WASM_CUSTOM_H

#include "wasm/module.h"

struct custom_reader {
  const uint8_t *at, *end;
  bool is_malformed;
};
struct custom_reader custom_reader_of(struct bytes content);
uint32_t read_custom_u32(struct custom_reader *r);
struct bytes read_custom_bytes(struct custom_reader *r, uint32_t size);
struct bytes read_custom_name(struct custom_reader *r);
/* The first custom section of that name; false: none. */
bool find_custom(const struct module *module, const char *name, struct custom_reader *r);

#endif
