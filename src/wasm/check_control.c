/* check_control.c -- blocks, branches, calls and exceptions.
 *
 * A block is a frame. Its operands begin where those of the block around it end, and at its end there are its results
 * and nothing else:
 *
 *     block (param i32) (result i64)     pops an i32, opens a frame, pushes the i32 again
 *     end                                pops an i64, finds the frame empty, closes it, pushes the i64
 *
 * What a branch carries are the results of the block that its label names, or the parameters if that is a loop.
 *
 * Requires  check_body.c for operands and immediates.
 * Provides  the frames, and check_* of the families of control instructions and of those on any operand.
 * Spec      WebAssembly 3.0 core, "Validation / Instructions / Control Instructions"; the proposal exception handling,
 *           as it first was.
 */
#include "wasm/check_body.h"

#include "wasm/limits.h"

/* Frames. */

void push_frame(struct checker *k, enum frame_kind kind, struct signature type, operand single) {
  if (k->frames.count < k->frames.capacity)
    k->frame = &k->frames.items[k->frames.count++];
  else
    k->frame = VEC_PUSH(k->r.context, &k->frames);
  *k->frame = (struct frame){
      .kind = kind, .height = k->count, .set_height = k->set_locals.count, .type = type, .single = single};
}

/* Locals that were set inside a block count as not set after it. */
static void forget_locals(struct checker *k, uint32_t height) {
  while (k->set_locals.count > height)
    k->set_in[k->set_locals.items[--k->set_locals.count]] = 0;
}

struct frame pop_frame(struct checker *k) {
  const struct frame frame = *k->frame;
  pop_list(k, frame_results(&frame), frame.type.result_count);
  if (k->count != frame.height)
    fail_instruction(k, "the block has %u operand%s more than its results", k->count - frame.height,
                     k->count - frame.height == 1 ? "" : "s");
  forget_locals(k, frame.set_height);
  k->frames.count--;
  k->frame = k->frames.count ? &k->frames.items[k->frames.count - 1] : NULL;
  return frame;
}

static void push_results(struct checker *k, const struct frame *frame) {
  push_list(k, frame_results(frame), frame->type.result_count);
}

struct frame *read_label_frame(struct checker *k) {
  const uint32_t label = read_checked_index(k, "label", k->frames.count);
  return &k->frames.items[k->frames.count - 1 - label];
}

static struct label label_of(const struct frame *frame) {
  if (frame->kind == FRAME_LOOP)
    return (struct label){frame->type.parameters, frame->type.parameter_count};
  return (struct label){frame_results(frame), frame->type.result_count};
}

/* What a branch to the label that is read carries. It holds until the next frame is pushed. */
struct label read_label(struct checker *k) { return label_of(read_label_frame(k)); }

/* Blocks. */

/* blocktype ::= 0x40 | valtype | x:s33 (if x >= 0) */
static struct signature read_blocktype(struct checker *k, operand *single) {
  const uint8_t code = peek_byte(&k->r, "the block type");
  *single = OPERAND_BOTTOM;
  if (code == 0x40) {
    k->r.at++;
    return (struct signature){0};
  }
  if (code > 0x40 && code < 0x80) {
    *single = read_value_type(k);
    return (struct signature){.result_count = 1};
  }
  const int64_t index = read_s33(&k->r, "the block type");
  if (index < 0)
    fail_instruction(k, "unknown block type");
  if (index >= k->module->types.count)
    fail_instruction(k, "type index %u is out of range: there %s %u", (uint32_t)index,
                     k->module->types.count == 1 ? "is" : "are", k->module->types.count);
  return *function_type(k, (uint32_t)index);
}

void check_block(struct checker *k, const struct instruction *row) {
  const enum frame_kind kind = row->opcode == OPCODE_LOOP  ? FRAME_LOOP
                               : row->opcode == OPCODE_IF  ? FRAME_IF
                               : row->opcode == OPCODE_TRY ? FRAME_TRY
                                                           : FRAME_BLOCK;
  operand single;
  const struct signature type = read_blocktype(k, &single);
  if (kind == FRAME_IF)
    pop(k, CORE_I32);
  pop_list(k, type.parameters, type.parameter_count);
  push_frame(k, kind, type, single);
  push_list(k, type.parameters, type.parameter_count);
}

void check_else(struct checker *k, const struct instruction *row) {
  (void)row;
  if (k->frame->kind != FRAME_IF)
    fail_instruction(k, "there is no if that this could belong to");
  const struct frame frame = pop_frame(k);
  push_frame(k, FRAME_ELSE, frame.type, frame.single);
  push_list(k, frame.type.parameters, frame.type.parameter_count);
}

/* Without an else, the parameters are the results. */
static void check_missing_else(struct checker *k, const struct frame *frame) {
  const struct signature *type = &frame->type;
  if (type->parameter_count != type->result_count)
    fail_instruction(k, "an if without an else has %u parameters, but %u results", type->parameter_count,
                     type->result_count);
  for (uint32_t i = 0; i < type->result_count; i++)
    if (!operand_matches(&k->types, type->parameters[i], type->results[i]))
      fail_instruction(k, "an if without an else has a parameter %s where the result is %s",
                       show_operand(type->parameters[i]).text, show_operand(type->results[i]).text);
}

void check_end(struct checker *k, const struct instruction *row) {
  (void)row;
  const struct frame frame = pop_frame(k);
  if (frame.kind == FRAME_IF)
    check_missing_else(k, &frame);
  if (k->frame)
    push_results(k, &frame);
}

void check_unreachable(struct checker *k, const struct instruction *row) {
  (void)row;
  set_unreachable(k);
}

/* Branches. */

void check_br(struct checker *k, const struct instruction *row) {
  (void)row;
  const struct label label = read_label(k);
  pop_list(k, label.types, label.count);
  set_unreachable(k);
}

void check_br_if(struct checker *k, const struct instruction *row) {
  (void)row;
  const struct label label = read_label(k);
  pop(k, CORE_I32);
  pop_list(k, label.types, label.count);
  push_list(k, label.types, label.count);
}

/* list(l) l: the operands have to fit each label. One that has the types of the label before it needs no look. */
void check_br_table(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t count = read_count(&k->r, 1, "the number of labels");
  pop(k, CORE_I32);
  struct label last = {0};
  for (uint32_t i = 0; i <= count; i++) {
    const struct label label = read_label(k);
    if (i && label.count != last.count)
      fail_instruction(k, "one label takes %u operands, another %u", last.count, label.count);
    if (label.types != last.types)
      match_list(k, label.types, label.count);
    last = label;
  }
  set_unreachable(k);
}

void check_return(struct checker *k, const struct instruction *row) {
  (void)row;
  const struct frame *body = &k->frames.items[0];
  pop_list(k, body->type.results, body->type.result_count);
  set_unreachable(k);
}

/* Calls. */

static void check_call_of(struct checker *k, const struct signature *type) {
  pop_list(k, type->parameters, type->parameter_count);
  push_list(k, type->results, type->result_count);
}

/* A tail call's results are those of the function. */
static void check_tail_call_of(struct checker *k, const struct signature *type) {
  const struct signature *caller = &k->frames.items[0].type;
  if (type->result_count != caller->result_count)
    fail_instruction(k, "the callee has %u results, but the function %u", type->result_count, caller->result_count);
  for (uint32_t i = 0; i < type->result_count; i++)
    if (!operand_matches(&k->types, type->results[i], caller->results[i]))
      fail_instruction(k, "the callee has a result %s where the function's is %s", show_operand(type->results[i]).text,
                       show_operand(caller->results[i]).text);
  pop_list(k, type->parameters, type->parameter_count);
  set_unreachable(k);
}

static void check_any_call(struct checker *k, const struct signature *type, bool is_tail_call) {
  if (is_tail_call)
    check_tail_call_of(k, type);
  else
    check_call_of(k, type);
}

void check_call(struct checker *k, const struct instruction *row) {
  const uint32_t function = read_checked_index(k, "function", k->counts[CORE_FUNC]);
  check_any_call(k, function_type(k, k->functions[function]), row->opcode == OPCODE_RETURN_CALL);
}

void check_call_indirect(struct checker *k, const struct instruction *row) {
  const struct signature *type = function_type(k, read_type_index(k));
  const struct table_space *table = read_table(k);
  if (!operand_matches(&k->types, table->element, abstract_operand(CORE_REF_NULL, HEAP_FUNC, false)))
    fail_instruction(k, "the table has elements of type %s, not functions", show_operand(table->element).text);
  pop(k, table->address);
  check_any_call(k, type, row->opcode == OPCODE_RETURN_CALL_INDIRECT);
}

void check_call_ref(struct checker *k, const struct instruction *row) {
  const uint32_t index = read_type_index(k);
  const struct signature *type = function_type(k, index);
  pop(k, defined_operand(&k->types, CORE_REF_NULL, index));
  check_any_call(k, type, row->opcode == OPCODE_RETURN_CALL_REF);
}

/* Exceptions. */

/* The type of a tag that can be thrown. */
static const struct signature *read_exception(struct checker *k) {
  const struct signature *type = read_tag(k);
  if (type->result_count)
    fail_instruction(k, "the tag has results, which an exception can't have");
  return type;
}

void check_throw(struct checker *k, const struct instruction *row) {
  (void)row;
  const struct signature *type = read_exception(k);
  pop_list(k, type->parameters, type->parameter_count);
  set_unreachable(k);
}

void check_throw_ref(struct checker *k, const struct instruction *row) {
  (void)row;
  pop(k, abstract_operand(CORE_REF_NULL, HEAP_EXN, false));
  set_unreachable(k);
}

/* catch ::= 0x00 tagidx labelidx | 0x01 tagidx labelidx (catch_ref) | 0x02 labelidx | 0x03 labelidx (catch_all_ref)
 *
 * The label takes what the tag has, and then, of the forms with _ref, the exception. */
static void read_catch(struct checker *k) {
  const uint8_t form = read_byte(&k->r, "the catch clause");
  if (form > 3)
    fail_instruction(k, "unknown catch clause 0x%02x", form);
  static const struct signature nothing = {0};
  const struct signature *type = form < 2 ? read_exception(k) : &nothing;
  const bool has_reference = form & 1;
  const struct label label = read_label(k);
  if (label.count != type->parameter_count + (has_reference ? 1 : 0))
    fail_instruction(k, "the label of a catch clause takes %u operands, but the clause has %u", label.count,
                     type->parameter_count + (has_reference ? 1 : 0));
  for (uint32_t i = 0; i < label.count; i++) {
    const operand caught =
        i < type->parameter_count ? type->parameters[i] : abstract_operand(CORE_REF, HEAP_EXN, false);
    if (!operand_matches(&k->types, caught, label.types[i]))
      fail_instruction(k, "the label of a catch clause takes %s where the clause has %s",
                       show_operand(label.types[i]).text, show_operand(caught).text);
  }
}

void check_try_table(struct checker *k, const struct instruction *row) {
  (void)row;
  operand single;
  const struct signature type = read_blocktype(k, &single);
  pop_list(k, type.parameters, type.parameter_count);
  const uint32_t count = read_count(&k->r, 2, "the number of catch clauses");
  if (count > CLAUSE_LIMIT)
    fail_instruction(k, "there are %u catch clauses, more than the limit of %d", count, CLAUSE_LIMIT);
  for (uint32_t i = 0; i < count; i++)
    read_catch(k);
  push_frame(k, FRAME_TRY_TABLE, type, single);
  push_list(k, type.parameters, type.parameter_count);
}

/* try ... catch ... catch_all ... end, as exceptions first were. */
void check_catch(struct checker *k, const struct instruction *row) {
  if (k->frame->kind != FRAME_TRY && k->frame->kind != FRAME_CATCH)
    fail_instruction(k, "there is no try that this could belong to");
  const struct frame frame = pop_frame(k);
  const bool has_tag = row->opcode == OPCODE_CATCH;
  push_frame(k, has_tag ? FRAME_CATCH : FRAME_CATCH_ALL, frame.type, frame.single);
  if (has_tag) {
    const struct signature *type = read_exception(k);
    push_list(k, type->parameters, type->parameter_count);
  }
}

void check_delegate(struct checker *k, const struct instruction *row) {
  (void)row;
  if (k->frame->kind != FRAME_TRY)
    fail_instruction(k, "there is no try that this could belong to");
  const struct frame frame = pop_frame(k);
  read_label_frame(k);
  push_results(k, &frame);
}

void check_rethrow(struct checker *k, const struct instruction *row) {
  (void)row;
  const enum frame_kind kind = read_label_frame(k)->kind;
  if (kind != FRAME_CATCH && kind != FRAME_CATCH_ALL)
    fail_instruction(k, "the label is not that of a catch");
  set_unreachable(k);
}

/* Operands of any type. */

void check_drop(struct checker *k, const struct instruction *row) {
  (void)row;
  pop_any(k, "an operand");
}

/* Without a type, for numbers and vectors alone. */
void check_select(struct checker *k, const struct instruction *row) {
  (void)row;
  pop(k, CORE_I32);
  const operand second = pop_any(k, "an operand");
  const operand first = pop_any(k, "an operand");
  if (is_reference(first) || is_reference(second))
    fail_instruction(k, "references need the form that has a type");
  if (first != second && first != OPERAND_BOTTOM && second != OPERAND_BOTTOM)
    fail_instruction(k, "the operands are %s and %s", show_operand(first).text, show_operand(second).text);
  push(k, first == OPERAND_BOTTOM ? second : first);
}

void check_select_typed(struct checker *k, const struct instruction *row) {
  (void)row;
  const uint32_t count = read_count(&k->r, 1, "the number of types");
  if (count != 1)
    fail_instruction(k, "there are %u types, but has to be one", count);
  const operand type = read_value_type(k);
  pop(k, CORE_I32);
  pop(k, type);
  pop(k, type);
  push(k, type);
}
