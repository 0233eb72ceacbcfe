/* Exports the interface that it imports, with a float of its own around the imported one, plus 100. */
#include "../guest.h"

#define FIRST "test:floats/first"

IMPORT(FIRST, "[constructor]float") handle inner_constructor(double value);
IMPORT(FIRST, "[method]float.get") double inner_get(handle self);
IMPORT(FIRST, "[static]float.add") handle inner_add(handle a, double b);
IMPORT(FIRST, "[resource-drop]float") void inner_drop(handle self);
IMPORT("[export]" FIRST, "[resource-new]float") handle outer_new(handle rep);
IMPORT("[export]" FIRST, "[resource-rep]float") handle outer_rep(handle self);
IMPORT("[export]" FIRST, "[resource-drop]float") void outer_drop(handle self);

static handle moved; /* the inner handle that went elsewhere */

EXPORT(FIRST "#[constructor]float") handle constructor(double value) { return outer_new(inner_constructor(value)); }
EXPORT(FIRST "#[method]float.get") double get(handle rep) { return inner_get(rep); }
EXPORT(FIRST "#[static]float.add") handle add(handle a, double b) {
  moved = outer_rep(a);
  handle sum = inner_add(moved, b);
  outer_drop(a);
  moved = 0;
  return outer_new(sum);
}
EXPORT(FIRST "#[dtor]float") void dtor(handle rep) {
  if (rep != moved)
    inner_drop(rep);
}
