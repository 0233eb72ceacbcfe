/* steps.c -- the table of steps.h, made of opcodes.def.
 *
 * Requires  nothing.
 * Provides  steps.
 * Spec      WebAssembly 3.0 core, "Binary Format / Instructions".
 */
#include "wasm/steps.h"

#include "wasm/rewrite.h"

#define IS(letters, of, length)                                                                                        \
  (sizeof(letters) == (length) + 1 && (letters)[0] == (of)[0] &&                                                       \
   (letters)[sizeof(letters) > 2 ? 1 : 0] == (of)[(length) > 1 ? 1 : 0])
#define IS_U32(letters) (IS(letters, "x", 1) || IS(letters, "l", 1))
#define IS_S64(letters) IS(letters, "I", 1)
#define IS_MEMARG(letters) IS(letters, "a", 1)
#define IS_BLOCK(letters) IS(letters, "{b", 2)
#define IS_END(letters) IS(letters, "}", 1)

/* The highest bits of the bytes from `first` to `last`, counted from the opcode. Of a number that has as many bytes as
 * it may have, not all bits of the last one count: that one is for a closer look. So is an offset of five bytes, which
 * a linker may have made longer than it need be. */
#define HIGHEST(first, last) (UINT64_C(0x8080808080808080) << 8 * (first) & UINT64_MAX >> (56 - 8 * (last)))
#define ENDS(letters)                                                                                                  \
  (sizeof(letters) == 1 || IS_END(letters)  ? HIGHEST(0, 0)                                                            \
   : IS_BLOCK(letters)                      ? HIGHEST(1, 1)                                                            \
   : IS_U32(letters) || IS(letters, "i", 1) ? HIGHEST(1, 4)                                                            \
   : IS_S64(letters)                        ? HIGHEST(1, 7)                                                            \
   : IS_MEMARG(letters)                     ? HIGHEST(2, 5)                                                            \
                                            : 0)

/* An alignment without a memory index, in one byte; the block type of blocks that take and leave nothing. */
#define BITS(letters) (IS_MEMARG(letters) ? 0xc000 : IS_BLOCK(letters) ? 0xff00 : 0)
#define WANTED(letters) (IS_BLOCK(letters) ? 0x4000 : 0)

#define TALLY(letters)                                                                                                 \
  (IS_BLOCK(letters) ? UINT64_C(1) : IS_END(letters) ? UINT64_MAX : IS_MEMARG(letters) ? UINT64_C(1) << 32 : 0)

#define SPACE_AFTER(letters) (IS(letters, "f", 1) ? SPACE_FUNC + 1 : IS(letters, "g", 1) ? SPACE_GLOBAL + 1 : 0)

#define UNPREFIXED(prefix, value) ((prefix) == 0 ? (value) : 0)

const struct steps steps = {
    .ends =
        {
#define OPCODE(prefix, opcode, name, immediates, ...) [ROW(prefix, opcode)] = UNPREFIXED(prefix, ENDS(immediates)),
#include "wasm/opcodes.def"
#undef OPCODE
        },
    .second =
        {
#define OPCODE(prefix, opcode, name, immediates, ...) [ROW(prefix, opcode)] = {BITS(immediates), WANTED(immediates)},
#include "wasm/opcodes.def"
#undef OPCODE
        },
    .spaces =
        {
#define OPCODE(prefix, opcode, name, immediates, ...)                                                                  \
  [ROW(prefix, opcode)] = UNPREFIXED(prefix, SPACE_AFTER(immediates)),
#include "wasm/opcodes.def"
#undef OPCODE
        },
    .tally =
        {
#define OPCODE(prefix, opcode, name, immediates, ...) [ROW(prefix, opcode)] = TALLY(immediates),
#include "wasm/opcodes.def"
#undef OPCODE
        },
};
