/* write.c -- a core module as bytes; the mirror of read.c, function by function.
 *
 * Everything is written in its shortest form: abbreviated reference types, no section without content, the element and
 * data segment forms that leave out what is the default. A section is written where it stays, and its size is put in
 * front when it is known.
 *
 * Requires  a module with its indices in range.
 * Provides  bytes that read.c reads as the same module.
 * Spec      WebAssembly 3.0 core, "Binary Format"; the proposals threads, custom page sizes and stack switching.
 */
#include "wasm/rewrite.h"

#include <assert.h>
#include <string.h>

#define LEB128_U32_LIMIT 5               /* bytes of a u32 */
#define SMALL_SECTIONS ((size_t)1 << 16) /* bytes to begin with, for all but code, data and custom sections */
#define CODE_SECTION 10
#define DATA_SECTION 11

/* Types. */

/* heaptype ::= absheaptype | x:s33 (if x >= 0) | 0x65 absheaptype (shared) | 0x62 x:typeidx (exact) */
void put_core_heaptype(struct buffer *b, struct core_valtype type) {
  if (type.exact) {
    put_byte(b, 0x62);
    put_u32(b, (uint32_t)type.heap);
    return;
  }
  if (type.shared)
    put_byte(b, 0x65);
  put_s33(b, type.heap);
}

/* valtype ::= numtype | vectype | reftype
 * reftype ::= 0x63 heaptype | 0x64 heaptype | absheaptype | 0x65 absheaptype */
void put_core_valtype(struct buffer *b, struct core_valtype type) {
  const bool is_reference = type.code == CORE_REF || type.code == CORE_REF_NULL;
  const bool is_abbreviated = type.code == CORE_REF_NULL && type.heap < 0;
  if (!is_abbreviated)
    put_byte(b, type.code);
  if (is_reference)
    put_core_heaptype(b, type);
}

/* resulttype ::= list(valtype) */
static void put_resulttype(struct buffer *b, const struct core_valtype *types, uint32_t count) {
  put_u32(b, count);
  for (uint32_t i = 0; i < count; i++)
    put_core_valtype(b, types[i]);
}

/* fieldtype ::= storagetype mut */
static void put_fields(struct buffer *b, const struct core_type *type) {
  for (uint32_t i = 0; i < type->field_count; i++) {
    put_core_valtype(b, type->fields[i].type);
    put_byte(b, type->fields[i].is_mutable);
  }
}

/* comptype ::= 0x60 resulttype resulttype | 0x5f list(fieldtype) | 0x5e fieldtype | 0x5d heaptype | 0x65 comptype */
static void put_composite(struct buffer *b, const struct core_type *type) {
  if (type->is_shared)
    put_byte(b, 0x65);
  put_byte(b, (uint8_t)type->composite);
  switch (type->composite) {
  case COMPOSITE_FUNC:
    put_resulttype(b, type->func.params, type->func.param_count);
    put_resulttype(b, type->func.results, type->func.result_count);
    return;
  case COMPOSITE_STRUCT:
    put_u32(b, type->field_count);
    put_fields(b, type);
    return;
  case COMPOSITE_ARRAY:
    assert(type->field_count == 1);
    put_fields(b, type);
    return;
  case COMPOSITE_CONT:
    assert(type->field_count == 1);
    put_core_heaptype(b, type->fields[0].type);
    return;
  }
}

/* subtype ::= 0x50 list(typeidx) comptype | 0x4f list(typeidx) comptype | comptype */
static void put_subtype(struct buffer *b, const struct core_type *type) {
  if (!type->is_final || type->supertype_count) {
    put_byte(b, type->is_final ? 0x4f : 0x50);
    put_u32(b, type->supertype_count);
    for (uint32_t i = 0; i < type->supertype_count; i++)
      put_u32(b, type->supertypes[i]);
  }
  put_composite(b, type);
}

/* rectype ::= 0x4e list(subtype) | subtype */
void put_core_rectype(struct buffer *b, const struct core_type *first) {
  if (first->is_group || first->group_size != 1) {
    put_byte(b, 0x4e);
    put_u32(b, first->group_size);
  }
  for (uint32_t i = 0; i < first->group_size; i++)
    put_subtype(b, &first[i]);
}

/* limits ::= flags:byte min:u64 max:u64? page_size:u32? */
static void put_limits(struct buffer *b, const struct core_limits *limits) {
  put_byte(b, (uint8_t)((limits->has_maximum ? 1 : 0) | (limits->is_shared ? 2 : 0) | (limits->is_64 ? 4 : 0) |
                        (limits->has_page_size ? 8 : 0)));
  put_u64(b, limits->minimum);
  if (limits->has_maximum)
    put_u64(b, limits->maximum);
  if (limits->has_page_size)
    put_u32(b, limits->page_size_log2);
}

/* tabletype ::= reftype limits */
static void put_tabletype(struct buffer *b, const struct core_table_type *type) {
  put_core_valtype(b, type->element);
  put_limits(b, &type->limits);
}

/* globaltype ::= valtype mut */
static void put_globaltype(struct buffer *b, const struct core_global_type *type) {
  put_core_valtype(b, type->type);
  put_byte(b, (uint8_t)((type->is_mutable ? 1 : 0) | (type->is_shared ? 2 : 0)));
}

/* tagtype ::= 0x00 typeidx */
static void put_tagtype(struct buffer *b, uint32_t type) {
  put_byte(b, 0);
  put_u32(b, type);
}

/* externtype ::= 0x00 typeidx | 0x20 typeidx (exact) | 0x01 tabletype | 0x02 memtype | 0x03 globaltype
 *              | 0x04 tagtype */
void put_core_extern(struct buffer *b, const struct core_extern *type) {
  put_byte(b, type->exact ? 0x20 : (uint8_t)type->kind);
  switch (type->kind) {
  case CORE_FUNC:
    put_u32(b, type->type);
    return;
  case CORE_TABLE:
    put_tabletype(b, &type->table);
    return;
  case CORE_MEMORY:
    put_limits(b, &type->memory);
    return;
  case CORE_GLOBAL:
    put_globaltype(b, &type->global);
    return;
  case CORE_TAG:
    put_tagtype(b, type->type);
    return;
  case CORE_KIND_COUNT:
    break;
  }
  assert(false && "a kind of import");
}

/* Sections. Each writes its content, or nothing where the module has none of it. */

static void put_list_count(struct buffer *b, uint32_t count) {
  if (count)
    put_u32(b, count);
}

/* typesec ::= list(rectype) */
static void put_type_section(struct buffer *b, const struct module *m) {
  uint32_t groups = 0;
  for (uint32_t i = 0; i < m->types.count; i += m->types.items[i].group_size)
    groups++;
  put_list_count(b, groups);
  for (uint32_t i = 0; i < m->types.count; i += m->types.items[i].group_size)
    put_core_rectype(b, &m->types.items[i]);
}

/* importsec ::= list(import) */
static void put_import_section(struct buffer *b, const struct module *m) {
  put_list_count(b, m->imports.count);
  for (uint32_t i = 0; i < m->imports.count; i++) {
    put_name(b, m->imports.items[i].module);
    put_name(b, m->imports.items[i].name);
    put_core_extern(b, &m->imports.items[i].type);
  }
}

/* funcsec ::= list(typeidx) */
static void put_function_section(struct buffer *b, const struct module *m) {
  put_list_count(b, m->functions.count);
  for (uint32_t i = 0; i < m->functions.count; i++)
    put_u32(b, m->functions.items[i].type);
}

/* tablesec ::= list(table)      table ::= tabletype | 0x40 0x00 tabletype expr */
static void put_table_section(struct buffer *b, const struct module *m) {
  put_list_count(b, m->tables.count);
  for (uint32_t i = 0; i < m->tables.count; i++) {
    const struct core_table *table = &m->tables.items[i];
    if (table->init.size)
      put_raw(b, "\x40\x00", 2);
    put_tabletype(b, &table->type);
    put_bytes(b, table->init);
  }
}

/* memsec ::= list(mem) */
static void put_memory_section(struct buffer *b, const struct module *m) {
  put_list_count(b, m->memories.count);
  for (uint32_t i = 0; i < m->memories.count; i++)
    put_limits(b, &m->memories.items[i]);
}

/* tagsec ::= list(tag) */
static void put_tag_section(struct buffer *b, const struct module *m) {
  put_list_count(b, m->tags.count);
  for (uint32_t i = 0; i < m->tags.count; i++)
    put_tagtype(b, m->tags.items[i]);
}

/* globalsec ::= list(global)      global ::= globaltype expr */
static void put_global_section(struct buffer *b, const struct module *m) {
  put_list_count(b, m->globals.count);
  for (uint32_t i = 0; i < m->globals.count; i++) {
    put_globaltype(b, &m->globals.items[i].type);
    put_bytes(b, m->globals.items[i].init);
  }
}

/* exportsec ::= list(export)      export ::= name externidx */
static void put_export_section(struct buffer *b, const struct module *m) {
  put_list_count(b, m->exports.count);
  for (uint32_t i = 0; i < m->exports.count; i++) {
    put_name(b, m->exports.items[i].name);
    put_byte(b, (uint8_t)m->exports.items[i].kind);
    put_u32(b, m->exports.items[i].index);
  }
}

/* startsec ::= funcidx */
static void put_start_section(struct buffer *b, const struct module *m) {
  if (m->start != NO_INDEX)
    put_u32(b, m->start);
}

static bool is_func_heap(struct core_valtype type) { return type.heap == HEAP_FUNC && !type.shared && !type.exact; }

/* elem ::= flags:u32 (tableidx)? (expr)? (elemkind | reftype)? (list(funcidx) | list(expr)) */
static void put_element(struct buffer *b, const struct core_element *element) {
  const bool has_functions = element->functions || (!element->expressions && is_func_heap(element->type));
  const bool is_active = element->mode == SEGMENT_ACTIVE;
  /* The forms without a table index and type are those of table 0, with functions or with (ref null func). */
  const bool is_default_type = has_functions || (element->type.code == CORE_REF_NULL && is_func_heap(element->type));
  const bool is_short = is_active && element->table == 0 && is_default_type;
  uint32_t flags = has_functions ? 0 : 4;
  if (!is_short)
    flags |= is_active ? 2 : element->mode == SEGMENT_PASSIVE ? 1 : 3;
  put_u32(b, flags);
  if (is_active && !is_short)
    put_u32(b, element->table);
  if (is_active)
    put_bytes(b, element->offset);
  if (!is_short && has_functions)
    put_byte(b, 0);
  else if (!is_short)
    put_core_valtype(b, element->type);
  put_u32(b, element->count);
  for (uint32_t i = 0; i < element->count; i++) {
    if (has_functions)
      put_u32(b, element->functions[i]);
    else
      put_bytes(b, element->expressions[i]);
  }
}

/* elemsec ::= list(elem) */
static void put_element_section(struct buffer *b, const struct module *m) {
  put_list_count(b, m->elements.count);
  for (uint32_t i = 0; i < m->elements.count; i++)
    put_element(b, &m->elements.items[i]);
}

/* datacntsec ::= u32 */
static void put_data_count_section(struct buffer *b, const struct module *m) {
  if (m->has_data_count)
    put_u32(b, m->datas.count);
}

/* codesec ::= list(code)      code ::= size:u32 func
 *
 * A body in the indices of another module is rewritten on its way out, so that it is never in memory twice. */
static void put_code_section(struct buffer *b, const struct module *m) {
  struct buffer rewritten = new_buffer(b->context);
  uint32_t limits[INDEX_SPACE_COUNT];
  count_code_spaces(m, limits);
  put_list_count(b, m->functions.count);
  for (uint32_t i = 0; i < m->functions.count; i++) {
    const struct core_function *f = &m->functions.items[i];
    if (!f->source) {
      put_name(b, f->body);
      continue;
    }
    struct index_maps maps = f->source->maps;
    maps.limits = limits;
    rewritten.size = 0;
    rewrite_function(b->context, f->source->module, &maps, f->number, &rewritten);
    put_sized(b, &rewritten);
  }
}

/* data ::= 0x00 expr list(byte) | 0x01 list(byte) | 0x02 memidx expr list(byte) */
static void put_data(struct buffer *b, const struct core_data *data) {
  assert(data->mode != SEGMENT_DECLARED);
  const bool is_active = data->mode == SEGMENT_ACTIVE;
  put_u32(b, !is_active ? 1 : data->memory ? 2 : 0);
  if (is_active && data->memory)
    put_u32(b, data->memory);
  if (is_active)
    put_bytes(b, data->offset);
  put_name(b, data->content);
}

/* datasec ::= list(data) */
static void put_data_section(struct buffer *b, const struct module *m) {
  size_t size = LEB128_U32_LIMIT;
  for (uint32_t i = 0; i < m->datas.count; i++)
    size += 1 + 2 * LEB128_U32_LIMIT + m->datas.items[i].offset.size + m->datas.items[i].content.size;
  if (m->datas.count)
    reserve(b, size);
  put_list_count(b, m->datas.count);
  for (uint32_t i = 0; i < m->datas.count; i++)
    put_data(b, &m->datas.items[i]);
}

/* customsec ::= name byte* */
static void put_custom_sections(struct buffer *b, const struct module *m, uint8_t after) {
  for (uint32_t i = 0; i < m->customs.count; i++) {
    const struct core_custom *custom = &m->customs.items[i];
    if (custom->after != after)
      continue;
    struct buffer name = new_buffer(b->context);
    put_name(&name, custom->name);
    put_byte(b, 0);
    put_size(b, name.size + custom->content.size);
    put_raw(b, name.data, name.size);
    put_bytes(b, custom->content);
  }
}

/* The module. */

struct section {
  uint8_t id;
  void (*put)(struct buffer *b, const struct module *m);
};

static const struct section sections[] = {
#define SECTION(id, name) {id, put_##name##_section},
#include "wasm/sections.def"
#undef SECTION
};

/* What most of a module consists of, about. */
static size_t size_of_code(const struct module *m) {
  size_t size = 0;
  for (uint32_t i = 0; i < m->functions.count; i++)
    size += m->functions.items[i].body.size + 2;
  return size;
}

static size_t size_of_data(const struct module *m) {
  size_t size = 0;
  for (uint32_t i = 0; i < m->datas.count; i++)
    size += m->datas.items[i].content.size + 8;
  for (uint32_t i = 0; i < m->customs.count; i++)
    size += m->customs.items[i].content.size + 32;
  return size;
}

/* section ::= id size:u32 content. The content is written where it stays, behind room for its size as it is expected to
 * be; only if that proves wrong it is moved. A section without content is left out. */
static void put_module_section(struct buffer *b, const struct section *section, const struct module *m,
                               size_t expected) {
  const size_t start = b->size, room = leb128_size(expected);
  put_raw(b, "\0\0\0\0\0\0\0\0\0\0\0", 1 + room);
  section->put(b, m);
  const size_t size = b->size - start - 1 - room;
  b->size = start;
  if (size == 0)
    return;
  const size_t moved = start + 1 + leb128_size(size);
  reserve(b, 1 + room + size + LEB128_U32_LIMIT);
  memmove(b->data + moved, b->data + start + 1 + room, size);
  put_byte(b, section->id);
  put_size(b, size);
  b->size = moved + size;
}

/* module ::= magic version section* */
struct bytes write_module(struct context *context, const struct module *module) {
  struct buffer out = new_buffer(context);
  const size_t code = size_of_code(module), data = size_of_data(module);
  reserve(&out, code + code / 16 + data + SMALL_SECTIONS);
  put_raw(&out, "\0asm\1\0\0\0", 8);
  put_custom_sections(&out, module, 0);
  for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
    const uint8_t id = sections[i].id;
    put_module_section(&out, &sections[i], module, id == CODE_SECTION ? code : id == DATA_SECTION ? data : 0);
    put_custom_sections(&out, module, id);
  }
  return buffer_bytes(&out);
}
