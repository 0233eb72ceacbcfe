#include "types.h"

EXPORT(API "#sixteen")
u32 sixteen(u32 a, u32 b, u32 c, u32 d, u32 e, u32 f, u32 g, u32 h, u32 i, u32 j, u32 k, u32 l, u32 m, u32 n, u32 o,
            u32 p) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * l + 13 * m +
         14 * n + 15 * o + 16 * p;
}

static u32 check(const struct seventeen *all) {
  CHECK(all->a == 255 && all->b == 1ull << 60 && all->c == 0.5f && all->d == -1e100 && all->e == -2);
  CHECK(all->f == 0x1f389 && all->g.size == 3 && same_bytes(all->g.data, "abc", 3) && all->h == 1);
  CHECK(all->i.size == 2 && ((u16 *)all->i.data)[0] == 10 && ((u16 *)all->i.data)[1] == 20);
  CHECK(all->j.is_some == 1 && all->j.value == 99 && all->k == 1 && all->l == 2 && all->m == 3 && all->n == -128);
  return 0;
}

EXPORT(API "#seventeen") struct answer *seventeen(const struct seventeen *all) {
  static struct answer result;
  result = (struct answer){check(all), all->g};
  return &result;
}
