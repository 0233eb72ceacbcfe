/* merge_segments.c -- element and data segments, and the one start function.
 *
 * Separate modules are instantiated in turn: the segments of a module are applied after the start functions of those
 * before it.  In one module all active segments come first.  So where an earlier start function could tell, a segment
 * becomes passive, and the fused start function applies and drops it at its turn:
 *
 *     instance a: (start $a)                             (func $start
 *     instance b: imports a's memory,              ->      call $a
 *                 (data (i32.const 8) "x") (start $b)       i32.const 8 i32.const 0 i32.const 1 memory.init $x
 * data.drop $x call $b)
 *
 * An earlier start function can't tell when there is none, and when the table or memory belongs to the segment's own
 * instance, which nothing before it can name, and the segment is certain not to trap.  Once one segment of an instance
 * is applied late, those after it are too, to keep their order.  Generated instances are no part of the program: theirs
 * are always applied first.
 *
 * A declared segment only permits ref.func in bodies.  Those of the input are dropped, and one is made of the functions
 * that live bodies refer to and that nothing else in the output names.
 *
 * Requires  prune.c; every other index of the output is assigned.
 * Provides  to[SPACE_ELEMENT] and to[SPACE_DATA]; elements, datas and start of the output.
 * Spec      WebAssembly core, "Execution / Modules / Instantiation"; "Structure / Modules", data count.
 */
#include "fuse/merge.h"

#include <assert.h>

#define OPCODE_END 0x0b
#define OPCODE_CALL 0x10
#define OPCODE_I32_CONST 0x41
#define OPCODE_REF_FUNC 0xd2
#define OPCODE_PREFIX 0xfc
#define OPCODE_MEMORY_INIT 8
#define OPCODE_DATA_DROP 9
#define OPCODE_TABLE_INIT 12
#define OPCODE_ELEM_DROP 13

static void defer_elements(struct merge *m, uint32_t instance) {
  struct merge_instance *of = &m->instances[instance];
  bool is_deferred = false;
  for (uint32_t i = 0; i < of->module->elements.count; i++) {
    const struct core_element *element = &of->module->elements.items[i];
    if (element->mode != SEGMENT_ACTIVE || of->live[SPACE_ELEMENT][i] != LIVE)
      continue;
    is_deferred = is_deferred || is_imported(of->module, CORE_TABLE, element->table) ||
                  !element_is_in_bounds(m, instance, element);
    of->is_deferred_element[i] = is_deferred;
  }
}

static void defer_datas(struct merge *m, uint32_t instance) {
  struct merge_instance *of = &m->instances[instance];
  bool is_deferred = false;
  for (uint32_t i = 0; i < of->module->datas.count; i++) {
    const struct core_data *data = &of->module->datas.items[i];
    if (data->mode != SEGMENT_ACTIVE || of->live[SPACE_DATA][i] != LIVE)
      continue;
    is_deferred =
        is_deferred || is_imported(of->module, CORE_MEMORY, data->memory) || !data_is_in_bounds(m, instance, data);
    of->is_deferred_data[i] = is_deferred;
    m->out->has_data_count = m->out->has_data_count || is_deferred;
  }
}

/* Numbers what is live of a space from `next` on; returns the next number. */
static uint32_t number_live(struct merge_instance *of, enum index_space space, uint32_t next) {
  for (uint32_t i = 0; i < of->count[space]; i++)
    if (of->live[space][i])
      of->to[space][i] = next++;
  return next;
}

void number_segments(struct merge *m) {
  uint32_t elements = 0, datas = 0;
  bool has_earlier_start = false;
  m->out->has_data_count = m->code_names_data;
  for (uint32_t i = 0; i < m->instance_count; i++) {
    struct merge_instance *of = &m->instances[i];
    elements = number_live(of, SPACE_ELEMENT, elements);
    datas = number_live(of, SPACE_DATA, datas);
    if (has_earlier_start && !of->is_generated) {
      defer_elements(m, i);
      defer_datas(m, i);
    }
    has_earlier_start = has_earlier_start || of->module->start != NO_INDEX;
  }
}

/* Is the expression a single ref.func? Then `function` is its index in the output. */
static bool is_function(const struct merge *m, struct bytes expression, uint32_t *function) {
  struct reader r = reader_of(m->context, expression, expression.at);
  if (read_byte(&r, "opcode") != OPCODE_REF_FUNC)
    return false;
  *function = read_u32(&r, "function index");
  return (size_t)(r.end - r.at) == 1;
}

static bool is_plain_funcref(struct core_valtype type) { return type.heap == HEAP_FUNC && !type.shared && !type.exact; }

static void merge_functions(struct merge *m, const struct merge_instance *of, const struct core_element *from,
                            struct core_element *into) {
  uint32_t *functions = ALLOCATE(m->context, uint32_t, into->count);
  for (uint32_t i = 0; i < into->count; i++) {
    functions[i] = of->to[SPACE_FUNC][from->functions[i]];
    m->is_declared[functions[i]] = true;
  }
  into->functions = functions;
}

/* Expressions that are all ref.func become function indices, which are shorter. */
static void merge_expressions(struct merge *m, uint32_t instance, const struct core_element *from,
                              struct core_element *into) {
  struct bytes *expressions = ALLOCATE(m->context, struct bytes, into->count);
  uint32_t *functions = ALLOCATE(m->context, uint32_t, into->count);
  bool are_functions = into->count > 0 && is_plain_funcref(into->type);
  for (uint32_t i = 0; i < into->count; i++) {
    expressions[i] = merged_expression(m, instance, from->expressions[i]);
    are_functions = are_functions && is_function(m, expressions[i], &functions[i]);
  }
  into->expressions = are_functions ? NULL : expressions;
  into->functions = are_functions ? functions : NULL;
}

static void merge_element(struct merge *m, uint32_t instance, uint32_t index) {
  const struct merge_instance *of = &m->instances[instance];
  const struct core_element *from = &of->module->elements.items[index];
  bool is_dropped = of->live[SPACE_ELEMENT][index] == LIVE_BY_NAME;
  struct core_element element = {
      .mode = is_dropped                       ? SEGMENT_DECLARED
              : of->is_deferred_element[index] ? SEGMENT_PASSIVE
                                               : from->mode,
      .type = merged_valtype(m, instance, from->type),
      .count = is_dropped ? 0 : from->count,
  };
  if (element.mode == SEGMENT_ACTIVE) {
    element.table = of->to[SPACE_TABLE][from->table];
    element.offset = merged_expression(m, instance, from->offset);
  }
  if (from->functions)
    merge_functions(m, of, from, &element);
  else
    merge_expressions(m, instance, from, &element);
  VEC_ADD(m->context, &m->out->elements, element);
}

static void merge_data(struct merge *m, uint32_t instance, uint32_t index) {
  const struct merge_instance *of = &m->instances[instance];
  const struct core_data *from = &of->module->datas.items[index];
  struct core_data data = {.mode = SEGMENT_PASSIVE};
  if (of->live[SPACE_DATA][index] == LIVE)
    data.content = from->content;
  if (of->live[SPACE_DATA][index] == LIVE && from->mode == SEGMENT_ACTIVE && !of->is_deferred_data[index]) {
    data.mode = SEGMENT_ACTIVE;
    data.memory = of->to[SPACE_MEMORY][from->memory];
    data.offset = merged_expression(m, instance, from->offset);
  }
  VEC_ADD(m->context, &m->out->datas, data);
}

/* The one declared segment: what live bodies refer to and nothing outside of bodies names. */
static void declare_references(struct merge *m) {
  uint32_t count = item_count(m->out, CORE_FUNC), needed = 0;
  bool *is_needed = ALLOCATE(m->context, bool, count);
  for (uint32_t i = 0; i < m->instance_count; i++) {
    const struct merge_instance *of = &m->instances[i];
    for (uint32_t f = 0; f < of->count[SPACE_FUNC]; f++) {
      if (!of->is_referenced[f])
        continue;
      uint32_t function = of->to[SPACE_FUNC][f];
      assert(function < count);
      needed += !m->is_declared[function] && !is_needed[function];
      is_needed[function] = !m->is_declared[function];
    }
  }
  if (!needed)
    return;
  uint32_t *functions = ALLOCATE(m->context, uint32_t, needed), next = 0;
  for (uint32_t f = 0; f < count; f++)
    if (is_needed[f])
      functions[next++] = f;
  struct core_valtype type = {.code = CORE_REF_NULL, .heap = HEAP_FUNC};
  VEC_ADD(m->context, &m->out->elements,
          ((struct core_element){.mode = SEGMENT_DECLARED, .type = type, .count = needed, .functions = functions}));
}

static uint32_t count_datas(const struct merge *m) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < m->instance_count; i++)
    for (uint32_t d = 0; d < m->instances[i].count[SPACE_DATA]; d++)
      count += m->instances[i].live[SPACE_DATA][d] != NOT_LIVE;
  return count;
}

void merge_segments(struct merge *m) {
  VEC_RESERVE(m->context, &m->out->datas, count_datas(m));
  for (uint32_t i = 0; i < m->instance_count; i++) {
    const struct merge_instance *of = &m->instances[i];
    for (uint32_t e = 0; e < of->count[SPACE_ELEMENT]; e++)
      if (of->live[SPACE_ELEMENT][e])
        merge_element(m, i, e);
    for (uint32_t d = 0; d < of->count[SPACE_DATA]; d++)
      if (of->live[SPACE_DATA][d])
        merge_data(m, i, d);
  }
  declare_references(m);
  leave_out_zeros(m);
}

/* offset, 0, count, init, drop: as instantiation does it. */
static void put_initialisation(struct merge *m, uint32_t instance, struct bytes offset, uint32_t count,
                               struct buffer *body) {
  struct bytes expression = merged_expression(m, instance, offset);
  assert(expression.size && expression.at[expression.size - 1] == OPCODE_END);
  put_raw(body, expression.at, expression.size - 1);
  put_byte(body, OPCODE_I32_CONST);
  put_s32(body, 0);
  put_byte(body, OPCODE_I32_CONST);
  put_s32(body, (int32_t)count);
  put_byte(body, OPCODE_PREFIX);
}

static void put_deferred(struct merge *m, uint32_t instance, struct buffer *body) {
  const struct merge_instance *of = &m->instances[instance];
  for (uint32_t i = 0; i < of->count[SPACE_ELEMENT]; i++) {
    const struct core_element *element = &of->module->elements.items[i];
    if (!of->is_deferred_element[i])
      continue;
    put_initialisation(m, instance, element->offset, element->count, body);
    put_u32(body, OPCODE_TABLE_INIT);
    put_u32(body, of->to[SPACE_ELEMENT][i]);
    put_u32(body, of->to[SPACE_TABLE][element->table]);
    put_byte(body, OPCODE_PREFIX);
    put_u32(body, OPCODE_ELEM_DROP);
    put_u32(body, of->to[SPACE_ELEMENT][i]);
  }
  for (uint32_t i = 0; i < of->count[SPACE_DATA]; i++) {
    const struct core_data *data = &of->module->datas.items[i];
    if (!of->is_deferred_data[i])
      continue;
    put_initialisation(m, instance, data->offset, (uint32_t)data->content.size, body);
    put_u32(body, OPCODE_MEMORY_INIT);
    put_u32(body, of->to[SPACE_DATA][i]);
    put_u32(body, of->to[SPACE_MEMORY][data->memory]);
    put_byte(body, OPCODE_PREFIX);
    put_u32(body, OPCODE_DATA_DROP);
    put_u32(body, of->to[SPACE_DATA][i]);
  }
}

void merge_start(struct merge *m) {
  struct buffer body = new_buffer(m->context);
  uint32_t starts = 0, only = NO_INDEX;
  bool has_deferred = false;
  put_u32(&body, 0); /* no locals */
  for (uint32_t i = 0; i < m->instance_count; i++) {
    const struct merge_instance *of = &m->instances[i];
    size_t before = body.size;
    put_deferred(m, i, &body);
    has_deferred = has_deferred || body.size > before;
    if (of->module->start == NO_INDEX)
      continue;
    only = of->to[SPACE_FUNC][of->module->start];
    starts++;
    put_byte(&body, OPCODE_CALL);
    put_u32(&body, only);
  }
  put_byte(&body, OPCODE_END);
  m->out->start = only;
  if (starts < 2 && !has_deferred)
    return;
  uint32_t type = merged_functype(m, &(struct core_functype){0});
  m->fused_start = add_function(m->context, m->out, type, buffer_bytes(&body));
  m->out->start = m->fused_start;
}
