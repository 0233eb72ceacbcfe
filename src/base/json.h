/* json.h -- JSON being written: who writes says what there is, and not where commas and lines go.
 *
 *     json_open(&j, NULL, '{');
 *     json_number(&j, "size", 3);
 *     json_close(&j, '}');
 *
 * A `key` is null in a list. Spec: RFC 8259.
 */
#ifndef MELD_BASE_JSON_H
#define MELD_BASE_JSON_H

#include "base/buffer.h"

struct json {
  struct buffer *out;
  uint32_t depth;
  uint32_t line_depth; /* what is deeper than this is on one line; 0: each thing has a line of its own */
  bool has_items;      /* in what is open, something has been written */
};

void json_open(struct json *j, const char *key, char bracket);      /* '{' or '[' */
void json_open_line(struct json *j, const char *key, char bracket); /* all that is in it is on one line */
void json_close(struct json *j, char bracket);
void json_string(struct json *j, const char *key, struct bytes text);   /* of UTF-8 */
void json_optional(struct json *j, const char *key, struct bytes text); /* null where it is empty */
void json_number(struct json *j, const char *key, uint64_t number);
void json_index(struct json *j, const char *key, uint32_t index); /* null where it is UINT32_MAX */
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

#endif
