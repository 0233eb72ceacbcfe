/* check.c -- is a core module valid?
 *
 * What the order, counts and indices of sections can tell is known when a module has been read. Here are the types: of
 * the type section, of constant expressions, of segments against what they go into, and of every function body.
 *
 * The index spaces are first laid out as arrays of words (operand.h), so that an instruction finds the type of what it
 * names with one look. Constant expressions come before bodies, as they declare the functions that ref.func may name
 * there. Bodies know nothing of each other, and are checked by several threads.
 *
 * Requires  read.c: a module of the right form, every index outside of bodies in its space.
 * Provides  check_module.
 * Spec      WebAssembly 3.0 core, "Validation / Modules".
 */
#include "wasm/check.h"

#include "base/parallel.h"
#include "wasm/check_body.h"
#include "wasm/limits.h"

#include <string.h>

static operand address_type(const struct core_limits *limits) { return limits->is_64 ? CORE_I64 : CORE_I32; }

static void lay_out_tables(struct checker *k) {
  struct table_space *tables = ALLOCATE(k->r.context, struct table_space, k->counts[CORE_TABLE]);
  for (uint32_t i = 0; i < k->counts[CORE_TABLE]; i++) {
    const struct core_table_type type = item_type(k->module, CORE_TABLE, i).table;
    tables[i] =
        (struct table_space){operand_of(&k->types, type.element), address_type(&type.limits), type.limits.is_shared};
  }
  k->tables = tables;
}

static void lay_out_memories(struct checker *k) {
  operand *memories = ALLOCATE(k->r.context, operand, k->counts[CORE_MEMORY]);
  for (uint32_t i = 0; i < k->counts[CORE_MEMORY]; i++) {
    const struct core_limits limits = item_type(k->module, CORE_MEMORY, i).memory;
    memories[i] = address_type(&limits);
  }
  k->memories = memories;
}

static void lay_out_globals(struct checker *k) {
  struct global_space *globals = ALLOCATE(k->r.context, struct global_space, k->counts[CORE_GLOBAL]);
  for (uint32_t i = 0; i < k->counts[CORE_GLOBAL]; i++) {
    const struct core_global_type type = item_type(k->module, CORE_GLOBAL, i).global;
    globals[i] = (struct global_space){operand_of(&k->types, type.type), type.is_mutable, type.is_shared};
  }
  k->globals = globals;
}

/* The type indices of functions or tags. */
static const uint32_t *lay_out_indices(struct checker *k, enum core_kind kind) {
  uint32_t *indices = ALLOCATE(k->r.context, uint32_t, k->counts[kind]);
  for (uint32_t i = 0; i < k->counts[kind]; i++)
    indices[i] = item_type(k->module, kind, i).type;
  return indices;
}

static void lay_out_elements(struct checker *k) {
  const struct module *m = k->module;
  operand *elements = ALLOCATE(k->r.context, operand, m->elements.count);
  for (uint32_t i = 0; i < m->elements.count; i++)
    elements[i] = operand_of(&k->types, m->elements.items[i].type);
  k->elements = elements;
}

static void make_stacks(struct checker *k) {
  k->operands = ALLOCATE(k->r.context, operand, FIRST_OPERANDS);
  k->capacity = FIRST_OPERANDS;
  memset(&k->frames, 0, sizeof k->frames);
  memset(&k->local_runs, 0, sizeof k->local_runs);
  memset(&k->set_locals, 0, sizeof k->set_locals);
  k->set_in = NULL;
}

static struct checker *new_checker(struct context *c, const struct module *m) {
  struct checker *k = ALLOCATE(c, struct checker, 1);
  k->r = (struct reader){.context = c, .origin = m->origin};
  k->module = m;
  k->types = check_types(c, m);
  for (int kind = 0; kind < CORE_KIND_COUNT; kind++)
    k->counts[kind] = item_count(m, (enum core_kind)kind);
  k->functions = lay_out_indices(k, CORE_FUNC);
  k->tags = lay_out_indices(k, CORE_TAG);
  lay_out_tables(k);
  lay_out_memories(k);
  lay_out_globals(k);
  lay_out_elements(k);
  k->declared = ALLOCATE(c, uint8_t, k->counts[CORE_FUNC]);
  make_stacks(k);
  k->letters['i'] = CORE_I32;
  k->letters['I'] = CORE_I64;
  k->letters['f'] = CORE_F32;
  k->letters['F'] = CORE_F64;
  k->letters['v'] = CORE_V128;
  return k;
}

/* For another thread: what is known of the module, and stacks of its own. */
static struct checker *copy_checker(struct context *c, const struct checker *from) {
  struct checker *k = ALLOCATE(c, struct checker, 1);
  *k = *from;
  k->r.context = c;
  make_stacks(k);
  return k;
}

/* A place for each of what may fail, so that a diagnostic says which. */
static void check_constant_of(struct checker *k, const char *what, uint32_t index, struct bytes expression,
                              operand wanted) {
  push_place(k->r.context, what, index, (struct bytes){0});
  check_constant(k, expression, wanted);
  pop_place(k->r.context);
}

static void check_tables_and_globals(struct checker *k) {
  const struct module *m = k->module;
  for (uint32_t i = 0; i < m->tables.count; i++) {
    const uint32_t index = m->imported[CORE_TABLE] + i;
    check_constant_of(k, "table", index, m->tables.items[i].init, k->tables[index].element);
  }
  for (uint32_t i = 0; i < m->globals.count; i++) {
    const uint32_t index = m->imported[CORE_GLOBAL] + i;
    check_constant_of(k, "global", index, m->globals.items[i].init, k->globals[index].type);
  }
}

/* Where an active segment goes. */
static void check_target(struct checker *k, uint32_t index, const struct core_element *element) {
  const struct table_space *table = &k->tables[element->table];
  if (!operand_matches(&k->types, k->elements[index], table->element))
    fail(k->r.context, FAILURE_INPUT, (size_t)(element->offset.at - k->module->origin),
         "the segment's elements are %s, those of the table %s", show_operand(k->elements[index]).text,
         show_operand(table->element).text);
  check_constant(k, element->offset, table->address);
}

static void check_element(struct checker *k, uint32_t index) {
  const struct core_element *element = &k->module->elements.items[index];
  push_place(k->r.context, "element segment", index, (struct bytes){0});
  if (element->mode == SEGMENT_ACTIVE)
    check_target(k, index, element);
  for (uint32_t i = 0; i < element->count; i++)
    if (element->functions)
      k->declared[element->functions[i]] = true;
    else
      check_constant(k, element->expressions[i], k->elements[index]);
  pop_place(k->r.context);
}

static void check_data(struct checker *k, uint32_t index) {
  const struct core_data *data = &k->module->datas.items[index];
  if (data->mode == SEGMENT_ACTIVE)
    check_constant_of(k, "data segment", index, data->offset, k->memories[data->memory]);
}

static void check_function(struct checker *k, uint32_t index) {
  const struct core_function *function = &k->module->functions.items[index];
  push_place(k->r.context, "function", k->module->imported[CORE_FUNC] + index, (struct bytes){0});
  check_body(k, function->type, function->body);
  pop_place(k->r.context);
}

static void check_functions(struct context *c, void *argument, struct share *share) {
  struct checker *k = copy_checker(c, argument);
  for (uint32_t i, end; take_items(share, &i, &end);)
    for (; i < end; i++)
      check_function(k, i);
}

void check_module(struct context *c, const struct module *m) {
  struct checker *k = new_checker(c, m);
  for (uint32_t i = 0; i < m->exports.count; i++)
    if (m->exports.items[i].kind == CORE_FUNC)
      k->declared[m->exports.items[i].index] = true;
  check_tables_and_globals(k);
  for (uint32_t i = 0; i < m->elements.count; i++)
    check_element(k, i);
  run_parallel(c, m->functions.count, size_of_bodies(m), check_functions, k);
  for (uint32_t i = 0; i < m->datas.count; i++)
    check_data(k, i);
}
