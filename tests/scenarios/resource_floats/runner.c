#include "../guest.h"

#define FIRST "test:floats/first"
#define SECOND "test:floats/second"
#define THIRD "test:floats/third"
#define COUNTS "test:floats/counts"

IMPORT(FIRST, "[constructor]float") handle first_constructor(double value);
IMPORT(FIRST, "[method]float.get") double first_get(handle self);
IMPORT(FIRST, "[static]float.add") handle first_add(handle a, double b);
IMPORT(FIRST, "[resource-drop]float") void first_drop(handle self);
IMPORT(SECOND, "[constructor]float") handle second_constructor(double value);
IMPORT(SECOND, "[method]float.get") double second_get(handle self);
IMPORT(SECOND, "[resource-drop]float") void second_drop(handle self);
IMPORT(THIRD, "[constructor]float") handle third_constructor(u32 has_value, handle value);
IMPORT(THIRD, "[method]float.get") void third_get(handle self, void *result);
IMPORT(THIRD, "[static]float.unwrap") void third_unwrap(handle self, void *result);
IMPORT(THIRD, "[resource-drop]float") void third_drop(handle self);
IMPORT(THIRD, "dropped") u32 third_dropped(void);
IMPORT(COUNTS, "first-dropped") u32 first_dropped(void);
IMPORT(COUNTS, "second-dropped") u32 second_dropped(void);
IMPORT("$root", "add") handle add(handle a, handle b);

static struct {
  u8 is_some;
  double value;
} number;

static struct {
  u8 is_some;
  handle value;
} inner;

static u32 first_kind(void) {
  handle a = first_constructor(1.5), b = first_constructor(40.25);
  handle sum = add(a, b);
  CHECK(first_get(sum) == 41.75);
  CHECK(first_get(a) == 1.5 && first_get(b) == 40.25);
  CHECK(first_dropped() == 0);
  handle twice = add(sum, sum);
  CHECK(first_get(twice) == 83.5);
  handle more = first_add(twice, 0.5);
  CHECK(first_get(more) == 84);
  CHECK(first_dropped() == 1);
  first_drop(a);
  first_drop(b);
  first_drop(sum);
  first_drop(more);
  CHECK(first_dropped() == 5);
  return 0;
}

static u32 second_and_third_kind(void) {
  handle empty = third_constructor(0, 0);
  third_get(empty, &number);
  CHECK(!number.is_some);
  handle full = third_constructor(1, second_constructor(7.5));
  third_get(full, &number);
  CHECK(number.is_some && number.value == 7.5);
  handle other = third_constructor(1, second_constructor(8.5));
  third_unwrap(other, &inner);
  CHECK(inner.is_some && second_get(inner.value) == 8.5);
  CHECK(third_dropped() == 1 && second_dropped() == 0);
  second_drop(inner.value);
  CHECK(second_dropped() == 1);
  third_drop(full);
  CHECK(third_dropped() == 2 && second_dropped() == 2);
  third_drop(empty);
  CHECK(third_dropped() == 3 && second_dropped() == 2);
  return 0;
}

EXPORT("run") u32 run(void) {
  u32 failed = first_kind();
  return failed ? failed : second_and_third_kind();
}
