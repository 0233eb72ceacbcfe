/* link_bind.c -- an import or export at its type.
 *
 * The type of an import or export says by which names its users know the parts of what stands behind it. Where that is
 * given, it is seen at the type: an instance shows the exports that its type declares and no others, and each abstract
 * type of the declaration is the resource that is there.
 *
 *     (import "i" (instance (export "r" (type $r (sub resource))) (export "f" (func (result (own $r))))))
 *
 * with an instance whose "r" is resource 3 declares $r to be resource 3, so that "f" has to return an own<3>. Where
 * nothing is given, at the root's imports, each declared thing comes to be: a resource, a function of the host.
 *
 * One walk over the declarations of a type, run_declarations, serves all of that.
 *
 * Requires  link.c: the frame that the indices of a type are of.
 * Provides  what an import or export denotes; the externs that describe what comes from outside.
 * Spec      Explainer.md "Declarators", "Type Checking"; Binary.md "Import and Export Definitions".
 */
#include "fuse/link.h"

static _Noreturn void refuse_types(struct link *link, const char *role, struct bytes name, struct bytes wanted,
                                   struct bytes found) {
  REFUSE(link, "the %s \"%.*s\" is of type %.*s, but what is given for it is of type %.*s", role, SHOW(name),
         SHOW(wanted), SHOW(found));
}

static void expect_same_type(struct link *link, struct type_def wanted, struct type_def found, const char *role,
                             struct bytes name) {
  static const char *const kinds[] = {"a value type", "a function type", "a component type", "an instance type",
                                      "a resource type"};
  if (wanted.kind != found.kind)
    REFUSE(link, "the %s \"%.*s\" is %s, but what is given for it is %s", role, SHOW(name), kinds[wanted.kind],
           kinds[found.kind]);
  if (wanted.kind == DEFTYPE_VALUE && wanted.is.value != found.is.value)
    refuse_types(link, role, name, show_type(link->context, wanted.is.value), show_type(link->context, found.is.value));
  if (wanted.kind == DEFTYPE_FUNC && !same_functype(wanted.is.func, found.is.func))
    refuse_types(link, role, name, show_functype(link->context, wanted.is.func),
                 show_functype(link->context, found.is.func));
  if (wanted.kind == DEFTYPE_RESOURCE && wanted.is.resource != found.is.resource)
    REFUSE(link, "the %s \"%.*s\" has to be the same resource type as another one, but what is given for it is not",
           role, SHOW(name));
}

static void view_type(struct link *link, const struct frame *frame, const struct def *def,
                      const struct extern_type *type, const char *role, struct bytes name) {
  if (type->bound == BOUND_SUB_RESOURCE) {
    if (def->is.type.kind != DEFTYPE_RESOURCE)
      REFUSE(link, "the %s \"%.*s\" is a resource type, but what is given for it is not", role, SHOW(name));
    return;
  }
  expect_same_type(link, get_type(frame, type->index), def->is.type, role, name);
}

/* Has the projection all of `whole`, and all parts unchanged? */
static bool is_whole(const struct namespace *projection, const struct namespace *whole) {
  if (projection->defs.count != whole->defs.count)
    return false;
  for (uint32_t i = 0; i < projection->defs.count; i++)
    if (projection->defs.items[i].def.origin != find_name(whole, projection->names.entries.items[i].key)->origin)
      return false;
  return true;
}

static struct def view_instance(struct link *link, const struct frame *frame, const struct def *def,
                                const struct extern_type *type, struct bytes name) {
  struct supply parts = {.kind = SUPPLY_GIVEN, .role = "export", .given = def->is.instance};
  struct def view = {.sort = SORT_INSTANCE, .origin = NO_INDEX};
  push_place(link->context, "instance", NO_INDEX, name);
  view.is.instance = run_declarations(link, get_closure(frame, type->index, DEFTYPE_INSTANCE), NULL, &parts);
  pop_place(link->context);
  if (def->origin != NO_INDEX && is_whole(view.is.instance, def->is.instance))
    view.origin = def->origin;
  return view;
}

static struct def view_component(struct link *link, const struct frame *frame, const struct def *def,
                                 const struct extern_type *type) {
  struct component_def *view = ALLOCATE(link->context, struct component_def, 1);
  view->type = get_closure(frame, type->index, DEFTYPE_COMPONENT);
  view->viewed = def->is.component;
  return (struct def){.sort = SORT_COMPONENT, .origin = def->origin, .is.component = view};
}

static struct def view_module(struct link *link, const struct frame *frame, const struct def *def,
                              const struct extern_type *type) {
  struct module_def *view = ALLOCATE(link->context, struct module_def, 1);
  *view = *def->is.module;
  view->type = get_module_type(frame, type->index);
  return (struct def){.sort = SORT_CORE_MODULE, .origin = def->origin, .is.module = view};
}

struct def view_def(struct link *link, const struct frame *frame, const struct def *def, const struct extern_type *type,
                    const char *role, struct bytes name) {
  if (def->sort != type->sort)
    REFUSE(link, "the %s \"%.*s\" is of sort %s, but what is given for it is of sort %s", role, SHOW(name),
           sort_name(type->sort), sort_name(def->sort));
  switch (type->sort) {
  case SORT_FUNC: {
    const struct functype *wanted = get_functype(frame, type->index);
    assert(def->is.func != NO_INDEX);
    const struct functype *found = link->plan->funcs.items[def->is.func].type;
    if (!same_functype(wanted, found))
      refuse_types(link, role, name, show_functype(link->context, wanted), show_functype(link->context, found));
    return *def;
  }
  case SORT_TYPE:
    view_type(link, frame, def, type, role, name);
    return *def;
  case SORT_INSTANCE:
    return view_instance(link, frame, def, type, name);
  case SORT_COMPONENT:
    return view_component(link, frame, def, type);
  case SORT_CORE_MODULE:
    return view_module(link, frame, def, type);
  default:
    break; /* values are never read */
  }
  assert(false);
  return *def;
}

static bool is_outside(const struct supply *supply) {
  return supply->kind == SUPPLY_HOST || supply->kind == SUPPLY_SHARED;
}

static struct def new_func(struct link *link, const struct frame *frame, const struct supply *supply, uint32_t extern_,
                           const struct extern_type *type) {
  const struct functype *functype = get_functype(frame, type->index);
  struct def def = {.sort = SORT_FUNC, .is.func = NO_INDEX};
  if (is_outside(supply))
    def.is.func = add_func(link, (struct func){.source = FUNC_HOST,
                                               .type = functype,
                                               .instance = NO_INDEX,
                                               .import = extern_,
                                               .name = get_extern(link, extern_)->name.name});
  get_extern(link, extern_)->func = def.is.func;
  get_extern(link, extern_)->functype = functype;
  return def;
}

static uint32_t new_resource(struct link *link, const struct supply *supply, uint32_t extern_) {
  const bool is_host = is_outside(supply);
  return add_resource(link, (struct resource){.source = is_host ? RESOURCE_HOST : RESOURCE_ABSTRACT,
                                              .instance = NO_INDEX,
                                              .rep = CORE_I32,
                                              .import = is_host ? extern_ : NO_INDEX,
                                              .name = get_extern(link, extern_)->name.name});
}

/* What an extern of sort SORT_TYPE says of its type. */
static void describe_type(struct link *link, uint32_t extern_, struct type_def type) {
  const struct component_shape *shape = NULL;
  if (type.kind == DEFTYPE_COMPONENT || type.kind == DEFTYPE_INSTANCE)
    shape = shape_of(link, type.is.closure);
  struct extern_tree *tree = get_extern(link, extern_);
  tree->definition = type.definition;
  if (type.kind == DEFTYPE_VALUE)
    tree->type = type.is.value;
  else if (type.kind == DEFTYPE_FUNC)
    tree->type_func = type.is.func;
  else if (type.kind == DEFTYPE_RESOURCE)
    tree->resource = type.is.resource;
  tree->type_shape = shape;
}

static struct def new_type(struct link *link, const struct frame *frame, const struct supply *supply, uint32_t extern_,
                           const struct extern_type *type) {
  struct def def = {.sort = SORT_TYPE};
  if (type->bound == BOUND_SUB_RESOURCE) {
    def.is.type = (struct type_def){.kind = DEFTYPE_RESOURCE, .is.resource = new_resource(link, supply, extern_)};
    get_extern(link, extern_)->is_sub = true;
  } else {
    def.is.type = get_type(frame, type->index);
    assert(supply->kind != SUPPLY_HOST || def.is.type.kind != DEFTYPE_RESOURCE ||
           link->plan->resources.items[def.is.type.is.resource].source != RESOURCE_DEFINED);
  }
  describe_type(link, extern_, def.is.type);
  return def;
}

static struct def new_instance(struct link *link, const struct frame *frame, const struct supply *supply,
                               uint32_t extern_, const struct extern_type *type) {
  struct supply parts = {.kind = supply->kind, .role = "export", .parent = extern_, .shared = supply->shared};
  struct def def = {.sort = SORT_INSTANCE};
  def.is.instance = run_declarations(link, get_closure(frame, type->index, DEFTYPE_INSTANCE), NULL, &parts);
  set_children(link, extern_, &parts);
  return def;
}

static struct def new_component(struct link *link, const struct frame *frame, uint32_t extern_,
                                const struct extern_type *type) {
  struct component_def *component = ALLOCATE(link->context, struct component_def, 1);
  component->type = get_closure(frame, type->index, DEFTYPE_COMPONENT);
  component->name = get_extern(link, extern_)->name.name;
  const struct component_shape *shape = shape_of(link, component->type);
  get_extern(link, extern_)->shape = shape;
  return (struct def){.sort = SORT_COMPONENT, .is.component = component};
}

static struct def new_module(struct link *link, const struct frame *frame, uint32_t extern_,
                             const struct extern_type *type) {
  struct module_def *module = ALLOCATE(link->context, struct module_def, 1);
  module->type = get_module_type(frame, type->index);
  module->name = get_extern(link, extern_)->name.name;
  get_extern(link, extern_)->module_type = module->type;
  return (struct def){.sort = SORT_CORE_MODULE, .is.module = module};
}

/* What the type says, as an extern and as a thing. */
struct def new_def(struct link *link, const struct frame *frame, struct supply *supply, const struct extern_name *name,
                   const struct extern_type *type) {
  struct def def;
  const uint32_t extern_ = new_extern(link, name, type->sort, supply->parent);
  VEC_ADD(link->context, &supply->externs, extern_);
  switch (type->sort) {
  case SORT_FUNC:
    def = new_func(link, frame, supply, extern_, type);
    break;
  case SORT_TYPE:
    def = new_type(link, frame, supply, extern_, type);
    break;
  case SORT_INSTANCE:
    def = new_instance(link, frame, supply, extern_, type);
    break;
  case SORT_COMPONENT:
    def = new_component(link, frame, extern_, type);
    break;
  case SORT_CORE_MODULE:
    def = new_module(link, frame, extern_, type);
    break;
  default:
    assert(false); /* values are never read */
  }
  def.origin = is_outside(supply) ? extern_ : NO_INDEX;
  return def;
}

struct def bind_extern(struct link *link, const struct frame *frame, struct supply *supply,
                       const struct extern_name *name, const struct extern_type *type) {
  count_steps(link, 1);
  if (supply->kind == SUPPLY_SHARED)
    return bind_shared(link, frame, supply, name, type);
  if (supply->kind != SUPPLY_GIVEN)
    return new_def(link, frame, supply, name, type);
  const struct def *given = find_name(supply->given, name->name);
  if (!given)
    REFUSE(link, "nothing is given for the %s \"%.*s\" of sort %s", supply->role, SHOW(name->name),
           sort_name(type->sort));
  return view_def(link, frame, given, type, supply->role, name->name);
}

const struct namespace *run_declarations(struct link *link, const struct type_closure *type, struct supply *imports,
                                         struct supply *exports) {
  struct frame *frame = ALLOCATE(link->context, struct frame, 1);
  const size_t offset = link->offset;
  frame->scope = type->scope;
  frame->instance = NO_INDEX;
  frame->imports = imports;
  frame->declared = exports;
  frame->exports = ALLOCATE(link->context, struct namespace, 1);
  enter(link);
  for (uint32_t i = 0; i < type->deftype->declaration_count; i++)
    define(link, frame, &type->deftype->declarations[i].definition);
  leave(link);
  link->offset = offset;
  return frame->exports;
}
