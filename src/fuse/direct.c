/* direct.c -- sees through tables that stand between a caller and what it calls.
 *
 * A module can't be given a function that is lowered with its own memory: the memory is there only once the module is.
 * So tools put a table between them, in a module that is instantiated before, and fill it in one that comes after:
 *
 *     $shim   (table (export "$imports") 1 1 funcref)  (func (export "0") (call_indirect (i32.const 0)))
 *     $main   (import "wasi:x/y" "f")                  is $shim's "0"
 *     $fixup  (elem (i32.const 0) func $lowered)       into $shim's table
 *
 * Whoever imports the function "0" is given $lowered itself; then nothing reaches the table, and it goes.
 *
 * That is the same only if nothing else is ever in that place of the table when it is called. So all instances that
 * have the table have no code but functions of that form; its segments are in bounds, and none fills a place that
 * another has filled; the types agree; and no start function that runs before it is filled can reach such a function:
 * it would trap.
 *
 * Requires  link.c: core_instances, and what names their functions; structure of code is checked.
 * Provides  no item of the plan is a function that only calls through such a table.
 * Spec      WebAssembly core, "Execution / Instructions": call_indirect.
 */
#include <assert.h>

#include "fuse/adapt.h"

/* A table that instances have which are made of such functions alone. */
struct call_table {
  bool is_constant;
  uint32_t made_by, filled_by; /* the instance that defines it, and the last one that has a segment for it */
  uint32_t size;               /* at least */
  struct core_item *slots;     /* ITEM_NONE: null */
};

struct seeing {
  struct context *context;
  struct plan *plan;
  struct map known; /* key of a table to index into `tables` */
  VEC(struct call_table) tables;
  bool *is_only_calls;         /* of each core instance */
  struct leave_search *search; /* from start functions */
};

/* (call_indirect (local.get 0) ... (i32.const slot)) and nothing else. */
static bool is_table_call(struct context *c, const struct module *m, uint32_t defined, uint32_t *table,
                          uint32_t *slot) {
  const struct core_function *function = &m->functions.items[defined];
  struct reader r = reader_of(c, function->body, function->body.at);
  if (read_byte(&r, "the number of runs") != 0)
    return false;
  for (uint32_t i = 0; i < m->types.items[function->type].func.param_count; i++)
    if (read_byte(&r, "an instruction") != OP_LOCAL_GET || read_u32(&r, "a local") != i)
      return false;
  if (read_byte(&r, "an instruction") != OP_I32_CONST)
    return false;
  *slot = (uint32_t)read_s32(&r, "a number");
  if (read_byte(&r, "an instruction") != OP_CALL_INDIRECT || read_u32(&r, "a type") != function->type)
    return false;
  *table = read_u32(&r, "a table");
  return read_byte(&r, "an instruction") == OP_END && at_end(&r);
}

static bool has_only_calls(struct context *c, const struct module *m) {
  uint32_t table, slot;
  for (uint32_t i = 0; i < m->functions.count; i++)
    if (!is_table_call(c, m, i, &table, &slot))
      return false;
  return true;
}

static struct core_item item_of(const struct plan *plan, uint32_t instance, enum core_kind kind, uint32_t index) {
  const struct core_instance *of = &plan->core_instances.items[instance];
  if (is_imported(of->module, kind, index))
    return of->imports[of->module->imports_of[kind].items[index]];
  return (struct core_item){ITEM_DEFINED, kind, instance, index};
}

static struct bytes table_key(struct context *c, struct core_item table) {
  return format_bytes(c, "%u %u", table.owner, table.index);
}

#define CALL_TABLE_LIMIT 65536 /* places; tables of this kind have a few dozen */

static struct call_table *find_table(struct seeing *s, struct core_item item) {
  const struct bytes key = table_key(s->context, item);
  const uint32_t next = s->tables.count, index = map_add(s->context, &s->known, key, next);
  if (index == next) {
    const struct module *m = s->plan->core_instances.items[item.owner].module;
    const struct core_table *table = &m->tables.items[item.index - m->imported[CORE_TABLE]];
    const uint64_t size = table->type.limits.minimum;
    *VEC_PUSH(s->context, &s->tables) =
        (struct call_table){.is_constant = size <= CALL_TABLE_LIMIT && table->init.size == 0,
                            .made_by = item.owner,
                            .filled_by = item.owner,
                            .size = (uint32_t)size};
    if (s->tables.items[index].is_constant)
      s->tables.items[index].slots = ALLOCATE(s->context, struct core_item, size + 1);
  }
  return &s->tables.items[index];
}

/* The offset of a segment, if it is a number. */
static bool constant_offset(struct context *c, struct bytes expression, uint32_t *offset) {
  struct reader r = reader_of(c, expression, expression.at);
  if (read_byte(&r, "an instruction") != OP_I32_CONST)
    return false;
  *offset = (uint32_t)read_s32(&r, "a number");
  return read_byte(&r, "an instruction") == OP_END && at_end(&r);
}

static void fill_slots(struct seeing *s, uint32_t instance, const struct core_element *element) {
  struct call_table *table = find_table(s, item_of(s->plan, instance, CORE_TABLE, element->table));
  uint32_t offset = 0;
  table->filled_by = instance;
  table->is_constant = table->is_constant && element->functions &&
                       constant_offset(s->context, element->offset, &offset) && offset <= table->size &&
                       element->count <= table->size - offset;
  for (uint32_t i = 0; i < element->count && table->is_constant; i++) {
    struct core_item *slot = &table->slots[offset + i];
    table->is_constant = slot->source == ITEM_NONE;
    *slot = item_of(s->plan, instance, CORE_FUNC, element->functions[i]);
  }
}

/* What the instance has to do with tables. */
static void find_tables_of(struct seeing *s, uint32_t instance) {
  const struct module *m = s->plan->core_instances.items[instance].module;
  s->is_only_calls[instance] = has_only_calls(s->context, m);
  for (uint32_t i = 0; i < item_count(m, CORE_TABLE); i++) {
    struct call_table *table = find_table(s, item_of(s->plan, instance, CORE_TABLE, i));
    table->is_constant = table->is_constant && s->is_only_calls[instance];
  }
  for (uint32_t i = 0; i < m->elements.count; i++)
    if (m->elements.items[i].mode == SEGMENT_ACTIVE)
      fill_slots(s, instance, &m->elements.items[i]);
}

/* Could a start function that runs before the table is filled reach a function of this form? One of another component
 * instance could by a call that leaves it; so it must not be there. */
static bool is_called_early(const struct seeing *s, const struct call_table *table) {
  const struct core_instance *instances = s->plan->core_instances.items;
  for (uint32_t i = table->made_by; i <= table->filled_by; i++) {
    const uint32_t start = instances[i].module->start, component = instances[i].component_instance;
    if (start == NO_INDEX)
      continue;
    if (component != instances[table->made_by].component_instance ||
        may_leave_from(s->search, component, item_of(s->plan, i, CORE_FUNC, start)))
      return true;
  }
  return false;
}

static bool same_function_type(struct seeing *s, struct core_item a, struct core_item b) {
  const struct module *modules[2];
  uint32_t types[2];
  const struct core_item items[] = {a, b};
  for (int i = 0; i < 2; i++) {
    const struct canon *canon = items[i].source == ITEM_CANON ? &s->plan->canons.items[items[i].index] : NULL;
    modules[i] = canon ? canon->module : s->plan->core_instances.items[items[i].owner].module;
    types[i] = canon ? canon->type : item_type(modules[i], CORE_FUNC, items[i].index).type;
  }
  struct matching matching = {0};
  return same_type(&matching, modules[0], types[0], modules[1], types[1]);
}

/* What the item calls, if it is a function of this form; else the item. Chains are followed. Is it another one now? */
static bool see_through(struct seeing *s, struct core_item *item) {
  bool is_changed = false;
  for (uint32_t steps = 0; item->source == ITEM_DEFINED && item->kind == CORE_FUNC && steps < NESTING_LIMIT; steps++) {
    const struct module *m = s->plan->core_instances.items[item->owner].module;
    uint32_t table_index, slot;
    if (!s->is_only_calls[item->owner] ||
        !is_table_call(s->context, m, item->index - m->imported[CORE_FUNC], &table_index, &slot))
      break;
    const struct core_item table_item = item_of(s->plan, item->owner, CORE_TABLE, table_index);
    const struct call_table *table = find_table(s, table_item);
    if (!table->is_constant || slot >= table->size || table->slots[slot].source == ITEM_NONE ||
        !same_function_type(s, *item, table->slots[slot]))
      break;
    *item = table->slots[slot];
    is_changed = true;
  }
  return is_changed;
}

static void see_through_options(struct seeing *s, struct options *options) {
  options->is_seen_through |= see_through(s, &options->realloc);
  options->is_seen_through |= see_through(s, &options->post_return);
}

/* An import of a core module; for reports, the canonical function behind the table says so. */
static void see_through_import(struct seeing *s, struct core_item *import) {
  if (see_through(s, import) && import->source == ITEM_CANON)
    s->plan->canons.items[import->index].options.is_seen_through = true;
}

void make_calls_direct(struct context *c, struct plan *plan) {
  if (!uses_proof(PROOF_TABLES))
    return;
  const uint32_t count = plan->core_instances.count;
  struct seeing s = {.context = c, .plan = plan};
  s.is_only_calls = ALLOCATE(c, bool, count + 1);
  s.search = new_leave_search(c, plan, s.is_only_calls);
  for (uint32_t i = 0; i < count; i++)
    find_tables_of(&s, i);
  for (uint32_t i = 0; i < s.tables.count; i++)
    s.tables.items[i].is_constant = s.tables.items[i].is_constant && !is_called_early(&s, &s.tables.items[i]);
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t n = 0; n < plan->core_instances.items[i].module->imports.count; n++)
      see_through_import(&s, &plan->core_instances.items[i].imports[n]);
  for (uint32_t i = 0; i < plan->funcs.count; i++) {
    struct func *func = &plan->funcs.items[i];
    func->options.is_seen_through |= see_through(&s, &func->core);
    see_through_options(&s, &func->options);
  }
  for (uint32_t i = 0; i < plan->canons.count; i++)
    see_through_options(&s, &plan->canons.items[i].options);
  for (uint32_t i = 0; i < plan->resources.count; i++)
    see_through(&s, &plan->resources.items[i].dtor);
}
