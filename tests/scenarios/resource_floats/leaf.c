/* Two resource types named float, in two interfaces. The second one is stored doubled, so that neither can be taken for
 * the other. */
#include "../guest.h"

#define FIRST "test:floats/first"
#define SECOND "test:floats/second"

IMPORT("[export]" FIRST, "[resource-new]float") handle first_new(double *rep);
IMPORT("[export]" FIRST, "[resource-rep]float") double *first_rep(handle self);
IMPORT("[export]" FIRST, "[resource-drop]float") void first_drop(handle self);
IMPORT("[export]" SECOND, "[resource-new]float") handle second_new(double *rep);

static u32 first_dropped, second_dropped;

static double *store(double value) {
  double *rep = allocate(sizeof *rep);
  *rep = value;
  return rep;
}

EXPORT(FIRST "#[constructor]float") handle first_constructor(double value) { return first_new(store(value)); }
EXPORT(FIRST "#[method]float.get") double first_get(double *rep) { return *rep; }
EXPORT(FIRST "#[static]float.add") handle first_add(handle a, double b) {
  double sum = *first_rep(a) + b;
  first_drop(a);
  return first_new(store(sum));
}
EXPORT(FIRST "#[dtor]float") void first_dtor(double *rep) {
  first_dropped++;
  *rep = -1;
}

EXPORT(SECOND "#[constructor]float") handle second_constructor(double value) { return second_new(store(2 * value)); }
EXPORT(SECOND "#[method]float.get") double second_get(double *rep) { return *rep / 2; }
EXPORT(SECOND "#[dtor]float") void second_dtor(double *rep) {
  second_dropped++;
  *rep = -1;
}

EXPORT("test:floats/counts#first-dropped") u32 count_first(void) { return first_dropped; }
EXPORT("test:floats/counts#second-dropped") u32 count_second(void) { return second_dropped; }
