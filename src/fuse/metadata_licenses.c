/* metadata_licenses.c -- the licences that the output has to be kept by.
 *
 *     "MIT OR Apache-2.0"  and  "BSD-3-Clause"     (MIT OR Apache-2.0) AND BSD-3-Clause
 *
 * Each part is under its own, so that all have to be kept: the operator is AND. Each expression is read before it is
 * put between parentheses, since one that is none could change what the others say. Whether an identifier is on SPDX's
 * list is not asked; a list would be out of date.
 *
 * Provides  merge_licenses.
 * Spec      SPDX 2.3, annex D "SPDX license expressions".
 */
#include "fuse/metadata.h"

#include <string.h>

/* Is read from left to right; parentheses are counted, so that there is no recursion. */
struct expression {
  struct bytes rest;
  uint32_t depth;
  bool is_compound; /* has an operator other than WITH */
};

static bool is_identifier_byte(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte && strchr("-.+:", byte));
}

static void skip_spaces(struct expression *e) {
  while (e->rest.size > 0 && *e->rest.at == ' ')
    e->rest = (struct bytes){e->rest.at + 1, e->rest.size - 1};
}

/* The next byte, if it is this one. */
static bool take_byte(struct expression *e, uint8_t byte) {
  skip_spaces(e);
  if (e->rest.size == 0 || *e->rest.at != byte)
    return false;
  e->rest = (struct bytes){e->rest.at + 1, e->rest.size - 1};
  return true;
}

/* The next identifier or operator; size 0: something else. */
static struct bytes take_word(struct expression *e) {
  skip_spaces(e);
  struct bytes word = {e->rest.at, 0};
  while (word.size < e->rest.size && is_identifier_byte(word.at[word.size]))
    word.size++;
  e->rest = (struct bytes){e->rest.at + word.size, e->rest.size - word.size};
  return word;
}

static bool is_word(struct bytes word, const char *upper, const char *lower) {
  return bytes_equal(word, bytes_of(upper)) || bytes_equal(word, bytes_of(lower));
}

static bool is_operator(struct bytes word) {
  return is_word(word, "AND", "and") || is_word(word, "OR", "or") || is_word(word, "WITH", "with");
}

static bool take_identifier(struct expression *e) {
  const struct bytes word = take_word(e);
  return word.size > 0 && !is_operator(word);
}

/* Any "(", an identifier, with an exception or without, and any ")". */
static bool take_operand(struct expression *e) {
  while (take_byte(e, '('))
    e->depth++;
  if (!take_identifier(e))
    return false;
  struct expression after = *e;
  if (is_word(take_word(&after), "WITH", "with")) {
    *e = after;
    if (!take_identifier(e))
      return false;
  }
  while (e->depth > 0 && take_byte(e, ')'))
    e->depth--;
  return true;
}

/* license-expression, as a whole. */
static bool read_expression(struct expression *e) {
  if (!take_operand(e))
    return false;
  for (skip_spaces(e); e->rest.size > 0; skip_spaces(e)) {
    const struct bytes word = take_word(e);
    if (!is_word(word, "AND", "and") && !is_word(word, "OR", "or"))
      return false;
    e->is_compound = true;
    if (!take_operand(e))
      return false;
  }
  return e->depth == 0;
}

struct bytes merge_licenses(struct context *c, const struct statements *given) {
  struct buffer joined = new_buffer(c);
  uint32_t count = 0;
  for (uint32_t i = 0; i < given->contents.count; i++) {
    struct expression e = {given->contents.items[i], 0, false};
    count += read_expression(&e);
  }
  for (uint32_t i = 0; i < given->contents.count; i++) {
    const struct bytes text = given->contents.items[i];
    struct expression e = {text, 0, false};
    if (!read_expression(&e))
      continue;
    const bool has_parentheses = e.is_compound && count > 1;
    put_bytes(&joined, bytes_of(joined.size == 0 ? "" : " AND "));
    put_bytes(&joined, bytes_of(has_parentheses ? "(" : ""));
    put_bytes(&joined, text);
    put_bytes(&joined, bytes_of(has_parentheses ? ")" : ""));
  }
  return buffer_bytes(&joined);
}
