/* map.c -- a hash table over an array of entries in insertion order.
 *
 * Open addressing with linear probing; `slots` holds at least twice as many slots as there are entries, and is rebuilt
 * from the entries when it grows. Most maps are small: up to FEW entries, there are none.
 *
 * Provides  what map.h declares.
 */
#include "base/map.h"
#include "base/hash.h"

#include <assert.h>
#include <string.h>

#define FEW 8 /* entries that are looked at one after the other: no slots are needed for them */
#define NO_ENTRY UINT32_MAX

static uint32_t hash_of(struct bytes key) { return (uint32_t)(hash_bytes(0, key) >> 32); }

static bool is_entry(const struct map *map, uint32_t index, struct bytes key, uint32_t hash) {
  const struct map_entry *entry = &map->entries.items[index];
  return entry->hash == hash && bytes_equal(entry->key, key);
}

/* The index of the entry of `key`, or NO_ENTRY. */
static uint32_t find_entry(const struct map *map, struct bytes key, uint32_t hash) {
  if (!map->slot_count) {
    for (uint32_t i = 0; i < map->entries.count; i++)
      if (is_entry(map, i, key, hash))
        return i;
    return NO_ENTRY;
  }
  const uint32_t mask = map->slot_count - 1;
  for (uint32_t slot = hash & mask; map->slots[slot]; slot = (slot + 1) & mask)
    if (is_entry(map, map->slots[slot] - 1, key, hash))
      return map->slots[slot] - 1;
  return NO_ENTRY;
}

static void set_slot(struct map *map, uint32_t index) {
  const uint32_t mask = map->slot_count - 1;
  uint32_t slot = map->entries.items[index].hash & mask;
  while (map->slots[slot])
    slot = (slot + 1) & mask;
  map->slots[slot] = index + 1;
}

/* So many slots that one in four to one in two is taken once there are `entries`. */
static void set_slots(struct context *context, struct map *map, uint32_t entries) {
  uint32_t count = FEW * 4;
  while (count / 2 < entries) {
    if (count > UINT32_MAX / 2)
      fail(context, FAILURE_SYSTEM, NO_OFFSET, "out of memory");
    count *= 2;
  }
  const size_t size = sizeof *map->slots;
  map->slots = grow_memory(context, map->slots, map->slot_count * size, 0, count * size);
  memset(map->slots, 0, count * size);
  map->slot_count = count;
  for (uint32_t i = 0; i < map->entries.count; i++)
    set_slot(map, i);
}

void map_reserve(struct context *context, struct map *map, uint32_t more) {
  VEC_RESERVE(context, &map->entries, more);
  const uint32_t entries = map->entries.count + more;
  if (entries > FEW && entries > map->slot_count / 2)
    set_slots(context, map, entries);
}

void map_clear(struct map *map) {
  map->entries.count = 0;
  map->slot_count = 0;
  map->slots = NULL;
}

uint32_t map_get(const struct map *map, struct bytes key) {
  if (!map->entries.count)
    return NOT_FOUND;
  const uint32_t index = find_entry(map, key, hash_of(key));
  return index == NO_ENTRY ? NOT_FOUND : map->entries.items[index].value;
}

/* The entry of `key`; a new one is added with `value`. */
static struct map_entry *find_or_add(struct context *context, struct map *map, struct bytes key, uint32_t value) {
  const uint32_t hash = hash_of(key), known = find_entry(map, key, hash);
  if (known != NO_ENTRY)
    return &map->entries.items[known];
  const uint32_t index = map->entries.count;
  VEC_ADD(context, &map->entries, ((struct map_entry){key, value, hash}));
  if (map->slot_count ? index >= map->slot_count / 2 : index == FEW)
    set_slots(context, map, index + 1);
  else if (map->slot_count)
    set_slot(map, index);
  return &map->entries.items[index];
}

uint32_t map_add(struct context *context, struct map *map, struct bytes key, uint32_t value) {
  assert(value != NOT_FOUND);
  return find_or_add(context, map, key, value)->value;
}

uint32_t map_put(struct context *context, struct map *map, struct bytes key, uint32_t value) {
  const uint32_t count = map->entries.count;
  struct map_entry *entry = find_or_add(context, map, key, value);
  if (map->entries.count != count && key.size) {
    uint8_t *copy = ALLOCATE(context, uint8_t, key.size);
    memcpy(copy, key.at, key.size);
    entry->key.at = copy;
  }
  return entry->value;
}

uint32_t map_intern(struct context *context, struct map *map, struct bytes key) {
  return map_put(context, map, key, map->entries.count);
}
