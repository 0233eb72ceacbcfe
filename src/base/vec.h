/* vec.h -- a growable array in the arena of a run.
 *
 *     VEC(struct import) imports = {0};
 *     struct import *i = VEC_PUSH(context, &imports);   // zeroed, to be filled in
 *     for (uint32_t n = 0; n < imports.count; n++) use(&imports.items[n]);
 *
 * A pointer into it holds until the next push.
 */
#ifndef MELD_BASE_VEC_H
#define MELD_BASE_VEC_H

#include "base/context.h"

#define VEC(type)                                                                                                      \
  struct {                                                                                                             \
    type *items;                                                                                                       \
    uint32_t count;                                                                                                    \
    uint32_t capacity;                                                                                                 \
  }

/* Makes room for one more zeroed item of `size` bytes; `vec` is any VEC. */
void *vec_push(struct context *context, void *vec, size_t size);

/* Makes room for `more` zeroed items beyond count and adds them to count; returns the first. */
void *vec_extend(struct context *context, void *vec, size_t size, uint32_t more);

/* Makes room for `more` items beyond count, which stays: where many are about to come, growing would leave as much
 * behind. */
void vec_reserve(struct context *context, void *vec, size_t size, uint32_t more);

#define VEC_RESERVE(context, vec, more) vec_reserve((context), (vec), sizeof(*(vec)->items), (more))
#define VEC_PUSH(context, vec) ((__typeof__((vec)->items))vec_push((context), (vec), sizeof(*(vec)->items)))
#define VEC_EXTEND(context, vec, more)                                                                                 \
  ((__typeof__((vec)->items))vec_extend((context), (vec), sizeof(*(vec)->items), (more)))
#define VEC_ADD(context, vec, value)                                                                                   \
  (*((vec)->count < (vec)->capacity ? &(vec)->items[(vec)->count++] : VEC_PUSH(context, vec)) = (value))

#endif
