/* check_instances.c -- instances: a component with what it imports, or items put together.
 *
 *     (instance $i (instantiate $C (with "a" (func $f))))    "a" is what $C imports as "a", or it is refused
 *     (instance $j (export "f" (func $f)))
 *
 * The type of an instance is what the component exports, with what was supplied in the place of what it imports, and
 * new resources in the place of those that it defines: two instances of one component have different ones.
 *
 * Requires  check.c: the scope.
 * Provides  check_instance.
 * Spec      Explainer.md "Instance Definitions"; Binary.md, the notes on `instantiate`.
 */
#include "component/check.h"

static void expect_component_sort(struct check *check, struct bytes name, enum sort sort) {
  if (sort >= SORT_CORE_FUNC && sort != SORT_CORE_MODULE)
    REFUSE(check, "\"%.*s\" is %s, which is no item of a component instance; of the core sorts, only a module is",
           SHOW(name), sort_words(sort));
}

static struct signature get_arguments(struct check *check, const struct instance_expr *expression) {
  struct signature arguments = {0};
  spend(check, expression->argument_count);
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    const struct argument *argument = &expression->arguments[i];
    expect_component_sort(check, argument->name, argument->item.sort);
    struct item item = item_at(check, argument->item.sort, argument->item.index);
    item.bound = item.type;
    if (!add_named(check, &arguments, argument->name, &item))
      REFUSE(check, "the instantiation argument \"%.*s\" conflicts with the one of the same name before it",
             SHOW(argument->name));
  }
  return arguments;
}

static const struct typing *instantiate(struct check *check, const struct instance_expr *expression) {
  const struct typing *component = item_at(check, SORT_COMPONENT, expression->of).type;
  const struct signature arguments = get_arguments(check, expression);
  const struct comparison comparison = {SORT_COMPONENT, expression->of, {0}, "the arguments", "the component"};
  struct substitution substitution =
      open_signature(check, &comparison, NULL, &arguments, &component->is.component.imports,
                     &component->is.component.imported, "import");
  const struct resources *defined = &component->is.component.defined;
  for (uint32_t i = 0; i < defined->list.count; i++) {
    const struct typing *old = check->typings.items[defined->list.items[i]];
    const struct typing *fresh = new_resource(check, old->name);
    replace_resource(check, &substitution, old->id, fresh->id);
    note_resource(check, &check->scope->defined, fresh->id);
  }
  const struct signature exports = substitute_signature(check, &substitution, &component->is.component.exports);
  struct typing *instance = new_typing(check, DEFTYPE_INSTANCE);
  instance->is.instance.exports = exports;
  add_signature_size(check, instance, &exports);
  return instance;
}

/* Items under names of their own. No resource is known by its name here, as the names introduce no index. */
static const struct typing *collect_exports(struct check *check, const struct instance_expr *expression) {
  struct externs externs = {.role = "export"};
  for (uint32_t i = 0; i < expression->export_count; i++) {
    const struct inline_export *export_ = &expression->exports[i];
    expect_component_sort(check, export_->name.name, export_->item.sort);
    struct item item = item_at(check, export_->item.sort, export_->item.index);
    item.bound = item.type;
    add_named_extern(check, &externs, &export_->name, &item);
  }
  struct typing *instance = new_typing(check, DEFTYPE_INSTANCE);
  instance->is.instance.exports = externs.items;
  add_signature_size(check, instance, &externs.items);
  return instance;
}

void check_instance(struct check *check, const struct instance_expr *expression) {
  const struct item item = {.sort = SORT_INSTANCE,
                            .type = expression->is_inline ? collect_exports(check, expression)
                                                          : instantiate(check, expression)};
  push_item(check, check->scope, &item);
}
