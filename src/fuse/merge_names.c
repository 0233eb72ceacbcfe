/* merge_names.c -- the name section: names follow their items to the indices of the output.
 *
 * Each subsection but the first (the module's own name) maps indices of one space to names, or to maps from a local,
 * label or field to its name, which are copied as they are:
 *
 *     function names   2 "alloc", 5 "free"      ->  17 "alloc"          (5 was pruned)
 *     local names      2 (0 "size")             ->  17 (0 "size")
 *
 * Where several items became one, the first that has a name gives it.  Maps in maps are kept with keep_debug only: no
 * backtrace and no profile has the name of a local.  Without keep_names only the names of traps are kept ("trap: ..."),
 * by which a backtrace says what went wrong.  A malformed name section is ignored.
 *
 * Requires  all indices of the output are assigned.
 * Provides  the custom section "name", when there is a name.
 * Spec      WebAssembly core, "Appendix / Custom Sections / Name Section"; extended name section proposal.
 */
#include "fuse/merge.h"

#include <assert.h>
#include <string.h>

#define DATA_SECTION 11
#define SUBSECTION_COUNT 12
#define TRAP_PREFIX "trap: "

/* A subsection: whose indices it maps, and to what. */
static const struct {
  enum index_space space;
  bool is_indirect;
} subsections[SUBSECTION_COUNT] = {
    [1] = {SPACE_FUNC, false},  [2] = {SPACE_FUNC, true},    [3] = {SPACE_FUNC, true},    [4] = {SPACE_TYPE, false},
    [5] = {SPACE_TABLE, false}, [6] = {SPACE_MEMORY, false}, [7] = {SPACE_GLOBAL, false}, [8] = {SPACE_ELEMENT, false},
    [9] = {SPACE_DATA, false},  [10] = {SPACE_TYPE, true},   [11] = {SPACE_TAG, false},
};

/* For each subsection and index, the name, or the bytes of the inner map; size 0: none. Null: no such subsection. */
struct name_maps {
  struct bytes *of[SUBSECTION_COUNT];
};

/* Passes over an inner map; returns its bytes. */
static struct bytes read_inner_map(struct custom_reader *r) {
  const uint8_t *start = r->at;
  uint32_t index;
  struct bytes name;
  for (uint32_t left = read_custom_u32(r); next_name(r, &left, &index, &name);)
    ;
  return (struct bytes){start, (size_t)(r->at - start)};
}

static uint32_t space_size(const struct module *module, enum index_space space) {
  switch (space) {
  case SPACE_TYPE:
    return module->types.count;
  case SPACE_ELEMENT:
    return module->elements.count;
  case SPACE_DATA:
    return module->datas.count;
  default:
    return item_count(module, (enum core_kind)space);
  }
}

/* A name of what is not there is passed over: tools take segments out of a module and leave their names. */
static void read_subsection(struct context *c, const struct module *module, uint8_t id, struct custom_reader *r,
                            struct name_maps *maps) {
  uint32_t size = space_size(module, subsections[id].space);
  if (!maps->of[id])
    maps->of[id] = ALLOCATE(c, struct bytes, size);
  uint32_t count = read_custom_u32(r);
  for (uint32_t i = 0; i < count && !r->is_malformed; i++) {
    uint32_t index = read_custom_u32(r);
    struct bytes name = subsections[id].is_indirect ? read_inner_map(r) : read_custom_name(r);
    if (index < size)
      maps->of[id][index] = name;
  }
  if (r->at != r->end)
    r->is_malformed = true;
}

/* The names of a module; none when the section is malformed. */
static struct name_maps read_names(struct context *c, const struct module *module) {
  struct name_maps maps = {0};
  struct custom_reader r, part;
  uint8_t id;
  if (!find_custom(module, "name", &r))
    return maps;
  while (next_subsection(&r, &id, &part)) {
    if (id > 0 && id < SUBSECTION_COUNT)
      read_subsection(c, module, id, &part, &maps);
    if (part.is_malformed)
      return (struct name_maps){0};
  }
  return r.is_malformed ? (struct name_maps){0} : maps;
}

void copy_item_names(struct context *c, const struct module *module, enum index_space space, struct bytes *names) {
  const struct name_maps maps = read_names(c, module);
  for (uint32_t id = 1; id < SUBSECTION_COUNT; id++)
    if (subsections[id].space == space && !subsections[id].is_indirect && maps.of[id])
      memcpy(names, maps.of[id], space_size(module, space) * sizeof *names);
}

/* Does this index of an instance give its name to what it is in the output? An import that another instance defines
 * does not: that instance does. */
static bool gives_name(const struct merge *m, uint32_t instance, enum index_space space, uint32_t index) {
  const struct merge_instance *of = &m->instances[instance];
  if (of->to[space][index] == NO_INDEX)
    return false;
  if (space > SPACE_TAG || !is_imported(of->module, (enum core_kind)space, index))
    return true;
  return resolve_index(m, instance, (enum core_kind)space, index).source == ITEM_BOUNDARY;
}

static bool is_trap_name(struct bytes name) {
  size_t size = strlen(TRAP_PREFIX);
  return name.size > size && !memcmp(name.at, TRAP_PREFIX, size);
}

const struct bytes *trap_names(struct context *c, const struct module *module) {
  const struct name_maps names = read_names(c, module);
  if (!names.of[NAMES_OF_FUNCTIONS])
    return NULL;
  const uint32_t count = item_count(module, CORE_FUNC);
  struct bytes *traps = ALLOCATE(c, struct bytes, count);
  for (uint32_t i = 0; i < count; i++)
    if (is_trap_name(names.of[NAMES_OF_FUNCTIONS][i]))
      traps[i] = names.of[NAMES_OF_FUNCTIONS][i];
  return traps;
}

static void place_names(struct merge *m, uint32_t instance, const struct name_maps *from, uint8_t id,
                        struct name_maps *into) {
  const struct merge_instance *of = &m->instances[instance];
  enum index_space space = subsections[id].space;
  if (!from->of[id])
    return;
  for (uint32_t i = 0; i < of->count[space]; i++) {
    struct bytes name = from->of[id][i];
    if (!name.size || !gives_name(m, instance, space, i))
      continue;
    if (!m->options->keep_names && !is_trap_name(name))
      continue;
    assert(of->to[space][i] < space_size(m->out, space));
    if (!into->of[id])
      into->of[id] = ALLOCATE(m->context, struct bytes, space_size(m->out, space));
    struct bytes *place = &into->of[id][of->to[space][i]];
    if (!place->size)
      *place = name;
  }
}

/* Names of what is inside of functions and types are for a debugger alone. */
static bool has_names_of(const struct merge *m, uint8_t id) {
  return id == NAMES_OF_FUNCTIONS ||
         (m->options->keep_names && (!subsections[id].is_indirect || m->options->keep_debug));
}

static void place_all_names(struct merge *m, struct name_maps *into) {
  struct map modules = {0};
  VEC(struct name_maps) read = {0};
  for (uint32_t i = 0; i < m->instance_count; i++) {
    const struct merge_instance *of = &m->instances[i];
    if (!m->options->keep_names && !of->is_generated)
      continue;
    struct bytes key = {(const uint8_t *)&of->module, sizeof of->module};
    uint32_t n = map_add(m->context, &modules, key, read.count);
    if (n == read.count)
      VEC_ADD(m->context, &read, read_names(m->context, of->module));
    for (uint8_t id = 1; id < SUBSECTION_COUNT; id++)
      if (has_names_of(m, id))
        place_names(m, i, &read.items[n], id, into);
  }
}

/* A subsection as it will be: bytes of its content, 0 if it has no name. */
static size_t size_of_subsection(const struct name_maps *maps, uint8_t id, uint32_t space, uint32_t *count) {
  size_t size = 0;
  *count = 0;
  for (uint32_t i = 0; i < space; i++) {
    const struct bytes name = maps->of[id][i];
    if (!name.size)
      continue;
    ++*count;
    size += leb128_size(i) + (subsections[id].is_indirect ? 0 : leb128_size(name.size)) + name.size;
  }
  return *count ? leb128_size(*count) + size : 0;
}

static void put_subsection(struct merge *m, const struct name_maps *maps, uint8_t id, struct buffer *section) {
  const uint32_t space = space_size(m->out, subsections[id].space);
  uint32_t count;
  const size_t size = size_of_subsection(maps, id, space, &count);
  if (!count)
    return;
  reserve(section, 1 + leb128_size(size) + size);
  put_byte(section, id);
  put_size(section, size);
  put_u32(section, count);
  for (uint32_t i = 0; i < space; i++) {
    const struct bytes name = maps->of[id][i];
    if (!name.size)
      continue;
    put_u32(section, i);
    if (subsections[id].is_indirect)
      put_bytes(section, name);
    else
      put_name(section, name);
  }
}

void merge_names(struct merge *m) {
  struct name_maps maps = {0};
  struct buffer section = new_buffer(m->context);
  maps.of[NAMES_OF_FUNCTIONS] = ALLOCATE(m->context, struct bytes, space_size(m->out, SPACE_FUNC));
  if (m->options->keep_names && m->fused_start != NO_INDEX)
    maps.of[NAMES_OF_FUNCTIONS][m->fused_start] = bytes_of("start");
  place_all_names(m, &maps);
  for (uint8_t id = 1; id < SUBSECTION_COUNT; id++)
    if (maps.of[id])
      put_subsection(m, &maps, id, &section);
  if (section.size)
    VEC_ADD(m->context, &m->out->customs,
            ((struct core_custom){bytes_of("name"), buffer_bytes(&section), DATA_SECTION}));
}
