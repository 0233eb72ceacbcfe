/* Imports and exports one interface; each of its things wraps an imported one and adds 1000. */
#include "../guest.h"

#define THINGS "test:both/things"

IMPORT(THINGS, "[constructor]thing") handle inner_constructor(u32 value);
IMPORT(THINGS, "[method]thing.get") u32 inner_get(handle self);
IMPORT(THINGS, "[method]thing.set") void inner_set(handle self, u32 value);
IMPORT(THINGS, "[static]thing.sum") handle inner_sum(handle a, handle b);
IMPORT(THINGS, "[resource-drop]thing") void inner_drop(handle self);
IMPORT("[export]" THINGS, "[resource-new]thing") handle outer_new(u32 rep);
IMPORT("[export]" THINGS, "[resource-rep]thing") u32 outer_rep(handle self);
IMPORT("[export]" THINGS, "[resource-drop]thing") void outer_drop(handle self);
IMPORT("$root", "double") handle twice(handle a);

static handle inner[32]; /* by representation; 0: moved away */
static u32 made = 1;

static handle wrap(handle value) {
  inner[made] = value;
  return outer_new(made++);
}

static handle unwrap(handle self) {
  u32 rep = outer_rep(self);
  handle value = inner[rep];
  inner[rep] = 0;
  outer_drop(self);
  return value;
}

EXPORT(THINGS "#[constructor]thing") handle constructor(u32 value) { return wrap(inner_constructor(value)); }
EXPORT(THINGS "#[method]thing.get") u32 get(u32 rep) { return inner_get(inner[rep]) + 1000; }
EXPORT(THINGS "#[method]thing.set") void set(u32 rep, u32 value) { inner_set(inner[rep], value); }
EXPORT(THINGS "#[static]thing.sum") handle sum(handle a, handle b) { return wrap(inner_sum(unwrap(a), unwrap(b))); }
EXPORT(THINGS "#[dtor]thing") void dtor(u32 rep) {
  if (inner[rep])
    inner_drop(inner[rep]);
}
EXPORT("forwarded") handle forwarded(handle a) { return twice(a); }
