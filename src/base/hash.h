/* hash.h -- hashes of bytes. Equal bytes have equal hashes; who relies on the reverse has to compare.
 *
 * They are quick to make, and to make collide: mix() can be undone.
 */
#ifndef MELD_BASE_HASH_H
#define MELD_BASE_HASH_H

#include "base/context.h"

#include <string.h>

static inline uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 29;
}

static inline uint64_t hash_bytes(uint64_t hash, struct bytes bytes) {
  size_t at = 0;
  for (; bytes.size - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, bytes.at + at, sizeof word);
    hash = mix(hash, word);
  }
  if (bytes.size - at >= sizeof(uint32_t)) {
    uint32_t half;
    memcpy(&half, bytes.at + at, sizeof half);
    hash = mix(hash, half);
    at += sizeof half;
  }
  for (; at < bytes.size; at++)
    hash = mix(hash, bytes.at[at]);
  return mix(hash, bytes.size);
}

#endif
