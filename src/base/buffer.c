/* buffer.c -- numbers, names and sections of the binary format, written; the mirror of reader.c.
 *
 * Provides  what buffer.h declares; every LEB128 number in its shortest form.
 * Spec      WebAssembly core, "Binary Format / Values".
 */
#include "base/buffer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY 64
#define SINK_CAPACITY ((size_t)256 << 10) /* bytes: what stays in a processor's cache */
#define WORTH_A_CALL ((size_t)64 << 10)   /* bytes that go to a sink as they are */
#define ESCAPE_LIMIT 6                    /* bytes that one becomes at most: \u{1b} */
#define SHOWN_LIMIT 300                   /* bytes of text for one thing in a diagnostic */

struct buffer new_buffer(struct context *context) { return (struct buffer){.context = context}; }

struct bytes buffer_bytes(const struct buffer *b) { return (struct bytes){b->data, b->size}; }

struct buffer new_buffer_to(struct context *context, struct sink *sink) {
  return (struct buffer){.context = context,
                         .data = grow_memory(context, NULL, 0, 0, SINK_CAPACITY),
                         .capacity = SINK_CAPACITY,
                         .sink = sink};
}

static void write_out(struct buffer *b, const uint8_t *data, size_t size) {
  if (size && !b->sink->write(b->sink->user, data, size))
    fail(b->context, FAILURE_SYSTEM, NO_OFFSET, "the output can't be written");
  b->sink->size += size;
}

void flush(struct buffer *b) {
  write_out(b, b->data, b->size);
  b->size = 0;
}

size_t bytes_written(const struct buffer *b) { return b->size + (b->sink ? b->sink->size : 0); }

void reserve(struct buffer *b, size_t more) {
  if (more > b->capacity - b->size && b->sink)
    flush(b);
  if (more <= b->capacity - b->size)
    return;
  if (more > SIZE_MAX / 4 || b->capacity > SIZE_MAX / 4)
    fail(b->context, FAILURE_SYSTEM, NO_OFFSET, "out of memory");
  size_t capacity = b->capacity ? b->capacity * 2 : FIRST_CAPACITY;
  if (capacity < b->size + more)
    capacity = b->size + more;
  /* Who has bytes of the buffer keeps them, so that what was outgrown is not used again. */
  uint8_t *data = grow_memory(b->context, NULL, 0, 0, capacity);
  if (b->size)
    memcpy(data, b->data, b->size);
  b->data = data;
  b->capacity = capacity;
}

void put_u64(struct buffer *b, uint64_t value) {
  reserve(b, LEB128_LIMIT);
  while (value >= 0x80) {
    b->data[b->size++] = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  b->data[b->size++] = (uint8_t)value;
}

void put_s64(struct buffer *b, int64_t value) {
  reserve(b, LEB128_LIMIT);
  while (value < -0x40 || value > 0x3f) {
    b->data[b->size++] = (uint8_t)(value | 0x80);
    value >>= 7; /* arithmetic: all compilers that know __typeof__ extend the sign */
  }
  b->data[b->size++] = (uint8_t)(value & 0x7f);
}

void put_s32(struct buffer *b, int32_t value) { put_s64(b, value); }

void put_s33(struct buffer *b, int64_t value) { put_s64(b, value); }

void put_raw(struct buffer *b, const void *data, size_t size) {
  if (!size)
    return;
  if (b->sink && size >= WORTH_A_CALL) {
    flush(b);
    write_out(b, data, size);
    return;
  }
  reserve(b, size);
  memcpy(b->data + b->size, data, size);
  b->size += size;
}

void put_bytes(struct buffer *b, struct bytes bytes) { put_raw(b, bytes.at, bytes.size); }

void put_size(struct buffer *b, size_t size) {
  if (size > UINT32_MAX)
    fail(b->context, FAILURE_INPUT, NO_OFFSET, "the output is too large: a length of %zu bytes does not fit 32 bits",
         size);
  put_u32(b, (uint32_t)size);
}

void put_name(struct buffer *b, struct bytes name) {
  put_size(b, name.size);
  put_bytes(b, name);
}

void put_text(struct buffer *b, const char *name) { put_name(b, bytes_of(name)); }

void put_sized(struct buffer *b, const struct buffer *content) {
  put_size(b, content->size);
  put_raw(b, content->data, content->size);
}

void put_section(struct buffer *b, uint8_t id, const struct buffer *content) {
  put_byte(b, id);
  put_sized(b, content);
}

void put_formatted(struct buffer *b, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  assert(size >= 0);
  reserve(b, (size_t)size + 1); /* printf writes a zero */
  va_start(arguments, format);
  vsnprintf((char *)b->data + b->size, (size_t)size + 1, format, arguments);
  va_end(arguments);
  b->size += (size_t)size;
}

static void put_escaped(struct buffer *b, struct bytes text, const char *also) {
  const size_t capacity = text.size * ESCAPE_LIMIT + 1;
  reserve(b, capacity);
  b->size += escape_text((char *)b->data + b->size, capacity, text, also);
}

void put_shown(struct buffer *b, struct bytes name) { put_escaped(b, name, ""); }

void put_quoted(struct buffer *b, struct bytes name) {
  put_byte(b, '"');
  put_escaped(b, name, "\"\\");
  put_byte(b, '"');
}

bool is_shown_enough(const struct buffer *b) { return b->size > SHOWN_LIMIT; }

struct bytes finish_shown(struct buffer *b) {
  if (is_shown_enough(b))
    put_formatted(b, "...");
  return buffer_bytes(b);
}
