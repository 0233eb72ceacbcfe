/* survey.c -- the components, core modules and instances of a file, and where what they pass on is from.
 *
 *     (alias export $a "f" (func $f))
 *     (export $g "g" (func $f))
 *     (instance (instantiate $B (with "h" (func $g))))     "h" is the export "f" of the instance $a
 *
 * A definition only refers to what is defined before it, so that the source of each index is known when it is made, and
 * is a copy of another one where it only gives that another name.
 *
 * Requires  a component or core module as it is read.
 * Provides  survey_component, survey_core_module.
 * Spec      Explainer.md "Instance Definitions", "Alias Definitions", "Canonical Definitions".
 */
#include "inspect/inspection.h"

#include <assert.h>

/* The index spaces of a component, by source. */
struct sources {
  const struct sources *outer; /* null: none */
  uint32_t component;
  VEC(struct source) spaces[SORT_COUNT];
};

struct survey {
  struct context *context;
  struct inspection *inspection;
  struct sources *scope;
  struct map *inline_exports; /* by the id of an instance: name to index into its items */
  uint32_t inline_capacity;
};

static struct source source_at(const struct sources *scope, enum sort sort, uint32_t index) {
  assert(index < scope->spaces[sort].count);
  return scope->spaces[sort].items[index];
}

static struct source source_of_item(const struct survey *s, struct sort_index item) {
  return source_at(s->scope, item.sort, item.index);
}

static struct inspected_component *component_at(const struct survey *s) {
  return &s->inspection->components.items[s->scope->component];
}

static uint32_t next_index(const struct survey *s, enum sort sort) { return s->scope->spaces[sort].count; }

static void add_member(struct survey *s, struct member member) {
  VEC_ADD(s->context, &component_at(s)->members, member);
}

/* Instances. */

/* The maps of names grow with the instances: a pointer to one holds until the next instance. */
static struct map *names_of_instance(struct survey *s, uint32_t id) {
  if (id >= s->inline_capacity) {
    const uint32_t capacity = id < 8 ? 16 : id * 2;
    struct map *maps = ALLOCATE(s->context, struct map, capacity);
    for (uint32_t i = 0; i < s->inline_capacity; i++)
      maps[i] = s->inline_exports[i];
    s->inline_exports = maps;
    s->inline_capacity = capacity;
  }
  return &s->inline_exports[id];
}

static const struct named_source *survey_arguments(struct survey *s, const struct instance_expr *expression) {
  struct named_source *items = ALLOCATE(s->context, struct named_source, expression->argument_count);
  for (uint32_t i = 0; i < expression->argument_count; i++)
    items[i] = (struct named_source){expression->arguments[i].name, source_of_item(s, expression->arguments[i].item)};
  return items;
}

static const struct named_source *survey_inline(struct survey *s, const struct instance_expr *expression,
                                                struct map *names) {
  struct named_source *items = ALLOCATE(s->context, struct named_source, expression->export_count);
  for (uint32_t i = 0; i < expression->export_count; i++) {
    items[i] = (struct named_source){expression->exports[i].name.name, source_of_item(s, expression->exports[i].item)};
    map_add(s->context, names, items[i].name, i);
  }
  return items;
}

static struct source survey_instance(struct survey *s, const struct instance_expr *expression, bool is_core) {
  const uint32_t id = s->inspection->instances.count;
  struct map *const names = names_of_instance(s, id);
  struct inspected_instance instance = {.component = s->scope->component, .is_core = is_core};
  instance.index = next_index(s, is_core ? SORT_CORE_INSTANCE : SORT_INSTANCE);
  instance.is_inline = expression->is_inline;
  instance.item_count = expression->is_inline ? expression->export_count : expression->argument_count;
  if (expression->is_inline) {
    instance.items = survey_inline(s, expression, names);
  } else {
    instance.of = source_at(s->scope, is_core ? SORT_CORE_MODULE : SORT_COMPONENT, expression->of);
    instance.items = survey_arguments(s, expression);
  }
  VEC_ADD(s->context, &s->inspection->instances, instance);
  add_member(s, (struct member){MEMBER_INSTANCE, id});
  return (struct source){SOURCE_INSTANCE, .sort = is_core ? SORT_CORE_INSTANCE : SORT_INSTANCE, .id = id};
}

/* Aliases. */

/* Of an instance of items, the item itself. */
static struct source export_of(struct survey *s, struct source instance, struct bytes name, enum sort sort) {
  if (instance.kind == SOURCE_INSTANCE) {
    const struct inspected_instance *of = &s->inspection->instances.items[instance.id];
    const uint32_t index = of->is_inline ? map_get(names_of_instance(s, instance.id), name) : NOT_FOUND;
    if (index != NOT_FOUND)
      return of->items[index].source;
    return (struct source){SOURCE_EXPORT, .sort = sort, .id = instance.id, .name = name};
  }
  assert(instance.kind == SOURCE_IMPORT || instance.kind == SOURCE_EXPORT);
  instance.sort = sort;
  instance.member = name;
  return instance;
}

static struct source survey_alias(struct survey *s, const struct alias *alias) {
  if (alias->kind != ALIAS_OUTER) {
    const enum sort of = alias->kind == ALIAS_EXPORT ? SORT_INSTANCE : SORT_CORE_INSTANCE;
    return export_of(s, source_at(s->scope, of, alias->instance), alias->name, alias->sort);
  }
  const struct sources *scope = s->scope;
  for (uint32_t i = 0; i < alias->count; i++)
    scope = scope->outer;
  return source_at(scope, alias->sort, alias->index);
}

/* Definitions. */

static struct source survey_canon(struct survey *s, const struct canon_definition *canon) {
  if (canon->kind != CANON_LIFT && canon->kind != CANON_LOWER)
    return (struct source){SOURCE_CANON, .sort = SORT_CORE_FUNC, .canon = canon->kind};
  const bool is_lift = canon->kind == CANON_LIFT;
  struct source source = source_at(s->scope, is_lift ? SORT_CORE_FUNC : SORT_FUNC, canon->function);
  source.sort = is_lift ? SORT_FUNC : SORT_CORE_FUNC;
  source.through = is_lift ? THROUGH_LIFT : THROUGH_LOWER;
  return source;
}

static struct source survey_import(struct survey *s, const struct import_definition *import) {
  const struct source source = {SOURCE_IMPORT, .sort = import->type.sort, .id = s->scope->component,
                                .name = import->name.name};
  VEC_ADD(s->context, &component_at(s)->imports, ((struct named_source){import->name.name, source}));
  return source;
}

static struct source survey_export(struct survey *s, const struct export_definition *export_) {
  const struct source source = source_of_item(s, export_->item);
  add_member(s, (struct member){MEMBER_EXPORT, component_at(s)->exports.count});
  VEC_ADD(s->context, &component_at(s)->exports, ((struct named_source){export_->name.name, source}));
  return source;
}

static struct source survey_module_definition(struct survey *s, const struct definition *definition) {
  const uint32_t id = s->inspection->modules.count;
  struct inspected_module module = {.component = s->scope->component, .index = next_index(s, SORT_CORE_MODULE)};
  survey_module(s->context, definition->of.core_module.module, definition->of.core_module.bytes, &module);
  VEC_ADD(s->context, &s->inspection->modules, module);
  add_member(s, (struct member){MEMBER_MODULE, id});
  return (struct source){SOURCE_MODULE, .sort = SORT_CORE_MODULE, .id = id};
}

static uint32_t survey_whole(struct survey *s, const struct component *component, uint32_t parent, uint32_t index);

static struct source survey_nested(struct survey *s, const struct component *component) {
  /* Before what is in it, as ids are. */
  const uint32_t id = s->inspection->components.count;
  add_member(s, (struct member){MEMBER_COMPONENT, id});
  survey_whole(s, component, s->scope->component, next_index(s, SORT_COMPONENT));
  return (struct source){SOURCE_COMPONENT, .sort = SORT_COMPONENT, .id = id};
}

static struct source survey_definition(struct survey *s, const struct definition *definition) {
  switch (definition->kind) {
  case DEFINE_CORE_MODULE:
    return survey_module_definition(s, definition);
  case DEFINE_COMPONENT:
    return survey_nested(s, definition->of.component);
  case DEFINE_CORE_INSTANCE:
  case DEFINE_INSTANCE:
    return survey_instance(s, &definition->of.instance, definition->kind == DEFINE_CORE_INSTANCE);
  case DEFINE_ALIAS:
    return survey_alias(s, &definition->of.alias);
  case DEFINE_CANON:
    return survey_canon(s, &definition->of.canon);
  case DEFINE_IMPORT:
    return survey_import(s, &definition->of.import);
  case DEFINE_EXPORT:
    return survey_export(s, &definition->of.export_);
  case DEFINE_CORE_TYPE:
    return (struct source){SOURCE_DEFINITION, .sort = SORT_CORE_TYPE};
  case DEFINE_TYPE:
    return (struct source){SOURCE_DEFINITION, .sort = SORT_TYPE};
  case DEFINE_START:
  case DEFINE_VALUE:
    break; /* never read */
  }
  assert(false);
  return (struct source){0};
}

/* Names of the name section. What has one of its own keeps it. */
static void name_members(struct survey *s, const struct component *component) {
  static const enum sort sorts[] = {SORT_COMPONENT, SORT_CORE_MODULE, SORT_INSTANCE, SORT_CORE_INSTANCE};
  struct inspection *const all = s->inspection;
  struct bytes *names[SORT_COUNT] = {0};
  for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
    names[sorts[i]] = ALLOCATE(s->context, struct bytes, next_index(s, sorts[i]));
    for (uint32_t k = 0; k < component->customs.count; k++)
      if (bytes_equal(component->customs.items[k].name, bytes_of("component-name")))
        find_item_names(component->customs.items[k].content, sorts[i], 0, names[sorts[i]], next_index(s, sorts[i]));
  }
  for (uint32_t i = 0; i < component_at(s)->members.count; i++) {
    const struct member member = component_at(s)->members.items[i];
    if (member.kind == MEMBER_COMPONENT && !all->components.items[member.id].name.size) {
      all->components.items[member.id].name = names[SORT_COMPONENT][all->components.items[member.id].index];
    } else if (member.kind == MEMBER_MODULE && !all->modules.items[member.id].name.size) {
      all->modules.items[member.id].name = names[SORT_CORE_MODULE][all->modules.items[member.id].index];
    } else if (member.kind == MEMBER_INSTANCE) {
      struct inspected_instance *instance = &all->instances.items[member.id];
      instance->name = names[instance->is_core ? SORT_CORE_INSTANCE : SORT_INSTANCE][instance->index];
    }
  }
}

/* As deep as NESTING_LIMIT. */
static uint32_t survey_whole(struct survey *s, const struct component *component, uint32_t parent, uint32_t index) {
  const uint32_t id = s->inspection->components.count;
  struct sources scope = {.outer = s->scope, .component = id};
  struct sources *const outer = s->scope;
  struct inspected_component *into = VEC_PUSH(s->context, &s->inspection->components);
  *into = (struct inspected_component){
      .parent = parent, .index = index, .name = component->name, .offset = component->offset, .size = component->size};
  const struct bytes bytes = {component->origin + component->offset, component->size};
  into->sections = survey_sections(s->context, bytes, component->origin);
  s->scope = &scope;
  for (uint32_t i = 0; i < component->definitions.count; i++) {
    uint32_t count;
    const enum sort sort = introduced_sort(&component->definitions.items[i], &count);
    const struct source source = survey_definition(s, &component->definitions.items[i]);
    for (uint32_t k = 0; k < count; k++)
      VEC_ADD(s->context, &scope.spaces[sort], source);
  }
  name_members(s, component);
  s->scope = outer;
  return id;
}

const struct inspection *survey_component(struct context *c, struct bytes input, const struct component *root) {
  struct inspection *inspection = ALLOCATE(c, struct inspection, 1);
  inspection->input = input;
  inspection->is_component = true;
  inspection->world = survey_world(c, root); /* also checks what the rest of it takes for granted */
  struct survey survey = {.context = c, .inspection = inspection};
  survey_whole(&survey, root, NO_INDEX, NO_INDEX);
  return inspection;
}

const struct inspection *survey_core_module(struct context *c, struct bytes input, const struct module *module) {
  struct inspection *inspection = ALLOCATE(c, struct inspection, 1);
  inspection->input = input;
  struct inspected_module whole = {.component = NO_INDEX, .index = NO_INDEX};
  survey_module(c, module, input, &whole);
  VEC_ADD(c, &inspection->modules, whole);
  return inspection;
}
