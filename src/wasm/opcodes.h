/* opcodes.h -- where in a table that is made of opcodes.def the row of an opcode is. */
#ifndef MELD_WASM_OPCODES_H
#define MELD_WASM_OPCODES_H

#define FIRST_PREFIX 0xfb
#define LAST_PREFIX 0xfe
#define VECTOR_PREFIX 0xfd
#define PREFIX_ROWS 0x120u /* at least the highest opcode after a prefix, and one */
#define ROW(prefix, opcode) ((prefix) == 0 ? (opcode) : 0x100u + ((prefix) - FIRST_PREFIX) * PREFIX_ROWS + (opcode))
#define OPCODE_ROWS ROW(LAST_PREFIX, PREFIX_ROWS)

#endif
