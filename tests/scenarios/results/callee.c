#include "../guest.h"

#define API "test:results/api"

struct quotient {
  u8 is_error;
  union {
    s32 value;
    struct {
      u8 kind;
      union {
        struct slice denied;
        u32 code;
      } as;
    } error;
  } as;
};

EXPORT(API "#divide") struct quotient *divide(s32 a, s32 b) {
  static struct quotient result;
  result.is_error = b <= 0 || a < 0;
  if (!result.is_error)
    result.as.value = a / b;
  else if (b == 0)
    result.as.error.kind = 0;
  else if (b < 0) {
    result.as.error.kind = 1;
    result.as.error.as.denied = (struct slice){"negative", 8};
  } else {
    result.as.error.kind = 2;
    result.as.error.as.code = (u32)-a;
  }
  return &result;
}

EXPORT(API "#check") u32 check(u32 a) { return !a; }

EXPORT(API "#only-error") void *only_error(u32 a) {
  static struct {
    u8 is_error;
    u64 error;
  } result;
  result.is_error = a != 0;
  result.error = (u64)a << 32;
  return &result;
}

EXPORT(API "#only-value") void *only_value(u32 a) {
  static struct {
    u8 is_error;
    float value;
  } result;
  result.is_error = a == 0;
  result.value = (float)a / 2;
  return &result;
}

EXPORT(API "#take")
u32 take(u32 a_is_error, u32 a_first, u32 a_second, u32 a_third, u32 b_is_error, u32 b) {
  u32 sum = b_is_error ? b : b == 0x40490fdb ? 314 : 0;
  if (!a_is_error)
    return sum + a_second + *(u8 *)a_first;
  return sum + (a_first == 0 ? 1000 : a_first == 1 ? 2000 + a_third + *(u8 *)a_second : 3000 + a_second);
}
