#include "../guest.h"

#define THINGS "test:traps/things"
#define KEEPER "test:traps/keeper"

IMPORT(THINGS, "[constructor]thing") handle constructor(void);
IMPORT(THINGS, "[constructor]other") handle other_constructor(void);
IMPORT(THINGS, "[method]thing.get") u32 get(handle self);
IMPORT(THINGS, "consume") void consume(handle a);
IMPORT(THINGS, "borrow-and-consume") void borrow_and_consume(handle a, handle b);
IMPORT(THINGS, "two-borrows") u32 two_borrows(handle a, handle b);
IMPORT(THINGS, "dropped") u32 dropped(void);
IMPORT(THINGS, "[resource-drop]thing") void drop(handle self);
IMPORT(THINGS, "[resource-drop]other") void other_drop(handle self);
IMPORT(KEEPER, "look") u32 look(handle a);
IMPORT(KEEPER, "look-twice") u32 look_twice(handle a, handle b);
IMPORT(KEEPER, "keep") void keep(handle a);
IMPORT(KEEPER, "give-away") void give_away(handle a);
IMPORT(KEEPER, "drop-twice") void keeper_drop_twice(handle a);

/* What must not trap, next to what must. */
EXPORT("run") u32 run(void) {
  handle a = constructor(), b = constructor();
  CHECK(a == 1 && b == 2);
  CHECK(get(a) == 100 && two_borrows(a, a) == 200 && two_borrows(a, b) == 201);
  CHECK(look(a) == 300 && look(b) == 303);
  CHECK(look_twice(a, a) == 300 && look_twice(a, b) == 302);
  borrow_and_consume(a, b);
  CHECK(dropped() == 1);
  handle c = other_constructor(), d = constructor();
  CHECK(c == 2 && d == 3);
  CHECK(get(d) == 102);
  other_drop(c);
  CHECK(dropped() == 1);
  drop(a);
  drop(d);
  CHECK(dropped() == 3);
  CHECK(constructor() == 3 && constructor() == 1 && constructor() == 2 && constructor() == 4);
  return 0;
}

EXPORT("own-missing") void own_missing(void) { consume(1); }
EXPORT("own-of-another-type") void own_of_another_type(void) { consume(other_constructor()); }
EXPORT("own-twice") void own_twice(void) {
  handle a = constructor();
  consume(a);
  consume(a);
}
EXPORT("own-while-lent") void own_while_lent(void) {
  handle a = constructor();
  borrow_and_consume(a, a);
}
EXPORT("borrow-missing") void borrow_missing(void) { look(0); }
EXPORT("borrow-of-another-type") void borrow_of_another_type(void) { look(other_constructor()); }
EXPORT("borrow-kept") void borrow_kept(void) { keep(constructor()); }
EXPORT("borrow-as-own") void borrow_as_own(void) { give_away(constructor()); }
EXPORT("borrow-dropped-twice") void borrow_dropped_twice(void) { keeper_drop_twice(constructor()); }
EXPORT("drop-missing") void drop_missing(void) { drop(7); }
EXPORT("drop-of-another-type") void drop_of_another_type(void) { drop(other_constructor()); }
EXPORT("drop-twice") void drop_twice(void) {
  handle a = constructor();
  drop(a);
  drop(a);
}
EXPORT("largest-handle") void largest_handle(void) { get(0xffffffff); }
