/* fold.c -- functions of the output that are equal become one.
 *
 * Two functions are equal when they have one type and, with all indices mapped, one body; where they call functions,
 * those have to be equal in turn. So a module that is instantiated twice pays once for each function that touches
 * nothing of its own instance:
 *
 *     a: (func $f (param i32) ...)  (func $g (call $f))  (func $h (global.set $n))       (func $f ...) (func $g ...)
 *     b: the same module again                                                       ->  (func $h0 ...) (func $h1 ...)
 *
 * Nothing inside of the program can tell. A reference to a function can be called, tested for null and for its type,
 * and be put into a table; but references to functions have no equality (ref.eq takes eqref, another hierarchy), and
 * equal functions have one type. Entries of tables and exports stay as many as they were. A host could compare the
 * functions of two exports; components have no such thing. What a backtrace tells is a name: functions that say why
 * they trap ("trap: ...") are equal only if they say the same, and of others the first one's name stands for all.
 *
 * Equality is the coarsest partition that agrees with itself. All functions with one type and one body, calls left out,
 * begin in one class. A class is split where members call different classes, and then the classes of their callers may
 * have to be, until nothing changes; the largest part keeps the class, so that a function changes its class at most
 * log2(n) times. Classes are told apart by hashes. At the end each body is compared with that of its class, calls
 * included, so that no accident of a hash can fold what is not equal.
 *
 * Most functions are unlike any other, which their uses tell without a look at the body: only those that could be equal
 * are rewritten and hashed.
 *
 * Requires  every index of the output is assigned, each live function having its own.
 * Provides  to[SPACE_FUNC], in which equal functions have one index, that of the first; indices stay in order.
 * Spec      WebAssembly core, "Syntax / Types / Heap Types"; "Execution / Runtime Structure / Function Instances".
 */
#include "base/hash.h"
#include "fuse/merge.h"
#include "wasm/notes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NOT_CANDIDATE UINT32_MAX
#define CLASS_IDENTITY ((uint64_t)1 << 32) /* above those of functions that are in no class */
#define ROOM_FOR_HASH 16                   /* so that few agree by accident: their bodies are rewritten in vain */

/* A function that may be equal to another. `node` is its index in the output as long as nothing is folded. */
struct candidate {
  uint32_t instance, function, node;
  uint32_t class;
  uint32_t next, previous; /* in the class */
  uint32_t callers;        /* first call of it, into calls; NO_INDEX: none */
  uint64_t signature;      /* of the classes that it calls */
  bool is_dirty;           /* its signature has changed */
};

/* The `position`th function that `caller` names is the candidate in whose list this is. */
struct fold_call {
  uint32_t caller, position, next;
};

struct fold_class {
  uint32_t first, size;
};

struct change {
  uint32_t candidate, old_class;
};

struct folding {
  struct merge *m;
  const struct bytes **traps; /* of each instance: names of its functions that say why they trap; null: none does */
  uint32_t node_count;
  uint32_t *hashes;       /* of each node: what is known without its body; 0: not to be folded */
  uint32_t *candidate_of; /* of each node, or NOT_CANDIDATE */
  struct candidate *candidates;
  uint32_t candidate_count;
  VEC(struct fold_class) classes;
  VEC(struct fold_call) calls;
  VEC(uint32_t) dirty;
  VEC(struct change) changes;
  struct buffer body, other_body; /* for bodies of the moment */
};

/* Who could be equal. */

struct hashing_uses {
  const struct merge_instance *of;
  uint64_t hash;
};

/* Functions that are named may be equal, whatever their indices. */
static void hash_use(void *user, enum index_space space, uint32_t index) {
  struct hashing_uses *h = user;
  h->hash = mix(h->hash, (uint64_t)space << 32 | (space == SPACE_FUNC ? 0 : h->of->to[space][index]));
}

/* Why a function of an instance says that it traps; empty: it doesn't. */
static struct bytes trap_of(const struct folding *f, uint32_t instance, uint32_t function) {
  return f->traps[instance] ? f->traps[instance][function] : (struct bytes){0};
}

/* By type, likeness and what a trap says; where `counts` of these say that there is another of them, by uses too. */
static void hash_instance(struct folding *f, uint32_t instance, const uint8_t *counts, uint32_t mask) {
  const struct merge_instance *of = &f->m->instances[instance];
  const uint32_t imported = of->module->imported[CORE_FUNC];
  for (uint32_t i = 0; i < of->module->functions.count; i++) {
    const uint32_t node = of->to[SPACE_FUNC][imported + i];
    if (node == NO_INDEX)
      continue;
    struct hashing_uses h = {of, of->to[SPACE_TYPE][of->module->functions.items[i].type]};
    h.hash = mix(h.hash, likeness(of->module, i));
    h.hash = hash_bytes(h.hash, trap_of(f, instance, imported + i));
    if (counts && counts[f->hashes[node] & mask] == 2)
      visit_function(f->m->context, of->module, i, hash_use, &h);
    const uint32_t hash = (uint32_t)(h.hash >> 32);
    f->hashes[node] = hash ? hash : 1;
  }
}

/* How many functions have each hash, up to two; hashes that agree in the bits of the mask count as one. */
static const uint8_t *count_hashes(const struct folding *f, uint32_t *mask) {
  uint32_t size = 1;
  while (size / ROOM_FOR_HASH < f->node_count)
    size *= 2;
  *mask = size - 1;
  uint8_t *counts = ALLOCATE(f->m->context, uint8_t, size);
  for (uint32_t node = 0; node < f->node_count; node++)
    if (f->hashes[node] && counts[f->hashes[node] & *mask] < 2)
      counts[f->hashes[node] & *mask]++;
  return counts;
}

static void choose_candidates(struct folding *f) {
  uint32_t mask = 0;
  const uint8_t *counts = NULL;
  for (int looks = 0; looks < 2; looks++) {
    for (uint32_t i = 0; i < f->m->instance_count; i++)
      hash_instance(f, i, counts, mask);
    counts = count_hashes(f, &mask);
  }
  f->candidate_of = ALLOCATE(f->m->context, uint32_t, f->node_count);
  for (uint32_t node = 0; node < f->node_count; node++)
    f->candidate_of[node] =
        f->hashes[node] && counts[f->hashes[node] & mask] == 2 ? f->candidate_count++ : NOT_CANDIDATE;
  f->candidates = ALLOCATE(f->m->context, struct candidate, f->candidate_count);
  for (uint32_t i = 0; i < f->m->instance_count; i++) {
    const struct merge_instance *of = &f->m->instances[i];
    for (uint32_t d = of->module->imported[CORE_FUNC]; d < of->count[SPACE_FUNC]; d++) {
      const uint32_t node = of->to[SPACE_FUNC][d];
      if (node != NO_INDEX && f->candidate_of[node] != NOT_CANDIDATE)
        f->candidates[f->candidate_of[node]] =
            (struct candidate){.instance = i, .function = d, .node = node, .callers = NO_INDEX};
    }
  }
}

/* Classes. */

static void enter_class(struct folding *f, uint32_t candidate, uint32_t class) {
  struct candidate *of = &f->candidates[candidate];
  struct fold_class *into = &f->classes.items[class];
  of->class = class;
  of->previous = NO_INDEX;
  of->next = into->first;
  if (into->first != NO_INDEX)
    f->candidates[into->first].previous = candidate;
  into->first = candidate;
  into->size++;
}

static void leave_class(struct folding *f, uint32_t candidate) {
  const struct candidate *of = &f->candidates[candidate];
  struct fold_class *from = &f->classes.items[of->class];
  if (of->next != NO_INDEX)
    f->candidates[of->next].previous = of->previous;
  if (of->previous != NO_INDEX)
    f->candidates[of->previous].next = of->next;
  else
    from->first = of->next;
  from->size--;
}

static uint32_t add_class(struct folding *f) {
  VEC_ADD(f->m->context, &f->classes, ((struct fold_class){NO_INDEX, 0}));
  return f->classes.count - 1;
}

static bool is_alone(const struct folding *f, uint32_t candidate) {
  return f->classes.items[f->candidates[candidate].class].size == 1;
}

static struct bytes body_of(const struct folding *f, const struct candidate *candidate, const struct index_maps *maps,
                            struct buffer *into) {
  const struct module *module = f->m->instances[candidate->instance].module;
  const uint32_t defined = candidate->function - module->imported[CORE_FUNC];
  into->size = 0;
  rewrite_function(f->m->context, module, maps, defined, into);
  return buffer_bytes(into);
}

static uint32_t type_of(const struct folding *f, const struct candidate *candidate) {
  const struct merge_instance *of = &f->m->instances[candidate->instance];
  const uint32_t defined = candidate->function - of->module->imported[CORE_FUNC];
  return of->to[SPACE_TYPE][of->module->functions.items[defined].type];
}

/* By type and body, with every function that it names as function 0. */
static void classify(struct folding *f) {
  uint32_t most = 0;
  for (uint32_t i = 0; i < f->m->instance_count; i++)
    if (most < f->m->instances[i].count[SPACE_FUNC])
      most = f->m->instances[i].count[SPACE_FUNC];
  const uint32_t *zeros = ALLOCATE(f->m->context, uint32_t, most);
  struct map known = {0};
  for (uint32_t i = 0; i < f->candidate_count; i++) {
    struct candidate *candidate = &f->candidates[i];
    struct index_maps maps = instance_maps(f->m, candidate->instance);
    maps.to[SPACE_FUNC] = zeros;
    candidate->signature = hash_bytes(type_of(f, candidate), body_of(f, candidate, &maps, &f->body));
    candidate->signature = hash_bytes(candidate->signature, trap_of(f, candidate->instance, candidate->function));
    const struct bytes key = {(const uint8_t *)&candidate->signature, sizeof candidate->signature};
    const uint32_t class = map_add(f->m->context, &known, key, f->classes.count);
    enter_class(f, i, class == f->classes.count ? add_class(f) : class);
  }
}

/* Calls. */

struct noting_calls {
  struct folding *f;
  uint32_t caller, position;
};

static uint64_t signature_part(uint32_t position, uint64_t identity) { return mix(mix(1, position), identity); }

static void note_call(void *user, enum index_space space, uint32_t index) {
  struct noting_calls *n = user;
  struct folding *f = n->f;
  struct candidate *caller = &f->candidates[n->caller];
  if (space != SPACE_FUNC)
    return;
  const uint32_t node = f->m->instances[caller->instance].to[SPACE_FUNC][index];
  const uint32_t position = n->position++, callee = f->candidate_of[node];
  if (callee == NOT_CANDIDATE) {
    caller->signature += signature_part(position, node);
    return;
  }
  struct candidate *called = &f->candidates[callee];
  caller->signature += signature_part(position, CLASS_IDENTITY | called->class);
  if (is_alone(f, callee))
    return;
  VEC_ADD(f->m->context, &f->calls, ((struct fold_call){n->caller, position, called->callers}));
  called->callers = f->calls.count - 1;
}

static void note_calls(struct folding *f) {
  for (uint32_t i = 0; i < f->candidate_count; i++) {
    struct candidate *candidate = &f->candidates[i];
    if (is_alone(f, i))
      continue;
    const struct module *module = f->m->instances[candidate->instance].module;
    candidate->signature = 0;
    candidate->is_dirty = true;
    VEC_ADD(f->m->context, &f->dirty, i);
    visit_function(f->m->context, module, candidate->function - module->imported[CORE_FUNC], note_call,
                   &(struct noting_calls){f, i, 0});
  }
}

/* Splitting. */

struct dirty_key {
  uint32_t class, candidate;
  uint64_t signature;
};

static int compare_keys(const void *left, const void *right) {
  const struct dirty_key *a = left, *b = right;
  if (a->class != b->class)
    return a->class < b->class ? -1 : 1;
  if (a->signature != b->signature)
    return a->signature < b->signature ? -1 : 1;
  return a->candidate < b->candidate ? -1 : a->candidate > b->candidate;
}

static void move(struct folding *f, uint32_t candidate, uint32_t class) {
  VEC_ADD(f->m->context, &f->changes, ((struct change){candidate, f->candidates[candidate].class}));
  leave_class(f, candidate);
  enter_class(f, candidate, class);
}

/* Of a run of equal keys, the end. */
static uint32_t end_of_group(const struct dirty_key *keys, uint32_t start, uint32_t end) {
  uint32_t at = start + 1;
  while (at < end && keys[at].signature == keys[start].signature)
    at++;
  return at;
}

/* Moves the members that are not dirty: the class is for the largest group of those that are. */
static void move_clean(struct folding *f, uint32_t class) {
  const uint32_t into = add_class(f);
  for (uint32_t at = f->classes.items[class].first, next; at != NO_INDEX; at = next) {
    next = f->candidates[at].next;
    if (!f->candidates[at].is_dirty)
      move(f, at, into);
  }
}

/* Splits one class, whose dirty members are keys[start] to keys[end]. Those that are not dirty are like each other, and
 * unlike the dirty ones: they call none of the classes that are new since. */
static void split_class(struct folding *f, const struct dirty_key *keys, uint32_t start, uint32_t end) {
  const uint32_t class = keys[start].class, clean = f->classes.items[class].size - (end - start);
  uint32_t largest = NO_INDEX, largest_size = clean;
  for (uint32_t at = start, next; at < end; at = next) {
    next = end_of_group(keys, at, end);
    if (next - at > largest_size) {
      largest = at;
      largest_size = next - at;
    }
  }
  if (largest != NO_INDEX && clean)
    move_clean(f, class);
  for (uint32_t at = start, next; at < end; at = next) {
    next = end_of_group(keys, at, end);
    if (at == largest)
      continue;
    const uint32_t into = add_class(f);
    for (uint32_t i = at; i < next; i++)
      move(f, keys[i].candidate, into);
  }
}

/* Tells the callers of what has moved. */
static void apply_changes(struct folding *f) {
  for (uint32_t i = 0; i < f->changes.count; i++) {
    const struct change change = f->changes.items[i];
    const struct candidate *moved = &f->candidates[change.candidate];
    for (uint32_t at = moved->callers; at != NO_INDEX; at = f->calls.items[at].next) {
      const struct fold_call call = f->calls.items[at];
      struct candidate *caller = &f->candidates[call.caller];
      caller->signature += signature_part(call.position, CLASS_IDENTITY | moved->class) -
                           signature_part(call.position, CLASS_IDENTITY | change.old_class);
      if (caller->is_dirty || is_alone(f, call.caller))
        continue;
      caller->is_dirty = true;
      VEC_ADD(f->m->context, &f->dirty, call.caller);
    }
  }
  f->changes.count = 0;
}

static void split_classes(struct folding *f) {
  struct dirty_key *keys = ALLOCATE(f->m->context, struct dirty_key, f->candidate_count);
  while (f->dirty.count) {
    const uint32_t count = f->dirty.count;
    for (uint32_t i = 0; i < count; i++) {
      const struct candidate *candidate = &f->candidates[f->dirty.items[i]];
      keys[i] = (struct dirty_key){candidate->class, f->dirty.items[i], candidate->signature};
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    for (uint32_t start = 0, end; start < count; start = end) {
      for (end = start + 1; end < count && keys[end].class == keys[start].class;)
        end++;
      split_class(f, keys, start, end);
    }
    for (uint32_t i = 0; i < count; i++)
      f->candidates[keys[i].candidate].is_dirty = false;
    f->dirty.count = 0;
    apply_changes(f);
  }
}

/* Numbering. */

static void renumber(const struct folding *f, const uint32_t *to) {
  for (uint32_t i = 0; i < f->m->instance_count; i++) {
    struct merge_instance *of = &f->m->instances[i];
    for (uint32_t d = 0; d < of->count[SPACE_FUNC]; d++)
      if (of->to[SPACE_FUNC][d] != NO_INDEX)
        of->to[SPACE_FUNC][d] = to[of->to[SPACE_FUNC][d]];
  }
}

/* Is the candidate what its index in the output says, that is, is it the first one of its class once more? */
static bool is_equal(struct folding *f, const struct candidate *candidate, const struct candidate *first) {
  const struct index_maps maps = instance_maps(f->m, candidate->instance);
  const struct index_maps first_maps = instance_maps(f->m, first->instance);
  return type_of(f, candidate) == type_of(f, first) &&
         bytes_equal(trap_of(f, candidate->instance, candidate->function),
                     trap_of(f, first->instance, first->function)) &&
         bytes_equal(body_of(f, candidate, &maps, &f->body), body_of(f, first, &first_maps, &f->other_body));
}

/* One index for each class, by which bodies are then compared. False: hashes have misled. */
static bool number_classes(struct folding *f) {
  uint32_t *to = ALLOCATE(f->m->context, uint32_t, f->node_count), next = 0;
  uint32_t *first_of = ALLOCATE(f->m->context, uint32_t, f->classes.count);
  memset(first_of, 0xff, f->classes.count * sizeof *first_of);
  for (uint32_t node = 0; node < f->node_count; node++) {
    const uint32_t candidate = f->candidate_of[node];
    uint32_t *first = candidate == NOT_CANDIDATE ? NULL : &first_of[f->candidates[candidate].class];
    to[node] = !first || *first == NO_INDEX ? next++ : to[f->candidates[*first].node];
    if (first && *first == NO_INDEX)
      *first = candidate;
  }
  if (next == f->node_count)
    return true;
  renumber(f, to);
  for (uint32_t i = 0; i < f->candidate_count; i++) {
    const uint32_t first = first_of[f->candidates[i].class];
    if (first != i && !is_equal(f, &f->candidates[i], &f->candidates[first]))
      return false;
  }
  return true;
}

bool fold_functions(struct merge *m, uint32_t function_count) {
  struct folding f = {.m = m,
                      .node_count = function_count,
                      .traps = ALLOCATE(m->context, const struct bytes *, m->instance_count),
                      .hashes = ALLOCATE(m->context, uint32_t, function_count),
                      .body = new_buffer(m->context),
                      .other_body = new_buffer(m->context)};
  for (uint32_t i = 0; i < m->instance_count; i++)
    f.traps[i] = m->instances[i].is_generated ? trap_names(m->context, m->instances[i].module) : NULL;
  if (uses_proof(PROOF_FOLD))
    choose_candidates(&f);
  if (!f.candidate_count)
    return true;
  classify(&f);
  note_calls(&f);
  split_classes(&f);
  return number_classes(&f);
}
