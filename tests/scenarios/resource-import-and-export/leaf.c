#include "../guest.h"

#define THINGS "test:both/things"

IMPORT("[export]" THINGS, "[resource-new]thing") handle thing_new(u32 *rep);
IMPORT("[export]" THINGS, "[resource-rep]thing") u32 *thing_rep(handle self);
IMPORT("[export]" THINGS, "[resource-drop]thing") void thing_drop(handle self);

static u32 dropped;

EXPORT(THINGS "#[constructor]thing") handle constructor(u32 value) {
  u32 *rep = allocate(sizeof *rep);
  *rep = value;
  return thing_new(rep);
}
EXPORT(THINGS "#[method]thing.get") u32 get(u32 *rep) { return *rep; }
EXPORT(THINGS "#[method]thing.set") void set(u32 *rep, u32 value) { *rep = value; }
EXPORT(THINGS "#[static]thing.sum") handle sum(handle a, handle b) {
  u32 value = *thing_rep(a) + *thing_rep(b);
  thing_drop(a);
  thing_drop(b);
  return constructor(value);
}
EXPORT(THINGS "#[dtor]thing") void dtor(u32 *rep) {
  REQUIRE(*rep != 0xdead);
  *rep = 0xdead;
  dropped++;
}
EXPORT("test:both/counts#dropped") u32 count(void) { return dropped; }
