/* check_types.c -- the types of a module: which are equal, and whether each is what it says of itself.
 *
 * A recursion group is looked up by its key, so that each type gets the first equal one to stand for it; comparing two
 * types is then comparing two words, and subtyping a walk up the declared supertypes:
 *
 *     0 (sub (struct))   1 (sub 0 (struct (field i32)))   2 (sub (struct))        canonical 0 1 0
 *
 * Only a group that is new is looked at: its equal has been.
 *
 * Requires  read.c: indices in range, supertypes before their subtypes.
 * Provides  check_types, and the functions of operand.h on what it makes.
 * Spec      WebAssembly 3.0 core, "Validation / Types" and "Matching"; shared types are those of the proposal
 *           shared-everything threads, exact ones those of custom descriptors, continuations those of stack switching.
 */
#include "base/map.h"
#include "wasm/limits.h"
#include "wasm/operand.h"

#include <assert.h>
#include <stdio.h>

/* Words. */

static const struct core_type *type_at(const struct type_space *types, uint32_t index) {
  return &types->module->types.items[index];
}

operand defined_operand(const struct type_space *types, enum core_code code, uint32_t type) {
  return (operand)code | OPERAND_DEFINED | (operand)types->canonical[type] << OPERAND_HEAP_SHIFT;
}

operand operand_of(const struct type_space *types, struct core_valtype type) {
  if (type.code != CORE_REF && type.code != CORE_REF_NULL)
    return type.code;
  if (type.heap < 0)
    return abstract_operand((enum core_code)type.code, type.heap, type.shared);
  return defined_operand(types, (enum core_code)type.code, (uint32_t)type.heap) |
         (operand)(type.exact ? OPERAND_EXACT : 0);
}

bool operand_is_shared(const struct type_space *types, operand type) {
  if (!is_reference(type))
    return true;
  return is_defined(type) ? type_at(types, operand_index(type))->is_shared : (type & OPERAND_SHARED) != 0;
}

/* Both are canonical. */
static bool index_matches(const struct type_space *types, uint32_t type, uint32_t wanted) {
  while (type != wanted) {
    const struct core_type *t = type_at(types, type);
    if (t->supertype_count == 0)
      return false;
    type = types->canonical[t->supertypes[0]];
  }
  return true;
}

static bool agree_on_sharing(const struct type_space *types, operand type, operand wanted) {
  return (type & OPERAND_OPEN) || operand_is_shared(types, type) == operand_is_shared(types, wanted);
}

static int64_t heap_of_defined(const struct type_space *types, operand type) {
  return heap_of_composite(type_at(types, operand_index(type))->composite);
}

/* heaptype <: heaptype */
static bool heap_matches(const struct type_space *types, operand type, operand wanted) {
  if (is_defined(type) && is_defined(wanted)) {
    if (wanted & OPERAND_EXACT)
      return (type & OPERAND_EXACT) && operand_index(type) == operand_index(wanted);
    return index_matches(types, operand_index(type), operand_index(wanted));
  }
  if (!agree_on_sharing(types, type, wanted))
    return false;
  if (is_defined(type))
    return abstract_heap_matches(heap_of_defined(types, type), operand_heap(wanted));
  if (is_defined(wanted))
    return operand_heap(type) == bottom_heap(heap_of_defined(types, wanted));
  return abstract_heap_matches(operand_heap(type), operand_heap(wanted));
}

/* valtype <: valtype */
bool operand_matches(const struct type_space *types, operand type, operand wanted) {
  if (type == wanted || type == OPERAND_BOTTOM)
    return true;
  if (!is_reference(type) || !is_reference(wanted))
    return false;
  if (operand_code(type) == CORE_REF_NULL && operand_code(wanted) == CORE_REF)
    return false;
  return type == OPERAND_REF_BOTTOM || heap_matches(types, type, wanted);
}

static bool operands_match(const struct type_space *types, const operand *list, const operand *wanted, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (!operand_matches(types, list[i], wanted[i]))
      return false;
  return true;
}

bool signature_matches(const struct type_space *types, const struct signature *type, const struct signature *wanted) {
  return type->parameter_count == wanted->parameter_count && type->result_count == wanted->result_count &&
         operands_match(types, wanted->parameters, type->parameters, type->parameter_count) &&
         operands_match(types, type->results, wanted->results, type->result_count);
}

static const char *abstract_heap_name(int64_t heap) {
  static const char *const names[] = {"nocont", "noexn", "nofunc", "noextern", "none",  "func", "extern",
                                      "any",    "eq",    "i31",    "struct",   "array", "exn",  "cont"};
  const int64_t position = HEAP_NO_CONT - heap;
  return position >= 0 && position < (int64_t)(sizeof names / sizeof names[0]) ? names[position] : "bottom";
}

static const char *number_name(uint8_t code) {
  switch (code) {
  case CORE_I32:
    return "i32";
  case CORE_I64:
    return "i64";
  case CORE_F32:
    return "f32";
  case CORE_F64:
    return "f64";
  case CORE_V128:
    return "v128";
  default:
    return "a value";
  }
}

struct operand_text show_operand(operand type) {
  struct operand_text shown;
  const char *const null = operand_code(type) == CORE_REF_NULL ? "null " : "";
  if (!is_reference(type))
    snprintf(shown.text, sizeof shown.text, "%s", number_name(operand_code(type)));
  else if (type & OPERAND_EXACT)
    snprintf(shown.text, sizeof shown.text, "(ref %s(exact %u))", null, operand_index(type));
  else if (is_defined(type))
    snprintf(shown.text, sizeof shown.text, "(ref %s%u)", null, operand_index(type));
  else
    snprintf(shown.text, sizeof shown.text, type & OPERAND_SHARED ? "(ref %s(shared %s))" : "(ref %s%s)", null,
             abstract_heap_name(operand_heap(type)));
  return shown;
}

/* Making the space. */

struct making {
  struct context *context;
  struct type_space space;
  uint32_t *canonical;
  struct signature *signatures;
  uint8_t *depths; /* of declared supertypes above a type */
  struct map groups;
};

_Noreturn static void fail_type(const struct making *k, uint32_t index, const char *message) {
  const struct module *m = k->space.module;
  const uint8_t *at = m->types.items[index].at;
  fail(k->context, FAILURE_INPUT, at && m->origin ? (size_t)(at - m->origin) : NO_OFFSET, "type %u %s", index, message);
}

static const operand *operands_of(struct making *k, const struct core_valtype *list, uint32_t count) {
  operand *operands = ALLOCATE(k->context, operand, count);
  for (uint32_t i = 0; i < count; i++)
    operands[i] = operand_of(&k->space, list[i]);
  return operands;
}

static void make_signature(struct making *k, uint32_t index) {
  const struct core_functype *type = &type_at(&k->space, index)->func;
  const uint32_t canonical = k->canonical[index];
  if (canonical != index) {
    k->signatures[index] = k->signatures[canonical];
    return;
  }
  k->signatures[index] = (struct signature){
      .parameters = operands_of(k, type->params, type->param_count),
      .results = operands_of(k, type->results, type->result_count),
      .parameter_count = type->param_count,
      .result_count = type->result_count,
  };
}

/* fieldtype <: fieldtype: a variable is written too, so that its type has to be equal. */
static bool field_matches(const struct type_space *types, const struct core_field *field,
                          const struct core_field *wanted) {
  if (field->is_mutable != wanted->is_mutable)
    return false;
  const operand type = operand_of(types, field->type), other = operand_of(types, wanted->type);
  return operand_matches(types, type, other) && (!field->is_mutable || operand_matches(types, other, type));
}

/* comptype <: comptype */
static bool composite_matches(const struct type_space *types, uint32_t index, uint32_t wanted_index) {
  const struct core_type *type = type_at(types, index), *wanted = type_at(types, wanted_index);
  if (type->composite != wanted->composite || type->is_shared != wanted->is_shared)
    return false;
  if (type->composite == COMPOSITE_FUNC)
    return signature_matches(types, &types->signatures[index], &types->signatures[wanted_index]);
  if (type->field_count < wanted->field_count)
    return false;
  for (uint32_t i = 0; i < wanted->field_count; i++)
    if (!field_matches(types, &type->fields[i], &wanted->fields[i]))
      return false;
  return true;
}

static void check_supertype(struct making *k, uint32_t index) {
  const struct core_type *type = type_at(&k->space, index);
  if (type->supertype_count == 0)
    return;
  const uint32_t supertype = type->supertypes[0];
  if (type_at(&k->space, supertype)->is_final)
    fail_type(k, index, "has a supertype that is final");
  if (!composite_matches(&k->space, index, supertype))
    fail_type(k, index, "does not match its supertype");
  if (k->depths[supertype] == SUBTYPE_DEPTH_LIMIT)
    fail_type(k, index, "has more supertypes above it than the limit");
  k->depths[index] = (uint8_t)(k->depths[supertype] + 1);
}

static bool holds_only_shared(const struct making *k, const struct core_valtype *list, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (!operand_is_shared(&k->space, operand_of(&k->space, list[i])))
      return false;
  return true;
}

static void check_shared_type(const struct making *k, uint32_t index) {
  const struct core_type *type = type_at(&k->space, index);
  bool holds = holds_only_shared(k, type->func.params, type->func.param_count) &&
               holds_only_shared(k, type->func.results, type->func.result_count);
  for (uint32_t i = 0; type->composite != COMPOSITE_CONT && i < type->field_count; i++)
    holds = holds && holds_only_shared(k, &type->fields[i].type, 1);
  if (!holds)
    fail_type(k, index, "is shared, but holds what is not");
}

static void check_type(struct making *k, uint32_t index) {
  const struct core_type *type = type_at(&k->space, index);
  if (type->is_shared)
    check_shared_type(k, index);
  if (type->composite == COMPOSITE_CONT) {
    const struct core_valtype function = type->fields[0].type;
    if (function.heap < 0 || function.exact || type_at(&k->space, (uint32_t)function.heap)->composite != COMPOSITE_FUNC)
      fail_type(k, index, "is a continuation of what is no function type");
  }
  check_supertype(k, index);
}

/* One group: which types stand for its own, then what it says of itself. */
static void check_group(struct making *k, uint32_t first, uint32_t count) {
  const struct core_type *types = k->space.module->types.items;
  struct buffer key = new_buffer(k->context);
  put_group_key(&key, types, first, count, k->canonical);
  const uint32_t canonical = map_add(k->context, &k->groups, buffer_bytes(&key), first);
  for (uint32_t i = 0; i < count; i++)
    k->canonical[first + i] = canonical + i;
  for (uint32_t i = 0; i < count; i++)
    if (types[first + i].composite == COMPOSITE_FUNC)
      make_signature(k, first + i);
  for (uint32_t i = 0; i < count; i++) {
    k->depths[first + i] = k->depths[canonical + i];
    if (canonical == first)
      check_type(k, first + i);
  }
}

struct type_space check_types(struct context *c, const struct module *m) {
  const uint32_t count = m->types.count;
  struct making k = {.context = c,
                     .canonical = ALLOCATE(c, uint32_t, count),
                     .signatures = ALLOCATE(c, struct signature, count),
                     .depths = ALLOCATE(c, uint8_t, count)};
  k.space = (struct type_space){m, k.canonical, k.signatures};
  for (uint32_t first = 0; first < count; first += m->types.items[first].group_size)
    check_group(&k, first, m->types.items[first].group_size);
  return k.space;
}
