#include "../guest.h"

#define API "test:many-arguments/api"

struct seventeen {
  u8 a;
  u64 b;
  float c;
  double d;
  s16 e;
  u32 f;
  struct slice g;
  u8 h;
  struct slice i;
  struct {
    u8 is_some;
    u64 value;
  } j;
  u32 k, l, m;
  s8 n;
};

struct answer {
  u32 line;
  struct slice text;
};
