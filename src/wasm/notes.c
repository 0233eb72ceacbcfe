/* notes.c -- looks at all code once, and notes which indices each body has, and where.
 *
 * Once they are known with their places, nothing in between has to be looked at again: pruning and folding follow the
 * notes, and rewriting copies from one index to the next.
 *
 * Where an instruction begins is known when the one before it has been read, and a processor that waits for that leaves
 * most of its units idle. So several bodies are gone through side by side, each in a lane of its own, a step of one and
 * a step of the next, see steps.h:
 *
 *     lane 0    local.get 0   i32.const 7   i32.add       call 5 (noted)   ...
 *     lane 1    local.get 1   i32.load 2 8  local.set 2   end              (another body)
 *
 * Lanes find that something is wrong, but not in which body first: then the bodies are gone through once more, one
 * after the other.
 *
 * Requires  a module whose index spaces are complete; code that has not been looked at yet.
 * Provides  check_structure, visit_function, visit_references, likeness.
 * Spec      WebAssembly 3.0 core, "Binary Format / Instructions".
 */
#include "wasm/notes.h"

#include "base/hash.h"
#include "base/parallel.h"
#include "wasm/steps.h"
#include "wasm/walk.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

struct notes {
  struct walk walk;
  uint32_t function;         /* whose body it is, counted from the first that is defined; NO_INDEX: none */
  VEC(struct code_use) uses; /* of the body */
  long_numbers long_numbers; /* of the body */
  bool is_plain, references, has_memory_arguments;
  bool has_vectors; /* this body, or one before it */
};

static struct bytes body_of(const struct module *m, uint32_t function) { return m->functions.items[function].body; }

/* An index that stands at `at`; null: within something else. */
static void add_use(struct notes *notes, const uint8_t *at, enum index_space space, bool is_reference, uint32_t index) {
  const struct walk *w = &notes->walk;
  notes->references |= is_reference;
  notes->is_plain &= at != NULL;
  VEC_ADD(w->r.context, &notes->uses, use_of(at ? (uint32_t)(at - w->start) : 0, space, is_reference, index));
}

static void note_use(void *user, enum index_space space, uint32_t index) {
  struct notes *notes = user;
  const struct walk *w = &notes->walk;
  if (space == SPACE_MEMORY && index == 0 && !w->index_at)
    notes->has_memory_arguments = true;
  else
    add_use(notes, w->index_at, space, space == SPACE_FUNC && is_ref_func(w), index);
}

static void begin_notes(struct context *c, const struct module *m, struct notes *notes, uint32_t function) {
  const struct bytes body = body_of(m, function);
  begin_walk(&notes->walk, reader_of(c, body, m->origin ? m->origin : body.at));
  notes->function = function;
  notes->uses.count = 0;
  notes->long_numbers.count = 0;
  notes->is_plain = true;
  notes->references = notes->has_memory_arguments = false;
}

/* Uses, and after them the long numbers. */
static const struct code_use *copy_uses(struct context *c, const struct notes *notes) {
  const uint32_t use_count = notes->uses.count, number_count = notes->long_numbers.count;
  if (use_count + number_count == 0)
    return NULL;
  struct code_use *uses = ALLOCATE(c, struct code_use, use_count + number_count);
  if (use_count)
    memcpy(uses, notes->uses.items, use_count * sizeof *uses);
  if (number_count)
    memcpy(uses + use_count, notes->long_numbers.items, number_count * sizeof *uses);
  return uses;
}

/* Of all bytes that the long numbers could do without. */
static size_t spare_size(const struct notes *notes) {
  size_t size = 0;
  for (uint32_t i = 0; i < notes->long_numbers.count; i++) {
    const uint32_t sizes = notes->long_numbers.items[i].what;
    size += (sizes >> SIZE_SHIFT) - (sizes & NEEDED_MASK);
  }
  return size;
}

static const uint8_t *after_index(const uint8_t *at) {
  while (*at >= 0x80)
    at++;
  return at + 1;
}

/* The bytes from `at` to the next index, at most so many. */
#define SAMPLE_SIZE 16
static struct bytes sample(const uint8_t *at, const uint8_t *end) {
  const size_t size = (size_t)(end - at);
  return (struct bytes){at, size < SAMPLE_SIZE ? size : SAMPLE_SIZE};
}

/* Of the bytes before the first index, in the middle, and after the last one: to look at all of them would take longer
 * than it saves. Where an index is within something else, only of how many bytes there are. */
static uint32_t likeness_of(const struct notes *notes, struct bytes body, uint32_t size_without_indices) {
  const uint8_t *const end = body.at + body.size;
  const struct code_use *uses = notes->uses.items;
  const uint32_t count = notes->uses.count, middle = count / 2;
  uint64_t hash = size_without_indices;
  if (!notes->is_plain)
    return size_without_indices;
  if (count == 0)
    return (uint32_t)(hash_bytes(hash, sample(body.at, end)) >> 32);
  hash = hash_bytes(hash, sample(body.at, body.at + uses[0].at));
  hash = hash_bytes(hash, sample(after_index(body.at + uses[count - 1].at), end));
  if (middle > 0)
    hash = hash_bytes(hash, sample(after_index(body.at + uses[middle - 1].at), body.at + uses[middle].at));
  return (uint32_t)(hash >> 32);
}

static void keep_notes(struct context *c, const struct module *m, struct notes *notes) {
  const struct bytes body = body_of(m, notes->function);
  const uint32_t size = (uint32_t)(body.size - notes->walk.index_size - spare_size(notes));
  m->noted[notes->function] = (struct noted_body){.uses = copy_uses(c, notes),
                                                  .use_count = notes->uses.count,
                                                  .long_number_count = notes->long_numbers.count,
                                                  .size_without_indices = size,
                                                  .likeness = likeness_of(notes, body, size),
                                                  .is_plain = notes->is_plain,
                                                  .has_memory_arguments = notes->has_memory_arguments,
                                                  .references = notes->references};
  notes->has_vectors |= notes->walk.has_vectors;
}

/* Fails where the body is malformed. */
static void note_alone(struct context *c, const struct module *m, struct notes *notes, uint32_t function) {
  push_place(c, "function", m->imported[CORE_FUNC] + function, (struct bytes){0});
  begin_notes(c, m, notes, function);
  walk_body(&notes->walk);
  keep_notes(c, m, notes);
  pop_place(c);
}

/* Bodies that are noted side by side: of more than three, not all is in registers. */
struct lanes {
  struct context *context;
  const struct module *module;
  struct path path; /* of the module */
  struct notes first, second, third;
  uint32_t next, end; /* functions that no lane has begun */
  bool is_over;       /* there is none for a lane that is free */
};

/* Where a lane is, and what its steps have added up to. */
struct position {
  const uint8_t *at;
  uint64_t tally;
};

/* A step reads on after the body. What follows is the next one; after the last there need not be anything. */
static bool has_room_after(const struct module *m, uint32_t function) {
  const struct bytes body = body_of(m, function), last = body_of(m, m->functions.count - 1);
  return (size_t)(last.at + last.size - (body.at + body.size)) >= STEP_READS;
}

static bool is_inside(const struct notes *notes, struct position position) {
  return position.at < notes->walk.r.end && OPEN_BLOCKS(position.tally) > 0;
}

static struct position begin_lane(struct lanes *l, struct notes *notes) {
  while (l->next < l->end) {
    const uint32_t function = l->next++;
    if (!has_room_after(l->module, function)) {
      note_alone(l->context, l->module, notes, function);
      continue;
    }
    begin_notes(l->context, l->module, notes, function);
    walk_declarations(&notes->walk);
    return (struct position){notes->walk.r.at, 1};
  }
  l->is_over = true;
  notes->function = NO_INDEX;
  return (struct position){notes->walk.r.end, 0};
}

/* Keeps the notes if all went well up to the end of the body; else it is asked alone what is wrong. */
static void finish_lane(struct lanes *l, struct notes *notes, struct position position) {
  if (notes->function == NO_INDEX)
    return;
  notes->has_memory_arguments |= MEMORY_ARGUMENTS(position.tally) > 0;
  const bool has_memory = !notes->has_memory_arguments || notes->walk.counts[SPACE_MEMORY] > 0;
  if (position.at == notes->walk.r.end && OPEN_BLOCKS(position.tally) == 0 && has_memory)
    keep_notes(l->context, l->module, notes);
  else
    note_alone(l->context, l->module, notes, notes->function);
}

/* Notes the index that is the only immediate of the instruction at `at`, whose size it returns; 0: there is none such,
 * or something may be wrong with it. */
static unsigned note_index(struct notes *notes, const uint8_t *at) {
  struct walk *const w = &notes->walk;
  uint64_t index;
  const unsigned size = steps.spaces[*at] ? step_index(at, &index) : 0;
  if (size == 0 || index >= w->counts[steps.spaces[*at] - 1])
    return 0;
  add_use(notes, at + 1, (enum index_space)(steps.spaces[*at] - 1), *at == REF_FUNC, (uint32_t)index);
  w->index_size += size;
  return 1 + size;
}

/* The instruction at `position` looked at closely, up to after it. */
static struct position look(struct notes *notes, struct position position) {
  struct walk *const w = &notes->walk;
  const unsigned size = note_index(notes, position.at);
  if (size > 0)
    return (struct position){position.at + size, position.tally};
  w->r.at = position.at;
  w->depth = OPEN_BLOCKS(position.tally);
  walk_instruction(w);
  return (struct position){w->r.at, position.tally - OPEN_BLOCKS(position.tally) + w->depth};
}

static struct position attend(struct lanes *l, struct notes *notes, struct position position) {
  if (is_inside(notes, position))
    return look(notes, position);
  finish_lane(l, notes, position);
  return begin_lane(l, notes);
}

static inline struct position step(struct lanes *l, struct notes *notes, struct position position) {
  const unsigned size = is_inside(notes, position) ? step_size(position.at) : 0;
  if (size == 0)
    return attend(l, notes, position);
  return (struct position){position.at + size, position.tally + steps.tally[*position.at]};
}

/* What a lane has left, when there is nothing more for another. */
static void run_out(struct lanes *l, struct notes *notes, struct position position) {
  while (is_inside(notes, position))
    position = step(l, notes, position);
  finish_lane(l, notes, position);
}

static void run_lanes(struct context *c, void *argument) {
  (void)c;
  struct lanes *const l = argument;
  struct position first = begin_lane(l, &l->first), second = begin_lane(l, &l->second),
                  third = begin_lane(l, &l->third);
  while (!l->is_over) {
    first = step(l, &l->first, first);
    second = step(l, &l->second, second);
    third = step(l, &l->third, third);
  }
  run_out(l, &l->first, first);
  run_out(l, &l->second, second);
  run_out(l, &l->third, third);
}

static void enter_module(struct lanes *l, const struct placed_module *placed) {
  struct notes *const each[] = {&l->first, &l->second, &l->third};
  l->module = placed->module;
  l->path = placed->path;
  for (int i = 0; i < 3; i++) {
    each[i]->walk = walk_of(reader_of(l->context, (struct bytes){0}, NULL), l->module);
    each[i]->walk.visit = note_use;
    each[i]->walk.user = each[i];
    each[i]->walk.long_numbers = &each[i]->long_numbers;
  }
}

/* Functions `first` to `end`, side by side; or, where that has failed, one after the other as far as the one to blame.
 */
static void note_functions(struct lanes *l, uint32_t first, uint32_t end) {
  struct context *const c = l->context;
  l->next = first;
  l->end = end;
  l->is_over = false;
  if (run_guarded(c, run_lanes, l))
    return;
  if (c->failure == FAILURE_SYSTEM)
    fail(c, FAILURE_SYSTEM, NO_OFFSET, "out of memory");
  set_path(c, l->path);
  for (uint32_t i = first; i < end; i++)
    note_alone(c, l->module, &l->first, i);
  assert(false && "what fails beside others fails alone");
}

/* All functions of some modules are numbered through. */
struct noting {
  const struct placed_module *modules;
  uint32_t count;
  atomic_bool has_vectors;
};

/* Functions `first` to `end` of all, of which those before `start` are in modules before `*module`. */
static void note_range(struct lanes *l, const struct noting *noting, uint32_t *module, uint32_t *start, uint32_t first,
                       uint32_t end) {
  while (first < end) {
    const struct placed_module *placed = &noting->modules[*module];
    const uint32_t after = *start + placed->module->functions.count;
    if (first >= after) {
      *start = after;
      ++*module;
      continue;
    }
    if (l->module != placed->module)
      enter_module(l, placed);
    const uint32_t until = end < after ? end : after;
    note_functions(l, first - *start, until - *start);
    first = until;
  }
}

static void note_bodies(struct context *c, void *argument, struct share *share) {
  struct noting *noting = argument;
  struct lanes lanes = {.context = c};
  uint32_t module = 0, start = 0;
  for (uint32_t first, end; take_items(share, &first, &end);)
    note_range(&lanes, noting, &module, &start, first, end);
  if (lanes.first.has_vectors || lanes.second.has_vectors || lanes.third.has_vectors)
    atomic_store(&noting->has_vectors, true);
}

bool check_structures(struct context *c, const struct placed_module *modules, uint32_t count,
                      void (*before)(struct context *, void *), void *argument) {
  struct noting noting = {.modules = modules, .count = count};
  uint32_t functions = 0;
  size_t size = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct module *const m = modules[i].module;
    m->noted = ALLOCATE(c, struct noted_body, m->functions.count);
    functions += m->functions.count;
    size += size_of_bodies(m);
  }
  run_parallel_beside(c, functions, size, note_bodies, &noting, before, argument);
  return atomic_load(&noting.has_vectors);
}

bool check_structure(struct context *c, struct module *m) {
  const struct placed_module placed = {m, keep_path(c)};
  return check_structures(c, &placed, 1, NULL, NULL);
}

void visit_body(struct context *c, const struct module *m, uint32_t function, visit_index *visit, void *user) {
  struct walk w = walk_of_bytes(c, m, body_of(m, function));
  w.visit = visit;
  w.user = user;
  walk_body(&w);
}

struct referring {
  struct walk walk;
  visit_index *visit;
  void *user;
};

static void pass_reference(void *user, enum index_space space, uint32_t index) {
  const struct referring *r = user;
  if (space == SPACE_FUNC && is_ref_func(&r->walk))
    r->visit(r->user, space, index);
}

static void visit_references_in_body(struct context *c, const struct module *m, uint32_t function, visit_index *visit,
                                     void *user) {
  struct referring r = {walk_of_bytes(c, m, body_of(m, function)), visit, user};
  r.walk.visit = pass_reference;
  r.walk.user = &r;
  walk_body(&r.walk);
}

void visit_references(struct context *c, const struct module *m, uint32_t function, visit_index *visit, void *user) {
  if (!m->noted) {
    visit_references_in_body(c, m, function, visit, user);
    return;
  }
  const struct noted_body *noted = &m->noted[function];
  for (uint32_t i = 0; noted->references && i < noted->use_count; i++)
    if (is_reference_use(noted->uses[i]))
      visit(user, SPACE_FUNC, index_of_use(noted->uses[i]));
}

uint32_t likeness(const struct module *m, uint32_t function) { return m->noted ? m->noted[function].likeness : 0; }
