#include "../guest.h"

#define API "test:records/api"

struct small {
  u8 a;
  s16 b;
  u8 c;
};

struct mixed {
  u8 a;
  u64 b;
  float c;
  struct small d;
  u32 e;
  double f;
  s8 g;
};

struct pair {
  struct mixed left, right;
};

struct three {
  s64 a;
  u16 b;
  u32 c;
};
