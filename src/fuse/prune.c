/* prune.c -- what of a plan can be reached.
 *
 * One worklist over all instances.  It starts from the exports of the output, the start functions and the segments that
 * the host can see or that could trap, and follows bodies, initialisers and imports.  An import is an edge to the item
 * that stands for it; a table is live with all that is put into it:
 *
 *     export -> $f of a -(call)-> import of a -> $g of b -(call_indirect)-> table of b -> segments -> $h, $i
 *
 * The first part of the walk also finds out whether the program needs an asynchronous function: it does when an
 * instance of the program has live code that uses an import for which a canonical function stands that is not
 * supported.  Generated code calls the program's post-return functions; those edges are put aside until that is
 * decided.
 *
 * Requires  instances with their imports; global_order and values.
 * Provides  live, is_referenced and memory_uses of each instance, is_boundary_live, code_names_data.
 * Spec      WebAssembly core, "Execution / Modules / Instantiation", for what an instantiation does on its own.
 */
#include "fuse/report.h"
#include "wasm/notes.h"

#include <assert.h>
#include <string.h>

/* Bytes of code and segments that are followed: an input that instantiates a module often can ask for far more than it
 * has. */
#define MERGED_SIZE_LIMIT ((uint64_t)64 << 20)
#define MERGED_SIZE_FACTOR 8 /* for each byte of the input, besides */

#define BLOCK 64 /* functions that stand side by side */
#define AHEAD 8  /* data segments whose offsets are on their way from memory: they stand far apart */

struct work {
  uint32_t instance, index; /* of functions, that of their block */
  enum index_space space;
};

struct put_aside {
  struct core_item item;
  struct cause cause;
};

struct pruning {
  struct merge *m;
  VEC(struct work) worklist;
  uint32_t done;      /* of the worklist: it is a queue, so that ways from the roots are short */
  uint64_t **waiting; /* of each instance, of each block of functions: which are live, and have not been followed */
  VEC(struct put_aside) put_aside; /* post-return functions that generated code uses */
  bool is_refusing;                /* the first part of the walk */
  uint32_t instance;               /* whose code is visited */
  uint64_t size;                   /* of what has been followed */
  struct cause cause;              /* of what is marked now */
};

/* Can generated code do what the canonical function asks? */
static bool is_supported(enum canon_kind kind) {
  switch (kind) {
  case CANON_LOWER:
  case CANON_RESOURCE_NEW:
  case CANON_RESOURCE_DROP:
  case CANON_RESOURCE_REP:
  case CANON_CONTEXT_GET:
  case CANON_CONTEXT_SET:
  case CANON_BACKPRESSURE_INC:
  case CANON_BACKPRESSURE_DEC:
  case CANON_TASK_RETURN:
    return true;
  default:
    return false;
  }
}

/* Fails when a live use of `item` by the program itself is one of an asynchronous function. */
static void refuse_asynchronous(const struct pruning *p, struct core_item item) {
  const struct plan *plan = p->m->plan;
  for (; item.source == ITEM_CANON; item = plan->canons.items[item.index].implementation) {
    const struct canon *canon = &plan->canons.items[item.index];
    if (is_supported(canon->kind))
      continue;
    fail(p->m->context, FAILURE_INPUT, NO_OFFSET,
         "the program uses the asynchronous function \"%s\" (in component instance %.*s), which is not supported yet",
         canon_name(canon->kind), SHOW(plan->instances.items[canon->instance].path));
  }
}

static void follow(struct pruning *p, uint64_t size) {
  const struct plan *plan = p->m->plan;
  const uint64_t input = plan->root->size;
  p->size += size;
  if (p->size > MERGED_SIZE_LIMIT + input * MERGED_SIZE_FACTOR)
    fail(p->m->context, FAILURE_INPUT, NO_OFFSET,
         "the fused module would hold more than 64 MiB and %d times the input of code and segments; the input "
         "instantiates its modules too many times over",
         MERGED_SIZE_FACTOR);
}

/* False: it is as live already. */
static bool make_live(const struct pruning *p, uint32_t instance, enum index_space space, uint32_t index,
                      enum liveness liveness) {
  const struct merge_instance *of = &p->m->instances[instance];
  assert(index < of->count[space]);
  if (of->live[space][index] >= liveness)
    return false;
  of->live[space][index] = (uint8_t)liveness;
  if (of->causes[space])
    of->causes[space][index] = p->cause;
  return true;
}

static void add_work(struct pruning *p, uint32_t instance, enum index_space space, uint32_t index) {
  if (space == SPACE_FUNC) {
    uint64_t *waiting = &p->waiting[instance][index / BLOCK];
    const bool is_in_worklist = *waiting != 0; /* or at hand */
    *waiting |= (uint64_t)1 << index % BLOCK;
    if (is_in_worklist)
      return;
    index /= BLOCK;
  }
  VEC_ADD(p->m->context, &p->worklist, ((struct work){instance, index, space}));
}

/* Marks a definition, segment or type. */
static void mark(struct pruning *p, uint32_t instance, enum index_space space, uint32_t index, enum liveness liveness) {
  if (make_live(p, instance, space, index, liveness) && space != SPACE_TYPE)
    add_work(p, instance, space, index);
}

static void mark_boundary(struct pruning *p, uint32_t index) {
  struct merge *m = p->m;
  if (m->boundary_causes && !m->is_boundary_live[index])
    m->boundary_causes[index] = p->cause;
  m->is_boundary_live[index] = true;
}

/* Marks what stands behind an import or export: `item` is resolved. */
static void mark_item(struct pruning *p, struct core_item item) {
  if (item.source == ITEM_BOUNDARY)
    mark_boundary(p, item.index);
  else
    mark(p, item.owner, (enum index_space)item.kind, item.index, LIVE);
}

static bool is_after_return(const struct merge *m, struct core_item item) {
  if (item.kind != CORE_FUNC)
    return false;
  return item.source == ITEM_BOUNDARY ? m->is_boundary_after_return[item.index]
                                      : m->instances[item.owner].is_after_return[item.index];
}

/* A use of `item` by generated code or by an export. */
static void mark_generated_use(struct pruning *p, struct core_item item) {
  struct core_item target = resolve_item(p->m, item);
  if (p->is_refusing && is_after_return(p->m, target))
    VEC_ADD(p->m->context, &p->put_aside, ((struct put_aside){target, p->cause}));
  else
    mark_item(p, target);
}

static void mark_import(struct pruning *p, uint32_t instance, enum core_kind kind, uint32_t index) {
  struct merge_instance *of = &p->m->instances[instance];
  if (of->live[kind][index])
    return;
  of->live[kind][index] = LIVE;
  struct core_item item = of->core->imports[of->module->imports_of[kind].items[index]];
  if (of->is_generated) {
    mark_generated_use(p, item);
    return;
  }
  if (p->is_refusing)
    refuse_asynchronous(p, item);
  mark_item(p, resolve_item(p->m, item));
}

static void mark_index(struct pruning *p, uint32_t instance, enum index_space space, uint32_t index) {
  const struct merge_instance *of = &p->m->instances[instance];
  if (space <= SPACE_TAG && is_imported(of->module, (enum core_kind)space, index)) {
    mark_import(p, instance, (enum core_kind)space, index);
    return;
  }
  if (space == SPACE_MEMORY && of->memory_import[index] != NO_INDEX) {
    mark_boundary(p, of->memory_import[index]);
    return;
  }
  enum liveness liveness = LIVE;
  if (space == SPACE_ELEMENT && of->module->elements.items[index].mode != SEGMENT_PASSIVE)
    liveness = LIVE_BY_NAME;
  if (space == SPACE_DATA) {
    p->m->code_names_data = true;
    if (of->module->datas.items[index].mode != SEGMENT_PASSIVE)
      liveness = LIVE_BY_NAME;
  }
  mark(p, instance, space, index, liveness);
}

static void visit_code(void *user, enum index_space space, uint32_t index) {
  struct pruning *p = user;
  const struct merge_instance *of = &p->m->instances[p->instance];
  if (space == SPACE_MEMORY)
    of->memory_uses[index]++;
  const bool is_segment = space == SPACE_ELEMENT || space == SPACE_DATA; /* which code makes live by name */
  if (is_segment || !of->live[space][index])
    mark_index(p, p->instance, space, index);
}

static void mark_valtype(struct pruning *p, uint32_t instance, struct core_valtype type) {
  if ((type.code == CORE_REF || type.code == CORE_REF_NULL) && type.heap >= 0)
    mark(p, instance, SPACE_TYPE, (uint32_t)type.heap, LIVE);
}

static void mark_expression(struct pruning *p, uint32_t instance, struct bytes expression) {
  struct placed_expression folded = fold_expression(p->m, instance, expression);
  p->instance = folded.instance;
  follow(p, folded.bytes.size);
  visit_expression(p->m->context, p->m->instances[folded.instance].module, folded.bytes, visit_code, p);
}

static void visit_reference(void *user, enum index_space space, uint32_t index) {
  struct pruning *p = user;
  assert(space == SPACE_FUNC);
  (void)space;
  p->m->instances[p->instance].is_referenced[index] = true;
}

static void mark_function(struct pruning *p, uint32_t instance, uint32_t index) {
  const struct merge_instance *of = &p->m->instances[instance];
  const uint32_t defined = index - of->module->imported[CORE_FUNC];
  const struct core_function *function = &of->module->functions.items[defined];
  mark(p, instance, SPACE_TYPE, function->type, LIVE);
  p->instance = instance;
  follow(p, function->body.size);
  visit_function(p->m->context, of->module, defined, visit_code, p);
  visit_references(p->m->context, of->module, defined, visit_reference, p);
}

/* Calls go here and there, and memory is slow: what stands side by side is looked at together. */
static void mark_functions(struct pruning *p, uint32_t instance, uint32_t block) {
  uint64_t *waiting = &p->waiting[instance][block];
  while (*waiting) {
    const uint32_t first = (uint32_t)__builtin_ctzll((unsigned long long)*waiting);
    p->cause.index = block * BLOCK + first;
    mark_function(p, instance, block * BLOCK + first);
    *waiting &= ~((uint64_t)1 << first);
  }
}

/* The active segments that are put into a table. */
static void mark_elements(struct pruning *p, uint32_t head) {
  while (head != NO_INDEX) {
    const struct segment_ref segment = p->m->segment_refs.items[head];
    mark(p, segment.instance, SPACE_ELEMENT, segment.index, LIVE);
    head = segment.next;
  }
}

/* The active segments that are put into a memory. They name nothing: where they go is one constant, see file_segment.
 */
static void mark_datas(struct pruning *p, uint32_t head) {
  while (head != NO_INDEX) {
    const struct segment_ref segment = p->m->segment_refs.items[head];
    const struct core_data *data = &p->m->instances[segment.instance].module->datas.items[segment.index];
    if (make_live(p, segment.instance, SPACE_DATA, segment.index, LIVE))
      follow(p, data->offset.size + data->content.size);
    head = segment.next;
  }
}

static void mark_table(struct pruning *p, uint32_t instance, uint32_t index) {
  const struct merge_instance *of = &p->m->instances[instance];
  const struct core_table *table = &of->module->tables.items[index - of->module->imported[CORE_TABLE]];
  mark_valtype(p, instance, table->type.element);
  if (table->init.size)
    mark_expression(p, instance, table->init);
  mark_elements(p, of->element_heads[index]);
}

static void mark_global(struct pruning *p, uint32_t instance, uint32_t index) {
  const struct merge_instance *of = &p->m->instances[instance];
  const struct core_global *global = &of->module->globals.items[index - of->module->imported[CORE_GLOBAL]];
  mark_valtype(p, instance, global->type.type);
  mark_expression(p, instance, global->init);
}

static void mark_element(struct pruning *p, uint32_t instance, uint32_t index) {
  const struct merge_instance *of = &p->m->instances[instance];
  const struct core_element *element = &of->module->elements.items[index];
  mark_valtype(p, instance, element->type);
  if (of->live[SPACE_ELEMENT][index] == LIVE_BY_NAME)
    return;
  follow(p, (uint64_t)element->count * 2);
  for (uint32_t i = 0; i < element->count; i++)
    if (element->functions)
      mark_index(p, instance, SPACE_FUNC, element->functions[i]);
    else
      mark_expression(p, instance, element->expressions[i]);
  if (element->mode == SEGMENT_ACTIVE) {
    mark_index(p, instance, SPACE_TABLE, element->table);
    mark_expression(p, instance, element->offset);
  }
}

static void mark_data(struct pruning *p, uint32_t instance, uint32_t index) {
  const struct merge_instance *of = &p->m->instances[instance];
  const struct core_data *data = &of->module->datas.items[index];
  if (of->live[SPACE_DATA][index] == LIVE_BY_NAME)
    return;
  follow(p, data->content.size);
  if (data->mode == SEGMENT_ACTIVE) {
    mark_index(p, instance, SPACE_MEMORY, data->memory);
    mark_expression(p, instance, data->offset);
  }
}

static void process(struct pruning *p, struct work work) {
  const struct module *module = p->m->instances[work.instance].module;
  switch (work.space) {
  case SPACE_FUNC:
    mark_functions(p, work.instance, work.index);
    break;
  case SPACE_TABLE:
    mark_table(p, work.instance, work.index);
    break;
  case SPACE_MEMORY:
    mark_datas(p, p->m->instances[work.instance].data_heads[work.index]);
    break;
  case SPACE_GLOBAL:
    mark_global(p, work.instance, work.index);
    break;
  case SPACE_TAG:
    mark(p, work.instance, SPACE_TYPE, module->tags.items[work.index - module->imported[CORE_TAG]], LIVE);
    break;
  case SPACE_ELEMENT:
    mark_element(p, work.instance, work.index);
    break;
  case SPACE_DATA:
    mark_data(p, work.instance, work.index);
    break;
  case SPACE_TYPE:
  case INDEX_SPACE_COUNT:
    assert(false && "types are followed in merge_types.c");
  }
}

static void run_worklist(struct pruning *p) {
  while (p->done < p->worklist.count) {
    const struct work work = p->worklist.items[p->done++];
    push_place(p->m->context, "core instance", work.instance, p->m->instances[work.instance].core->name);
    p->cause = (struct cause){CAUSE_ITEM, work.space, work.instance, work.index};
    process(p, work);
    pop_place(p->m->context);
  }
}

/* The least size that a table has, or a memory in bytes; saturated. */
static uint64_t least_size(const struct merge *m, struct core_item item) {
  const struct core_extern type = item.source == ITEM_BOUNDARY
                                      ? m->plan->boundary_imports.items[item.index].type
                                      : item_type(m->instances[item.owner].module, item.kind, item.index);
  if (item.kind == CORE_TABLE)
    return type.table.limits.minimum;
  return least_memory_size(&type.memory);
}

static bool is_in_bounds(const struct merge *m, uint32_t instance, struct core_item target, struct bytes offset,
                         uint64_t count) {
  uint64_t start, size = least_size(m, target);
  return constant_integer(m, instance, offset, &start) && start <= size && count <= size - start;
}

bool element_is_in_bounds(const struct merge *m, uint32_t instance, const struct core_element *element) {
  struct core_item table = resolve_index(m, instance, CORE_TABLE, element->table);
  return is_in_bounds(m, instance, table, element->offset, element->count);
}

bool data_is_in_bounds(const struct merge *m, uint32_t instance, const struct core_data *data) {
  struct core_item memory = resolve_index(m, instance, CORE_MEMORY, data->memory);
  return is_in_bounds(m, instance, memory, data->offset, data->content.size);
}

/* Files an active segment with its table or memory; or keeps it in any case, since the host can see what it puts there,
 * or since it could trap. */
static void file_segment(struct pruning *p, struct core_item target, uint32_t instance, enum index_space space,
                         uint32_t index, bool is_certain) {
  struct merge *m = p->m;
  if (target.source == ITEM_BOUNDARY || !is_certain) {
    p->cause = (struct cause){.kind = CAUSE_SEGMENT};
    mark(p, instance, space, index, LIVE);
    return;
  }
  const struct merge_instance *owner = &m->instances[target.owner];
  uint32_t *head = &(space == SPACE_ELEMENT ? owner->element_heads : owner->data_heads)[target.index];
  VEC_ADD(m->context, &m->segment_refs, ((struct segment_ref){instance, index, *head}));
  *head = m->segment_refs.count - 1;
}

static void file_segments(struct pruning *p, uint32_t instance) {
  struct merge *m = p->m;
  const struct module *module = m->instances[instance].module;
  for (uint32_t i = 0; i < module->elements.count; i++) {
    const struct core_element *element = &module->elements.items[i];
    if (element->mode == SEGMENT_ACTIVE)
      file_segment(p, resolve_index(m, instance, CORE_TABLE, element->table), instance, SPACE_ELEMENT, i,
                   element_is_in_bounds(m, instance, element));
  }
  for (uint32_t i = 0; i < module->datas.count; i++) {
    const struct core_data *data = &module->datas.items[i];
    if (i + AHEAD < module->datas.count)
      __builtin_prefetch(data[AHEAD].offset.at);
    if (data->mode == SEGMENT_ACTIVE)
      file_segment(p, resolve_index(m, instance, CORE_MEMORY, data->memory), instance, SPACE_DATA, i,
                   data_is_in_bounds(m, instance, data));
  }
}

static void note_after_return(struct merge *m) {
  m->is_boundary_after_return = ALLOCATE(m->context, bool, m->plan->boundary_imports.count);
  for (uint32_t i = 0; i < m->plan->after_return.count; i++) {
    struct core_item item = resolve_item(m, m->plan->after_return.items[i]);
    assert(item.kind == CORE_FUNC);
    if (item.source == ITEM_BOUNDARY)
      m->is_boundary_after_return[item.index] = true;
    else
      m->instances[item.owner].is_after_return[item.index] = true;
  }
}

static void mark_all(struct pruning *p) {
  for (uint32_t i = 0; i < p->m->instance_count; i++)
    for (uint32_t space = 0; space <= SPACE_GLOBAL; space++)
      for (uint32_t index = 0; index < p->m->instances[i].count[space]; index++)
        mark_index(p, i, (enum index_space)space, index);
}

static void mark_roots(struct pruning *p) {
  struct merge *m = p->m;
  for (uint32_t i = 0; i < m->instance_count; i++)
    file_segments(p, i);
  for (uint32_t i = 0; i < m->instance_count; i++) {
    p->cause = (struct cause){CAUSE_START, SPACE_FUNC, i, m->instances[i].module->start};
    if (m->instances[i].module->start != NO_INDEX)
      mark_index(p, i, SPACE_FUNC, m->instances[i].module->start);
  }
  for (uint32_t i = 0; i < m->plan->core_exports.count; i++) {
    struct core_item item = m->plan->core_exports.items[i].item;
    p->cause = (struct cause){.kind = CAUSE_EXPORT, .index = i};
    refuse_asynchronous(p, item);
    mark_generated_use(p, item);
  }
}

static uint64_t **no_functions(const struct merge *m) {
  uint64_t **waiting = ALLOCATE(m->context, uint64_t *, m->instance_count);
  for (uint32_t i = 0; i < m->instance_count; i++)
    waiting[i] = ALLOCATE(m->context, uint64_t, m->instances[i].count[SPACE_FUNC] / BLOCK + 1);
  return waiting;
}

void mark_live(struct merge *m) {
  struct pruning p = {.m = m, .is_refusing = true, .waiting = no_functions(m)};
  m->is_boundary_live = ALLOCATE(m->context, bool, m->plan->boundary_imports.count);
  if (m->options->report && m->options->report->forms[REPORT_WHY])
    m->boundary_causes = ALLOCATE(m->context, struct cause, m->plan->boundary_imports.count);
  note_after_return(m);
  mark_roots(&p);
  run_worklist(&p);
  p.is_refusing = false;
  for (uint32_t i = 0; i < p.put_aside.count; i++) {
    p.cause = p.put_aside.items[i].cause;
    mark_item(&p, p.put_aside.items[i].item);
  }
  if (!uses_proof(PROOF_PRUNE))
    mark_all(&p);
  run_worklist(&p);
}
