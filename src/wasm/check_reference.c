/* check_reference.c -- references: null, equality, casts, and the branches on them.
 *
 * Requires  check_body.c for operands and immediates.
 * Provides  check_* of the families of reference instructions.
 * Spec      WebAssembly 3.0 core, "Validation / Instructions / Reference Instructions"; with custom descriptors, a
 *           reference that is made here is exact, and a cast may go anywhere in its hierarchy.
 */
#include "wasm/check_body.h"

void check_ref_null(struct checker *k, const struct instruction *row) {
  (void)row;
  push(k, read_heap_type(k, CORE_REF_NULL));
}

void check_ref_is_null(struct checker *k, const struct instruction *row) {
  (void)row;
  pop_reference(k);
  push(k, CORE_I32);
}

/* An import may be of a type below the one that it is imported with, unless that is exact. */
static bool is_exact_function(const struct module *m, uint32_t index) {
  return !is_imported(m, CORE_FUNC, index) || item_type(m, CORE_FUNC, index).exact;
}

/* In a constant expression it declares the function; a body may only use what has been declared. */
void check_ref_func(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t index = read_checked_index(k, "function", k->counts[CORE_FUNC]);
  if (k->is_constant)
    k->declared[index] = true;
  else if (!k->declared[index])
    fail_instruction(k, "function %u is not declared by any element segment, global or export", index);
  const operand exact = is_exact_function(k->module, index) ? OPERAND_EXACT : 0;
  push(k, defined_operand(&k->types, CORE_REF, k->functions[index]) | exact);
}

void check_ref_eq(struct checker *k, const struct instruction *row) {
  (void)row;
  const operand second = pop_either(k, HEAP_EQ);
  const operand first = pop_either(k, HEAP_EQ);
  const bool is_open = ((first | second) & OPERAND_OPEN) != 0;
  if (!is_open && operand_is_shared(&k->types, first) != operand_is_shared(&k->types, second))
    fail_instruction(k, "one operand is shared, the other is not");
  push(k, CORE_I32);
}

void check_ref_as_non_null(struct checker *k, const struct instruction *row) {
  (void)row;
  push(k, with_code(pop_reference(k), CORE_REF));
}

void check_br_on_null(struct checker *k, const struct instruction *row) {
  (void)row;
  const struct label label = read_label(k);
  const operand type = pop_reference(k);
  pop_list(k, label.types, label.count);
  push_list(k, label.types, label.count);
  push(k, with_code(type, CORE_REF));
}

/* The last type of a label, which has to be that of a reference. */
static operand last_reference(struct checker *k, const struct label *label) {
  const operand last = label->count ? label->types[label->count - 1] : OPERAND_BOTTOM;
  if (!is_reference(last))
    fail_instruction(k, "the label does not take a reference at the end");
  return last;
}

void check_br_on_non_null(struct checker *k, const struct instruction *row) {
  (void)row;
  const struct label label = read_label(k);
  pop(k, with_code(last_reference(k, &label), CORE_REF_NULL));
  pop_list(k, label.types, label.count - 1);
  push_list(k, label.types, label.count - 1);
}

/* The type above all others of the hierarchy. */
static operand top_of(const struct checker *k, operand type) {
  int64_t heap;
  if (is_defined(type))
    heap = heap_of_composite(k->module->types.items[operand_index(type)].composite);
  else
    heap = operand_heap(type);
  static const int64_t tops[] = {HEAP_FUNC, HEAP_EXTERN, HEAP_EXN, HEAP_CONT};
  int64_t top = HEAP_ANY;
  for (unsigned i = 0; i < sizeof tops / sizeof tops[0]; i++)
    if (bottom_heap(heap) == bottom_heap(tops[i]))
      top = tops[i];
  return abstract_operand(CORE_REF_NULL, top, operand_is_shared(&k->types, type));
}

static void check_cast_target(struct checker *k, operand top) {
  if (operand_heap(top) == HEAP_CONT)
    fail_instruction(k, "there are no casts to continuations");
}

/* Pops what is cast; the type that it is cast to. */
static operand read_cast(struct checker *k, bool is_nullable) {
  const operand type = read_heap_type(k, is_nullable ? CORE_REF_NULL : CORE_REF);
  const operand top = top_of(k, type);
  check_cast_target(k, top);
  pop(k, top);
  return type;
}

void check_ref_test(struct checker *k, const struct instruction *row) {
  read_cast(k, row->opcode == OPCODE_REF_TEST_NULL);
  push(k, CORE_I32);
}

void check_ref_cast(struct checker *k, const struct instruction *row) {
  push(k, read_cast(k, row->opcode == OPCODE_REF_CAST_NULL));
}

#define CAST_FROM_NULL 1
#define CAST_TO_NULL 2

/* castop l ht1 ht2: the label gets what the cast gives, or of br_on_cast_fail, what is left. */
void check_br_on_cast(struct checker *k, const struct instruction *row) {
  const uint8_t flags = read_checked_byte(k, row);
  const struct label label = read_label(k);
  const operand from = read_heap_type(k, flags & CAST_FROM_NULL ? CORE_REF_NULL : CORE_REF);
  const operand to = read_heap_type(k, flags & CAST_TO_NULL ? CORE_REF_NULL : CORE_REF);
  const operand top = top_of(k, to);
  check_cast_target(k, top);
  if (top_of(k, from) != top)
    fail_instruction(k, "%s and %s have nothing in common", show_operand(from).text, show_operand(to).text);
  const operand rest = flags & CAST_TO_NULL ? with_code(from, CORE_REF) : from;
  const bool is_on_success = row->opcode == OPCODE_BR_ON_CAST;
  const operand carried = is_on_success ? to : rest;
  const operand wanted = last_reference(k, &label);
  if (!operand_matches(&k->types, carried, wanted))
    fail_instruction(k, "the label takes %s, but the branch has %s", show_operand(wanted).text,
                     show_operand(carried).text);
  pop(k, from);
  pop_list(k, label.types, label.count - 1);
  push_list(k, label.types, label.count - 1);
  push(k, is_on_success ? rest : to);
}

/* Between the inside of the module and the outside; null stays null, shared stays shared. */
void check_convert(struct checker *k, const struct instruction *row) {
  const bool is_to_any = row->opcode == OPCODE_ANY_CONVERT_EXTERN;
  const operand type = pop_either(k, is_to_any ? HEAP_EXTERN : HEAP_ANY);
  const operand open = type & OPERAND_OPEN;
  const bool is_shared = !open && operand_is_shared(&k->types, type);
  push(k, abstract_operand((enum core_code)operand_code(type), is_to_any ? HEAP_ANY : HEAP_EXTERN, is_shared) | open);
}

void check_ref_i31(struct checker *k, const struct instruction *row) {
  pop(k, CORE_I32);
  push(k, abstract_operand(CORE_REF, HEAP_I31, row->opcode == OPCODE_REF_I31_SHARED));
}

void check_i31_get(struct checker *k, const struct instruction *row) {
  (void)row;
  pop_either(k, HEAP_I31);
  push(k, CORE_I32);
}
