/* check_body.h -- what is known at one point of a function body: the stack, the blocks around it, the locals.
 *
 * The specification's algorithm: a stack of operands, each a type, and a stack of frames, one for each block that is
 * open. In a frame the end of which can't be reached, operands that are not there are of any type.
 *
 *     (block (result i32) i64.const 1  |  i32.wrap_i64 end)          operands: i64      frames: body, block
 *
 * Spec: WebAssembly 3.0 core, "Validation Algorithm".
 */
#ifndef MELD_WASM_CHECK_BODY_H
#define MELD_WASM_CHECK_BODY_H

#include "wasm/operand.h"

#include <assert.h>

enum frame_kind {
  FRAME_BODY,
  FRAME_BLOCK,
  FRAME_LOOP,
  FRAME_IF,
  FRAME_ELSE,
  FRAME_TRY,
  FRAME_CATCH,
  FRAME_CATCH_ALL,
  FRAME_TRY_TABLE,
};

struct frame {
  enum frame_kind kind;
  bool is_unreachable;
  uint32_t height;     /* of the operands below it */
  uint32_t set_height; /* of `set_locals` */
  struct signature type;
  operand single; /* its only result, where type.results is null */
};

struct table_space {
  operand element, address;
  bool is_shared;
};

struct global_space {
  operand type;
  bool is_mutable, is_shared;
};

/* Locals up to `end` and from that of the run before it. */
struct local_run {
  uint32_t end;
  operand type;
};

#define FIRST_LOCALS 256 /* are looked up at once, the others in their run */

struct checker;

/* A row of opcodes.def. */
struct instruction {
  const char *name; /* null: there is no such instruction */
  void (*check)(struct checker *k, const struct instruction *row);
  char immediates[8];
  char operands[5], results[3];
  uint8_t operand_count, result_count;
  uint8_t limit;
  bool is_constant;
  uint16_t opcode; /* without its prefix */
};

struct checker {
  struct reader r;
  const uint8_t *start; /* of the instruction */
  const struct instruction *row;

  /* The module. */
  const struct module *module;
  struct type_space types;
  const uint32_t *functions; /* type indices */
  const struct table_space *tables;
  const operand *memories; /* their address types */
  const struct global_space *globals;
  const uint32_t *tags;    /* type indices */
  const operand *elements; /* types of segments */
  uint32_t counts[CORE_KIND_COUNT];
  uint8_t *declared; /* of each function, whether ref.func may name it */

  /* The body, or the constant expression. */
  bool is_constant;
  bool is_shared; /* a function of a shared type */
  operand *operands;
  uint32_t count, capacity;
  struct frame *frame; /* the innermost */
  VEC(struct frame) frames;
  operand letters[128]; /* of the columns of opcodes.def: types; 'm', 't', 'T', 'g' as of the last immediates */

  /* Locals. One that has no value to begin with is set where set_in[] is `body`. */
  operand first_locals[FIRST_LOCALS];
  VEC(struct local_run) local_runs;
  uint32_t local_count;
  uint32_t first_unset; /* the first that has no value to begin with */
  uint32_t *set_in;
  uint32_t body;
  VEC(uint32_t) set_locals; /* in order, so that the end of a block can forget those of the block */
};

/* wasm/check_body.c. */
void check_body(struct checker *k, uint32_t function_type, struct bytes body);
void check_constant(struct checker *k, struct bytes expression, operand wanted); /* size 0: none, which is good */
_Noreturn void fail_instruction(struct checker *k, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Immediates. */
uint32_t read_checked_index(struct checker *k, const char *what, uint32_t count);
uint8_t read_checked_byte(struct checker *k, const struct instruction *row);
uint32_t read_type_index(struct checker *k);
uint32_t read_field_index(struct checker *k, uint32_t field_count);
const struct signature *read_tag(struct checker *k);
const struct table_space *read_table(struct checker *k);
const struct global_space *read_global(struct checker *k);
uint32_t read_data_index(struct checker *k);
operand read_element_segment(struct checker *k);
operand read_value_type(struct checker *k);
operand read_heap_type(struct checker *k, enum core_code code); /* the reference to what is read */
/* The type at `index`, which has to be of that form, and shared where the function is. */
const struct core_type *type_of_form(struct checker *k, uint32_t index, enum core_composite form);
const struct signature *function_type(struct checker *k, uint32_t index);

/* The stack. */
operand pop_other(struct checker *k, operand wanted);
operand pop_any(struct checker *k, const char *wanted);
void push_other(struct checker *k, operand type);
operand pop_reference(struct checker *k);
/* A reference to an abstract heap type or what is below it, shared or not. */
operand pop_either(struct checker *k, int64_t heap);
void pop_list(struct checker *k, const operand *list, uint32_t count);
void push_list(struct checker *k, const operand *list, uint32_t count);
/* Are operands of these types on the stack? They stay, as what they are. */
void match_list(struct checker *k, const operand *list, uint32_t count);
void set_unreachable(struct checker *k);
/* Of a segment or a table, that go into another one. */
void check_elements(struct checker *k, operand elements, operand wanted);

static inline operand pop(struct checker *k, operand wanted) {
  if (k->count > k->frame->height && k->operands[k->count - 1] == wanted)
    return k->operands[--k->count];
  return pop_other(k, wanted);
}

static inline void push(struct checker *k, operand type) {
  if (k->count < k->capacity)
    k->operands[k->count++] = type;
  else
    push_other(k, type);
}

/* Frames. */
void push_frame(struct checker *k, enum frame_kind kind, struct signature type, operand single);
struct frame pop_frame(struct checker *k); /* with its results, which the frame around it does not have yet */
struct label {
  const operand *types;
  uint32_t count;
};
struct label read_label(struct checker *k);
struct frame *read_label_frame(struct checker *k);

static inline const operand *frame_results(const struct frame *frame) {
  return frame->type.results ? frame->type.results : &frame->single;
}

/* Of each family a function, in check_*.c. */
#define OPCODE(prefix, opcode, name, immediates, family, ...)                                                          \
  void check_##family(struct checker *k, const struct instruction *row);
#include "wasm/opcodes.def"
#undef OPCODE

/* Opcodes that a family tells apart. */
enum {
  OPCODE_LOOP = 0x03,
  OPCODE_IF = 0x04,
  OPCODE_TRY = 0x06,
  OPCODE_CATCH = 0x07,
  OPCODE_RETURN_CALL = 0x12,
  OPCODE_RETURN_CALL_INDIRECT = 0x13,
  OPCODE_RETURN_CALL_REF = 0x15,
  OPCODE_RESUME = 0xe3,
  OPCODE_RESUME_THROW = 0xe4,
  /* after 0xfb */
  OPCODE_STRUCT_NEW = 0x00,
  OPCODE_STRUCT_GET = 0x02,
  OPCODE_ARRAY_NEW = 0x06,
  OPCODE_ARRAY_NEW_DATA = 0x09,
  OPCODE_ARRAY_GET = 0x0b,
  OPCODE_ARRAY_INIT_DATA = 0x12,
  OPCODE_REF_TEST_NULL = 0x15,
  OPCODE_REF_CAST_NULL = 0x17,
  OPCODE_BR_ON_CAST = 0x18,
  OPCODE_ANY_CONVERT_EXTERN = 0x1a,
  /* after 0xfe */
  OPCODE_GLOBAL_ATOMIC = 0x4f,
  OPCODE_TABLE_ATOMIC = 0x58,
  OPCODE_STRUCT_ATOMIC = 0x5c,
  OPCODE_ARRAY_ATOMIC = 0x67,
  OPCODE_REF_I31_SHARED = 0x72,
};

#endif
