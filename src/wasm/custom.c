/* custom.c -- numbers, names and bytes of custom sections, which may be malformed and yet do no harm.
 *
 * Provides  what custom.h declares.
 * Spec      WebAssembly core, "Appendix / Custom Sections".
 */
#include "wasm/custom.h"

struct custom_reader custom_reader_of(struct bytes content) {
  return (struct custom_reader){content.at, content.at + content.size, false};
}

uint32_t read_custom_u32(struct custom_reader *r) {
  uint32_t value = 0;
  for (uint32_t shift = 0; shift < 32 && r->at < r->end; shift += 7) {
    uint8_t byte = *r->at++;
    if (shift == 28 && byte > 0x0f)
      break;
    value |= (uint32_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return value;
  }
  r->is_malformed = true;
  r->at = r->end;
  return 0;
}

struct bytes read_custom_bytes(struct custom_reader *r, uint32_t size) {
  struct bytes bytes = {r->at, size};
  if (size > (size_t)(r->end - r->at)) {
    r->is_malformed = true;
    r->at = r->end;
    return (struct bytes){r->at, 0};
  }
  r->at += size;
  return bytes;
}

struct bytes read_custom_name(struct custom_reader *r) {
  struct bytes name = read_custom_bytes(r, read_custom_u32(r));
  if (!is_utf8(name))
    r->is_malformed = true;
  return name;
}

bool find_custom(const struct module *module, const char *name, struct custom_reader *r) {
  for (uint32_t i = 0; i < module->customs.count; i++) {
    const struct core_custom *custom = &module->customs.items[i];
    if (!bytes_equal(custom->name, bytes_of(name)))
      continue;
    *r = custom_reader_of(custom->content);
    return true;
  }
  return false;
}
