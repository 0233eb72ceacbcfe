#include "../guest.h"

#define API "test:options/api"

EXPORT(API "#opposite") u32 *opposite(u32 is_some, u32 value) {
  static struct {
    u8 is_some;
    u32 value;
  } result;
  REQUIRE(!is_some || value == 5);
  result.is_some = !is_some;
  result.value = 7;
  return (u32 *)&result;
}

EXPORT(API "#nested") u32 nested(u32 outer, u32 inner, u32 value) { return outer ? inner ? value + 2 : 1 : 0; }

EXPORT(API "#back") u8 *back(u32 n) {
  static u8 result[3];
  result[0] = n > 0;
  result[1] = n > 1;
  result[2] = (u8)(n - 2);
  return result;
}

EXPORT(API "#greeting") void *greeting(u32 is_some, const u8 *name, u32 size) {
  static struct {
    u8 is_some;
    struct slice text;
  } result;
  result.is_some = (u8)is_some;
  if (is_some) {
    u8 *text = allocate(size + 3);
    memcpy(text, "Hi ", 3);
    memcpy(text + 3, name, size);
    result.text = (struct slice){text, size + 3};
  }
  return &result;
}

struct optional {
  u8 is_some;
  s64 value;
};

EXPORT(API "#sum") struct optional *sum(const struct optional *values, u32 count) {
  static struct optional result;
  result = (struct optional){0, 0};
  for (u32 i = 0; i < count; i++)
    if (values[i].is_some) {
      result.is_some = 1;
      result.value += values[i].value;
    }
  return &result;
}
