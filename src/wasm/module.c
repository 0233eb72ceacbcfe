/* module.c -- building a core module, and asking it about its items.
 *
 * Each index space is its imports followed by its definitions; the functions here are the only ones that have to know
 * how the two are stored. matching.c compares types of items.
 *
 * Provides  add_*, find_export, item_count, size_of_bodies, item_type.
 * Spec      WebAssembly 3.0 core, "Structure / Modules".
 */
#include "wasm/module.h"

#include <assert.h>
#include <string.h>

/* How many items of `kind` the module defines itself. */
static uint32_t defined_count(const struct module *m, enum core_kind kind) {
  switch (kind) {
  case CORE_FUNC:
    return m->functions.count;
  case CORE_TABLE:
    return m->tables.count;
  case CORE_MEMORY:
    return m->memories.count;
  case CORE_GLOBAL:
    return m->globals.count;
  case CORE_TAG:
    return m->tags.count;
  case CORE_KIND_COUNT:
    break;
  }
  assert(false && "a kind of item");
  return 0;
}

uint32_t item_count(const struct module *m, enum core_kind kind) { return m->imported[kind] + defined_count(m, kind); }

size_t size_of_bodies(const struct module *m) {
  size_t size = 0;
  for (uint32_t i = 0; i < m->functions.count; i++)
    size += m->functions.items[i].body.size;
  return size;
}

uint64_t least_memory_size(const struct core_limits *memory) {
  const unsigned log2 = page_size_log2(memory);
  return memory->minimum > UINT64_MAX >> log2 ? UINT64_MAX : memory->minimum << log2;
}

struct core_extern item_type(const struct module *m, enum core_kind kind, uint32_t index) {
  assert(index < item_count(m, kind));
  if (is_imported(m, kind, index))
    return m->imports.items[m->imports_of[kind].items[index]].type;
  index -= m->imported[kind];
  struct core_extern type = {.kind = kind};
  switch (kind) {
  case CORE_FUNC:
    type.type = m->functions.items[index].type;
    break;
  case CORE_TABLE:
    type.table = m->tables.items[index].type;
    break;
  case CORE_MEMORY:
    type.memory = m->memories.items[index];
    break;
  case CORE_GLOBAL:
    type.global = m->globals.items[index].type;
    break;
  case CORE_TAG:
  case CORE_KIND_COUNT:
    type.type = m->tags.items[index];
    break;
  }
  return type;
}

uint32_t add_import(struct context *c, struct module *m, struct core_import import) {
  const enum core_kind kind = import.type.kind;
  assert(defined_count(m, kind) == 0);
  VEC_ADD(c, &m->imports_of[kind], m->imports.count);
  VEC_ADD(c, &m->imports, import);
  return m->imported[kind]++;
}

static bool equal_valtypes(const struct core_valtype *a, const struct core_valtype *b, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (a[i].code != b[i].code || a[i].exact != b[i].exact || a[i].shared != b[i].shared || a[i].heap != b[i].heap)
      return false;
  return true;
}

/* Is it what (type (func ...)) alone declares? */
static bool is_plain_functype(const struct core_type *type) {
  return type->composite == COMPOSITE_FUNC && type->is_final && !type->is_shared && type->supertype_count == 0 &&
         type->group_size == 1;
}

static const struct core_valtype *copy_valtypes(struct context *c, const struct core_valtype *types, uint32_t count) {
  struct core_valtype *copy = ALLOCATE(c, struct core_valtype, count);
  if (count)
    memcpy(copy, types, count * sizeof *types);
  return copy;
}

static uint32_t append_functype(struct context *c, struct module *m, const struct core_valtype *params,
                                uint32_t param_count, const struct core_valtype *results, uint32_t result_count) {
  const uint32_t index = m->types.count;
  const struct core_type type = {.composite = COMPOSITE_FUNC,
                                 .is_final = true,
                                 .group = index,
                                 .group_size = 1,
                                 .func = {.params = copy_valtypes(c, params, param_count),
                                          .results = copy_valtypes(c, results, result_count),
                                          .param_count = param_count,
                                          .result_count = result_count}};
  VEC_ADD(c, &m->types, type);
  return index;
}

uint32_t add_functype(struct context *c, struct module *m, const struct core_valtype *params, uint32_t param_count,
                      const struct core_valtype *results, uint32_t result_count) {
  for (uint32_t i = 0; i < m->types.count; i++) {
    const struct core_type *type = &m->types.items[i];
    if (is_plain_functype(type) && type->func.param_count == param_count && type->func.result_count == result_count &&
        equal_valtypes(type->func.params, params, param_count) &&
        equal_valtypes(type->func.results, results, result_count))
      return i;
  }
  return append_functype(c, m, params, param_count, results, result_count);
}

uint32_t intern_functype(struct context *c, struct module *m, struct map *known, const struct core_functype *type) {
  struct buffer key = new_buffer(c);
  put_u32(&key, type->param_count);
  for (uint32_t i = 0; i < type->param_count; i++)
    put_core_valtype(&key, type->params[i]);
  for (uint32_t i = 0; i < type->result_count; i++)
    put_core_valtype(&key, type->results[i]);
  const uint32_t index = map_add(c, known, buffer_bytes(&key), m->types.count);
  if (index == m->types.count)
    append_functype(c, m, type->params, type->param_count, type->results, type->result_count);
  return index;
}

uint32_t add_function(struct context *c, struct module *m, uint32_t type, struct bytes body) {
  const struct core_function function = {.type = type, .body = body};
  VEC_ADD(c, &m->functions, function);
  return m->imported[CORE_FUNC] + m->functions.count - 1;
}

void add_export(struct context *c, struct module *m, struct bytes name, enum core_kind kind, uint32_t index) {
  const struct core_export export = {.name = name, .kind = kind, .index = index};
  VEC_ADD(c, &m->exports, export);
}

const struct core_export *find_export(const struct module *m, struct bytes name) {
  for (uint32_t i = 0; i < m->exports.count; i++)
    if (bytes_equal(m->exports.items[i].name, name))
      return &m->exports.items[i];
  return NULL;
}
