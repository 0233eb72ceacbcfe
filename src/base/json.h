/* json.h -- JSON being written: who writes says what there is, and not where commas and lines go.
 *
 *     struct json j = json_to_buffer(&out);
 *     json_open(&j, NULL, '{');
 *     json_number(&j, "size", 3);
 *     json_close(&j, '}');
 *
 * gives an object, with a line for each field and a line end behind it. A `key` is null in a list.
 *
 * All of it is UTF-8 without control characters, and what is read from it says which bytes a name has: a character that
 * would disturb a line of text is one of JSON's escapes (\u001b), which a reader takes back; a byte that is not of
 * UTF-8 is read as the four characters \xff; and a backslash that would be read as the start of such four is read as
 * \x5c.
 *
 * Nothing is allocated. Spec: RFC 8259.
 */
#ifndef MELD_BASE_JSON_H
#define MELD_BASE_JSON_H

#include "base/buffer.h"

#include <stdio.h>

struct json {
  void (*put)(void *to, struct bytes text);
  void *to;
  uint32_t depth;
  uint32_t line_depth; /* what is deeper than this is on one line; 0: each thing has a line of its own */
  bool has_items;      /* in what is open, something has been written */
};

struct json json_to_buffer(struct buffer *out);
struct json json_to_stream(FILE *out);

void json_open(struct json *j, const char *key, char bracket);      /* '{' or '[' */
void json_open_line(struct json *j, const char *key, char bracket); /* all that is in it is on one line */
void json_close(struct json *j, char bracket);
void json_string(struct json *j, const char *key, struct bytes text);   /* any bytes */
void json_optional(struct json *j, const char *key, struct bytes text); /* null where it is empty */
/* Of UTF-8, for people: the names in it are escaped for them already. Null where it is empty. */
void json_sentence(struct json *j, const char *key, struct bytes text);
void json_number(struct json *j, const char *key, uint64_t number);
void json_index(struct json *j, const char *key, uint32_t index); /* null where it is UINT32_MAX */
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

#endif
