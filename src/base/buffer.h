/* buffer.h -- bytes being written; the mirror of reader.h.
 *
 * Memory comes from the arena. A length that comes before its content is
 * written by building the content in a buffer of its own and then
 * put_sized(): no patching, shortest LEB128 always. So a buffer with a sink
 * need not hold all that is written: it hands over what it has when it is full.
 */
#ifndef MELD_BASE_BUFFER_H
#define MELD_BASE_BUFFER_H

#include "base/context.h"

/* Where bytes go; false: they can't be written. */
struct sink {
  bool (*write)(void *user, const uint8_t *data, size_t size);
  void *user;
  size_t size; /* of all that has been written */
};

struct buffer {
  struct context *context;
  uint8_t *data;
  size_t size, capacity;
  struct sink *sink; /* null: all of it stays */
};

struct buffer new_buffer(struct context *context);
struct bytes buffer_bytes(const struct buffer *b);
void reserve(struct buffer *b, size_t more);
struct buffer new_buffer_to(struct context *context, struct sink *sink);
void flush(struct buffer *b);                 /* to its sink */
size_t bytes_written(const struct buffer *b); /* to it or through it */

#define LEB128_LIMIT 10 /* bytes of a 64-bit number; a buffer wants as much room for any number */

/* Bytes of an unsigned number in its shortest form. */
static inline size_t leb128_size(uint64_t value) {
  size_t size = 1;
  while (value >>= 7)
    size++;
  return size;
}

static inline void put_byte(struct buffer *b, uint8_t value) {
  if (b->size == b->capacity)
    reserve(b, 1);
  b->data[b->size++] = value;
}

void put_u64(struct buffer *b, uint64_t value);

/* Most numbers are of one byte. */
static inline void put_u32(struct buffer *b, uint32_t value) {
  if (value < 0x80)
    put_byte(b, (uint8_t)value);
  else
    put_u64(b, value);
}

void put_s32(struct buffer *b, int32_t value);
void put_s33(struct buffer *b, int64_t value);
void put_s64(struct buffer *b, int64_t value);
void put_raw(struct buffer *b, const void *data, size_t size);
void put_bytes(struct buffer *b, struct bytes bytes);
void put_size(struct buffer *b, size_t size);                   /* a u32, as every length in the format */
void put_name(struct buffer *b, struct bytes name);             /* length-prefixed */
void put_text(struct buffer *b, const char *name);              /* length-prefixed C string */
void put_sized(struct buffer *b, const struct buffer *content); /* length-prefixed content */
/* As printf; any length. */
void put_formatted(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A name as it is, but for what would disturb a line of text, which stands as an escape; see escape_text(). */
void put_shown(struct buffer *b, struct bytes name);
void put_quoted(struct buffer *b, struct bytes name); /* the same between quotes */
/* Of one thing in a diagnostic: may what is to come be left out? Where it is, finish_shown() puts "..." in its place.
 */
bool is_shown_enough(const struct buffer *b);
struct bytes finish_shown(struct buffer *b);
void put_section(struct buffer *b, uint8_t id, const struct buffer *content);

#endif
