#include "../guest.h"

#define API "test:strings/api"

static struct slice result;
static u32 freed;

EXPORT(API "#concatenate") struct slice *concatenate(const u8 *a, u32 a_size, const u8 *b, u32 b_size) {
  u8 *text = allocate(a_size + b_size);
  memcpy(text, a, a_size);
  memcpy(text + a_size, b, b_size);
  result = (struct slice){text, a_size + b_size};
  return &result;
}
EXPORT("cabi_post_" API "#concatenate") void free_concatenated(struct slice *given) {
  REQUIRE(given == &result);
  freed++;
}

/* At each space. */
EXPORT(API "#split") struct slice *split(u8 *text, u32 size) {
  struct slice *words = allocate(16 * sizeof *words);
  u32 count = 0, start = 0;
  for (u32 i = 0; i <= size; i++) {
    if (i < size && text[i] != ' ')
      continue;
    words[count++] = (struct slice){text + start, i - start};
    start = i + 1;
  }
  result = (struct slice){words, count};
  return &result;
}
EXPORT("cabi_post_" API "#split") void free_split(struct slice *given) {
  REQUIRE(given == &result);
  freed += 10;
}

EXPORT(API "#last") u32 last(const u8 *text, u32 size) {
  u32 start = size - 1, value;
  while ((text[start] & 0xc0) == 0x80)
    start--;
  u32 length = size - start;
  value = length == 1 ? text[start] : text[start] & (0x7fu >> length);
  for (u32 i = 1; i < length; i++)
    value = value << 6 | (text[start + i] & 0x3f);
  return value;
}

EXPORT(API "#repeat") struct slice *repeat(u32 code_point, u32 count) {
  REQUIRE(code_point >= 0x800 && code_point < 0x10000);
  u8 *text = allocate(3 * count);
  for (u32 i = 0; i < count; i++) {
    text[3 * i] = (u8)(0xe0 | code_point >> 12);
    text[3 * i + 1] = (u8)(0x80 | (code_point >> 6 & 0x3f));
    text[3 * i + 2] = (u8)(0x80 | (code_point & 0x3f));
  }
  result = (struct slice){text, 3 * count};
  return &result;
}

EXPORT(API "#freed") u32 count_of_freed(void) { return freed; }
