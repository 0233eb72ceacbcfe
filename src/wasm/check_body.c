/* check_body.c -- types the instructions of a body, one after the other, by the columns of opcodes.def.
 *
 * Of most instructions the table says all there is: which operands they take, which results they leave. The others have
 * a function for each family, here for locals and in the files check_*.c beside this one.
 *
 *     OPCODE(0x00, 0x28, "i32.load", "a", plain, "m", "i", 2, 0)
 *     reads a memory argument of alignment 2^2 at most, pops an address of that memory, pushes an i32
 *
 * Nothing is allocated for an instruction: stacks are kept from body to body. Blocks are frames on a stack, and no
 * nesting of theirs makes C code recurse.
 *
 * Requires  a checker with the module's index spaces, as check.c makes it.
 * Provides  check_body, check_constant, and what check_*.c take operands and immediates with.
 * Spec      WebAssembly 3.0 core, "Validation / Instructions" and "Validation Algorithm".
 */
#include "wasm/check_body.h"

#include "wasm/limits.h"
#include "wasm/opcodes.h"

#include <stdio.h>
#include <string.h>

static const struct instruction instructions[OPCODE_ROWS] = {
#define OPCODE(prefix, opcode, name, immediates, family, operands, results, limit, constant)                           \
  [ROW(prefix, opcode)] = {                                                                                            \
      name,  check_##family, immediates, operands, results, sizeof(operands) - 1, sizeof(results) - 1,                 \
      limit, constant,       opcode},
#include "wasm/opcodes.def"
#undef OPCODE
};
#define FIRST_ATOMIC (&instructions[ROW(0xfe, 0)])

void fail_instruction(struct checker *k, const char *format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  k->r.at = k->start;
  fail_at(&k->r, "%s: %s", k->row ? k->row->name : "local declarations", message);
}

/* The stack. */

operand pop_any(struct checker *k, const char *wanted) {
  if (k->count > k->frame->height)
    return k->operands[--k->count];
  if (!k->frame->is_unreachable)
    fail_instruction(k, "%s is expected, but there is no operand in the block", wanted);
  return OPERAND_BOTTOM;
}

_Noreturn static void fail_match(struct checker *k, operand type, operand wanted) {
  fail_instruction(k, "%s is expected, but the operand is %s", show_operand(wanted).text, show_operand(type).text);
}

operand pop_other(struct checker *k, operand wanted) {
  if (k->count == k->frame->height && !k->frame->is_unreachable)
    fail_instruction(k, "%s is expected, but there is no operand in the block", show_operand(wanted).text);
  const operand type = pop_any(k, "an operand");
  if (!operand_matches(&k->types, type, wanted))
    fail_match(k, type, wanted);
  return type;
}

/* Room for `more` operands. */
static void reserve_operands(struct checker *k, uint32_t more) {
  if (more <= k->capacity - k->count)
    return;
  if (more > OPERAND_LIMIT - k->count)
    fail_instruction(k, "there are more operands than the limit of %d", OPERAND_LIMIT);
  uint32_t capacity = k->capacity * 2;
  while (capacity < k->count + more)
    capacity *= 2;
  if (capacity > OPERAND_LIMIT)
    capacity = OPERAND_LIMIT;
  operand *operands = ALLOCATE(k->r.context, operand, capacity);
  if (k->count)
    memcpy(operands, k->operands, k->count * sizeof *operands);
  k->operands = operands;
  k->capacity = capacity;
}

void push_other(struct checker *k, operand type) {
  reserve_operands(k, 1);
  k->operands[k->count++] = type;
}

void pop_list(struct checker *k, const operand *list, uint32_t count) {
  for (uint32_t i = count; i-- > 0;)
    pop(k, list[i]);
}

void push_list(struct checker *k, const operand *list, uint32_t count) {
  reserve_operands(k, count);
  for (uint32_t i = 0; i < count; i++)
    k->operands[k->count++] = list[i];
}

void match_list(struct checker *k, const operand *list, uint32_t count) {
  const uint32_t present = k->count - k->frame->height;
  if (count > present && !k->frame->is_unreachable)
    fail_instruction(k, "%s is expected, but there is no operand in the block", show_operand(list[0]).text);
  for (uint32_t i = 0; i < count && i < present; i++) {
    const operand type = k->operands[k->count - 1 - i], wanted = list[count - 1 - i];
    if (!operand_matches(&k->types, type, wanted))
      fail_match(k, type, wanted);
  }
}

operand pop_reference(struct checker *k) {
  const operand type = pop_any(k, "a reference");
  if (type == OPERAND_BOTTOM)
    return OPERAND_REF_BOTTOM;
  if (!is_reference(type))
    fail_instruction(k, "a reference is expected, but the operand is %s", show_operand(type).text);
  return type;
}

operand pop_either(struct checker *k, int64_t heap) {
  const operand type = pop_reference(k);
  const operand wanted =
      abstract_operand(CORE_REF_NULL, heap, !(type & OPERAND_OPEN) && operand_is_shared(&k->types, type));
  if (!operand_matches(&k->types, type, wanted))
    fail_match(k, type, wanted);
  return type;
}

void set_unreachable(struct checker *k) {
  k->count = k->frame->height;
  k->frame->is_unreachable = true;
}

/* Immediates. */

static inline uint32_t next_u32(struct checker *k, const char *field) {
  const uint8_t *const at = k->r.at;
  if (k->r.end - at >= 2) {
    if (at[0] < 0x80) {
      k->r.at = at + 1;
      return at[0];
    }
    if (at[1] < 0x80) {
      k->r.at = at + 2;
      return (at[0] & 0x7fu) | (uint32_t)at[1] << 7;
    }
  }
  return read_u32(&k->r, field);
}

/* Steps over a LEB128 number of at most `most` bytes, fewer than its width allows, so that all its bits count. False:
 * it has more, or the input ends. */
static inline bool skip_number(struct checker *k, unsigned most) {
  const uint8_t *at = k->r.at;
  const size_t left = (size_t)(k->r.end - at);
  for (unsigned i = 0; i < most && i < left; i++)
    if (at[i] < 0x80) {
      k->r.at = at + i + 1;
      return true;
    }
  return false;
}

_Noreturn static void fail_index(struct checker *k, const char *what, uint32_t index, uint32_t count) {
  fail_instruction(k, "%s index %u is out of range: there %s %u", what, index, count == 1 ? "is" : "are", count);
}

static inline uint32_t next_index(struct checker *k, const char *what, uint32_t count) {
  const uint32_t index = next_u32(k, "the index");
  if (index >= count)
    fail_index(k, what, index, count);
  return index;
}

uint32_t read_checked_index(struct checker *k, const char *what, uint32_t count) { return next_index(k, what, count); }

uint8_t read_checked_byte(struct checker *k, const struct instruction *row) {
  const uint8_t byte = read_byte(&k->r, "the immediate");
  /* Of a lane of memory the limit is the width: a vector has 16 bytes. */
  const unsigned limit = row->immediates[0] == 'a' ? 16u >> row->limit : row->limit;
  if (byte >= limit)
    fail_instruction(k, "the immediate is %u, but has to be less than %u", byte, limit);
  return byte;
}

uint32_t read_type_index(struct checker *k) { return read_checked_index(k, "type", k->module->types.count); }

uint32_t read_field_index(struct checker *k, uint32_t field_count) {
  return read_checked_index(k, "field", field_count);
}

const struct signature *read_tag(struct checker *k) {
  return &k->types.signatures[k->tags[read_checked_index(k, "tag", k->counts[CORE_TAG])]];
}

const struct table_space *read_table(struct checker *k) {
  const struct table_space *table = &k->tables[read_checked_index(k, "table", k->counts[CORE_TABLE])];
  if (k->is_shared && !table->is_shared)
    fail_instruction(k, "a shared function can't use a table that is not shared");
  return table;
}

const struct global_space *read_global(struct checker *k) {
  const struct global_space *global = &k->globals[read_checked_index(k, "global", k->counts[CORE_GLOBAL])];
  if (k->is_shared && !global->is_shared)
    fail_instruction(k, "a shared function can't use a global that is not shared");
  if (k->is_constant && global->is_mutable)
    fail_instruction(k, "a constant expression can't use a variable");
  return global;
}

/* Code may name data segments only where their number comes before it. */
uint32_t read_data_index(struct checker *k) {
  return read_checked_index(k, "data segment", k->module->has_data_count ? k->module->datas.count : 0);
}

operand read_element_segment(struct checker *k) {
  return k->elements[read_checked_index(k, "element segment", k->module->elements.count)];
}

static operand checked_operand(struct checker *k, struct core_valtype type) {
  const bool has_index = (type.code == CORE_REF || type.code == CORE_REF_NULL) && type.heap >= 0;
  if (has_index && type.heap >= k->module->types.count)
    fail_instruction(k, "type index %u is out of range: there %s %u", (uint32_t)type.heap,
                     k->module->types.count == 1 ? "is" : "are", k->module->types.count);
  return operand_of(&k->types, type);
}

operand read_value_type(struct checker *k) { return checked_operand(k, read_core_valtype(&k->r)); }

operand read_heap_type(struct checker *k, enum core_code code) {
  struct core_valtype type = {.code = (uint8_t)code};
  read_core_heaptype(&k->r, &type);
  return checked_operand(k, type);
}

const struct core_type *type_of_form(struct checker *k, uint32_t index, enum core_composite form) {
  const struct core_type *type = &k->module->types.items[index];
  if (type->composite != form) {
    const char *const name = form == COMPOSITE_FUNC     ? "function"
                             : form == COMPOSITE_STRUCT ? "structure"
                             : form == COMPOSITE_ARRAY  ? "array"
                                                        : "continuation";
    fail_instruction(k, "type %u is not a type of a%s %s", index, form == COMPOSITE_ARRAY ? "n" : "", name);
  }
  if (k->is_shared && !type->is_shared)
    fail_instruction(k, "a shared function can't use type %u, which is not shared", index);
  return type;
}

const struct signature *function_type(struct checker *k, uint32_t index) {
  type_of_form(k, index, COMPOSITE_FUNC);
  return &k->types.signatures[index];
}

#define MEMARG_HAS_INDEX 0x40u

/* memarg ::= flags:u32 (x:memidx)? offset:u64      flags: the alignment, and 0x40 if there is a memory index */
static void read_memarg(struct checker *k, const struct instruction *row) {
  const uint32_t flags = next_u32(k, "the alignment");
  if (flags >= 2 * MEMARG_HAS_INDEX)
    fail_instruction(k, "unknown memory argument flags 0x%x", flags);
  uint32_t memory = 0;
  if (flags & MEMARG_HAS_INDEX)
    memory = read_checked_index(k, "memory", k->counts[CORE_MEMORY]);
  else if (k->counts[CORE_MEMORY] == 0)
    fail_instruction(k, "memory index 0 is out of range: there are 0");
  const uint32_t alignment = flags & (MEMARG_HAS_INDEX - 1);
  if (alignment > row->limit || (row >= FIRST_ATOMIC && alignment < row->limit))
    fail_instruction(k, "the alignment is 2^%u, but has to be %s2^%u", alignment, row >= FIRST_ATOMIC ? "" : "at most ",
                     row->limit);
  const operand address = k->memories[memory];
  if (!skip_number(k, 4) && read_u64(&k->r, "the offset") > UINT32_MAX && address == CORE_I32)
    fail_instruction(k, "the offset has more than 32 bits");
  k->letters['m'] = address;
}

static void read_vector(struct checker *k, const struct instruction *row) {
  const struct bytes bytes = read_bytes(&k->r, 16, "the constant");
  for (unsigned i = 0; row->limit && i < 16; i++)
    if (bytes.at[i] >= row->limit)
      fail_instruction(k, "lane %u is out of range: there are %u", bytes.at[i], row->limit);
}

/* One letter of a plain row. */
static void read_immediate(struct checker *k, const struct instruction *row, char letter) {
  switch (letter) {
  case 'a':
    read_memarg(k, row);
    return;
  case 'i':
    if (!skip_number(k, 4))
      read_s32(&k->r, "the constant");
    return;
  case 'I':
    if (!skip_number(k, 9))
      read_s64(&k->r, "the constant");
    return;
  case 'g':
    k->letters['g'] = read_global(k)->type;
    return;
  case 'm':
    k->letters['m'] = k->memories[read_checked_index(k, "memory", k->counts[CORE_MEMORY])];
    return;
  case 't': {
    const struct table_space *table = read_table(k);
    k->letters['t'] = table->address;
    k->letters['T'] = table->element;
    return;
  }
  case '1':
    read_checked_byte(k, row);
    return;
  case '4':
    read_bytes(&k->r, 4, "the constant");
    return;
  case '8':
    read_bytes(&k->r, 8, "the constant");
    return;
  case 'v':
    read_vector(k, row);
    return;
  case 'd':
    read_data_index(k);
    return;
  case 'E':
    read_element_segment(k);
    return;
  default:
    assert(false && "an immediate of a plain row");
  }
}

/* Are the operands on the stack just what the row takes? Most often they are, and there are one or two. */
static inline bool has_operands(const struct checker *k, const struct instruction *row) {
  const unsigned count = row->operand_count;
  if (k->count - k->frame->height < count)
    return false;
  const operand *const at = &k->operands[k->count - count];
  if (count && at[0] != k->letters[(uint8_t)row->operands[0]])
    return false;
  for (unsigned i = 1; i < count; i++)
    if (at[i] != k->letters[(uint8_t)row->operands[i]])
      return false;
  return true;
}

void check_plain(struct checker *k, const struct instruction *row) {
  for (const char *letter = row->immediates; *letter; letter++)
    read_immediate(k, row, *letter);
  if (has_operands(k, row))
    k->count -= row->operand_count;
  else
    for (unsigned i = row->operand_count; i-- > 0;)
      pop(k, k->letters[(uint8_t)row->operands[i]]);
  for (unsigned i = 0; i < row->result_count; i++)
    push(k, k->letters[(uint8_t)row->results[i]]);
}

/* Globals, tables and memories, where the columns do not say all. */

void check_global_set(struct checker *k, const struct instruction *row) {
  (void)row;
  const struct global_space *global = read_global(k);
  if (!global->is_mutable)
    fail_instruction(k, "the global is not a variable");
  pop(k, global->type);
}

static operand smaller_address(operand a, operand b) { return a == CORE_I32 ? a : b; }

void check_memory_copy(struct checker *k, const struct instruction *row) {
  (void)row;
  const operand to = k->memories[read_checked_index(k, "memory", k->counts[CORE_MEMORY])];
  const operand from = k->memories[read_checked_index(k, "memory", k->counts[CORE_MEMORY])];
  pop(k, smaller_address(to, from));
  pop(k, from);
  pop(k, to);
}

void check_elements(struct checker *k, operand elements, operand wanted) {
  if (!operand_matches(&k->types, elements, wanted))
    fail_instruction(k, "%s is expected, but the elements are %s", show_operand(wanted).text,
                     show_operand(elements).text);
}

void check_table_copy(struct checker *k, const struct instruction *row) {
  (void)row;
  const struct table_space *to = read_table(k);
  const struct table_space *from = read_table(k);
  check_elements(k, from->element, to->element);
  pop(k, smaller_address(to->address, from->address));
  pop(k, from->address);
  pop(k, to->address);
}

void check_table_init(struct checker *k, const struct instruction *row) {
  (void)row;
  const operand elements = read_element_segment(k);
  const struct table_space *table = read_table(k);
  check_elements(k, elements, table->element);
  pop(k, CORE_I32);
  pop(k, CORE_I32);
  pop(k, table->address);
}

/* Locals. */

static operand local_of_run(const struct checker *k, uint32_t index) {
  uint32_t low = 0, high = k->local_runs.count - 1;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (index < k->local_runs.items[middle].end)
      high = middle;
    else
      low = middle + 1;
  }
  return k->local_runs.items[low].type;
}

static inline operand local_type(const struct checker *k, uint32_t index) {
  return index < FIRST_LOCALS ? k->first_locals[index] : local_of_run(k, index);
}

static inline bool is_set(const struct checker *k, uint32_t index) {
  return index < k->first_unset || is_defaultable(local_type(k, index)) || k->set_in[index] == k->body;
}

static void set_local(struct checker *k, uint32_t index) {
  if (is_set(k, index))
    return;
  k->set_in[index] = k->body;
  VEC_ADD(k->r.context, &k->set_locals, index);
}

void check_local_get(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t index = next_index(k, "local", k->local_count);
  if (!is_set(k, index))
    fail_instruction(k, "local %u has no value yet", index);
  push(k, local_type(k, index));
}

void check_local_set(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t index = next_index(k, "local", k->local_count);
  pop(k, local_type(k, index));
  set_local(k, index);
}

void check_local_tee(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t index = next_index(k, "local", k->local_count);
  pop(k, local_type(k, index));
  set_local(k, index);
  push(k, local_type(k, index));
}

static void add_locals(struct checker *k, uint32_t count, operand type, bool is_parameter) {
  if (count > LOCAL_LIMIT - k->local_count)
    fail_instruction(k, "there are more locals than the limit of %d", LOCAL_LIMIT);
  if (count == 0)
    return;
  const uint32_t end = k->local_count + count;
  for (uint32_t i = k->local_count; i < end && i < FIRST_LOCALS; i++)
    k->first_locals[i] = type;
  if (end > FIRST_LOCALS)
    VEC_ADD(k->r.context, &k->local_runs, ((struct local_run){end, type}));
  if (!is_parameter && !is_defaultable(type) && k->first_unset == UINT32_MAX) {
    k->first_unset = k->local_count;
    if (!k->set_in)
      k->set_in = ALLOCATE(k->r.context, uint32_t, LOCAL_LIMIT);
  }
  k->local_count = end;
}

/* Parameters, then list(locals)      locals ::= n:u32 valtype */
static void read_locals(struct checker *k, const struct signature *type) {
  k->local_count = k->local_runs.count = 0;
  k->first_unset = UINT32_MAX;
  k->row = NULL;
  k->start = k->r.at;
  for (uint32_t i = 0; i < type->parameter_count; i++)
    add_locals(k, 1, type->parameters[i], true);
  const uint32_t count = read_count(&k->r, 2, "the number of local declarations");
  for (uint32_t i = 0; i < count; i++) {
    k->start = k->r.at;
    const uint32_t locals = next_u32(k, "the number of locals");
    add_locals(k, locals, read_value_type(k), false);
  }
}

/* Expressions. */

static const struct instruction *next_prefixed(struct checker *k, uint8_t prefix) {
  const uint32_t code = next_u32(k, "the opcode");
  const struct instruction *row = code < PREFIX_ROWS ? &instructions[ROW(prefix, code)] : NULL;
  if (!row || !row->name) {
    k->r.at = k->start;
    fail_at(&k->r, "unknown instruction 0x%02x 0x%02x", prefix, code);
  }
  return row;
}

/* Of what has no row of its own: a prefix, or nothing. */
static const struct instruction *next_other(struct checker *k, uint8_t code) {
  if (code >= FIRST_PREFIX && code <= LAST_PREFIX)
    return next_prefixed(k, code);
  k->r.at = k->start;
  fail_at(&k->r, "unknown instruction 0x%02x", code);
}

static inline void next_instruction(struct checker *k) {
  k->start = k->r.at;
  const uint8_t code = at_end(&k->r) ? read_byte(&k->r, "the instruction") : *k->r.at++;
  k->row = instructions[code].name ? &instructions[code] : next_other(k, code);
}

/* expr ::= instr* 0x0b, which leaves the results of `type`. */
static void begin_expression(struct checker *k, struct signature type, operand single) {
  k->count = k->frames.count = k->set_locals.count = 0;
  push_frame(k, FRAME_BODY, type, single);
}

void check_body(struct checker *k, uint32_t function_type, struct bytes body) {
  const struct signature *type = &k->types.signatures[function_type];
  k->r = reader_of(k->r.context, body, k->r.origin);
  k->is_constant = false;
  k->is_shared = k->module->types.items[function_type].is_shared;
  k->body++;
  read_locals(k, type);
  begin_expression(k, (struct signature){.results = type->results, .result_count = type->result_count}, OPERAND_BOTTOM);
  do {
    next_instruction(k);
    k->row->check(k, k->row);
  } while (k->frames.count);
  expect_end(&k->r, "function body");
}

void check_constant(struct checker *k, struct bytes expression, operand wanted) {
  if (expression.size == 0)
    return;
  k->r = reader_of(k->r.context, expression, k->r.origin);
  k->is_constant = true;
  k->is_shared = false;
  begin_expression(k, (struct signature){.result_count = 1}, wanted);
  do {
    next_instruction(k);
    if (!k->row->is_constant)
      fail_instruction(k, "this can't be in a constant expression");
    k->row->check(k, k->row);
  } while (k->frames.count);
  expect_end(&k->r, "constant expression");
}
