/* reader.h -- reads binary input; each read names its field, each failure has an offset.
 *
 * Spec: WebAssembly core, "Binary Format / Values".
 */
#ifndef MELD_BASE_READER_H
#define MELD_BASE_READER_H

#include "base/context.h"

struct reader {
  struct context *context;
  const uint8_t *at, *end;
  const uint8_t *origin; /* start of the whole input, for offsets */
};

struct reader reader_of(struct context *context, struct bytes input, const uint8_t *origin);

static inline size_t reader_offset(const struct reader *r) { return (size_t)(r->at - r->origin); }
static inline bool at_end(const struct reader *r) { return r->at >= r->end; }

/* Fails at the present offset with FAILURE_INPUT. */
_Noreturn void fail_at(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

_Noreturn void fail_at_end(struct reader *r, const char *field);
uint32_t read_long_u32(struct reader *r, const char *field);

static inline uint8_t peek_byte(struct reader *r, const char *field) {
  if (at_end(r))
    fail_at_end(r, field);
  return *r->at;
}

static inline uint8_t read_byte(struct reader *r, const char *field) {
  const uint8_t byte = peek_byte(r, field);
  r->at++;
  return byte;
}

/* Most numbers are of one byte. */
static inline uint32_t read_u32(struct reader *r, const char *field) {
  return r->at < r->end && *r->at < 0x80 ? *r->at++ : read_long_u32(r, field);
}

uint64_t read_u64(struct reader *r, const char *field);
int32_t read_s32(struct reader *r, const char *field);
int64_t read_s33(struct reader *r, const char *field);
int64_t read_s64(struct reader *r, const char *field);
struct bytes read_bytes(struct reader *r, size_t size, const char *field);

/* A length-prefixed UTF-8 string. */
struct bytes read_name(struct reader *r, const char *field);

/* The count of a vector, refused when fewer than `least` bytes an item are left. */
uint32_t read_count(struct reader *r, size_t least, const char *field);

/* A sub-reader over the next `size` bytes, which are skipped. */
struct reader read_part(struct reader *r, size_t size, const char *field);

/* Fails unless all input has been read: "the section has 3 bytes more than its content". */
void expect_end(struct reader *r, const char *what);

bool is_utf8(struct bytes text);

#endif
