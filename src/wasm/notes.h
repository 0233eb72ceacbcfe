/* notes.h -- what bodies refer to: each index is noted once, when all code is looked at, and visited from then on.
 *
 * A note is two words: where the index is, and what. A function that ref.func names is in a space of its own. That a
 * body has memory arguments of memory 0 is said once, and not where: there are too many, and most often memory 0 stays
 * memory 0.
 */
#ifndef MELD_WASM_NOTES_H
#define MELD_WASM_NOTES_H

#include "wasm/rewrite.h"

#include <assert.h>

/* Checks the structure of all bodies: instructions, blocks, and every index in its space; and notes what each refers
 * to. Does any use vectors? */
bool check_structure(struct context *c, struct module *m);
/* The same of several modules, each with its place in the input for diagnostics. The calling thread does something else
 * first, `before`, whose failure is told rather than one of theirs; null: nothing. */
struct placed_module {
  struct module *module;
  struct path path;
};
bool check_structures(struct context *c, const struct placed_module *modules, uint32_t count,
                      void (*before)(struct context *, void *), void *argument);

#define REFERENCE_SPACE ((uint32_t)INDEX_SPACE_COUNT)
#define USE_SHIFT 28 /* what is above is the space */

static inline struct code_use use_of(uint32_t at, enum index_space space, bool is_reference, uint32_t index) {
  assert(index >> USE_SHIFT == 0);
  return (struct code_use){at, (is_reference ? REFERENCE_SPACE : (uint32_t)space) << USE_SHIFT | index};
}

static inline bool is_reference_use(struct code_use use) { return use.what >> USE_SHIFT == REFERENCE_SPACE; }

static inline enum index_space space_of_use(struct code_use use) {
  return is_reference_use(use) ? SPACE_FUNC : (enum index_space)(use.what >> USE_SHIFT);
}

static inline uint32_t index_of_use(struct code_use use) { return use.what & ((1u << USE_SHIFT) - 1); }

/* Visits what the body of the defined function `function`, counted from the first that is defined, refers to, each at
 * least once. Of a module that was made and not read, all of it is gone through. */
void visit_body(struct context *c, const struct module *m, uint32_t function, visit_index *visit, void *user);

static inline void visit_function(struct context *c, const struct module *m, uint32_t function, visit_index *visit,
                                  void *user) {
  if (!m->noted) {
    visit_body(c, m, function, visit, user);
    return;
  }
  const struct noted_body *noted = &m->noted[function];
  for (uint32_t i = 0; i < noted->use_count; i++)
    visit(user, space_of_use(noted->uses[i]), index_of_use(noted->uses[i]));
  if (noted->has_memory_arguments)
    visit(user, SPACE_MEMORY, 0);
}

/* The functions alone that it refers to with ref.func: what a declared element segment is needed for. */
void visit_references(struct context *c, const struct module *m, uint32_t function, visit_index *visit, void *user);
/* A number that is the same for bodies that are equal but for indices; for others, hardly ever. */
uint32_t likeness(const struct module *m, uint32_t function);

#endif
