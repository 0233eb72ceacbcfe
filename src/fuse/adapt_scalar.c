/* adapt_scalar.c -- places, and what is one number in them: loaded, made a value of its type, and stored.
 *
 *     u8, flat -> memory     local.get; i32.const 0xff; i32.and; i32.store8
 *
 * Requires  as adapt_value.c.
 * Provides  what adapt_value.h says of it.
 * Spec      CanonicalABI.md "Loading", "Storing", "Flat Lifting", "Flat Lowering": of numbers, bool, char and flags.
 */
#include <assert.h>

#include "fuse/adapt_value.h"

static uint32_t log2_of(uint32_t power) { return (uint32_t)__builtin_ctz(power); }

struct location flat_location(struct code *f, const struct side *side, const uint8_t *types, uint32_t count) {
  uint32_t *locals = ALLOCATE(f->module->context, uint32_t, count + 1);
  for (uint32_t i = 0; i < count; i++)
    locals[i] = take_local(f, types[i]);
  return (struct location){.side = side, .locals = locals};
}

void release_location(struct code *f, struct location place, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    release_local(f, place.locals[i]);
}

struct location part(struct location p, uint32_t flat, uint64_t bytes) {
  if (p.is_memory)
    p.offset += bytes;
  else
    p.locals += flat;
  return p;
}

void coerce_lift(struct code *f, uint8_t have, uint8_t want) {
  if (have == want)
    return;
  if (have == CORE_I64 && want != CORE_F64)
    put_op(f, OP_I32_WRAP_I64);
  if (want == CORE_F32)
    put_op(f, OP_F32_REINTERPRET_I32);
  if (want == CORE_F64)
    put_op(f, OP_F64_REINTERPRET_I64);
}

void coerce_lower(struct code *f, uint8_t have, uint8_t want) {
  if (have == want)
    return;
  if (have == CORE_F32)
    put_op(f, OP_I32_REINTERPRET_F32);
  if (have == CORE_F64)
    put_op(f, OP_I64_REINTERPRET_F64);
  if (want == CORE_I64 && have != CORE_F64)
    put_op(f, OP_I64_EXTEND_I32_U);
}

static void get_flat(struct code *f, struct location p, uint32_t index, uint8_t want) {
  get_local(f, p.locals[index]);
  coerce_lift(f, local_type(f, p.locals[index]), want);
}

static void set_flat(struct code *f, struct location p, uint32_t index, uint8_t have) {
  coerce_lower(f, have, local_type(f, p.locals[index]));
  set_local(f, p.locals[index]);
}

struct scalar integer_scalar(uint32_t size) {
  switch (size) {
  case 1:
    return (struct scalar){CORE_I32, OP_I32_LOAD8_U, OP_I32_STORE8, 1};
  case 2:
    return (struct scalar){CORE_I32, OP_I32_LOAD16_U, OP_I32_STORE16, 2};
  case 4:
    return (struct scalar){CORE_I32, OP_I32_LOAD, OP_I32_STORE, 4};
  default:
    assert(size == 8);
    return (struct scalar){CORE_I64, OP_I64_LOAD, OP_I64_STORE, 8};
  }
}

static struct scalar scalar_of(const struct type *t) {
  switch (t->kind) {
  case TYPE_S8:
    return (struct scalar){CORE_I32, OP_I32_LOAD8_S, OP_I32_STORE8, 1};
  case TYPE_S16:
    return (struct scalar){CORE_I32, OP_I32_LOAD16_S, OP_I32_STORE16, 2};
  case TYPE_BOOL:
  case TYPE_U8:
    return integer_scalar(1);
  case TYPE_U16:
    return integer_scalar(2);
  case TYPE_S64:
  case TYPE_U64:
    return integer_scalar(8);
  case TYPE_F32:
    return (struct scalar){CORE_F32, OP_F32_LOAD, OP_F32_STORE, 4};
  case TYPE_F64:
    return (struct scalar){CORE_F64, OP_F64_LOAD, OP_F64_STORE, 8};
  case TYPE_FLAGS:
    return integer_scalar(flags_size(t));
  default:
    return integer_scalar(4); /* s32, u32, char, own, borrow */
  }
}

void load_scalar(struct code *f, struct location from, struct scalar s) {
  if (!from.is_memory) {
    get_flat(f, from, 0, s.code);
    return;
  }
  get_local(f, from.base);
  access_memory(f, s.load, log2_of(s.size), from.side->memory_index, from.offset);
}

void begin_store(struct code *f, struct location to) {
  if (to.is_memory)
    get_local(f, to.base);
}

void end_store(struct code *f, struct location to, struct scalar s) {
  if (to.is_memory)
    access_memory(f, s.store, log2_of(s.size), to.side->memory_index, to.offset);
  else
    set_flat(f, to, 0, s.code);
}

/* convert_i32_to_char of the character in `local`. */
static void check_char(struct move *m, uint32_t local) {
  struct code *f = m->f;
  get_local(f, local);
  const_i32(f, 0x110000);
  put_op(f, OP_I32_GE_U);
  get_local(f, local);
  const_i32(f, 0xd800);
  put_op(f, OP_I32_SUB);
  const_i32(f, 0x800);
  put_op(f, OP_I32_LT_U);
  put_op(f, OP_I32_OR);
  trap_if(f, m->a, TRAP_CHAR);
}

static void mask(struct code *f, uint32_t bits) {
  const_i32(f, bits);
  put_op(f, OP_I32_AND);
}

bool is_trusted(struct adapt *a, const struct code *f, const struct side *side) {
  const bool trusts = side->is_host && uses_proof(PROOF_HOST);
  if (trusts)
    note_proof(a, f->reference, PROOF_HOST);
  return trusts;
}

/* Is each pattern of a core value of it a value? Loads from memory give narrow integers in range. */
static bool is_scalar_of_any_pattern(const struct type *t, bool is_memory) {
  switch (t->kind) {
  case TYPE_S8:
  case TYPE_S16:
  case TYPE_U8:
  case TYPE_U16:
    return is_memory;
  case TYPE_S32:
  case TYPE_U32:
  case TYPE_S64:
  case TYPE_U64:
  case TYPE_F32:
  case TYPE_F64:
    return true;
  case TYPE_FLAGS:
    return t->field_count == (is_memory ? 8 * flags_size(t) : 32);
  default:
    return false;
  }
}

bool is_any_pattern(const struct type *t, bool is_memory) {
  if (t->kind == TYPE_FIXED_LIST)
    return is_any_pattern(t->element, is_memory);
  if (t->kind != TYPE_RECORD && t->kind != TYPE_TUPLE)
    return is_scalar_of_any_pattern(t, is_memory);
  uint64_t size = 0;
  for (uint32_t i = 0; i < t->field_count; i++) {
    if (!is_any_pattern(t->fields[i].type, is_memory))
      return false;
    size += t->fields[i].type->layout[POINTER_32].size;
  }
  return !is_memory || size == t->layout[POINTER_32].size;
}

/* What is on the stack becomes a value of the type. What the host gives is one already. */
static void normalise(struct move *m, const struct type *t, struct location from) {
  struct code *f = m->f;
  if (is_scalar_of_any_pattern(t, from.is_memory) || is_trusted(m->a, f, from.side))
    return;
  switch (t->kind) {
  case TYPE_BOOL:
    const_i32(f, 0);
    put_op(f, OP_I32_NE);
    return;
  case TYPE_S8:
    put_op(f, OP_I32_EXTEND8_S);
    return;
  case TYPE_S16:
    put_op(f, OP_I32_EXTEND16_S);
    return;
  case TYPE_U8:
    mask(f, 0xff);
    return;
  case TYPE_U16:
    mask(f, 0xffff);
    return;
  case TYPE_FLAGS:
    mask(f, (1u << t->field_count) - 1);
    return;
  case TYPE_CHAR: {
    uint32_t local = take_local(f, CORE_I32);
    set_local(f, local);
    check_char(m, local);
    get_local(f, local);
    release_local(f, local);
    return;
  }
  default:
    return;
  }
}

void move_scalar(struct move *m, const struct type *t, struct location from, struct location to) {
  begin_store(m->f, to);
  load_scalar(m->f, from, scalar_of(t));
  normalise(m, t, from);
  end_store(m->f, to, scalar_of(t));
}
