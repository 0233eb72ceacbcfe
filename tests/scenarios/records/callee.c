#include "types.h"

EXPORT(API "#flip") struct small *flip(u32 a, s32 b, u32 c) {
  static struct small result;
  result = (struct small){(u8)~a, (s16)-b, !c};
  return &result;
}

EXPORT(API "#turn")
struct mixed *turn(u32 a, u64 b, float c, u32 da, s32 db, u32 dc, u32 e, double f, s32 g) {
  static struct mixed result;
  result = (struct mixed){(u8)g, ~b, (float)f, {(u8)(da + 1), (s16)(db - 1), !dc}, e + 1, c, (s8)a};
  return &result;
}

EXPORT(API "#swap") struct pair *swap(const struct pair *a) {
  static struct pair result;
  result = (struct pair){a->right, a->left};
  return &result;
}

EXPORT(API "#first") struct three *first(u32 a, u32 b, s64 c) {
  static struct three result;
  result = (struct three){c, (u16)b, a};
  return &result;
}
