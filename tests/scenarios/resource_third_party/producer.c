#include "../guest.h"

#define MAKER "test:third/maker"

IMPORT("test:third/things", "[constructor]thing") handle constructor(u32 value);
IMPORT("test:third/things", "[method]thing.get") u32 get(handle self);

static handle it;

EXPORT(MAKER "#make") handle make(u32 value) { return constructor(value); }
EXPORT(MAKER "#held") u32 held(void) { return it ? get(it) : 0; }
EXPORT(MAKER "#hold") void hold(handle a) { it = a; }
EXPORT(MAKER "#release") handle release(void) {
  handle released = it;
  it = 0;
  return released;
}
