#include "types.h"

static struct slice result;

static void *new_result(u32 count, u32 size) {
  result.size = count;
  return result.data = allocate(count * size);
}

EXPORT(API "#reverse") struct slice *reverse(const u8 *bytes, u32 count) {
  u8 *reversed = new_result(count, 1);
  for (u32 i = 0; i < count; i++)
    reversed[i] = bytes[count - 1 - i];
  return &result;
}

EXPORT(API "#widen") struct slice *widen(const u16 *values, u32 count) {
  u64 *wide = new_result(count, sizeof *wide);
  for (u32 i = 0; i < count; i++)
    wide[i] = (u64)values[i] << 40;
  return &result;
}

EXPORT(API "#flags-of") struct slice *flags_of(const u8 *values, u32 count) {
  u8 *opposite = new_result(count, 1);
  for (u32 i = 0; i < count; i++) {
    REQUIRE(values[i] <= 1);
    opposite[i] = values[i] ? 0 : 0x80; /* any but zero is true */
  }
  return &result;
}

EXPORT(API "#transpose") struct slice *transpose(const struct slice *rows, u32 count) {
  u32 width = count ? rows[0].size : 0;
  struct slice *columns = new_result(width, sizeof *columns);
  for (u32 i = 0; i < width; i++) {
    u32 *column = allocate(count * sizeof *column);
    for (u32 j = 0; j < count; j++)
      column[j] = ((const u32 *)rows[j].data)[i];
    columns[i] = (struct slice){column, count};
  }
  return &result;
}

EXPORT(API "#pairs") struct slice *pairs(const struct narrow_first *values, u32 count) {
  struct wide_first *turned = new_result(count, sizeof *turned);
  for (u32 i = 0; i < count; i++)
    turned[i] = (struct wide_first){values[i].wide, values[i].narrow};
  return &result;
}

EXPORT(API "#long") struct slice *long_list(u32 count) {
  u32 *values = new_result(count, sizeof *values);
  for (u32 i = 0; i < count; i++)
    values[i] = i * i;
  return &result;
}
