/* adapt_pointer.c -- addresses: where they are in a place, of which size, and whether what they point at may be used.
 *
 * An address has 32 or 64 bits, as the memory it is of. A range is checked in 64 bits: where addresses have 32, address
 * and size can't overflow them.
 *
 * Provides  what adapt.h and adapt_value.h say of it.
 * Spec      CanonicalABI.md: `trap_if(ptr != align_to(ptr, ...))` and `trap_if(ptr + ... > len(cx.opts.memory))`.
 */
#include "fuse/adapt_value.h"

uint8_t pointer_code(const struct side *side) { return side->pointer == POINTER_64 ? CORE_I64 : CORE_I32; }

void load_address(struct code *f, struct location from, uint32_t index) {
  uint8_t code = pointer_code(from.side);
  struct scalar s = integer_scalar(code == CORE_I64 ? 8 : 4);
  load_scalar(f, part(from, index, (uint64_t)index * s.size), s);
}

void convert_address(struct code *f, const struct side *from, const struct side *to) {
  if (from->pointer == to->pointer)
    return;
  put_op(f, to->pointer == POINTER_64 ? OP_I64_EXTEND_I32_U : OP_I32_WRAP_I64);
}

void store_addresses(struct code *f, struct location to, uint32_t pointer, uint32_t length) {
  uint8_t code = pointer_code(to.side);
  struct scalar s = integer_scalar(code == CORE_I64 ? 8 : 4);
  for (uint32_t i = 0; i < 2; i++) {
    struct location half = part(to, i, (uint64_t)i * s.size);
    begin_store(f, half);
    get_local(f, i == 0 ? pointer : length);
    end_store(f, half, s);
  }
}

void get_wide(struct code *f, const struct side *side, uint32_t local) {
  get_local(f, local);
  if (side->pointer == POINTER_32)
    put_op(f, OP_I64_EXTEND_I32_U);
}

void check_alignment(struct code *f, struct adapt *a, const struct side *side, uint32_t local, uint32_t alignment) {
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

void check_range(struct code *f, struct adapt *a, const struct side *side, uint32_t address, uint32_t bytes,
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
  const struct bytes key = MAP_NUMBERS(MADE_POINTER_CHECK, side->memory_index);
  uint32_t reference = map_get(&a->functions, key);
  if (reference != NOT_FOUND)
    return reference;
  const uint8_t params[] = {pointer_code(side), CORE_I32, CORE_I64};
  reference = declare_function(&a->code, functype_of(a, params, 3, NULL, 0), bytes_of("check pointer"));
  map_put(a->context, &a->functions, key, reference);
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

uint32_t take_address(struct code *f, struct location p) {
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
