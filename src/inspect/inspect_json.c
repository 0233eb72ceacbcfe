/* inspect_json.c -- what a file consists of, as data for programs.
 *
 *     {
 *      "format": 1,
 *      "kind": "component",
 *      "size": 2187,
 *      ...
 *
 * docs/cli.md says what the fields are. They only ever become more while "format" stays the same.
 *
 * Requires  survey.c.
 * Provides  inspect_json.
 */
#include "base/json.h"
#include "inspect/inspection.h"

#include <assert.h>

#define FORMAT 1

/* Where an item comes from, as fields of the object that is open. */
static void write_source(struct json *j, const struct source *source) {
  static const char *const through[] = {[THROUGH_LIFT] = "lift", [THROUGH_LOWER] = "lower"};
  json_string(j, "sort", bytes_of(sort_name(source->sort)));
  if (source->through != THROUGH_NOTHING)
    json_string(j, "through", bytes_of(through[source->through]));
  switch (source->kind) {
  case SOURCE_DEFINITION:
    break;
  case SOURCE_COMPONENT:
    json_number(j, "component", source->id);
    break;
  case SOURCE_MODULE:
    json_number(j, "core_module", source->id);
    break;
  case SOURCE_INSTANCE:
    json_number(j, "instance", source->id);
    break;
  case SOURCE_IMPORT:
    json_string(j, "import", source->name);
    break;
  case SOURCE_EXPORT:
    json_number(j, "instance", source->id);
    json_string(j, "export", source->name);
    break;
  case SOURCE_CANON:
    json_string(j, "canon", bytes_of(canon_name(source->canon)));
    break;
  }
  if (source->member.size)
    json_string(j, "member", source->member);
}

static void write_named_sources(struct json *j, const char *key, const struct named_source *items, uint32_t count) {
  json_open(j, key, '[');
  for (uint32_t i = 0; i < count; i++) {
    json_open_line(j, NULL, '{');
    json_string(j, "name", items[i].name);
    write_source(j, &items[i].source);
    json_close(j, '}');
  }
  json_close(j, ']');
}

static void write_sections(struct json *j, const struct sections *sections) {
  json_open(j, "sections", '[');
  for (uint32_t i = 0; i < sections->list.count; i++) {
    const struct section *section = &sections->list.items[i];
    json_open_line(j, NULL, '{');
    json_string(j, "name", bytes_of(section->name));
    if (section->id == 0)
      json_string(j, "custom", section->custom);
    json_number(j, "offset", section->offset);
    json_number(j, "size", section->size);
    if (section->count != NO_INDEX)
      json_number(j, "count", section->count);
    json_close(j, '}');
  }
  json_close(j, ']');
  json_open(j, "producers", '[');
  for (uint32_t i = 0; i < sections->producers.count; i++) {
    const struct producer *producer = &sections->producers.items[i];
    json_open_line(j, NULL, '{');
    json_string(j, "field", producer->field);
    json_string(j, "name", producer->name);
    json_string(j, "version", producer->version);
    json_close(j, '}');
  }
  json_close(j, ']');
}

static void write_place(struct json *j, uint32_t id, uint32_t index, struct bytes name) {
  json_number(j, "id", id);
  json_index(j, "index", index);
  json_optional(j, "name", name);
}

static void write_component(struct json *j, const struct inspected_component *component, uint32_t id) {
  json_open(j, NULL, '{');
  json_index(j, "component", component->parent);
  write_place(j, id, component->index, component->name);
  json_number(j, "offset", component->offset);
  json_number(j, "size", component->size);
  write_named_sources(j, "imports", component->imports.items, component->imports.count);
  write_named_sources(j, "exports", component->exports.items, component->exports.count);
  write_sections(j, &component->sections);
  json_close(j, '}');
}

static const char *core_kind_name(enum core_kind kind) {
  static const char *const names[] = {"func", "table", "memory", "global", "tag"};
  assert(kind < CORE_KIND_COUNT);
  return names[kind];
}

static void write_core_extern(struct json *j, struct context *c, const struct module *module,
                              const struct core_extern *type) {
  json_string(j, "kind", bytes_of(core_kind_name(type->kind)));
  json_string(j, "type", show_core_extern(c, module, type));
}

static void write_core_externs(struct json *j, struct context *c, const struct module *module) {
  json_open(j, "imports", '[');
  for (uint32_t i = 0; i < module->imports.count; i++) {
    json_open_line(j, NULL, '{');
    json_string(j, "module", module->imports.items[i].module);
    json_string(j, "name", module->imports.items[i].name);
    write_core_extern(j, c, module, &module->imports.items[i].type);
    json_close(j, '}');
  }
  json_close(j, ']');
  json_open(j, "exports", '[');
  for (uint32_t i = 0; i < module->exports.count; i++) {
    const struct core_export *export_ = &module->exports.items[i];
    const struct core_extern type = item_type(module, export_->kind, export_->index);
    json_open_line(j, NULL, '{');
    json_string(j, "name", export_->name);
    write_core_extern(j, c, module, &type);
    json_close(j, '}');
  }
  json_close(j, ']');
}

static void write_memories(struct json *j, const struct module *module) {
  json_open(j, "memories", '[');
  for (uint32_t i = 0; i < module->memories.count; i++) {
    const struct core_limits *memory = &module->memories.items[i];
    json_open_line(j, NULL, '{');
    json_number(j, "minimum", memory->minimum);
    if (memory->has_maximum)
      json_number(j, "maximum", memory->maximum);
    else
      json_null(j, "maximum");
    json_number(j, "page_size", (uint64_t)1 << page_size_log2(memory));
    json_bool(j, "shared", memory->is_shared);
    json_bool(j, "memory64", memory->is_64);
    json_close(j, '}');
  }
  json_close(j, ']');
}

static void write_functions(struct json *j, const struct inspected_module *inspected) {
  const struct module *module = inspected->module;
  json_open(j, "functions", '[');
  for (uint32_t i = 0; i < module->functions.count; i++) {
    const uint32_t index = module->imported[CORE_FUNC] + i;
    json_open_line(j, NULL, '{');
    json_number(j, "index", index);
    json_optional(j, "name", inspected->function_names ? inspected->function_names[index] : (struct bytes){0});
    json_number(j, "size", module->functions.items[i].body.size);
    json_close(j, '}');
  }
  json_close(j, ']');
}

static void write_core_module(struct json *j, struct context *c, const struct inspected_module *inspected,
                              uint32_t id) {
  const struct module *module = inspected->module;
  json_open(j, NULL, '{');
  json_index(j, "component", inspected->component);
  write_place(j, id, inspected->index, inspected->name);
  json_number(j, "offset", inspected->offset);
  json_number(j, "size", inspected->size);
  json_number(j, "code_size", inspected->code_size);
  json_number(j, "data_size", inspected->data_size);
  json_bool(j, "has_names", inspected->function_names != NULL);
  json_number(j, "tables", module->tables.count);
  json_number(j, "globals", module->globals.count);
  json_number(j, "data_segments", module->datas.count);
  write_memories(j, module);
  write_core_externs(j, c, module);
  write_sections(j, &inspected->sections);
  write_functions(j, inspected);
  json_close(j, '}');
}

static void write_instance(struct json *j, const struct inspected_instance *instance, uint32_t id) {
  json_open(j, NULL, '{');
  json_number(j, "component", instance->component);
  write_place(j, id, instance->index, instance->name);
  json_string(j, "sort", bytes_of(instance->is_core ? "core instance" : "instance"));
  if (instance->is_inline) {
    json_null(j, "of");
  } else {
    json_open_line(j, "of", '{');
    write_source(j, &instance->of);
    json_close(j, '}');
  }
  write_named_sources(j, instance->is_inline ? "exports" : "arguments", instance->items, instance->item_count);
  json_close(j, '}');
}

static void write_world_items(struct json *j, const char *key, const struct world_items *items);

static void write_world_item(struct json *j, const struct world_item *item) {
  if (item->exports)
    json_open(j, NULL, '{');
  else
    json_open_line(j, NULL, '{');
  json_string(j, "name", item->name);
  json_string(j, "sort", bytes_of(sort_name(item->sort)));
  json_string(j, "type", item->type);
  if (item->imports)
    write_world_items(j, "imports", item->imports);
  if (item->exports)
    write_world_items(j, "exports", item->exports);
  json_close(j, '}');
}

/* As deep as TYPE_DEPTH_LIMIT. */
static void write_world_items(struct json *j, const char *key, const struct world_items *items) {
  json_open(j, key, '[');
  for (uint32_t i = 0; i < items->list.count; i++)
    write_world_item(j, &items->list.items[i]);
  json_close(j, ']');
}

static void write_world(struct json *j, const struct inspection *inspection) {
  if (!inspection->is_component) {
    json_null(j, "world");
    return;
  }
  json_open(j, "world", '{');
  write_world_items(j, "imports", &inspection->world.imports);
  write_world_items(j, "exports", &inspection->world.exports);
  json_close(j, '}');
}

void inspect_json(const struct inspection *inspection, struct buffer *out) {
  struct json json = json_to_buffer(out), *const j = &json;
  json_open(j, NULL, '{');
  json_number(j, "format", FORMAT);
  json_string(j, "kind", bytes_of(inspection->is_component ? "component" : "core module"));
  json_number(j, "size", inspection->input.size);
  write_world(j, inspection);
  json_open(j, "components", '[');
  for (uint32_t i = 0; i < inspection->components.count; i++)
    write_component(j, &inspection->components.items[i], i);
  json_close(j, ']');
  json_open(j, "core_modules", '[');
  for (uint32_t i = 0; i < inspection->modules.count; i++)
    write_core_module(j, out->context, &inspection->modules.items[i], i);
  json_close(j, ']');
  json_open(j, "instances", '[');
  for (uint32_t i = 0; i < inspection->instances.count; i++)
    write_instance(j, &inspection->instances.items[i], i);
  json_close(j, ']');
  json_close(j, '}');
}
