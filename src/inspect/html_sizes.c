/* html_sizes.c -- what takes the bytes of a file: components, core modules, their sections, functions by name.
 *
 *     <li class=module data-size=164 title="core module 0 &quot;code&quot;: 164 bytes, 7.5 %"><span>...</span>
 *       <ul><li class=code ...>
 *
 * What is smaller than a limit is gathered as "other" where it is. The limit is the least power of two with which there
 * are no more than DRAWN_BOXES boxes, and the page states it.
 *
 * Requires  survey.c.
 * Provides  put_sizes.
 */
#include "inspect/html.h"

#define CODE_SECTION 10

/* A walk that counts boxes, or writes them. */
struct boxes {
  struct page *page;
  bool is_counting;
  size_t least; /* bytes of a box */
  uint32_t count;
};

/* Boxes of one parent that are not written. */
struct gathered {
  uint32_t count;
  size_t size;
};

static void put_share(struct boxes *b, size_t size) {
  struct buffer *const label = &b->page->label;
  const uint64_t whole = b->page->inspection->input.size, tenths = ((uint64_t)size * 1000 + whole / 2) / whole;
  put_bytes(label, bytes_of(": "));
  put_counted(label, size, "byte");
  put_formatted(label, ", %llu.%u %%", (unsigned long long)(tenths / 10), (unsigned)(tenths % 10));
}

/* Opens the box whose name is the page's label; false: it is too small to be one. */
static bool open_box(struct boxes *b, const char *kind, size_t size, struct gathered *gathered) {
  struct page *const p = b->page;
  if (size < b->least && gathered) {
    gathered->count++;
    gathered->size += size;
    p->label.size = 0;
    return false;
  }
  b->count++;
  if (b->is_counting) {
    p->label.size = 0;
    return true;
  }
  const size_t name_size = p->label.size;
  put_share(b, size);
  const size_t whole_size = p->label.size;
  put_formatted(p->out, "<li class=%s data-size=%zu title=\"", kind, size);
  put_label(p);
  put_markup(p, "\"><span>");
  p->label.size = name_size; /* the text is still there */
  put_label(p);
  put_markup(p, "</span><small>");
  p->label.size = whole_size;
  const struct bytes share = {p->label.data + name_size + 2, whole_size - name_size - 2};
  put_bytes(p->out, share);
  p->label.size = 0;
  put_markup(p, "</small>");
  return true;
}

static void put_box_markup(struct boxes *b, const char *text) {
  if (!b->is_counting)
    put_markup(b->page, text);
}

static void put_gathered(struct boxes *b, const struct gathered *gathered, const char *what) {
  if (!gathered->count)
    return;
  put_counted(&b->page->label, gathered->count, what);
  if (open_box(b, "other", gathered->size, NULL))
    put_box_markup(b, "</li>");
}

static void put_functions(struct boxes *b, const struct inspected_module *module) {
  struct gathered gathered = {0};
  put_box_markup(b, "<ul>");
  for (uint32_t i = 0; i < module->module->functions.count; i++) {
    const size_t size = module->module->functions.items[i].body.size;
    const uint32_t index = module->module->imported[CORE_FUNC] + i;
    if (size >= b->least)
      put_function(&b->page->label, module, index);
    if (open_box(b, "function", size, &gathered))
      put_box_markup(b, "</li>");
  }
  put_gathered(b, &gathered, "other function");
  put_box_markup(b, "</ul>");
}

static void put_section_name(struct page *p, const struct section *section) {
  put_bytes(&p->label, bytes_of(section->name));
  if (section->id != 0)
    return;
  put_byte(&p->label, ' ');
  put_quoted_word(&p->label, section->custom);
}

static void put_module_box(struct boxes *b, uint32_t id, struct gathered *outside) {
  const struct inspected_module *module = &b->page->inspection->modules.items[id];
  struct gathered gathered = {0};
  put_module(&b->page->label, b->page->inspection, id);
  if (!open_box(b, "module", module->size, outside))
    return;
  put_box_markup(b, "<ul>");
  for (uint32_t i = 0; i < module->sections.list.count; i++) {
    const struct section *section = &module->sections.list.items[i];
    const char *kind = section->id == 0 ? "custom" : section->id == CODE_SECTION ? "code" : "data";
    put_section_name(b->page, section);
    if (!open_box(b, kind, section->size, &gathered))
      continue;
    if (section->id == CODE_SECTION)
      put_functions(b, module);
    put_box_markup(b, "</li>");
  }
  put_gathered(b, &gathered, "other section");
  put_box_markup(b, "</ul></li>");
}

static void put_component_box(struct boxes *b, uint32_t id, struct gathered *outside);

static void put_component_sections(struct boxes *b, const struct inspected_component *component,
                                   struct gathered *gathered) {
  struct gathered definitions = {0};
  for (uint32_t i = 0; i < component->sections.list.count; i++) {
    const struct section *section = &component->sections.list.items[i];
    if (section->count != NO_INDEX) {
      definitions.count += section->count;
      definitions.size += section->size;
    } else if (section->id == 0) {
      put_section_name(b->page, section);
      if (open_box(b, "custom", section->size, gathered))
        put_box_markup(b, "</li>");
    }
  }
  if (!definitions.count)
    return;
  put_counted(&b->page->label, definitions.count, "definition");
  if (open_box(b, "definitions", definitions.size, gathered))
    put_box_markup(b, "</li>");
}

/* As deep as NESTING_LIMIT. */
static void put_component_box(struct boxes *b, uint32_t id, struct gathered *outside) {
  const struct inspected_component *component = &b->page->inspection->components.items[id];
  struct gathered gathered = {0};
  put_component(&b->page->label, b->page->inspection, id);
  if (!open_box(b, "component", component->size, outside))
    return;
  put_box_markup(b, "<ul>");
  for (uint32_t i = 0; i < component->members.count; i++) {
    const struct member *member = &component->members.items[i];
    if (member->kind == MEMBER_COMPONENT)
      put_component_box(b, member->id, &gathered);
    else if (member->kind == MEMBER_MODULE)
      put_module_box(b, member->id, &gathered);
  }
  put_component_sections(b, component, &gathered);
  put_gathered(b, &gathered, "other part");
  put_box_markup(b, "</ul></li>");
}

static uint32_t walk_boxes(struct page *p, bool is_counting, size_t least) {
  struct boxes boxes = {.page = p, .is_counting = is_counting, .least = least};
  if (p->inspection->is_component)
    put_component_box(&boxes, 0, NULL);
  else
    put_module_box(&boxes, 0, NULL);
  return boxes.count;
}

void put_sizes(struct page *p) {
  size_t least = 1;
  while (walk_boxes(p, true, least) > DRAWN_BOXES && least <= p->inspection->input.size)
    least *= 2;
  put_markup(p, "<section><h2>Sizes</h2><p class=note>Each box is as large as its bytes in the file. ");
  if (least > 1) {
    put_markup(p, "What has less than ");
    put_counted(p->out, least, "byte");
    put_markup(p, " is gathered as \u201cother\u201d where it is. ");
  }
  put_markup(p, "<span class=scripted>Click a box to look into it.</span></p>"
                "<nav id=way aria-label=\"Way to the box that is shown\"></nav><div id=sizes><ul>");
  walk_boxes(p, false, least);
  put_markup(p, "</ul></div></section>\n");
}
