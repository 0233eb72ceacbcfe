#include "../guest.h"

IMPORT("test:third/things", "[method]thing.get") u32 get(handle self);
IMPORT("test:third/things", "[resource-drop]thing") void drop(handle self);

EXPORT("test:third/bin#throw") u32 throw(handle a) {
  u32 value = get(a);
  drop(a);
  return value;
}
EXPORT("test:third/bin#throw-all") void throw_all(const handle *all, u32 count) {
  for (u32 i = 0; i < count; i++)
    drop(all[i]);
}
