/* adapt_boundary.c -- notes what each boundary became, for reports.
 *
 * What is decided is noted where it is decided. What an adapter checks and moves is read from it: each check ends in a
 * call of a trap, and strings, lists and handles are moved by functions of their own, so that all of it shows in
 * what the adapter calls, and in what those functions call.
 *
 * Requires  the bodies of the adapters, with calls by reference.
 * Provides  plan->boundaries.
 */
#include "fuse/adapt.h"

#include <assert.h>
#include <string.h>

const char *const trap_texts[] = {
#define TRAP(id, name) name,
    TRAPS(TRAP)
#undef TRAP
};
const size_t trap_text_count = TRAP_COUNT;

void note_boundary(struct adapt *a, struct boundary boundary) {
  if (a->options->report)
    VEC_ADD(a->context, &a->plan->boundaries, boundary);
}

void note_proof(struct adapt *a, uint32_t reference, enum proof proof) {
  if (a->options->report)
    a->code.bodies.items[reference & ~DEFINED_FUNCTION].proofs |= 1u << proof;
}

static bool starts_with(struct bytes text, const char *start) {
  return text.size >= strlen(start) && memcmp(text.at, start, strlen(start)) == 0;
}

/* What a function from elsewhere does, by the instance that it is of. */
static void read_import(const struct adapt *a, uint32_t reference, struct boundary *b) {
  const struct core_item item = generated_item(a, reference);
  if (item.source != ITEM_DEFINED || a->plan->core_instances.items[item.owner].component_instance != NO_INDEX)
    return;
  if (item.owner == a->handles_instance)
    b->moves |= MOVES_HANDLES;
  else if (item.owner != a->exchange_instance)
    b->moves |= MOVES_STRINGS;
}

static bool read_trap(const struct adapt *a, uint32_t reference, struct boundary *b) {
  for (int i = 0; i < TRAP_COUNT; i++)
    if (a->traps[i] == reference) {
      b->traps |= 1u << i;
      return true;
    }
  return false;
}

typedef VEC(uint32_t) references;

/* Reads the adapter and all that it calls, each function once: `seen` of a body is `round` when it has been read. What
 * is shared is cleared by nobody, so that many small adapters cost what they are, not what all bodies are. */
static void read_adapter(struct adapt *a, struct boundary *b, uint32_t *seen, uint32_t round, references *shared) {
  references pending = *shared;
  pending.count = 0;
  VEC_ADD(a->context, &pending, b->reference);
  while (pending.count) {
    const uint32_t reference = pending.items[--pending.count];
    if (!(reference & DEFINED_FUNCTION)) {
      read_import(a, reference, b);
      continue;
    }
    const uint32_t number = reference & ~DEFINED_FUNCTION;
    if (seen[number] == round || read_trap(a, reference, b))
      continue;
    seen[number] = round;
    const struct code_body *body = &a->code.bodies.items[number];
    b->proofs |= body->proofs;
    if (starts_with(body->name, "copy list"))
      b->moves |= MOVES_LISTS;
    if (starts_with(body->name, "copy value"))
      b->moves |= MOVES_VALUES;
    for (uint32_t i = 0; i < body->calls.count; i++)
      VEC_ADD(a->context, &pending, called_reference(body, i));
  }
  *shared = pending;
}

void read_boundaries(struct adapt *a) {
  if (!a->plan->boundaries.count)
    return;
  uint32_t *seen = ALLOCATE(a->context, uint32_t, a->code.bodies.count);
  references pending = {0};
  for (uint32_t i = 0; i < a->plan->boundaries.count; i++)
    if (a->plan->boundaries.items[i].adapter == ADAPTER_CODE)
      read_adapter(a, &a->plan->boundaries.items[i], seen, i + 1, &pending);
}
