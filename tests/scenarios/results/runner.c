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

IMPORT(API, "divide") void divide(s32 a, s32 b, struct quotient *result);
IMPORT(API, "check") u32 check(u32 a);
IMPORT(API, "only-error") void only_error(u32 a, void *result);
IMPORT(API, "only-value") void only_value(u32 a, void *result);
IMPORT(API, "take") u32 take(u32 a_is_error, u32 a_first, u32 a_second, u32 a_third, u32 b_is_error, u32 b);

EXPORT("run") u32 run(void) {
  struct quotient quotient;
  divide(42, 6, &quotient);
  CHECK(!quotient.is_error && quotient.as.value == 7);
  divide(1, 0, &quotient);
  CHECK(quotient.is_error && quotient.as.error.kind == 0);
  divide(1, -1, &quotient);
  CHECK(quotient.is_error && quotient.as.error.kind == 1 && quotient.as.error.as.denied.size == 8);
  CHECK(same_bytes(quotient.as.error.as.denied.data, "negative", 8));
  divide(-77, 1, &quotient);
  CHECK(quotient.is_error && quotient.as.error.kind == 2 && quotient.as.error.as.code == 77);
  CHECK(check(1) == 0 && check(0) == 1);
  struct {
    u8 is_error;
    u64 error;
  } error;
  only_error(0, &error);
  CHECK(!error.is_error);
  only_error(3, &error);
  CHECK(error.is_error && error.error == 3ull << 32);
  struct {
    u8 is_error;
    float value;
  } value;
  only_value(0, &value);
  CHECK(value.is_error);
  only_value(5, &value);
  CHECK(!value.is_error && value.value == 2.5f);
  CHECK(take(0, (u32) "a", 1, 0, 1, 10000) == 10000 + 1 + 'a');
  CHECK(take(1, 0, 0, 0, 0, 0x40490fdb) == 1314); /* the bits of an f32 */
  CHECK(take(1, 1, (u32) "bc", 2, 1, 0) == 2002 + 'b');
  CHECK(take(1, 2, 55, 0, 1, 1) == 3056);
  return 0;
}
