/* code.c -- writes the bodies of generated functions.
 *
 * Requires  locals are released by whoever took them.
 * Provides  a module with all functions, calls by index, and the names of the functions.
 * Spec      WebAssembly core, "Binary Format / Instructions".
 */
#include "fuse/code.h"

#include "wasm/rewrite.h"

#include <assert.h>
#include <string.h>

#define REFERENCE_WIDTH 5
#define INLINE_LOCALS 16

uint32_t declare_function(struct code_module *m, uint32_t type, struct bytes name) {
  struct code_body *body = VEC_PUSH(m->context, &m->bodies);
  body->type = type;
  body->name = name;
  return DEFINED_FUNCTION | (m->bodies.count - 1);
}

struct code begin_function(struct code_module *m, uint32_t reference) {
  struct code f = {.module = m, .out = new_buffer(m->context), .reference = reference};
  uint32_t type = m->bodies.items[reference & ~DEFINED_FUNCTION].type;
  const struct core_functype *functype = &m->module->types.items[type].func;
  for (uint32_t i = 0; i < functype->param_count; i++)
    VEC_ADD(m->context, &f.locals, functype->params[i].code);
  f.param_count = functype->param_count;
  return f;
}

/* Local declarations: one run for each stretch of equal types. */
static void put_locals(struct code *f, struct buffer *out) {
  uint32_t runs = 0;
  for (uint32_t i = f->param_count; i < f->locals.count; i++)
    if (i == f->param_count || f->locals.items[i] != f->locals.items[i - 1])
      runs++;
  put_u32(out, runs);
  for (uint32_t i = f->param_count; i < f->locals.count;) {
    uint32_t start = i;
    while (i < f->locals.count && f->locals.items[i] == f->locals.items[start])
      i++;
    put_u32(out, i - start);
    put_byte(out, f->locals.items[start]);
  }
}

void end_function(struct code *f) {
  put_op(f, OP_END);
  tidy_function(f);
  struct context *c = f->module->context;
  struct code_body *body = &f->module->bodies.items[f->reference & ~DEFINED_FUNCTION];
  body->out = new_buffer(c);
  put_locals(f, &body->out);
  uint32_t shift = (uint32_t)body->out.size;
  put_bytes(&body->out, buffer_bytes(&f->out));
  f->module->size += body->out.size;
  for (uint32_t i = 0; i < f->calls.count; i++)
    VEC_ADD(c, &body->calls, ((struct code_call){f->calls.items[i].at + shift}));
}

uint32_t function_index(const struct code_module *m, uint32_t reference) {
  if (!(reference & DEFINED_FUNCTION))
    return reference;
  return m->module->imported[CORE_FUNC] + (reference & ~DEFINED_FUNCTION);
}

static void write_reference(uint8_t *at, uint32_t value) {
  for (uint32_t i = 0; i < REFERENCE_WIDTH; i++) {
    at[i] = (uint8_t)((value & 0x7f) | (i + 1 < REFERENCE_WIDTH ? 0x80 : 0));
    value >>= 7;
  }
}

static uint32_t read_reference(const uint8_t *at) {
  uint32_t value = 0;
  for (uint32_t i = 0; i < REFERENCE_WIDTH; i++)
    value |= (uint32_t)(at[i] & 0x7f) << (7 * i);
  return value;
}

uint32_t called_reference(const struct code_body *body, uint32_t call) {
  return read_reference(body->out.data + body->calls.items[call].at);
}

bool forwards(const struct code_module *m, uint32_t reference, uint32_t *target) {
  const struct code_body *body = &m->bodies.items[reference & ~DEFINED_FUNCTION];
  const struct core_functype *type = &m->module->types.items[body->type].func;
  struct buffer wanted = new_buffer(m->context);
  if (body->calls.count != 1)
    return false;
  *target = called_reference(body, 0);
  put_u32(&wanted, 0); /* no locals */
  for (uint32_t i = 0; i < type->param_count; i++) {
    put_byte(&wanted, OP_LOCAL_GET);
    put_u32(&wanted, i);
  }
  put_byte(&wanted, OP_CALL);
  const size_t end = wanted.size + REFERENCE_WIDTH;
  return body->out.size == end + 1 && body->out.data[end] == OP_END &&
         memcmp(body->out.data, wanted.data, wanted.size) == 0;
}

void set_called_reference(struct code_module *m, uint32_t reference, uint32_t call, uint32_t called) {
  const struct code_body *body = &m->bodies.items[reference & ~DEFINED_FUNCTION];
  assert(call < body->calls.count);
  write_reference(body->out.data + body->calls.items[call].at, called);
}

uint32_t copy_function(struct code_module *m, uint32_t reference) {
  const struct code_body original = m->bodies.items[reference & ~DEFINED_FUNCTION];
  struct code_body *copy = VEC_PUSH(m->context, &m->bodies);
  *copy = original;
  copy->out = new_buffer(m->context);
  put_bytes(&copy->out, buffer_bytes(&original.out));
  m->size += copy->out.size;
  return DEFINED_FUNCTION | (m->bodies.count - 1);
}

/* Spec: "Name Section", sub-section 1: function names. */
static void add_names(struct code_module *m) {
  struct buffer names = new_buffer(m->context), content = new_buffer(m->context);
  put_u32(&names, m->bodies.count);
  for (uint32_t i = 0; i < m->bodies.count; i++) {
    put_u32(&names, m->module->imported[CORE_FUNC] + i);
    put_name(&names, m->bodies.items[i].name);
  }
  put_byte(&content, 1);
  put_sized(&content, &names);
  *VEC_PUSH(m->context, &m->module->customs) =
      (struct core_custom){.name = bytes_of("name"), .content = buffer_bytes(&content), .after = 11};
}

void finish_code_module(struct code_module *m) {
  for (uint32_t i = 0; i < m->bodies.count; i++) {
    struct code_body *body = &m->bodies.items[i];
    assert(body->out.size > 0);
    for (uint32_t n = 0; n < body->calls.count; n++) {
      uint8_t *at = body->out.data + body->calls.items[n].at;
      write_reference(at, function_index(m, read_reference(at)));
    }
    add_function(m->context, m->module, body->type, buffer_bytes(&body->out));
  }
  add_names(m);
}

uint32_t take_local(struct code *f, uint8_t type) {
  for (uint32_t i = f->free_locals.count; i-- > 0;) {
    uint32_t local = f->free_locals.items[i];
    if (f->locals.items[local] != type)
      continue;
    f->free_locals.items[i] = f->free_locals.items[--f->free_locals.count];
    return local;
  }
  VEC_ADD(f->module->context, &f->locals, type);
  return f->locals.count - 1;
}

void release_local(struct code *f, uint32_t local) { VEC_ADD(f->module->context, &f->free_locals, local); }

void put_op(struct code *f, enum op op) { put_byte(&f->out, (uint8_t)op); }

void put_block(struct code *f, enum op op, uint8_t type) {
  put_op(f, op);
  put_byte(&f->out, type);
}

static void put_indexed(struct code *f, enum op op, uint32_t index) {
  put_op(f, op);
  put_u32(&f->out, index);
}

/* (local.set x) (local.get x) is (local.tee x). */
void get_local(struct code *f, uint32_t local) {
  if (f->set_end == f->out.size && f->set_end > 0 && f->set_last == local) {
    f->out.data[f->set_at] = OP_LOCAL_TEE;
    f->set_end = 0;
    return;
  }
  put_indexed(f, OP_LOCAL_GET, local);
}

void set_local(struct code *f, uint32_t local) {
  f->set_at = f->out.size;
  put_indexed(f, OP_LOCAL_SET, local);
  f->set_end = f->out.size;
  f->set_last = local;
}

void tee_local(struct code *f, uint32_t local) { put_indexed(f, OP_LOCAL_TEE, local); }
void get_global(struct code *f, uint32_t global) { put_indexed(f, OP_GLOBAL_GET, global); }
void set_global(struct code *f, uint32_t global) { put_indexed(f, OP_GLOBAL_SET, global); }
void branch(struct code *f, enum op op, uint32_t depth) { put_indexed(f, op, depth); }

void const_i32(struct code *f, uint32_t value) {
  put_op(f, OP_I32_CONST);
  put_s32(&f->out, (int32_t)value);
}

void const_i64(struct code *f, uint64_t value) {
  put_op(f, OP_I64_CONST);
  put_s64(&f->out, (int64_t)value);
}

void const_zero(struct code *f, uint8_t type) {
  static const uint8_t zeros[8] = {0};
  switch (type) {
  case CORE_I32:
    const_i32(f, 0);
    return;
  case CORE_I64:
    const_i64(f, 0);
    return;
  case CORE_F32:
    put_op(f, OP_F32_CONST);
    put_raw(&f->out, zeros, 4);
    return;
  default:
    assert(type == CORE_F64);
    put_op(f, OP_F64_CONST);
    put_raw(&f->out, zeros, 8);
    return;
  }
}

void call(struct code *f, uint32_t reference) {
  put_op(f, OP_CALL);
  VEC_ADD(f->module->context, &f->calls, ((struct code_call){(uint32_t)f->out.size}));
  uint8_t bytes[REFERENCE_WIDTH];
  write_reference(bytes, reference);
  put_raw(&f->out, bytes, sizeof bytes);
}

void access_memory(struct code *f, enum op op, uint32_t align_log2, uint32_t memory, uint64_t offset) {
  put_op(f, op);
  put_u32(&f->out, align_log2 | (memory ? 0x40 : 0));
  if (memory)
    put_u32(&f->out, memory);
  put_u64(&f->out, offset);
}

void memory_size(struct code *f, uint32_t memory) { put_indexed(f, OP_MEMORY_SIZE, memory); }

void memory_copy(struct code *f, uint32_t destination, uint32_t source) {
  put_byte(&f->out, 0xfc);
  put_u32(&f->out, 10);
  put_u32(&f->out, destination);
  put_u32(&f->out, source);
}

/* Locals for those that the body declares, behind its parameters; `*body` is moved to its instructions. */
static uint32_t take_declared(struct code *f, struct bytes *body, uint32_t *locals, uint32_t count) {
  struct reader r = reader_of(f->module->context, *body, body->at);
  for (uint32_t runs = read_u32(&r, "the number of runs"); runs; runs--) {
    const uint32_t length = read_u32(&r, "the number of locals");
    const struct core_valtype type = read_core_valtype(&r);
    for (uint32_t i = 0; i < length; i++) {
      assert(count < INLINE_LOCALS);
      locals[count++] = take_local(f, type.code);
    }
  }
  *body = (struct bytes){r.at, (size_t)(r.end - r.at)};
  return count;
}

void inline_function(struct code *f, const struct module *m, uint32_t index, uint32_t memory) {
  const struct core_function *function = &m->functions.items[index - m->imported[CORE_FUNC]];
  const struct core_functype *type = &m->types.items[function->type].func;
  uint32_t locals[INLINE_LOCALS];
  assert(type->param_count <= INLINE_LOCALS && type->result_count == 1);
  for (uint32_t i = 0; i < type->param_count; i++)
    locals[i] = take_local(f, type->params[i].code);
  for (uint32_t i = type->param_count; i-- > 0;)
    set_local(f, locals[i]);
  struct bytes body = function->body;
  const uint32_t count = take_declared(f, &body, locals, type->param_count);
  put_block(f, OP_BLOCK, type->results[0].code);
  const struct index_maps maps = {.to = {[SPACE_MEMORY] = &memory}, .locals = locals};
  rewrite_expression(f->module->context, m, &maps, body, &f->out);
  for (uint32_t i = 0; i < count; i++)
    release_local(f, locals[i]);
}

void reopen_block(struct code *f) {
  assert(f->out.size >= 2 && f->out.data[f->out.size - 2] == OP_UNREACHABLE && f->out.data[f->out.size - 1] == OP_END);
  f->out.size -= 2;
}
