/* steps.h -- how to get over most instructions without a closer look.
 *
 * Nine of ten instructions have as immediates nothing that is asked for here: locals, labels, constants, alignments and
 * offsets. All that matters of them is where they end, and that is seen in the eight bytes that begin with the opcode.
 * In a number, the last byte is the first one whose highest bit is clear:
 *
 *     bytes      41        ac        82        04        ...     i32.const 65836
 *     clear      .         0         0         80                highest bits that are clear
 *     ends       0         80        80        80        80 0 0  where a number of this instruction may end
 *     both                                     80                its fourth byte is the last
 *
 * No branch depends on what the number is, so that there is nothing for a processor to guess wrongly. An index that has
 * to be noted is read in the same way.
 *
 * Provides  step_size, step_index, and the table for them.
 * Spec      WebAssembly 3.0 core, "Binary Format / Instructions".
 */
#ifndef MELD_WASM_STEPS_H
#define MELD_WASM_STEPS_H

#include "wasm/opcodes.h"

#include <stddef.h>
#include <stdint.h>

#define STEP_READS 8 /* bytes from the opcode on, whatever the size of the instruction */

/* By opcode; rows of opcodes with a prefix say nothing. */
struct steps {
  uint64_t ends[OPCODE_ROWS]; /* bits of the bytes that can be the last; 0: no step */
  struct {
    uint32_t bits, wanted; /* what some bits of the byte after the opcode have to be */
  } second[OPCODE_ROWS];
  uint8_t spaces[OPCODE_ROWS]; /* one more than the index space of the only immediate; 0: it is no index */
  uint64_t tally[OPCODE_ROWS]; /* what a step adds: to the lower half, blocks that are open; to the upper, memory
                                  arguments, all of memory 0 */
};

extern const struct steps steps;

#define OPEN_BLOCKS(tally) ((uint32_t)(tally))
#define MEMORY_ARGUMENTS(tally) ((uint32_t)((tally) >> 32))

static inline uint64_t step_word(const uint8_t *at) {
  return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
         (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
}

/* The size of the instruction at `at`, in bytes; 0: no step can be taken. */
static inline unsigned step_size(const uint8_t *at) {
  const uint64_t word = step_word(at);
  const size_t opcode = at[0];
  const uint64_t clear = ~word | 0x80; /* an opcode ends where it is, whatever its highest bit */
  const uint64_t ends = clear & steps.ends[opcode];
  if (ends == 0 || (((uint32_t)word ^ steps.second[opcode].wanted) & steps.second[opcode].bits) != 0)
    return 0;
  return (unsigned)__builtin_ctzll(ends) / 8 + 1;
}

/* The size of the index after the opcode at `at`, in bytes, and its value, which may be too large for any; 0: it has
 * more bytes than an index may have. */
static inline unsigned step_index(const uint8_t *at, uint64_t *index) {
  const uint64_t word = step_word(at) >> 8, ends = ~word & UINT64_C(0x8080808080);
  if (ends == 0)
    return 0;
  const uint64_t number = word & (ends ^ (ends - 1)); /* up to its last byte */
  *index = (number & 0x7f) | (number >> 1 & 0x3f80) | (number >> 2 & 0x1fc000) | (number >> 3 & 0xfe00000) |
           (number >> 4 & UINT64_C(0x7f0000000));
  return (unsigned)__builtin_ctzll(ends) / 8 + 1;
}

#endif
