/* link_core.c -- core modules instantiated, and which definite item an export is.
 *
 * An item is where it is defined: an export of an instance that the module only imported is what was supplied for the
 * import. So no chain of re-exports is left in the plan.
 *
 *     (core instance $a (instantiate $A))                             $A defines "f"
 *     (core instance $b (instantiate $B (with "a" (instance $a))))    $B imports "a" "f" and exports it as "g"
 *     (core func (alias core export $b "g"))                          function "f" of $a
 *
 * Requires  wasm/read.c: modules whose indices are in range.
 * Provides  plan->core_instances with every import resolved and of the type that the module asks for.
 * Spec      Explainer.md "Instance Definitions"; WebAssembly core "Instantiation", "Matching".
 */
#include "fuse/link.h"
#include "wasm/custom.h"

#define NAME_LIMIT 100 /* bytes of a module's name in a path */

enum core_kind kind_of_sort(enum sort sort) {
  assert(sort >= SORT_CORE_FUNC && sort <= SORT_CORE_TAG);
  return (enum core_kind)(sort - SORT_CORE_FUNC);
}

struct core_item get_item(const struct frame *frame, enum sort sort, uint32_t index) {
  return get_def(frame, sort, index).is.item;
}

struct core_extern type_of_item(const struct link *link, struct core_item item, const struct module **module) {
  if (item.source == ITEM_CANON) {
    const struct canon *canon = &link->plan->canons.items[item.index];
    *module = canon->module;
    return (struct core_extern){.kind = CORE_FUNC, .type = canon->type};
  }
  assert(item.source == ITEM_DEFINED);
  *module = link->plan->core_instances.items[item.owner].module;
  return item_type(*module, item.kind, item.index);
}

const struct core_functype *functype_of_item(const struct link *link, struct core_item item) {
  const struct module *module;
  const struct core_extern type = type_of_item(link, item, &module);
  assert(type.kind == CORE_FUNC);
  return &module->types.items[type.type].func;
}

/* By name, for a module that may have thousands of exports; their index in link->module_exports. */
static uint32_t exports_of(struct link *link, const struct module *module) {
  const struct bytes key = {(const uint8_t *)&module, sizeof module};
  const uint32_t index = map_intern(link->context, &link->modules, key);
  if (index == link->module_exports.count) {
    struct module_exports *exports = VEC_PUSH(link->context, &link->module_exports);
    map_reserve(link->context, &exports->names, module->exports.count);
    for (uint32_t i = 0; i < module->exports.count; i++)
      map_add(link->context, &exports->names, module->exports.items[i].name, i);
  }
  return index;
}

struct core_item find_core_export(struct link *link, const struct core_instance_def *instance, struct bytes name) {
  const struct core_item none = {.source = ITEM_NONE};
  if (instance->instance == NO_INDEX) {
    const uint32_t index = map_get(&instance->names, name);
    return index == NOT_FOUND ? none : instance->items.items[index];
  }
  const struct core_instance *owner = &link->plan->core_instances.items[instance->instance];
  const uint32_t index = map_get(&link->module_exports.items[instance->exports].names, name);
  if (index == NOT_FOUND)
    return none;
  const struct core_export *export_ = &owner->module->exports.items[index];
  if (is_imported(owner->module, export_->kind, export_->index))
    return owner->imports[owner->module->imports_of[export_->kind].items[export_->index]];
  return (struct core_item){ITEM_DEFINED, export_->kind, instance->instance, export_->index};
}

static const struct core_instance_def *make_bag(struct link *link, const struct frame *frame,
                                                const struct instance_expr *expression) {
  struct core_instance_def *bag = ALLOCATE(link->context, struct core_instance_def, 1);
  bag->instance = NO_INDEX;
  count_steps(link, expression->export_count);
  map_reserve(link->context, &bag->names, expression->export_count);
  VEC_RESERVE(link->context, &bag->items, expression->export_count);
  for (uint32_t i = 0; i < expression->export_count; i++) {
    const struct inline_export *export_ = &expression->exports[i];
    const uint32_t index = map_add(link->context, &bag->names, export_->name.name, i);
    assert(index == i);
    VEC_ADD(link->context, &bag->items, get_item(frame, export_->item.sort, export_->item.index));
  }
  return bag;
}

/* Finds core instances by the name of the argument, in link->arguments. */
static void note_arguments(struct link *link, const struct instance_expr *expression) {
  count_steps(link, expression->argument_count);
  map_clear(&link->arguments);
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    const struct argument *argument = &expression->arguments[i];
    assert(argument->item.sort == SORT_CORE_INSTANCE);
    const uint32_t index = map_add(link->context, &link->arguments, argument->name, i);
    assert(index == i);
  }
}

static void expect_match(struct link *link, struct core_item item, const struct module *module,
                         const struct core_import *import) {
  const struct module *owner;
  const struct core_extern type = type_of_item(link, item, &owner);
  const uint64_t before = link->matching.work;
  const bool matches =
      type.kind == import->type.kind && extern_matches(&link->matching, owner, &type, module, &import->type);
  count_steps(link, 1 + (link->matching.work - before) / WORK_PER_STEP);
  if (matches)
    return;
  const struct bytes wanted = show_core_extern(link->context, module, &import->type);
  const struct bytes found = show_core_extern(link->context, owner, &type);
  REFUSE(link, "the core import \"%.*s\" \"%.*s\" is of type %.*s, but what is given for it is of type %.*s",
         SHOW(import->module), SHOW(import->name), SHOW(wanted), SHOW(found));
}

static struct core_item resolve_import(struct link *link, const struct frame *frame,
                                       const struct instance_expr *expression, const struct module *module,
                                       const struct core_import *import) {
  const uint32_t argument = map_get(&link->arguments, import->module);
  if (argument == NOT_FOUND)
    REFUSE(link, "the core module imports from \"%.*s\", but there is no argument of that name", SHOW(import->module));
  const struct def given = get_def(frame, SORT_CORE_INSTANCE, expression->arguments[argument].item.index);
  const struct core_item item = find_core_export(link, given.is.core_instance, import->name);
  if (item.source == ITEM_NONE)
    REFUSE(link, "the core module imports \"%.*s\" \"%.*s\", but what is given for \"%.*s\" has no such export",
           SHOW(import->module), SHOW(import->name), SHOW(import->module));
  refuse_async_item(link, item, import->name);
  expect_match(link, item, module, import);
  return item;
}

/* The name of a module in its name section; size 0: none. A malformed name section is no error. */
static struct bytes module_name(const struct module *module) {
  struct custom_reader section;
  if (!find_custom(module, "name", &section))
    return (struct bytes){0};
  const struct bytes name = read_name_of_whole(section);
  return name.size <= NAME_LIMIT ? name : (struct bytes){0};
}

/* "root/$auth.$main", or "root/$auth.2" by its index where the module has no name. */
static struct bytes core_instance_name(struct link *link, const struct frame *frame, const struct module *module) {
  const struct bytes path = link->plan->instances.items[frame->instance].path;
  const struct bytes name = module_name(module);
  if (name.size)
    return unique_path(link, JOIN(link->context, path, bytes_of(".$"), name));
  char digits[NUMBER_DIGITS];
  const uint32_t index = frame->spaces[SORT_CORE_INSTANCE].defs.count;
  return unique_path(link, JOIN(link->context, path, bytes_of("."), number_text(index, digits)));
}

static const struct core_instance_def *instantiate_module(struct link *link, const struct frame *frame,
                                                          const struct instance_expr *expression) {
  const struct module_def *def = get_def(frame, SORT_CORE_MODULE, expression->of).is.module;
  const struct module *module = def->module;
  if (!module)
    REFUSE(link,
           "the component instantiates the imported core module \"%.*s\"; what comes from outside can't be "
           "fused: define it in the component instead",
           SHOW(def->name));
  note_arguments(link, expression);
  struct core_instance instance = {.module = module, .component_instance = frame->instance};
  instance.imports = ALLOCATE(link->context, struct core_item, module->imports.count);
  count_steps(link, module->imports.count + module->customs.count);
  instance.name = core_instance_name(link, frame, module);
  for (uint32_t i = 0; i < module->imports.count; i++)
    instance.imports[i] = resolve_import(link, frame, expression, module, &module->imports.items[i]);
  struct core_instance_def *result = ALLOCATE(link->context, struct core_instance_def, 1);
  result->instance = PLAN_ADD(link, core_instances, instance);
  result->exports = exports_of(link, module);
  return result;
}

void define_core_instance(struct link *link, struct frame *frame, const struct instance_expr *expression) {
  struct def def = {.sort = SORT_CORE_INSTANCE, .origin = NO_INDEX};
  push_place(link->context, "core instance", frame->spaces[SORT_CORE_INSTANCE].defs.count, (struct bytes){0});
  def.is.core_instance =
      expression->is_inline ? make_bag(link, frame, expression) : instantiate_module(link, frame, expression);
  pop_place(link->context);
  add_def(link, frame, def);
}
