/* check_externs.c -- imports and exports: what they are, and whether what they use can be seen from outside.
 *
 * A resource, record, variant, enum or flags type can be used in the type of an import or export only by a name that
 * the outside knows: by the index that its own import or export introduced.
 *
 *     (type $R (resource (rep i32)))
 *     (export $r "r" (type $R))
 *     (export "f" (func $f))          refused if $f has (own $R), fine if it has (own $r)
 *
 * An import or export of an instance names the types that the instance exports. Where the instance is only described,
 * by an instance type, the resources that the type declares are new ones for each import and export.
 *
 * Requires  check.c: the scope.
 * Provides  check_import, check_export, add_extern, item_of_type.
 * Spec      Explainer.md "Import and Export Definitions", "External Visibility of Types".
 */
#include "component/check.h"

/* Names that types have for a while, in an instance type that is looked at. */
struct visible {
  const struct map *names;
  const struct visible *outer;
};

static bool is_visible(const struct visible *visible, const struct typing *typing) {
  for (; visible; visible = visible->outer)
    if (map_get(visible->names, id_key(&typing->id)) != NOT_FOUND)
      return true;
  return false;
}

static bool needs_name(enum type_kind kind) {
  return kind == TYPE_RECORD || kind == TYPE_VARIANT || kind == TYPE_ENUM || kind == TYPE_FLAGS;
}

static const struct typing *find_unnamed_part(struct check *check, const struct visible *visible,
                                              const struct typing *typing);

/* The type in `typing`, or itself, that has no name where it needs one; null: none. As deep as TYPE_DEPTH_LIMIT. */
static const struct typing *find_unnamed(struct check *check, const struct visible *visible,
                                         const struct typing *typing) {
  if (!typing)
    return NULL;
  if (needs_name(typing->is.value.kind))
    return is_visible(visible, typing) ? NULL : typing;
  return find_unnamed_part(check, visible, typing);
}

static const struct typing *find_unnamed_part(struct check *check, const struct visible *visible,
                                              const struct typing *typing) {
  const struct typing *unnamed = find_unnamed(check, visible, typing->is.value.element);
  spend(check, 1 + typing->is.value.count);
  if (typing->is.value.resource && !is_visible(visible, typing->is.value.resource))
    return typing->is.value.resource;
  for (uint32_t i = 0; i < typing->is.value.count && !unnamed; i++)
    unnamed = find_unnamed(check, visible, typing->is.value.parts[i].type);
  return unnamed;
}

static const struct typing *find_unnamed_in_func(struct check *check, const struct visible *visible,
                                                 const struct typing *typing) {
  const struct typing *unnamed = find_unnamed(check, visible, typing->is.func.result);
  for (uint32_t i = 0; i < typing->is.func.count && !unnamed; i++)
    unnamed = find_unnamed(check, visible, typing->is.func.params[i].type);
  return unnamed;
}

static const struct typing *find_unnamed_in_type(struct check *check, const struct visible *visible,
                                                 const struct typing *typing);

/* The types that an instance type exports have names in itself. */
static const struct typing *find_unnamed_in_instance(struct check *check, const struct visible *outer,
                                                     const struct typing *typing) {
  struct map names = {0};
  const struct visible visible = {&names, outer};
  const struct signature *exports = &typing->is.instance.exports;
  const struct typing *unnamed = NULL;
  descend(check);
  spend(check, exports->items.count);
  for (uint32_t i = 0; i < exports->items.count && !unnamed; i++) {
    const struct item *item = &exports->items.items[i].item;
    if (item->sort == SORT_FUNC || item->sort == SORT_TYPE || item->sort == SORT_INSTANCE)
      unnamed = find_unnamed_in_type(check, &visible, item->type);
    if (item->sort == SORT_TYPE)
      add_id(check, &names, item->type);
  }
  ascend(check);
  return unnamed;
}

/* A resource by itself needs no other name, and a component type is checked when it is made. */
static const struct typing *find_unnamed_in_type(struct check *check, const struct visible *visible,
                                                 const struct typing *typing) {
  switch (typing->kind) {
  case DEFTYPE_VALUE:
    return find_unnamed_part(check, visible, typing);
  case DEFTYPE_FUNC:
    return find_unnamed_in_func(check, visible, typing);
  case DEFTYPE_INSTANCE:
    return find_unnamed_in_instance(check, visible, typing);
  case DEFTYPE_COMPONENT:
  case DEFTYPE_RESOURCE:
    break;
  }
  return NULL;
}

/* Words for what has to be done about it. */
_Noreturn static void refuse_unnamed(struct check *check, const struct externs *externs, struct bytes name,
                                     const struct item *item, const struct typing *unnamed) {
  REFUSE(check,
         "the %s \"%.*s\" is not valid to be %sed: it uses %.*s, which has no external name here; %s the type "
         "first and use the index that this introduces",
         sort_name(item->sort), SHOW(name), externs->role, SHOW(show_typing(check, unnamed)), externs->role);
}

/* "imported types cannot transitively refer to the external names of exported types" */
static bool refers_to_export(const struct scope *scope, const struct externs *externs, const struct item *item) {
  const struct visible imports = {&scope->imports.visible, NULL}, exports = {&scope->exports.visible, NULL};
  return externs == &scope->imports && is_visible(&exports, item->bound) && !is_visible(&imports, item->bound);
}

/* An instance of items has types as they are. Where it is imported or exported they count as named, but for the kinds
 * that never need a name. */
static bool has_own_name(const struct item *item) {
  return item->type != item->bound || item->type->kind == DEFTYPE_VALUE || item->type->kind == DEFTYPE_RESOURCE;
}

static void check_type_visibility(struct check *check, struct externs *externs, struct bytes name,
                                  const struct item *item, const struct item *whole) {
  const struct visible visible = {&externs->visible, NULL};
  struct scope *scope = check->scope;
  if (refers_to_export(scope, externs, item))
    REFUSE(check,
           "the %s \"%.*s\" is not valid to be imported: it refers to %.*s, which is exported, and an import can't "
           "depend on an export",
           sort_name(whole->sort), SHOW(name), SHOW(show_typing(check, item->bound)));
  const struct typing *unnamed = find_unnamed_in_type(check, &visible, item->bound);
  if (unnamed)
    refuse_unnamed(check, externs, name, whole, unnamed);
  if (!has_own_name(item))
    return;
  add_id(check, &externs->visible, item->type);
  if (externs == &scope->imports)
    add_id(check, &scope->exports.visible, item->type); /* exports can depend on imports */
}

/* `whole` is the import or export that `item` is, or is in. */
static void check_visibility(struct check *check, struct externs *externs, struct bytes name, const struct item *item,
                             const struct item *whole) {
  const struct visible visible = {&externs->visible, NULL};
  spend(check, 1);
  if (item->sort == SORT_TYPE) {
    check_type_visibility(check, externs, name, item, whole);
  } else if (item->sort == SORT_FUNC) {
    const struct typing *unnamed = find_unnamed_in_func(check, &visible, item->type);
    if (unnamed)
      refuse_unnamed(check, externs, name, whole, unnamed);
  } else if (item->sort == SORT_INSTANCE) {
    const struct signature *exports = &item->type->is.instance.exports;
    descend(check);
    for (uint32_t i = 0; i < exports->items.count; i++)
      check_visibility(check, externs, name, &exports->items.items[i].item, whole);
    ascend(check);
  }
}

/* An instance of an instance type: what the type declares as resources are new resources of the scope. */
static const struct typing *instance_of_type(struct check *check, const struct typing *typing, struct resources *into) {
  const struct resources *defined = &typing->is.instance.defined;
  if (!defined->list.count)
    return typing;
  struct substitution substitution = new_substitution();
  for (uint32_t i = 0; i < defined->list.count; i++) {
    const struct typing *old = check->typings.items[defined->list.items[i]];
    const struct typing *fresh = new_resource(check, old->name);
    replace_resource(check, &substitution, old->id, fresh->id);
    note_resource(check, into, fresh->id);
  }
  const struct signature exports = substitute_signature(check, &substitution, &typing->is.instance.exports);
  struct typing *instance = new_typing(check, DEFTYPE_INSTANCE);
  instance->is.instance.exports = exports;
  instance->size = typing->size;
  instance->depth = typing->depth;
  return instance;
}

/* A resource is known under this name, for the names of its functions. */
static void name_resource(struct check *check, struct externs *externs, struct bytes name,
                          const struct typing *resource) {
  map_add(check->context, &externs->resources, id_key(&resource->id), externs->resource_names.count);
  VEC_ADD(check->context, &externs->resource_names, name);
}

void add_extern(struct check *check, struct externs *externs, const struct extern_name *name, struct item item) {
  struct scope *scope = check->scope;
  struct resources *resources = externs == &scope->imports ? &scope->imported : &scope->defined;
  if (item.sort == SORT_INSTANCE)
    item.type = instance_of_type(check, item.type, resources);
  if (item.sort == SORT_TYPE && item.type->kind == DEFTYPE_RESOURCE) {
    if (item.type == item.bound)
      note_resource(check, resources, item.type->id);
    name_resource(check, externs, name->name, item.type);
  }
  item.name = name->name;
  push_item(check, scope, &item);
  if (scope->kind != SCOPE_INSTANCE_TYPE)
    check_visibility(check, externs, name->name, &item, &item);
  add_named_extern(check, externs, name, &item);
}

/* `externtype` as an item; `name` is what a type gets. */
struct item item_of_type(struct check *check, const struct extern_type *type, struct bytes name) {
  struct item item = {.sort = type->sort};
  switch (type->sort) {
  case SORT_CORE_MODULE: {
    const struct item core_type = item_at(check, SORT_CORE_TYPE, type->index);
    if (!core_type.module)
      REFUSE(check, "%.*s is not a module type, which the type of a core module has to be",
             SHOW(show_item(check, SORT_CORE_TYPE, type->index)));
    item.module = core_type.module;
    return item;
  }
  case SORT_FUNC:
    item.type = get_typing(check, type->index, DEFTYPE_FUNC);
    return item;
  case SORT_COMPONENT:
    item.type = get_typing(check, type->index, DEFTYPE_COMPONENT);
    return item;
  case SORT_INSTANCE:
    item.type = get_typing(check, type->index, DEFTYPE_INSTANCE);
    return item;
  default:
    assert(type->sort == SORT_TYPE);
    if (type->bound == BOUND_SUB_RESOURCE) {
      item.type = item.bound = new_resource(check, name);
      return item;
    }
    item.bound = item_at(check, SORT_TYPE, type->index).type;
    item.type = rename_typing(check, item.bound, name);
    return item;
  }
}

void check_import(struct check *check, const struct import_definition *import) {
  add_extern(check, &check->scope->imports, &import->name, item_of_type(check, &import->type, import->name.name));
}

/* The item at the type that is written for it. */
static struct item ascribe(struct check *check, const struct export_definition *export_, const struct item *item) {
  const struct item ascribed = item_of_type(check, &export_->type, export_->name.name);
  const struct comparison comparison = {
      format_bytes(check->context, "the ascribed type of the export \"%.*s\" is not compatible with the item's",
                   SHOW(export_->name.name)),
      "the item", "the ascribed type"};
  match_items(check, &comparison, NULL, item, &ascribed);
  return ascribed;
}

void check_export(struct check *check, const struct export_definition *export_) {
  struct item item;
  if (export_->item.index == NO_INDEX) { /* a declaration */
    item = item_of_type(check, &export_->type, export_->name.name);
  } else {
    const enum sort sort = export_->item.sort;
    if (sort >= SORT_CORE_FUNC && sort != SORT_CORE_MODULE)
      REFUSE(check, "%s can't be exported by a component; of the core sorts, only a module can", sort_words(sort));
    item = item_at(check, sort, export_->item.index);
    if (sort == SORT_TYPE) {
      item.bound = item.type;
      item.type = rename_typing(check, item.bound, export_->name.name);
    }
    if (export_->has_type)
      item = ascribe(check, export_, &item);
  }
  add_extern(check, &check->scope->exports, &export_->name, item);
}
