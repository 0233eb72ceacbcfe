#include "../guest.h"

IMPORT("test:twice/counter", "[method]ticket.number") u32 number(handle self);
IMPORT("test:twice/counter", "next") handle next(void);
IMPORT("test:twice/counter", "returned") u32 returned(handle a);
IMPORT("test:twice/counter", "[resource-drop]ticket") void drop(handle self);
IMPORT("test:twice/other-counter", "[method]ticket.number") u32 other_number(handle self);
IMPORT("test:twice/other-counter", "next") handle other_next(void);
IMPORT("test:twice/other-counter", "returned") u32 other_returned(handle a);

EXPORT("run") u32 run(void) {
  handle a = next(), b = next(), c = other_next(), d = next();
  CHECK(number(a) == 1 && number(b) == 2 && other_number(c) == 1 && number(d) == 3);
  drop(b);
  CHECK(returned(d) == 5);
  CHECK(other_returned(c) == 1);
  CHECK(returned(a) == 6);
  CHECK(other_returned(other_next()) == 3);
  return 0;
}

/* Two instances of one component define two resource types. */
EXPORT("exchanged") void exchanged(void) { other_returned(next()); }
