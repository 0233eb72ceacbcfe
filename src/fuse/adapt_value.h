/* adapt_value.h -- what the parts of the one walk over types share.
 *
 *     adapt_value.c    the walk; records
 *     adapt_scalar.c   places, and what is one number in them
 *     adapt_variant.c  cases
 *     adapt_string.c   strings
 *     adapt_list.c     lists
 *     adapt_pointer.c  addresses: read, written, checked
 *     adapt_drop.c     one more walk, for the borrow handles that the host gave
 *
 * What the adapt pass needs of them besides is in adapt.h.
 */
#ifndef MELD_FUSE_ADAPT_VALUE_H
#define MELD_FUSE_ADAPT_VALUE_H

#include "fuse/adapt.h"

/* adapt_value.c */
/* The function that moves a `t` from side to side, made once; `fresh` tells the caller to write it. */
uint32_t outlined(struct move *m, enum made made, const struct type *t, const struct side *from, const struct side *to,
                  const uint8_t *params, uint32_t param_count, uint8_t result, bool *fresh);
void put_scope(struct move *m);

/* adapt_scalar.c */
static inline uint8_t local_type(const struct code *f, uint32_t local) { return f->locals.items[local]; }
/* How each scalar is in memory and flat. */
struct scalar {
  uint8_t code;
  enum op load, store;
  uint32_t size;
};
struct scalar integer_scalar(uint32_t size);
/* A part of a place: `flat` values and `bytes` further on. */
struct location part(struct location p, uint32_t flat, uint64_t bytes);
void load_scalar(struct code *f, struct location from, struct scalar s);
/* The address comes under the value: begin_store, then the value, then end_store. */
void begin_store(struct code *f, struct location to);
void end_store(struct code *f, struct location to, struct scalar s);
void move_scalar(struct move *m, const struct type *t, struct location from, struct location to);
/* The host's values are values, and its pointers where it has put them. */
bool is_trusted(struct adapt *a, const struct code *f, const struct side *side);

/* adapt_variant.c */
typedef void case_code(struct move *m, const struct type *payload, struct location from, struct location to);
void move_variant(struct move *m, const struct type *t, struct location from, struct location to);
/* The case index of a variant, checked unless the host gives it, in a local that the caller releases. */
uint32_t load_discriminant(struct move *m, const struct type *t, struct location from);
/* Runs the code of the case in the local: an `if` where one case has a payload, else a br_table. */
void switch_cases(struct move *m, const struct type *t, uint32_t discriminant, struct location from, struct location to,
                  case_code *body);

/* adapt_string.c */
void move_string(struct move *m, struct location from, struct location to);

/* adapt_list.c */
void move_list(struct move *m, const struct type *t, struct location from, struct location to);
void move_fixed_list(struct move *m, const struct type *t, struct location from, struct location to);

/* adapt_pointer.c */
/* A pointer or length: the `index`-th of two. */
void load_address(struct code *f, struct location from, uint32_t index);
void store_addresses(struct code *f, struct location to, uint32_t pointer, uint32_t length);
/* What is on the stack, of the source's address type, becomes one of the destination's. */
void convert_address(struct code *f, const struct side *from, const struct side *to);
/* An address or size in the local, as i64. */
void get_wide(struct code *f, const struct side *side, uint32_t local);
/* The address of a place in memory, in a local of its own. */
uint32_t take_address(struct code *f, struct location p);
/* Where the host is, pointers are its own, or what the allocator of exchange.wat gave. */
void check_alignment(struct code *f, struct adapt *a, const struct side *side, uint32_t local, uint32_t alignment);
/* Traps unless the bytes, whose number (below 2^40) is in the i64 local, are inside the memory. */
void check_range(struct code *f, struct adapt *a, const struct side *side, uint32_t address, uint32_t bytes,
                 enum trap trap);

#endif
