/* link_root.c -- the root's imports and exports as trees of externs; the shapes of component types.
 *
 * Imports are described as they are declared, exports by what they turned out to be:
 *
 *     (export "i" (instance $i))    an extern of sort instance, with a child for each export of $i
 *
 * and an export that is an import, or a part of one, says so, since it can be passed on as it is.
 *
 * Requires  link.c, link_bind.c: the definite things behind imports and exports.
 * Provides  plan->externs, plan->exports.
 * Spec      Explainer.md "Import and Export Definitions".
 */
#include "fuse/link.h"

uint32_t new_extern(struct link *link, const struct extern_name *name, enum sort sort, uint32_t parent) {
  const struct extern_tree tree = {
      .name = *name, .sort = sort, .func = NO_INDEX, .resource = NO_INDEX, .parent = parent, .alias_of = NO_INDEX};
  return PLAN_ADD(link, externs, tree);
}

struct extern_tree *get_extern(struct link *link, uint32_t index) {
  assert(index < link->plan->externs.count);
  return &link->plan->externs.items[index];
}

static const uint32_t *copy_indices(struct link *link, const struct supply *made) {
  uint32_t *copy = ALLOCATE(link->context, uint32_t, made->externs.count);
  for (uint32_t i = 0; i < made->externs.count; i++)
    copy[i] = made->externs.items[i];
  return copy;
}

void set_children(struct link *link, uint32_t parent, const struct supply *made) {
  get_extern(link, parent)->children = copy_indices(link, made);
  get_extern(link, parent)->child_count = made->externs.count;
}

const struct component_shape *shape_of(struct link *link, const struct type_closure *type) {
  struct supply imports = {.kind = SUPPLY_ABSTRACT, .role = "import", .parent = NO_INDEX};
  struct supply exports = {.kind = SUPPLY_ABSTRACT, .role = "export", .parent = NO_INDEX};
  struct component_shape *shape = ALLOCATE(link->context, struct component_shape, 1);
  run_declarations(link, type, &imports, &exports);
  shape->is_instance = type->deftype->kind == DEFTYPE_INSTANCE;
  shape->imports = copy_indices(link, &imports);
  shape->import_count = imports.externs.count;
  shape->exports = copy_indices(link, &exports);
  shape->export_count = exports.externs.count;
  return shape;
}

/* Does it refer to nothing around it, so that its bytes can stand elsewhere? `depth` counts the scopes from the
 * component in question to where `definition` stands. Nested as deeply as the text is, which the reader limits. */
static bool is_closed_definition(const struct definition *definition, uint32_t depth) {
  switch (definition->kind) {
  case DEFINE_ALIAS:
    return definition->of.alias.kind != ALIAS_OUTER || definition->of.alias.count <= depth;
  case DEFINE_COMPONENT:
    for (uint32_t i = 0; i < definition->of.component->definitions.count; i++)
      if (!is_closed_definition(&definition->of.component->definitions.items[i], depth + 1))
        return false;
    return true;
  case DEFINE_TYPE:
    for (uint32_t i = 0; i < definition->of.type->declaration_count; i++)
      if (!is_closed_definition(&definition->of.type->declarations[i].definition, depth + 1))
        return false;
    return true;
  case DEFINE_CORE_TYPE:
    for (uint32_t i = 0; definition->of.core_type->is_module && i < definition->of.core_type->module_type->outers.count;
         i++)
      if (definition->of.core_type->module_type->outers.items[i].count > depth + 1)
        return false;
    return true;
  default:
    return true;
  }
}

static bool is_closed(const struct component *component) {
  for (uint32_t i = 0; i < component->definitions.count; i++)
    if (!is_closed_definition(&component->definitions.items[i], 0))
      return false;
  return true;
}

static void describe_component(struct link *link, uint32_t extern_, const struct component_def *def) {
  const struct component_shape *shape = def->type ? shape_of(link, def->type) : NULL;
  while (def->viewed)
    def = def->viewed;
  struct extern_tree *tree = get_extern(link, extern_);
  tree->shape = shape;
  if (def->component && is_closed(def->component))
    tree->component = def->component;
}

static void describe_resource(struct link *link, uint32_t extern_, uint32_t resource) {
  struct extern_tree *tree = get_extern(link, extern_);
  tree->resource = resource;
  tree->is_sub = link->plan->resources.items[resource].source == RESOURCE_DEFINED && !link->is_exported.items[resource];
  link->is_exported.items[resource] = true;
}

static void describe_type(struct link *link, uint32_t extern_, struct type_def type) {
  switch (type.kind) {
  case DEFTYPE_VALUE:
    get_extern(link, extern_)->type = type.is.value;
    get_extern(link, extern_)->definition = type.definition;
    return;
  case DEFTYPE_FUNC:
    get_extern(link, extern_)->type_func = type.is.func;
    return;
  case DEFTYPE_RESOURCE:
    describe_resource(link, extern_, type.is.resource);
    return;
  case DEFTYPE_COMPONENT:
  case DEFTYPE_INSTANCE: {
    const struct component_shape *shape = shape_of(link, type.is.closure);
    get_extern(link, extern_)->type_shape = shape;
    return;
  }
  }
}

static void describe_func(struct link *link, uint32_t extern_, uint32_t func) {
  struct extern_tree *tree = get_extern(link, extern_);
  const struct func *f = &link->plan->funcs.items[func];
  refuse_async_func(link, func, tree->name.name);
  tree->func = func;
  tree->functype = f->type;
  tree->alias_of = f->source == FUNC_HOST ? f->import : NO_INDEX;
}

static void describe_module(struct link *link, uint32_t extern_, const struct module_def *module) {
  struct extern_tree *tree = get_extern(link, extern_);
  tree->module = module->module;
  tree->module_bytes = module->bytes;
  tree->module_type = module->type;
}

static uint32_t export_def(struct link *link, const struct extern_name *name, const struct def *def, uint32_t parent);

static void describe_instance(struct link *link, uint32_t extern_, const struct namespace *instance) {
  struct supply children = {.parent = extern_};
  enter(link);
  for (uint32_t i = 0; i < instance->defs.count; i++) {
    const uint32_t child = export_def(link, instance->defs.items[i].name, &instance->defs.items[i].def, extern_);
    VEC_ADD(link->context, &children.externs, child);
  }
  leave(link);
  set_children(link, extern_, &children);
}

static uint32_t export_def(struct link *link, const struct extern_name *name, const struct def *def, uint32_t parent) {
  const uint32_t extern_ = new_extern(link, name, def->sort, parent);
  count_steps(link, 1);
  get_extern(link, extern_)->alias_of = def->origin;
  switch (def->sort) {
  case SORT_FUNC:
    describe_func(link, extern_, def->is.func);
    break;
  case SORT_TYPE:
    describe_type(link, extern_, def->is.type);
    break;
  case SORT_INSTANCE:
    describe_instance(link, extern_, def->is.instance);
    break;
  case SORT_COMPONENT:
    describe_component(link, extern_, def->is.component);
    break;
  default:
    assert(def->sort == SORT_CORE_MODULE);
    describe_module(link, extern_, def->is.module);
  }
  return extern_;
}

void export_root(struct link *link, const struct namespace *exports) {
  link->offset = NO_OFFSET;
  for (uint32_t i = 0; i < exports->defs.count; i++) {
    const struct named_def *named = &exports->defs.items[i];
    push_place(link->context, "export", NO_INDEX, named->name->name);
    const uint32_t extern_ = export_def(link, named->name, &named->def, NO_INDEX);
    VEC_ADD(link->context, &link->plan->exports, extern_);
    pop_place(link->context);
  }
}
