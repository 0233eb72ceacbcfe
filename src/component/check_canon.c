/* check_canon.c -- canonical functions: their options, what these have to be there for, and core signatures.
 *
 *     (canon lift (core func $f) (func (param "s" string)))      refused: a string is written into memory, so that
 *                                                                `memory` and `realloc` are needed
 *
 * The core type of a lifted function is given, and has to be the one that the function type flattens to; that of every
 * other canonical function follows from its immediates.
 *
 * Requires  check.c: the scope; layout.c: flat types; canon.def: signatures of the built-ins.
 * Provides  check_canon.
 * Spec      CanonicalABI.md "canonopt Validation", "Flattening", "Canonical Definitions"; Binary.md "Canonical
 *           Definitions".
 */
#include "component/check.h"

#define MAX_FLAT_ASYNC_PARAMS 4
#define CONTEXT_SLOTS 2
#define FLAT_LIMIT (MAX_FLAT_PARAMS + 1)

/* A core function type that is being made. */
struct flat {
  uint32_t param_count, result_count;
  struct core_valtype params[FLAT_LIMIT], results[FLAT_LIMIT]; /* set are those that are counted */
};

/* A canonical definition with its options looked up. */
struct canonical {
  struct check *check;
  const struct canon_definition *definition;
  const struct canon_options *options;
  enum pointer_size pointers; /* of the option memory; POINTER_32 if there is none */
};

static void add_param(struct flat *flat, uint8_t code) {
  assert(flat->param_count < FLAT_LIMIT);
  flat->params[flat->param_count++] = (struct core_valtype){.code = code};
}

static void add_result(struct flat *flat, uint8_t code) {
  assert(flat->result_count < FLAT_LIMIT);
  flat->results[flat->result_count++] = (struct core_valtype){.code = code};
}

static struct core_functype functype_of_flat(const struct flat *flat) {
  return (struct core_functype){flat->params, flat->results, flat->param_count, flat->result_count};
}

static uint8_t pointer_of(const struct canonical *canonical) {
  return canonical->pointers == POINTER_64 ? CORE_I64 : CORE_I32;
}

static const char *name_of(const struct canonical *canonical) { return canon_name(canonical->definition->kind); }

/* Options. */

static const struct core_functype *functype_at(struct check *check, uint32_t function) {
  const struct core_typing *core = item_at(check, SORT_CORE_FUNC, function).core;
  return &core->module->types.items[core->type.type].func;
}

static bool same_valtypes(const struct core_valtype *a, const struct core_valtype *b, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (a[i].code != b[i].code)
      return false;
  return true;
}

static bool same_functype(const struct core_functype *a, const struct core_functype *b) {
  return a->param_count == b->param_count && a->result_count == b->result_count &&
         same_valtypes(a->params, b->params, a->param_count) && same_valtypes(a->results, b->results, a->result_count);
}

static void expect_functype(struct check *check, const char *option, uint32_t function,
                            const struct core_functype *wanted) {
  const struct core_functype *type = functype_at(check, function);
  if (!same_functype(type, wanted))
    REFUSE(check,
           "the canonical option %s uses a core function with an incorrect signature: %.*s is of type %.*s, not "
           "%.*s",
           option, SHOW(show_item(check, SORT_CORE_FUNC, function)), SHOW(show_core_functype(check->context, type)),
           SHOW(show_core_functype(check->context, wanted)));
}

/* Of a memory that values pass through. */
static enum pointer_size check_memory(struct check *check, uint32_t memory) {
  const struct core_limits *limits = &item_at(check, SORT_CORE_MEMORY, memory).core->type.memory;
  if (limits->is_shared)
    REFUSE(check, "%.*s is shared; values of functions can't pass through a shared memory",
           SHOW(show_item(check, SORT_CORE_MEMORY, memory)));
  return limits->is_64 ? POINTER_64 : POINTER_32;
}

static void check_realloc(struct canonical *canonical) {
  const struct core_valtype address = {.code = pointer_of(canonical)};
  const struct core_valtype four[] = {address, address, address, address};
  const struct core_functype wanted = {four, four, 4, 1};
  if (!canonical->options->has_memory)
    REFUSE(canonical->check, "the canonical option realloc requires the option memory to be given too");
  expect_functype(canonical->check, "realloc", canonical->options->realloc, &wanted);
}

/* What holds of the options of every canonical function. */
static void check_options(struct canonical *canonical) {
  const struct canon_options *options = canonical->options;
  struct check *check = canonical->check;
  if (options->has_memory)
    canonical->pointers = check_memory(check, options->memory);
  if (options->has_callback && !options->is_async)
    REFUSE(check, "the canonical option callback is given without async, which it is part of");
  if (options->has_post_return && options->is_async)
    REFUSE(check, "the canonical option post-return can't be given together with async");
  if (options->has_realloc)
    check_realloc(canonical);
}

/* What all but a lift have in common. */
static void check_lower_options(const struct canonical *canonical) {
  if (canonical->options->has_post_return)
    REFUSE(canonical->check, "the canonical option post-return cannot be given for %s, only for a lift",
           name_of(canonical));
  if (canonical->options->has_callback)
    REFUSE(canonical->check, "the canonical option callback cannot be given for %s, only for a lift",
           name_of(canonical));
}

static void check_lift_options(const struct canonical *canonical, const struct core_functype *core) {
  const struct core_valtype code = {.code = CORE_I32};
  const struct core_valtype three[] = {code, code, code};
  const struct core_functype callback = {three, three, 3, 1};
  const struct core_functype post_return = {.params = core->results, .param_count = core->result_count};
  if (canonical->options->has_post_return)
    expect_functype(canonical->check, "post-return", canonical->options->post_return, &post_return);
  if (canonical->options->has_callback)
    expect_functype(canonical->check, "callback", canonical->options->callback, &callback);
}

static void require_memory(const struct canonical *canonical, const char *why) {
  if (!canonical->options->has_memory)
    REFUSE(canonical->check, "the canonical option memory is required for this %s: %s", name_of(canonical), why);
}

static void require_realloc(const struct canonical *canonical, const char *why) {
  require_memory(canonical, why);
  if (!canonical->options->has_realloc)
    REFUSE(canonical->check, "the canonical option realloc is required for this %s: %s", name_of(canonical), why);
}

static void expect_async_type(const struct canonical *canonical, const struct typing *type) {
  if (canonical->options->is_async && !type->is.func.is_async)
    REFUSE(canonical->check,
           "the canonical option async requires an async function type; the function of this %s is synchronous",
           name_of(canonical));
}

/* Flattening. */

static bool has_pointers(const struct typing *type) { return type && type->is.value.form->has_pointers; }

static uint64_t count_flat(const struct part *params, uint32_t count) {
  uint64_t flat = 0;
  for (uint32_t i = 0; i < count; i++)
    flat += params[i].type->is.value.form->flat_count;
  return flat;
}

/* The flat values of parameters, or a pointer to them if there are more than `most`. */
static void flatten_params(const struct canonical *canonical, const struct part *params, uint32_t count, uint32_t most,
                           bool is_lift, struct flat *flat) {
  const char *const spilled = "the parameters are too many to be passed other than in memory";
  for (uint32_t i = 0; i < count; i++) {
    if (has_pointers(params[i].type) && is_lift)
      require_realloc(canonical, "a parameter has a string, list or map, which needs room in memory");
    if (has_pointers(params[i].type))
      require_memory(canonical, "a parameter has a string, list or map, which is in memory");
  }
  if (count_flat(params, count) > most) {
    require_memory(canonical, spilled);
    if (is_lift)
      require_realloc(canonical, spilled);
    add_param(flat, pointer_of(canonical));
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    const struct type *form = params[i].type->is.value.form;
    for (uint32_t n = 0; n < form->flat_count; n++)
      add_param(flat, form->flat[canonical->pointers][n]);
  }
}

static void flatten_sync_result(const struct canonical *canonical, const struct typing *result, bool is_lift,
                                struct flat *flat) {
  const struct type *form = result->is.value.form;
  if (form->flat_count <= MAX_FLAT_RESULTS) {
    for (uint32_t i = 0; i < form->flat_count; i++)
      add_result(flat, form->flat[canonical->pointers][i]);
    return;
  }
  require_memory(canonical, "the result is too large to be passed other than in memory");
  if (is_lift)
    add_result(flat, pointer_of(canonical));
  else
    add_param(flat, pointer_of(canonical));
}

static void flatten_async_result(const struct canonical *canonical, const struct typing *result, bool is_lift,
                                 struct flat *flat) {
  const char *const why = "the result is passed in memory";
  if (result && !is_lift) {
    require_memory(canonical, why);
    add_param(flat, pointer_of(canonical));
  }
  if (result && is_lift && (result->is.value.form->flat_count > MAX_FLAT_PARAMS || has_pointers(result)))
    require_memory(canonical, why);
  if (!is_lift || canonical->options->has_callback)
    add_result(flat, CORE_I32);
}

/* flatten_functype() */
static struct flat flatten(const struct canonical *canonical, const struct typing *type, bool is_lift) {
  struct flat flat;
  flat.param_count = flat.result_count = 0;
  const bool is_async = canonical->options->is_async;
  const uint32_t most = is_async && !is_lift ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS;
  flatten_params(canonical, type->is.func.params, type->is.func.count, most, is_lift, &flat);
  const struct typing *result = type->is.func.result;
  if (!is_lift && has_pointers(result))
    require_realloc(canonical, "the result has a string, list or map, which needs room in memory");
  if (is_async)
    flatten_async_result(canonical, result, is_lift, &flat);
  else if (result)
    flatten_sync_result(canonical, result, is_lift, &flat);
  return flat;
}

/* Definitions. */

static void add_core_func(struct check *check, const struct core_functype *type) {
  struct core_typing *core = ALLOCATE(check->context, struct core_typing, 1);
  core->module = check->core;
  core->type = (struct core_extern){.kind = CORE_FUNC, .type = intern_core_functype(check, type)};
  const struct item item = {.sort = SORT_CORE_FUNC, .core = core};
  push_item(check, check->scope, &item);
}

static void check_lift(struct canonical *canonical) {
  struct check *check = canonical->check;
  const uint32_t function = canonical->definition->function;
  const struct typing *type = get_typing(check, canonical->definition->type, DEFTYPE_FUNC);
  const struct core_typing *core = item_at(check, SORT_CORE_FUNC, function).core;
  const struct core_functype *found = functype_at(check, function);
  check_options(canonical);
  check_lift_options(canonical, found);
  expect_async_type(canonical, type);
  const struct flat flat = flatten(canonical, type, true);
  const struct core_functype wanted = functype_of_flat(&flat);
  if (wanted.param_count != found->param_count || !same_valtypes(wanted.params, found->params, wanted.param_count))
    REFUSE(check, "the lowered parameter types of the function, %.*s, do not match those of %.*s, %.*s",
           SHOW(show_core_functype(check->context, &wanted)), SHOW(show_item(check, SORT_CORE_FUNC, function)),
           SHOW(show_core_functype(check->context, found)));
  if (!same_functype(&wanted, found))
    REFUSE(check, "the lowered result types of the function, %.*s, do not match those of %.*s, %.*s",
           SHOW(show_core_functype(check->context, &wanted)), SHOW(show_item(check, SORT_CORE_FUNC, function)),
           SHOW(show_core_functype(check->context, found)));
  if (!same_type(&check->matching, core->module, core->type.type, check->core, intern_core_functype(check, &wanted)))
    REFUSE(check,
           "the type of %.*s is declared to have subtypes or in a recursive group; a lifted function can't be of "
           "such a type",
           SHOW(show_item(check, SORT_CORE_FUNC, function)));
  const struct item item = {.sort = SORT_FUNC, .type = type};
  push_item(check, check->scope, &item);
}

static struct flat lower(struct canonical *canonical) {
  const struct typing *type = item_at(canonical->check, SORT_FUNC, canonical->definition->function).type;
  check_options(canonical);
  check_lower_options(canonical);
  expect_async_type(canonical, type);
  return flatten(canonical, type, false);
}

static void require_sync(const struct canonical *canonical) {
  if (canonical->options->is_async)
    REFUSE(canonical->check, "the canonical option async cannot be given for %s", name_of(canonical));
}

static struct flat task_return(struct canonical *canonical) {
  struct flat flat = {0};
  const struct part result = {.type = get_value_typing(canonical->check, canonical->definition->result)};
  if (result.type && result.type->is.value.form->has_borrow)
    REFUSE(canonical->check, "the result of task.return can't contain a borrow, which is only lent for a call");
  check_options(canonical);
  if (canonical->options->has_realloc)
    REFUSE(canonical->check, "the canonical option realloc cannot be given for task.return");
  check_lower_options(canonical);
  require_sync(canonical);
  flatten_params(canonical, &result, result.type ? 1 : 0, MAX_FLAT_PARAMS, false, &flat);
  return flat;
}

/* "$rt must refer to locally-defined (not imported) resource type", of resource.new and resource.rep */
static uint8_t check_resource(const struct canonical *canonical) {
  struct check *check = canonical->check;
  const uint32_t index = canonical->definition->type;
  const struct typing *resource = get_typing(check, index, DEFTYPE_RESOURCE);
  const uint32_t rep = map_get(&check->scope->representations, id_key(&resource->is.resource.id));
  if (canonical->definition->kind == CANON_RESOURCE_DROP)
    return CORE_I32;
  if (rep == NOT_FOUND)
    REFUSE(check, "%.*s is not a local resource: %s is for resources that the component defines itself",
           SHOW(show_item(check, SORT_TYPE, index)), name_of(canonical));
  return (uint8_t)rep;
}

static void check_context_slot(const struct canonical *canonical) {
  struct check *check = canonical->check;
  const struct canon_definition *definition = canonical->definition;
  if (definition->core_type != CORE_I32 && definition->core_type != CORE_I64)
    REFUSE(check, "%s has to be of type i32 or i64", name_of(canonical));
  if (check->scope->context_type && check->scope->context_type != definition->core_type)
    REFUSE(check, "%s is of another type than the one before it; there is one type for all in a component",
           name_of(canonical));
  if (definition->slot >= CONTEXT_SLOTS)
    REFUSE(check, "%s is of slot %u; there are %d", name_of(canonical), definition->slot, CONTEXT_SLOTS);
  check->scope->context_type = definition->core_type;
}

/* "$stream_t/$future_t must be a type of the form (stream $t?)/(future $t?)"; null: nothing passes through. */
static const struct typing *check_element(const struct canonical *canonical, enum type_kind kind) {
  const uint32_t index = canonical->definition->type;
  const struct typing *type = get_typing(canonical->check, index, DEFTYPE_VALUE);
  if (type->is.value.kind != kind)
    REFUSE(canonical->check, "%s requires a %s type; %.*s is %.*s", name_of(canonical), type_kind_name(kind),
           SHOW(show_item(canonical->check, SORT_TYPE, index)), SHOW(show_short(canonical->check, type)));
  return type->is.value.element;
}

static void check_copy_options(const struct canonical *canonical, const struct typing *element, bool is_read) {
  if (element)
    require_memory(canonical, "values are copied from or to memory");
  if (is_read && has_pointers(element))
    require_realloc(canonical, "the values have a string, list or map, which needs room in memory");
}

static void check_stream_or_future(const struct canonical *canonical) {
  const enum canon_kind kind = canonical->definition->kind;
  const bool is_stream = kind >= CANON_STREAM_NEW && kind <= CANON_STREAM_DROP_WRITABLE;
  const bool is_future = kind >= CANON_FUTURE_NEW && kind <= CANON_FUTURE_DROP_WRITABLE;
  if (!is_stream && !is_future)
    return;
  const struct typing *element = check_element(canonical, is_stream ? TYPE_STREAM : TYPE_FUTURE);
  if (kind == CANON_STREAM_READ || kind == CANON_FUTURE_READ)
    check_copy_options(canonical, element, true);
  if (kind == CANON_STREAM_WRITE || kind == CANON_FUTURE_WRITE)
    check_copy_options(canonical, element, false);
}

static void check_error_context(const struct canonical *canonical) {
  const enum canon_kind kind = canonical->definition->kind;
  if (kind != CANON_ERROR_CONTEXT_NEW && kind != CANON_ERROR_CONTEXT_DEBUG_MESSAGE)
    return;
  require_memory(canonical, "the message is in memory");
  if (kind == CANON_ERROR_CONTEXT_DEBUG_MESSAGE)
    require_realloc(canonical, "the message needs room in memory");
  require_sync(canonical);
}

/* Threads. */

/* `$ft` must refer to the type `(func (param $c T))` */
static const struct core_functype *check_start_type(const struct canonical *canonical) {
  struct check *check = canonical->check;
  const uint32_t index = canonical->definition->type;
  const struct item item = item_at(check, SORT_CORE_TYPE, index);
  const struct core_type *type = item.module ? NULL : &check->core->types.items[item.core_type];
  const bool is_spawned = canonical->definition->kind != CANON_THREAD_NEW_INDIRECT;
  if (!type || type->composite != COMPOSITE_FUNC)
    REFUSE(check, "%s requires a core function type; core type %u is none", name_of(canonical), index);
  if (is_spawned && !type->is_shared)
    REFUSE(check, "%s requires a shared core function type; core type %u is not shared", name_of(canonical), index);
  const bool is_fine =
      type->func.param_count == 1 && type->func.result_count == 0 &&
      (type->func.params[0].code == CORE_I32 || (type->func.params[0].code == CORE_I64 && !is_spawned));
  if (!is_fine)
    REFUSE(check, "the start function of %s has one parameter, an i32, and no results; core type %u is %.*s",
           name_of(canonical), index, SHOW(show_core_functype(check->context, &type->func)));
  return &type->func;
}

/* "a table of (ref null func)", shared where threads are */
static uint8_t check_start_table(const struct canonical *canonical) {
  struct check *check = canonical->check;
  const uint32_t index = canonical->definition->table;
  const struct core_table_type *table = &item_at(check, SORT_CORE_TABLE, index).core->type.table;
  const bool is_spawned = canonical->definition->kind == CANON_THREAD_SPAWN_INDIRECT;
  const bool is_fine = table->element.code == CORE_REF_NULL && table->element.heap == HEAP_FUNC &&
                       table->element.shared == is_spawned && table->limits.is_shared == is_spawned;
  if (!is_fine || (is_spawned && table->limits.is_64))
    REFUSE(check, "%.*s is not a%s table of (ref null func), from which %s takes the start function",
           SHOW(show_item(check, SORT_CORE_TABLE, index)), is_spawned ? " shared 32-bit" : "", name_of(canonical));
  return table->limits.is_64 ? CORE_I64 : CORE_I32;
}

/* A letter of canon.def's signatures. */
static struct core_valtype expand_letter(const struct canonical *canonical, char letter) {
  switch (letter) {
  case 'l':
    return (struct core_valtype){.code = CORE_I64};
  case 'p':
    return (struct core_valtype){.code = pointer_of(canonical)};
  case 'u':
    return (struct core_valtype){.code = check_start_table(canonical)};
  case 'r':
    return (struct core_valtype){.code = check_resource(canonical)};
  case 'v':
    return (struct core_valtype){.code = canonical->definition->core_type};
  case 't':
    return check_start_type(canonical)->params[0];
  case 'f':
    check_start_type(canonical);
    return (struct core_valtype){.code = CORE_REF_NULL,
                                 .heap =
                                     item_at(canonical->check, SORT_CORE_TYPE, canonical->definition->type).core_type};
  default:
    assert(letter == 'i');
    return (struct core_valtype){.code = CORE_I32};
  }
}

static struct flat built_in(struct canonical *canonical) {
  struct flat flat = {0};
  const enum canon_kind kind = canonical->definition->kind;
  check_options(canonical);
  if (kind == CANON_WAITABLE_SET_WAIT || kind == CANON_WAITABLE_SET_POLL)
    canonical->pointers = check_memory(canonical->check, canonical->definition->memory);
  if (kind == CANON_CONTEXT_GET || kind == CANON_CONTEXT_SET)
    check_context_slot(canonical);
  if (kind == CANON_RESOURCE_DROP)
    check_resource(canonical);
  check_stream_or_future(canonical);
  check_error_context(canonical);
  check_lower_options(canonical);
  const char *letter = canon_signature(kind);
  for (; *letter != ':'; letter++)
    flat.params[flat.param_count++] = expand_letter(canonical, *letter);
  for (letter++; *letter; letter++)
    flat.results[flat.result_count++] = expand_letter(canonical, *letter);
  return flat;
}

void check_canon(struct check *check, const struct canon_definition *definition) {
  struct canonical canonical = {.check = check, .definition = definition, .options = &definition->options};
  struct flat flat;
  if (definition->kind == CANON_LIFT) {
    check_lift(&canonical);
    return;
  }
  if (definition->kind == CANON_LOWER)
    flat = lower(&canonical);
  else if (definition->kind == CANON_TASK_RETURN)
    flat = task_return(&canonical);
  else
    flat = built_in(&canonical);
  const struct core_functype type = functype_of_flat(&flat);
  add_core_func(check, &type);
}
