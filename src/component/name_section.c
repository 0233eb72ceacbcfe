/* name_section.c -- the names that a component's name section gives, for diagnostics.
 *
 * What is malformed gives no name and is no error: "Engines should not reject components which have an invalid `name`
 * section".
 *
 * Provides  find_component_name, find_item_name, find_item_names.
 * Spec      Binary.md "Name Section".
 */
#include "component/component.h"

#define SUBSECTION_COMPONENT_NAME 0
#define SUBSECTION_SORT_NAMES 1

/* What is left of a section. Unlike a reader, taking from it does not fail. */
struct names {
  struct bytes rest;
};

static bool take_byte(struct names *names, uint8_t *byte) {
  if (!names->rest.size)
    return false;
  *byte = *names->rest.at;
  names->rest = (struct bytes){names->rest.at + 1, names->rest.size - 1};
  return true;
}

static bool take_number(struct names *names, uint32_t *value) {
  uint64_t sum = 0;
  uint8_t byte = 0x80;
  for (unsigned shift = 0; shift < 35 && (byte & 0x80); shift += 7) {
    if (!take_byte(names, &byte))
      return false;
    sum |= (uint64_t)(byte & 0x7f) << shift;
  }
  *value = (uint32_t)sum;
  return !(byte & 0x80) && sum <= UINT32_MAX;
}

static bool take_text(struct names *names, struct bytes *text) {
  uint32_t size;
  if (!take_number(names, &size) || size > names->rest.size)
    return false;
  *text = (struct bytes){names->rest.at, size};
  names->rest = (struct bytes){names->rest.at + size, names->rest.size - size};
  return true;
}

struct sort_code {
  enum sort sort;
  bool is_core;
  uint8_t code;
};

static const struct sort_code sort_codes[] = {
#define SORT(id, is_core, code, name) {SORT_##id, is_core, code},
#include "component/sorts.def"
#undef SORT
};

/* `sort ::= 0x00 cs:<core:sort> | ...` */
static bool take_sort(struct names *names, enum sort *sort) {
  uint8_t code;
  if (!take_byte(names, &code))
    return false;
  const bool is_core = code == 0;
  if (is_core && !take_byte(names, &code))
    return false;
  for (size_t i = 0; i < sizeof sort_codes / sizeof *sort_codes; i++)
    if (sort_codes[i].is_core == is_core && sort_codes[i].code == code) {
      *sort = sort_codes[i].sort;
      return true;
    }
  return false;
}

/* `nameassoc ::= idx:<u32> name:<name>`, of the one index; size 0: none. */
static struct bytes find_in_map(struct names names, uint32_t index) {
  uint32_t count, at;
  struct bytes name;
  if (!take_number(&names, &count))
    return (struct bytes){0};
  for (uint32_t i = 0; i < count && take_number(&names, &at) && take_text(&names, &name); i++)
    if (at == index)
      return is_utf8(name) ? name : (struct bytes){0};
  return (struct bytes){0};
}

/* `sortnamesubsec ::= namesubsection_1(<sortnames>)` */
struct bytes find_item_name(struct bytes section, enum sort wanted, uint32_t index) {
  struct names names = {section};
  struct bytes subsection, name = {0};
  uint8_t id;
  while (!name.size && take_byte(&names, &id) && take_text(&names, &subsection)) {
    struct names content = {subsection};
    enum sort sort;
    if (id == SUBSECTION_SORT_NAMES && take_sort(&content, &sort) && sort == wanted)
      name = find_in_map(content, index);
  }
  return name;
}

/* The first name that an index is given counts, as in find_item_name(). */
static void copy_map(struct names names, struct bytes *to, uint32_t count) {
  uint32_t entries, at;
  struct bytes name;
  if (!take_number(&names, &entries))
    return;
  for (uint32_t i = 0; i < entries && take_number(&names, &at) && take_text(&names, &name); i++)
    if (at < count && !to[at].size && is_utf8(name))
      to[at] = name;
}

void find_item_names(struct bytes section, enum sort wanted, struct bytes *to, uint32_t count) {
  struct names names = {section};
  struct bytes subsection;
  uint8_t id;
  while (take_byte(&names, &id) && take_text(&names, &subsection)) {
    struct names content = {subsection};
    enum sort sort;
    if (id == SUBSECTION_SORT_NAMES && take_sort(&content, &sort) && sort == wanted)
      copy_map(content, to, count);
  }
}

/* `componentnamesubsec ::= namesubsection_0(<name>)`, which comes first. */
struct bytes find_component_name(struct bytes section) {
  struct names names = {section};
  struct bytes subsection, name;
  uint8_t id;
  if (!take_byte(&names, &id) || id != SUBSECTION_COMPONENT_NAME || !take_text(&names, &subsection))
    return (struct bytes){0};
  struct names content = {subsection};
  return take_text(&content, &name) && is_utf8(name) ? name : (struct bytes){0};
}
