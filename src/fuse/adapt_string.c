/* adapt_string.c -- moves one string: short ASCII in the adapter itself, all else by a function of transcode.wat.in.
 *
 * What is done for a short string takes an engine less time than a call, and engines hardly inline. So for UTF-8 of 8
 * to 16 bytes
 *
 *     both words of it, which overlap, are loaded and looked at; realloc is called; both are stored
 *
 * stands where the string is moved. Whatever does not go that way (another length, other characters, out of bounds) has
 * changed nothing when it is left to the function, which begins with it anew and says what is wrong. A function has
 * room for INLINE_STRINGS of them, so that adapters stay small.
 *
 * A longer one is checked by a function that calls nothing; then realloc is called, and memory.copy. With vectors,
 * checking and copying are one loop, and realloc is called before it. The specification has that order the other way
 * round, but whoever could tell is locked down: what is no string traps, and after a trap "it's no longer possible to
 * observe the internal state of a component instance" (Explainer.md, Component Invariants).
 *
 * In a loop the sizes of both memories are read once: memories do not shrink, so what is inside the size of before is
 * inside, and only what is not has to be asked for again.
 *
 * Requires  as adapt_value.c; pages of 64 KiB, as transcode.wat.in does.
 * Provides  move_string, learn_sizes.
 * Spec      CanonicalABI.md: load_string_from_range, store_string_into_range.
 */
#include "fuse/adapt_value.h"

#define INLINE_STRINGS 2
#define WORD_BYTES 8
#define SHORT_STRING (2 * WORD_BYTES)
#define LONGEST_STRING ((1u << 28) - 1)

struct string {
  const struct side *side;
  uint32_t pointer, length; /* locals, of the address type of the side */
};

/* From the string in `from` to the one in `to`. */
static void call_transcoder(struct move *m, struct string from, struct string to) {
  struct code *f = m->f;
  get_local(f, from.pointer);
  get_local(f, from.length);
  call(f, transcoder(m->a, f, from.side, to.side));
  set_local(f, to.length);
  set_local(f, to.pointer);
}

static void put_address_const(struct code *f, const struct side *side, uint32_t value) {
  if (side->pointer == POINTER_64)
    const_i64(f, value);
  else
    const_i32(f, value);
}

/* An operation on addresses of the side. */
static void put_address_op(struct code *f, const struct side *side, enum op narrow, enum op wide) {
  put_op(f, side->pointer == POINTER_64 ? wide : narrow);
}

/* An i32 that is not zero where the string is not inside the memory's size in `size`. */
static void put_beyond(struct code *f, struct string s, uint32_t size) {
  get_local(f, s.pointer);
  if (s.side->pointer == POINTER_64) { /* the sum could be too much */
    get_local(f, size);
    put_op(f, OP_I64_GT_U);
    get_local(f, s.length);
    get_local(f, size);
    get_local(f, s.pointer);
    put_op(f, OP_I64_SUB);
    put_op(f, OP_I64_GT_U);
    put_op(f, OP_I32_OR);
    return;
  }
  put_op(f, OP_I64_EXTEND_I32_U);
  get_local(f, s.length);
  put_op(f, OP_I64_EXTEND_I32_U);
  put_op(f, OP_I64_ADD);
  get_local(f, size);
  put_op(f, OP_I64_GT_U);
}

static void put_last_word_address(struct code *f, struct string s) {
  get_local(f, s.pointer);
  get_local(f, s.length);
  put_address_op(f, s.side, OP_I32_ADD, OP_I64_ADD);
  put_address_const(f, s.side, WORD_BYTES);
  put_address_op(f, s.side, OP_I32_SUB, OP_I64_SUB);
}

/* Leaves the block 0 unless all bytes are in the two words and are ASCII. */
static void load_words(struct code *f, struct string from, uint32_t size, const uint32_t words[2]) {
  get_local(f, from.length);
  put_address_const(f, from.side, WORD_BYTES);
  put_address_op(f, from.side, OP_I32_SUB, OP_I64_SUB);
  put_address_const(f, from.side, WORD_BYTES);
  put_address_op(f, from.side, OP_I32_GT_U, OP_I64_GT_U);
  branch(f, OP_BR_IF, 0);
  put_beyond(f, from, size);
  branch(f, OP_BR_IF, 0);
  get_local(f, from.pointer);
  access_memory(f, OP_I64_LOAD, 0, from.side->memory_index, 0);
  tee_local(f, words[0]);
  put_last_word_address(f, from);
  access_memory(f, OP_I64_LOAD, 0, from.side->memory_index, 0);
  tee_local(f, words[1]);
  put_op(f, OP_I64_OR);
  const_i64(f, 0x8080808080808080);
  put_op(f, OP_I64_AND);
  const_i64(f, 0);
  put_op(f, OP_I64_NE);
  branch(f, OP_BR_IF, 0);
}

/* Traps if the string is beyond the memory whose size is in `size`. */
static void check_copy(struct move *m, const struct side *from, struct string to, uint32_t size) {
  struct code *f = m->f;
  put_beyond(f, to, size);
  put_block(f, OP_IF, BLOCK_VOID);
  get_local(f, to.pointer);
  put_address_const(f, to.side, 1);
  get_local(f, to.length);
  if (to.side->pointer == POINTER_64)
    put_op(f, OP_I32_WRAP_I64);
  call(f, transcoder_function(m->a, from, to.side, "check_result"));
  put_op(f, OP_DROP);
  put_op(f, OP_UNREACHABLE);
  put_op(f, OP_END);
}

/* Calls realloc, and traps unless the copy fits: what is beyond the memory's size of before may be inside its size now.
 */
static void put_realloc(struct move *m, struct string from, struct string to, uint32_t size) {
  struct code *f = m->f;
  put_address_const(f, to.side, 0);
  put_address_const(f, to.side, 0);
  put_address_const(f, to.side, 1);
  get_local(f, from.length);
  convert_address(f, from.side, to.side);
  tee_local(f, to.length);
  call(f, to.side->realloc_reference);
  set_local(f, to.pointer);
  if (m->knows_sizes) {
    put_beyond(f, to, size);
    put_block(f, OP_IF, BLOCK_VOID);
  }
  put_memory_size(f, to.side);
  set_local(f, size);
  check_copy(m, from.side, to, size);
  if (m->knows_sizes)
    put_op(f, OP_END);
}

static void store_words(struct code *f, struct string to, const uint32_t words[2]) {
  get_local(f, to.pointer);
  get_local(f, words[0]);
  access_memory(f, OP_I64_STORE, 0, to.side->memory_index, 0);
  put_last_word_address(f, to);
  get_local(f, words[1]);
  access_memory(f, OP_I64_STORE, 0, to.side->memory_index, 0);
}

/* Leaves the block 0 unless it moves the string, of up to 16 bytes. */
static void put_short(struct move *m, struct string from, struct string to, uint32_t source_size,
                      uint32_t target_size) {
  struct code *f = m->f;
  uint32_t words[2];
  for (int i = 0; i < 2; i++)
    words[i] = take_local(f, CORE_I64);
  if (!m->knows_sizes) {
    put_memory_size(f, from.side);
    set_local(f, source_size);
  }
  load_words(f, from, source_size, words);
  put_realloc(m, from, to, target_size);
  store_words(f, to, words);
  for (int i = 0; i < 2; i++)
    release_local(f, words[i]);
}

/* Leaves the block 0 unless it moves the string, which is long. */
static void put_long(struct move *m, struct string from, struct string to, uint32_t size) {
  struct code *f = m->f;
  get_local(f, from.length);
  put_address_const(f, from.side, SHORT_STRING);
  put_address_op(f, from.side, OP_I32_LE_U, OP_I64_LE_U);
  branch(f, OP_BR_IF, 0);
  get_local(f, from.pointer);
  get_local(f, from.length);
  call(f, transcoder_function(m->a, from.side, to.side, "other_bytes"));
  branch(f, OP_BR_IF, 0);
  put_realloc(m, from, to, size);
  get_local(f, to.pointer);
  get_local(f, from.pointer);
  get_local(f, from.side->pointer == POINTER_32 ? from.length : to.length);
  memory_copy(f, to.side->memory_index, from.side->memory_index);
}

/* The same with vectors; the size of the source memory is in `size`. */
static void put_long_vectors(struct move *m, struct string from, struct string to, uint32_t size) {
  struct code *f = m->f;
  get_local(f, from.length);
  put_address_const(f, from.side, SHORT_STRING + 1);
  put_address_op(f, from.side, OP_I32_SUB, OP_I64_SUB);
  put_address_const(f, from.side, LONGEST_STRING - (SHORT_STRING + 1));
  put_address_op(f, from.side, OP_I32_GT_U, OP_I64_GT_U);
  branch(f, OP_BR_IF, 0);
  put_beyond(f, from, size);
  branch(f, OP_BR_IF, 0);
  put_realloc(m, from, to, size);
  get_local(f, to.pointer);
  get_local(f, from.pointer);
  get_local(f, from.length);
  if (from.side->pointer == POINTER_64)
    put_op(f, OP_I32_WRAP_I64);
  call(f, transcoder_function(m->a, from.side, to.side, "copy_utf8"));
}

static void put_inline(struct move *m, struct string from, struct string to, bool may_be_long) {
  struct code *f = m->f;
  const uint32_t depth = may_be_long ? 2 : 1;
  uint32_t source_size = m->source_size, target_size = m->target_size;
  if (!m->knows_sizes)
    source_size = target_size = take_local(f, CORE_I64);
  for (uint32_t i = 0; i <= depth; i++)
    put_block(f, OP_BLOCK, BLOCK_VOID);
  put_short(m, from, to, source_size, target_size);
  branch(f, OP_BR, depth);
  put_op(f, OP_END);
  if (may_be_long) {
    if (m->a->options->simd)
      put_long_vectors(m, from, to, source_size);
    else
      put_long(m, from, to, source_size);
    branch(f, OP_BR, 1);
    put_op(f, OP_END);
  }
  call_transcoder(m, from, to);
  put_op(f, OP_END);
  if (!m->knows_sizes)
    release_local(f, source_size);
}

static bool stands_inline(const struct side *from, const struct side *to) {
  return from->encoding == ENCODING_UTF8 && to->encoding == ENCODING_UTF8 && !from->is_host && !to->is_host &&
         uses_proof(PROOF_STRINGS);
}

static void transcode_string(struct move *m, struct string from, struct string to) {
  if (!stands_inline(from.side, to.side) || m->inline_strings == INLINE_STRINGS) {
    call_transcoder(m, from, to);
    return;
  }
  note_proof(m->a, m->f->reference, PROOF_STRINGS);
  put_inline(m, from, to, m->inline_strings == 0 && !m->knows_sizes);
  m->inline_strings++;
}

static struct string take_string(struct code *f, const struct side *side) {
  const uint32_t pointer = take_local(f, pointer_code(side));
  return (struct string){side, pointer, take_local(f, pointer_code(side))};
}

static void release_string(struct code *f, struct string s) {
  release_local(f, s.pointer);
  release_local(f, s.length);
}

void move_string(struct move *m, struct location from, struct location to) {
  struct code *f = m->f;
  const struct string source = take_string(f, from.side), copy = take_string(f, to.side);
  load_address(f, from, 0);
  set_local(f, source.pointer);
  load_address(f, from, 1);
  set_local(f, source.length);
  transcode_string(m, source, copy);
  store_addresses(f, to, copy.pointer, copy.length);
  release_string(f, source);
  release_string(f, copy);
}

/* Is a string, which is not in a list, in the type? */
static bool has_string(const struct type *t) {
  if (t->kind == TYPE_FIXED_LIST)
    return has_string(t->element);
  for (uint32_t i = 0; i < t->field_count && (is_record_like(t) || is_variant_like(t)); i++)
    if (t->fields[i].type && has_string(t->fields[i].type))
      return true;
  return t->kind == TYPE_STRING;
}

void learn_sizes(struct move *m, const struct type *element, const struct side *from, const struct side *to) {
  if (m->knows_sizes || !stands_inline(from, to) || !has_string(element))
    return;
  m->source_size = take_local(m->f, CORE_I64);
  m->target_size = take_local(m->f, CORE_I64);
  put_memory_size(m->f, from);
  set_local(m->f, m->source_size);
  put_memory_size(m->f, to);
  set_local(m->f, m->target_size);
  m->knows_sizes = true;
}
