/* check_aggregate.c -- structures, arrays, and atomic access to them and to globals and tables.
 *
 * All of them are places with a field's type. How a place is named differs, by a reference and a field or an index;
 * what each kind of access asks of the type, and which operands it takes, does not:
 *
 *     struct.get $t 0         (ref null $t)                    -> field
 *     array.atomic.rmw.add    (ref null $t) i32, field         -> field
 *
 * Requires  check_body.c for operands and immediates.
 * Provides  check_* of the families of structures, arrays and atomic access.
 * Spec      WebAssembly 3.0 core, "Validation / Instructions / Aggregate Instructions"; the proposal shared-everything
 *           threads.
 */
#include "wasm/check_body.h"

static bool is_packed(struct core_valtype type) { return type.code == CORE_I8 || type.code == CORE_I16; }

static operand unpacked(const struct checker *k, const struct core_field *field) {
  return is_packed(field->type) ? CORE_I32 : operand_of(&k->types, field->type);
}

static operand exact_reference(const struct checker *k, uint32_t type) {
  return defined_operand(&k->types, CORE_REF, type) | OPERAND_EXACT;
}

static operand nullable(const struct checker *k, uint32_t type) {
  return defined_operand(&k->types, CORE_REF_NULL, type);
}

/* Access. */

/* In the order of their opcodes. */
enum access { ACCESS_GET, ACCESS_GET_S, ACCESS_GET_U, ACCESS_SET, ACCESS_MODIFY, ACCESS_EXCHANGE, ACCESS_COMPARE };

/* A field, or what is as a field. */
struct cell {
  operand type; /* when it is on the stack */
  bool is_packed, is_mutable;
};

static struct cell cell_of(const struct checker *k, const struct core_field *field) {
  return (struct cell){unpacked(k, field), is_packed(field->type), field->is_mutable};
}

static void check_access(struct checker *k, enum access access, const struct cell *cell) {
  if (access >= ACCESS_SET && !cell->is_mutable)
    fail_instruction(k, "what is written is not a variable");
  const bool is_extending = access == ACCESS_GET_S || access == ACCESS_GET_U;
  if (is_extending && !cell->is_packed)
    fail_instruction(k, "only an i8 or i16 can be extended");
  if (cell->is_packed && !is_extending && access != ACCESS_SET)
    fail_instruction(k, "an i8 or i16 is read by the instruction that extends it, and not changed in one step");
}

/* Atomic access is to integers, and except for arithmetic to references of the hierarchy of any. */
static void check_atomic_access(struct checker *k, enum access access, const struct cell *cell, bool is_shared) {
  check_access(k, access, cell);
  if (cell->is_packed || cell->type == CORE_I32 || cell->type == CORE_I64)
    return;
  const operand wanted = abstract_operand(CORE_REF_NULL, access == ACCESS_COMPARE ? HEAP_EQ : HEAP_ANY, is_shared);
  if (access == ACCESS_MODIFY || !operand_matches(&k->types, cell->type, wanted))
    fail_instruction(k, "there is no such access to %s", show_operand(cell->type).text);
}

/* The operands on top of those that name the place. */
static void pop_values(struct checker *k, enum access access, const struct cell *cell) {
  if (access == ACCESS_COMPARE)
    pop(k, cell->type);
  if (access >= ACCESS_SET)
    pop(k, cell->type);
}

static void push_value(struct checker *k, enum access access, const struct cell *cell) {
  if (access != ACCESS_SET)
    push(k, cell->type);
}

/* Of the order get, set, five times arithmetic, xchg, cmpxchg; with `has_extension`, get_s and get_u after get. */
static enum access atomic_access(uint16_t position, bool has_extension) {
  if (has_extension && position <= ACCESS_SET)
    return (enum access)position;
  if (has_extension)
    position = (uint16_t)(position - 2);
  static const enum access accesses[] = {ACCESS_GET,    ACCESS_SET,    ACCESS_MODIFY,   ACCESS_MODIFY, ACCESS_MODIFY,
                                         ACCESS_MODIFY, ACCESS_MODIFY, ACCESS_EXCHANGE, ACCESS_COMPARE};
  assert(position < sizeof accesses / sizeof accesses[0]);
  return accesses[position];
}

/* Structures. */

static struct cell read_field(struct checker *k, uint32_t index) {
  const struct core_type *type = type_of_form(k, index, COMPOSITE_STRUCT);
  return cell_of(k, &type->fields[read_field_index(k, type->field_count)]);
}

void check_struct_new(struct checker *k, const struct instruction *row) {
  const uint32_t index = read_type_index(k);
  const struct core_type *type = type_of_form(k, index, COMPOSITE_STRUCT);
  for (uint32_t i = type->field_count; i-- > 0;) {
    const operand field = unpacked(k, &type->fields[i]);
    if (row->opcode == OPCODE_STRUCT_NEW)
      pop(k, field);
    else if (!is_defaultable(field))
      fail_instruction(k, "field %u has no default value", i);
  }
  push(k, exact_reference(k, index));
}

void check_struct_get(struct checker *k, const struct instruction *row) {
  const uint32_t index = read_type_index(k);
  const struct cell cell = read_field(k, index);
  check_access(k, (enum access)(row->opcode - OPCODE_STRUCT_GET), &cell);
  pop(k, nullable(k, index));
  push(k, cell.type);
}

void check_struct_set(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t index = read_type_index(k);
  const struct cell cell = read_field(k, index);
  check_access(k, ACCESS_SET, &cell);
  pop(k, cell.type);
  pop(k, nullable(k, index));
}

void check_struct_atomic(struct checker *k, const struct instruction *row) {
  read_checked_byte(k, row);
  const enum access access = atomic_access((uint16_t)(row->opcode - OPCODE_STRUCT_ATOMIC), true);
  const uint32_t index = read_type_index(k);
  const struct cell cell = read_field(k, index);
  check_atomic_access(k, access, &cell, true);
  pop_values(k, access, &cell);
  pop(k, nullable(k, index));
  push_value(k, access, &cell);
}

/* Arrays. */

static struct cell array_cell(struct checker *k, uint32_t index) {
  return cell_of(k, &type_of_form(k, index, COMPOSITE_ARRAY)->fields[0]);
}

void check_array_new(struct checker *k, const struct instruction *row) {
  const uint32_t index = read_type_index(k);
  const struct cell cell = array_cell(k, index);
  pop(k, CORE_I32);
  if (row->opcode == OPCODE_ARRAY_NEW)
    pop(k, cell.type);
  else if (!is_defaultable(cell.type))
    fail_instruction(k, "the elements have no default value");
  push(k, exact_reference(k, index));
}

void check_array_new_fixed(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t index = read_type_index(k);
  const struct cell cell = array_cell(k, index);
  const uint32_t count = read_u32(&k->r, "the number of elements");
  /* In code that can't be reached, operands that are not there need no look. */
  for (uint32_t i = 0; i < count && !(k->frame->is_unreachable && k->count == k->frame->height); i++)
    pop(k, cell.type);
  push(k, exact_reference(k, index));
}

/* Pops the part of the segment and what fits it: bytes where there are numbers, elements where there are references. */
static void read_segment(struct checker *k, bool is_data, const struct cell *cell) {
  if (is_data) {
    read_data_index(k);
    if (is_reference(cell->type))
      fail_instruction(k, "the array holds references, which data can't be");
  } else {
    const operand elements = read_element_segment(k);
    check_elements(k, elements, cell->type);
  }
  pop(k, CORE_I32);
  pop(k, CORE_I32);
}

void check_array_new_segment(struct checker *k, const struct instruction *row) {
  const uint32_t index = read_type_index(k);
  const struct cell cell = array_cell(k, index);
  read_segment(k, row->opcode == OPCODE_ARRAY_NEW_DATA, &cell);
  push(k, exact_reference(k, index));
}

void check_array_init_segment(struct checker *k, const struct instruction *row) {
  const uint32_t index = read_type_index(k);
  const struct cell cell = array_cell(k, index);
  check_access(k, ACCESS_SET, &cell);
  read_segment(k, row->opcode == OPCODE_ARRAY_INIT_DATA, &cell);
  pop(k, CORE_I32);
  pop(k, nullable(k, index));
}

void check_array_get(struct checker *k, const struct instruction *row) {
  const uint32_t index = read_type_index(k);
  const struct cell cell = array_cell(k, index);
  check_access(k, (enum access)(row->opcode - OPCODE_ARRAY_GET), &cell);
  pop(k, CORE_I32);
  pop(k, nullable(k, index));
  push(k, cell.type);
}

void check_array_set(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t index = read_type_index(k);
  const struct cell cell = array_cell(k, index);
  check_access(k, ACCESS_SET, &cell);
  pop(k, cell.type);
  pop(k, CORE_I32);
  pop(k, nullable(k, index));
}

void check_array_len(struct checker *k, const struct instruction *row) {
  (void)row;
  pop_either(k, HEAP_ARRAY);
  push(k, CORE_I32);
}

void check_array_fill(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t index = read_type_index(k);
  const struct cell cell = array_cell(k, index);
  check_access(k, ACCESS_SET, &cell);
  pop(k, CORE_I32);
  pop(k, cell.type);
  pop(k, CORE_I32);
  pop(k, nullable(k, index));
}

void check_array_copy(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t to = read_type_index(k), from = read_type_index(k);
  const struct core_field *target = &type_of_form(k, to, COMPOSITE_ARRAY)->fields[0];
  const struct core_field *source = &type_of_form(k, from, COMPOSITE_ARRAY)->fields[0];
  const struct cell cell = cell_of(k, target);
  check_access(k, ACCESS_SET, &cell);
  const bool matches = is_packed(target->type) || is_packed(source->type)
                           ? target->type.code == source->type.code
                           : operand_matches(&k->types, unpacked(k, source), cell.type);
  if (!matches)
    fail_instruction(k, "the elements of type %u do not match those of type %u", from, to);
  pop(k, CORE_I32);
  pop(k, CORE_I32);
  pop(k, nullable(k, from));
  pop(k, CORE_I32);
  pop(k, nullable(k, to));
}

void check_array_atomic(struct checker *k, const struct instruction *row) {
  read_checked_byte(k, row);
  const enum access access = atomic_access((uint16_t)(row->opcode - OPCODE_ARRAY_ATOMIC), true);
  const uint32_t index = read_type_index(k);
  const struct cell cell = array_cell(k, index);
  check_atomic_access(k, access, &cell, true);
  pop_values(k, access, &cell);
  pop(k, CORE_I32);
  pop(k, nullable(k, index));
  push_value(k, access, &cell);
}

/* Globals and tables. */

void check_global_atomic(struct checker *k, const struct instruction *row) {
  read_checked_byte(k, row);
  const enum access access = atomic_access((uint16_t)(row->opcode - OPCODE_GLOBAL_ATOMIC), false);
  const struct global_space *global = read_global(k);
  const struct cell cell = {.type = global->type, .is_mutable = global->is_mutable};
  check_atomic_access(k, access, &cell, false);
  pop_values(k, access, &cell);
  push_value(k, access, &cell);
}

void check_table_atomic(struct checker *k, const struct instruction *row) {
  static const enum access accesses[] = {ACCESS_GET, ACCESS_SET, ACCESS_EXCHANGE, ACCESS_COMPARE};
  read_checked_byte(k, row);
  const enum access access = accesses[row->opcode - OPCODE_TABLE_ATOMIC];
  const struct table_space *table = read_table(k);
  const struct cell cell = {.type = table->element, .is_mutable = true};
  check_atomic_access(k, access, &cell, true);
  pop_values(k, access, &cell);
  pop(k, table->address);
  push_value(k, access, &cell);
}
