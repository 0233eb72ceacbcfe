#include "types.h"

IMPORT(API, "sixteen")
u32 sixteen(u32 a, u32 b, u32 c, u32 d, u32 e, u32 f, u32 g, u32 h, u32 i, u32 j, u32 k, u32 l, u32 m, u32 n, u32 o,
            u32 p);
IMPORT(API, "seventeen") void seventeen(const struct seventeen *all, struct answer *result);

EXPORT("run") u32 run(void) {
  CHECK(sixteen(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1) == 136);
  CHECK(sixteen(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 10, 100) == 14 + 150 + 1600);
  static u16 list[2] = {10, 20};
  static struct seventeen all = {255, 1ull << 60, 0.5f,    -1e100, -2, 0x1f389, {"abc", 3},
                                 1,   {list, 2},  {1, 99}, 1,      2,  3,       -128};
  struct answer answer;
  seventeen(&all, &answer);
  CHECK(answer.line == 0);
  CHECK(answer.text.size == 3 && same_bytes(answer.text.data, "abc", 3));
  return 0;
}
