#include "../guest.h"

#define THINGS "test:traps/things"
#define KEEPER "test:traps/keeper"

IMPORT(THINGS, "[method]thing.get") u32 get(handle self);
IMPORT(THINGS, "consume") void consume(handle a);
IMPORT(THINGS, "two-borrows") u32 two_borrows(handle a, handle b);
IMPORT(THINGS, "[resource-drop]thing") void drop(handle self);

EXPORT(KEEPER "#look") u32 look(handle a) {
  u32 value = get(a) + two_borrows(a, a);
  drop(a);
  return value;
}
EXPORT(KEEPER "#look-twice") u32 look_twice(handle a, handle b) {
  REQUIRE(a != b);
  u32 value = two_borrows(a, b);
  drop(a);
  value += get(b);
  drop(b);
  return value;
}
EXPORT(KEEPER "#keep") void keep(handle a) { get(a); }
EXPORT(KEEPER "#give-away") void give_away(handle a) { consume(a); }
EXPORT(KEEPER "#drop-twice") void drop_twice(handle a) {
  drop(a);
  drop(a);
}
