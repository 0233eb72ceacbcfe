/* map.h -- from bytes to a number, in order of insertion.
 *
 * Keys are borrowed unless map_put or map_intern copies them. Iteration over entries is in
 * insertion order, so that nothing that is written depends on a hash.
 */
#ifndef MELD_BASE_MAP_H
#define MELD_BASE_MAP_H

#include "base/vec.h"

struct map_entry {
  struct bytes key;
  uint32_t value;
  uint32_t hash;
};

struct map {
  VEC(struct map_entry) entries;
  uint32_t *slots;     /* 1 + index into entries; 0: free */
  uint32_t slot_count; /* 0: there are few entries */
};

#define NOT_FOUND UINT32_MAX

/* The value of `key`, or NOT_FOUND. */
uint32_t map_get(const struct map *map, struct bytes key);

/* Makes room for `more` keys: where many are about to come, growing would take longer and leave as much behind. */
void map_reserve(struct context *context, struct map *map, uint32_t more);

/* Removes all keys, for others of a few. */
void map_clear(struct map *map);

/* Adds `key` with `value` unless it is there; returns the value it has then. `key` is borrowed. */
uint32_t map_add(struct context *context, struct map *map, struct bytes key, uint32_t value);

/* The same, and copies `key` into the arena when it is new. */
uint32_t map_put(struct context *context, struct map *map, struct bytes key, uint32_t value);

/* A key of numbers, each of 32 bits: what is known by them needs no text. It lasts as long as the block that it is in.
 */
#define MAP_NUMBERS(...)                                                                                               \
  ((struct bytes){(const uint8_t *)(const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__})})

/* The index of `key` among the distinct keys; copies it into the arena when it is new. */
uint32_t map_intern(struct context *context, struct map *map, struct bytes key);

#endif
