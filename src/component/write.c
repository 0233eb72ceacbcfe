/* write.c -- writes components and component types, definition by definition.
 *
 * Only index spaces are kept, no definitions: what is written is final. A section stays open as long as definitions of
 * its kind follow each other.
 *
 * Requires  indices that were returned by the same encoder.
 * Provides  the bytes of a component, or of a component or instance type.
 * Spec      Binary.md, all but values and start functions.
 */
#include "component/write.h"

#include <assert.h>
#include <string.h>

enum section_id {
  SECTION_CUSTOM,
  SECTION_CORE_MODULE,
  SECTION_CORE_INSTANCE,
  SECTION_CORE_TYPE,
  SECTION_COMPONENT,
  SECTION_INSTANCE,
  SECTION_ALIAS,
  SECTION_TYPE,
  SECTION_CANON,
  SECTION_START,
  SECTION_IMPORT,
  SECTION_EXPORT,
};

/* componentdecl, instancedecl. */
enum declarator {
  DECLARE_CORE_TYPE = 0x00,
  DECLARE_TYPE = 0x01,
  DECLARE_ALIAS = 0x02,
  DECLARE_IMPORT = 0x03,
  DECLARE_EXPORT = 0x04
};

static const struct {
  uint8_t code;
  bool is_core;
} sort_codes[SORT_COUNT] = {
#define SORT(id, is_core, code, name) [SORT_##id] = {code, is_core},
#include "component/sorts.def"
#undef SORT
};

uint8_t valtype_code(enum type_kind kind) {
  static const uint8_t codes[] = {
#define VALTYPE(id, opcode, name, form) [TYPE_##id] = opcode,
#include "component/valtypes.def"
#undef VALTYPE
  };
  return codes[kind];
}

struct encoder new_encoder(struct context *c, enum encoder_kind kind) {
  static const uint8_t preamble[8] = {0x00, 'a', 's', 'm', 0x0d, 0x00, 0x01, 0x00};
  struct encoder e = {.context = c,
                      .kind = kind,
                      .done = new_buffer(c),
                      .section = new_buffer(c),
                      .definition_count = ALLOCATE(c, uint32_t, 1)};
  if (kind == ENCODE_COMPONENT)
    put_raw(&e.done, preamble, sizeof preamble);
  return e;
}

void count_inside(struct encoder *inner, const struct encoder *outer) {
  assert(*inner->definition_count == 0);
  inner->definition_count = outer->definition_count;
}

static void count_definition(struct encoder *e) {
  if (*e->definition_count == DEFINITION_LIMIT)
    fail(e->context, FAILURE_INPUT, NO_OFFSET,
         "the component made would have more than %d definitions, the most that one can have", DEFINITION_LIMIT);
  ++*e->definition_count;
}

static void close_section(struct encoder *e) {
  if (e->section_count == 0)
    return;
  struct buffer content = new_buffer(e->context);
  put_u32(&content, e->section_count);
  put_bytes(&content, buffer_bytes(&e->section));
  put_section(&e->done, e->section_id, &content);
  e->section = new_buffer(e->context);
  e->section_count = 0;
}

/* Where the next definition of this kind is written to. */
static struct buffer *open_item(struct encoder *e, enum section_id section, enum declarator declarator) {
  count_definition(e);
  if (e->kind != ENCODE_COMPONENT) {
    put_byte(&e->done, (uint8_t)declarator);
    e->section_count++;
    return &e->done;
  }
  if (e->section_id != section)
    close_section(e);
  e->section_id = (uint8_t)section;
  e->section_count++;
  return &e->section;
}

static struct buffer *open_component_item(struct encoder *e, enum section_id section) {
  assert(e->kind == ENCODE_COMPONENT);
  return open_item(e, section, DECLARE_TYPE);
}

struct bytes finish_component(struct encoder *e) {
  assert(e->kind == ENCODE_COMPONENT);
  close_section(e);
  return buffer_bytes(&e->done);
}

void put_finished_type(struct buffer *b, struct encoder *e) {
  assert(e->kind != ENCODE_COMPONENT);
  put_byte(b, e->kind == ENCODE_COMPONENT_TYPE ? 0x41 : 0x42);
  put_u32(b, e->section_count);
  put_bytes(b, buffer_bytes(&e->done));
}

/* nameattributes: as read, or the plain form of a name that was made here. */
void put_extern_name(struct buffer *b, const struct extern_name *name) {
  if (name->raw.size > 0) {
    put_bytes(b, name->raw);
    return;
  }
  put_byte(b, 0x00);
  put_name(b, name->name);
}

static void put_sort(struct buffer *b, enum sort sort) {
  if (sort_codes[sort].is_core)
    put_byte(b, 0x00);
  put_byte(b, sort_codes[sort].code);
}

void put_sort_index(struct buffer *b, struct sort_index item) {
  put_sort(b, item.sort);
  put_u32(b, item.index);
}

/* externtype. */
void put_extern_type(struct buffer *b, const struct extern_type *type) {
  put_sort(b, type->sort);
  if (type->sort == SORT_TYPE) {
    put_byte(b, type->bound == BOUND_SUB_RESOURCE ? 0x01 : 0x00);
    if (type->bound == BOUND_EQ)
      put_u32(b, type->index);
    return;
  }
  assert(type->sort != SORT_VALUE);
  put_u32(b, type->index);
}

uint32_t emit_type(struct encoder *e, const struct buffer *deftype) {
  put_bytes(open_item(e, SECTION_TYPE, DECLARE_TYPE), buffer_bytes(deftype));
  return e->counts[SORT_TYPE]++;
}

uint32_t emit_core_type(struct encoder *e, const struct buffer *deftype, uint32_t type_count) {
  put_bytes(open_item(e, SECTION_CORE_TYPE, DECLARE_CORE_TYPE), buffer_bytes(deftype));
  uint32_t first = e->counts[SORT_CORE_TYPE];
  e->counts[SORT_CORE_TYPE] += type_count;
  return first;
}

static uint32_t emit_alias(struct encoder *e, enum sort sort, uint8_t target, uint32_t first) {
  struct buffer *b = open_item(e, SECTION_ALIAS, DECLARE_ALIAS);
  put_sort(b, sort);
  put_byte(b, target);
  put_u32(b, first);
  return e->counts[sort]++;
}

uint32_t emit_export_alias(struct encoder *e, enum sort sort, uint32_t instance, struct bytes name) {
  uint32_t index = emit_alias(e, sort, 0x00, instance);
  put_name(e->kind == ENCODE_COMPONENT ? &e->section : &e->done, name);
  return index;
}

uint32_t emit_core_export_alias(struct encoder *e, enum sort sort, uint32_t instance, struct bytes name) {
  uint32_t index = emit_alias(e, sort, 0x01, instance);
  put_name(&e->section, name);
  return index;
}

uint32_t emit_outer_alias(struct encoder *e, enum sort sort, uint32_t count, uint32_t outer) {
  uint32_t index = emit_alias(e, sort, 0x02, count);
  put_u32(e->kind == ENCODE_COMPONENT ? &e->section : &e->done, outer);
  return index;
}

uint32_t emit_import(struct encoder *e, const struct extern_name *name, const struct extern_type *type) {
  assert(e->kind != ENCODE_INSTANCE_TYPE);
  struct buffer *b = open_item(e, SECTION_IMPORT, DECLARE_IMPORT);
  put_extern_name(b, name);
  put_extern_type(b, type);
  return e->counts[type->sort]++;
}

uint32_t emit_declared_export(struct encoder *e, const struct extern_name *name, const struct extern_type *type) {
  assert(e->kind != ENCODE_COMPONENT);
  struct buffer *b = open_item(e, SECTION_EXPORT, DECLARE_EXPORT);
  put_extern_name(b, name);
  put_extern_type(b, type);
  return e->counts[type->sort]++;
}

uint32_t emit_export(struct encoder *e, const struct extern_name *name, struct sort_index item,
                     const struct extern_type *ascribed) {
  struct buffer *b = open_component_item(e, SECTION_EXPORT);
  put_extern_name(b, name);
  put_sort_index(b, item);
  put_byte(b, ascribed != NULL);
  if (ascribed)
    put_extern_type(b, ascribed);
  return e->counts[item.sort]++;
}

static size_t section_start_size(size_t size) { return 1 + leb128_size(size); }

static void put_section_start(struct buffer *b, enum section_id section, size_t size) {
  put_byte(b, (uint8_t)section);
  put_size(b, size);
}

size_t core_module_start_size(size_t size) { return section_start_size(size); }

void put_core_module_start(struct buffer *b, size_t size) { put_section_start(b, SECTION_CORE_MODULE, size); }

uint32_t emit_core_module(struct encoder *e, struct bytes module) {
  close_section(e);
  reserve(&e->done, module.size + module.size / 8); /* what comes after it should not move it again */
  put_core_module_start(&e->done, module.size);
  put_bytes(&e->done, module);
  return e->counts[SORT_CORE_MODULE]++;
}

static uint32_t leave_out(struct encoder *e, enum sort sort) {
  assert(e->kind == ENCODE_COMPONENT);
  close_section(e);
  VEC_ADD(e->context, &e->gaps, e->done.size);
  return e->counts[sort]++;
}

uint32_t leave_out_core_module(struct encoder *e) { return leave_out(e, SORT_CORE_MODULE); }

uint32_t leave_out_component(struct encoder *e) { return leave_out(e, SORT_COMPONENT); }

size_t parted_size(const struct parted_component *parted) {
  size_t size = parted->bytes.size;
  for (uint32_t i = 0; i < parted->parts.count; i++) {
    const size_t part = parted->parts.items[i].component->size;
    size += section_start_size(part) + part;
  }
  return size;
}

void put_parted_component(struct buffer *b, const struct parted_component *parted) {
  size_t at = 0;
  for (uint32_t i = 0; i < parted->parts.count; i++) {
    const struct nested_part *part = &parted->parts.items[i];
    put_raw(b, parted->bytes.at + at, part->at - at);
    put_section_start(b, SECTION_COMPONENT, part->component->size);
    put_bytes(b, (struct bytes){part->component->origin + part->component->offset, part->component->size});
    at = part->at;
  }
  put_raw(b, parted->bytes.at + at, parted->bytes.size - at);
}

uint32_t emit_component(struct encoder *e, struct bytes component) {
  close_section(e);
  put_section_start(&e->done, SECTION_COMPONENT, component.size);
  put_bytes(&e->done, component);
  return e->counts[SORT_COMPONENT]++;
}

static void put_core_sort_index(struct buffer *b, struct sort_index item) {
  assert(sort_codes[item.sort].is_core);
  put_byte(b, sort_codes[item.sort].code);
  put_u32(b, item.index);
}

uint32_t emit_instance(struct encoder *e, const struct instance_expr *expression) {
  struct buffer *b = open_component_item(e, SECTION_INSTANCE);
  put_byte(b, expression->is_inline);
  if (!expression->is_inline)
    put_u32(b, expression->of);
  put_u32(b, expression->is_inline ? expression->export_count : expression->argument_count);
  for (uint32_t n = 0; expression->is_inline && n < expression->export_count; n++) {
    put_extern_name(b, &expression->exports[n].name);
    put_sort_index(b, expression->exports[n].item);
  }
  for (uint32_t n = 0; !expression->is_inline && n < expression->argument_count; n++) {
    put_name(b, expression->arguments[n].name);
    put_sort_index(b, expression->arguments[n].item);
  }
  return e->counts[SORT_INSTANCE]++;
}

uint32_t emit_core_instance(struct encoder *e, const struct instance_expr *expression) {
  struct buffer *b = open_component_item(e, SECTION_CORE_INSTANCE);
  put_byte(b, expression->is_inline);
  if (!expression->is_inline)
    put_u32(b, expression->of);
  put_u32(b, expression->is_inline ? expression->export_count : expression->argument_count);
  for (uint32_t n = 0; expression->is_inline && n < expression->export_count; n++) {
    put_name(b, expression->exports[n].name.name);
    put_core_sort_index(b, expression->exports[n].item);
  }
  for (uint32_t n = 0; !expression->is_inline && n < expression->argument_count; n++) {
    put_name(b, expression->arguments[n].name);
    put_core_sort_index(b, expression->arguments[n].item);
  }
  return e->counts[SORT_CORE_INSTANCE]++;
}

static void put_index_option(struct buffer *b, uint32_t *count, bool given, uint8_t option, uint32_t index) {
  if (!given)
    return;
  put_byte(b, option);
  put_u32(b, index);
  ++*count;
}

/* opts: vec(canonopt). */
static void put_canon_options(struct buffer *b, const struct canon_options *options) {
  struct buffer items = new_buffer(b->context);
  uint32_t count = 0;
  if (options->has_encoding) {
    put_byte(&items, options->encoding);
    count++;
  }
  put_index_option(&items, &count, options->has_memory, 0x03, options->memory);
  put_index_option(&items, &count, options->has_realloc, 0x04, options->realloc);
  put_index_option(&items, &count, options->has_post_return, 0x05, options->post_return);
  if (options->is_async) {
    put_byte(&items, 0x06);
    count++;
  }
  put_index_option(&items, &count, options->has_callback, 0x07, options->callback);
  put_u32(b, count);
  put_bytes(b, buffer_bytes(&items));
}

uint32_t emit_canon(struct encoder *e, const struct canon_definition *canon) {
  struct buffer *b = open_component_item(e, SECTION_CANON);
  switch (canon->kind) {
  case CANON_LIFT:
    put_raw(b, "\x00\x00", 2);
    put_u32(b, canon->function);
    put_canon_options(b, &canon->options);
    put_u32(b, canon->type);
    return e->counts[SORT_FUNC]++;
  case CANON_LOWER:
    put_raw(b, "\x01\x00", 2);
    put_u32(b, canon->function);
    put_canon_options(b, &canon->options);
    break;
  case CANON_RESOURCE_NEW:
    put_byte(b, 0x02);
    put_u32(b, canon->type);
    break;
  case CANON_RESOURCE_DROP:
    put_byte(b, 0x03);
    put_u32(b, canon->type);
    break;
  case CANON_RESOURCE_REP:
    put_byte(b, 0x04);
    put_u32(b, canon->type);
    break;
  default:
    assert(canon->kind == CANON_KIND_COUNT); /* nothing else is ever written */
  }
  return e->counts[SORT_CORE_FUNC]++;
}

void add_custom(struct encoder *e, struct bytes name, struct bytes content) {
  assert(e->kind == ENCODE_COMPONENT);
  close_section(e);
  struct buffer b = new_buffer(e->context);
  put_name(&b, name);
  put_bytes(&b, content);
  put_section(&e->done, SECTION_CUSTOM, &b);
}
