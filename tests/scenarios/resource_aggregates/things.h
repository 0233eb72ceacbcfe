/* The aggregates of world.wit as they lie in memory, where thing is a handle. */
#include "../guest.h"

#define THINGS "test:aggregates/things"

struct holder {
  u8 before;
  handle it;
  u64 after;
};

struct lender {
  handle it;
  u32 weight;
};

struct nested {
  struct holder holder;
  struct slice others;
};

enum { CHOICE_NONE, CHOICE_ONE, CHOICE_NUMBER, CHOICE_TWO };
struct choice {
  u8 kind;
  union {
    handle one;
    u64 number;
    handle two[2];
  } as;
};

struct lent_choice {
  u8 kind;
  handle one;
};

/* option<thing>, result<thing, …>: the discriminant is 1 for some, for err. */
struct one_of {
  u8 discriminant;
  u32 it;
};

/* The parameters of `weigh`: more than sixteen flat ones, so they are passed in memory. */
struct weigh {
  struct holder a;
  struct lender b;
  struct nested c;
  struct choice d;
  struct lent_choice e;
  struct slice f, g;
  struct one_of h, i, j, k;
  handle l[2];
};
