#include "../guest.h"

#define API "test:options/api"

struct optional {
  u8 is_some;
  s64 value;
};

IMPORT(API, "opposite") void opposite(u32 is_some, u32 value, void *result);
IMPORT(API, "nested") u32 nested(u32 outer, u32 inner, u32 value);
IMPORT(API, "back") void back(u32 n, u8 *result);
IMPORT(API, "greeting") void greeting(u32 is_some, const char *name, u32 size, void *result);
IMPORT(API, "sum") void sum(const struct optional *values, u32 count, struct optional *result);

EXPORT("run") u32 run(void) {
  struct {
    u8 is_some;
    u32 value;
  } number;
  opposite(0, 99, &number); /* what stands beside none does not arrive */
  CHECK(number.is_some == 1 && number.value == 7);
  opposite(1, 5, &number);
  CHECK(number.is_some == 0);
  CHECK(nested(0, 0, 0) == 0 && nested(1, 0, 9) == 1 && nested(1, 1, 0) == 2 && nested(1, 1, 255) == 257);
  u8 option[3];
  back(0, option);
  CHECK(option[0] == 0);
  back(1, option);
  CHECK(option[0] == 1 && option[1] == 0);
  back(200, option);
  CHECK(option[0] == 1 && option[1] == 1 && option[2] == 198);
  struct {
    u8 is_some;
    struct slice text;
  } greeted;
  greeting(0, 0, 0, &greeted);
  CHECK(greeted.is_some == 0);
  greeting(1, "Ada", 3, &greeted);
  CHECK(greeted.is_some == 1 && greeted.text.size == 6 && same_bytes(greeted.text.data, "Hi Ada", 6));
  struct optional values[3] = {{1, -(1ll << 40)}, {0, 5}, {1, 3}}, total;
  sum(values, 3, &total);
  CHECK(total.is_some == 1 && total.value == 3 - (1ll << 40));
  sum(values + 1, 1, &total);
  CHECK(total.is_some == 0);
  return 0;
}
