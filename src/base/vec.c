/* vec.c -- growth of VECs.
 *
 * A VEC is an unnamed struct type of its own wherever it is declared, so its three members are copied in and out here
 * and never accessed through another type.
 *
 * Provides  vec_push, vec_extend, vec_reserve.
 */
#include "base/vec.h"

#include <string.h>

#define FIRST_SIZE 64    /* bytes, of small items */
#define FIRST_CAPACITY 2 /* of large ones: most often there are one or two */

struct vec_members {
  void *items;
  uint32_t count;
  uint32_t capacity;
};

_Static_assert(sizeof(struct vec_members) == sizeof(VEC(char)), "a VEC has the members that vec.c copies");

static void set_capacity(struct context *context, struct vec_members *v, size_t size, uint32_t capacity) {
  if (size && capacity > SIZE_MAX / size)
    fail(context, FAILURE_SYSTEM, NO_OFFSET, "out of memory");
  v->items = grow_memory(context, v->items, v->capacity * size, v->count * size, capacity * size);
  v->capacity = capacity;
}

static void grow(struct context *context, struct vec_members *v, size_t size, uint32_t least) {
  const size_t fit = size ? FIRST_SIZE / size : FIRST_SIZE;
  uint32_t capacity = fit > FIRST_CAPACITY ? (uint32_t)fit : FIRST_CAPACITY;
  if (v->capacity)
    capacity = v->capacity > UINT32_MAX / 2 ? UINT32_MAX : v->capacity * 2;
  if (capacity < least)
    capacity = least;
  set_capacity(context, v, size, capacity);
}

void *vec_extend(struct context *context, void *vec, size_t size, uint32_t more) {
  struct vec_members v;
  memcpy(&v, vec, sizeof v);
  if (more > UINT32_MAX - v.count)
    fail(context, FAILURE_SYSTEM, NO_OFFSET, "out of memory");
  if (more > v.capacity - v.count || !v.items)
    grow(context, &v, size, v.count + more);
  uint8_t *first = (uint8_t *)v.items + v.count * size;
  /* An owner that lowered `count` left old items behind, as did whoever had the memory before. */
  memset(first, 0, more * size);
  v.count += more;
  memcpy(vec, &v, sizeof v);
  return first;
}

void vec_reserve(struct context *context, void *vec, size_t size, uint32_t more) {
  struct vec_members v;
  memcpy(&v, vec, sizeof v);
  if (more > UINT32_MAX - v.count)
    fail(context, FAILURE_SYSTEM, NO_OFFSET, "out of memory");
  if (more <= v.capacity - v.count)
    return;
  /* Who reserves again and again must not copy all of it each time. */
  const uint32_t least = v.count + more;
  set_capacity(context, &v, size, v.capacity <= UINT32_MAX / 2 && least < v.capacity * 2 ? v.capacity * 2 : least);
  memcpy(vec, &v, sizeof v);
}

void *vec_push(struct context *context, void *vec, size_t size) { return vec_extend(context, vec, size, 1); }
