#include "../guest.h"

#define API "test:strings/api"

IMPORT(API, "concatenate")
void concatenate(const char *a, u32 a_size, const char *b, u32 b_size, struct slice *result);
IMPORT(API, "split") void split(const char *text, u32 size, struct slice *result);
IMPORT(API, "last") u32 last(const char *text, u32 size);
IMPORT(API, "repeat") void repeat(u32 code_point, u32 count, struct slice *result);
IMPORT(API, "freed") u32 freed(void);

static struct slice got;

static int is(struct slice text, const char *wanted, u32 size) {
  return text.size == size && same_bytes(text.data, wanted, size);
}

EXPORT("run") u32 run(void) {
  concatenate("Hello, ", 7, "World!", 6, &got);
  CHECK(is(got, "Hello, World!", 13));
  concatenate("", 0, "", 0, &got);
  CHECK(got.size == 0);
  concatenate("gr\xc3\xbc\xc3\x9f", 6, " \xe6\x97\xa5\xf0\x9f\x8e\x89", 8, &got);
  CHECK(is(got, "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5\xf0\x9f\x8e\x89", 14));
  CHECK(freed() == 3);
  split("a bc  d\xc3\xa9", 9, &got);
  const struct slice *words = got.data;
  CHECK(got.size == 4 && is(words[0], "a", 1) && is(words[1], "bc", 2));
  CHECK(is(words[2], "", 0) && is(words[3], "d\xc3\xa9", 3));
  CHECK(freed() == 13);
  CHECK(last("x", 1) == 'x' && last("a\xc3\xa9", 3) == 0xe9 && last("\xf0\x9f\x8e\x89", 4) == 0x1f389);
  repeat(0x20ac, 1000, &got);
  CHECK(got.size == 3000 && same_bytes((u8 *)got.data + 2997, "\xe2\x82\xac", 3));
  CHECK(freed() == 13);
  return 0;
}

EXPORT("not-utf8") void not_utf8(void) { last("ab\xff", 3); }
EXPORT("cut-off") void cut_off(void) { last("ab\xe2\x82", 4); }
