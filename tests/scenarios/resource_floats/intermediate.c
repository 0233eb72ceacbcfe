/* A third float, which holds an optional one of the second kind; and a sum of two of the first kind. */
#include "../guest.h"

#define FIRST "test:floats/first"
#define SECOND "test:floats/second"
#define THIRD "test:floats/third"

IMPORT(FIRST, "[constructor]float") handle first_constructor(double value);
IMPORT(FIRST, "[method]float.get") double first_get(handle self);
IMPORT(FIRST, "[resource-drop]float") void first_drop(handle self);
IMPORT(SECOND, "[method]float.get") double second_get(handle self);
IMPORT(SECOND, "[resource-drop]float") void second_drop(handle self);
IMPORT("[export]" THIRD, "[resource-new]float") handle third_new(u32 rep);
IMPORT("[export]" THIRD, "[resource-rep]float") u32 third_rep(handle self);
IMPORT("[export]" THIRD, "[resource-drop]float") void third_drop(handle self);

static struct {
  u32 has_value;
  handle value;
} floats[16];
static u32 made, dropped;

EXPORT(THIRD "#[constructor]float") handle third_constructor(u32 has_value, handle value) {
  floats[made].has_value = has_value;
  floats[made].value = value;
  return third_new(made++);
}

/* option<f64> in memory. */
static struct {
  u8 is_some;
  double value;
} got;

EXPORT(THIRD "#[method]float.get") void *third_get(u32 rep) {
  got.is_some = (u8)floats[rep].has_value;
  got.value = got.is_some ? second_get(floats[rep].value) : 0;
  return &got;
}

/* option<inner> in memory. */
static struct {
  u8 is_some;
  handle value;
} taken;

EXPORT(THIRD "#[static]float.unwrap") void *third_unwrap(handle self) {
  u32 rep = third_rep(self);
  taken.is_some = (u8)floats[rep].has_value;
  taken.value = floats[rep].value;
  floats[rep].has_value = 0;
  third_drop(self);
  return &taken;
}

EXPORT(THIRD "#[dtor]float") void third_dtor(u32 rep) {
  dropped++;
  if (floats[rep].has_value)
    second_drop(floats[rep].value);
}

EXPORT(THIRD "#dropped") u32 third_dropped(void) { return dropped; }

EXPORT("add") handle add(handle a, handle b) {
  double sum = first_get(a) + first_get(b);
  first_drop(a);
  first_drop(b);
  return first_constructor(sum);
}
