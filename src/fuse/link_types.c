/* link_types.c -- type definitions, evaluated in a frame.
 *
 * A value type becomes the one interned type of its form; own and borrow carry the resource that is there in this
 * frame, so that one definition gives different types in two instances. Component and instance types stay closures,
 * since the resources that they declare are only known where they are used. A resource definition makes a new resource
 * each time.
 *
 * Requires  link.c: the frame; check.c: each index is of a type of the kind that is needed.
 * Provides  types by index; definitions of types and core types.
 * Spec      Explainer.md "Type Definitions", "Type Checking".
 */
#include "fuse/link.h"

#include <string.h>

struct type_def get_type(const struct frame *frame, uint32_t index) { return get_def(frame, SORT_TYPE, index).is.type; }

const struct type *get_value_type(struct link *link, const struct frame *frame, struct valtype_ref ref) {
  if (!ref.is_present)
    return NULL;
  if (ref.is_primitive)
    return primitive_type(link->context, link->plan->types, ref.primitive);
  const struct type_def type = get_type(frame, ref.index);
  assert(type.kind == DEFTYPE_VALUE);
  return type.is.value;
}

const struct functype *get_functype(const struct frame *frame, uint32_t index) {
  const struct type_def type = get_type(frame, index);
  assert(type.kind == DEFTYPE_FUNC);
  return type.is.func;
}

uint32_t get_resource(const struct frame *frame, uint32_t index) {
  const struct type_def type = get_type(frame, index);
  assert(type.kind == DEFTYPE_RESOURCE);
  return type.is.resource;
}

const struct type_closure *get_closure(const struct frame *frame, uint32_t index, enum deftype_kind kind) {
  const struct type_def type = get_type(frame, index);
  assert(kind == DEFTYPE_COMPONENT || kind == DEFTYPE_INSTANCE);
  assert(type.kind == kind);
  return type.is.closure;
}

const struct module_type *get_module_type(const struct frame *frame, uint32_t index) {
  const struct core_type_def type = get_def(frame, SORT_CORE_TYPE, index).is.core_type;
  assert(!type.rectypes);
  return type.is.module_type;
}

/* Until the next call: who interns a type copies its parts. */
static const struct type_field *get_parts(struct link *link, const struct frame *frame, const struct deftype *type) {
  count_steps(link, type->count);
  link->parts.count = 0;
  for (uint32_t i = 0; i < type->count; i++) {
    const struct type *part = get_value_type(link, frame, type->parts[i].type);
    VEC_ADD(link->context, &link->parts, ((struct type_field){.label = type->parts[i].label, .type = part}));
  }
  return link->parts.items;
}

static const struct type *evaluate_value_type(struct link *link, const struct frame *frame,
                                              const struct deftype *deftype) {
  struct type form = {.kind = deftype->value,
                      .field_count = deftype->count,
                      .length = deftype->length,
                      .fields = get_parts(link, frame, deftype),
                      .element = get_value_type(link, frame, deftype->element)};
  if (deftype->value == TYPE_OWN || deftype->value == TYPE_BORROW)
    form.resource = get_resource(frame, deftype->resource);
  return intern_type(link->context, link->plan->types, &form);
}

static const struct functype *evaluate_functype(struct link *link, const struct frame *frame,
                                                const struct deftype *deftype) {
  const struct functype form = {.params = get_parts(link, frame, deftype),
                                .param_count = deftype->count,
                                .result = get_value_type(link, frame, deftype->result),
                                .is_async = deftype->is_async};
  return share_functype(link->context, link->plan->types, &form);
}

static uint32_t define_resource(struct link *link, const struct frame *frame, const struct deftype *deftype) {
  assert(frame->instance != NO_INDEX);
  if (deftype->rep != CORE_I32)
    REFUSE(link, "the representation of a resource has to be i32; i64 is not supported yet");
  struct resource resource = {
      .source = RESOURCE_DEFINED, .instance = frame->instance, .rep = deftype->rep, .import = NO_INDEX};
  if (deftype->has_dtor) {
    const struct core_valtype rep = {.code = deftype->rep};
    const struct core_functype type = {.params = &rep, .param_count = 1};
    resource.dtor = get_item(frame, SORT_CORE_FUNC, deftype->dtor);
    expect_functype(link, resource.dtor, &type, "destructor");
    refuse_async_item(link, resource.dtor, bytes_of("destructor"));
  }
  return add_resource(link, resource);
}

void define_type(struct link *link, struct frame *frame, const struct deftype *deftype) {
  struct def def = {.sort = SORT_TYPE, .origin = NO_INDEX, .is.type.kind = deftype->kind};
  switch (deftype->kind) {
  case DEFTYPE_VALUE:
    def.is.type.definition = link->definition_count++;
    def.is.type.is.value = evaluate_value_type(link, frame, deftype);
    break;
  case DEFTYPE_FUNC:
    def.is.type.is.func = evaluate_functype(link, frame, deftype);
    break;
  case DEFTYPE_COMPONENT:
  case DEFTYPE_INSTANCE: {
    struct type_closure *closure = ALLOCATE(link->context, struct type_closure, 1);
    *closure = (struct type_closure){.deftype = deftype, .scope = scope_of(frame)};
    def.is.type.is.closure = closure;
    break;
  }
  case DEFTYPE_RESOURCE:
    def.is.type.is.resource = define_resource(link, frame, deftype);
    break;
  }
  add_def(link, frame, def);
}

bool same_functype(const struct functype *a, const struct functype *b) {
  if (a->param_count != b->param_count || a->result != b->result || a->is_async != b->is_async)
    return false;
  for (uint32_t i = 0; i < a->param_count; i++)
    if (a->params[i].type != b->params[i].type)
      return false;
  return true;
}

static bool names_type(struct core_valtype type) {
  return (type.code == CORE_REF || type.code == CORE_REF_NULL) && type.heap >= 0;
}

/* Does it refer to no other type, so that a copy means the same in another module? */
static bool stands_alone(const struct core_type *type) {
  if (type->group_size != 1 || type->supertype_count)
    return false;
  for (uint32_t i = 0; i < type->func.param_count; i++)
    if (names_type(type->func.params[i]))
      return false;
  for (uint32_t i = 0; i < type->func.result_count; i++)
    if (names_type(type->func.results[i]))
      return false;
  for (uint32_t i = 0; i < type->field_count; i++)
    if (names_type(type->fields[i].type))
      return false;
  return true;
}

/* The core type `count` scopes outside of a module type, which is a scope itself. */
static const struct core_type *get_outer_core_type(struct link *link, const struct frame *frame,
                                                   const struct module_type_outer *outer) {
  uint32_t visible = frame->spaces[SORT_CORE_TYPE].defs.count;
  for (uint32_t n = 1; n < outer->count; n++) {
    visible = frame->scope.visible[SORT_CORE_TYPE];
    frame = frame->scope.frame;
    assert(frame);
  }
  assert(outer->count > 0 && outer->index < visible);
  const struct core_type_def type = frame->spaces[SORT_CORE_TYPE].defs.items[outer->index].is.core_type;
  assert(type.rectypes);
  const struct core_type *core_type = &type.rectypes->types.items[type.is.index];
  if (!stands_alone(core_type))
    REFUSE(link, "a module type refers to an outer core type that refers to others, which is not supported yet");
  return core_type;
}

/* With its outer aliases replaced by what they denote. */
static const struct module_type *close_module_type(struct link *link, const struct frame *frame,
                                                   const struct module_type *type) {
  if (type->outers.count == 0)
    return type;
  struct module_type *closed = ALLOCATE(link->context, struct module_type, 1);
  struct module *module = ALLOCATE(link->context, struct module, 1);
  const uint32_t count = type->module->types.count;
  *closed = *type;
  *module = *type->module;
  module->types.items = ALLOCATE(link->context, struct core_type, count);
  module->types.capacity = count;
  memcpy(module->types.items, type->module->types.items, count * sizeof *module->types.items);
  count_steps(link, count);
  for (uint32_t i = 0; i < type->outers.count; i++) {
    const uint32_t to = type->outers.items[i].type;
    module->types.items[to] = *get_outer_core_type(link, frame, &type->outers.items[i]);
    module->types.items[to].group = to;
  }
  closed->module = module;
  closed->outers.count = 0;
  return closed;
}

void define_core_type(struct link *link, struct frame *frame, const struct core_deftype *type) {
  struct def def = {.sort = SORT_CORE_TYPE, .origin = NO_INDEX};
  if (type->is_module) {
    def.is.core_type.is.module_type = close_module_type(link, frame, type->module_type);
    add_def(link, frame, def);
    return;
  }
  def.is.core_type.rectypes = type->rectypes;
  count_steps(link, type->rectypes->types.count);
  for (uint32_t i = 0; i < type->rectypes->types.count; i++) {
    def.is.core_type.is.index = i;
    add_def(link, frame, def);
  }
}
