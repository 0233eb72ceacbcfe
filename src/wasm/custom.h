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
uint8_t read_custom_byte(struct custom_reader *r);
uint32_t read_custom_u32(struct custom_reader *r);
struct bytes read_custom_bytes(struct custom_reader *r, uint32_t size);
struct bytes read_custom_name(struct custom_reader *r);
/* The first custom section of that name; false: none. */
bool find_custom(const struct module *module, const char *name, struct custom_reader *r);

/* Name sections, of core modules and of components. */
enum { NAME_OF_WHOLE = 0, NAMES_OF_FUNCTIONS = 1, NAMES_OF_GLOBALS = 7 }; /* subsections; the latter two of modules */
/* The next subsection; false: there is none, or it is malformed. */
bool next_subsection(struct custom_reader *section, uint8_t *id, struct custom_reader *content);
/* The name of the whole, which comes first; size 0: none. */
struct bytes read_name_of_whole(struct custom_reader section);
/* The next of `left` entries of a map of names; false: there is none, or it is malformed. */
bool next_name(struct custom_reader *map, uint32_t *left, uint32_t *index, struct bytes *name);

/* A section "producers", of which nothing has been read. */
struct producer_list {
  struct custom_reader r;
  bool is_started;
  uint32_t fields, values; /* left: of fields, of values in this one */
};
struct producer {
  struct bytes field, name, version;
};
/* The next; false: there is none, or it is malformed. */
bool next_producer(struct producer_list *list, struct producer *producer);

#endif
