/* adapt_boundary.c -- notes what each boundary became, for reports.
 *
 * What is decided is noted where it is decided. What an adapter checks and moves is read from it: each check ends in a
 * call of a trap, and strings, lists and handles are moved by functions of their own, so that all of it shows in
 * what the adapter calls, and in what those functions call, the runtime's too.
 *
 * Requires  the bodies of the adapters, with calls by reference.
 * Provides  plan->boundaries, plan->checks.
 */
#include "fuse/adapt.h"
#include "fuse/merge.h"
#include "wasm/notes.h"

#include <assert.h>
#include <string.h>

static const char *const trap_texts[] = {
#define TRAP(id, name) name,
    TRAPS(TRAP)
#undef TRAP
};

void note_boundary(struct adapt *a, struct boundary boundary) {
  if (a->options->report)
    VEC_ADD(a->context, &a->plan->boundaries, boundary);
}

void note_proof(struct adapt *a, uint32_t reference, enum proof proof) {
  if (a->options->report)
    a->code.bodies.items[reference & ~DEFINED_FUNCTION].proofs |= 1u << proof;
}

uint32_t proofs_of(const struct adapt *a, uint32_t reference) {
  return a->code.bodies.items[reference & ~DEFINED_FUNCTION].proofs;
}

static bool starts_with(struct bytes text, const char *start) {
  return text.size >= strlen(start) && memcmp(text.at, start, strlen(start)) == 0;
}

/* What a function of the runtime comes to: the checks that it makes, and the functions that it is given. */
struct effect {
  uint64_t checks;
  VEC(struct core_item) calls;
};

struct reading {
  struct adapt *a;
  struct map checks;  /* text to its number in plan->checks */
  struct map effects; /* of functions of the runtime, by instance and index */
  VEC(struct effect *) known;
  uint32_t *seen; /* of each body: the last round that read it, so that nobody has to clear it */
  uint32_t round;
  VEC(uint32_t) pending; /* references */
};

/* One function of the runtime, with all that it calls in its module. */
struct descent {
  struct context *context;
  bool *is_seen; /* of each function of the module */
  VEC(uint32_t) pending;
};

static uint64_t check_bit(struct reading *r, struct bytes text) {
  struct plan *plan = r->a->plan;
  const uint32_t number = map_add(r->a->context, &r->checks, text, plan->checks.count);
  if (number == plan->checks.count)
    VEC_ADD(r->a->context, &plan->checks, text);
  assert(number < 64);
  return (uint64_t)1 << number;
}

static void visit_call(void *user, enum index_space space, uint32_t index) {
  struct descent *d = user;
  if (space != SPACE_FUNC || d->is_seen[index])
    return;
  d->is_seen[index] = true;
  VEC_ADD(d->context, &d->pending, index);
}

static void read_effect(struct reading *r, struct core_item item, struct effect *effect) {
  struct context *c = r->a->context;
  const struct core_instance *instance = &r->a->plan->core_instances.items[item.owner];
  const struct module *m = instance->module;
  const struct bytes *names = trap_names(c, m);
  const size_t prefix = strlen("trap: ");
  struct descent d = {.context = c, .is_seen = ALLOCATE(c, bool, item_count(m, CORE_FUNC))};
  visit_call(&d, SPACE_FUNC, item.index);
  while (d.pending.count) {
    const uint32_t index = d.pending.items[--d.pending.count];
    if (is_imported(m, CORE_FUNC, index))
      VEC_ADD(c, &effect->calls, instance->imports[m->imports_of[CORE_FUNC].items[index]]);
    else if (names && names[index].size)
      effect->checks |= check_bit(r, (struct bytes){names[index].at + prefix, names[index].size - prefix});
    else
      visit_function(c, m, index - m->imported[CORE_FUNC], visit_call, &d);
  }
}

static const struct effect *effect_of(struct reading *r, struct core_item item) {
  struct context *c = r->a->context;
  const uint32_t next = r->known.count;
  const uint32_t number = map_add(c, &r->effects, format_bytes(c, "%u %u", item.owner, item.index), next);
  if (number == next) {
    struct effect *effect = ALLOCATE(c, struct effect, 1);
    VEC_ADD(c, &r->known, effect);
    read_effect(r, item, effect);
  }
  return r->known.items[number];
}

/* What a function from elsewhere does: of the runtime, by the instance that it is of; a guest's is its own matter. */
static void read_import(struct reading *r, struct core_item item, struct boundary *b) {
  struct adapt *a = r->a;
  if (item.source != ITEM_DEFINED || a->plan->core_instances.items[item.owner].component_instance != NO_INDEX)
    return;
  if (item.owner == a->handles_instance)
    b->moves |= MOVES_HANDLES;
  else if (item.owner != a->exchange_instance)
    b->moves |= MOVES_STRINGS;
  const struct effect *effect = effect_of(r, item);
  b->checks |= effect->checks;
  for (uint32_t i = 0; i < effect->calls.count; i++)
    if (effect->calls.items[i].source == ITEM_DEFINED && effect->calls.items[i].owner == a->adapters_instance)
      VEC_ADD(a->context, &r->pending, effect->calls.items[i].index);
}

static bool read_trap(struct reading *r, uint32_t reference, struct boundary *b) {
  for (int i = 0; i < TRAP_COUNT; i++)
    if (r->a->traps[i] == reference) {
      b->checks |= check_bit(r, bytes_of(trap_texts[i]));
      return true;
    }
  return false;
}

/* Reads the adapter and all that it calls, each function once. What is shared is cleared by nobody, so that many small
 * adapters cost what they are, not what all bodies are. */
static void read_adapter(struct reading *r, struct boundary *b) {
  struct adapt *a = r->a;
  r->round++;
  VEC_ADD(a->context, &r->pending, b->reference);
  if (b->resolver != NO_REFERENCE)
    VEC_ADD(a->context, &r->pending, b->resolver);
  while (r->pending.count) {
    const uint32_t reference = r->pending.items[--r->pending.count];
    if (!(reference & DEFINED_FUNCTION)) {
      read_import(r, generated_item(a, reference), b);
      continue;
    }
    const uint32_t number = reference & ~DEFINED_FUNCTION;
    if (r->seen[number] == r->round || read_trap(r, reference, b))
      continue;
    r->seen[number] = r->round;
    const struct code_body *body = &a->code.bodies.items[number];
    b->proofs |= body->proofs;
    if (starts_with(body->name, "copy list"))
      b->moves |= MOVES_LISTS;
    if (starts_with(body->name, "copy value"))
      b->moves |= MOVES_VALUES;
    for (uint32_t i = 0; i < body->calls.count; i++)
      VEC_ADD(a->context, &r->pending, called_reference(body, i));
  }
}

void read_boundaries(struct adapt *a) {
  struct reading r = {.a = a};
  if (!a->plan->boundaries.count)
    return;
  r.seen = ALLOCATE(a->context, uint32_t, a->code.bodies.count);
  for (int i = 0; i < TRAP_COUNT; i++)
    check_bit(&r, bytes_of(trap_texts[i]));
  for (uint32_t i = 0; i < a->plan->boundaries.count; i++)
    if (a->plan->boundaries.items[i].adapter == ADAPTER_CODE)
      read_adapter(&r, &a->plan->boundaries.items[i]);
}
