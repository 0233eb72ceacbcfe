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

#include "fuse/adapt_value.h"

#define OUTLINE_FLAT_COUNT 32 /* aggregates of more values than this get a function of their own */

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

#define RUN_LIMIT 64 /* bytes of one field that is moved with others */

/* The end of the run of fields from `first` on whose bytes are data, and lie side by side and alike in both places. */
static uint32_t end_of_run(const struct type *t, uint32_t first, struct location from, struct location to) {
  const enum pointer_size a = from.side->pointer, b = to.side->pointer;
  uint64_t size = 0;
  uint32_t i = first;
  for (; i < t->field_count && is_any_pattern(t->fields[i].type, true); i++) {
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

uint32_t outlined(struct move *m, enum made made, const struct type *t, const struct side *from, const struct side *to,
                  const uint8_t *params, uint32_t param_count, uint8_t result, bool *fresh) {
  struct adapt *a = m->a;
  const char *what = made == MADE_LIST ? "copy list" : "copy value";
  const struct bytes key = MAP_NUMBERS(made, t->id, from->id, to->id, m->lends);
  uint32_t reference = map_get(&a->functions, key);
  *fresh = reference == NOT_FOUND;
  if (!*fresh)
    return reference;
  uint32_t type = functype_of(a, params, param_count, &result, result ? 1 : 0);
  reference = declare_function(&a->code, type, format_bytes(a->context, "%s of type %u", what, t->id));
  map_put(a->context, &a->functions, key, reference);
  return reference;
}

void put_scope(struct move *m) {
  if (m->scope == NO_INDEX)
    const_i32(m->f, 0);
  else
    get_local(m->f, m->scope);
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
  uint32_t reference = outlined(m, MADE_VALUE, t, from.side, to.side, params, 3, 0, &fresh);
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

void check_code_size(struct adapt *a, size_t more) {
  if (a->code.size + more > (size_t)GENERATED_CODE_LIMIT_MIB << 20)
    fail(a->context, FAILURE_INPUT, NO_OFFSET,
         "the types of what is passed between components are so large that their adapters would have more than %d MiB",
         GENERATED_CODE_LIMIT_MIB);
}

void move_value(struct move *m, const struct type *t, struct location from, struct location to) {
  check_code_size(m->a, m->f->out.size);
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
