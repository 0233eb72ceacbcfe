/* merge.c -- one core module of all the core instances of a plan.
 *
 * Instances become definitions: an instance of the plan is a copy of its module's live items in the one module, and an
 * import of it is the index of what stands for it.  Bodies are copied, and only their indices are mapped:
 *
 *     a: (func $f (export "f") ...)                     (module
 *     b: (import "a" "f" (func $g)) (func (call $g))     ->  (func $f ...)
 *     c: another instance of b's module                      (func (call $f))  (func (call $f)))
 *
 * In each index space the boundary imports that are reached come first, then definitions in order of instance; only
 * globals stand after those that their initialisers name, and the memory that code names most is the first of its kind:
 * a load or store of memory 0 is a byte shorter than one of any other.
 *
 * Requires  adapt.c: an implementation for every canonical function, the boundary, core_exports.
 * Provides  a module that is valid when the modules of the instances are and their imports match.
 * Spec      WebAssembly core, "Execution / Modules", whose store the output is.
 */
#include "fuse/report.h"
#include "wasm/limits.h"

#include <assert.h>

#define UNMERGED_ITEM_LIMIT 16000000 /* items of all instances together, before pruning */

struct core_item resolve_item(const struct merge *m, struct core_item item) {
  while (item.source == ITEM_CANON) {
    assert(item.index < m->plan->canons.count);
    item = m->plan->canons.items[item.index].implementation;
  }
  assert(item.source == ITEM_DEFINED || item.source == ITEM_BOUNDARY);
  if (item.source == ITEM_BOUNDARY) {
    assert(item.index < m->plan->boundary_imports.count);
    return item;
  }
  assert(item.owner < m->instance_count);
  const struct merge_instance *owner = &m->instances[item.owner];
  assert(item.index < owner->count[item.kind]);
  assert(!is_imported(owner->module, item.kind, item.index));
  if (item.kind == CORE_MEMORY && owner->memory_import[item.index] != NO_INDEX)
    return (struct core_item){ITEM_BOUNDARY, CORE_MEMORY, NO_INDEX, owner->memory_import[item.index]};
  return item;
}

struct core_item resolve_index(const struct merge *m, uint32_t instance, enum core_kind kind, uint32_t index) {
  const struct merge_instance *of = &m->instances[instance];
  if (is_imported(of->module, kind, index))
    return resolve_item(m, of->core->imports[of->module->imports_of[kind].items[index]]);
  return resolve_item(m, (struct core_item){ITEM_DEFINED, kind, instance, index});
}

uint32_t merged_index(const struct merge *m, struct core_item item) {
  return item.source == ITEM_BOUNDARY ? m->boundary_to[item.index] : m->instances[item.owner].to[item.kind][item.index];
}

struct index_maps instance_maps(const struct merge *m, uint32_t instance) {
  struct index_maps maps = {0};
  for (uint32_t space = 0; space < INDEX_SPACE_COUNT; space++)
    maps.to[space] = m->instances[instance].to[space];
  return maps;
}

struct core_valtype merged_valtype(const struct merge *m, uint32_t instance, struct core_valtype type) {
  return rewrite_valtype(type, m->instances[instance].to[SPACE_TYPE]);
}

/* Null for nothing: most instances have nothing in most spaces. */
#define ALLOCATE_ANY(c, type, count) ((count) ? ALLOCATE((c), type, (count)) : NULL)

static uint32_t *absent_indices(struct context *c, uint32_t count) {
  uint32_t *indices = ALLOCATE_ANY(c, uint32_t, count);
  for (uint32_t i = 0; i < count; i++)
    indices[i] = NO_INDEX;
  return indices;
}

static void count_spaces(struct merge_instance *of) {
  for (uint32_t kind = 0; kind < CORE_KIND_COUNT; kind++)
    of->count[kind] = item_count(of->module, (enum core_kind)kind);
  of->count[SPACE_TYPE] = of->module->types.count;
  of->count[SPACE_ELEMENT] = of->module->elements.count;
  of->count[SPACE_DATA] = of->module->datas.count;
}

static void prepare_instance(struct merge *m, uint32_t index, uint64_t *total) {
  struct context *c = m->context;
  struct merge_instance *of = &m->instances[index];
  of->core = &m->plan->core_instances.items[index];
  of->module = of->core->module;
  of->is_generated = of->core->component_instance == NO_INDEX;
  count_spaces(of);
  for (uint32_t space = 0; space < INDEX_SPACE_COUNT; space++)
    *total += of->count[space];
  if (*total > UNMERGED_ITEM_LIMIT)
    fail(c, FAILURE_INPUT, NO_OFFSET, "the core instances have more than %d functions, types and other items together",
         UNMERGED_ITEM_LIMIT);
  for (uint32_t space = 0; space < INDEX_SPACE_COUNT; space++) {
    of->live[space] = ALLOCATE_ANY(c, uint8_t, of->count[space]);
    of->to[space] = absent_indices(c, of->count[space]);
  }
  of->is_referenced = ALLOCATE_ANY(c, bool, of->count[SPACE_FUNC]);
  of->is_after_return = ALLOCATE_ANY(c, bool, of->count[SPACE_FUNC]);
  of->memory_import = absent_indices(c, of->count[SPACE_MEMORY]);
  of->memory_uses = ALLOCATE_ANY(c, uint64_t, of->count[SPACE_MEMORY]);
  of->element_heads = absent_indices(c, of->count[SPACE_TABLE]);
  of->data_heads = absent_indices(c, of->count[SPACE_MEMORY]);
  of->is_deferred_element = ALLOCATE_ANY(c, bool, of->count[SPACE_ELEMENT]);
  of->is_deferred_data = ALLOCATE_ANY(c, bool, of->count[SPACE_DATA]);
  const struct report *report = m->options->report;
  for (uint32_t space = 0; space < INDEX_SPACE_COUNT; space++)
    if (report && report->forms[REPORT_WHY])
      of->causes[space] = ALLOCATE(c, struct cause, of->count[space]);
}

static void prepare_instances(struct merge *m) {
  uint64_t total = 0;
  m->instances = ALLOCATE(m->context, struct merge_instance, m->instance_count);
  for (uint32_t i = 0; i < m->instance_count; i++)
    prepare_instance(m, i, &total);
  for (uint32_t i = 0; i < m->plan->boundary_imports.count; i++) {
    const struct boundary_import *import = &m->plan->boundary_imports.items[i];
    if (import->kind == BOUNDARY_MEMORY && import->memory.source == ITEM_DEFINED)
      m->instances[import->memory.owner].memory_import[import->memory.index] = i;
  }
}

static struct core_valtype boundary_valtype(const struct merge *m, struct core_valtype type) {
  return rewrite_valtype(type, m->boundary_type_to);
}

/* Credits each use of a memory to what stands for it. */
static void count_memory_uses(struct merge *m) {
  m->boundary_uses = ALLOCATE(m->context, uint64_t, m->plan->boundary_imports.count);
  for (uint32_t i = 0; i < m->instance_count; i++)
    for (uint32_t n = 0; n < m->instances[i].count[SPACE_MEMORY]; n++) {
      struct core_item memory = resolve_index(m, i, CORE_MEMORY, n);
      uint64_t uses = m->instances[i].memory_uses[n];
      if (memory.source == ITEM_BOUNDARY)
        m->boundary_uses[memory.index] += uses;
      else if (memory.owner != i)
        m->instances[memory.owner].memory_uses[memory.index] += uses;
    }
}

static uint64_t uses_of(const struct merge *m, struct core_item memory) {
  return m->instances[memory.owner].memory_uses[memory.index];
}

static void order_memories(struct merge *m) {
  count_memory_uses(m);
  uint32_t busiest = 0;
  for (uint32_t i = 0; i < m->instance_count; i++) {
    const struct merge_instance *of = &m->instances[i];
    for (uint32_t n = of->module->imported[CORE_MEMORY]; n < of->count[SPACE_MEMORY]; n++)
      if (of->live[SPACE_MEMORY][n])
        VEC_ADD(m->context, &m->memory_order, ((struct core_item){ITEM_DEFINED, CORE_MEMORY, i, n}));
  }
  for (uint32_t i = 1; i < m->memory_order.count; i++)
    if (uses_of(m, m->memory_order.items[i]) > uses_of(m, m->memory_order.items[busiest]))
      busiest = i;
  for (; busiest > 0; busiest--) {
    struct core_item memory = m->memory_order.items[busiest];
    m->memory_order.items[busiest] = m->memory_order.items[busiest - 1];
    m->memory_order.items[busiest - 1] = memory;
  }
}

static void merge_import(struct merge *m, uint32_t index) {
  const struct boundary_import *boundary = &m->plan->boundary_imports.items[index];
  if (!m->is_boundary_live[index])
    return;
  struct core_import import = {boundary->module, boundary->name, boundary->type};
  if (import.type.kind == CORE_FUNC || import.type.kind == CORE_TAG)
    import.type.type = m->boundary_type_to[boundary->type.type];
  else if (import.type.kind == CORE_TABLE)
    import.type.table.element = boundary_valtype(m, boundary->type.table.element);
  else if (import.type.kind == CORE_GLOBAL)
    import.type.global.type = boundary_valtype(m, boundary->type.global.type);
  m->boundary_to[index] = add_import(m->context, m->out, import);
}

static void merge_imports(struct merge *m) {
  uint32_t count = m->plan->boundary_imports.count, busiest = NO_INDEX;
  m->boundary_to = absent_indices(m->context, count);
  for (uint32_t i = 0; i < count; i++)
    if (m->boundary_uses[i] > (busiest == NO_INDEX ? 0 : m->boundary_uses[busiest]))
      busiest = i;
  if (busiest != NO_INDEX)
    merge_import(m, busiest);
  for (uint32_t i = 0; i < count; i++)
    if (i != busiest)
      merge_import(m, i);
}

/* Numbers the live definitions of one kind in order of instance; returns the number of them and the imports. */
static uint32_t number_definitions(struct merge *m, enum core_kind kind) {
  uint32_t next = m->out->imported[kind];
  for (uint32_t i = 0; i < m->instance_count; i++) {
    struct merge_instance *of = &m->instances[i];
    for (uint32_t d = of->module->imported[kind]; d < of->count[kind]; d++)
      if (of->live[kind][d])
        of->to[kind][d] = next++;
  }
  return next;
}

static void number_memories(struct merge *m) {
  for (uint32_t i = 0; i < m->memory_order.count; i++) {
    struct core_item memory = m->memory_order.items[i];
    m->instances[memory.owner].to[SPACE_MEMORY][memory.index] = m->out->imported[CORE_MEMORY] + i;
  }
}

static void number_globals(struct merge *m) {
  uint32_t next = m->out->imported[CORE_GLOBAL];
  for (uint32_t i = 0; i < m->global_order.count; i++) {
    struct global_ref ref = m->global_order.items[i];
    struct merge_instance *of = &m->instances[ref.instance];
    if (of->live[SPACE_GLOBAL][ref.index])
      of->to[SPACE_GLOBAL][ref.index] = next++;
  }
}

/* An index that is imported, or that a boundary import has taken the place of, is that of what stands for it. */
static void number_imported(struct merge *m) {
  for (uint32_t i = 0; i < m->instance_count; i++) {
    struct merge_instance *of = &m->instances[i];
    for (uint32_t kind = 0; kind < CORE_KIND_COUNT; kind++)
      for (uint32_t n = 0; n < of->module->imported[kind]; n++)
        of->to[kind][n] = merged_index(m, resolve_index(m, i, (enum core_kind)kind, n));
    for (uint32_t n = of->module->imported[CORE_MEMORY]; n < of->count[SPACE_MEMORY]; n++)
      if (of->memory_import[n] != NO_INDEX)
        of->to[SPACE_MEMORY][n] = m->boundary_to[of->memory_import[n]];
  }
}

static void number_items(struct merge *m) {
  const uint32_t functions = number_definitions(m, CORE_FUNC);
  number_definitions(m, CORE_TABLE);
  number_memories(m);
  number_globals(m);
  number_definitions(m, CORE_TAG);
  number_imported(m);
  number_segments(m);
  if (fold_functions(m, functions))
    return;
  number_definitions(m, CORE_FUNC);
  number_imported(m);
}

struct naming_globals {
  const struct merge *m;
  uint32_t instance;
};

static void refuse_defined_global(void *user, enum index_space space, uint32_t index) {
  const struct naming_globals *n = user;
  if (space == SPACE_GLOBAL && resolve_index(n->m, n->instance, CORE_GLOBAL, index).source == ITEM_DEFINED)
    fail(n->m->context, FAILURE_INPUT, NO_OFFSET,
         "the initialiser of a table uses an imported global whose value is not one constant, which is not supported");
}

/* Tables come before globals, so that an initialiser of a table can only name imported ones. */
static struct bytes merged_table_init(struct merge *m, uint32_t instance, struct bytes init) {
  struct placed_expression folded = fold_expression(m, instance, init);
  struct naming_globals naming = {m, folded.instance};
  visit_expression(m->context, m->instances[folded.instance].module, folded.bytes, refuse_defined_global, &naming);
  return merged_expression(m, instance, init);
}

static void merge_tables(struct merge *m, uint32_t instance) {
  const struct merge_instance *of = &m->instances[instance];
  uint32_t imported = of->module->imported[CORE_TABLE];
  for (uint32_t i = 0; i < of->module->tables.count; i++) {
    struct core_table table = of->module->tables.items[i];
    if (!of->live[SPACE_TABLE][imported + i])
      continue;
    table.type.element = merged_valtype(m, instance, table.type.element);
    if (table.init.size)
      table.init = merged_table_init(m, instance, table.init);
    VEC_ADD(m->context, &m->out->tables, table);
  }
}

static void merge_memories(struct merge *m) {
  for (uint32_t i = 0; i < m->memory_order.count; i++) {
    struct core_item memory = m->memory_order.items[i];
    const struct module *module = m->instances[memory.owner].module;
    VEC_ADD(m->context, &m->out->memories, module->memories.items[memory.index - module->imported[CORE_MEMORY]]);
  }
}

static void merge_tags(struct merge *m, const struct merge_instance *of) {
  uint32_t imported = of->module->imported[CORE_TAG];
  for (uint32_t i = 0; i < of->module->tags.count; i++)
    if (of->live[SPACE_TAG][imported + i])
      VEC_ADD(m->context, &m->out->tags, of->to[SPACE_TYPE][of->module->tags.items[i]]);
}

static void merge_globals(struct merge *m) {
  for (uint32_t i = 0; i < m->global_order.count; i++) {
    struct global_ref ref = m->global_order.items[i];
    const struct merge_instance *of = &m->instances[ref.instance];
    if (!of->live[SPACE_GLOBAL][ref.index])
      continue;
    struct core_global global = of->module->globals.items[ref.index - of->module->imported[CORE_GLOBAL]];
    global.type.type = merged_valtype(m, ref.instance, global.type.type);
    global.init = merged_expression(m, ref.instance, global.init);
    VEC_ADD(m->context, &m->out->globals, global);
  }
}

static uint32_t count_live_functions(const struct merge *m) {
  uint32_t count = 1; /* the fused start function */
  for (uint32_t i = 0; i < m->instance_count; i++) {
    const struct merge_instance *of = &m->instances[i];
    for (uint32_t f = of->module->imported[CORE_FUNC]; f < of->count[SPACE_FUNC]; f++)
      count += of->live[SPACE_FUNC][f] != NOT_LIVE;
  }
  return count;
}

/* Bodies stay where they are, and are rewritten when they are written. One whose index is there already is folded. */
static void merge_bodies(struct merge *m) {
  VEC_RESERVE(m->context, &m->out->functions, count_live_functions(m));
  for (uint32_t i = 0; i < m->instance_count; i++) {
    const struct merge_instance *of = &m->instances[i];
    struct body_source *source = ALLOCATE(m->context, struct body_source, 1);
    *source = (struct body_source){of->module, instance_maps(m, i)};
    for (uint32_t f = 0; f < of->module->functions.count; f++) {
      const struct core_function *function = &of->module->functions.items[f];
      const uint32_t index = of->module->imported[CORE_FUNC] + f, next = item_count(m->out, CORE_FUNC);
      assert(!of->live[SPACE_FUNC][index] || of->to[SPACE_FUNC][index] <= next);
      if (of->live[SPACE_FUNC][index] && of->to[SPACE_FUNC][index] == next)
        VEC_ADD(m->context, &m->out->functions,
                ((struct core_function){of->to[SPACE_TYPE][function->type], function->body, source, f}));
    }
  }
}

static void merge_exports(struct merge *m) {
  for (uint32_t i = 0; i < m->plan->core_exports.count; i++) {
    const struct core_export_item *export = &m->plan->core_exports.items[i];
    uint32_t index = merged_index(m, resolve_item(m, export->item));
    add_export(m->context, m->out, export->name, export->item.kind, index);
    if (export->item.kind == CORE_FUNC)
      m->is_declared[index] = true;
  }
}

/* What engines and validators take; the output is refused here rather than there. */
static void check_limits(const struct merge *m) {
  const struct module *out = m->out;
  const struct {
    uint32_t count, limit;
    const char *what;
  } limits[] = {
      {out->types.count, TYPE_LIMIT, "types"},
      {out->imports.count, ITEM_LIMIT, "imports"},
      {out->functions.count, ITEM_LIMIT, "functions"},
      {out->tables.count, TABLE_LIMIT, "tables"},
      {out->memories.count, MEMORY_LIMIT, "memories"},
      {out->globals.count, ITEM_LIMIT, "globals"},
      {out->tags.count, ITEM_LIMIT, "tags"},
      {out->exports.count, ITEM_LIMIT, "exports"},
      {out->elements.count, SEGMENT_LIMIT, "element segments"},
      {out->datas.count, SEGMENT_LIMIT, "data segments"},
  };
  for (uint32_t i = 0; i < sizeof limits / sizeof *limits; i++)
    if (limits[i].count > limits[i].limit)
      fail(m->context, FAILURE_INPUT, NO_OFFSET, "the fused module would have %u %s; the limit is %u", limits[i].count,
           limits[i].what, limits[i].limit);
  for (uint32_t i = 0; i < out->functions.count; i++)
    if (out->functions.items[i].body.size > BODY_SIZE_LIMIT)
      fail(m->context, FAILURE_INPUT, NO_OFFSET,
           "a function of the fused module would have %zu bytes; the limit is %u; code that passes values is as large "
           "as their types",
           out->functions.items[i].body.size, BODY_SIZE_LIMIT);
}

static void check_types(const struct module *out) {
  for (uint32_t i = 0; i < out->functions.count; i++)
    assert(out->functions.items[i].type < out->types.count);
  for (uint32_t i = 0; i < out->tags.count; i++)
    assert(out->tags.items[i] < out->types.count);
}

/* What we promise of the output: every index outside of bodies is in its space. */
static void check_indices(const struct module *out) {
  check_types(out);
  for (uint32_t i = 0; i < out->exports.count; i++)
    assert(out->exports.items[i].index < item_count(out, out->exports.items[i].kind));
  for (uint32_t i = 0; i < out->elements.count; i++) {
    const struct core_element *element = &out->elements.items[i];
    assert(element->mode != SEGMENT_ACTIVE || element->table < item_count(out, CORE_TABLE));
    for (uint32_t n = 0; element->functions && n < element->count; n++)
      assert(element->functions[n] < item_count(out, CORE_FUNC));
  }
  for (uint32_t i = 0; i < out->datas.count; i++)
    assert(out->datas.items[i].mode != SEGMENT_ACTIVE || out->datas.items[i].memory < item_count(out, CORE_MEMORY));
  assert(out->start == NO_INDEX || out->start < item_count(out, CORE_FUNC));
}

static void merge_definitions(struct merge *m) {
  merge_bodies(m);
  m->is_declared = ALLOCATE(m->context, bool, item_count(m->out, CORE_FUNC));
  for (uint32_t i = 0; i < m->instance_count; i++) {
    merge_tables(m, i);
    merge_tags(m, &m->instances[i]);
  }
  merge_memories(m);
  merge_globals(m);
  merge_exports(m);
  merge_segments(m);
  merge_start(m);
}

struct module *merge_plan(struct context *c, const struct plan *plan, const struct fuse_options *options) {
  struct merge *m = ALLOCATE(c, struct merge, 1); /* reports look at it after the pass */
  *m = (struct merge){.context = c,
                      .plan = plan,
                      .options = options,
                      .instance_count = plan->core_instances.count,
                      .fused_start = NO_INDEX};
  m->out = ALLOCATE(c, struct module, 1);
  m->out->start = NO_INDEX;
  prepare_instances(m);
  order_globals(m);
  mark_live(m);
  merge_types(m);
  order_memories(m);
  merge_imports(m);
  number_items(m);
  merge_definitions(m);
  check_limits(m);
  merge_names(m);
  merge_customs(m);
  check_indices(m->out);
  if (options->report)
    options->report->merge = m;
  return m->out;
}
