/* merge_types.c -- the types that are used, each once.
 *
 * Types are equal when their recursion groups are. A group's key (group_key) has references to other groups as indices
 * of the output, so that equal groups of two modules have one key:
 *
 *     module a: type 3  (func (param i32))        key 60 01 7f 00        output type 0
 *     module b: type 0  (func (param i32))        the same key           output type 0
 *
 * A group that is used is used whole, with all that it refers to; references go backwards or stay inside, so one walk
 * from the last type to the first finds them.
 *
 * Requires  prune.c: the types that code and definitions name are live.
 * Provides  types of the output; to[SPACE_TYPE] of each instance; boundary_type_to.
 * Spec      WebAssembly core, "Types / Recursive Types", "Validation / Conventions / Rolling and Unrolling".
 */
#include "fuse/merge.h"

#include <assert.h>

static bool has_index(struct core_valtype type) {
  return (type.code == CORE_REF || type.code == CORE_REF_NULL) && type.heap >= 0;
}

typedef void visit_type(void *user, uint32_t type);

static void visit_valtype(struct core_valtype type, visit_type *visit, void *user) {
  if (has_index(type))
    visit(user, (uint32_t)type.heap);
}

/* Every type that one type refers to. */
static void visit_references_of(const struct core_type *type, visit_type *visit, void *user) {
  for (uint32_t i = 0; i < type->supertype_count; i++)
    visit(user, type->supertypes[i]);
  for (uint32_t i = 0; i < type->func.param_count; i++)
    visit_valtype(type->func.params[i], visit, user);
  for (uint32_t i = 0; i < type->func.result_count; i++)
    visit_valtype(type->func.results[i], visit, user);
  for (uint32_t i = 0; i < type->field_count; i++)
    visit_valtype(type->fields[i].type, visit, user);
}

static void set_live(void *user, uint32_t type) { ((uint8_t *)user)[type] = LIVE; }

/* Makes live all that live types refer to. */
static void close_types(const struct module *module, uint8_t *live) {
  for (uint32_t end = module->types.count; end;) {
    uint32_t group = module->types.items[end - 1].group;
    bool is_live = false;
    for (uint32_t t = group; t < end; t++)
      is_live = is_live || live[t];
    for (uint32_t t = group; is_live && t < end; t++) {
      live[t] = LIVE;
      visit_references_of(&module->types.items[t], set_live, live);
    }
    end = group;
  }
}

/* The types themselves, where none has an index. */
static const struct core_valtype *copy_valtypes(struct context *c, const struct core_valtype *from, uint32_t count,
                                                const uint32_t *to) {
  uint32_t plain = 0;
  while (plain < count && !has_index(from[plain]))
    plain++;
  if (plain == count)
    return from;
  struct core_valtype *types = ALLOCATE(c, struct core_valtype, count);
  for (uint32_t i = 0; i < count; i++)
    types[i] = rewrite_valtype(from[i], to);
  return types;
}

static const uint32_t *copy_supertypes(struct context *c, const struct core_type *type, const uint32_t *to) {
  if (!type->supertype_count)
    return NULL;
  uint32_t *supertypes = ALLOCATE(c, uint32_t, type->supertype_count);
  for (uint32_t i = 0; i < type->supertype_count; i++)
    supertypes[i] = to[type->supertypes[i]];
  return supertypes;
}

static const struct core_field *copy_fields(struct context *c, const struct core_type *type, const uint32_t *to) {
  if (!type->field_count)
    return NULL;
  struct core_field *fields = ALLOCATE(c, struct core_field, type->field_count);
  for (uint32_t i = 0; i < type->field_count; i++)
    fields[i] = (struct core_field){rewrite_valtype(type->fields[i].type, to), type->fields[i].is_mutable};
  return fields;
}

/* Appends a copy of `type` to the output. */
static void add_type(struct merge *m, const struct core_type *type, uint32_t group, const uint32_t *to) {
  struct context *c = m->context;
  struct core_type copy = *type;
  copy.group = group;
  copy.supertypes = copy_supertypes(c, type, to);
  copy.func.params = copy_valtypes(c, type->func.params, type->func.param_count, to);
  copy.func.results = copy_valtypes(c, type->func.results, type->func.result_count, to);
  copy.fields = copy_fields(c, type, to);
  VEC_ADD(c, &m->out->types, copy);
}

/* Gives the group of `count` types at types[first] its place in the output, a new one or that of an equal group. */
static void place_group(struct merge *m, const struct core_type *types, uint32_t first, uint32_t count, uint32_t *to) {
  uint32_t next = m->out->types.count;
  m->type_key.context = m->context;
  m->type_key.size = 0;
  put_group_key(&m->type_key, types, first, count, to);
  uint32_t base = map_put(m->context, &m->type_groups, buffer_bytes(&m->type_key), next);
  for (uint32_t i = 0; i < count; i++)
    to[first + i] = base + i;
  for (uint32_t i = 0; base == next && i < count; i++)
    add_type(m, &types[first + i], base, to);
}

static void place_types(struct merge *m, const struct module *module, const uint8_t *live, uint32_t *to) {
  const struct core_type *types = module->types.items;
  for (uint32_t t = 0; t < module->types.count; t += types[t].group_size)
    if (live[t])
      place_group(m, types, t, types[t].group_size, to);
}

static void mark_boundary_types(const struct merge *m, uint8_t *live) {
  for (uint32_t i = 0; i < m->plan->boundary_imports.count; i++) {
    const struct core_extern *type = &m->plan->boundary_imports.items[i].type;
    if (!m->is_boundary_live[i])
      continue;
    if (type->kind == CORE_FUNC || type->kind == CORE_TAG)
      live[type->type] = LIVE;
    else if (type->kind == CORE_TABLE)
      visit_valtype(type->table.element, set_live, live);
    else if (type->kind == CORE_GLOBAL)
      visit_valtype(type->global.type, set_live, live);
  }
}

static void merge_boundary_types(struct merge *m) {
  const struct module *module = m->plan->boundary_types;
  if (!module)
    return;
  uint8_t *live = ALLOCATE(m->context, uint8_t, module->types.count);
  m->boundary_type_to = ALLOCATE(m->context, uint32_t, module->types.count);
  for (uint32_t t = 0; t < module->types.count; t++)
    m->boundary_type_to[t] = NO_INDEX;
  mark_boundary_types(m, live);
  close_types(module, live);
  place_types(m, module, live, m->boundary_type_to);
}

void merge_types(struct merge *m) {
  merge_boundary_types(m);
  for (uint32_t i = 0; i < m->instance_count; i++) {
    struct merge_instance *instance = &m->instances[i];
    close_types(instance->module, instance->live[SPACE_TYPE]);
    place_types(m, instance->module, instance->live[SPACE_TYPE], instance->to[SPACE_TYPE]);
  }
}

uint32_t merged_functype(struct merge *m, const struct core_functype *type) {
  struct core_type alone = {.composite = COMPOSITE_FUNC, .is_final = true, .group_size = 1, .func = *type};
  uint32_t to = NO_INDEX;
  place_group(m, &alone, 0, 1, &to);
  return to;
}
