/* check_resources.c -- resources in types: put in the place of others, looked for, supplied.
 *
 * A component type is a function over its imported resources that makes new ones: "for all r imported, there is an s
 * defined". To instantiate it, what is supplied takes the place of each r, and a new resource that of each s. So a
 * type is rewritten with other resources; what does not change stays the same typing, and what is met again is not
 * rewritten again.
 *
 * A type that was imported is replaced by the one supplied as well: it makes no difference for what the type is, but
 * the name by which it can be seen from outside is the supplied one's.
 *
 * Requires  typings, of which each refers to older ones only.
 * Provides  substitution; free and exported resources; open_signature.
 * Spec      Explainer.md "Type Checking"; Binary.md, the note on `instantiate`.
 */
#include "component/check.h"

#include <string.h>

struct substitution new_substitution(void) { return (struct substitution){.least = UINT32_MAX}; }

static struct bytes stable_key(const struct check *check, uint32_t id) { return id_key(&check->typings.items[id]->id); }

void replace_resource(struct check *check, struct substitution *substitution, uint32_t id, uint32_t by) {
  map_add(check->context, &substitution->resources, stable_key(check, id), by);
  if (id < substitution->least)
    substitution->least = id;
}

void replace_type(struct check *check, struct substitution *substitution, const struct typing *type,
                  const struct typing *by) {
  map_add(check->context, &substitution->types, id_key(&type->id), by->id);
  if (type->id < substitution->least)
    substitution->least = type->id;
}

static bool substitute_parts(struct check *check, struct substitution *substitution, const struct part **parts,
                             uint32_t count) {
  struct part *changed = NULL;
  spend(check, count);
  for (uint32_t i = 0; i < count; i++) {
    const struct typing *old = (*parts)[i].type;
    const struct typing *type = old ? substitute_type(check, substitution, old) : NULL;
    if (type == old)
      continue;
    if (!changed) {
      changed = ALLOCATE(check->context, struct part, count);
      for (uint32_t k = 0; k < count; k++)
        changed[k] = (*parts)[k];
    }
    changed[i].type = type;
  }
  if (changed)
    *parts = changed;
  return changed != NULL;
}

static bool substitute_reference(struct check *check, struct substitution *substitution,
                                 const struct typing **reference) {
  const struct typing *old = *reference;
  if (old)
    *reference = substitute_type(check, substitution, old);
  return *reference != old;
}

struct item substitute_item(struct check *check, struct substitution *substitution, struct item item) {
  if (item.sort == SORT_TYPE) {
    const bool is_new = item.type == item.bound;
    item.bound = substitute_type(check, substitution, item.bound);
    item.type = is_new ? item.bound : substitute_type(check, substitution, item.type);
  } else if (item.type) {
    item.type = substitute_type(check, substitution, item.type);
  }
  return item;
}

static bool same_item(const struct item *a, const struct item *b) { return a->type == b->type && a->bound == b->bound; }

/* False: nothing had to be replaced. Items are copied from the first one that changes. */
static bool substitute_exports(struct check *check, struct substitution *substitution, struct signature *signature) {
  struct named_item *changed = NULL;
  const uint32_t count = signature->items.count;
  spend(check, count);
  for (uint32_t i = 0; i < count; i++) {
    const struct named_item *old = &signature->items.items[i];
    const struct item item = substitute_item(check, substitution, old->item);
    if (!changed && same_item(&item, &old->item))
      continue;
    if (!changed) {
      spend(check, (uint64_t)count * COPY_STEPS);
      changed = ALLOCATE(check->context, struct named_item, count);
      memcpy(changed, signature->items.items, count * sizeof *changed);
    }
    changed[i].item = item;
  }
  if (changed)
    signature->items.items = changed;
  return changed != NULL;
}

struct signature substitute_signature(struct check *check, struct substitution *substitution,
                                      const struct signature *signature) {
  struct signature changed = *signature;
  substitute_exports(check, substitution, &changed);
  return changed;
}

/* False: nothing of `typing`, a copy, had to be replaced. */
static bool substitute_contents(struct check *check, struct substitution *substitution, struct typing *typing) {
  bool is_changed = false;
  switch (typing->kind) {
  case DEFTYPE_VALUE:
    is_changed |= substitute_parts(check, substitution, &typing->is.value.parts, typing->is.value.count);
    is_changed |= substitute_reference(check, substitution, &typing->is.value.element);
    is_changed |= substitute_reference(check, substitution, &typing->is.value.resource);
    return is_changed;
  case DEFTYPE_FUNC:
    is_changed |= substitute_parts(check, substitution, &typing->is.func.params, typing->is.func.count);
    is_changed |= substitute_reference(check, substitution, &typing->is.func.result);
    return is_changed;
  case DEFTYPE_INSTANCE:
    return substitute_exports(check, substitution, &typing->is.instance.exports);
  case DEFTYPE_COMPONENT:
    is_changed |= substitute_exports(check, substitution, &typing->is.component.imports);
    is_changed |= substitute_exports(check, substitution, &typing->is.component.exports);
    return is_changed;
  case DEFTYPE_RESOURCE: {
    const uint32_t by = map_get(&substitution->resources, id_key(&typing->is.resource.id));
    if (by == NOT_FOUND)
      return false;
    typing->is.resource = check->typings.items[by]->is.resource;
    return true;
  }
  }
  return is_changed;
}

const struct typing *substitute_type(struct check *check, struct substitution *substitution,
                                     const struct typing *typing) {
  if (typing->id < substitution->least)
    return typing;
  const uint32_t known = map_get(&substitution->types, id_key(&typing->id));
  if (known != NOT_FOUND)
    return check->typings.items[known];
  descend(check);
  spend(check, 1);
  struct typing copy = *typing;
  const struct typing *result = typing;
  if (substitute_contents(check, substitution, &copy)) {
    struct typing *changed = new_typing(check, typing->kind);
    copy.id = changed->id;
    *changed = copy;
    result = changed;
  }
  map_add(check->context, &substitution->types, id_key(&typing->id), result->id);
  ascend(check);
  return result;
}

/* What is looked for in types, and where it has been looked already. */
struct search {
  struct map visited; /* typings, by id */
  struct resources bound, *found;
  bool is_exports; /* exported as types alone */
};

static void search_signature(struct check *check, struct search *search, const struct signature *signature);

static void bind_resources(struct check *check, struct search *search, const struct resources *resources) {
  for (uint32_t i = 0; i < resources->list.count; i++)
    note_resource(check, &search->bound, resources->list.items[i]);
}

/* A resource is only used inside of what binds it, so that what is bound can stay in one set. */
static void search_type(struct check *check, struct search *search, const struct typing *typing) {
  if (!typing || typing->has_no_resources || !add_id(check, &search->visited, typing))
    return;
  descend(check);
  spend(check, 1);
  switch (typing->kind) {
  case DEFTYPE_VALUE:
    for (uint32_t i = 0; i < typing->is.value.count; i++)
      search_type(check, search, typing->is.value.parts[i].type);
    search_type(check, search, typing->is.value.element);
    search_type(check, search, typing->is.value.resource);
    break;
  case DEFTYPE_FUNC:
    for (uint32_t i = 0; i < typing->is.func.count; i++)
      search_type(check, search, typing->is.func.params[i].type);
    search_type(check, search, typing->is.func.result);
    break;
  case DEFTYPE_INSTANCE:
    bind_resources(check, search, &typing->is.instance.defined);
    search_signature(check, search, &typing->is.instance.exports);
    break;
  case DEFTYPE_COMPONENT:
    bind_resources(check, search, &typing->is.component.imported);
    bind_resources(check, search, &typing->is.component.defined);
    search_signature(check, search, &typing->is.component.imports);
    search_signature(check, search, &typing->is.component.exports);
    break;
  case DEFTYPE_RESOURCE:
    if (!has_resource(&search->bound, typing->is.resource.id))
      note_resource(check, search->found, typing->is.resource.id);
    break;
  }
  ascend(check);
}

static void search_signature(struct check *check, struct search *search, const struct signature *signature) {
  spend(check, signature->items.count);
  for (uint32_t i = 0; i < signature->items.count; i++)
    search_type(check, search, signature->items.items[i].item.type);
}

void find_free_resources(struct check *check, const struct signature *signature, struct resources *into) {
  struct search search = {.found = into};
  search_signature(check, &search, signature);
}

bool find_free_resource(struct check *check, const struct typing *typing, uint32_t *id) {
  struct resources found = {0};
  struct search search = {.found = &found};
  search_type(check, &search, typing);
  if (found.list.count)
    *id = found.list.items[0];
  return found.list.count > 0;
}

static void search_exports(struct check *check, struct map *visited, const struct signature *exports,
                           struct resources *into) {
  descend(check);
  spend(check, exports->items.count);
  for (uint32_t i = 0; i < exports->items.count; i++) {
    const struct item *item = &exports->items.items[i].item;
    if (item->sort == SORT_TYPE && item->type->kind == DEFTYPE_RESOURCE)
      note_resource(check, into, item->type->is.resource.id);
    if (item->sort == SORT_INSTANCE && add_id(check, visited, item->type))
      search_exports(check, visited, &item->type->is.instance.exports, into);
  }
  ascend(check);
}

void find_exported_resources(struct check *check, const struct signature *exports, struct resources *into) {
  struct map visited = {0};
  search_exports(check, &visited, exports, into);
}

/* Supplying. */

/* What of `given` stands for each of the resources that `wanted` introduces. What does not fit is left to match_items.
 */
static void bind_given(struct check *check, struct substitution *substitution, struct map *visited,
                       const struct resources *resources, const struct signature *given,
                       const struct signature *wanted) {
  descend(check);
  spend(check, wanted->items.count);
  for (uint32_t i = 0; i < wanted->items.count; i++) {
    const struct item *want = &wanted->items.items[i].item;
    const struct item *item = find_named(given, wanted->items.items[i].name);
    if (!item || item->sort != want->sort)
      continue;
    if (want->sort == SORT_TYPE && want->type->kind == DEFTYPE_RESOURCE && item->type->kind == DEFTYPE_RESOURCE &&
        has_resource(resources, want->type->is.resource.id))
      replace_resource(check, substitution, want->type->is.resource.id, item->type->is.resource.id);
    if (want->sort == SORT_INSTANCE && add_id(check, visited, want->type))
      bind_given(check, substitution, visited, resources, &item->type->is.instance.exports,
                 &want->type->is.instance.exports);
  }
  ascend(check);
}

/* From here on the type that was given is the type that was wanted. */
static void rename_types(struct check *check, struct substitution *renaming, const struct item *given,
                         const struct item *wanted) {
  spend(check, 1);
  if (wanted->sort == SORT_TYPE) {
    replace_type(check, renaming, wanted->type, given->type);
  } else if (wanted->sort == SORT_INSTANCE) {
    const struct signature *exports = &wanted->type->is.instance.exports;
    descend(check);
    for (uint32_t i = 0; i < exports->items.count; i++)
      rename_types(check, renaming, find_named(&given->type->is.instance.exports, exports->items.items[i].name),
                   &exports->items.items[i].item);
    ascend(check);
  }
}

struct substitution open_signature(struct check *check, const struct comparison *comparison, const struct trail *trail,
                                   const struct signature *given, const struct signature *wanted,
                                   const struct resources *resources, const char *role) {
  struct substitution substitution = new_substitution(), renaming = new_substitution();
  struct map visited = {0};
  bind_given(check, &substitution, &visited, resources, given, wanted);
  renaming.resources = substitution.resources;
  renaming.least = substitution.least;
  for (uint32_t i = 0; i < wanted->items.count; i++) {
    const struct named_item *want = &wanted->items.items[i];
    const struct item *item = find_named(given, want->name);
    if (!item)
      REFUSE(check, "%.*s: %.*sasks for an %s named \"%.*s\", which is missing in %s",
             SHOW(show_subject(check, comparison)), SHOW(show_trail(check, trail)), role, SHOW(want->name),
             comparison->given);
    const struct trail here = {trail, role, want->name, true, 0};
    const struct item expected = substitute_item(check, &substitution, want->item);
    match_items(check, comparison, &here, item, &expected);
    rename_types(check, &renaming, item, &want->item);
  }
  return renaming;
}
