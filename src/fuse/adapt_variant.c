/* adapt_variant.c -- a value that is one case of several: the number of the case, and code for each that has a payload.
 *
 * Requires  as adapt_value.c.
 * Provides  move_variant, and what other walks over cases need.
 * Spec      CanonicalABI.md load_variant, store_variant, lift_flat_variant, lower_flat_variant.
 */
#include "fuse/adapt_value.h"

uint32_t load_discriminant(struct move *m, const struct type *t, struct location from) {
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

void switch_cases(struct move *m, const struct type *t, uint32_t discriminant, struct location from, struct location to,
                  case_code *body) {
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

void move_variant(struct move *m, const struct type *t, struct location from, struct location to) {
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
