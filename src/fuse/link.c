/* link.c -- runs the instantiation of a component at build time.
 *
 * A component is read as a function: imports are its parameters, definitions its body, exports its result. The root is
 * called, and each nested call is made where it stands, so that an index into a local index space becomes a definite
 * thing: the one core item, function, type or import that it denotes.
 *
 *     (instance $b (instantiate $B (with "f" (func $a "f"))))
 *
 * runs the definitions of $B in a new frame, in which the import "f" is what $a exports; when they are done, the
 * exports of the frame are the instance $b.
 *
 * A small input can describe a run of any length, so steps are counted, and depth and the size of the plan are limited.
 *
 * Requires  check.c: of each input, indices in range and types that agree. What one input gives to another is looked at
 *           here: an import at its type, and what core modules and components that are given turn out to have.
 * Provides  plan: core instances, canonical functions, functions, resources, and the root's imports and exports.
 * Spec      Explainer.md "Instance Definitions", "Alias Definitions", "Import and Export Definitions".
 */
#include "fuse/link.h"

#define PATH_NAME_LIMIT 100 /* bytes of a component's name in a path */

void check_plan_size(struct link *link, uint32_t count, const char *what) {
  if (count >= PLAN_LIMIT)
    REFUSE(link, "instantiating the component makes more than %d %s; it contains itself too many times over",
           PLAN_LIMIT, what);
}

void count_steps(struct link *link, uint64_t steps) {
  link->steps += steps;
  if (link->steps > STEP_LIMIT)
    REFUSE(link, "instantiating the component takes more than %d steps; it contains itself too many times over",
           STEP_LIMIT);
}

void enter(struct link *link) {
  if (link->depth == NESTING_LIMIT)
    REFUSE(link, "instances and types are nested more than %d deep", NESTING_LIMIT);
  link->depth++;
}

void leave(struct link *link) {
  assert(link->depth > 0);
  link->depth--;
}

struct def get_def(const struct frame *frame, enum sort sort, uint32_t index) {
  const struct space *space = &frame->spaces[sort];
  assert(index < space->defs.count);
  return space->defs.items[index];
}

void add_def(struct link *link, struct frame *frame, struct def def) {
  VEC_ADD(link->context, &frame->spaces[def.sort].defs, def);
}

struct scope scope_of(const struct frame *frame) {
  struct scope scope = {.frame = frame};
  for (uint32_t sort = 0; sort < SORT_COUNT; sort++)
    scope.visible[sort] = frame->spaces[sort].defs.count;
  return scope;
}

bool add_name(struct link *link, struct namespace *to, struct bytes key, const struct extern_name *name,
              const struct def *def) {
  const uint32_t index = to->defs.count;
  if (map_add(link->context, &to->names, key, index) != index)
    return false;
  VEC_ADD(link->context, &to->defs, ((struct named_def){.name = name, .def = *def}));
  return true;
}

const struct def *find_name(const struct namespace *in, struct bytes key) {
  const uint32_t index = map_get(&in->names, key);
  return index == NOT_FOUND ? NULL : &in->defs.items[index].def;
}

/* How often `path` was asked for before. */
static uint32_t count_path(struct link *link, struct bytes path) {
  const uint32_t index = map_add(link->context, &link->paths, path, link->path_counts.count);
  if (index == link->path_counts.count)
    VEC_ADD(link->context, &link->path_counts, 0);
  return link->path_counts.items[index]++;
}

struct bytes unique_path(struct link *link, struct bytes path) {
  count_steps(link, path.size / 16);
  for (;;) {
    const uint32_t count = count_path(link, path);
    if (count == 0)
      return path;
    char digits[NUMBER_DIGITS];
    const struct bytes numbered = JOIN(link->context, path, bytes_of("#"), number_text(count + 1, digits));
    if (count_path(link, numbered) == 0)
      return numbered;
  }
}

uint32_t add_func(struct link *link, struct func func) { return PLAN_ADD(link, funcs, func); }

uint32_t add_resource(struct link *link, struct resource resource) {
  VEC_ADD(link->context, &link->is_exported, false);
  return PLAN_ADD(link, resources, resource);
}

/* An alias to what encloses the frame: `count` scopes out, and no further than was defined where the text stands. */
static struct def get_outer(const struct frame *frame, const struct alias *alias) {
  uint32_t visible = frame->spaces[alias->sort].defs.count;
  for (uint32_t n = 0; n < alias->count; n++) {
    visible = frame->scope.visible[alias->sort];
    frame = frame->scope.frame;
    assert(frame);
  }
  assert(alias->index < visible);
  return frame->spaces[alias->sort].defs.items[alias->index];
}

static struct def get_export(const struct frame *frame, const struct alias *alias) {
  const struct def instance = get_def(frame, SORT_INSTANCE, alias->instance);
  const struct def *def = find_name(instance.is.instance, alias->name);
  assert(def && def->sort == alias->sort);
  return *def;
}

/* The module may be one that another input gives, and be without what its type says. */
static struct def get_core_export(struct link *link, const struct frame *frame, const struct alias *alias) {
  const struct def instance = get_def(frame, SORT_CORE_INSTANCE, alias->instance);
  const struct core_item item = find_core_export(link, instance.is.core_instance, alias->name);
  if (item.source == ITEM_NONE)
    REFUSE(link, "core instance %u has no export \"%.*s\"", alias->instance, SHOW(alias->name));
  if (item.kind != kind_of_sort(alias->sort))
    REFUSE(link, "the export \"%.*s\" of core instance %u is not of sort %s", SHOW(alias->name), alias->instance,
           sort_name(alias->sort));
  return (struct def){.sort = alias->sort, .origin = NO_INDEX, .is.item = item};
}

static void define_alias(struct link *link, struct frame *frame, const struct alias *alias) {
  switch (alias->kind) {
  case ALIAS_EXPORT:
    add_def(link, frame, get_export(frame, alias));
    return;
  case ALIAS_CORE_EXPORT:
    add_def(link, frame, get_core_export(link, frame, alias));
    return;
  case ALIAS_OUTER:
    add_def(link, frame, get_outer(frame, alias));
    return;
  }
}

/* The first name that something has towards the outside is what diagnostics call it. */
static void name_def(struct link *link, const struct def *def, struct bytes name) {
  if (def->sort == SORT_FUNC && def->is.func != NO_INDEX && link->plan->funcs.items[def->is.func].name.size == 0)
    link->plan->funcs.items[def->is.func].name = name;
  if (def->sort == SORT_TYPE && def->is.type.kind == DEFTYPE_RESOURCE) {
    struct resource *resource = &link->plan->resources.items[def->is.type.is.resource];
    if (resource->name.size == 0)
      resource->name = name;
  }
}

static void add_export_name(struct link *link, struct namespace *to, const struct extern_name *name,
                            const struct def *def) {
  const bool is_new = add_name(link, to, name->name, name, def);
  assert(is_new);
  name_def(link, def, name->name);
}

/* "All exports (of all sorts) introduce a new index that aliases the exported definition." In a type, the definition is
 * what the supply gives for it. */
static void define_export(struct link *link, struct frame *frame, const struct export_definition *export_) {
  struct def def;
  if (frame->instance == NO_INDEX) {
    def = bind_extern(link, frame, frame->declared, &export_->name, &export_->type);
  } else {
    def = get_def(frame, export_->item.sort, export_->item.index);
    if (export_->has_type)
      def = view_def(link, frame, &def, &export_->type, "export", export_->name.name);
  }
  add_export_name(link, frame->exports, &export_->name, &def);
  if (def.sort == SORT_INSTANCE && frame->instance != NO_INDEX)
    VEC_ADD(link->context, &link->plan->interfaces, ((struct interface){export_->name.name, def.is.instance}));
  add_def(link, frame, def);
}

static void define_import(struct link *link, struct frame *frame, const struct import_definition *import) {
  assert(frame->imports);
  const struct def def = bind_extern(link, frame, frame->imports, &import->name, &import->type);
  name_def(link, &def, import->name.name);
  add_def(link, frame, def);
}

static void reserve_names(struct link *link, struct namespace *namespace, uint32_t count) {
  map_reserve(link->context, &namespace->names, count);
  VEC_RESERVE(link->context, &namespace->defs, count);
}

static const struct namespace *make_bag(struct link *link, const struct frame *frame,
                                        const struct instance_expr *expression) {
  struct namespace *bag = ALLOCATE(link->context, struct namespace, 1);
  count_steps(link, expression->export_count);
  reserve_names(link, bag, expression->export_count);
  for (uint32_t i = 0; i < expression->export_count; i++) {
    const struct inline_export *export_ = &expression->exports[i];
    const struct def def = get_def(frame, export_->item.sort, export_->item.index);
    add_export_name(link, bag, &export_->name, &def);
  }
  return bag;
}

static const struct namespace *make_arguments(struct link *link, const struct frame *frame,
                                              const struct instance_expr *expression) {
  struct namespace *arguments = ALLOCATE(link->context, struct namespace, 1);
  count_steps(link, expression->argument_count);
  reserve_names(link, arguments, expression->argument_count);
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    const struct argument *argument = &expression->arguments[i];
    const struct def def = get_def(frame, argument->item.sort, argument->item.index);
    const bool is_new = add_name(link, arguments, argument->name, NULL, &def);
    assert(is_new);
  }
  return arguments;
}

static void define_instance(struct link *link, struct frame *frame, const struct instance_expr *expression) {
  struct def def = {.sort = SORT_INSTANCE, .origin = NO_INDEX};
  if (expression->is_inline) {
    def.is.instance = make_bag(link, frame, expression);
  } else {
    const struct def component = get_def(frame, SORT_COMPONENT, expression->of);
    def.is.instance = instantiate(link, component.is.component, make_arguments(link, frame, expression),
                                  frame->instance, frame->spaces[SORT_INSTANCE].defs.count);
  }
  add_def(link, frame, def);
}

static void define_component(struct link *link, struct frame *frame, const struct component *component) {
  struct component_def *closure = ALLOCATE(link->context, struct component_def, 1);
  *closure = (struct component_def){.component = component, .scope = scope_of(frame)};
  add_def(link, frame, (struct def){.sort = SORT_COMPONENT, .origin = NO_INDEX, .is.component = closure});
}

static void define_core_module(struct link *link, struct frame *frame, const struct definition *definition) {
  struct module_def *module = ALLOCATE(link->context, struct module_def, 1);
  module->module = definition->of.core_module.module;
  module->bytes = definition->of.core_module.bytes;
  add_def(link, frame, (struct def){.sort = SORT_CORE_MODULE, .origin = NO_INDEX, .is.module = module});
}

void define(struct link *link, struct frame *frame, const struct definition *definition) {
  count_steps(link, 1);
  link->offset = definition->offset;
  switch (definition->kind) {
  case DEFINE_CORE_MODULE:
    define_core_module(link, frame, definition);
    return;
  case DEFINE_CORE_INSTANCE:
    define_core_instance(link, frame, &definition->of.instance);
    return;
  case DEFINE_CORE_TYPE:
    define_core_type(link, frame, definition->of.core_type);
    return;
  case DEFINE_COMPONENT:
    define_component(link, frame, definition->of.component);
    return;
  case DEFINE_INSTANCE:
    define_instance(link, frame, &definition->of.instance);
    return;
  case DEFINE_ALIAS:
    define_alias(link, frame, &definition->of.alias);
    return;
  case DEFINE_TYPE:
    define_type(link, frame, definition->of.type);
    return;
  case DEFINE_CANON:
    define_canon(link, frame, &definition->of.canon);
    return;
  case DEFINE_IMPORT:
    define_import(link, frame, &definition->of.import);
    return;
  case DEFINE_EXPORT:
    define_export(link, frame, &definition->of.export_);
    return;
  case DEFINE_START:
  case DEFINE_VALUE:
    break; /* never read */
  }
  assert(false);
}

/* "root/$auth", or "root/3" by its index where the component has no name. */
static struct bytes instance_path(struct link *link, const struct component *component, uint32_t parent,
                                  uint32_t index) {
  if (parent == NO_INDEX)
    return unique_path(link, bytes_of("root"));
  const struct bytes outer = link->plan->instances.items[parent].path;
  const struct bytes name = component->name;
  char digits[NUMBER_DIGITS];
  if (name.size == 0 || name.size > PATH_NAME_LIMIT || !is_utf8(name))
    return unique_path(link, JOIN(link->context, outer, bytes_of("/"), number_text(index, digits)));
  return unique_path(link, JOIN(link->context, outer, bytes_of("/$"), name));
}

/* Room for all that the component defines. */
static void make_spaces(struct link *link, struct frame *frame, const struct component *component) {
  uint32_t count = 0;
  for (uint32_t sort = 0; sort < SORT_COUNT; sort++)
    count += component->index_counts[sort];
  struct def *defs = ALLOCATE(link->context, struct def, count);
  for (uint32_t sort = 0; sort < SORT_COUNT; sort++) {
    frame->spaces[sort].defs.items = defs;
    frame->spaces[sort].defs.capacity = component->index_counts[sort];
    defs += component->index_counts[sort];
  }
}

static const struct namespace *run_component(struct link *link, const struct component_def *def, struct supply *imports,
                                             uint32_t parent, uint32_t index) {
  struct frame *frame = ALLOCATE(link->context, struct frame, 1);
  const struct bytes path = instance_path(link, def->component, parent, index);
  frame->scope = def->scope;
  frame->imports = imports;
  frame->exports = ALLOCATE(link->context, struct namespace, 1);
  reserve_names(link, frame->exports, def->component->export_count);
  make_spaces(link, frame, def->component);
  frame->instance = PLAN_ADD(
      link, instances, ((struct component_instance){.parent = parent, .component = def->component, .path = path}));
  for (uint32_t i = 0; i < def->component->definitions.count; i++)
    define(link, frame, &def->component->definitions.items[i]);
  return frame->exports;
}

/* What a component is seen at has to hold for the instance too: its arguments and exports are bound to that type. */
static const struct namespace *instantiate_viewed(struct link *link, const struct component_def *component,
                                                  const struct namespace *arguments, uint32_t parent, uint32_t index) {
  struct supply imports = {.kind = SUPPLY_GIVEN, .role = "import", .given = arguments};
  struct supply exports = {.kind = SUPPLY_GIVEN, .role = "export"};
  exports.given = instantiate(link, component->viewed, arguments, parent, index);
  return run_declarations(link, component->type, &imports, &exports);
}

const struct namespace *instantiate(struct link *link, const struct component_def *component,
                                    const struct namespace *arguments, uint32_t parent, uint32_t index) {
  const struct namespace *exports;
  const size_t offset = link->offset;
  enter(link);
  if (component->viewed) {
    exports = instantiate_viewed(link, component, arguments, parent, index);
  } else if (!component->component) {
    REFUSE(link,
           "the component instantiates the imported component \"%.*s\"; what comes from outside can't be fused: "
           "give it as an input instead",
           SHOW(component->name));
  } else {
    struct supply imports = {.kind = SUPPLY_GIVEN, .role = "import", .given = arguments};
    push_identified_place(link->context, "component instance", index, component->component->name);
    exports = run_component(link, component, &imports, parent, index);
    pop_place(link->context);
  }
  leave(link);
  link->offset = offset;
  return exports;
}

struct link new_link(struct context *c) {
  struct link link = {.context = c, .plan = ALLOCATE(c, struct plan, 1), .signatures = ALLOCATE(c, struct module, 1)};
  link.plan->types = ALLOCATE(c, struct types, 1);
  link.signatures->start = NO_INDEX;
  return link;
}

const struct namespace *link_input(struct link *link, const struct component *component, struct supply *imports) {
  const struct component_def def = {.component = component};
  return run_component(link, &def, imports, NO_INDEX, 0);
}

struct plan *link_component(struct context *c, const struct component *root) {
  struct link link = new_link(c);
  struct supply imports = {.kind = SUPPLY_HOST, .role = "import", .parent = NO_INDEX};
  link.plan->root = root;
  const struct namespace *exports = link_input(&link, root, &imports);
  for (uint32_t i = 0; i < imports.externs.count; i++)
    VEC_ADD(c, &link.plan->imports, imports.externs.items[i]);
  export_root(&link, exports);
  return link.plan;
}
