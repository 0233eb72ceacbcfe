#include "../guest.h"

#define THINGS "test:both/things"

IMPORT(THINGS, "[method]thing.get") u32 get(handle self);
IMPORT(THINGS, "[method]thing.set") void set(handle self, u32 value);

EXPORT("double") handle twice(handle a) {
  set(a, 2 * get(a));
  return a;
}
