/* write.c -- a core module as bytes; the mirror of read.c, function by function.
 *
 * Everything is written in its shortest form: abbreviated reference types, no section without content, the element and
 * data segment forms that leave out what is the default.
 *
 * A module is measured before it is written. Bodies and data are most of it: the sizes of bodies follow from what has
 * been noted of them, so that they are rewritten on their way out and are nowhere in memory as a whole: in chunks, by
 * several threads, of which one writes what is made. The other sections are small, and are made when they are measured.
 *
 * Requires  a module with its indices in range.
 * Provides  measure_module, and put_core_module: bytes that read.c reads as the same module.
 * Spec      WebAssembly 3.0 core, "Binary Format"; the proposals threads, custom page sizes and stack switching.
 */
#include "base/parallel.h"
#include "wasm/rewrite.h"

#include <assert.h>
#include <string.h>

#define PREAMBLE_SIZE ((size_t)8)
#define CHUNK_SIZE ((size_t)256 << 10) /* bytes that are worth a thread's turn, and stay in a cache */

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

/* Sections. Each writes its content; or nothing where the module has none of it. */

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

struct coding {
  const struct module *module;
  uint32_t limits[INDEX_SPACE_COUNT];
  struct bytes *codes; /* of each defined function; null, with its size: it is rewritten on its way out */
};

enum {
#define SECTION(id, name) AT_##name,
#include "wasm/sections.def"
#undef SECTION
  SECTION_COUNT
};

/* What a module is written as. */
struct layout {
  struct coding coding;
  struct bytes contents[SECTION_COUNT]; /* of the code and data sections: what comes before their items */
  size_t sizes[SECTION_COUNT];          /* of the contents, with all items */
  size_t size;
};

static struct index_maps maps_of(const struct coding *coding, const struct core_function *f) {
  struct index_maps maps = f->source->maps;
  maps.limits = coding->limits;
  return maps;
}

/* Of most bodies the size is known before they are rewritten; the others are rewritten here. */
static struct bytes code_of(struct context *c, const struct coding *coding, const struct core_function *f) {
  if (!f->source)
    return f->body;
  const struct index_maps maps = maps_of(coding, f);
  const size_t size = rewritten_size(f->source->module, &maps, f->number);
  if (size)
    return (struct bytes){NULL, size};
  struct buffer rewritten = new_buffer(c);
  rewrite_function(c, f->source->module, &maps, f->number, &rewritten);
  return buffer_bytes(&rewritten);
}

static void measure_codes(struct context *c, void *argument, struct share *share) {
  struct coding *coding = argument;
  for (uint32_t i, end; take_items(share, &i, &end);)
    for (; i < end; i++)
      coding->codes[i] = code_of(c, coding, &coding->module->functions.items[i]);
}

static size_t size_of_code(const struct coding *coding, uint32_t function) {
  const size_t size = coding->codes[function].size;
  return leb128_size(size) + size;
}

/* code ::= size:u32 func. Rewrites the body to where its place is, which has as much room as it was measured to need.
 */
static void put_code(struct context *c, const struct coding *coding, uint32_t function, uint8_t *to) {
  const struct core_function *f = &coding->module->functions.items[function];
  const struct bytes code = coding->codes[function];
  const size_t size = size_of_code(coding, function);
  struct buffer b = {.context = c, .data = to, .capacity = size + LEB128_LIMIT};
  put_size(&b, code.size);
  if (code.at) {
    put_bytes(&b, code);
  } else {
    const struct index_maps maps = maps_of(coding, f);
    rewrite_function(c, f->source->module, &maps, f->number, &b);
  }
  if (b.data != to || b.size != size)
    fail(c, FAILURE_SYSTEM, NO_OFFSET, "the input was changed while it was fused");
}

static const uint8_t empty_code[] = {0x00, 0x0b};

/* Of an outline: as many bodies, without locals and instructions. */
static void measure_empty_codes(struct coding *coding) {
  for (uint32_t i = 0; i < coding->module->functions.count; i++)
    coding->codes[i] = (struct bytes){empty_code, sizeof empty_code};
}

static size_t measure_code(struct context *c, const struct module *m, struct coding *coding,
                           void (*before)(struct context *, void *), void *argument) {
  *coding = (struct coding){.module = m, .codes = ALLOCATE(c, struct bytes, m->functions.count)};
  count_code_spaces(m, coding->limits);
  if (m->is_outline)
    measure_empty_codes(coding);
  else
    run_parallel_beside(c, m->functions.count, size_of_bodies(m), measure_codes, coding, before, argument);
  size_t size = 0;
  for (uint32_t i = 0; i < m->functions.count; i++)
    size += size_of_code(coding, i);
  return size;
}

/* codesec ::= list(code), up to the first */
static void put_code_section(struct buffer *b, const struct module *m) { put_list_count(b, m->functions.count); }

static struct bytes content_in(const struct module *m, struct bytes content) {
  return m->is_outline ? (struct bytes){0} : content;
}

/* data ::= 0x00 expr list(byte) | 0x01 list(byte) | 0x02 memidx expr list(byte), up to the bytes themselves */
static void put_data_start(struct buffer *b, const struct module *m, const struct core_data *data) {
  assert(data->mode != SEGMENT_DECLARED);
  const bool is_active = data->mode == SEGMENT_ACTIVE;
  put_u32(b, !is_active ? 1 : data->memory ? 2 : 0);
  if (is_active && data->memory)
    put_u32(b, data->memory);
  if (is_active)
    put_bytes(b, data->offset);
  put_size(b, content_in(m, data->content).size);
}

/* The bytes of all of it. */
static size_t size_of_data(const struct module *m, const struct core_data *data) {
  const size_t content = content_in(m, data->content).size, size = 1 + leb128_size(content) + content;
  if (data->mode != SEGMENT_ACTIVE)
    return size;
  return size + (data->memory ? leb128_size(data->memory) : 0) + data->offset.size;
}

static size_t measure_data(const struct module *m) {
  size_t size = 0;
  for (uint32_t i = 0; i < m->datas.count; i++)
    size += size_of_data(m, &m->datas.items[i]);
  return size;
}

/* datasec ::= list(data), up to the first */
static void put_data_section(struct buffer *b, const struct module *m) { put_list_count(b, m->datas.count); }

/* The module. */

struct section {
  uint8_t id;
  void (*put)(struct buffer *b, const struct module *m);
};

static const struct section sections[SECTION_COUNT] = {
#define SECTION(id, name) [AT_##name] = {id, put_##name##_section},
#include "wasm/sections.def"
#undef SECTION
};

static size_t section_size(size_t content_size) { return 1 + leb128_size(content_size) + content_size; }

static size_t custom_size(const struct module *m, const struct core_custom *custom) {
  return leb128_size(custom->name.size) + custom->name.size + content_in(m, custom->content).size;
}

/* Of the code and data sections, without their items. */
static void measure_section(struct context *c, const struct module *m, uint32_t at, struct layout *layout) {
  struct buffer content = new_buffer(c);
  sections[at].put(&content, m);
  layout->contents[at] = buffer_bytes(&content);
  layout->sizes[at] = content.size;
}

void measure_module(struct context *context, struct module *module, void (*before)(struct context *, void *),
                    void *argument) {
  struct layout *layout = ALLOCATE(context, struct layout, 1);
  layout->size = PREAMBLE_SIZE;
  for (uint32_t at = 0; at < SECTION_COUNT; at++)
    measure_section(context, module, at, layout);
  layout->sizes[AT_code] += measure_code(context, module, &layout->coding, before, argument);
  layout->sizes[AT_data] += measure_data(module);
  for (uint32_t at = 0; at < SECTION_COUNT; at++) {
    if (layout->sizes[at])
      layout->size += section_size(layout->sizes[at]);
  }
  for (uint32_t i = 0; i < module->customs.count; i++)
    layout->size += section_size(custom_size(module, &module->customs.items[i]));
  module->layout = layout;
}

size_t module_size(const struct module *module) { return module->layout->size; }

size_t code_size(const struct module *module, uint32_t function) { return module->layout->coding.codes[function].size; }

/* Where chunks are made, one after the other. */
struct slot {
  uint8_t *data;
  size_t capacity;
  struct bytes made, rest; /* of the chunk */
};

/* A piece of the output: some of the functions or data segments, or bytes that are there already. */
struct chunk {
  void (*make)(struct context *c, const struct module *m, const struct chunk *chunk, struct slot *slot); /* or null */
  uint32_t first, count;
  size_t size; /* of what is made, in bytes */
  struct bytes bytes;
};

struct writing {
  struct buffer *out;
  const struct module *module;
  VEC(struct chunk) chunks;
  struct slot slots[IN_ORDER_SLOTS];
};

/* Room for what a chunk is made of, with that for one number more. */
static struct buffer room_in(struct context *c, struct slot *slot, size_t size) {
  if (slot->capacity < size + LEB128_LIMIT) {
    slot->capacity = (size < CHUNK_SIZE ? CHUNK_SIZE : size) + LEB128_LIMIT;
    slot->data = ALLOCATE(c, uint8_t, slot->capacity);
  }
  return (struct buffer){.context = c, .data = slot->data, .capacity = slot->capacity};
}

static void make_codes(struct context *c, const struct module *m, const struct chunk *chunk, struct slot *slot) {
  const struct coding *const coding = &m->layout->coding;
  struct buffer b = room_in(c, slot, chunk->size);
  for (uint32_t i = 0; i < chunk->count; i++) {
    put_code(c, coding, chunk->first + i, b.data + b.size);
    b.size += size_of_code(coding, chunk->first + i);
  }
  slot->made = buffer_bytes(&b);
  slot->rest = (struct bytes){0};
}

/* The content of the last segment stays where it is: if there are others, it is small. */
static void make_datas(struct context *c, const struct module *m, const struct chunk *chunk, struct slot *slot) {
  const struct core_data *const datas = &m->datas.items[chunk->first], *const last = &datas[chunk->count - 1];
  const struct bytes rest = content_in(m, last->content);
  struct buffer b = room_in(c, slot, chunk->size - rest.size);
  for (const struct core_data *data = datas; data <= last; data++) {
    put_data_start(&b, m, data);
    if (data != last)
      put_bytes(&b, content_in(m, data->content));
  }
  slot->made = buffer_bytes(&b);
  slot->rest = rest;
}

static void make_chunk(struct context *c, void *argument, uint32_t item, uint32_t number) {
  struct writing *const w = argument;
  const struct chunk *const chunk = &w->chunks.items[item];
  if (chunk->make)
    chunk->make(c, w->module, chunk, &w->slots[number]);
}

static void take_chunk(struct context *c, void *argument, uint32_t item, uint32_t number) {
  struct writing *const w = argument;
  const struct chunk *const chunk = &w->chunks.items[item];
  const struct slot *const slot = &w->slots[number];
  (void)c;
  put_bytes(w->out, chunk->make ? slot->made : chunk->bytes);
  if (chunk->make)
    put_bytes(w->out, slot->rest);
}

static void add_bytes(struct writing *w, struct bytes bytes) {
  if (bytes.size)
    VEC_ADD(w->out->context, &w->chunks, ((struct chunk){.bytes = bytes}));
}

/* section ::= id size:u32 content, up to the content */
static void add_section_start(struct writing *w, uint8_t id, size_t size) {
  struct buffer start = new_buffer(w->out->context);
  put_byte(&start, id);
  put_size(&start, size);
  add_bytes(w, buffer_bytes(&start));
}

/* customsec ::= name byte* */
static void add_custom_sections(struct writing *w, uint8_t after) {
  const struct module *const m = w->module;
  for (uint32_t i = 0; i < m->customs.count; i++) {
    const struct core_custom *custom = &m->customs.items[i];
    if (custom->after != after)
      continue;
    struct buffer name = new_buffer(w->out->context);
    put_name(&name, custom->name);
    add_section_start(w, 0, custom_size(m, custom));
    add_bytes(w, buffer_bytes(&name));
    add_bytes(w, content_in(m, custom->content));
  }
}

static size_t code_item(const struct module *m, uint32_t function) {
  return size_of_code(&m->layout->coding, function);
}

static size_t data_item(const struct module *m, uint32_t data) { return size_of_data(m, &m->datas.items[data]); }

/* As many items as fit into a chunk, or one that is larger, for each. */
static void add_chunks(struct writing *w, struct chunk chunk, uint32_t count,
                       size_t (*size_of)(const struct module *, uint32_t)) {
  for (uint32_t i = 0; i < count; i++) {
    const size_t size = size_of(w->module, i);
    if (chunk.count && chunk.size + size > CHUNK_SIZE) {
      VEC_ADD(w->out->context, &w->chunks, chunk);
      chunk.first = i;
      chunk.size = chunk.count = 0;
    }
    chunk.size += size;
    chunk.count++;
  }
  if (chunk.count)
    VEC_ADD(w->out->context, &w->chunks, chunk);
}

/* A section without content is left out. */
static void add_section(struct writing *w, uint32_t at) {
  const struct layout *const layout = w->module->layout;
  if (layout->sizes[at] == 0)
    return;
  add_section_start(w, sections[at].id, layout->sizes[at]);
  add_bytes(w, layout->contents[at]);
  if (at == AT_code)
    add_chunks(w, (struct chunk){.make = make_codes}, w->module->functions.count, code_item);
  if (at == AT_data)
    add_chunks(w, (struct chunk){.make = make_datas}, w->module->datas.count, data_item);
}

/* module ::= magic version section* */
void put_core_module(struct buffer *b, const struct module *m) {
  const size_t start = bytes_written(b);
  struct writing w = {.out = b, .module = m};
  add_bytes(&w, (struct bytes){(const uint8_t *)"\0asm\1\0\0\0", PREAMBLE_SIZE});
  add_custom_sections(&w, 0);
  for (uint32_t at = 0; at < SECTION_COUNT; at++) {
    add_section(&w, at);
    add_custom_sections(&w, sections[at].id);
  }
  run_parallel_in_order(b->context, &(struct in_order){w.chunks.count, m->layout->size, make_chunk, take_chunk, &w});
  assert(bytes_written(b) == start + m->layout->size);
}

struct bytes write_module(struct context *context, const struct module *module) {
  struct module measured = *module;
  struct buffer out = new_buffer(context);
  measure_module(context, &measured, NULL, NULL);
  reserve(&out, module_size(&measured));
  put_core_module(&out, &measured);
  return buffer_bytes(&out);
}

struct module *outline_of(struct context *context, const struct module *module) {
  struct module *outline = ALLOCATE(context, struct module, 1);
  *outline = *module;
  outline->is_outline = true;
  measure_module(context, outline, NULL, NULL);
  return outline;
}
