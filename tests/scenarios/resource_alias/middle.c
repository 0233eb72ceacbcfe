#include "../guest.h"

IMPORT("test:alias/first", "[method]thing.get") u32 get(handle self);
IMPORT("test:alias/first", "[resource-drop]thing") void drop(handle self);

EXPORT("test:alias/second#swap") handle *swap(handle left, handle right) {
  static handle swapped[2];
  swapped[0] = right;
  swapped[1] = left;
  return swapped;
}

EXPORT("test:alias/second#peek") u32 peek(handle a) {
  u32 value = get(a);
  drop(a);
  return value;
}
