/* adapt_drop.c -- walks a value once more, for the borrow handles that the host gave: they end with the call.
 *
 * Requires  the value has been moved, so that all in it is checked.
 * Provides  drop_borrows.
 * Spec      CanonicalABI.md canon_resource_drop, of the host.
 */
#include "fuse/adapt_value.h"

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
