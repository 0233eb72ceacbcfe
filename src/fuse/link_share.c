/* link_share.c -- imports that the inputs of a composition have in common.
 *
 *     one input    (import "wasi:io/streams@0.2.0" (instance (export "r" (type (sub resource))) (export "read" ...)))
 *     another      (import "wasi:io/streams@0.2.3" (instance (export "r" (type (sub resource))) (export "write" ...)))
 *
 * become one import of the composition, with "r", "read" and "write", and one resource type: each input sees the part
 * of it that it declares. A tool that makes components leaves out of an interface what the program does not use, so
 * that two inputs hardly ever declare the same.
 *
 * A type that an import only names, (type (eq ...)), needs nothing from outside: the import says what it is. But where
 * functions come from outside too, they may need its name.
 *
 * Requires  the names that the imports have outside, the same for those that are to be one.
 * Provides  bind_shared.
 * Spec      Explainer.md "Type Checking".
 */
#include "fuse/link.h"

static _Noreturn void refuse_merge(struct link *link, struct bytes name, struct bytes here, struct bytes there) {
  REFUSE(link, "\"%.*s\" is imported as %.*s, but another input imports it as %.*s", SHOW(name), SHOW(here),
         SHOW(there));
}

static void merge_func(struct link *link, const struct frame *frame, uint32_t extern_, struct bytes name,
                       const struct extern_type *type) {
  const struct functype *here = get_functype(frame, type->index);
  const struct functype *there = get_extern(link, extern_)->functype;
  if (!same_functype(here, there))
    refuse_merge(link, name, show_functype(link->context, here), show_functype(link->context, there));
}

static struct bytes show_type_def(struct link *link, struct type_def type) {
  if (type.kind == DEFTYPE_VALUE)
    return show_type(link->context, type.is.value);
  if (type.kind == DEFTYPE_FUNC)
    return show_functype(link->context, type.is.func);
  if (type.kind == DEFTYPE_RESOURCE)
    return format_bytes(link->context, "the resource %u", type.is.resource);
  return bytes_of(type.kind == DEFTYPE_COMPONENT ? "a component type" : "an instance type");
}

static bool is_same_type(struct type_def a, struct type_def b) {
  if (a.kind != b.kind)
    return false;
  if (a.kind == DEFTYPE_VALUE)
    return a.is.value == b.is.value;
  if (a.kind == DEFTYPE_FUNC)
    return same_functype(a.is.func, b.is.func);
  return a.kind == DEFTYPE_RESOURCE && a.is.resource == b.is.resource;
}

static void merge_type(struct link *link, const struct frame *frame, const struct def *there, struct bytes name,
                       const struct extern_type *type) {
  if (type->bound == BOUND_SUB_RESOURCE && there->is.type.kind == DEFTYPE_RESOURCE)
    return;
  if (type->bound == BOUND_SUB_RESOURCE)
    refuse_merge(link, name, bytes_of("a resource"), show_type_def(link, there->is.type));
  const struct type_def here = get_type(frame, type->index);
  if (!is_same_type(here, there->is.type))
    refuse_merge(link, name, show_type_def(link, here), show_type_def(link, there->is.type));
}

/* What this input declares of the instance, which may be more than others did. */
static struct def merge_instance(struct link *link, const struct frame *frame, struct supply *supply, uint32_t extern_,
                                 const struct extern_type *type) {
  struct supply parts = {.kind = SUPPLY_SHARED, .role = "export", .parent = extern_, .shared = supply->shared};
  struct def def = {.sort = SORT_INSTANCE, .origin = extern_};
  for (uint32_t i = 0; i < get_extern(link, extern_)->child_count; i++)
    VEC_ADD(link->context, &parts.externs, get_extern(link, extern_)->children[i]);
  const uint32_t before = parts.externs.count;
  def.is.instance = run_declarations(link, get_closure(frame, type->index, DEFTYPE_INSTANCE), NULL, &parts);
  if (parts.externs.count > before)
    set_children(link, extern_, &parts);
  return def;
}

static struct def merge_extern(struct link *link, const struct frame *frame, struct supply *supply,
                               const struct shared_extern *there, struct bytes name, const struct extern_type *type) {
  if (type->sort != there->def.sort)
    refuse_merge(link, name, bytes_of(sort_name(type->sort)), bytes_of(sort_name(there->def.sort)));
  switch (type->sort) {
  case SORT_FUNC:
    merge_func(link, frame, there->extern_, name, type);
    return there->def;
  case SORT_TYPE:
    merge_type(link, frame, &there->def, name, type);
    return there->def;
  case SORT_INSTANCE:
    return merge_instance(link, frame, supply, there->extern_, type);
  default:
    REFUSE(link, "\"%.*s\" of sort %s is imported by more than one input, which is not supported", SHOW(name),
           sort_name(type->sort));
  }
}

/* The one extern of this name, as it is here. */
static struct shared_extern share_extern(struct link *link, const struct frame *frame, struct supply *supply,
                                         const struct extern_name *name, const struct extern_type *type) {
  struct shared_externs *shared = supply->shared;
  const struct bytes key = format_bytes(link->context, "%u %.*s", supply->parent, SHOW(name->name));
  const uint32_t at = map_get(&shared->names, key);
  const uint32_t extern_count = link->plan->externs.count;
  struct shared_extern here = {0};
  count_steps(link, 1 + key.size / 16);
  if (at != NOT_FOUND) {
    here = shared->items.items[at];
    here.def = merge_extern(link, frame, supply, &here, name->name, type);
    if (link->plan->externs.count > extern_count)
      shared->items.items[at].is_extended = true;
    return here;
  }
  here.def = new_def(link, frame, supply, name, type);
  here.extern_ = here.def.origin;
  map_add(link->context, &shared->names, key, shared->items.count);
  VEC_ADD(link->context, &shared->items, here);
  return here;
}

/* Is it a type of values that functions from outside may mention, and that can be said outside? As deep as
 * TYPE_DEPTH_LIMIT. */
static bool is_known_outside(const struct link *link, const struct type *type) {
  if (!type || !type->has_handles)
    return true;
  if (type->kind == TYPE_OWN || type->kind == TYPE_BORROW)
    return link->plan->resources.items[type->resource].source == RESOURCE_HOST;
  for (uint32_t i = 0; i < type->field_count; i++)
    if (!is_known_outside(link, type->fields[i].type))
      return false;
  return is_known_outside(link, type->element);
}

static bool has_to_be_named(struct link *link, const struct frame *frame, const struct supply *supply,
                            const struct extern_type *type) {
  const struct type_def def = get_type(frame, type->index);
  return supply->names_types && def.kind == DEFTYPE_VALUE && is_known_outside(link, def.is.value);
}

struct def bind_shared(struct link *link, const struct frame *frame, struct supply *supply,
                       const struct extern_name *name, const struct extern_type *type) {
  if (supply->parent != NO_INDEX)
    return share_extern(link, frame, supply, name, type).def;
  const struct extern_name *outside = supply->outside[supply->bound.count];
  struct bound_import bound = {.extern_ = NO_INDEX};
  push_place(link->context, "import", NO_INDEX, name->name);
  if (!outside) {
    const struct def *given = find_name(supply->given, name->name);
    assert(given);
    set_hint(link->context, "it is given by \"%.*s\"", SHOW(supply->givers[supply->bound.count]));
    bound.def = view_def(link, frame, given, type, supply->role, name->name);
    clear_hint(link->context);
  } else if (type->sort == SORT_TYPE && type->bound == BOUND_EQ && !has_to_be_named(link, frame, supply, type)) {
    bound.def = (struct def){.sort = SORT_TYPE, .origin = NO_INDEX, .is.type = get_type(frame, type->index)};
  } else {
    const struct shared_extern shared = share_extern(link, frame, supply, outside, type);
    bound = (struct bound_import){.extern_ = shared.extern_, .def = shared.def};
  }
  pop_place(link->context);
  VEC_ADD(link->context, &supply->bound, bound);
  return bound.def;
}
