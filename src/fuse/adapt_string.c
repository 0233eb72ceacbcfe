/* adapt_string.c -- a string, which a transcoder of the runtime moves: to the encoding and the memory of the other
 * side.
 *
 * Requires  as adapt_value.c.
 * Provides  move_string.
 * Spec      CanonicalABI.md load_string, store_string.
 */
#include "fuse/adapt_value.h"

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

void move_string(struct move *m, struct location from, struct location to) {
  struct code *f = m->f;
  uint32_t pointer = take_local(f, pointer_code(to.side)), length = take_local(f, pointer_code(to.side));
  put_transcoding(m, from, to, pointer, length);
  store_addresses(f, to, pointer, length);
  release_local(f, pointer);
  release_local(f, length);
}
