/* compose_export.c -- the exports of a composition, in an order in which each can be declared.
 *
 *     (export "thing" (type $thing (type $leaf "thing")))
 *     (export "make" (func $leaf "make") (func (result (own $thing))))
 *
 * What a function that comes out mentions, records, variants, enums, flags and resources, has to have a name outside:
 * from an import or an export before it. An instance brings names of its own along. So types come before what mentions
 * them, functions that mention any are exported at a type that is written with these names, and what mentions a type
 * that does not come out is refused.
 *
 * Requires  compose_link.c: what each export is.
 * Provides  composition->exports in order, with what has to be written again.
 * Spec      Explainer.md "Import and Export Definitions"; Binary.md "Import and Export Definitions", external
 * visibility.
 */
#include "fuse/compose.h"
#include "fuse/link.h"
#include "fuse/type_scope.h"

/* Who has a name: for everybody, or inside of the export that is looked at. */
struct names {
  bool is_outside;
  uint32_t inside; /* 1 + the number of the last export that names it inside */
};

struct export_orderer {
  struct context *context;
  const struct composition *composition;
  const struct linked_composition *linked;
  struct names *types;     /* by type->id */
  struct names *resources; /* by index */
  uint32_t number;         /* 1 + of the export that is looked at */
  bool is_instance;        /* it is an instance: its records and the like have to have names inside */
  struct map labels;       /* names of the resources that are imported or exported by themselves */
};

/* What is mentioned and has no name. */
struct nameless {
  const struct type *type; /* null: the resource, or nothing */
  uint32_t resource;       /* NO_INDEX: none */
  struct bytes label;      /* of the resource that a method belongs to; size 0: none */
  bool has_named;          /* something else that is mentioned has one */
};

static bool has_name(const struct export_orderer *o, const struct type *type) {
  const bool is_handle = type->kind == TYPE_OWN || type->kind == TYPE_BORROW;
  const struct names *names = is_handle ? &o->resources[type->resource] : &o->types[type->id];
  return names->inside == o->number || (names->is_outside && (is_handle || !o->is_instance));
}

static bool is_found(const struct nameless *found) {
  return found->type || found->resource != NO_INDEX || found->label.size > 0;
}

static void look_at_type(const struct export_orderer *o, const struct type *type, struct nameless *found);

/* As deep as TYPE_DEPTH_LIMIT. */
static void look_into_type(const struct export_orderer *o, const struct type *type, struct nameless *found) {
  for (uint32_t i = 0; i < type->field_count && !is_found(found); i++)
    look_at_type(o, type->fields[i].type, found);
  look_at_type(o, type->element, found);
}

static void look_at_type(const struct export_orderer *o, const struct type *type, struct nameless *found) {
  if (!type || type->kind <= TYPE_ERROR_CONTEXT || is_found(found))
    return;
  const bool is_handle = type->kind == TYPE_OWN || type->kind == TYPE_BORROW;
  if (!is_handle && !needs_name(type)) {
    look_into_type(o, type, found);
    return;
  }
  if (has_name(o, type))
    found->has_named = true;
  else if (is_handle)
    found->resource = type->resource;
  else
    found->type = type;
}

static void look_at_functype(const struct export_orderer *o, const struct functype *type, struct nameless *found) {
  for (uint32_t i = 0; i < type->param_count; i++)
    look_at_type(o, type->params[i].type, found);
  look_at_type(o, type->result, found);
}

/* The resource that a constructor makes or a method is of; NO_INDEX: none, it is a static function. */
static uint32_t resource_of_method(const struct functype *type, struct bytes name) {
  const struct type *of = NULL;
  if (starts_with(name, bytes_of("[method]")) && type->param_count > 0)
    of = type->params[0].type;
  else if (starts_with(name, bytes_of("[constructor]")))
    of = type->result;
  if (of && of->kind == TYPE_RESULT)
    of = of->fields[0].type;
  return of && (of->kind == TYPE_OWN || of->kind == TYPE_BORROW) ? of->resource : NO_INDEX;
}

/* "[method]thing.get" belongs to a resource "thing" that is exported or imported beside it. */
static void look_at_label(const struct export_orderer *o, const struct functype *type, struct bytes name,
                          struct nameless *found) {
  size_t start = 0, end;
  while (start < name.size && name.at[start] != ']')
    start++;
  for (end = ++start; end < name.size && name.at[end] != '.';)
    end++;
  if (name.size == 0 || name.at[0] != '[' || start >= name.size || is_found(found))
    return;
  const struct bytes label = {name.at + start, end - start};
  const uint32_t named = map_get(&o->labels, label), resource = resource_of_method(type, name);
  if (named == NOT_FOUND || (resource != NO_INDEX && resource != named))
    found->label = label;
}

/* Gives names to a type, or to those that an instance exports; `inside`: not for everybody yet. As deep as instances
 * are nested, which the linker limits. */
static void name_types(struct export_orderer *o, const struct def *def, bool inside) {
  if (def->sort == SORT_INSTANCE)
    for (uint32_t i = 0; i < def->is.instance->defs.count; i++)
      name_types(o, &def->is.instance->defs.items[i].def, inside);
  if (def->sort != SORT_TYPE)
    return;
  struct names *names = NULL;
  if (def->is.type.kind == DEFTYPE_RESOURCE)
    names = &o->resources[def->is.type.is.resource];
  else if (def->is.type.kind == DEFTYPE_VALUE)
    names = &o->types[def->is.type.is.value->id];
  if (names && inside)
    names->inside = o->number;
  else if (names)
    names->is_outside = true;
}

/* As deep as instances are nested. */
static void look_at_def(const struct export_orderer *o, const struct def *def, struct nameless *found) {
  if (def->sort == SORT_FUNC)
    look_at_functype(o, o->linked->plan->funcs.items[def->is.func].type, found);
  else if (def->sort == SORT_TYPE && def->is.type.kind == DEFTYPE_VALUE)
    look_into_type(o, def->is.type.is.value, found);
  else if (def->sort == SORT_TYPE && def->is.type.kind == DEFTYPE_FUNC)
    look_at_functype(o, def->is.type.is.func, found);
  else if (def->sort == SORT_INSTANCE)
    for (uint32_t i = 0; i < def->is.instance->defs.count && !is_found(found); i++)
      look_at_def(o, &def->is.instance->defs.items[i].def, found);
}

/* The types of the open imports; as deep as instances are nested. */
static void name_import(struct export_orderer *o, uint32_t item) {
  const struct extern_tree *tree = &o->linked->plan->externs.items[item];
  for (uint32_t i = 0; i < tree->child_count; i++)
    name_import(o, tree->children[i]);
  if (tree->sort == SORT_TYPE && tree->resource != NO_INDEX)
    o->resources[tree->resource].is_outside = true;
  if (tree->sort == SORT_TYPE && tree->type)
    o->types[tree->type->id].is_outside = true;
}

/* Whether the export has the type itself or is an instance that does. As deep as instances are nested. */
static bool exports_it(const struct def *def, const struct nameless *what) {
  if (def->sort == SORT_INSTANCE)
    for (uint32_t i = 0; i < def->is.instance->defs.count; i++)
      if (exports_it(&def->is.instance->defs.items[i].def, what))
        return true;
  if (def->sort != SORT_TYPE)
    return false;
  if (what->label.size > 0)
    return false;
  if (what->type)
    return def->is.type.kind == DEFTYPE_VALUE && def->is.type.is.value == what->type;
  return def->is.type.kind == DEFTYPE_RESOURCE && def->is.type.is.resource == what->resource;
}

static _Noreturn void refuse_export(const struct export_orderer *o, const struct composed_export *export_,
                                    const struct nameless *what) {
  const struct composed_instance *instances = o->composition->instances.items;
  const struct bytes user = instances[export_->source.instance].name;
  struct bytes shown = bytes_of("a resource");
  if (what->type)
    shown = show_type(o->context, what->type);
  else if (what->label.size > 0)
    shown = what->label;
  set_hint(o->context, "\"--hide %.*s:%.*s\" leaves it out", SHOW(user), SHOW(export_->name->name));
  for (uint32_t i = 0; i < o->composition->instances.count; i++)
    for (uint32_t k = 0; k < o->linked->exports[i]->defs.count; k++)
      if (exports_it(&o->linked->exports[i]->defs.items[k].def, what))
        set_hint(o->context, "\"--export %.*s:%.*s\" brings out the type too, \"--hide %.*s:%.*s\" leaves it out",
                 SHOW(instances[i].name), SHOW(o->linked->exports[i]->names.entries.items[k].key), SHOW(user),
                 SHOW(export_->name->name));
  fail(o->context, FAILURE_INPUT, NO_OFFSET,
       "\"%.*s\" exports \"%.*s\", which has to do with a type that does not come out: %.*s", SHOW(user),
       SHOW(export_->name->name), SHOW(shown));
}

/* What has a name before the first export. */
static struct export_orderer start_ordering(struct context *c, const struct composition *composition,
                                            const struct linked_composition *linked) {
  struct export_orderer o = {.context = c, .composition = composition, .linked = linked};
  o.types = ALLOCATE(c, struct names, linked->plan->types->all.count);
  o.resources = ALLOCATE(c, struct names, linked->plan->resources.count);
  for (uint32_t i = 0; i < linked->imports.count; i++) {
    const uint32_t item = linked->imports.items[i].extern_;
    name_import(&o, item);
    if (linked->plan->externs.items[item].sort == SORT_TYPE && linked->plan->externs.items[item].resource != NO_INDEX)
      map_add(c, &o.labels, linked->plan->externs.items[item].name.name, linked->plan->externs.items[item].resource);
  }
  return o;
}

/* Looks whether an export can be declared now, and if so names what it names. */
static bool declare_export(struct export_orderer *o, struct composed_export *export_, struct nameless *found) {
  const struct def def = follow_source(o->linked, &export_->source);
  *found = (struct nameless){.resource = NO_INDEX};
  o->is_instance = def.sort == SORT_INSTANCE;
  if (o->is_instance)
    name_types(o, &def, true);
  look_at_def(o, &def, found);
  if (def.sort == SORT_FUNC)
    look_at_label(o, o->linked->plan->funcs.items[def.is.func].type, export_->name->name, found);
  if (is_found(found))
    return false;
  /* A resource that had a name before is written by that one. */
  if (def.sort == SORT_TYPE && def.is.type.kind == DEFTYPE_RESOURCE &&
      !o->resources[def.is.type.is.resource].is_outside)
    map_add(o->context, &o->labels, export_->name->name, def.is.type.is.resource);
  name_types(o, &def, false);
  export_->is_rewritten = (def.sort == SORT_FUNC || def.sort == SORT_TYPE) && found->has_named;
  return true;
}

/* The exports of one instance after the other, as the instances are made. */
static void sort_exports(struct context *c, struct composition *composition, const struct linked_composition *linked) {
  const uint32_t count = composition->exports.count;
  const struct composed_export *exports = composition->exports.items;
  struct composed_export *sorted = ALLOCATE(c, struct composed_export, count);
  uint32_t *next = ALLOCATE(c, uint32_t, composition->instances.count); /* the place of each instance's next export */
  uint32_t total = 0;
  for (uint32_t i = 0; i < count; i++)
    next[exports[i].source.instance]++;
  for (uint32_t i = 0; i < linked->order.count; i++) {
    const uint32_t own = next[linked->order.items[i]];
    next[linked->order.items[i]] = total;
    total += own;
  }
  for (uint32_t i = 0; i < count; i++)
    sorted[next[exports[i].source.instance]++] = exports[i];
  composition->exports.items = sorted;
}

void order_exports(struct context *c, struct composition *composition, const struct linked_composition *linked) {
  struct export_orderer o = start_ordering(c, composition, linked);
  const uint32_t count = composition->exports.count;
  if (composition->is_matched)
    sort_exports(c, composition, linked);
  struct composed_export *ordered = ALLOCATE(c, struct composed_export, count);
  bool *is_done = ALLOCATE(c, bool, count);
  /* Each input's exports are in order; so each round brings out all that one more input can bring out. */
  for (uint32_t done = 0; done < count;) {
    const uint32_t before = done;
    struct nameless found = {0};
    uint32_t refused = NO_INDEX; /* the first */
    for (uint32_t i = 0; i < count; i++) {
      struct nameless here;
      o.number = i + 1;
      if (is_done[i])
        continue;
      is_done[i] = declare_export(&o, &composition->exports.items[i], &here);
      if (is_done[i]) {
        ordered[done++] = composition->exports.items[i];
      } else if (refused == NO_INDEX) {
        found = here;
        refused = i;
      }
    }
    if (done == before)
      refuse_export(&o, &composition->exports.items[refused], &found);
  }
  for (uint32_t i = 0; i < count; i++)
    composition->exports.items[i] = ordered[i];
}
