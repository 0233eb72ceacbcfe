/* survey_module.c -- the sections of a core module or component, and how large the functions of a module are.
 *
 *     id  size  content                a section: what it is, where it is, and of how many things it is made
 *
 * The readers have seen that sections are well-formed, so that they are only passed over here.
 *
 * Requires  bytes that were read without a failure.
 * Provides  survey_sections, survey_module.
 * Spec      WebAssembly core, "Binary Format / Modules", "Appendix / Custom Sections"; Binary.md "Component
 *           Definitions"; the tool conventions' "Producers Section".
 */
#include "inspect/inspection.h"

#include <assert.h>

#define PREAMBLE_SIZE 8

static const char *const core_section_names[] = {
    [0] = "custom",
#define SECTION(id, name) [id] = #name,
#include "wasm/sections.def"
#undef SECTION
};
static const char *const component_section_names[] = {
    "custom", "core module", "core instance", "core type", "component", "instance", "alias",
    "type",   "canon",       "start",         "import",    "export",    "value",
};

static const char *section_name(uint8_t id, bool is_component) {
  assert(id < sizeof core_section_names / sizeof *core_section_names);
  const char *const name = is_component ? component_section_names[id] : core_section_names[id];
  assert(name);
  return name;
}

/* Is it a number of things, and then these? */
static bool has_count(uint8_t id, bool is_component) {
  if (is_component)
    return id != 0 && id != 1 && id != 4;
  return id != 0 && id != 8 && id != 12;
}

/* What is malformed ends the list. */
static void read_producers(struct context *c, struct bytes content, struct sections *into) {
  struct producer_list list = {.r = custom_reader_of(content)};
  struct producer producer;
  while (next_producer(&list, &producer))
    VEC_ADD(c, &into->producers, producer);
}

static struct section read_section(struct reader *r, bool is_component) {
  struct section section = {.id = read_byte(r, "the section's id"), .count = NO_INDEX};
  const uint32_t size = read_u32(r, "the section's size");
  section.name = section_name(section.id, is_component);
  section.offset = reader_offset(r);
  section.size = size;
  section.content = read_bytes(r, size, "the section");
  struct reader content = reader_of(r->context, section.content, r->origin);
  if (section.id == 0) {
    section.custom = read_name(&content, "the name of a custom section");
    section.content = (struct bytes){content.at, (size_t)(content.end - content.at)};
  } else if (has_count(section.id, is_component)) {
    section.count = read_u32(&content, "the count of a section");
  }
  return section;
}

struct sections survey_sections(struct context *c, struct bytes bytes, const uint8_t *origin) {
  struct sections sections = {0};
  struct reader r = reader_of(c, bytes, origin);
  read_bytes(&r, PREAMBLE_SIZE, "the preamble");
  while (!at_end(&r)) {
    const struct section section = read_section(&r, is_component(bytes));
    VEC_ADD(c, &sections.list, section);
    if (section.id == 0 && bytes_equal(section.custom, bytes_of("producers")))
      read_producers(c, section.content, &sections);
  }
  return sections;
}

/* `funcnamesubsec ::= namesubsection_1(namemap)`. What is malformed ends the names. */
static void read_function_names(struct context *c, struct custom_reader *map, struct inspected_module *into) {
  const uint32_t size = item_count(into->module, CORE_FUNC);
  uint32_t index;
  struct bytes name;
  if (!into->function_names)
    into->function_names = ALLOCATE(c, struct bytes, size);
  for (uint32_t left = read_custom_u32(map); next_name(map, &left, &index, &name);)
    if (index < size)
      into->function_names[index] = name;
}

/* `namesec ::= section_0(namedata)`, of which the names of the module and of functions. */
static void read_names(struct context *c, struct inspected_module *into) {
  struct custom_reader r, content;
  uint8_t id;
  if (!find_custom(into->module, "name", &r))
    return;
  into->name = read_name_of_whole(r);
  while (next_subsection(&r, &id, &content))
    if (id == NAMES_OF_FUNCTIONS)
      read_function_names(c, &content, into);
}

static void find_function_exports(struct context *c, struct inspected_module *into) {
  into->function_exports = ALLOCATE(c, struct bytes, item_count(into->module, CORE_FUNC));
  for (uint32_t i = 0; i < into->module->exports.count; i++) {
    const struct core_export *export_ = &into->module->exports.items[i];
    if (export_->kind == CORE_FUNC && !into->function_exports[export_->index].size)
      into->function_exports[export_->index] = export_->name;
  }
}

void survey_module(struct context *c, const struct module *module, struct bytes bytes, struct inspected_module *into) {
  into->module = module;
  into->size = bytes.size;
  into->offset = (size_t)(bytes.at - module->origin);
  into->sections = survey_sections(c, bytes, module->origin);
  read_names(c, into);
  find_function_exports(c, into);
  for (uint32_t i = 0; i < module->functions.count; i++)
    into->code_size += module->functions.items[i].body.size;
  for (uint32_t i = 0; i < module->datas.count; i++)
    into->data_size += module->datas.items[i].content.size;
}
