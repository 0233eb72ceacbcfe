/* custom.c -- numbers, names and bytes of custom sections, which may be malformed and yet do no harm.
 *
 * Provides  what custom.h declares.
 * Spec      WebAssembly core, "Appendix / Custom Sections"; Binary.md "Name Section"; the tool conventions' "Producers
 *           Section".
 */
#include "wasm/custom.h"

struct custom_reader custom_reader_of(struct bytes content) {
  return (struct custom_reader){content.at, content.at + content.size, false};
}

uint8_t read_custom_byte(struct custom_reader *r) {
  const struct bytes byte = read_custom_bytes(r, 1);
  return byte.size ? *byte.at : 0;
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

/* `namesubsection_N(B) ::= N:byte size:u32 B` */
bool next_subsection(struct custom_reader *section, uint8_t *id, struct custom_reader *content) {
  if (section->at == section->end)
    return false;
  *id = read_custom_byte(section);
  *content = custom_reader_of(read_custom_bytes(section, read_custom_u32(section)));
  return !section->is_malformed;
}

/* `modulenamesubsec ::= namesubsection_0(name)`, `componentnamesubsec ::= namesubsection_0(<name>)` */
struct bytes read_name_of_whole(struct custom_reader section) {
  uint8_t id;
  struct custom_reader content;
  if (!next_subsection(&section, &id, &content) || id != NAME_OF_WHOLE)
    return (struct bytes){0};
  const struct bytes name = read_custom_name(&content);
  return content.is_malformed ? (struct bytes){0} : name;
}

/* `nameassoc ::= idx name` */
bool next_name(struct custom_reader *map, uint32_t *left, uint32_t *index, struct bytes *name) {
  if (!*left)
    return false;
  --*left;
  *index = read_custom_u32(map);
  *name = read_custom_name(map);
  return !map->is_malformed;
}

/* `producers_data ::= vec(field)`, `field ::= name vec(name version)` */
bool next_producer(struct producer_list *list, struct producer *producer) {
  struct custom_reader *const r = &list->r;
  if (!list->is_started)
    list->fields = read_custom_u32(r);
  list->is_started = true;
  while (!list->values && list->fields && !r->is_malformed) {
    list->fields--;
    producer->field = read_custom_name(r);
    list->values = read_custom_u32(r);
  }
  if (!list->values || r->is_malformed)
    return false;
  list->values--;
  producer->name = read_custom_name(r);
  producer->version = read_custom_name(r);
  return !r->is_malformed;
}
