/* map.c -- a hash table over an array of entries in insertion order.
 *
 * Open addressing with linear probing; `slots` holds at least twice as many slots as there are entries, and is rebuilt
 * from the entries when it grows.
 *
 * Provides  map_get, map_add, map_intern.
 */
#include "base/map.h"
#include "base/hash.h"

#include <assert.h>
#include <string.h>

#define FIRST_SLOTS 16

static uint32_t hash_of(struct bytes key) { return (uint32_t)(hash_bytes(0, key) >> 32); }

/* The slot of `key`, or the free slot where it would go. */
static uint32_t find_slot(const struct map *map, struct bytes key, uint32_t hash) {
  const uint32_t mask = map->slot_count - 1;
  for (uint32_t slot = hash & mask;; slot = (slot + 1) & mask) {
    if (!map->slots[slot])
      return slot;
    const struct map_entry *entry = &map->entries.items[map->slots[slot] - 1];
    if (entry->hash == hash && bytes_equal(entry->key, key))
      return slot;
  }
}

static void rebuild(struct context *context, struct map *map, uint32_t slot_count) {
  map->slots = grow_memory(context, map->slots, map->slot_count * sizeof *map->slots, 0, slot_count * sizeof *map->slots);
  memset(map->slots, 0, slot_count * sizeof *map->slots);
  map->slot_count = slot_count;
  const uint32_t mask = slot_count - 1;
  for (uint32_t i = 0; i < map->entries.count; i++) {
    uint32_t slot = map->entries.items[i].hash & mask;
    while (map->slots[slot])
      slot = (slot + 1) & mask;
    map->slots[slot] = i + 1;
  }
}

uint32_t map_get(const struct map *map, struct bytes key) {
  if (!map->slot_count)
    return NOT_FOUND;
  const uint32_t slot = find_slot(map, key, hash_of(key));
  return map->slots[slot] ? map->entries.items[map->slots[slot] - 1].value : NOT_FOUND;
}

/* The entry of `key`; a new one is added with `value`. */
static struct map_entry *find_or_add(struct context *context, struct map *map, struct bytes key, uint32_t value) {
  if (map->entries.count >= map->slot_count / 2) {
    if (map->slot_count > UINT32_MAX / 2)
      fail(context, FAILURE_SYSTEM, NO_OFFSET, "out of memory");
    rebuild(context, map, map->slot_count ? map->slot_count * 2 : FIRST_SLOTS);
  }
  const uint32_t hash = hash_of(key);
  const uint32_t slot = find_slot(map, key, hash);
  if (map->slots[slot])
    return &map->entries.items[map->slots[slot] - 1];
  struct map_entry *entry = VEC_PUSH(context, &map->entries);
  *entry = (struct map_entry){key, value, hash};
  map->slots[slot] = map->entries.count;
  return entry;
}

uint32_t map_add(struct context *context, struct map *map, struct bytes key, uint32_t value) {
  assert(value != NOT_FOUND);
  return find_or_add(context, map, key, value)->value;
}

uint32_t map_intern(struct context *context, struct map *map, struct bytes key) {
  const uint32_t count = map->entries.count;
  struct map_entry *entry = find_or_add(context, map, key, count);
  if (map->entries.count != count && key.size) {
    uint8_t *copy = ALLOCATE(context, uint8_t, key.size);
    memcpy(copy, key.at, key.size);
    entry->key.at = copy;
  }
  return entry->value;
}
