#include "../guest.h"

IMPORT("[export]test:dep/store@0.2.0", "[resource-new]item") handle item_new(u64 *rep);

EXPORT("test:dep/store@0.2.0#[constructor]item") handle constructor(u64 value) {
  u64 *rep = allocate(sizeof *rep);
  *rep = value + 2;
  return item_new(rep);
}
EXPORT("test:dep/store@0.2.0#[method]item.get") u64 get(u64 *rep) { return *rep; }
EXPORT("test:dep/store@0.2.0#version") struct slice *version(u32 loud) {
  static struct slice text = {"newer", 5}, shout = {"NEWER!", 6};
  return loud ? &shout : &text;
}
