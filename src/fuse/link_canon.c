/* link_canon.c -- canonical functions: what they are of, their options, and their core signatures.
 *
 * A lift makes a function of the component, every other canonical function a core function. The core signatures of all
 * are in one module, so that they can be compared with what a core module imports. Asynchronous ones are made like any
 * other, and those that might go on after the call are refused where one would be called: imported by a core module, or
 * exported by the root.
 *
 * Requires  link.c: the frame; check.c: options that are needed are there. Only that a core function or memory is of
 * the type that the module's says is looked at here, since another input may give another module for it. Provides
 * plan->funcs that are lifted, plan->canons. Spec      CanonicalABI.md "Canonical Definitions", "canonopt Validation",
 * flatten_functype.
 */
#include "fuse/link.h"

#define SIGNATURE_LIMIT 24 /* parameters of a canonical function, at most */

struct signature {
  uint32_t param_count, result_count;
  struct core_valtype params[SIGNATURE_LIMIT], results[SIGNATURE_LIMIT]; /* set are those that are counted */
};

static struct core_functype functype_of(const struct signature *s) {
  return (struct core_functype){s->params, s->results, s->param_count, s->result_count};
}

static void add_param(struct signature *s, uint8_t code) {
  assert(s->param_count < SIGNATURE_LIMIT);
  s->params[s->param_count++] = (struct core_valtype){.code = code};
}

static void add_result(struct signature *s, uint8_t code) {
  assert(s->result_count < SIGNATURE_LIMIT);
  s->results[s->result_count++] = (struct core_valtype){.code = code};
}

/* Core type of a pointer into the memory `item`; of a 32-bit one if there is none. */
static uint8_t address_type(const struct link *link, struct core_item item) {
  if (item.source == ITEM_NONE)
    return CORE_I32;
  const struct module *module;
  const struct core_extern type = type_of_item(link, item, &module);
  const bool is_64 = type.kind == CORE_TABLE ? type.table.limits.is_64 : type.memory.is_64;
  return is_64 ? CORE_I64 : CORE_I32;
}

static enum pointer_size pointer_size_of(const struct link *link, const struct options *options) {
  return address_type(link, options->memory) == CORE_I64 ? POINTER_64 : POINTER_32;
}

static bool same_core_functype(const struct core_functype *a, const struct core_functype *b) {
  if (a->param_count != b->param_count || a->result_count != b->result_count)
    return false;
  for (uint32_t i = 0; i < a->param_count; i++)
    if (a->params[i].code != b->params[i].code)
      return false;
  for (uint32_t i = 0; i < a->result_count; i++)
    if (a->results[i].code != b->results[i].code)
      return false;
  return true;
}

void expect_functype(struct link *link, struct core_item item, const struct core_functype *type, const char *what) {
  const struct core_functype *found = functype_of_item(link, item);
  if (same_core_functype(found, type))
    return;
  const struct bytes wanted_text = show_core_functype(link->context, type);
  const struct bytes found_text = show_core_functype(link->context, found);
  REFUSE(link, "the %s has to be of type %.*s, but is of type %.*s", what, SHOW(wanted_text), SHOW(found_text));
}

static bool carries_async_value(const struct functype *type) {
  bool is_async = type->result && type->result->is_async;
  for (uint32_t i = 0; i < type->param_count; i++)
    is_async |= type->params[i].type->is_async;
  return is_async;
}

/* Might a call of it go on after it has returned to the caller? A function that is lifted without a callback comes to
 * its end in the call: what could suspend it is a built-in, and prune.c refuses those where they are used. Lowered
 * functions can be lifted again; each is older than what lifts it, so that this ends. */
static bool is_async_func(const struct link *link, uint32_t func) {
  for (;;) {
    const struct func *f = &link->plan->funcs.items[func];
    if (carries_async_value(f->type) || f->options.callback.source != ITEM_NONE)
      return true;
    if (f->source == FUNC_HOST)
      return f->type->is_async;
    if (f->core.source != ITEM_CANON || link->plan->canons.items[f->core.index].kind != CANON_LOWER)
      return false;
    func = link->plan->canons.items[f->core.index].func;
  }
}

void refuse_async_func(struct link *link, uint32_t func, struct bytes name) {
  if (is_async_func(link, func))
    REFUSE(link, "the function \"%.*s\" is asynchronous, which is not supported yet", SHOW(name));
}

void refuse_async_item(struct link *link, struct core_item item, struct bytes name) {
  if (item.source != ITEM_CANON)
    return;
  const struct canon *canon = &link->plan->canons.items[item.index];
  if (canon->kind != CANON_LOWER)
    return;
  const struct bytes known = link->plan->funcs.items[canon->func].name;
  if (is_async_func(link, canon->func))
    REFUSE(link, "the function \"%.*s\" is asynchronous, which is not supported yet", SHOW(known.size ? known : name));
}

static struct options get_options(struct link *link, const struct frame *frame, const struct canon_options *written) {
  struct options options = {.encoding = (enum string_encoding)written->encoding, .is_async = written->is_async};
  if (written->has_memory)
    options.memory = get_item(frame, SORT_CORE_MEMORY, written->memory);
  if (written->has_realloc)
    options.realloc = get_item(frame, SORT_CORE_FUNC, written->realloc);
  if (written->has_post_return)
    options.post_return = get_item(frame, SORT_CORE_FUNC, written->post_return);
  if (written->has_callback)
    options.callback = get_item(frame, SORT_CORE_FUNC, written->callback);
  assert(!written->has_realloc || written->has_memory);
  if (written->has_realloc) {
    const struct core_valtype address = {.code = address_type(link, options.memory)};
    const struct core_valtype four[] = {address, address, address, address};
    const struct core_functype type = {.params = four, .results = four, .param_count = 4, .result_count = 1};
    expect_functype(link, options.realloc, &type, "realloc");
  }
  return options;
}

static bool has_pointers(const struct type *type) { return type && type->has_pointers; }

static bool params_have_pointers(const struct functype *type) {
  for (uint32_t i = 0; i < type->param_count; i++)
    if (type->params[i].type->has_pointers)
      return true;
  return false;
}

/* "requires memory if T contains a list or string", and where values are spilled. */
static bool has_needed_options(const struct functype *type, const struct flat_functype *flat,
                               const struct options *options, enum flat_direction direction) {
  const bool returns_later = direction == FLAT_LIFT && options->is_async; /* by task.return, with options of its own */
  const bool in = params_have_pointers(type), out = has_pointers(type->result) && !returns_later;
  const bool realloc = direction == FLAT_LIFT ? in || flat->params_spilled : out;
  const bool memory = realloc || in || out || flat->params_spilled || flat->result_spilled;
  return (!memory || options->memory.source != ITEM_NONE) && (!realloc || options->realloc.source != ITEM_NONE);
}

static enum flat_direction direction_of(const struct options *options, enum flat_direction direction) {
  if (!options->is_async)
    return direction;
  if (direction == FLAT_LOWER)
    return FLAT_LOWER_ASYNC;
  return options->callback.source != ITEM_NONE ? FLAT_LIFT_CALLBACK : FLAT_LIFT_ASYNC;
}

/* `direction` is FLAT_LIFT or FLAT_LOWER. */
static void flatten(struct link *link, const struct functype *type, const struct options *options,
                    enum flat_direction direction, struct signature *s) {
  const struct flat_functype flat =
      flatten_functype(type, direction_of(options, direction), pointer_size_of(link, options));
  for (uint32_t i = 0; i < flat.param_count; i++)
    add_param(s, flat.params[i]);
  for (uint32_t i = 0; i < flat.result_count; i++)
    add_result(s, flat.results[i]);
  assert(has_needed_options(type, &flat, options, direction));
}

static void define_lift(struct link *link, struct frame *frame, const struct canon_definition *definition) {
  const struct functype *type = get_functype(frame, definition->type);
  struct func func = {.source = FUNC_LIFTED, .type = type, .instance = frame->instance, .import = NO_INDEX};
  func.core = get_item(frame, SORT_CORE_FUNC, definition->function);
  func.options = get_options(link, frame, &definition->options);
  struct signature s;
  s.param_count = s.result_count = 0;
  flatten(link, type, &func.options, FLAT_LIFT, &s);
  const struct core_functype wanted = functype_of(&s);
  expect_functype(link, func.core, &wanted, "core function that is lifted");
  if (definition->options.has_post_return) {
    const struct core_functype post_return = {.params = s.results, .param_count = s.result_count};
    expect_functype(link, func.options.post_return, &post_return, "post-return function");
  }
  if (definition->options.has_callback) {
    const struct core_valtype codes[] = {{.code = CORE_I32}, {.code = CORE_I32}, {.code = CORE_I32}};
    const struct core_functype callback = {.params = codes, .results = codes, .param_count = 3, .result_count = 1};
    expect_functype(link, func.options.callback, &callback, "callback");
  }
  const uint32_t index = add_func(link, func);
  add_def(link, frame, (struct def){.sort = SORT_FUNC, .origin = NO_INDEX, .is.func = index});
}

/* `$ft` must refer to the type `(func (param $c T))`. */
static const struct core_functype *start_functype(const struct frame *frame, uint32_t index) {
  const struct core_type_def type = get_def(frame, SORT_CORE_TYPE, index).is.core_type;
  assert(type.rectypes);
  const struct core_type *core_type = &type.rectypes->types.items[type.is.index];
  assert(core_type->composite == COMPOSITE_FUNC && core_type->func.param_count == 1);
  return &core_type->func;
}

static struct core_valtype expand_letter(struct link *link, const struct frame *frame, char letter,
                                         const struct canon_definition *definition, const struct canon *canon) {
  switch (letter) {
  case 'l':
    return (struct core_valtype){.code = CORE_I64};
  case 'p':
    return (struct core_valtype){.code = address_type(link, canon->options.memory)};
  case 'u': {
    const struct core_item table = get_item(frame, SORT_CORE_TABLE, definition->table);
    return (struct core_valtype){.code = address_type(link, table)};
  }
  case 'r':
    return (struct core_valtype){.code = link->plan->resources.items[canon->resource].rep};
  case 'v':
    return (struct core_valtype){.code = definition->core_type};
  case 't':
    return start_functype(frame, definition->type)->params[0];
  case 'f': {
    const struct core_functype *type = start_functype(frame, definition->type);
    const uint32_t index = add_functype(link->context, link->signatures, type->params, 1, NULL, 0);
    return (struct core_valtype){.code = CORE_REF_NULL, .heap = index};
  }
  default:
    assert(letter == 'i');
    return (struct core_valtype){.code = CORE_I32};
  }
}

static void built_in_signature(struct link *link, const struct frame *frame, const struct canon_definition *definition,
                               const struct canon *canon, struct signature *s) {
  const char *letter = canon_signature(definition->kind);
  for (; *letter != ':'; letter++)
    s->params[s->param_count++] = expand_letter(link, frame, *letter, definition, canon);
  for (letter++; *letter; letter++)
    s->results[s->result_count++] = expand_letter(link, frame, *letter, definition, canon);
}

/* flatten_functype($opts, (func (param $t)?), 'lower'), but with all parameters that a lift may have flat. */
static void task_return_signature(struct link *link, const struct canon *canon, struct signature *s) {
  const struct type_field param = {.type = canon->result};
  const struct functype type = {.params = &param, .param_count = param.type ? 1 : 0};
  const struct flat_functype flat = flatten_functype(&type, FLAT_LIFT, pointer_size_of(link, &canon->options));
  for (uint32_t i = 0; i < flat.param_count; i++)
    add_param(s, flat.params[i]);
}

static void set_signature(struct link *link, struct canon *canon, const struct signature *s) {
  count_steps(link, link->signatures->types.count / 16); /* all are compared with */
  canon->module = link->signatures;
  canon->type = add_functype(link->context, link->signatures, s->params, s->param_count, s->results, s->result_count);
}

static bool is_resource_built_in(enum canon_kind kind) {
  return kind == CANON_RESOURCE_NEW || kind == CANON_RESOURCE_REP || kind == CANON_RESOURCE_DROP;
}

/* "$rt must refer to locally-defined (not imported) resource type", of resource.new and resource.rep. */
static uint32_t resource_of(struct link *link, const struct frame *frame, const struct canon_definition *definition) {
  const uint32_t index = get_resource(frame, definition->type);
  const struct resource *resource = &link->plan->resources.items[index];
  const bool is_local = resource->source == RESOURCE_DEFINED && resource->instance == frame->instance;
  assert(definition->kind == CANON_RESOURCE_DROP || is_local);
  return index;
}

static struct canon make_canon(struct link *link, const struct frame *frame,
                               const struct canon_definition *definition) {
  struct canon canon = {.kind = definition->kind,
                        .instance = frame->instance,
                        .func = NO_INDEX,
                        .resource = NO_INDEX,
                        .slot = definition->slot,
                        .core_type = definition->core_type};
  struct signature s;
  s.param_count = s.result_count = 0;
  canon.options = get_options(link, frame, &definition->options);
  if (definition->kind == CANON_WAITABLE_SET_WAIT || definition->kind == CANON_WAITABLE_SET_POLL)
    canon.options.memory = get_item(frame, SORT_CORE_MEMORY, definition->memory);
  if (is_resource_built_in(definition->kind))
    canon.resource = resource_of(link, frame, definition);
  if (definition->kind == CANON_LOWER) {
    canon.func = get_def(frame, SORT_FUNC, definition->function).is.func;
    flatten(link, link->plan->funcs.items[canon.func].type, &canon.options, FLAT_LOWER, &s);
  } else if (definition->kind == CANON_TASK_RETURN) {
    canon.result = get_value_type(link, frame, definition->result);
    task_return_signature(link, &canon, &s);
  } else {
    built_in_signature(link, frame, definition, &canon, &s);
  }
  set_signature(link, &canon, &s);
  return canon;
}

void define_canon(struct link *link, struct frame *frame, const struct canon_definition *definition) {
  if (definition->kind == CANON_LIFT) {
    define_lift(link, frame, definition);
    return;
  }
  const struct canon canon = make_canon(link, frame, definition);
  const uint32_t index = PLAN_ADD(link, canons, canon);
  const struct core_item item = {.source = ITEM_CANON, .kind = CORE_FUNC, .owner = NO_INDEX, .index = index};
  add_def(link, frame, (struct def){.sort = SORT_CORE_FUNC, .origin = NO_INDEX, .is.item = item});
}
