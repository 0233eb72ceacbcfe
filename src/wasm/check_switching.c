/* check_switching.c -- continuations: made, bound, resumed with handlers, suspended and switched between.
 *
 * A continuation type names a function type. What `resume` is given are that function's parameters, what it leaves are
 * its results; a handler's label takes what the tag carries and then the rest of the computation, as a continuation of
 * what the tag wants back:
 *
 *     (type $f (func (param i32) (result i64)))  (type $c (cont $f))  (tag $t (param f32) (result f64))
 *     resume $c (on $t $label)      i32 (ref null $c) -> i64      $label: f32 (ref $d), $d a cont of f64 -> i64
 *
 * Requires  check_body.c for operands and immediates.
 * Provides  check_* of the families of stack switching.
 * Spec      the proposal stack switching, "Instructions".
 */
#include "wasm/check_body.h"

#include "wasm/limits.h"

static uint32_t function_of(struct checker *k, uint32_t continuation) {
  return (uint32_t)type_of_form(k, continuation, COMPOSITE_CONT)->fields[0].type.heap;
}

static const struct signature *continuation_type(struct checker *k, uint32_t index) {
  return &k->types.signatures[function_of(k, index)];
}

/* The function type of a reference to a continuation. */
static const struct signature *referred_continuation(struct checker *k, operand type) {
  if (!is_reference(type) || !is_defined(type))
    fail_instruction(k, "a reference to a continuation is expected, not %s", show_operand(type).text);
  const struct core_type *continuation = &k->module->types.items[operand_index(type)];
  if (continuation->composite != COMPOSITE_CONT)
    fail_instruction(k, "type %u is not a type of a continuation", operand_index(type));
  return &k->types.signatures[continuation->fields[0].type.heap];
}

static void check_signature(struct checker *k, const struct signature *type, const struct signature *wanted) {
  if (!signature_matches(&k->types, type, wanted))
    fail_instruction(k, "the types of the continuations do not match");
}

void check_cont_new(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t index = read_type_index(k);
  pop(k, defined_operand(&k->types, CORE_REF_NULL, function_of(k, index)));
  push(k, defined_operand(&k->types, CORE_REF, index));
}

/* The first parameters are bound; what is left is the other continuation. */
void check_cont_bind(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t from = read_type_index(k), to = read_type_index(k);
  const struct signature *type = continuation_type(k, from), *bound = continuation_type(k, to);
  if (type->parameter_count < bound->parameter_count)
    fail_instruction(k, "type %u has more parameters than type %u", to, from);
  const uint32_t count = type->parameter_count - bound->parameter_count;
  const struct signature rest = {type->parameters + count, type->results, bound->parameter_count, type->result_count};
  check_signature(k, &rest, bound);
  pop(k, defined_operand(&k->types, CORE_REF_NULL, from));
  pop_list(k, type->parameters, count);
  push(k, defined_operand(&k->types, CORE_REF, to));
}

void check_suspend(struct checker *k, const struct instruction *row) {
  (void)row;
  const struct signature *type = read_tag(k);
  pop_list(k, type->parameters, type->parameter_count);
  push_list(k, type->results, type->result_count);
}

/* 0x00 tagidx labelidx: the label takes what the tag carries, and the rest as a continuation. */
static void read_label_handler(struct checker *k, const struct signature *resumed) {
  const struct signature *tag = read_tag(k);
  const struct label label = read_label(k);
  if (label.count != tag->parameter_count + 1)
    fail_instruction(k, "the label of a handler takes %u operands, but the tag has %u and there is the continuation",
                     label.count, tag->parameter_count);
  for (uint32_t i = 0; i < tag->parameter_count; i++)
    if (!operand_matches(&k->types, tag->parameters[i], label.types[i]))
      fail_instruction(k, "the label of a handler takes %s where the tag has %s", show_operand(label.types[i]).text,
                       show_operand(tag->parameters[i]).text);
  const struct signature rest = {tag->results, resumed->results, tag->result_count, resumed->result_count};
  check_signature(k, &rest, referred_continuation(k, label.types[tag->parameter_count]));
}

/* 0x01 tagidx: the tag's results are those of what is resumed. */
static void read_switch_handler(struct checker *k, const struct signature *resumed) {
  const struct signature *tag = read_tag(k);
  const struct signature wanted = {.results = resumed->results, .result_count = resumed->result_count};
  if (!signature_matches(&k->types, tag, &wanted) || !signature_matches(&k->types, &wanted, tag))
    fail_instruction(k, "the type of the tag is not that of the continuation's results");
}

/* hdl ::= 0x00 tagidx labelidx | 0x01 tagidx */
static void read_handlers(struct checker *k, const struct signature *resumed) {
  const uint32_t count = read_count(&k->r, 2, "the number of handlers");
  if (count > CLAUSE_LIMIT)
    fail_instruction(k, "there are %u handlers, more than the limit of %d", count, CLAUSE_LIMIT);
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t form = read_byte(&k->r, "the handler");
    if (form > 1)
      fail_instruction(k, "unknown handler 0x%02x", form);
    if (form == 0)
      read_label_handler(k, resumed);
    else
      read_switch_handler(k, resumed);
  }
}

/* resume, resume_throw and resume_throw_ref: a value is given, or an exception. */
void check_resume(struct checker *k, const struct instruction *row) {
  const uint32_t index = read_type_index(k);
  const struct signature *type = continuation_type(k, index);
  const operand exception = abstract_operand(CORE_REF_NULL, HEAP_EXN, false);
  struct signature given = {.parameters = &exception, .parameter_count = 1};
  if (row->opcode == OPCODE_RESUME)
    given = *type;
  else if (row->opcode == OPCODE_RESUME_THROW) {
    given = *read_tag(k);
    if (given.result_count)
      fail_instruction(k, "the tag has results, which an exception can't have");
  }
  read_handlers(k, type);
  pop(k, defined_operand(&k->types, CORE_REF_NULL, index));
  pop_list(k, given.parameters, given.parameter_count);
  push_list(k, type->results, type->result_count);
}

/* switch $c $tag: the last parameter of $c is the continuation of the one that switches. */
void check_switch(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t index = read_type_index(k);
  const struct signature *type = continuation_type(k, index);
  const struct signature *tag = read_tag(k);
  if (tag->parameter_count)
    fail_instruction(k, "the tag has parameters");
  if (type->parameter_count == 0)
    fail_instruction(k, "type %u has no parameter that is a continuation", index);
  const struct signature *other = referred_continuation(k, type->parameters[type->parameter_count - 1]);
  const struct signature left = {tag->results, tag->results, tag->result_count, tag->result_count};
  const struct signature right = {type->results, other->results, type->result_count, other->result_count};
  check_signature(k, &left, &right);
  pop(k, defined_operand(&k->types, CORE_REF_NULL, index));
  pop_list(k, type->parameters, type->parameter_count - 1);
  push_list(k, other->parameters, other->parameter_count);
}
