#include "../guest.h"

IMPORT("test:third/things", "[constructor]thing") handle constructor(u32 value);
IMPORT("test:third/things", "[method]thing.get") u32 get(handle self);
IMPORT("test:third/things", "dropped") u32 dropped(void);
IMPORT("test:third/maker", "make") handle make(u32 value);
IMPORT("test:third/maker", "held") u32 held(void);
IMPORT("test:third/maker", "hold") void hold(handle a);
IMPORT("test:third/maker", "release") handle release(void);
IMPORT("test:third/bin", "throw") u32 throw(handle a);
IMPORT("test:third/bin", "throw-all") void throw_all(const handle *all, u32 count);

EXPORT("run") u32 run(void) {
  CHECK(throw(make(1)) == 1);
  CHECK(dropped() == 1);
  CHECK(throw(constructor(2)) == 2);
  CHECK(dropped() == 12);
  hold(constructor(3));
  CHECK(held() == 3 && dropped() == 12);
  handle back = release();
  CHECK(get(back) == 3 && held() == 0);
  handle all[3] = {make(4), back, constructor(5)};
  throw_all(all, 3);
  CHECK(dropped() == 12435);
  return 0;
}
