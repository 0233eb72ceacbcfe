/* notes.h -- what is noted of a body: each index that it has, in two words.
 *
 * A function that ref.func names is in a space of its own. That a body has memory arguments of memory 0 is said once,
 * and not where: there are too many, and most often memory 0 stays memory 0.
 */
#ifndef MELD_WASM_NOTES_H
#define MELD_WASM_NOTES_H

#include "wasm/rewrite.h"

#include <assert.h>

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

#endif
