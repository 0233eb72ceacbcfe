/* compose_write.c -- the root component of a composition, as bytes.
 *
 *     (component
 *       (import ...)                                  what stays open, merged
 *       (component $store ...) (component $app ...)   the inputs, as they are, each once
 *       (instance $s (instantiate $store ...))        in order
 *       (instance $a (instantiate $app (with "test:kv/store" (instance $s "test:kv/store")) ...))
 *       (export "run" (func $a "run")))
 *
 * It is an ordinary component, for all that comes after, and for any other tool.
 *
 * Requires  compose_link.c: all types agree, everything has an order.
 * Provides  a valid component, whose parts are the inputs.
 * Spec      Binary.md; Explainer.md "Component Definitions".
 */
#include "fuse/compose.h"
#include "fuse/link.h"
#include "fuse/wrap.h"

struct root_writer {
  struct context *context;
  const struct composition *composition;
  const struct linked_composition *linked;
  struct type_scope scope;
  struct parted_component composed;
  uint32_t *components;           /* of each input; NO_INDEX: not written */
  uint32_t *instances;            /* of each instance */
  struct import_copier **copiers; /* of each instance; null: none yet */
  bool has_rewritten;             /* an export mentions types by their names */
  struct map aliases;             /* of instance and name, to the index of the alias */
};

static const struct composed_input *input_of(const struct root_writer *w, uint32_t instance) {
  return &w->composition->inputs.items[w->composition->instances.items[instance].input];
}

/* The export `name` of an instance of the root. */
static uint32_t alias_index(struct root_writer *w, enum sort sort, uint32_t instance, struct bytes name) {
  const struct bytes key = format_bytes(w->context, "%u %.*s", instance, SHOW(name));
  uint32_t index = map_get(&w->aliases, key);
  if (index != NOT_FOUND)
    return index;
  index = emit_export_alias(&w->scope.encoder, sort, instance, name);
  map_add(w->context, &w->aliases, key, index);
  return index;
}

static struct sort_index source_index(struct root_writer *w, const struct source *source) {
  const struct namespace *exports = w->linked->exports[source->instance];
  struct sort_index at = {SORT_INSTANCE, w->instances[source->instance]};
  for (uint32_t i = 0; i < source->path_count; i++) {
    const struct def *part = find_name(exports, source->path[i]);
    assert(part);
    at = (struct sort_index){part->sort, alias_index(w, part->sort, at.index, source->path[i])};
    if (i + 1 < source->path_count)
      exports = part->is.instance;
  }
  return at;
}

/* Types that imports fix: the resources in them have to be known by an index. */

/* The names under which the exports have the resource, innermost first; their count, 0: they don't have it. As deep as
 * instances are nested, which the linker limits. */
static uint32_t find_resource(const struct namespace *exports, uint32_t resource, struct bytes *path) {
  for (uint32_t i = 0; i < exports->defs.count; i++) {
    const struct def *def = &exports->defs.items[i].def;
    uint32_t count = 0;
    if (def->sort == SORT_INSTANCE)
      count = find_resource(def->is.instance, resource, path);
    else if (def->sort != SORT_TYPE || def->is.type.kind != DEFTYPE_RESOURCE || def->is.type.is.resource != resource)
      continue;
    if (def->sort == SORT_INSTANCE && count == 0)
      continue;
    path[count] = exports->names.entries.items[i].key;
    return count + 1;
  }
  return 0;
}

static void know_resource(struct root_writer *w, uint32_t resource) {
  if (knows_resource(&w->scope, resource))
    return;
  struct bytes path[NESTING_LIMIT + 1], names[NESTING_LIMIT + 1];
  for (uint32_t i = 0; i < w->composition->instances.count; i++) {
    if (w->instances[i] == NO_INDEX)
      continue;
    struct source source = {.instance = i, .path = names};
    source.path_count = find_resource(w->linked->exports[i], resource, path);
    for (uint32_t k = 0; k < source.path_count; k++)
      names[k] = path[source.path_count - 1 - k];
    if (source.path_count == 0)
      continue;
    name_resource(&w->scope, resource, STANDING_PART, source_index(w, &source).index);
    return;
  }
  assert(false); /* the import that fixes it has it of another import */
}

/* As deep as TYPE_DEPTH_LIMIT. */
static void know_resources(struct root_writer *w, const struct type *type, bool *seen) {
  if (!type || !type->has_handles || seen[type->id])
    return;
  seen[type->id] = true;
  if (type->kind == TYPE_OWN || type->kind == TYPE_BORROW)
    know_resource(w, type->resource);
  for (uint32_t i = 0; i < type->field_count; i++)
    know_resources(w, type->fields[i].type, seen);
  know_resources(w, type->element, seen);
}

static uint32_t fixed_type_index(struct root_writer *w, const struct fixed_type *fixed) {
  if (fixed->resource != NO_INDEX) {
    know_resource(w, fixed->resource);
    return resource_index(&w->scope, fixed->resource);
  }
  know_resources(w, fixed->type, ALLOCATE(w->context, bool, w->linked->plan->types->all.count));
  return value_type_index(&w->scope, fixed->type);
}

/* Imports: as the input wrote them that is the only one to want so much of it, else all that is wanted, from the plan.
 */
static void write_import(struct root_writer *w, const struct open_import *open) {
  if (open->is_extended) {
    declare_extern_import(&w->scope, open->extern_);
    return;
  }
  struct import_copier **copier = &w->copiers[open->instance];
  if (!*copier) {
    const struct composed_input *input = input_of(w, open->instance);
    uint32_t *externs = ALLOCATE(w->context, uint32_t, input->imports.count);
    for (uint32_t i = 0; i < input->imports.count; i++)
      externs[i] = w->linked->arguments[open->instance][i].extern_;
    *copier = new_import_copier(&w->scope, input->component, externs);
  }
  copy_import(*copier, open->number);
}

/* Instances. */

static void write_component(struct root_writer *w, uint32_t input) {
  const struct composed_input *of = &w->composition->inputs.items[input];
  if (w->components[of->same_as] == NO_INDEX) {
    struct encoder *const e = &w->scope.encoder;
    w->components[of->same_as] = leave_out_component(e);
    VEC_ADD(w->context, &w->composed.parts, ((struct nested_part){e->gaps.items[e->gaps.count - 1], of->component}));
  }
  w->components[input] = w->components[of->same_as];
}

static struct sort_index argument_index(struct root_writer *w, uint32_t instance, uint32_t import) {
  const struct source *source = &w->composition->instances.items[instance].arguments[import];
  const struct linked_argument *linked = &w->linked->arguments[instance][import];
  if (source->instance != NO_INDEX)
    return source_index(w, source);
  if (linked->is_fixed)
    return (struct sort_index){SORT_TYPE, fixed_type_index(w, &linked->fixed)};
  return (struct sort_index){w->linked->plan->externs.items[linked->extern_].sort,
                             extern_index(&w->scope, linked->extern_)};
}

static void write_instance(struct root_writer *w, uint32_t instance) {
  const struct composed_input *input = input_of(w, instance);
  struct argument *arguments = ALLOCATE(w->context, struct argument, input->imports.count);
  write_component(w, w->composition->instances.items[instance].input);
  for (uint32_t i = 0; i < input->imports.count; i++)
    arguments[i] = (struct argument){input->imports.items[i]->name.name, argument_index(w, instance, i)};
  const struct instance_expr expression = {.of = w->components[w->composition->instances.items[instance].input],
                                           .argument_count = input->imports.count,
                                           .arguments = arguments};
  w->instances[instance] = emit_instance(&w->scope.encoder, &expression);
}

/* Exports. */

/* Makes the types known that an export names; an instance's only if functions that mention types by name follow. As
 * deep as instances are nested, which the linker limits. */
static void learn_export(struct root_writer *w, const struct def *def, uint32_t index, enum standing standing) {
  if (def->sort == SORT_TYPE && def->is.type.kind == DEFTYPE_RESOURCE)
    name_resource(&w->scope, def->is.type.is.resource, standing, index);
  if (def->sort == SORT_TYPE && def->is.type.kind == DEFTYPE_VALUE && needs_name(def->is.type.is.value))
    name_type(&w->scope, def->is.type.is.value, standing, index);
  if (def->sort != SORT_INSTANCE || !w->has_rewritten)
    return;
  for (uint32_t i = 0; i < def->is.instance->defs.count; i++) {
    const struct def *part = &def->is.instance->defs.items[i].def;
    if (part->sort == SORT_TYPE || part->sort == SORT_INSTANCE)
      learn_export(w, part, alias_index(w, part->sort, index, def->is.instance->names.entries.items[i].key),
                   STANDING_PART);
  }
}

static void write_export(struct root_writer *w, const struct composed_export *export_) {
  const struct def def = follow_source(w->linked, &export_->source);
  struct sort_index item = {SORT_TYPE, NO_INDEX};
  struct extern_type type = {.sort = SORT_FUNC};
  const bool is_ascribed = export_->is_rewritten && def.sort == SORT_FUNC;
  if (is_ascribed)
    type.index = functype_index(&w->scope, w->linked->plan->funcs.items[def.is.func].type);
  if (export_->is_rewritten && def.sort == SORT_TYPE && def.is.type.kind == DEFTYPE_VALUE)
    item.index = value_type_index(&w->scope, def.is.type.is.value);
  else
    item = source_index(w, &export_->source);
  const uint32_t index = emit_export(&w->scope.encoder, export_->name, item, is_ascribed ? &type : NULL);
  learn_export(w, &def, index, STANDING_NAMED);
}

struct parted_component write_composition(struct context *c, const struct composition *composition,
                                          const struct linked_composition *linked) {
  struct root_writer w = {.context = c, .composition = composition, .linked = linked};
  w.scope = new_type_scope(c, linked->plan, ENCODE_COMPONENT, NULL);
  w.components = ALLOCATE(c, uint32_t, composition->inputs.count);
  w.instances = ALLOCATE(c, uint32_t, composition->instances.count);
  w.copiers = ALLOCATE(c, struct import_copier *, composition->instances.count);
  for (uint32_t i = 0; i < composition->inputs.count; i++)
    w.components[i] = NO_INDEX;
  for (uint32_t i = 0; i < composition->instances.count; i++)
    w.instances[i] = NO_INDEX;
  for (uint32_t i = 0; i < composition->exports.count; i++)
    w.has_rewritten = w.has_rewritten || composition->exports.items[i].is_rewritten;
  check_extern_depth(c, linked->plan);
  for (uint32_t i = 0; i < linked->imports.count; i++)
    write_import(&w, &linked->imports.items[i]);
  for (uint32_t i = 0; i < linked->order.count; i++)
    write_instance(&w, linked->order.items[i]);
  for (uint32_t i = 0; i < composition->exports.count; i++)
    write_export(&w, &composition->exports.items[i]);
  w.composed.bytes = finish_component(&w.scope.encoder);
  return w.composed;
}
