#include "types.h"

IMPORT(API, "next") u32 next(u32 color);
IMPORT(API, "grow") void grow(u32 kind, u64 first, u64 second, struct shape *result);
IMPORT(API, "count") void count(const struct shape *shapes, u32 size, struct slice *result);

EXPORT("run") u32 run(void) {
  CHECK(next(0) == 1 && next(1) == 2 && next(2) == 0);
  static struct shape all[7];
  struct shape *it = all;
  grow(NOTHING, 0, 0, it);
  CHECK(it->kind == COLORED && it->as.colored == 2);
  grow(CIRCLE, bits_of_float(-1.25f), 0, ++it);
  CHECK(it->kind == CIRCLE && it->as.circle == -2.5f);
  grow(BOX, 0xffffffffffull, 41, ++it);
  CHECK(it->kind == BOX && it->as.box.width == 0x10000000000ull && it->as.box.height == 42);
  grow(WORD, (u32) "xhello", 6, ++it);
  CHECK(it->kind == WORD && it->as.word.size == 5 && same_bytes(it->as.word.data, "hello", 5));
  grow(COLORED, 1, 0, ++it);
  CHECK(it->kind == NOTHING);
  grow(INNER, 0, 7, ++it);
  CHECK(it->kind == INNER && it->as.inner.is_err == 1 && it->as.inner.as.err == 7.5);
  grow(INNER, 1, bits_of_double(9.75), ++it);
  CHECK(it->kind == INNER && it->as.inner.is_err == 0 && it->as.inner.as.ok == 9);
  struct slice counts;
  count(all, 7, &counts);
  static const u32 wanted[CASES] = {1, 1, 1, 1, 1, 2};
  CHECK(counts.size == CASES && same_bytes(counts.data, wanted, sizeof wanted));
  return 0;
}
