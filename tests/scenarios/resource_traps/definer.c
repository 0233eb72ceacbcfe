#include "../guest.h"

#define THINGS "test:traps/things"

IMPORT("[export]" THINGS, "[resource-new]thing") handle thing_new(u32 rep);
IMPORT("[export]" THINGS, "[resource-drop]thing") void thing_drop(handle self);
IMPORT("[export]" THINGS, "[resource-new]other") handle other_new(u32 rep);

static u32 made, dropped;

EXPORT(THINGS "#[constructor]thing") handle thing_constructor(void) { return thing_new(100 + made++); }
EXPORT(THINGS "#[constructor]other") handle other_constructor(void) { return other_new(200); }
EXPORT(THINGS "#[method]thing.get") u32 get(u32 rep) { return rep; }
EXPORT(THINGS "#consume") void consume(handle a) { thing_drop(a); }
EXPORT(THINGS "#borrow-and-consume") void borrow_and_consume(u32 rep, handle a) {
  REQUIRE(rep >= 100);
  thing_drop(a);
}
EXPORT(THINGS "#two-borrows") u32 two_borrows(u32 a, u32 b) { return a + b; }
EXPORT(THINGS "#dropped") u32 count(void) { return dropped; }
EXPORT(THINGS "#[dtor]thing") void dtor(u32 rep) {
  REQUIRE(rep >= 100 && rep < 100 + made);
  dropped++;
}
