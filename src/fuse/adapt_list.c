/* adapt_list.c -- lists: checked, given room on the other side, and moved by a copy or element by element.
 *
 *     (source, length, scope) -> destination     the function that each type of list gets for two sides
 *
 * Requires  as adapt_value.c.
 * Provides  move_list, move_fixed_list.
 * Spec      CanonicalABI.md load_list, store_list.
 */
#include "fuse/adapt_value.h"

#define MAX_LIST_BYTE_LENGTH ((1u << 28) - 1)

static bool is_plain(struct move *m, const struct type *t) {
  const bool is = uses_proof(PROOF_PLAIN) && is_any_pattern(t, true);
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
    learn_sizes(m, element, from, to);
    put_element_loop(m, element, from, 0, to, destination, count);
  }
  get_local(f, start);
}

static uint32_t list_function(struct move *m, const struct type *t, const struct side *from, const struct side *to) {
  const uint8_t params[] = {pointer_code(from), pointer_code(from), CORE_I32};
  bool fresh;
  uint32_t reference = outlined(m, MADE_LIST, t, from, to, params, 3, pointer_code(to), &fresh);
  if (!fresh)
    return reference;
  struct code f = begin_function(&m->a->code, reference);
  struct move inner = inner_move(m, &f);
  put_list_body(&inner, t->element, from, to);
  end_function(&f);
  return reference;
}

void move_list(struct move *m, const struct type *t, struct location from, struct location to) {
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

void move_fixed_list(struct move *m, const struct type *t, struct location from, struct location to) {
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
