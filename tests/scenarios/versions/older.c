#include "../guest.h"

IMPORT("[export]test:dep/store@0.1.0", "[resource-new]item") handle item_new(u32 rep);

EXPORT("test:dep/store@0.1.0#[constructor]item") handle constructor(u32 value) { return item_new(value + 1); }
EXPORT("test:dep/store@0.1.0#[method]item.get") u32 get(u32 rep) { return rep; }
EXPORT("test:dep/store@0.1.0#version") struct slice *version(void) {
  static struct slice text = {"older", 5};
  return &text;
}
