/* report_like.c -- names that are like one that there is not, for those who mistyped it.
 *
 *     "gret"   "greet"
 *
 * Alike are names that a few insertions, deletions and replacements of bytes make equal: up to a third of their size.
 * Of these the nearest are told, and among equals the first.
 *
 * Provides  names_like.
 */
#include "fuse/report.h"

#define LIKE_COUNT 3
#define LIKE_SIZE_LIMIT 64 /* bytes of a name; one that is longer is like no other */

struct like {
  struct bytes names[LIKE_COUNT];
  uint32_t distances[LIKE_COUNT];
  uint32_t count;
};

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Levenshtein's distance; row i of his matrix after i bytes of `a`. */
static uint32_t distance(struct bytes a, struct bytes b) {
  uint32_t row[LIKE_SIZE_LIMIT + 1];
  for (uint32_t n = 0; n <= b.size; n++)
    row[n] = n;
  for (uint32_t i = 0; i < a.size; i++) {
    uint32_t diagonal = row[0];
    row[0] = i + 1;
    for (uint32_t n = 0; n < b.size; n++) {
      const uint32_t replaced = diagonal + (a.at[i] != b.at[n]);
      diagonal = row[n + 1];
      row[n + 1] = least(replaced, least(row[n], row[n + 1]) + 1);
    }
  }
  return row[b.size];
}

static void consider(struct like *like, struct bytes name, struct bytes wanted) {
  const size_t longer = name.size > wanted.size ? name.size : wanted.size;
  const size_t shorter = name.size > wanted.size ? wanted.size : name.size;
  if (!name.size || longer > LIKE_SIZE_LIMIT || longer - shorter > longer / 3)
    return;
  const uint32_t far = distance(name, wanted);
  if (far > longer / 3 || (like->count == LIKE_COUNT && far >= like->distances[LIKE_COUNT - 1]))
    return;
  for (uint32_t i = 0; i < like->count; i++)
    if (bytes_equal(like->names[i], name))
      return;
  uint32_t at = like->count < LIKE_COUNT ? like->count++ : LIKE_COUNT - 1;
  for (; at > 0 && like->distances[at - 1] > far; at--) {
    like->names[at] = like->names[at - 1];
    like->distances[at] = like->distances[at - 1];
  }
  like->names[at] = name;
  like->distances[at] = far;
}

struct bytes names_like(struct context *c, const struct origins *origins, const struct module *out, struct bytes name) {
  struct like like = {0};
  for (uint32_t i = 0; i < out->exports.count; i++)
    consider(&like, out->exports.items[i].name, name);
  for (uint32_t space = 0; space < INDEX_SPACE_COUNT; space++)
    for (uint32_t i = 0; i < origins->count[space]; i++)
      for (const struct origin *of = &origins->of[space][i]; of; of = of->also)
        consider(&like, of->name, name);
  struct buffer names = new_buffer(c);
  for (uint32_t i = 0; i < like.count; i++)
    put_formatted(&names, "%s\"%.*s\"", i ? ", " : "", SHOW(like.names[i]));
  return buffer_bytes(&names);
}
