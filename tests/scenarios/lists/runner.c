#include "types.h"

IMPORT(API, "reverse") void reverse(const u8 *bytes, u32 count, struct slice *result);
IMPORT(API, "widen") void widen(const u16 *values, u32 count, struct slice *result);
IMPORT(API, "flags-of") void flags_of(const u8 *values, u32 count, struct slice *result);
IMPORT(API, "transpose") void transpose(const struct slice *rows, u32 count, struct slice *result);
IMPORT(API, "pairs") void pairs(const struct narrow_first *values, u32 count, struct slice *result);
IMPORT(API, "long") void long_list(u32 count, struct slice *result);

static struct slice got;

static u32 run_flat(void) {
  reverse((const u8 *)"abcde", 5, &got);
  CHECK(got.size == 5 && same_bytes(got.data, "edcba", 5));
  reverse(0, 0, &got);
  CHECK(got.size == 0);
  static const u16 narrow[3] = {1, 0xffff, 0x8000};
  widen(narrow, 3, &got);
  const u64 *wide = got.data;
  CHECK(got.size == 3 && wide[0] == 1ull << 40 && wide[1] == 0xffffull << 40 && wide[2] == 1ull << 55);
  static const u8 flags[4] = {0, 1, 2, 0xff}; /* normalised on the way */
  flags_of(flags, 4, &got);
  const u8 *opposite = got.data;
  CHECK(got.size == 4 && opposite[0] == 1 && opposite[1] == 0 && opposite[2] == 0 && opposite[3] == 0);
  long_list(10000, &got);
  CHECK(got.size == 10000 && ((u32 *)got.data)[9999] == 9999 * 9999 && ((u32 *)got.data)[0] == 0);
  return 0;
}

static u32 run_deep(void) {
  static u32 first[3] = {1, 2, 3}, second[3] = {4, 5, 6};
  struct slice rows[2] = {{first, 3}, {second, 3}};
  transpose(rows, 2, &got);
  const struct slice *columns = got.data;
  CHECK(got.size == 3);
  for (u32 i = 0; i < 3; i++) {
    const u32 *column = columns[i].data;
    CHECK(columns[i].size == 2 && column[0] == i + 1 && column[1] == i + 4);
  }
  transpose(0, 0, &got);
  CHECK(got.size == 0);
  static const struct narrow_first values[2] = {{1, -0.5}, {255, 1e300}};
  pairs(values, 2, &got);
  const struct wide_first *turned = got.data;
  CHECK(got.size == 2 && turned[0].wide == -0.5 && turned[0].narrow == 1);
  CHECK(turned[1].wide == 1e300 && turned[1].narrow == 255);
  return 0;
}

EXPORT("run") u32 run(void) {
  u32 failed = run_flat();
  return failed ? failed : run_deep();
}
