#include "../guest.h"

IMPORT("test:alias/first", "[constructor]thing") handle constructor(u32 value);
IMPORT("test:alias/first", "[method]thing.get") u32 get(handle self);
IMPORT("test:alias/first", "[resource-drop]thing") void drop(handle self);
IMPORT("test:alias/first", "dropped") u32 dropped(void);
IMPORT("test:alias/second", "swap") void swap(handle left, handle right, handle *result);
IMPORT("test:alias/second", "peek") u32 peek(handle a);
IMPORT("test:alias/third", "all")
void all(const handle *pieces, u32 count, u32 is_some, handle left, handle right, struct slice *result);

EXPORT("run") u32 run(void) {
  handle pair[2];
  swap(constructor(1), constructor(2), pair);
  CHECK(get(pair[0]) == 2 && get(pair[1]) == 1);
  CHECK(peek(pair[0]) == 2);
  handle pieces[3] = {constructor(10), constructor(20), constructor(30)};
  struct slice list;
  all(pieces, 3, 1, pair[0], pair[1], &list);
  static const u32 values[5] = {10, 20, 30, 1, 2};
  CHECK(list.size == 5);
  for (u32 i = 0; i < 5; i++)
    CHECK(get(((handle *)list.data)[i]) == values[i] && peek(((handle *)list.data)[i]) == values[i]);
  CHECK(dropped() == 0);
  for (u32 i = 0; i < 5; i++)
    drop(((handle *)list.data)[i]);
  CHECK(dropped() == 63);
  all(0, 0, 0, 0, 0, &list);
  CHECK(list.size == 0);
  return 0;
}
