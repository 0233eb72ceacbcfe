#include "types.h"

IMPORT(API, "flip") void flip(u32 a, s32 b, u32 c, struct small *result);
IMPORT(API, "turn")
void turn(u32 a, u64 b, float c, u32 da, s32 db, u32 dc, u32 e, double f, s32 g, struct mixed *result);
IMPORT(API, "swap") void swap(const struct pair *a, struct pair *result);
IMPORT(API, "first") void first(u32 a, u32 b, s64 c, struct three *result);

static int same(const struct mixed *x, const struct mixed *y) {
  return x->a == y->a && x->b == y->b && x->c == y->c && x->d.a == y->d.a && x->d.b == y->d.b && x->d.c == y->d.c &&
         x->e == y->e && x->f == y->f && x->g == y->g;
}

EXPORT("run") u32 run(void) {
  struct small small;
  flip(0xf0, 300, 1, &small);
  CHECK(small.a == 0x0f && small.b == -300 && small.c == 0);
  flip(0, -32767, 0, &small);
  CHECK(small.a == 0xff && small.b == 32767 && small.c == 1);
  struct mixed mixed;
  turn(200, 1ull << 63, 1.5f, 254, -32767, 0, 0x10fffe, -2.25, -128, &mixed);
  CHECK(mixed.a == 128 && mixed.b == ~(1ull << 63) && mixed.c == -2.25f && mixed.d.a == 255);
  CHECK(mixed.d.b == -32768 && mixed.d.c == 1 && mixed.e == 0x10ffff && mixed.f == 1.5 && mixed.g == -56);
  struct pair pair = {mixed, mixed}, swapped;
  pair.right.b = 77;
  pair.right.g = 1;
  swap(&pair, &swapped);
  CHECK(same(&swapped.left, &pair.right) && same(&swapped.right, &pair.left));
  CHECK(!same(&swapped.left, &swapped.right));
  struct three three;
  first(0xffffffff, 65535, -(1ll << 62), &three);
  CHECK(three.a == -(1ll << 62) && three.b == 65535 && three.c == 0xffffffff);
  return 0;
}
