/* check.c -- types every definition of every component, whether it is instantiated or not.
 *
 * A component is checked as it is written, from its first definition to its last. A scope holds what its indices denote
 * by then; scopes nest as components and types do, and an outer alias looks into one further out.
 *
 *     (component $C                          scope of $C: types 0 -> a resource
 *       (type $R (resource (rep i32)))
 *       (component                           scope inside of it: an outer alias of type 0 of $C is refused here,
 *         (alias outer $C $R (type))))       as the component would depend on a resource of another
 *
 * What a component is for its surroundings is its type: what it imports and exports, and which resources are new in
 * each instance of it. The linker evaluates types with definite resources, of what is instantiated alone; here they are
 * abstract, and nothing is instantiated.
 *
 * Requires  read.c: the form of everything.
 * Provides  check_component: returns if the component is valid. type_component: and its type.
 * Spec      Explainer.md "Component Definitions", "Index Spaces", "Alias Definitions"; Binary.md's notes on validation.
 */
#include "component/check.h"

void spend(struct check *check, uint64_t steps) {
  check->steps += steps;
  if (check->steps > CHECK_STEP_LIMIT)
    REFUSE(check, "the component needs more than %d steps to be checked; its types are too large", CHECK_STEP_LIMIT);
}

void descend(struct check *check) {
  if (check->depth == CHECK_DEPTH_LIMIT)
    REFUSE(check, "components and types are nested more than %d deep", CHECK_DEPTH_LIMIT);
  check->depth++;
}

void ascend(struct check *check) {
  assert(check->depth > 0);
  check->depth--;
}

/* Typings. */

struct typing *new_typing(struct check *check, enum deftype_kind kind) {
  spend(check, COPY_STEPS);
  struct typing *typing = ALLOCATE(check->context, struct typing, 1);
  typing->kind = kind;
  typing->id = check->typings.count;
  typing->size = typing->depth = 1;
  VEC_ADD(check->context, &check->typings, typing);
  return typing;
}

void add_size(struct check *check, struct typing *typing, uint32_t size, uint32_t depth) {
  if (size >= TYPE_SIZE_LIMIT - typing->size)
    REFUSE(check, "a type consists of %d types or more, each counted as often as it is used", TYPE_SIZE_LIMIT);
  if (depth >= TYPE_DEPTH_LIMIT)
    REFUSE(check, "types are nested more than %d deep in one another", TYPE_DEPTH_LIMIT);
  typing->size += size;
  if (typing->depth < depth + 1)
    typing->depth = depth + 1;
}

void add_part(struct check *check, struct typing *typing, const struct typing *part) {
  if (!part)
    return;
  typing->has_no_resources &= part->has_no_resources;
  add_size(check, typing, part->size, part->depth);
}

void add_signature_size(struct check *check, struct typing *typing, const struct signature *signature) {
  spend(check, signature->items.count);
  for (uint32_t i = 0; i < signature->items.count; i++) {
    const struct item *item = &signature->items.items[i].item;
    if (item->sort == SORT_CORE_MODULE)
      add_size(check, typing, item->module->size, 1);
    else
      add_part(check, typing, item->type);
  }
}

const struct typing *rename_typing(struct check *check, const struct typing *typing, struct bytes name) {
  struct typing *renamed = new_typing(check, typing->kind);
  const uint32_t id = renamed->id;
  *renamed = *typing;
  renamed->id = id;
  renamed->name = name;
  return renamed;
}

const struct typing *new_resource(struct check *check, struct bytes name) {
  struct typing *resource = new_typing(check, DEFTYPE_RESOURCE);
  resource->name = name;
  resource->is.resource.id = resource->id;
  resource->is.resource.offset = check->offset;
  return resource;
}

struct bytes id_key(const uint32_t *id) { return (struct bytes){(const uint8_t *)id, sizeof *id}; }

bool add_id(struct check *check, struct map *ids, const struct typing *typing) {
  const uint32_t count = ids->entries.count;
  map_add(check->context, ids, id_key(&typing->id), 1);
  return ids->entries.count != count;
}

void note_resource(struct check *check, struct resources *resources, uint32_t id) {
  const struct typing *resource = check->typings.items[id];
  assert(resource->kind == DEFTYPE_RESOURCE);
  if (map_add(check->context, &resources->ids, id_key(&resource->id), resources->list.count) == resources->list.count)
    VEC_ADD(check->context, &resources->list, id);
}

bool has_resource(const struct resources *resources, uint32_t id) {
  return map_get(&resources->ids, id_key(&id)) != NOT_FOUND;
}

/* Signatures. */

bool add_named(struct check *check, struct signature *signature, struct bytes name, const struct item *item) {
  const uint32_t index = signature->items.count;
  if (!signature->names)
    signature->names = ALLOCATE(check->context, struct map, 1);
  if (map_add(check->context, signature->names, name, index) != index)
    return false;
  VEC_ADD(check->context, &signature->items, ((struct named_item){name, *item}));
  return true;
}

const struct item *find_named(const struct signature *signature, struct bytes name) {
  const uint32_t index = signature->names ? map_get(signature->names, name) : NOT_FOUND;
  return index == NOT_FOUND ? NULL : &signature->items.items[index].item;
}

/* Scopes. */

void open_scope(struct check *check, struct scope *scope, enum scope_kind kind) {
  descend(check);
  scope->kind = kind;
  scope->outer = check->scope;
  scope->imports.role = "import";
  scope->exports.role = "export";
  check->scope = scope;
}

void close_scope(struct check *check) {
  check->scope = check->scope->outer;
  ascend(check);
}

struct item item_at(struct check *check, enum sort sort, uint32_t index) {
  const struct scope *scope = check->scope;
  if (index >= scope->spaces[sort].count)
    REFUSE(check, "there is no %s %u: %u %s defined before this", sort_name(sort), index, scope->spaces[sort].count,
           scope->spaces[sort].count == 1 ? "is" : "are");
  return scope->spaces[sort].items[index];
}

void push_item(struct check *check, struct scope *scope, const struct item *item) {
  spend(check, 1);
  VEC_ADD(check->context, &scope->spaces[item->sort], *item);
}

struct scope *scope_outside(struct check *check, uint32_t count) {
  struct scope *scope = check->scope;
  uint32_t scopes = 1;
  for (const struct scope *s = scope; s->outer; s = s->outer)
    scopes++;
  if (count >= scopes)
    REFUSE(check, "an outer alias has a count of %u, but the number of scopes around it is %u", count, scopes - 1);
  while (count--)
    scope = scope->outer;
  return scope;
}

/* Aliases. */

/* "validation of alias declarators also requires" types and instances alone. */
static void check_alias_place(struct check *check, const struct alias *alias) {
  if (check->scope->kind == SCOPE_COMPONENT)
    return;
  const bool is_fine = (alias->kind == ALIAS_EXPORT && (alias->sort == SORT_TYPE || alias->sort == SORT_INSTANCE)) ||
                       (alias->kind == ALIAS_OUTER && (alias->sort == SORT_TYPE || alias->sort == SORT_CORE_TYPE));
  if (!is_fine)
    REFUSE(check, "an alias in a component or instance type can be of a type or instance, but not %s",
           sort_words(alias->sort));
}

static void check_export_alias(struct check *check, const struct alias *alias) {
  const struct item instance = item_at(check, SORT_INSTANCE, alias->instance);
  const struct item *item = find_named(&instance.type->is.instance.exports, alias->name);
  if (!item)
    REFUSE(check, "%.*s has no export named \"%.*s\"", SHOW(show_item(check, SORT_INSTANCE, alias->instance)),
           SHOW(alias->name));
  if (item->sort != alias->sort)
    REFUSE(check, "the export \"%.*s\" of %.*s is %s; it is aliased as %s", SHOW(alias->name),
           SHOW(show_item(check, SORT_INSTANCE, alias->instance)), sort_words(item->sort), sort_words(alias->sort));
  push_item(check, check->scope, item);
}

/* "the target type may not transitively refer to a resource type", from another component. */
static void check_isolation(struct check *check, const struct alias *alias, const struct item *item) {
  uint32_t id;
  if (alias->sort != SORT_TYPE || alias->count == 0 ||
      scope_outside(check, alias->count - 1)->kind != SCOPE_COMPONENT || !find_free_resource(check, item->type, &id))
    return;
  REFUSE(check,
         "the outer type %u can't be aliased in a nested component, since it refers to %.*s of the component outside; "
         "import it instead",
         alias->index, SHOW(show_resource(check, check->typings.items[id])));
}

static void check_outer_alias(struct check *check, const struct alias *alias) {
  struct scope *inner = check->scope;
  check->scope = scope_outside(check, alias->count);
  const struct item item = item_at(check, alias->sort, alias->index);
  check->scope = inner;
  check_isolation(check, alias, &item);
  push_item(check, check->scope, &item);
}

static void check_alias(struct check *check, const struct alias *alias) {
  check_alias_place(check, alias);
  if (alias->kind == ALIAS_EXPORT)
    check_export_alias(check, alias);
  else if (alias->kind == ALIAS_CORE_EXPORT)
    check_core_alias(check, alias);
  else
    check_outer_alias(check, alias);
}

/* Components. */

/* "local resource type found in imports": an import can't know what is defined here. */
static void check_imported_resources(struct check *check, const struct scope *scope) {
  struct resources free = {0};
  find_free_resources(check, &scope->imports.items, &free);
  for (uint32_t i = 0; i < scope->defined.list.count; i++)
    if (has_resource(&free, scope->defined.list.items[i]))
      REFUSE(check, "the imports of the component use %.*s, which the component defines itself",
             SHOW(show_resource(check, check->typings.items[scope->defined.list.items[i]])));
}

/* Of the resources defined, those that the exports are made of. */
static struct resources find_exposed_resources(struct check *check, const struct scope *scope) {
  struct resources free = {0}, exported = {0}, exposed = {0};
  find_free_resources(check, &scope->exports.items, &free);
  find_exported_resources(check, &scope->exports.items, &exported);
  for (uint32_t i = 0; i < scope->defined.list.count; i++) {
    const uint32_t id = scope->defined.list.items[i];
    if (!has_resource(&free, id))
      continue;
    if (!has_resource(&exported, id))
      REFUSE(check, "the exports of the component use %.*s, which is not exported itself; export it before them",
             SHOW(show_resource(check, check->typings.items[id])));
    note_resource(check, &exposed, id);
  }
  return exposed;
}

const struct typing *component_typing(struct check *check, struct scope *scope) {
  check_imported_resources(check, scope);
  struct typing *typing = new_typing(check, DEFTYPE_COMPONENT);
  typing->is.component.imports = scope->imports.items;
  typing->is.component.exports = scope->exports.items;
  typing->is.component.imported = scope->imported;
  typing->is.component.defined = find_exposed_resources(check, scope);
  add_signature_size(check, typing, &scope->imports.items);
  add_signature_size(check, typing, &scope->exports.items);
  return typing;
}

/* Room for all that the component defines. */
static void make_spaces(struct check *check, struct scope *scope, const struct component *component) {
  uint32_t count = 0;
  for (uint32_t sort = 0; sort < SORT_COUNT; sort++)
    count += component->index_counts[sort];
  struct item *items = ALLOCATE(check->context, struct item, count);
  for (uint32_t sort = 0; sort < SORT_COUNT; sort++) {
    scope->spaces[sort].items = items;
    scope->spaces[sort].capacity = component->index_counts[sort];
    items += component->index_counts[sort];
  }
}

static void reserve_externs(struct check *check, struct externs *externs, uint32_t count) {
  if (!count)
    return;
  externs->items.names = ALLOCATE(check->context, struct map, 1);
  map_reserve(check->context, externs->items.names, count);
  map_reserve(check->context, &externs->canonical, count);
  VEC_RESERVE(check->context, &externs->items.items, count);
}

static const struct typing *check_whole(struct check *check, const struct component *component) {
  struct scope *scope = ALLOCATE(check->context, struct scope, 1);
  open_scope(check, scope, SCOPE_COMPONENT);
  scope->component = component;
  make_spaces(check, scope, component);
  reserve_externs(check, &scope->imports, component->import_count);
  reserve_externs(check, &scope->exports, component->export_count);
  for (uint32_t i = 0; i < component->definitions.count; i++)
    check_definition(check, &component->definitions.items[i]);
  check->offset = component->offset;
  const struct typing *typing = component_typing(check, scope);
  close_scope(check);
  return typing;
}

static void check_nested_component(struct check *check, const struct component *component) {
  push_place(check->context, "component", check->scope->spaces[SORT_COMPONENT].count, component->name);
  const struct item item = {.sort = SORT_COMPONENT, .type = check_whole(check, component), .name = component->name};
  pop_place(check->context);
  push_item(check, check->scope, &item);
}

void check_definition(struct check *check, const struct definition *definition) {
  spend(check, 1);
  check->offset = definition->offset;
  switch (definition->kind) {
  case DEFINE_CORE_MODULE:
    check_core_module(check, definition->of.core_module.module);
    return;
  case DEFINE_CORE_INSTANCE:
    check_core_instance(check, &definition->of.instance);
    return;
  case DEFINE_CORE_TYPE:
    check_core_type(check, definition->of.core_type);
    return;
  case DEFINE_COMPONENT:
    check_nested_component(check, definition->of.component);
    return;
  case DEFINE_INSTANCE:
    check_instance(check, &definition->of.instance);
    return;
  case DEFINE_ALIAS:
    check_alias(check, &definition->of.alias);
    return;
  case DEFINE_TYPE:
    check_type(check, definition->of.type);
    return;
  case DEFINE_CANON:
    check_canon(check, &definition->of.canon);
    return;
  case DEFINE_IMPORT:
    check_import(check, &definition->of.import);
    return;
  case DEFINE_EXPORT:
    check_export(check, &definition->of.export_);
    return;
  case DEFINE_START:
  case DEFINE_VALUE:
    break; /* never read */
  }
  assert(false);
}

static void make_primitives(struct check *check) {
  for (enum type_kind kind = TYPE_BOOL; kind <= TYPE_ERROR_CONTEXT; kind++) {
    struct typing *typing = new_typing(check, DEFTYPE_VALUE);
    typing->has_no_resources = true;
    typing->is.value.kind = kind;
    typing->is.value.form = primitive_type(check->context, &check->forms, kind);
    check->primitives[kind] = typing;
  }
}

const struct typing *type_component(struct context *c, const struct component *root) {
  struct check check = {.context = c, .offset = root->offset};
  check.core = ALLOCATE(c, struct module, 1);
  check.core->start = NO_INDEX;
  make_primitives(&check);
  return check_whole(&check, root);
}

void check_component(struct context *c, const struct component *root) {
  begin_scratch(c);
  type_component(c, root);
  end_scratch(c);
}
