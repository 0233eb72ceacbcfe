/* guest.h -- what each guest of the scenarios needs, in place of generated bindings.
 *
 * A guest is one C file, compiled for wasm32 without a library. It names its imports and exports as the core modules of
 * a WIT world are named, so that `wasm-tools component new` makes a component of it:
 *
 *     IMPORT("test:floats/first", "[method]float.get") double float_get(handle self);
 *     EXPORT("run") u32 run(void) { CHECK(float_get(1) == 2.5); return 0; }
 *
 * A test returns 0, or the line of the check that failed.
 *
 * Spec  CanonicalABI.md, "Canonical Definitions"; component-model BuildTargets, legacy names.
 */
#ifndef GUEST_H
#define GUEST_H

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name))) extern
#define EXPORT(name) __attribute__((export_name(name)))
#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition))                                                                                                  \
      return __LINE__;                                                                                                 \
  } while (0)
#define REQUIRE(condition)                                                                                             \
  do {                                                                                                                 \
    if (!(condition))                                                                                                  \
      __builtin_trap();                                                                                                \
  } while (0)

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;
typedef u32 handle;

#define HEAP_SIZE 131072

_Alignas(16) static u8 heap[HEAP_SIZE];
static u32 heap_used;

void *memcpy(void *target, const void *source, unsigned long size) {
  u8 *to = target;
  const u8 *from = source;
  for (unsigned long i = 0; i < size; i++)
    to[i] = from[i];
  return target;
}

void *memset(void *target, int value, unsigned long size) {
  u8 *to = target;
  for (unsigned long i = 0; i < size; i++)
    to[i] = (u8)value;
  return target;
}

/* Never frees: the heap is larger than what any test asks for. */
EXPORT("cabi_realloc") void *cabi_realloc(void *old, u32 old_size, u32 align, u32 new_size) {
  u32 start = (heap_used + align - 1) & ~(align - 1);
  REQUIRE(new_size <= HEAP_SIZE && start <= HEAP_SIZE - new_size);
  heap_used = start + new_size;
  if (old_size)
    memcpy(heap + start, old, old_size < new_size ? old_size : new_size);
  return heap + start;
}

static inline void *allocate(u32 size) { return cabi_realloc(0, 0, 8, size); }

static inline int same_bytes(const void *a, const void *b, u32 size) {
  const u8 *left = a, *right = b;
  for (u32 i = 0; i < size; i++)
    if (left[i] != right[i])
      return 0;
  return 1;
}

/* A list or a string as it lies in memory. */
struct slice {
  void *data;
  u32 size;
};

#endif
