#include "../guest.h"

#define API "test:flag-sets/api"

struct all {
  u8 one, eight;
  u16 nine;
  u32 more;
  u8 end;
};

IMPORT(API, "invert") void invert(u32 one, u32 eight, u32 nine, u32 more, u32 end, struct all *result);
IMPORT(API, "each") void each(const u16 *values, u32 count, struct slice *result);

EXPORT("run") u32 run(void) {
  struct all all;
  invert(0, 0x0f, 0x101, 0x80000001, 41, &all);
  CHECK(all.one == 1 && all.eight == 0xf0 && all.nine == 0x0fe && all.more == 0x7ffffffe && all.end == 42);
  invert(0xfffffffe, 0xffffff00, 0xfffffe00, 0xffffffff, 0, &all);
  CHECK(all.one == 1 && all.eight == 0xff && all.nine == 0x1ff && all.more == 0 && all.end == 1);
  static const u16 values[3] = {0x1, 0x1ff, 0xfe00};
  struct slice list;
  each(values, 3, &list);
  const u16 *shifted = list.data;
  CHECK(list.size == 3 && shifted[0] == 2 && shifted[1] == 0x1fe && shifted[2] == 0);
  return 0;
}
