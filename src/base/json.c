/* json.c -- values, with what has to be between them.
 *
 * Provides  what json.h declares. Names are written as they are: only what JSON does not let stand is escaped.
 * Spec      RFC 8259.
 */
#include "base/json.h"

#include <assert.h>

static void put_json_text_of(struct buffer *out, struct bytes text) {
  put_byte(out, '"');
  for (size_t i = 0; i < text.size; i++) {
    const uint8_t byte = text.at[i];
    if (byte < 0x20 || byte == 0x7f)
      put_formatted(out, "\\u%04x", byte);
    else if (byte == '"' || byte == '\\')
      put_formatted(out, "\\%c", byte);
    else
      put_byte(out, byte);
  }
  put_byte(out, '"');
}

static void start_line(const struct json *j) {
  if (j->line_depth)
    return;
  put_byte(j->out, '\n');
  for (uint32_t i = 0; i < j->depth; i++)
    put_byte(j->out, ' ');
}

static void start_value(struct json *j, const char *key) {
  if (j->has_items)
    put_bytes(j->out, bytes_of(j->line_depth ? ", " : ","));
  if (j->depth)
    start_line(j);
  j->has_items = true;
  if (!key)
    return;
  put_json_text_of(j->out, bytes_of(key));
  put_bytes(j->out, bytes_of(": "));
}

void json_open(struct json *j, const char *key, char bracket) {
  start_value(j, key);
  put_byte(j->out, (uint8_t)bracket);
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
  put_byte(j->out, (uint8_t)bracket);
  j->has_items = true;
}

void json_string(struct json *j, const char *key, struct bytes text) {
  start_value(j, key);
  put_json_text_of(j->out, text);
}

void json_optional(struct json *j, const char *key, struct bytes text) {
  if (text.size)
    json_string(j, key, text);
  else
    json_null(j, key);
}

void json_number(struct json *j, const char *key, uint64_t number) {
  start_value(j, key);
  put_formatted(j->out, "%llu", (unsigned long long)number);
}

void json_index(struct json *j, const char *key, uint32_t index) {
  if (index == UINT32_MAX)
    json_null(j, key);
  else
    json_number(j, key, index);
}

void json_bool(struct json *j, const char *key, bool value) {
  start_value(j, key);
  put_bytes(j->out, bytes_of(value ? "true" : "false"));
}

void json_null(struct json *j, const char *key) {
  start_value(j, key);
  put_bytes(j->out, bytes_of("null"));
}
