/* walk.h -- goes through code, one instruction after the other, by opcodes.def.
 *
 * rewrite.c copies code with it, and notes.c finds the indices in it. A walk knows of an immediate only what its letter
 * in the table says.
 */
#ifndef MELD_WASM_WALK_H
#define MELD_WASM_WALK_H

#include "wasm/rewrite.h"

#include <assert.h>

/* Numbers that are longer than they need be. What is noted of one is how many bytes it has, and below that how many it
 * needs. */
typedef VEC(struct code_use) long_numbers;
#define SIZE_SHIFT 8
#define NEEDED_MASK 0xff

struct walk {
  struct reader r;
  const uint8_t *start; /* of the code */
  uint32_t counts[INDEX_SPACE_COUNT];
  const char *instruction; /* its name */
  uint32_t depth;          /* of blocks that are open, the outermost included */
  bool has_vectors;        /* an instruction on vectors has been seen */
  size_t index_size;       /* bytes of indices so far */
  bool takes_steps;        /* may immediates without indices be passed over? see steps.h */
  bool takes_memory_steps; /* and memory arguments, of memory 0? */
  /* When visiting: */
  visit_index *visit;
  void *user;
  const uint8_t *index_at;    /* what is visited stands there alone; null: within something else */
  long_numbers *long_numbers; /* where they are noted; null: they are not */
  /* When rewriting: */
  const struct index_maps *maps;
  struct buffer *out;
  const uint8_t *copied; /* the input before this is in `out` */
};

/* Of code of `m`, from where `r` is. */
struct walk walk_of(struct reader r, const struct module *m);
/* The same for `code`, which has offsets of its own where the module was not read from an input. */
struct walk walk_of_bytes(struct context *c, const struct module *m, struct bytes code);
/* Goes on with other code of the same module. */
void begin_walk(struct walk *w, struct reader r);

/* Each fails at the first byte that is wrong, FAILURE_INPUT; what an index says is looked up in `counts`. */
void walk_declarations(struct walk *w); /* the local declarations of a body */
void walk_instruction(struct walk *w);
void walk_expression(struct walk *w); /* from the first instruction to after the `end` that closes it */
void walk_body(struct walk *w);       /* all of it */

#define REF_FUNC 0xd2                   /* ref.func */
bool is_ref_func(const struct walk *w); /* is that the instruction? */
/* The index that stands for `index` in the output. */
static inline uint32_t mapped(const struct index_maps *maps, enum index_space space, uint32_t index) {
  const uint32_t *map = maps->to[space];
  if (!map)
    return index;
  assert(map[index] != NO_INDEX);
  assert(!maps->limits || map[index] < maps->limits[space]);
  return map[index];
}
/* Of a number that is longer, the bytes that it needs: the last one says that no other comes. */
void put_needed(struct buffer *out, const uint8_t *number, size_t needed);
/* Copies the input up to `until`, and goes on from where the reader is. */
void copy_run(struct walk *w, const uint8_t *until);

#endif
