#include "../guest.h"

#define OLDER "test:dep/store@0.1.0"
#define NEWER "test:dep/store@0.2.0"

IMPORT(OLDER, "[constructor]item") handle older_constructor(u32 value);
IMPORT(OLDER, "[method]item.get") u32 older_get(handle self);
IMPORT(OLDER, "[resource-drop]item") void older_drop(handle self);
IMPORT(OLDER, "version") void older_version(struct slice *result);
IMPORT(NEWER, "[constructor]item") handle newer_constructor(u64 value);
IMPORT(NEWER, "[method]item.get") u64 newer_get(handle self);
IMPORT(NEWER, "[resource-drop]item") void newer_drop(handle self);
IMPORT(NEWER, "version") void newer_version(u32 loud, struct slice *result);

EXPORT("run") u32 run(void) {
  handle a = older_constructor(7), b = newer_constructor(7ull << 33);
  CHECK(older_get(a) == 8 && newer_get(b) == (7ull << 33) + 2);
  older_drop(a);
  newer_drop(b);
  struct slice text;
  older_version(&text);
  CHECK(text.size == 5 && same_bytes(text.data, "older", 5));
  newer_version(0, &text);
  CHECK(text.size == 5 && same_bytes(text.data, "newer", 5));
  newer_version(1, &text);
  CHECK(text.size == 6 && same_bytes(text.data, "NEWER!", 6));
  return 0;
}
