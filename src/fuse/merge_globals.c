/* merge_globals.c -- the globals of all instances in one order, and constant expressions without globals.
 *
 * An initialiser may refer to globals that come before it.  Instances are in order of instantiation, but generated
 * ones may stand after those that they serve, so the order is made here: depth first, each global after those that its
 * initialiser names, otherwise as they come.
 *
 * The global that an instance imports is defined by another in the output, and engines without the GC proposal refuse
 * a global.get of a defined global in a constant expression.  Where such a global is immutable and a constant, the
 * constant is put in the place of the global.get:
 *
 *     (global $base i32 (i32.const 1024))                       ;; of one instance
 *     (data (offset global.get $base i32.const 8 i32.add) ...)  ;; of another: (i32.const 1032)
 *
 * Requires  resolved imports.
 * Provides  global_order; values; fold_expression and what is built on it.
 * Spec      WebAssembly core, "Validation / Instructions / Constant Expressions".
 */
#include "fuse/merge.h"

#include <assert.h>
#include <string.h>

#define OPCODE_END 0x0b
#define OPCODE_GLOBAL_GET 0x23
#define OPCODE_I32_CONST 0x41
#define OPCODE_I64_CONST 0x42
#define OPCODE_F32_CONST 0x43
#define OPCODE_F64_CONST 0x44
#define OPCODE_I32_ADD 0x6a
#define OPCODE_I32_SUB 0x6b
#define OPCODE_I32_MUL 0x6c
#define OPCODE_I64_ADD 0x7c
#define OPCODE_I64_SUB 0x7d
#define OPCODE_I64_MUL 0x7e
#define OPCODE_REF_NULL 0xd0
#define OPCODE_REF_FUNC 0xd2
#define OPCODE_VECTOR 0xfd
#define OPCODE_V128_CONST 0x0c

#define STACK_LIMIT 16 /* of integers in an expression that is evaluated here; a deeper one is left as it is */

static const struct global_value unknown = {.kind = VALUE_UNKNOWN};

static const struct global_value *value_of(const struct merge *m, uint32_t instance, uint32_t global) {
  if (global >= m->instances[instance].count[SPACE_GLOBAL])
    return &unknown;
  struct core_item item = resolve_index(m, instance, CORE_GLOBAL, global);
  if (item.source != ITEM_DEFINED)
    return &unknown;
  const struct merge_instance *owner = &m->instances[item.owner];
  return &owner->values[item.index - owner->module->imported[CORE_GLOBAL]];
}

struct integer {
  uint8_t type; /* CORE_I32 or CORE_I64 */
  uint64_t value;
};

/* i32 and i64 arithmetic wrap alike in 64 bits. */
static bool apply_operator(uint8_t opcode, struct integer *stack, uint32_t *depth) {
  uint8_t type = opcode >= OPCODE_I64_ADD ? CORE_I64 : CORE_I32;
  if (*depth < 2 || stack[*depth - 1].type != type || stack[*depth - 2].type != type)
    return false;
  uint64_t right = stack[--*depth].value, left = stack[*depth - 1].value;
  uint64_t value = opcode == OPCODE_I32_ADD || opcode == OPCODE_I64_ADD   ? left + right
                   : opcode == OPCODE_I32_SUB || opcode == OPCODE_I64_SUB ? left - right
                                                                          : left * right;
  stack[*depth - 1].value = type == CORE_I32 ? (uint32_t)value : value;
  return true;
}

static bool push_global(const struct merge *m, uint32_t instance, uint32_t global, struct integer *top) {
  const struct global_value *value = value_of(m, instance, global);
  if (value->kind != VALUE_I32 && value->kind != VALUE_I64)
    return false;
  *top = (struct integer){value->kind == VALUE_I32 ? CORE_I32 : CORE_I64, value->number};
  return true;
}

/* The integer that an expression of constants, constant globals and extended-const arithmetic computes. */
static bool evaluate(const struct merge *m, uint32_t instance, struct bytes expression, struct integer *result) {
  struct reader r = reader_of(m->context, expression, expression.at);
  struct integer stack[STACK_LIMIT];
  uint32_t depth = 0;
  while (!at_end(&r) && depth < STACK_LIMIT) {
    uint8_t opcode = read_byte(&r, "opcode");
    switch (opcode) {
    case OPCODE_I32_CONST:
      stack[depth++] = (struct integer){CORE_I32, (uint32_t)read_s32(&r, "i32")};
      break;
    case OPCODE_I64_CONST:
      stack[depth++] = (struct integer){CORE_I64, (uint64_t)read_s64(&r, "i64")};
      break;
    case OPCODE_GLOBAL_GET:
      if (!push_global(m, instance, read_u32(&r, "global index"), &stack[depth]))
        return false;
      depth++;
      break;
    case OPCODE_I32_ADD:
    case OPCODE_I32_SUB:
    case OPCODE_I32_MUL:
    case OPCODE_I64_ADD:
    case OPCODE_I64_SUB:
    case OPCODE_I64_MUL:
      if (!apply_operator(opcode, stack, &depth))
        return false;
      break;
    case OPCODE_END:
      *result = stack[0];
      return depth == 1 && at_end(&r);
    default:
      return false;
    }
  }
  return false;
}

/* Is it one constant instruction of another type than an integer, not a global.get? */
static bool is_plain_constant(const struct merge *m, struct bytes expression) {
  struct reader r = reader_of(m->context, expression, expression.at);
  switch (read_byte(&r, "opcode")) {
  case OPCODE_F32_CONST:
    return expression.size == 1 + 4 + 1;
  case OPCODE_F64_CONST:
    return expression.size == 1 + 8 + 1;
  case OPCODE_VECTOR:
    return read_u32(&r, "opcode") == OPCODE_V128_CONST && (size_t)(r.end - r.at) == 16 + 1;
  case OPCODE_REF_NULL:
    read_s33(&r, "heap type");
    break;
  case OPCODE_REF_FUNC:
    read_u32(&r, "function index");
    break;
  default:
    return false;
  }
  return (size_t)(r.end - r.at) == 1 && *r.at == OPCODE_END;
}

static struct bytes integer_expression(const struct merge *m, struct integer integer) {
  struct buffer b = new_buffer(m->context);
  if (integer.type == CORE_I32) {
    put_byte(&b, OPCODE_I32_CONST);
    put_s32(&b, (int32_t)(uint32_t)integer.value);
  } else {
    put_byte(&b, OPCODE_I64_CONST);
    put_s64(&b, (int64_t)integer.value);
  }
  put_byte(&b, OPCODE_END);
  return buffer_bytes(&b);
}

/* Is the expression a single global.get? Then which. */
static bool is_global_get(const struct merge *m, struct bytes expression, uint32_t *global) {
  struct reader r = reader_of(m->context, expression, expression.at);
  if (read_byte(&r, "opcode") != OPCODE_GLOBAL_GET)
    return false;
  *global = read_u32(&r, "global index");
  return (size_t)(r.end - r.at) == 1;
}

struct placed_expression fold_expression(const struct merge *m, uint32_t instance, struct bytes expression) {
  struct placed_expression as_is = {instance, expression};
  struct integer integer;
  uint32_t global;
  if (size_of_constant(expression) == expression.size)
    return as_is;
  if (evaluate(m, instance, expression, &integer))
    return (struct placed_expression){instance, integer_expression(m, integer)};
  if (!is_global_get(m, expression, &global))
    return as_is;
  const struct global_value *value = value_of(m, instance, global);
  return value->kind == VALUE_OTHER ? value->other : as_is;
}

bool constant_integer(const struct merge *m, uint32_t instance, struct bytes expression, uint64_t *value) {
  struct integer integer;
  if (!evaluate(m, instance, expression, &integer))
    return false;
  *value = integer.value;
  return true;
}

/* Whose functions an expression names. */
struct naming {
  struct merge *m;
  uint32_t instance;
};

static void declare_function(void *user, enum index_space space, uint32_t index) {
  struct naming *n = user;
  if (space == SPACE_FUNC)
    n->m->is_declared[n->m->instances[n->instance].to[SPACE_FUNC][index]] = true;
}

struct bytes merged_expression(struct merge *m, uint32_t instance, struct bytes expression) {
  struct placed_expression folded = fold_expression(m, instance, expression);
  const struct module *module = m->instances[folded.instance].module;
  struct index_maps maps = instance_maps(m, folded.instance);
  struct naming naming = {m, folded.instance};
  if (size_of_constant(folded.bytes) == folded.bytes.size)
    return folded.bytes;
  struct buffer b = new_buffer(m->context);
  reserve(&b, folded.bytes.size + 8);
  rewrite_expression(m->context, module, &maps, folded.bytes, &b);
  visit_expression(m->context, module, folded.bytes, declare_function, &naming);
  return buffer_bytes(&b);
}

enum visit_state { NOT_VISITED, IS_OPEN, IS_ORDERED };

/* The depth-first walk over initialisers, with a stack of its own. */
struct ordering {
  struct merge *m;
  uint8_t **states; /* enum visit_state, of the defined globals of each instance */
  VEC(struct global_ref) stack;
  uint32_t instance; /* whose initialiser is visited */
};

static uint8_t *state_of(struct ordering *o, struct global_ref ref) {
  return &o->states[ref.instance][ref.index - o->m->instances[ref.instance].module->imported[CORE_GLOBAL]];
}

static void push_initialiser_global(void *user, enum index_space space, uint32_t index) {
  struct ordering *o = user;
  if (space != SPACE_GLOBAL)
    return;
  struct core_item item = resolve_index(o->m, o->instance, CORE_GLOBAL, index);
  if (item.source != ITEM_DEFINED)
    return;
  struct global_ref ref = {item.owner, item.index};
  uint8_t state = *state_of(o, ref);
  if (state == IS_OPEN)
    fail(o->m->context, FAILURE_INPUT, NO_OFFSET, "the initialisers of globals refer to each other in a circle");
  if (state == NOT_VISITED)
    VEC_ADD(o->m->context, &o->stack, ref);
}

static void keep_value(struct merge *m, uint32_t instance, const struct core_global *global,
                       struct global_value *value) {
  struct integer integer;
  if (global->type.is_mutable)
    return;
  if (evaluate(m, instance, global->init, &integer)) {
    value->kind = integer.type == CORE_I32 ? VALUE_I32 : VALUE_I64;
    value->number = integer.value;
    return;
  }
  struct placed_expression folded = fold_expression(m, instance, global->init);
  if (is_plain_constant(m, folded.bytes)) {
    value->kind = VALUE_OTHER;
    value->other = folded;
  }
}

static void order_from(struct ordering *o, struct global_ref root) {
  struct merge *m = o->m;
  VEC_ADD(m->context, &o->stack, root);
  while (o->stack.count) {
    struct global_ref ref = o->stack.items[o->stack.count - 1];
    struct merge_instance *instance = &m->instances[ref.instance];
    uint32_t defined = ref.index - instance->module->imported[CORE_GLOBAL];
    const struct core_global *global = &instance->module->globals.items[defined];
    uint8_t *state = &o->states[ref.instance][defined];
    if (*state == NOT_VISITED) {
      *state = IS_OPEN;
      o->instance = ref.instance;
      visit_expression(m->context, instance->module, global->init, push_initialiser_global, o);
      continue;
    }
    o->stack.count--;
    if (*state == IS_ORDERED)
      continue;
    *state = IS_ORDERED;
    keep_value(m, ref.instance, global, &instance->values[defined]);
    VEC_ADD(m->context, &m->global_order, ref);
  }
}

void order_globals(struct merge *m) {
  struct ordering o = {.m = m, .states = ALLOCATE(m->context, uint8_t *, m->instance_count)};
  for (uint32_t i = 0; i < m->instance_count; i++) {
    uint32_t count = m->instances[i].module->globals.count;
    if (!count)
      continue;
    o.states[i] = ALLOCATE(m->context, uint8_t, count);
    m->instances[i].values = ALLOCATE(m->context, struct global_value, count);
  }
  for (uint32_t i = 0; i < m->instance_count; i++) {
    const struct module *module = m->instances[i].module;
    push_place(m->context, "core instance", i, m->instances[i].core->name);
    for (uint32_t g = 0; g < module->globals.count; g++) {
      struct global_ref ref = {i, module->imported[CORE_GLOBAL] + g};
      if (*state_of(&o, ref) == NOT_VISITED)
        order_from(&o, ref);
    }
    pop_place(m->context);
  }
}
