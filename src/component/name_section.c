/* name_section.c -- the names that a component's name section gives to its items, for diagnostics.
 *
 * What is malformed gives no name and is no error: "Engines should not reject components which have an invalid `name`
 * section".
 *
 * Provides  find_item_names.
 * Spec      Binary.md "Name Section".
 */
#include "component/component.h"

#include "wasm/custom.h"

#define NAMES_OF_SORT 1 /* subsection */

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

/* `sort ::= 0x00 cs:<core:sort> | ...`; SORT_COUNT: there is none. */
static enum sort read_sort(struct custom_reader *r) {
  uint8_t code = read_custom_byte(r);
  const bool is_core = code == 0;
  if (is_core)
    code = read_custom_byte(r);
  for (size_t i = 0; i < sizeof sort_codes / sizeof *sort_codes && !r->is_malformed; i++)
    if (sort_codes[i].is_core == is_core && sort_codes[i].code == code)
      return sort_codes[i].sort;
  return SORT_COUNT;
}

/* `sortnamesubsec ::= namesubsection_1(<sortnames>)`. The first name that an index is given counts. */
void find_item_names(struct bytes section, enum sort wanted, uint32_t first, struct bytes *to, uint32_t count) {
  struct custom_reader r = custom_reader_of(section), content;
  uint8_t id;
  while (next_subsection(&r, &id, &content)) {
    if (id != NAMES_OF_SORT || read_sort(&content) != wanted)
      continue;
    struct bytes name;
    uint32_t index;
    for (uint32_t left = read_custom_u32(&content); next_name(&content, &left, &index, &name);)
      if (index >= first && index - first < count && !to[index - first].size)
        to[index - first] = name;
  }
}
