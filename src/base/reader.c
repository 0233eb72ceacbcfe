/* reader.c -- numbers, names and counts of the binary format.
 *
 * Provides  what reader.h declares; nothing is read past the end, and a LEB128 number is refused when it is longer
 *           than its width allows or its unused bits are not the sign's.
 * Spec      WebAssembly core, "Binary Format / Values": uN, sN, name.
 */
#include "base/reader.h"

#include <assert.h>
#include <stdio.h>

struct reader reader_of(struct context *context, struct bytes input, const uint8_t *origin) {
  /* An empty input may have a null start, which must not be offset. */
  const uint8_t *end = input.size ? input.at + input.size : input.at;
  return (struct reader){context, input.at, end, origin};
}

void fail_at(struct reader *r, const char *format, ...) {
  char message[sizeof(r->context->message)];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  fail(r->context, FAILURE_INPUT, reader_offset(r), "%s", message);
}

#define U32_SIZE 5 /* bytes of a u32, at most */

static size_t bytes_left(const struct reader *r) { return (size_t)(r->end - r->at); }

void fail_at_end(struct reader *r, const char *field) { fail_at(r, "unexpected end where %s should be", field); }

/* uN: little-endian groups of seven bits, at most ceil(N/7) of them, none beyond N bits. */
static uint64_t read_unsigned(struct reader *r, unsigned bits, const char *field) {
  const uint8_t *start = r->at;
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const uint8_t byte = read_byte(r, field);
    const unsigned room = bits - shift;
    if (room <= 7 && byte >> room) {
      r->at = start;
      fail_at(r, "%s is not a LEB128 number of at most %u bits", field, bits);
    }
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return value;
  }
}

/* sN: as uN in two's complement; in the last possible byte the bits beyond N equal the sign. */
static int64_t read_signed(struct reader *r, unsigned bits, const char *field) {
  const uint8_t *start = r->at;
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const uint8_t byte = read_byte(r, field);
    const unsigned room = bits - shift;
    if (room <= 7) {
      const uint8_t beyond = (uint8_t)(0x7f & ~((1u << (room - 1)) - 1));
      if (byte & 0x80 || ((byte & beyond) != 0 && (byte & beyond) != beyond)) {
        r->at = start;
        fail_at(r, "%s is not a signed LEB128 number of at most %u bits", field, bits);
      }
    }
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte & 0x80)
      continue;
    if (byte & 0x40 && shift + 7 < 64)
      value |= UINT64_MAX << (shift + 7);
    return (int64_t)value;
  }
}

uint32_t read_long_u32(struct reader *r, const char *field) {
  const uint8_t *const at = r->at;
  uint32_t value = 0;
  if (bytes_left(r) < U32_SIZE)
    return (uint32_t)read_unsigned(r, 32, field);
  for (unsigned i = 0; i < U32_SIZE - 1; i++) {
    value |= (at[i] & 0x7fu) << 7 * i;
    if (at[i] < 0x80) {
      r->at += i + 1;
      return value;
    }
  }
  if (at[U32_SIZE - 1] >= 0x10) /* more than 32 bits */
    return (uint32_t)read_unsigned(r, 32, field);
  r->at += U32_SIZE;
  return value | (uint32_t)at[U32_SIZE - 1] << 28;
}

uint64_t read_u64(struct reader *r, const char *field) { return read_unsigned(r, 64, field); }

int32_t read_s32(struct reader *r, const char *field) { return (int32_t)read_signed(r, 32, field); }

int64_t read_s33(struct reader *r, const char *field) { return read_signed(r, 33, field); }

int64_t read_s64(struct reader *r, const char *field) { return read_signed(r, 64, field); }

struct bytes read_bytes(struct reader *r, size_t size, const char *field) {
  if (size > bytes_left(r))
    fail_at(r, "%s should have %zu bytes, but only %zu remain", field, size, bytes_left(r));
  const struct bytes bytes = {r->at, size};
  r->at += size;
  return bytes;
}

struct bytes read_name(struct reader *r, const char *field) {
  const uint32_t size = read_u32(r, field);
  const uint8_t *start = r->at;
  const struct bytes name = read_bytes(r, size, field);
  if (!is_utf8(name)) {
    r->at = start;
    fail_at(r, "%s is not valid UTF-8", field);
  }
  return name;
}

uint32_t read_count(struct reader *r, size_t least, const char *field) {
  const uint8_t *start = r->at;
  const uint32_t count = read_u32(r, field);
  if (least && count > bytes_left(r) / least) {
    const size_t left = bytes_left(r);
    r->at = start;
    fail_at(r, "%s is %u, more than the %zu bytes that are left can hold", field, count, left);
  }
  return count;
}

struct reader read_part(struct reader *r, size_t size, const char *field) {
  const struct bytes part = read_bytes(r, size, field);
  return (struct reader){r->context, part.at, part.at + part.size, r->origin};
}

void expect_end(struct reader *r, const char *what) {
  const size_t left = bytes_left(r);
  if (left)
    fail_at(r, "the %s has %zu byte%s more than its content", what, left, left == 1 ? "" : "s");
}
