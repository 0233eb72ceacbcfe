/* dump_plan.c -- a plan as text, one line for each thing in it, for golden tests and for people.
 *
 *     component instance 1 root/$auth, in 0
 *     core instance 0 root/$auth.$main
 *       "env" "log" = canon 2
 *     canon 2 lower in 1: func 0 encoding utf8 memory 1 of core instance 0
 *     func 1 lifted in 1: func 3 of core instance 0, func(name: string) -> bool
 *     export "check": func 1
 *
 * Provides  dump_plan.
 */
#include "fuse/link.h"
#include "fuse/report.h"

static void dump_item(struct buffer *out, struct core_item item) {
  static const char *const kinds[CORE_KIND_COUNT] = {"func", "table", "memory", "global", "tag"};
  switch (item.source) {
  case ITEM_NONE:
    put_formatted(out, "nothing");
    return;
  case ITEM_DEFINED:
    put_formatted(out, "%s %u of core instance %u", kinds[item.kind], item.index, item.owner);
    return;
  case ITEM_CANON:
    put_formatted(out, "canon %u", item.index);
    return;
  case ITEM_BOUNDARY:
    put_formatted(out, "boundary import %u", item.index);
    return;
  }
}

static void dump_option(struct buffer *out, const char *name, struct core_item item) {
  if (item.source == ITEM_NONE)
    return;
  put_formatted(out, ", %s = ", name);
  dump_item(out, item);
}

static void dump_options(struct buffer *out, const struct options *options) {
  static const char *const encodings[] = {"utf8", "utf16", "latin1+utf16"};
  put_formatted(out, ", %s", encodings[options->encoding]);
  dump_option(out, "memory", options->memory);
  dump_option(out, "realloc", options->realloc);
  dump_option(out, "post-return", options->post_return);
  dump_option(out, "callback", options->callback);
  if (options->is_async)
    put_formatted(out, ", async");
}

static void dump_instances(struct buffer *out, const struct plan *plan) {
  for (uint32_t i = 0; i < plan->instances.count; i++) {
    const struct component_instance *instance = &plan->instances.items[i];
    put_formatted(out, "component instance %u %.*s", i, SHOW(instance->path));
    if (instance->parent != NO_INDEX)
      put_formatted(out, ", in %u", instance->parent);
    put_formatted(out, "\n");
  }
}

static void dump_core_instances(struct buffer *out, const struct plan *plan) {
  for (uint32_t i = 0; i < plan->core_instances.count; i++) {
    const struct core_instance *instance = &plan->core_instances.items[i];
    put_formatted(out, "core instance %u %.*s\n", i, SHOW(instance->name));
    for (uint32_t n = 0; n < instance->module->imports.count; n++) {
      const struct core_import *import = &instance->module->imports.items[n];
      put_formatted(out, "  \"%.*s\" \"%.*s\" = ", SHOW(import->module), SHOW(import->name));
      dump_item(out, instance->imports[n]);
      put_formatted(out, "\n");
    }
  }
}

static void dump_canon(struct buffer *out, uint32_t index, const struct canon *canon) {
  const struct bytes type = show_core_functype(out->context, &canon->module->types.items[canon->type].func);
  put_formatted(out, "canon %u %s in %u: %.*s", index, canon_name(canon->kind), canon->instance, SHOW(type));
  if (canon->kind == CANON_LOWER) {
    put_formatted(out, ", func %u", canon->func);
    dump_options(out, &canon->options);
  }
  if (canon->resource != NO_INDEX)
    put_formatted(out, ", resource %u", canon->resource);
  if (canon->kind == CANON_CONTEXT_GET || canon->kind == CANON_CONTEXT_SET)
    put_formatted(out, ", slot %u", canon->slot);
  put_formatted(out, "\n");
}

static void dump_func(struct buffer *out, uint32_t index, const struct func *func) {
  const struct bytes type = show_functype(out->context, func->type);
  if (func->source == FUNC_HOST) {
    put_formatted(out, "func %u of the host: %.*s\n", index, SHOW(type));
    return;
  }
  put_formatted(out, "func %u lifted in %u: %.*s, ", index, func->instance, SHOW(type));
  dump_item(out, func->core);
  dump_options(out, &func->options);
  put_formatted(out, "\n");
}

static void dump_resource(struct buffer *out, uint32_t index, const struct resource *resource) {
  put_formatted(out, "resource %u", index);
  if (resource->name.size)
    put_formatted(out, " %.*s", SHOW(resource->name));
  switch (resource->source) {
  case RESOURCE_DEFINED:
    put_formatted(out, " defined in %u", resource->instance);
    dump_option(out, "destructor", resource->dtor);
    break;
  case RESOURCE_HOST:
    put_formatted(out, " of the host");
    break;
  case RESOURCE_ABSTRACT:
    put_formatted(out, " in a type");
    break;
  }
  put_formatted(out, "\n");
}

static void dump_externs(struct buffer *out, const struct plan *plan, const char *role, const uint32_t *externs,
                         uint32_t count, int indent);

static void dump_shape(struct buffer *out, const struct plan *plan, const struct component_shape *shape, int indent) {
  if (!shape)
    return;
  dump_externs(out, plan, "import ", shape->imports, shape->import_count, indent);
  dump_externs(out, plan, "export ", shape->exports, shape->export_count, indent);
}

static void dump_type(struct buffer *out, const struct extern_tree *tree) {
  struct bytes text = bytes_of("component or instance type");
  if (tree->resource != NO_INDEX)
    text = format_bytes(out->context, "%sresource %u", tree->is_sub ? "sub " : "", tree->resource);
  else if (tree->type)
    text = show_type(out->context, tree->type);
  else if (tree->type_func)
    text = show_functype(out->context, tree->type_func);
  put_formatted(out, " %.*s", SHOW(text));
}

/* One line and those of its parts; nested as deeply as the linker allows. */
static void dump_externs(struct buffer *out, const struct plan *plan, const char *role, const uint32_t *externs,
                         uint32_t count, int indent) {
  for (uint32_t i = 0; i < count; i++) {
    const struct extern_tree *tree = &plan->externs.items[externs[i]];
    put_formatted(out, "%*s%s\"%.*s\": %s", indent, "", role, SHOW(tree->name.name), sort_name(tree->sort));
    if (tree->sort == SORT_FUNC && tree->func != NO_INDEX)
      put_formatted(out, " %u", tree->func);
    if (tree->sort == SORT_FUNC && tree->func == NO_INDEX) {
      const struct bytes type = show_functype(out->context, tree->functype);
      put_formatted(out, " %.*s", SHOW(type));
    }
    if (tree->sort == SORT_TYPE)
      dump_type(out, tree);
    if (tree->alias_of != NO_INDEX)
      put_formatted(out, ", an import: \"%.*s\"", SHOW(plan->externs.items[tree->alias_of].name.name));
    put_formatted(out, "\n");
    dump_externs(out, plan, "", tree->children, tree->child_count, indent + 2);
    dump_shape(out, plan, tree->shape, indent + 2);
    dump_shape(out, plan, tree->type_shape, indent + 2);
  }
}

void dump_plan(const struct plan *plan, struct buffer *out) {
  dump_instances(out, plan);
  dump_core_instances(out, plan);
  for (uint32_t i = 0; i < plan->canons.count; i++)
    dump_canon(out, i, &plan->canons.items[i]);
  for (uint32_t i = 0; i < plan->funcs.count; i++)
    dump_func(out, i, &plan->funcs.items[i]);
  for (uint32_t i = 0; i < plan->resources.count; i++)
    dump_resource(out, i, &plan->resources.items[i]);
  dump_externs(out, plan, "import ", plan->imports.items, plan->imports.count, 0);
  dump_externs(out, plan, "export ", plan->exports.items, plan->exports.count, 0);
}
