/* inspect_text.c -- what a file consists of, as text for people.
 *
 *     world {
 *       export greet: func(name: string) -> string;
 *     }
 *
 *         size       %
 *        2,187   100.0  component "app"
 *          331    15.1    component 0 "counting"
 *          170     7.8      core module 0: 2 functions, 1 import, 2 exports, memory of 1 page
 *                           core instance 1 = core module 0
 *
 * Names may be any text: what would disturb a line stands as an escape, and a long name is cut.
 *
 * Requires  survey.c.
 * Provides  inspect_text, inspect_world.
 */
#include "inspect/inspection.h"

#include <string.h>

#define LINE_WIDTH 100 /* a declaration of a type that is wider takes a line for each part */
#define LARGEST_FUNCTIONS 10
#define ITEMS_SHOWN 6 /* of an instance of items */
#define COUNT_WIDTH 12

struct text {
  const struct inspection *inspection;
  struct buffer *out;
  uint32_t indent;
};

static void put_string(struct text *t, const char *text) { put_bytes(t->out, bytes_of(text)); }

static void put_spaces(struct text *t, size_t count) {
  for (size_t i = 0; i < count; i++)
    put_byte(t->out, ' ');
}

static void start_line(struct text *t) { put_spaces(t, 2 * (size_t)t->indent); }

static void put_quoted_name(struct text *t, struct bytes name) { put_quoted_word(t->out, name); }

static void put_name_text(struct text *t, struct bytes name) { put_shown(t->out, name); }

/* The world. */

/* "[method]r.f" in its parts; false: it is no function of a resource. */
static bool split_name(struct bytes name, struct bytes *kind, struct bytes *resource, struct bytes *function) {
  const uint8_t *end = name.size && name.at[0] == '[' ? memchr(name.at, ']', name.size) : NULL;
  if (!end)
    return false;
  *kind = (struct bytes){name.at + 1, (size_t)(end - name.at) - 1};
  const struct bytes rest = {end + 1, name.size - kind->size - 2};
  const uint8_t *dot = rest.size ? memchr(rest.at, '.', rest.size) : NULL;
  *resource = (struct bytes){rest.at, dot ? (size_t)(dot - rest.at) : rest.size};
  *function = dot ? (struct bytes){dot + 1, rest.size - resource->size - 1} : (struct bytes){0};
  return true;
}

static struct bytes resource_of(struct bytes name) {
  struct bytes kind, resource = {0}, function;
  split_name(name, &kind, &resource, &function);
  return resource;
}

/* Of a constructor, which returns the resource, or a result with it that is worth showing. */
static struct bytes constructor_type(struct bytes type) {
  static const char func[] = "func";
  const size_t skip = strlen(func);
  const uint8_t *const arrow = memchr(type.at, '>', type.size);
  struct bytes rest = {type.at + skip, type.size - skip};
  if (arrow && (size_t)(type.at + type.size - arrow) > 8 && memcmp(arrow + 2, "result<", 7) == 0)
    return rest;
  for (size_t depth = 0, i = 0; i < rest.size; i++) {
    depth += rest.at[i] == '(';
    if (rest.at[i] == ')' && --depth == 0)
      return (struct bytes){rest.at, i + 1};
  }
  return rest;
}

static void put_member_function(struct text *t, const struct world_item *item) {
  struct bytes kind, resource, function;
  start_line(t);
  split_name(item->name, &kind, &resource, &function);
  if (bytes_equal(kind, bytes_of("constructor"))) {
    put_string(t, "constructor");
    put_bytes(t->out, constructor_type(item->type));
  } else {
    put_name_text(t, function);
    put_string(t, ": ");
    if (!item->method.size)
      put_string(t, "static ");
    put_bytes(t->out, item->method.size ? item->method : item->type);
  }
  put_string(t, ";\n");
}

/* Functions of resources, below those; in order of the functions. */
struct resource_functions {
  struct map resources; /* by name, to index into first */
  VEC(uint32_t) first;  /* index into items */
  uint32_t *next;       /* of each item: the next function of its resource; NO_INDEX: none */
};

static struct resource_functions find_resource_functions(struct context *c, const struct world_items *items) {
  struct resource_functions found = {.next = ALLOCATE(c, uint32_t, items->list.count)};
  for (uint32_t i = items->list.count; i-- > 0;) {
    const struct world_item *item = &items->list.items[i];
    const struct bytes resource = resource_of(item->name);
    found.next[i] = NO_INDEX;
    if (item->sort != SORT_FUNC || !resource.size)
      continue;
    const uint32_t index = map_add(c, &found.resources, resource, found.first.count);
    if (index == found.first.count)
      VEC_ADD(c, &found.first, NO_INDEX);
    found.next[i] = found.first.items[index];
    found.first.items[index] = i;
  }
  return found;
}

static void put_resource(struct text *t, const struct world_items *items, const struct resource_functions *functions,
                         const struct world_item *item) {
  const uint32_t index = map_get(&functions->resources, item->name);
  put_string(t, "resource ");
  put_name_text(t, item->name);
  if (index == NOT_FOUND) {
    put_string(t, ";\n");
    return;
  }
  put_string(t, " {\n");
  t->indent++;
  for (uint32_t i = functions->first.items[index]; i != NO_INDEX; i = functions->next[i])
    put_member_function(t, &items->list.items[i]);
  t->indent--;
  start_line(t);
  put_string(t, "}\n");
}

static void put_declaration(struct text *t, const struct world_item *item) {
  size_t width = 2 * (size_t)t->indent + item->name.size;
  for (uint32_t i = 0; i < item->part_count; i++)
    width += item->parts[i].size + 2;
  const bool is_wide = width > LINE_WIDTH;
  put_string(t, item->keyword);
  put_byte(t->out, ' ');
  put_name_text(t, item->name);
  put_string(t, is_wide ? " {\n" : " {");
  for (uint32_t i = 0; i < item->part_count; i++) {
    put_spaces(t, is_wide ? 2 * (size_t)t->indent + 2 : 1);
    put_bytes(t->out, item->parts[i]);
    put_string(t, is_wide ? ",\n" : i + 1 < item->part_count ? "," : "");
  }
  put_spaces(t, is_wide ? 2 * (size_t)t->indent : 1);
  put_string(t, "}\n");
}

/* `use wasi:io/poll@0.2.0.{pollable as event}` */
static void put_use(struct text *t, const struct world_item *item) {
  put_string(t, "use ");
  put_name_text(t, item->from);
  put_string(t, ".{");
  put_name_text(t, item->used);
  if (!bytes_equal(item->used, item->name)) {
    put_string(t, " as ");
    put_name_text(t, item->name);
  }
  put_string(t, "};\n");
}

static void put_type_item(struct text *t, const struct world_items *items, const struct resource_functions *functions,
                          const struct world_item *item) {
  if (item->keyword) {
    put_declaration(t, item);
  } else if (bytes_equal(item->type, bytes_of("resource"))) {
    put_resource(t, items, functions, item);
  } else if (item->from.size) {
    put_use(t, item);
  } else {
    put_string(t, "type ");
    put_name_text(t, item->name);
    put_string(t, " = ");
    put_bytes(t->out, item->type);
    put_string(t, ";\n");
  }
}

static void put_world_items(struct text *t, const struct world_items *items, const char *role);

static void put_world_item(struct text *t, const struct world_items *items, const struct resource_functions *functions,
                           const struct world_item *item, const char *role) {
  start_line(t);
  put_string(t, role);
  if (item->sort == SORT_TYPE) {
    put_type_item(t, items, functions, item);
    return;
  }
  put_name_text(t, item->name);
  put_string(t, ": ");
  put_bytes(t->out, item->type);
  if (!item->exports) {
    put_string(t, ";\n");
    return;
  }
  put_string(t, " {\n");
  t->indent++;
  if (item->imports)
    put_world_items(t, item->imports, "import ");
  put_world_items(t, item->exports, item->imports ? "export " : "");
  t->indent--;
  start_line(t);
  put_string(t, "}\n");
}

/* Is it a function that stands below its resource? */
static bool stands_below(const struct world_items *items, const struct world_item *item, const struct map *resources) {
  const struct bytes resource = item->sort == SORT_FUNC ? resource_of(item->name) : (struct bytes){0};
  const uint32_t index = resource.size ? map_get(resources, resource) : NOT_FOUND;
  return index != NOT_FOUND && bytes_equal(items->list.items[index].type, bytes_of("resource"));
}

/* As deep as TYPE_DEPTH_LIMIT. */
static void put_world_items(struct text *t, const struct world_items *items, const char *role) {
  struct context *const c = t->out->context;
  const struct resource_functions functions = find_resource_functions(c, items);
  struct map types = {0};
  for (uint32_t i = 0; i < items->list.count; i++)
    if (items->list.items[i].sort == SORT_TYPE)
      map_add(c, &types, items->list.items[i].name, i);
  for (uint32_t i = 0; i < items->list.count; i++)
    if (!stands_below(items, &items->list.items[i], &types))
      put_world_item(t, items, &functions, &items->list.items[i], role);
}

static void put_world(struct text *t) {
  put_string(t, "world {\n");
  t->indent++;
  put_world_items(t, &t->inspection->world.imports, "import ");
  put_world_items(t, &t->inspection->world.exports, "export ");
  t->indent--;
  put_string(t, "}\n");
}

/* Contents. */

static void put_right(struct text *t, const struct buffer *text, size_t width) {
  put_spaces(t, text->size < width ? width - text->size : 0);
  put_bytes(t->out, buffer_bytes(text));
}

/* The columns of a line about `size` bytes, or about nothing that has a size. */
static void start_row(struct text *t, size_t size) {
  struct buffer count = new_buffer(t->out->context);
  const size_t whole = t->inspection->input.size;
  const uint64_t tenths = ((uint64_t)size * 1000 + whole / 2) / whole;
  put_count(&count, size);
  put_right(t, &count, COUNT_WIDTH);
  put_formatted(t->out, "  %4llu.%u  ", (unsigned long long)(tenths / 10), (unsigned)(tenths % 10));
  start_line(t);
}

static void start_empty_row(struct text *t) {
  put_spaces(t, COUNT_WIDTH + 10);
  start_line(t);
}

static void put_section_row(struct text *t, const struct section *section, const struct sections *sections) {
  start_row(t, section->size);
  if (section->id == 0) {
    put_string(t, "custom ");
    put_quoted_name(t, section->custom);
    if (bytes_equal(section->custom, bytes_of("producers")) && sections->producers.count) {
      put_string(t, ": ");
      put_producers(t->out, sections);
    }
  } else {
    put_string(t, section->name);
  }
  put_byte(t->out, '\n');
}

/* Code, data and custom sections; the rest is in one line. */
static bool is_module_row(const struct section *section) {
  return section->id == 0 || section->id == 10 || section->id == 11;
}

static void put_module_sections(struct text *t, const struct inspected_module *module) {
  const struct sections *sections = &module->sections;
  size_t rest = 0;
  for (uint32_t i = 0; i < sections->list.count; i++) {
    const struct section *section = &sections->list.items[i];
    if (is_module_row(section))
      put_section_row(t, section, sections);
    else
      rest += section->size;
  }
  if (!rest)
    return;
  start_row(t, rest);
  put_string(t, "types, imports and other sections\n");
}

static void put_module_row(struct text *t, uint32_t id) {
  const struct inspected_module *module = &t->inspection->modules.items[id];
  start_row(t, module->size);
  put_module(t->out, t->inspection, id);
  put_string(t, ": ");
  put_module_summary(t->out, module);
  put_byte(t->out, '\n');
  t->indent++;
  put_module_sections(t, module);
  t->indent--;
}

static void put_named_source(struct text *t, const struct named_source *item) {
  put_quoted_name(t, item->name);
  put_string(t, " = ");
  put_source(t->out, t->inspection, &item->source);
}

/* An instance of items is a line, one of a component or module has a line for each argument. */
static void put_instance_rows(struct text *t, uint32_t id) {
  const struct inspected_instance *instance = &t->inspection->instances.items[id];
  start_empty_row(t);
  put_instance(t->out, t->inspection, id);
  if (!instance->is_inline) {
    put_string(t, " = ");
    put_source(t->out, t->inspection, &instance->of);
  }
  put_byte(t->out, '\n');
  t->indent++;
  const bool is_cut = instance->is_inline && instance->item_count > ITEMS_SHOWN;
  for (uint32_t i = 0; i < (is_cut ? ITEMS_SHOWN - 1 : instance->item_count); i++) {
    start_empty_row(t);
    put_string(t, instance->is_inline ? "" : "with ");
    put_named_source(t, &instance->items[i]);
    put_byte(t->out, '\n');
  }
  if (is_cut) {
    start_empty_row(t);
    put_formatted(t->out, "and %u more\n", instance->item_count - (ITEMS_SHOWN - 1));
  }
  t->indent--;
}

static void put_component_rows(struct text *t, uint32_t id);

static void put_member(struct text *t, const struct inspected_component *component, const struct member *member) {
  switch (member->kind) {
  case MEMBER_COMPONENT:
    put_component_rows(t, member->id);
    return;
  case MEMBER_MODULE:
    put_module_row(t, member->id);
    return;
  case MEMBER_INSTANCE:
    put_instance_rows(t, member->id);
    return;
  case MEMBER_EXPORT:
    start_empty_row(t);
    put_string(t, "export ");
    put_named_source(t, &component->exports.items[member->id]);
    put_byte(t->out, '\n');
    return;
  }
}

/* What is neither a custom section nor a component or core module: the definitions that make one of them. */
static void put_definitions_row(struct text *t, const struct inspected_component *component) {
  size_t size = 0;
  uint64_t count = 0;
  for (uint32_t i = 0; i < component->sections.list.count; i++) {
    const struct section *section = &component->sections.list.items[i];
    if (section->count == NO_INDEX)
      continue;
    size += section->size;
    count += section->count;
  }
  if (!size)
    return;
  start_row(t, size);
  put_string(t, "types, aliases and other definitions: ");
  put_count(t->out, count);
  put_byte(t->out, '\n');
}

/* As deep as NESTING_LIMIT. */
static void put_component_rows(struct text *t, uint32_t id) {
  const struct inspected_component *component = &t->inspection->components.items[id];
  start_row(t, component->size);
  put_component(t->out, t->inspection, id);
  put_byte(t->out, '\n');
  t->indent++;
  for (uint32_t i = 0; i < component->imports.count; i++) {
    start_empty_row(t);
    put_string(t, "import ");
    put_quoted_name(t, component->imports.items[i].name);
    put_byte(t->out, '\n');
  }
  for (uint32_t i = 0; i < component->members.count; i++)
    put_member(t, component, &component->members.items[i]);
  put_definitions_row(t, component);
  for (uint32_t i = 0; i < component->sections.list.count; i++)
    if (component->sections.list.items[i].id == 0)
      put_section_row(t, &component->sections.list.items[i], &component->sections);
  t->indent--;
}

static void put_largest(struct text *t) {
  struct function_size largest[LARGEST_FUNCTIONS];
  const uint32_t count = find_largest_functions(t->out->context, t->inspection, largest, LARGEST_FUNCTIONS);
  if (count)
    put_string(t, "\n        size       %  largest functions\n");
  for (uint32_t i = 0; i < count; i++) {
    const struct inspected_module *module = &t->inspection->modules.items[largest[i].module];
    start_row(t, largest[i].size);
    put_function(t->out, module, largest[i].index);
    if (t->inspection->is_component) {
      put_string(t, " of ");
      put_module(t->out, t->inspection, largest[i].module);
      put_string(t, module->component ? " of " : "");
      if (module->component)
        put_component(t->out, t->inspection, module->component);
    }
    put_byte(t->out, '\n');
  }
}

static void put_core_externs(struct text *t) {
  const struct module *module = t->inspection->modules.items[0].module;
  put_string(t, "core module {\n");
  for (uint32_t i = 0; i < module->imports.count; i++) {
    put_string(t, "  import ");
    put_quoted_name(t, module->imports.items[i].module);
    put_byte(t->out, ' ');
    put_quoted_name(t, module->imports.items[i].name);
    put_string(t, ": ");
    put_bytes(t->out, show_core_extern(t->out->context, module, &module->imports.items[i].type));
    put_string(t, ";\n");
  }
  for (uint32_t i = 0; i < module->exports.count; i++) {
    const struct core_extern type = item_type(module, module->exports.items[i].kind, module->exports.items[i].index);
    put_string(t, "  export ");
    put_quoted_name(t, module->exports.items[i].name);
    put_string(t, ": ");
    put_bytes(t->out, show_core_extern(t->out->context, module, &type));
    put_string(t, ";\n");
  }
  put_string(t, "}\n");
}

void inspect_world(const struct inspection *inspection, struct buffer *out) {
  struct text text = {.inspection = inspection, .out = out};
  if (inspection->is_component)
    put_world(&text);
  else
    put_core_externs(&text);
}

void inspect_text(const struct inspection *inspection, struct buffer *out) {
  struct text text = {.inspection = inspection, .out = out};
  inspect_world(inspection, out);
  put_string(&text, "\n        size       %\n");
  if (inspection->is_component)
    put_component_rows(&text, 0);
  else
    put_module_row(&text, 0);
  put_largest(&text);
}
