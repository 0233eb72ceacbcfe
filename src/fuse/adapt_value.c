/* adapt_value.c -- moves one value from a place to a place: the one walk over types that lifts and lowers.
 *
 * A place is flat (locals) or in a memory. A value is never held in between: each scalar is read from the one place,
 * checked and normalised, and written to the other.
 *
 *     record { a: u8, b: string }   memory of A -> flat of B
 *
 * loads a byte into B's first local, then A's pointer and length, calls the transcoder, and sets B's next two locals.
 *
 * Requires  the memory of a place is checked to hold the whole value, aligned.
 * Provides  the value in the other place, as load/lift_flat and store/lower_flat of the specification would have it.
 * Spec      CanonicalABI.md "Loading", "Storing", "Flat Lifting", "Flat Lowering".
 */
#include <assert.h>

#include "fuse/adapt.h"

#define MAX_LIST_BYTE_LENGTH ((1u << 28) - 1)
#define OUTLINE_FLAT_COUNT 32 /* aggregates of more values than this get a function of their own */

uint8_t pointer_code(const struct side *side) { return side->pointer == POINTER_64 ? CORE_I64 : CORE_I32; }

static uint32_t log2_of(uint32_t power) { return (uint32_t)__builtin_ctz(power); }

static uint8_t local_type(const struct code *f, uint32_t local) { return f->locals.items[local]; }

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

/* A part of a place: `flat` values and `bytes` further on. */
static struct location part(struct location p, uint32_t flat, uint64_t bytes) {
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

/* How each scalar is in memory and flat. */
struct scalar {
  uint8_t code;
  enum op load, store;
  uint32_t size;
};

static struct scalar integer_scalar(uint32_t size) {
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

static void load_scalar(struct code *f, struct location from, struct scalar s) {
  if (!from.is_memory) {
    get_flat(f, from, 0, s.code);
    return;
  }
  get_local(f, from.base);
  access_memory(f, s.load, log2_of(s.size), from.side->memory_index, from.offset);
}

/* The address comes under the value: begin_store, then the value, then end_store. */
static void begin_store(struct code *f, struct location to) {
  if (to.is_memory)
    get_local(f, to.base);
}

static void end_store(struct code *f, struct location to, struct scalar s) {
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

/* The host's values are values, and its pointers where it has put them. */
static bool is_trusted(struct adapt *a, const struct code *f, const struct side *side) {
  const bool trusts = side->is_host && uses_proof(PROOF_HOST);
  if (trusts)
    note_proof(a, f->reference, PROOF_HOST);
  return trusts;
}

/* Has the core value patterns that are none of the type's? */
static bool has_other_patterns(const struct type *t, bool is_memory) {
  switch (t->kind) {
  case TYPE_BOOL:
  case TYPE_CHAR:
    return true;
  case TYPE_S8:
  case TYPE_S16:
  case TYPE_U8:
  case TYPE_U16:
    return !is_memory;
  case TYPE_FLAGS:
    return t->field_count < 32;
  default:
    return false;
  }
}

/* What is on the stack becomes a value of the type. Loads from memory give narrow integers in range already, and what
 * the host gives is a value already. */
static void normalise(struct move *m, const struct type *t, struct location from) {
  struct code *f = m->f;
  if (!has_other_patterns(t, from.is_memory) || is_trusted(m->a, f, from.side))
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

static void move_scalar(struct move *m, const struct type *t, struct location from, struct location to) {
  begin_store(m->f, to);
  load_scalar(m->f, from, scalar_of(t));
  normalise(m, t, from);
  end_store(m->f, to, scalar_of(t));
}

static void move_handle(struct move *m, const struct type *t, struct location from, struct location to) {
  begin_store(m->f, to);
  load_scalar(m->f, from, integer_scalar(4));
  if (t->kind == TYPE_OWN) {
    lift_own(m, t, from.side);
    lower_own(m, t, to.side);
  } else {
    lift_borrow(m, t, from.side);
    lower_borrow(m, t, to.side);
  }
  end_store(m->f, to, integer_scalar(4));
}

/* Are all bytes of the type data, each pattern a value, and the same for both pointer sizes? Then bytes are moved. */
static bool is_data(const struct type *t) {
  switch (t->kind) {
  case TYPE_S8:
  case TYPE_U8:
  case TYPE_S16:
  case TYPE_U16:
  case TYPE_S32:
  case TYPE_U32:
  case TYPE_S64:
  case TYPE_U64:
  case TYPE_F32:
  case TYPE_F64:
    return true;
  case TYPE_FLAGS:
    return t->field_count == 8 * flags_size(t);
  case TYPE_FIXED_LIST:
    return is_data(t->element);
  case TYPE_RECORD:
  case TYPE_TUPLE: {
    uint64_t size = 0;
    for (uint32_t i = 0; i < t->field_count; i++) {
      if (!is_data(t->fields[i].type))
        return false;
      size += t->fields[i].type->layout[POINTER_32].size;
    }
    return size == t->layout[POINTER_32].size;
  }
  default:
    return false;
  }
}

#define RUN_LIMIT 64 /* bytes of one field that is moved with others */

/* The end of the run of fields from `first` on whose bytes are data, and lie side by side and alike in both places. */
static uint32_t end_of_run(const struct type *t, uint32_t first, struct location from, struct location to) {
  const enum pointer_size a = from.side->pointer, b = to.side->pointer;
  uint64_t size = 0;
  uint32_t i = first;
  for (; i < t->field_count && is_data(t->fields[i].type); i++) {
    const uint64_t field_size = t->fields[i].type->layout[a].size;
    if (field_size > RUN_LIMIT || field_offset(t, i, a) != field_offset(t, first, a) + size ||
        field_offset(t, i, b) != field_offset(t, first, b) + size)
      break;
    size += field_size;
  }
  return i;
}

/* By the widest loads and stores there are, of any alignment. */
static void move_bytes(struct code *f, struct location from, struct location to, uint64_t size) {
  for (uint32_t width = 8; size; width /= 2) {
    const struct scalar s = integer_scalar(width);
    for (; size >= width; size -= width) {
      get_local(f, to.base);
      get_local(f, from.base);
      access_memory(f, s.load, 0, from.side->memory_index, from.offset);
      access_memory(f, s.store, 0, to.side->memory_index, to.offset);
      from.offset += width;
      to.offset += width;
    }
  }
}

static void move_record(struct move *m, const struct type *t, struct location from, struct location to) {
  const bool is_wide = from.is_memory && to.is_memory && uses_proof(PROOF_WIDE);
  uint32_t flat = 0;
  for (uint32_t i = 0; i < t->field_count;) {
    const struct type *field = t->fields[i].type;
    const struct location source = part(from, flat, field_offset(t, i, from.side->pointer));
    const struct location target = part(to, flat, field_offset(t, i, to.side->pointer));
    const uint32_t end = is_wide ? end_of_run(t, i, from, to) : i;
    if (end <= i + 1) {
      move_value(m, field, source, target);
      flat += field->flat_count;
      i++;
      continue;
    }
    const enum pointer_size pointer = from.side->pointer;
    note_proof(m->a, m->f->reference, PROOF_WIDE);
    move_bytes(m->f, source, target,
               field_offset(t, end - 1, pointer) + t->fields[end - 1].type->layout[pointer].size -
                   field_offset(t, i, pointer));
    i = end;
  }
}

/* The case index of a variant, checked unless the host gives it, in a local that the caller releases. */
static uint32_t load_discriminant(struct move *m, const struct type *t, struct location from) {
  struct code *f = m->f;
  uint32_t discriminant = take_local(f, CORE_I32);
  load_scalar(f, from, integer_scalar(discriminant_size(t)));
  if (is_trusted(m->a, f, from.side)) {
    set_local(f, discriminant);
    return discriminant;
  }
  tee_local(f, discriminant);
  const_i32(f, t->field_count);
  put_op(f, OP_I32_GE_U);
  trap_if(f, m->a, TRAP_DISCRIMINANT);
  return discriminant;
}

typedef void case_code(struct move *m, const struct type *payload, struct location from, struct location to);

/* Runs the code of the one case that has a payload. */
static void switch_one(struct move *m, const struct type *t, uint32_t number, uint32_t discriminant,
                       struct location from, struct location to, case_code *body) {
  struct code *f = m->f;
  get_local(f, discriminant);
  if (number == 0) {
    put_op(f, OP_I32_EQZ);
  } else if (t->field_count > 2) { /* of two, the second is the one that is not 0 */
    const_i32(f, number);
    put_op(f, OP_I32_EQ);
  }
  put_block(f, OP_IF, BLOCK_VOID);
  body(m, t->fields[number].type, from, to);
  put_op(f, OP_END);
}

/* Runs the code of the case in the local, where several have a payload. The cases behind the last one of them go where
 * none does. */
static void switch_by_table(struct move *m, const struct type *t, uint32_t with_payload, uint32_t last,
                            uint32_t discriminant, struct location from, struct location to, case_code *body) {
  struct code *f = m->f;
  put_block(f, OP_BLOCK, BLOCK_VOID);
  for (uint32_t i = 0; i < with_payload; i++)
    put_block(f, OP_BLOCK, BLOCK_VOID);
  get_local(f, discriminant);
  put_op(f, OP_BR_TABLE);
  put_u32(&f->out, last + 1);
  for (uint32_t i = 0, n = 0; i <= last; i++)
    put_u32(&f->out, t->fields[i].type ? n++ : with_payload);
  put_u32(&f->out, with_payload);
  for (uint32_t i = 0, n = 0; i <= last; i++) {
    if (!t->fields[i].type)
      continue;
    put_op(f, OP_END);
    body(m, t->fields[i].type, from, to);
    branch(f, OP_BR, with_payload - 1 - n++);
  }
  put_op(f, OP_END);
}

/* Runs the code of the case in the local: an `if` where that is enough, else a br_table. */
static void switch_cases(struct move *m, const struct type *t, uint32_t discriminant, struct location from,
                         struct location to, case_code *body) {
  struct code *f = m->f;
  uint32_t with_payload = 0, last = 0;
  for (uint32_t i = 0; i < t->field_count; i++)
    if (t->fields[i].type)
      with_payload++, last = i;
  if (with_payload == 1) {
    switch_one(m, t, last, discriminant, from, to, body);
  } else if (with_payload == 2 && t->field_count == 2) {
    get_local(f, discriminant);
    put_block(f, OP_IF, BLOCK_VOID);
    body(m, t->fields[1].type, from, to);
    put_op(f, OP_ELSE);
    body(m, t->fields[0].type, from, to);
    put_op(f, OP_END);
  } else if (with_payload) {
    switch_by_table(m, t, with_payload, last, discriminant, from, to, body);
  }
}

static void move_variant(struct move *m, const struct type *t, struct location from, struct location to) {
  struct code *f = m->f;
  uint32_t discriminant = load_discriminant(m, t, from);
  begin_store(f, to);
  get_local(f, discriminant);
  end_store(f, to, integer_scalar(discriminant_size(t)));
  for (uint32_t i = 1; !to.is_memory && i < t->flat_count; i++) {
    const_zero(f, local_type(f, to.locals[i]));
    set_local(f, to.locals[i]);
  }
  switch_cases(m, t, discriminant, part(from, 1, payload_offset(t, from.side->pointer)),
               part(to, 1, payload_offset(t, to.side->pointer)), move_value);
  release_local(f, discriminant);
}

/* A pointer or length: the `index`-th of two. */
static void load_address(struct code *f, struct location from, uint32_t index) {
  uint8_t code = pointer_code(from.side);
  struct scalar s = integer_scalar(code == CORE_I64 ? 8 : 4);
  load_scalar(f, part(from, index, (uint64_t)index * s.size), s);
}

/* What is on the stack, of the source's address type, becomes one of the destination's. */
static void convert_address(struct code *f, const struct side *from, const struct side *to) {
  if (from->pointer == to->pointer)
    return;
  put_op(f, to->pointer == POINTER_64 ? OP_I64_EXTEND_I32_U : OP_I32_WRAP_I64);
}

static void store_addresses(struct code *f, struct location to, uint32_t pointer, uint32_t length) {
  uint8_t code = pointer_code(to.side);
  struct scalar s = integer_scalar(code == CORE_I64 ? 8 : 4);
  for (uint32_t i = 0; i < 2; i++) {
    struct location half = part(to, i, (uint64_t)i * s.size);
    begin_store(f, half);
    get_local(f, i == 0 ? pointer : length);
    end_store(f, half, s);
  }
}

/* From the string at two locals of the source's address type, to two of the destination's. */
static void call_transcoder(struct code *f, uint32_t transcoder, uint32_t from_pointer, uint32_t from_length,
                            uint32_t pointer, uint32_t length) {
  get_local(f, from_pointer);
  get_local(f, from_length);
  call(f, transcoder);
  set_local(f, length);
  set_local(f, pointer);
}

/* Chooses by the length. */
static void put_transcoding(struct move *m, struct location from, struct location to, uint32_t pointer,
                            uint32_t length) {
  struct code *f = m->f;
  const uint32_t any = transcoder(m->a, f, from.side, to.side);
  const uint32_t few = short_transcoder(m->a, f, from.side, to.side);
  const uint8_t code = pointer_code(from.side);
  const uint32_t from_pointer = take_local(f, code), from_length = take_local(f, code);
  load_address(f, from, 0);
  set_local(f, from_pointer);
  load_address(f, from, 1);
  set_local(f, from_length);
  if (few != NO_REFERENCE) {
    get_local(f, from_length);
    if (code == CORE_I64)
      const_i64(f, SHORT_STRING);
    else
      const_i32(f, SHORT_STRING);
    put_op(f, code == CORE_I64 ? OP_I64_GT_U : OP_I32_GT_U);
    put_block(f, OP_IF, BLOCK_VOID);
    call_transcoder(f, any, from_pointer, from_length, pointer, length);
    put_op(f, OP_ELSE);
    call_transcoder(f, few, from_pointer, from_length, pointer, length);
    put_op(f, OP_END);
  } else {
    call_transcoder(f, any, from_pointer, from_length, pointer, length);
  }
  release_local(f, from_pointer);
  release_local(f, from_length);
}

static void move_string(struct move *m, struct location from, struct location to) {
  struct code *f = m->f;
  uint32_t pointer = take_local(f, pointer_code(to.side)), length = take_local(f, pointer_code(to.side));
  put_transcoding(m, from, to, pointer, length);
  store_addresses(f, to, pointer, length);
  release_local(f, pointer);
  release_local(f, length);
}

/* An address or size in the local, as i64. */
static void get_wide(struct code *f, const struct side *side, uint32_t local) {
  get_local(f, local);
  if (side->pointer == POINTER_32)
    put_op(f, OP_I64_EXTEND_I32_U);
}

/* Where the host is, pointers are its own, or what the allocator of exchange.wat gave. */
static void check_alignment(struct code *f, struct adapt *a, const struct side *side, uint32_t local,
                            uint32_t alignment) {
  if (alignment == 1 || is_trusted(a, f, side))
    return;
  get_local(f, local);
  if (side->pointer == POINTER_64)
    put_op(f, OP_I32_WRAP_I64);
  const_i32(f, alignment - 1);
  put_op(f, OP_I32_AND);
  trap_if(f, a, TRAP_UNALIGNED);
}

static void put_memory_size(struct code *f, const struct side *side) {
  memory_size(f, side->memory_index);
  if (side->pointer == POINTER_32)
    put_op(f, OP_I64_EXTEND_I32_U);
  if (side->page_size_log2) {
    const_i64(f, side->page_size_log2);
    put_op(f, OP_I64_SHL);
  }
}

/* Where an address has 64 bits, it and the size may be too much to add. */
static void check_wide_range(struct code *f, struct adapt *a, const struct side *side, uint32_t address, uint32_t bytes,
                             enum trap trap) {
  uint32_t size = take_local(f, CORE_I64);
  get_local(f, bytes);
  put_memory_size(f, side);
  tee_local(f, size);
  put_op(f, OP_I64_GT_U);
  get_local(f, address);
  get_local(f, size);
  get_local(f, bytes);
  put_op(f, OP_I64_SUB);
  put_op(f, OP_I64_GT_U);
  put_op(f, OP_I32_OR);
  trap_if(f, a, trap);
  release_local(f, size);
}

/* Traps unless the bytes, whose number (below 2^40) is in the i64 local, are inside the memory. */
static void check_range(struct code *f, struct adapt *a, const struct side *side, uint32_t address, uint32_t bytes,
                        enum trap trap) {
  if (is_trusted(a, f, side))
    return;
  if (side->pointer == POINTER_64) {
    check_wide_range(f, a, side, address, bytes, trap);
    return;
  }
  get_wide(f, side, address);
  get_local(f, bytes);
  put_op(f, OP_I64_ADD);
  put_memory_size(f, side);
  put_op(f, OP_I64_GT_U);
  trap_if(f, a, trap);
}

/* The same in a function of its own: (address, alignment - 1, size). */
static uint32_t pointer_check(struct adapt *a, const struct side *side) {
  const struct bytes key = format_bytes(a->context, "check pointer %u", side->memory_index);
  uint32_t reference = map_get(&a->functions, key);
  if (reference != NOT_FOUND)
    return reference;
  const uint8_t params[] = {pointer_code(side), CORE_I32, CORE_I64};
  reference = declare_function(&a->code, functype_of(a, params, 3, NULL, 0), bytes_of("check pointer"));
  map_add(a->context, &a->functions, key, reference);
  struct code f = begin_function(&a->code, reference);
  get_local(&f, 0);
  if (side->pointer == POINTER_64)
    put_op(&f, OP_I32_WRAP_I64);
  get_local(&f, 1);
  put_op(&f, OP_I32_AND);
  trap_if(&f, a, TRAP_UNALIGNED);
  check_range(&f, a, side, 0, 2, TRAP_POINTER_BOUNDS);
  end_function(&f);
  return reference;
}

void call_pointer_check(struct code *f, struct adapt *a, const struct side *side, uint32_t local, uint32_t alignment,
                        uint64_t size) {
  if (is_trusted(a, f, side))
    return;
  get_local(f, local);
  const_i32(f, alignment - 1);
  const_i64(f, size);
  call(f, pointer_check(a, side));
}

void check_pointer(struct code *f, struct adapt *a, const struct side *side, uint32_t local, uint32_t alignment,
                   uint64_t size) {
  if (is_trusted(a, f, side))
    return;
  check_alignment(f, a, side, local, alignment);
  uint32_t bytes = take_local(f, CORE_I64);
  const_i64(f, size);
  set_local(f, bytes);
  check_range(f, a, side, local, bytes, TRAP_POINTER_BOUNDS);
  release_local(f, bytes);
}

static bool is_plain(struct move *m, const struct type *t) {
  const bool is = uses_proof(PROOF_PLAIN) && is_data(t);
  if (is)
    note_proof(m->a, m->f->reference, PROOF_PLAIN);
  return is;
}

static void put_copy(struct move *m, const struct side *from, const struct side *to, uint32_t destination,
                     uint32_t source, uint32_t bytes) {
  struct code *f = m->f;
  get_local(f, destination);
  get_local(f, source);
  get_local(f, bytes);
  if (from->pointer == POINTER_32 || to->pointer == POINTER_32)
    put_op(f, OP_I32_WRAP_I64);
  memory_copy(f, to->memory_index, from->memory_index);
}

/* Moves `count` (an i32 local, which is used up) elements; both addresses are locals that are used up too. */
static void put_element_loop(struct move *m, const struct type *element, const struct side *from, uint32_t source,
                             const struct side *to, uint32_t destination, uint32_t count) {
  struct code *f = m->f;
  put_block(f, OP_BLOCK, BLOCK_VOID);
  get_local(f, count);
  put_op(f, OP_I32_EQZ);
  branch(f, OP_BR_IF, 0);
  put_block(f, OP_LOOP, BLOCK_VOID);
  move_value(m, element, (struct location){.side = from, .is_memory = true, .base = source},
             (struct location){.side = to, .is_memory = true, .base = destination});
  const struct {
    const struct side *side;
    uint32_t local;
  } steps[] = {{from, source}, {to, destination}};
  for (int i = 0; i < 2; i++) {
    bool wide = steps[i].side->pointer == POINTER_64;
    get_local(f, steps[i].local);
    if (wide)
      const_i64(f, element->layout[POINTER_64].size);
    else
      const_i32(f, (uint32_t)element->layout[POINTER_32].size);
    put_op(f, wide ? OP_I64_ADD : OP_I32_ADD);
    set_local(f, steps[i].local);
  }
  get_local(f, count);
  const_i32(f, 1);
  put_op(f, OP_I32_SUB);
  tee_local(f, count);
  branch(f, OP_BR_IF, 0);
  put_op(f, OP_END);
  put_op(f, OP_END);
}

/* The bytes of `count` elements, into the i64 local. */
static void put_byte_length(struct code *f, uint32_t count, uint64_t element_size, uint32_t bytes) {
  get_local(f, count);
  put_op(f, OP_I64_EXTEND_I32_U);
  if (element_size != 1) {
    const_i64(f, element_size);
    put_op(f, OP_I64_MUL);
  }
  set_local(f, bytes);
}

/* Spec: the checks of load_list_from_range. Leaves the number of elements in the i32 local `count`. */
static void check_list(struct move *m, const struct type *element, const struct side *from, uint32_t pointer,
                       uint32_t length, uint32_t count, uint32_t bytes) {
  struct code *f = m->f;
  struct type_layout layout = element->layout[from->pointer];
  if (!is_trusted(m->a, f, from)) {
    get_wide(f, from, length);
    const_i64(f, MAX_LIST_BYTE_LENGTH / layout.size);
    put_op(f, OP_I64_GT_U);
    trap_if(f, m->a, TRAP_LIST_BOUNDS);
  }
  get_local(f, length);
  if (from->pointer == POINTER_64)
    put_op(f, OP_I32_WRAP_I64);
  set_local(f, count);
  put_byte_length(f, count, layout.size, bytes);
  check_alignment(f, m->a, from, pointer, layout.alignment);
  check_range(f, m->a, from, pointer, bytes, TRAP_LIST_BOUNDS);
}

/* Calls realloc(0, 0, alignment, bytes) and checks what it returns. */
static void put_allocation(struct move *m, const struct side *to, uint32_t alignment, uint32_t bytes,
                           uint32_t pointer) {
  struct code *f = m->f;
  const_zero(f, pointer_code(to));
  const_zero(f, pointer_code(to));
  if (to->pointer == POINTER_64)
    const_i64(f, alignment);
  else
    const_i32(f, alignment);
  get_local(f, bytes);
  if (to->pointer == POINTER_32)
    put_op(f, OP_I32_WRAP_I64);
  call(f, to->realloc_reference);
  set_local(f, pointer);
  check_alignment(f, m->a, to, pointer, alignment);
  check_range(f, m->a, to, pointer, bytes, TRAP_LIST_BOUNDS);
}

/* The body of an outlined list: (source, length, scope) -> destination. */
static void put_list_body(struct move *m, const struct type *element, const struct side *from, const struct side *to) {
  struct code *f = m->f;
  uint32_t count = take_local(f, CORE_I32), bytes = take_local(f, CORE_I64), start = take_local(f, pointer_code(to));
  check_list(m, element, from, 0, 1, count, bytes);
  if (element->layout[to->pointer].size != element->layout[from->pointer].size)
    put_byte_length(f, count, element->layout[to->pointer].size, bytes);
  put_allocation(m, to, element->layout[to->pointer].alignment, bytes, start);
  if (is_plain(m, element)) {
    put_copy(m, from, to, start, 0, bytes);
  } else {
    uint32_t destination = take_local(f, pointer_code(to));
    get_local(f, start);
    set_local(f, destination);
    put_element_loop(m, element, from, 0, to, destination, count);
  }
  get_local(f, start);
}

/* The function that moves what `key` says, made once; `fresh` tells the caller to write it. */
static uint32_t outlined(struct move *m, const char *what, const struct type *t, const struct side *from,
                         const struct side *to, const uint8_t *params, uint32_t param_count, uint8_t result,
                         bool *fresh) {
  struct adapt *a = m->a;
  struct bytes key = format_bytes(a->context, "%s %u %u %u %d", what, t->id, from->id, to->id, m->lends);
  uint32_t reference = map_get(&a->functions, key);
  *fresh = reference == NOT_FOUND;
  if (!*fresh)
    return reference;
  uint32_t type = functype_of(a, params, param_count, &result, result ? 1 : 0);
  reference = declare_function(&a->code, type, format_bytes(a->context, "%s of type %u", what, t->id));
  map_add(a->context, &a->functions, key, reference);
  return reference;
}

static void put_scope(struct move *m) {
  if (m->scope == NO_INDEX)
    const_i32(m->f, 0);
  else
    get_local(m->f, m->scope);
}

static uint32_t list_function(struct move *m, const struct type *t, const struct side *from, const struct side *to) {
  const uint8_t params[] = {pointer_code(from), pointer_code(from), CORE_I32};
  bool fresh;
  uint32_t reference = outlined(m, "copy list", t, from, to, params, 3, pointer_code(to), &fresh);
  if (!fresh)
    return reference;
  struct code f = begin_function(&m->a->code, reference);
  struct move inner = *m;
  inner.f = &f;
  inner.scope = 2;
  put_list_body(&inner, t->element, from, to);
  end_function(&f);
  return reference;
}

static void move_list(struct move *m, const struct type *t, struct location from, struct location to) {
  struct code *f = m->f;
  uint32_t length = take_local(f, pointer_code(from.side)), pointer = take_local(f, pointer_code(to.side));
  load_address(f, from, 0);
  load_address(f, from, 1);
  tee_local(f, length);
  put_scope(m);
  call(f, list_function(m, t, from.side, to.side));
  set_local(f, pointer);
  uint32_t converted = take_local(f, pointer_code(to.side));
  get_local(f, length);
  convert_address(f, from.side, to.side);
  set_local(f, converted);
  store_addresses(f, to, pointer, converted);
  release_local(f, converted);
  release_local(f, pointer);
  release_local(f, length);
}

/* The address of a place in memory, in a local of its own. */
static uint32_t take_address(struct code *f, struct location p) {
  uint32_t local = take_local(f, pointer_code(p.side));
  get_local(f, p.base);
  if (p.offset && p.side->pointer == POINTER_64) {
    const_i64(f, p.offset);
    put_op(f, OP_I64_ADD);
  } else if (p.offset) {
    const_i32(f, (uint32_t)p.offset);
    put_op(f, OP_I32_ADD);
  }
  set_local(f, local);
  return local;
}

static void move_fixed_list(struct move *m, const struct type *t, struct location from, struct location to) {
  const struct type *element = t->element;
  if (!from.is_memory || !to.is_memory) { /* at least one side is flat, so there are few */
    for (uint32_t i = 0; i < t->length; i++)
      move_value(m, element, part(from, i * element->flat_count, i * element->layout[from.side->pointer].size),
                 part(to, i * element->flat_count, i * element->layout[to.side->pointer].size));
    return;
  }
  struct code *f = m->f;
  uint32_t source = take_address(f, from), destination = take_address(f, to), count = take_local(f, CORE_I32);
  const_i32(f, t->length);
  set_local(f, count);
  if (is_plain(m, element)) {
    uint32_t bytes = take_local(f, CORE_I64);
    put_byte_length(f, count, element->layout[POINTER_32].size, bytes);
    put_copy(m, from.side, to.side, destination, source, bytes);
    release_local(f, bytes);
  } else {
    put_element_loop(m, element, from.side, source, to.side, destination, count);
  }
  release_local(f, source);
  release_local(f, destination);
  release_local(f, count);
}

static void move_parts(struct move *m, const struct type *t, struct location from, struct location to) {
  if (is_record_like(t))
    move_record(m, t, from, to);
  else if (is_variant_like(t))
    move_variant(m, t, from, to);
  else
    move_fixed_list(m, t, from, to);
}

/* A large aggregate from memory to memory: (source, destination, scope). */
static void move_outlined(struct move *m, const struct type *t, struct location from, struct location to) {
  const uint8_t params[] = {pointer_code(from.side), pointer_code(to.side), CORE_I32};
  bool fresh;
  uint32_t reference = outlined(m, "copy value", t, from.side, to.side, params, 3, 0, &fresh);
  if (fresh) {
    struct code f = begin_function(&m->a->code, reference);
    struct move inner = *m;
    inner.f = &f;
    inner.scope = 2;
    move_parts(&inner, t, (struct location){.side = from.side, .is_memory = true, .base = 0},
               (struct location){.side = to.side, .is_memory = true, .base = 1});
    end_function(&f);
  }
  uint32_t source = take_address(m->f, from), destination = take_address(m->f, to);
  get_local(m->f, source);
  get_local(m->f, destination);
  put_scope(m);
  call(m->f, reference);
  release_local(m->f, source);
  release_local(m->f, destination);
}

/* Both sides see one memory and the value has no handles: its flat values are what they are. */
static void pass_through(struct move *m, const struct type *t, struct location from, struct location to) {
  assert(!from.is_memory && !to.is_memory);
  for (uint32_t i = 0; i < t->flat_count; i++) {
    get_local(m->f, from.locals[i]);
    coerce_lift(m->f, local_type(m->f, from.locals[i]), local_type(m->f, to.locals[i]));
    set_local(m->f, to.locals[i]);
  }
}

void move_value(struct move *m, const struct type *t, struct location from, struct location to) {
  if (m->a->code.size + m->f->out.size > (size_t)GENERATED_CODE_LIMIT_MIB << 20)
    fail(m->a->context, FAILURE_INPUT, NO_OFFSET,
         "the types of what is passed between components are so large that their adapters would have more than %d MiB",
         GENERATED_CODE_LIMIT_MIB);
  if (m->passthrough && !t->has_handles) {
    pass_through(m, t, from, to);
    return;
  }
  switch (t->kind) {
  case TYPE_STRING:
    move_string(m, from, to);
    return;
  case TYPE_LIST:
  case TYPE_MAP:
    move_list(m, t, from, to);
    return;
  case TYPE_OWN:
  case TYPE_BORROW:
    move_handle(m, t, from, to);
    return;
  case TYPE_RECORD:
  case TYPE_TUPLE:
  case TYPE_VARIANT:
  case TYPE_ENUM:
  case TYPE_OPTION:
  case TYPE_RESULT:
  case TYPE_FIXED_LIST:
    if (from.is_memory && to.is_memory && t->flat_count > OUTLINE_FLAT_COUNT)
      move_outlined(m, t, from, to);
    else
      move_parts(m, t, from, to);
    return;
  case TYPE_ERROR_CONTEXT:
  case TYPE_STREAM:
  case TYPE_FUTURE:
    fail(m->a->context, FAILURE_INPUT, NO_OFFSET,
         "a function carries a stream, future or error-context, which is not supported yet");
  default:
    move_scalar(m, t, from, to);
    return;
  }
}

static void drop_case(struct move *m, const struct type *payload, struct location from, struct location to) {
  (void)to;
  drop_borrows(m, payload, from);
}

static void drop_list(struct move *m, const struct type *t, struct location from) {
  struct code *f = m->f;
  uint32_t source = take_local(f, pointer_code(from.side)), count = take_local(f, CORE_I32);
  load_address(f, from, 0);
  set_local(f, source);
  load_address(f, from, 1);
  set_local(f, count);
  put_block(f, OP_BLOCK, BLOCK_VOID);
  put_block(f, OP_LOOP, BLOCK_VOID);
  get_local(f, count);
  put_op(f, OP_I32_EQZ);
  branch(f, OP_BR_IF, 1);
  drop_borrows(m, t->element, (struct location){.side = from.side, .is_memory = true, .base = source});
  get_local(f, source);
  const_i32(f, (uint32_t)t->element->layout[POINTER_32].size);
  put_op(f, OP_I32_ADD);
  set_local(f, source);
  get_local(f, count);
  const_i32(f, 1);
  put_op(f, OP_I32_SUB);
  set_local(f, count);
  branch(f, OP_BR, 0);
  put_op(f, OP_END);
  put_op(f, OP_END);
  release_local(f, source);
  release_local(f, count);
}

void drop_borrows(struct move *m, const struct type *t, struct location from) {
  if (!t->has_borrow)
    return;
  if (t->kind == TYPE_BORROW) {
    if (m->a->plan->resources.items[t->resource].source != RESOURCE_HOST)
      return;
    load_scalar(m->f, from, integer_scalar(4));
    call(m->f, boundary_resource(m->a, BOUNDARY_RESOURCE_DROP, t->resource));
  } else if (is_record_like(t)) {
    uint32_t flat = 0;
    for (uint32_t i = 0; i < t->field_count; i++) {
      drop_borrows(m, t->fields[i].type, part(from, flat, field_offset(t, i, from.side->pointer)));
      flat += t->fields[i].type->flat_count;
    }
  } else if (is_variant_like(t)) {
    uint32_t discriminant = load_discriminant(m, t, from);
    switch_cases(m, t, discriminant, part(from, 1, payload_offset(t, from.side->pointer)), from, drop_case);
    release_local(m->f, discriminant);
  } else if (is_list_like(t)) {
    drop_list(m, t, from);
  } else if (t->kind == TYPE_FIXED_LIST) {
    for (uint32_t i = 0; i < t->length; i++)
      drop_borrows(m, t->element,
                   part(from, i * t->element->flat_count, i * t->element->layout[from.side->pointer].size));
  }
}
