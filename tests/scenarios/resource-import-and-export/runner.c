#include "../guest.h"

#define THINGS "test:both/things"
#define INNER "test:both/inner-things"

IMPORT(THINGS, "[constructor]thing") handle constructor(u32 value);
IMPORT(THINGS, "[method]thing.get") u32 get(handle self);
IMPORT(THINGS, "[method]thing.set") void set(handle self, u32 value);
IMPORT(THINGS, "[static]thing.sum") handle sum(handle a, handle b);
IMPORT(THINGS, "[resource-drop]thing") void drop(handle self);
IMPORT(INNER, "[constructor]thing") handle inner_constructor(u32 value);
IMPORT(INNER, "[method]thing.get") u32 inner_get(handle self);
IMPORT(INNER, "[static]thing.sum") handle inner_sum(handle a, handle b);
IMPORT(INNER, "[resource-drop]thing") void inner_drop(handle self);
IMPORT("$root", "forwarded") handle forwarded(handle a);
IMPORT("test:both/counts", "dropped") u32 dropped(void);

static u32 run_outer(void) {
  handle a = constructor(1), b = constructor(2);
  u32 offset = get(a) - 1;
  CHECK(offset % 1000 == 0);
  CHECK(get(b) == offset + 2);
  set(b, 40);
  CHECK(get(b) == offset + 40);
  handle both = sum(a, b);
  CHECK(get(both) == offset + 41);
  CHECK(dropped() == 2);
  drop(both);
  CHECK(dropped() == 3);
  return 0;
}

static u32 run_inner(void) {
  handle thing = inner_constructor(21);
  handle back = forwarded(thing);
  CHECK(inner_get(back) == 42);
  CHECK(dropped() == 3);
  handle both = inner_sum(back, inner_constructor(8));
  CHECK(inner_get(both) == 50);
  CHECK(dropped() == 5);
  inner_drop(both);
  CHECK(dropped() == 6);
  return 0;
}

EXPORT("run") u32 run(void) {
  u32 failed = run_outer();
  return failed ? failed : run_inner();
}
