/* Knows not how many intermediates there are: `depth` counts them, by the marks that each leaves. */
#include "../guest.h"

#define THINGS "test:lists/things"

IMPORT(THINGS, "[constructor]thing") handle constructor(const char *bytes, u32 size);
IMPORT(THINGS, "[method]thing.get") void get(handle self, struct slice *result);
IMPORT(THINGS, "[method]thing.append") void append(handle self, const char *bytes, u32 size);
IMPORT(THINGS, "[static]thing.join") void join(const struct slice *parts, u32 count, struct slice *result);
IMPORT(THINGS, "[resource-drop]thing") void drop(handle self);
IMPORT("test:lists/counts", "dropped") u32 dropped(void);

static struct slice got;

static int holds(handle self, u32 depth, const char *before, const char *after, u32 size_before, u32 size_after) {
  get(self, &got);
  if (got.size != 2 * depth + size_before + size_after)
    return 0;
  const u8 *bytes = got.data;
  for (u32 i = 0; i < depth; i++)
    if (bytes[i] != '<' || bytes[depth + size_before + i] != 'i')
      return 0;
  return same_bytes(bytes + depth, before, size_before) &&
         same_bytes(bytes + 2 * depth + size_before, after, size_after);
}

EXPORT("run") u32 run(void) {
  handle empty = constructor("", 0);
  get(empty, &got);
  u32 depth = got.size / 2;
  CHECK(depth <= 2);
  handle one = constructor("Hello", 5), two = constructor("Bye", 3);
  CHECK(holds(empty, depth, "", "", 0, 0));
  CHECK(holds(one, depth, "Hello", "", 5, 0));
  append(one, ", World!", 8);
  append(one, "", 0);
  CHECK(holds(one, depth, "Hello", ", World!", 5, 8));
  CHECK(holds(two, depth, "Bye", "", 3, 0));
  struct slice parts[4] = {{"ab", 2}, {"", 0}, {"c", 1}, {"defg", 4}};
  join(parts, 4, &got);
  CHECK(got.size == 7 && same_bytes(got.data, "abcdefg", 7));
  join(parts, 0, &got);
  CHECK(got.size == 0);
  CHECK(dropped() == 0);
  drop(one);
  CHECK(dropped() == 1);
  CHECK(holds(two, depth, "Bye", "", 3, 0));
  handle three = constructor("x", 1);
  CHECK(three == one);
  CHECK(holds(three, depth, "x", "", 1, 0));
  drop(two);
  drop(three);
  drop(empty);
  CHECK(dropped() == 4);
  return 0;
}
