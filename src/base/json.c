/* json.c -- values, with what has to be between them.
 *
 * Provides  what json.h declares.
 * Spec      RFC 8259.
 */
#include "base/json.h"

#include "base/utf8.h"

#include <assert.h>

static void put_in_buffer(void *to, struct bytes text) { put_bytes(to, text); }
static void put_on_stream(void *to, struct bytes text) { fwrite(text.at, 1, text.size, to); }

struct json json_to_buffer(struct buffer *out) { return (struct json){.put = put_in_buffer, .to = out}; }
struct json json_to_stream(FILE *out) { return (struct json){.put = put_on_stream, .to = out}; }

static void put(const struct json *j, const char *text) { j->put(j->to, bytes_of(text)); }

static void put_run(const struct json *j, struct bytes text, size_t from, size_t end) {
  if (from < end)
    j->put(j->to, (struct bytes){text.at + from, end - from});
}

static bool is_digit(uint8_t byte) { return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f'); }

/* Four characters that stand for a byte? */
static bool is_byte_escape(struct bytes text) {
  return text.size >= 4 && text.at[0] == '\\' && text.at[1] == 'x' && is_digit(text.at[2]) && is_digit(text.at[3]);
}

/* What stands for the character or byte at the start of `text`, of which it takes `size` bytes; empty: the character
 * itself. */
static void escape(char out[8], struct bytes text, bool is_name, size_t *size) {
  const uint32_t character = decode_character(text, size);
  out[0] = '\0';
  if (*size == 0) {
    assert(is_name);
    *size = 1;
    snprintf(out, 8, "\\\\x%02x", text.at[0]);
  } else if (disturbs_text(character)) {
    snprintf(out, 8, "\\u%04x", character);
  } else if (is_name && is_byte_escape(text)) {
    snprintf(out, 8, "\\\\x5c");
  } else if (character == '"' || character == '\\') {
    snprintf(out, 8, "\\%c", (char)character);
  }
}

static void put_string(const struct json *j, struct bytes text, bool is_name) {
  size_t plain = 0; /* where what has not been written begins */
  put(j, "\"");
  for (size_t at = 0, size; at < text.size; at += size) {
    char escaped[8];
    escape(escaped, (struct bytes){text.at + at, text.size - at}, is_name, &size);
    if (!escaped[0])
      continue;
    put_run(j, text, plain, at);
    put(j, escaped);
    plain = at + size;
  }
  put_run(j, text, plain, text.size);
  put(j, "\"");
}

static void start_line(const struct json *j) {
  if (j->line_depth)
    return;
  put(j, "\n");
  for (uint32_t i = 0; i < j->depth; i++)
    put(j, " ");
}

static void start_value(struct json *j, const char *key) {
  if (j->has_items)
    put(j, ",");
  if (j->depth)
    start_line(j);
  j->has_items = true;
  if (!key)
    return;
  put_string(j, bytes_of(key), false);
  put(j, ":");
}

static void put_bracket(const struct json *j, char bracket) { put(j, (const char[]){bracket, '\0'}); }

void json_open(struct json *j, const char *key, char bracket) {
  start_value(j, key);
  put_bracket(j, bracket);
  j->depth++;
  j->has_items = false;
}

void json_open_line(struct json *j, const char *key, char bracket) {
  json_open(j, key, bracket);
  if (!j->line_depth)
    j->line_depth = j->depth;
}

void json_close(struct json *j, char bracket) {
  assert(j->depth > 0);
  j->depth--;
  if (j->has_items)
    start_line(j);
  if (j->line_depth > j->depth)
    j->line_depth = 0;
  put_bracket(j, bracket);
  j->has_items = true;
  if (j->depth == 0)
    put(j, "\n");
}

void json_string(struct json *j, const char *key, struct bytes text) {
  start_value(j, key);
  put_string(j, text, true);
}

void json_optional(struct json *j, const char *key, struct bytes text) {
  if (text.size)
    json_string(j, key, text);
  else
    json_null(j, key);
}

void json_sentence(struct json *j, const char *key, struct bytes text) {
  if (!text.size) {
    json_null(j, key);
    return;
  }
  start_value(j, key);
  put_string(j, text, false);
}

void json_number(struct json *j, const char *key, uint64_t number) {
  char digits[24];
  snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
  start_value(j, key);
  put(j, digits);
}

void json_index(struct json *j, const char *key, uint32_t index) {
  if (index == UINT32_MAX)
    json_null(j, key);
  else
    json_number(j, key, index);
}

void json_bool(struct json *j, const char *key, bool value) {
  start_value(j, key);
  put(j, value ? "true" : "false");
}

void json_null(struct json *j, const char *key) {
  start_value(j, key);
  put(j, "null");
}
