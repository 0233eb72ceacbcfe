#include "../guest.h"

#define API "test:flag-sets/api"

struct all {
  u8 one, eight;
  u16 nine;
  u32 more;
  u8 end;
};

EXPORT(API "#invert") struct all *invert(u32 one, u32 eight, u32 nine, u32 more, u32 end) {
  static struct all result;
  REQUIRE(one <= 1 && eight <= 0xff && nine <= 0x1ff);
  result = (struct all){(u8)~one, (u8)~eight, (u16)~nine, ~more, (u8)(end + 1)};
  return &result;
}

EXPORT(API "#each") struct slice *each(u16 *values, u32 count) {
  static struct slice result;
  for (u32 i = 0; i < count; i++) {
    REQUIRE(values[i] <= 0x1ff);
    values[i] = (u16)(values[i] << 1);
  }
  result = (struct slice){values, count};
  return &result;
}
