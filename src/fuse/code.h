/* code.h -- writes the body of one generated function.
 *
 * A function that is generated may call one that does not exist yet, and imports come to light as bodies are written,
 * so a call is written with a reference of fixed width, which finish_code_module() replaces by the index once all are
 * known.
 *
 *     struct code f = begin_function(&module, type);
 *     get_local(&f, 0); const_i32(&f, 1); put_op(&f, OP_I32_ADD);
 *     uint32_t reference = end_function(&f, name);
 */
#ifndef MELD_FUSE_CODE_H
#define MELD_FUSE_CODE_H

#include "wasm/module.h"

enum op {
  OP_UNREACHABLE = 0x00,
  OP_BLOCK = 0x02,
  OP_LOOP = 0x03,
  OP_IF = 0x04,
  OP_ELSE = 0x05,
  OP_END = 0x0b,
  OP_BR = 0x0c,
  OP_BR_IF = 0x0d,
  OP_BR_TABLE = 0x0e,
  OP_RETURN = 0x0f,
  OP_CALL = 0x10,
  OP_CALL_INDIRECT = 0x11,
  OP_DROP = 0x1a,
  OP_TRY_TABLE = 0x1f,
  OP_LOCAL_GET = 0x20,
  OP_LOCAL_SET = 0x21,
  OP_LOCAL_TEE = 0x22,
  OP_GLOBAL_GET = 0x23,
  OP_GLOBAL_SET = 0x24,
  OP_I32_LOAD = 0x28,
  OP_I64_LOAD = 0x29,
  OP_F32_LOAD = 0x2a,
  OP_F64_LOAD = 0x2b,
  OP_I32_LOAD8_S = 0x2c,
  OP_I32_LOAD8_U = 0x2d,
  OP_I32_LOAD16_S = 0x2e,
  OP_I32_LOAD16_U = 0x2f,
  OP_I32_STORE = 0x36,
  OP_I64_STORE = 0x37,
  OP_F32_STORE = 0x38,
  OP_F64_STORE = 0x39,
  OP_I32_STORE8 = 0x3a,
  OP_I32_STORE16 = 0x3b,
  OP_MEMORY_SIZE = 0x3f,
  OP_I32_CONST = 0x41,
  OP_I64_CONST = 0x42,
  OP_F32_CONST = 0x43,
  OP_F64_CONST = 0x44,
  OP_I32_EQZ = 0x45,
  OP_I32_EQ = 0x46,
  OP_I32_NE = 0x47,
  OP_I32_LT_U = 0x49,
  OP_I32_GT_U = 0x4b,
  OP_I32_LE_U = 0x4d,
  OP_I32_GE_U = 0x4f,
  OP_I64_EQZ = 0x50,
  OP_I64_NE = 0x52,
  OP_I64_LT_S = 0x53,
  OP_I64_LT_U = 0x54,
  OP_I64_GT_U = 0x56,
  OP_I64_LE_U = 0x58,
  OP_I32_ADD = 0x6a,
  OP_I32_SUB = 0x6b,
  OP_I32_MUL = 0x6c,
  OP_I32_AND = 0x71,
  OP_I32_OR = 0x72,
  OP_I32_SHL = 0x74,
  OP_I64_ADD = 0x7c,
  OP_I64_SUB = 0x7d,
  OP_I64_MUL = 0x7e,
  OP_I64_AND = 0x83,
  OP_I64_OR = 0x84,
  OP_I64_SHL = 0x86,
  OP_I32_WRAP_I64 = 0xa7,
  OP_I64_EXTEND_I32_U = 0xad,
  OP_I32_REINTERPRET_F32 = 0xbc,
  OP_I64_REINTERPRET_F64 = 0xbd,
  OP_F32_REINTERPRET_I32 = 0xbe,
  OP_F64_REINTERPRET_I64 = 0xbf,
  OP_I32_EXTEND8_S = 0xc0,
  OP_I32_EXTEND16_S = 0xc1,
};

#define BLOCK_VOID 0x40

struct code_call {
  uint32_t at; /* offset in the body of the 5 bytes of the reference */
};

struct code_body {
  struct buffer out;
  VEC(struct code_call) calls;
  uint32_t type;
  struct bytes name;
  uint32_t proofs; /* that it depends on, for reports; bit n is of enum proof */
};

/* A module that is being generated. Its defined functions are known by reference: DEFINED_FUNCTION | number. */
struct code_module {
  struct context *context;
  struct module *module;
  VEC(struct code_body) bodies;
  size_t size; /* of the bodies that are written */
};

#define DEFINED_FUNCTION 0x80000000u

struct code {
  struct code_module *module;
  struct buffer out; /* instructions */
  VEC(struct code_call) calls;
  VEC(uint8_t) locals; /* types, parameters first */
  VEC(uint32_t) free_locals;
  uint32_t param_count;
  uint32_t reference;
  size_t set_at, set_end; /* where the last local.set of `set_last` is, and ends */
  uint32_t set_last;
};

/* Reserves a function of this type: its reference, so that it can be called before it is written. */
uint32_t declare_function(struct code_module *m, uint32_t type, struct bytes name);
struct code begin_function(struct code_module *m, uint32_t reference);
void end_function(struct code *f);
/* code_tidy.c: takes out of the instructions, all of which are there, what the function does without. */
void tidy_function(struct code *f);
/* Replaces references by indices and puts the functions into the module, with a name section. */
void finish_code_module(struct code_module *m);
/* What call number `call` of a body that is written calls; before finish_code_module(). */
uint32_t called_reference(const struct code_body *body, uint32_t call);
/* Does a function that is written only call another one with its own arguments? Then `*target` is the reference to
 * that. */
bool forwards(const struct code_module *m, uint32_t reference, uint32_t *target);
/* Makes it call another function of the same type. */
void set_called_reference(struct code_module *m, uint32_t reference, uint32_t call, uint32_t called);
/* A function that is like one that is written. */
uint32_t copy_function(struct code_module *m, uint32_t reference);
/* The index of a reference; right only once no more imports are added. */
uint32_t function_index(const struct code_module *m, uint32_t reference);

uint32_t take_local(struct code *f, uint8_t type);
void release_local(struct code *f, uint32_t local);

void put_op(struct code *f, enum op op);
void put_block(struct code *f, enum op op, uint8_t type);
void get_local(struct code *f, uint32_t local);
void set_local(struct code *f, uint32_t local);
void tee_local(struct code *f, uint32_t local);
void get_global(struct code *f, uint32_t global);
void set_global(struct code *f, uint32_t global);
void const_i32(struct code *f, uint32_t value);
void const_i64(struct code *f, uint64_t value);
/* Zero of a number type. */
void const_zero(struct code *f, uint8_t type);
void branch(struct code *f, enum op op, uint32_t depth);
void call(struct code *f, uint32_t reference);
/* load or store of natural alignment given as log2, at a constant offset. */
void access_memory(struct code *f, enum op op, uint32_t align_log2, uint32_t memory, uint64_t offset);
void memory_size(struct code *f, uint32_t memory);
/* The instructions of function `index` of `m`, which names one memory, here `memory`, and calls nothing. Its arguments
 * are on the stack, and its one result is left there. It sets its locals before it gets them, and does not return
 * early. */
void inline_function(struct code *f, const struct module *m, uint32_t index, uint32_t memory);
/* Of a block that ends with `unreachable`, which was put last: what is put next takes its place, up to another end. */
void reopen_block(struct code *f);
void memory_copy(struct code *f, uint32_t destination, uint32_t source);

#endif
