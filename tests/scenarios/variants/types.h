#include "../guest.h"

#define API "test:variants/api"

enum { NOTHING, CIRCLE, BOX, WORD, COLORED, INNER, CASES };

struct shape {
  u8 kind;
  union {
    float circle;
    struct {
      u64 width;
      u8 height;
    } box;
    struct slice word;
    u8 colored;
    struct {
      u8 is_err;
      union {
        u32 ok;
        double err;
      } as;
    } inner;
  } as;
};

/* The payloads joined: i64 for f32, u64, a pointer, a discriminant; i64 for u8, a length and u32 or f64. */
static inline u32 bits_of_float(float value) {
  union {
    float value;
    u32 bits;
  } both = {value};
  return both.bits;
}

static inline float float_of_bits(u32 bits) {
  union {
    u32 bits;
    float value;
  } both = {bits};
  return both.value;
}

static inline u64 bits_of_double(double value) {
  union {
    double value;
    u64 bits;
  } both = {value};
  return both.bits;
}

static inline double double_of_bits(u64 bits) {
  union {
    u64 bits;
    double value;
  } both = {bits};
  return both.value;
}
