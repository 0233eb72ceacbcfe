/* read.c -- a core module from its bytes, in one pass and without copying.
 *
 * One function per production of the binary grammar, which is quoted above it; write.c mirrors them in names and order.
 * Names, bodies and segment contents stay borrowed from the input. Function bodies are taken as bytes: notes.c
 * looks into them.
 *
 * Requires  a whole module in memory.
 * Provides  struct module, of the right form, with every index outside of bodies in its space.
 * Spec      WebAssembly 3.0 core, "Binary Format"; the proposals threads, custom page sizes and stack switching.
 */
#include "base/map.h"
#include "wasm/limits.h"
#include "wasm/module.h"
#include "wasm/rewrite.h"

#include <string.h>

/* What the sections have to agree on among themselves. */
struct reading {
  struct module *module;
  struct map export_names;
  uint32_t bodies;     /* seen in the code section */
  uint32_t data_count; /* of the data count section */
};

/* A count that is within the limit of what it counts. */
static uint32_t read_limited(struct reader *r, size_t least, uint32_t limit, const char *field) {
  const uint8_t *start = r->at;
  const uint32_t count = read_count(r, least, field);
  if (count > limit) {
    r->at = start;
    fail_at(r, "%s is %u, more than the limit of %u", field, count, limit);
  }
  return count;
}

/* Types. */

static bool is_number_or_vector(uint8_t code) {
  return code == CORE_I32 || code == CORE_I64 || code == CORE_F32 || code == CORE_F64 || code == CORE_V128;
}

/* absheaptype ::= 0x68 (cont) | 0x69 (exn) | ... | 0x74 (noexn) | 0x75 (nocont) */
static bool is_abstract_heap(uint8_t code) { return code >= 0x68 && code <= 0x75; }

/* The s33 value that the single byte `code` encodes. */
static int64_t abstract_heap(uint8_t code) { return (int64_t)code - 0x80; }

/* heaptype ::= absheaptype | x:s33 (if x >= 0) | 0x65 absheaptype (shared) | 0x62 x:typeidx (exact) */
void read_core_heaptype(struct reader *r, struct core_valtype *into) {
  const uint8_t *start = r->at;
  uint8_t code = peek_byte(r, "the heap type");
  if (code == 0x62) {
    r->at++;
    into->exact = true;
    into->heap = read_u32(r, "the exact type index");
    return;
  }
  if (code == 0x65) {
    r->at++;
    into->shared = true;
    code = peek_byte(r, "the shared heap type");
  }
  if (is_abstract_heap(code)) {
    r->at++;
    into->heap = abstract_heap(code);
    return;
  }
  into->heap = into->shared ? -1 : read_s33(r, "the heap type");
  if (into->heap < 0 || into->heap > UINT32_MAX) {
    r->at = start;
    fail_at(r, "unknown heap type");
  }
}

/* valtype ::= numtype | vectype | reftype
 * reftype ::= 0x63 heaptype | 0x64 heaptype | absheaptype | 0x65 absheaptype */
struct core_valtype read_core_valtype(struct reader *r) {
  struct core_valtype type = {.code = peek_byte(r, "the value type")};
  if (is_number_or_vector(type.code)) {
    r->at++;
  } else if (type.code == CORE_REF || type.code == CORE_REF_NULL) {
    r->at++;
    read_core_heaptype(r, &type);
  } else if (is_abstract_heap(type.code) || type.code == 0x65) {
    type.code = CORE_REF_NULL;
    read_core_heaptype(r, &type);
  } else {
    fail_at(r, "unknown value type 0x%02x", type.code);
  }
  return type;
}

static struct core_valtype read_reftype(struct reader *r) {
  const uint8_t *start = r->at;
  const struct core_valtype type = read_core_valtype(r);
  if (type.code != CORE_REF && type.code != CORE_REF_NULL) {
    r->at = start;
    fail_at(r, "a reference type was expected, not value type 0x%02x", type.code);
  }
  return type;
}

/* resulttype ::= list(valtype) */
static const struct core_valtype *read_resulttype(struct reader *r, uint32_t *count, const char *field) {
  *count = read_limited(r, 1, PARAMETER_LIMIT, field);
  if (!*count)
    return NULL;
  struct core_valtype *types = ALLOCATE(r->context, struct core_valtype, *count);
  for (uint32_t i = 0; i < *count; i++)
    types[i] = read_core_valtype(r);
  return types;
}

static bool read_flag(struct reader *r, const char *field) {
  const uint8_t flag = peek_byte(r, field);
  if (flag > 1)
    fail_at(r, "%s is 0x%02x, neither 0 nor 1", field, flag);
  r->at++;
  return flag == 1;
}

/* fieldtype ::= storagetype mut      storagetype ::= valtype | 0x78 (i8) | 0x77 (i16) */
static struct core_field read_field(struct reader *r) {
  struct core_field field = {0};
  const uint8_t code = peek_byte(r, "the field type");
  if (code == CORE_I8 || code == CORE_I16) {
    r->at++;
    field.type.code = code;
  } else {
    field.type = read_core_valtype(r);
  }
  field.is_mutable = read_flag(r, "the mutability");
  return field;
}

static void read_fields(struct reader *r, struct core_type *type, uint32_t count) {
  struct core_field *fields = ALLOCATE(r->context, struct core_field, count);
  for (uint32_t i = 0; i < count; i++)
    fields[i] = read_field(r);
  type->fields = fields;
  type->field_count = count;
}

/* comptype ::= 0x60 resulttype resulttype | 0x5f list(fieldtype) | 0x5e fieldtype | 0x5d heaptype | 0x65 comptype */
static void read_composite(struct reader *r, struct core_type *type) {
  if (peek_byte(r, "the composite type") == 0x65) {
    r->at++;
    type->is_shared = true;
  }
  const uint8_t code = peek_byte(r, "the composite type");
  if (code < COMPOSITE_CONT || code > COMPOSITE_FUNC)
    fail_at(r, "unknown composite type 0x%02x", code);
  r->at++;
  type->composite = (enum core_composite)code;
  switch (type->composite) {
  case COMPOSITE_FUNC:
    type->func.params = read_resulttype(r, &type->func.param_count, "the number of parameters");
    type->func.results = read_resulttype(r, &type->func.result_count, "the number of results");
    return;
  case COMPOSITE_STRUCT:
    read_fields(r, type, read_limited(r, 2, FIELD_LIMIT, "the number of fields"));
    return;
  case COMPOSITE_ARRAY:
    read_fields(r, type, 1);
    return;
  case COMPOSITE_CONT: {
    struct core_field *function = ALLOCATE(r->context, struct core_field, 1);
    function->type.code = CORE_REF;
    read_core_heaptype(r, &function->type);
    type->fields = function;
    type->field_count = 1;
    return;
  }
  }
}

/* subtype ::= 0x50 list(typeidx) comptype | 0x4f list(typeidx) comptype | comptype */
static struct core_type read_subtype(struct reader *r) {
  struct core_type type = {.at = r->at, .is_final = true};
  const uint8_t code = peek_byte(r, "the type");
  if (code == 0x50 || code == 0x4f) {
    r->at++;
    type.is_final = code == 0x4f;
    const uint8_t *start = r->at;
    type.supertype_count = read_count(r, 1, "the number of supertypes");
    if (type.supertype_count > 1) {
      r->at = start;
      fail_at(r, "the type has %u supertypes, but may have one", type.supertype_count);
    }
    uint32_t *supertypes = ALLOCATE(r->context, uint32_t, type.supertype_count);
    for (uint32_t i = 0; i < type.supertype_count; i++)
      supertypes[i] = read_u32(r, "the supertype's index");
    type.supertypes = supertypes;
  }
  read_composite(r, &type);
  return type;
}

/* rectype ::= 0x4e list(subtype) | subtype */
void read_core_rectype(struct reader *r, struct module *into) {
  uint32_t count = 1;
  const bool is_group = peek_byte(r, "the type") == 0x4e;
  if (is_group) {
    r->at++;
    count = read_count(r, 2, "the number of types in the recursion group");
  }
  const uint32_t group = into->types.count;
  if (count > TYPE_LIMIT - group)
    fail_at(r, "there are more types than the limit of %u", TYPE_LIMIT);
  for (uint32_t i = 0; i < count; i++) {
    struct core_type type = read_subtype(r);
    type.is_group = is_group;
    type.group = group;
    type.group_size = count;
    VEC_ADD(r->context, &into->types, type);
  }
}

/* limits ::= flags:byte min:u64 max:u64? page_size:u32?      flags: 1 maximum, 2 shared, 4 64-bit, 8 page size */
static struct core_limits read_limits(struct reader *r, uint8_t allowed) {
  const uint8_t flags = peek_byte(r, "the limits");
  if (flags & ~allowed)
    fail_at(r, "unknown limits flags 0x%02x", flags);
  r->at++;
  struct core_limits limits = {.has_maximum = (flags & 1) != 0,
                               .is_shared = (flags & 2) != 0,
                               .is_64 = (flags & 4) != 0,
                               .has_page_size = (flags & 8) != 0};
  limits.minimum = read_u64(r, "the minimum");
  if (limits.has_maximum)
    limits.maximum = read_u64(r, "the maximum");
  if (limits.has_maximum && limits.maximum < limits.minimum)
    fail_at(r, "the maximum is less than the minimum");
  if (limits.has_page_size) {
    const uint32_t log2 = read_u32(r, "the page size");
    if (log2 != 0 && log2 != DEFAULT_PAGE_LOG2)
      fail_at(r, "the page size is 2^%u, neither 1 nor 2^%u", log2, DEFAULT_PAGE_LOG2);
    limits.page_size_log2 = (uint8_t)log2;
  }
  return limits;
}

static void check_range(struct reader *r, const uint8_t *start, const struct core_limits *limits, uint64_t most,
                        const char *what) {
  const uint64_t largest = limits->has_maximum ? limits->maximum : limits->minimum;
  if (largest <= most)
    return;
  r->at = start;
  fail_at(r, "the %s has a size of %llu, but may have %llu at most", what, (unsigned long long)largest,
          (unsigned long long)most);
}

/* memtype ::= limits      sizes in pages, of at most 2^32 or 2^64 bytes */
static struct core_limits read_memtype(struct reader *r) {
  const uint8_t *start = r->at;
  const struct core_limits limits = read_limits(r, 0x0f);
  const unsigned log2 = page_size_log2(&limits);
  const unsigned bits = (limits.is_64 ? 64 : 32) - log2;
  const uint64_t most = log2 == 0 ? UINT64_MAX >> (64 - bits) : (uint64_t)1 << bits;
  check_range(r, start, &limits, most, "memory");
  if (limits.is_shared && !limits.has_maximum) {
    r->at = start;
    fail_at(r, "a shared memory needs a maximum");
  }
  return limits;
}

/* tabletype ::= reftype limits */
static struct core_table_type read_tabletype(struct reader *r) {
  struct core_table_type type = {.element = read_reftype(r)};
  const uint8_t *start = r->at;
  type.limits = read_limits(r, 0x07);
  check_range(r, start, &type.limits, type.limits.is_64 ? UINT64_MAX : UINT32_MAX, "table");
  return type;
}

/* globaltype ::= valtype mut      mut: 1 var, 2 shared */
static struct core_global_type read_globaltype(struct reader *r) {
  struct core_global_type type = {.type = read_core_valtype(r)};
  const uint8_t flags = peek_byte(r, "the mutability");
  if (flags > 3)
    fail_at(r, "the mutability is 0x%02x, which is unknown", flags);
  r->at++;
  type.is_mutable = (flags & 1) != 0;
  type.is_shared = (flags & 2) != 0;
  return type;
}

/* tagtype ::= 0x00 typeidx */
static uint32_t read_tagtype(struct reader *r) {
  const uint8_t attribute = peek_byte(r, "the tag's attribute");
  if (attribute)
    fail_at(r, "the tag's attribute is 0x%02x, not 0", attribute);
  r->at++;
  return read_u32(r, "the tag's type index");
}

/* externtype ::= 0x00 typeidx | 0x20 typeidx (exact) | 0x01 tabletype | 0x02 memtype | 0x03 globaltype
 *              | 0x04 tagtype */
struct core_extern read_core_extern(struct reader *r) {
  struct core_extern type = {0};
  const uint8_t kind = peek_byte(r, "the kind of import");
  type.exact = kind == 0x20;
  if (kind >= CORE_KIND_COUNT && !type.exact)
    fail_at(r, "unknown kind of import 0x%02x", kind);
  r->at++;
  type.kind = type.exact ? CORE_FUNC : (enum core_kind)kind;
  switch (type.kind) {
  case CORE_FUNC:
    type.type = read_u32(r, "the function's type index");
    break;
  case CORE_TABLE:
    type.table = read_tabletype(r);
    break;
  case CORE_MEMORY:
    type.memory = read_memtype(r);
    break;
  case CORE_GLOBAL:
    type.global = read_globaltype(r);
    break;
  case CORE_TAG:
  default:
    type.type = read_tagtype(r);
    break;
  }
  return type;
}

/* import ::= name name externtype */
struct core_import read_core_import(struct reader *r) {
  struct core_import import = {0};
  import.module = read_name(r, "the import's module name");
  import.name = read_name(r, "the import's name");
  import.type = read_core_extern(r);
  return import;
}

/* Indices. */

static void check_index(struct reader *r, const char *what, uint32_t index, uint32_t count) {
  if (index >= count)
    fail_at(r, "%s index %u is out of range: there %s %u", what, index, count == 1 ? "is" : "are", count);
}

static void check_valtype(struct reader *r, const struct module *m, struct core_valtype type) {
  if (type.heap > 0 || (type.heap == 0 && (type.code == CORE_REF || type.code == CORE_REF_NULL)))
    check_index(r, "type", (uint32_t)type.heap, m->types.count);
}

/* What is shared holds only what is. */
static void check_shared(struct reader *r, const struct module *m, struct core_valtype type, const char *what) {
  if (type.code != CORE_REF && type.code != CORE_REF_NULL)
    return;
  if (type.heap < 0 ? !type.shared : !m->types.items[type.heap].is_shared)
    fail_at(r, "a shared %s needs a shared type", what);
}

static void check_table_type(struct reader *r, const struct module *m, const struct core_table_type *type) {
  check_valtype(r, m, type->element);
  if (type->limits.is_shared)
    check_shared(r, m, type->element, "table");
}

static void check_global_type(struct reader *r, const struct module *m, const struct core_global_type *type) {
  check_valtype(r, m, type->type);
  if (type->is_shared)
    check_shared(r, m, type->type, "global");
}

static void check_functype(struct reader *r, const struct module *m, uint32_t type) {
  check_index(r, "type", type, m->types.count);
  if (m->types.items[type].composite != COMPOSITE_FUNC)
    fail_at(r, "type %u is not a function type", type);
}

static void check_extern(struct reader *r, const struct module *m, const struct core_extern *type) {
  if (type->kind == CORE_FUNC || type->kind == CORE_TAG)
    check_functype(r, m, type->type);
  else if (type->kind == CORE_TABLE)
    check_table_type(r, m, &type->table);
  else if (type->kind == CORE_GLOBAL)
    check_global_type(r, m, &type->global);
}

/* Fails if a space would get more items than `limit` through `count` more of them. */
static void check_space(struct reader *r, const struct module *m, enum core_kind kind, uint32_t count, uint32_t limit,
                        const char *what) {
  if (count > limit - item_count(m, kind))
    fail_at(r, "there are more %s than the limit of %u", what, limit);
}

static void check_item(struct reader *r, const struct module *m, enum core_kind kind, uint32_t index) {
  static const char *const names[] = {"function", "table", "memory", "global", "tag"};
  check_index(r, names[kind], index, item_count(m, kind));
}

/* A type refers to types up to the end of its group, and to a supertype before itself. */
static void check_type(struct reader *r, const struct module *m, uint32_t index) {
  const struct core_type *type = &m->types.items[index];
  for (uint32_t i = 0; i < type->supertype_count; i++)
    check_index(r, "supertype", type->supertypes[i], index);
  for (uint32_t i = 0; i < type->func.param_count; i++)
    check_valtype(r, m, type->func.params[i]);
  for (uint32_t i = 0; i < type->func.result_count; i++)
    check_valtype(r, m, type->func.results[i]);
  for (uint32_t i = 0; i < type->field_count; i++)
    check_valtype(r, m, type->fields[i].type);
}

/* Sections. */

/* typesec ::= list(rectype) */
static void read_type_section(struct reader *r, struct reading *reading) {
  struct module *m = reading->module;
  const uint32_t count = read_count(r, 2, "the number of types");
  VEC_RESERVE(r->context, &m->types, count < TYPE_LIMIT ? count : TYPE_LIMIT);
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t first = m->types.count;
    read_core_rectype(r, m);
    for (uint32_t index = first; index < m->types.count; index++)
      check_type(r, m, index);
  }
}

/* importsec ::= list(import) */
static void read_import_section(struct reader *r, struct reading *reading) {
  static const struct {
    uint32_t limit;
    const char *what;
  } spaces[] = {{ITEM_LIMIT, "functions"},
                {TABLE_LIMIT, "tables"},
                {MEMORY_LIMIT, "memories"},
                {ITEM_LIMIT, "globals"},
                {ITEM_LIMIT, "tags"}};
  struct module *m = reading->module;
  const uint32_t count = read_limited(r, 4, ITEM_LIMIT, "the number of imports");
  for (uint32_t i = 0; i < count; i++) {
    const struct core_import import = read_core_import(r);
    const enum core_kind kind = import.type.kind;
    check_extern(r, m, &import.type);
    check_space(r, m, kind, 1, spaces[kind].limit, spaces[kind].what);
    add_import(r->context, m, import);
  }
}

/* funcsec ::= list(typeidx) */
static void read_function_section(struct reader *r, struct reading *reading) {
  struct module *m = reading->module;
  const uint32_t count = read_count(r, 1, "the number of functions");
  check_space(r, m, CORE_FUNC, count, ITEM_LIMIT, "functions");
  struct core_function *functions = VEC_EXTEND(r->context, &m->functions, count);
  for (uint32_t i = 0; i < count; i++) {
    functions[i].type = read_u32(r, "the function's type index");
    check_functype(r, m, functions[i].type);
  }
}

/* table ::= tabletype | 0x40 0x00 tabletype expr */
static struct core_table read_table(struct reader *r, const struct module *m) {
  struct core_table table = {0};
  const bool has_init = peek_byte(r, "the table") == 0x40;
  if (has_init) {
    r->at++;
    if (read_byte(r, "the table's reserved byte"))
      fail_at(r, "the reserved byte of the table is not 0");
  }
  table.type = read_tabletype(r);
  check_table_type(r, m, &table.type);
  if (has_init)
    table.init = read_expression(r, m);
  else if (table.type.element.code == CORE_REF)
    fail_at(r, "a table of references that can't be null needs an initial value");
  return table;
}

/* tablesec ::= list(table) */
static void read_table_section(struct reader *r, struct reading *reading) {
  const uint32_t count = read_count(r, 3, "the number of tables");
  check_space(r, reading->module, CORE_TABLE, count, TABLE_LIMIT, "tables");
  for (uint32_t i = 0; i < count; i++) {
    const struct core_table table = read_table(r, reading->module);
    VEC_ADD(r->context, &reading->module->tables, table);
  }
}

/* memsec ::= list(mem) */
static void read_memory_section(struct reader *r, struct reading *reading) {
  const uint32_t count = read_count(r, 2, "the number of memories");
  check_space(r, reading->module, CORE_MEMORY, count, MEMORY_LIMIT, "memories");
  for (uint32_t i = 0; i < count; i++)
    VEC_ADD(r->context, &reading->module->memories, read_memtype(r));
}

/* tagsec ::= list(tag) */
static void read_tag_section(struct reader *r, struct reading *reading) {
  const uint32_t count = read_count(r, 2, "the number of tags");
  check_space(r, reading->module, CORE_TAG, count, ITEM_LIMIT, "tags");
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t type = read_tagtype(r);
    check_functype(r, reading->module, type);
    VEC_ADD(r->context, &reading->module->tags, type);
  }
}

/* globalsec ::= list(global)      global ::= globaltype expr */
static void read_global_section(struct reader *r, struct reading *reading) {
  struct module *m = reading->module;
  const uint32_t count = read_count(r, 3, "the number of globals");
  check_space(r, m, CORE_GLOBAL, count, ITEM_LIMIT, "globals");
  for (uint32_t i = 0; i < count; i++) {
    struct core_global global = {.type = read_globaltype(r)};
    check_global_type(r, m, &global.type);
    global.init = read_expression(r, m);
    VEC_ADD(r->context, &m->globals, global);
  }
}

/* exportsec ::= list(export)      export ::= name externidx */
static void read_export_section(struct reader *r, struct reading *reading) {
  struct module *m = reading->module;
  const uint32_t count = read_limited(r, 3, ITEM_LIMIT, "the number of exports");
  VEC_RESERVE(r->context, &m->exports, count);
  for (uint32_t i = 0; i < count; i++) {
    const struct bytes name = read_name(r, "the export's name");
    if (map_add(r->context, &reading->export_names, name, i) != i)
      fail_at(r, "there are two exports named \"%.*s\"", SHOW(name));
    const uint8_t kind = peek_byte(r, "the kind of export");
    if (kind >= CORE_KIND_COUNT)
      fail_at(r, "unknown kind of export 0x%02x", kind);
    r->at++;
    const uint32_t index = read_u32(r, "the export's index");
    check_item(r, m, (enum core_kind)kind, index);
    add_export(r->context, m, name, (enum core_kind)kind, index);
  }
}

/* startsec ::= funcidx */
static void read_start_section(struct reader *r, struct reading *reading) {
  struct module *m = reading->module;
  m->start = read_u32(r, "the start function's index");
  check_item(r, m, CORE_FUNC, m->start);
  const struct core_functype *type = &m->types.items[item_type(m, CORE_FUNC, m->start).type].func;
  if (type->param_count || type->result_count)
    fail_at(r, "the start function has parameters or results");
}

static void read_element_functions(struct reader *r, const struct module *m, struct core_element *element) {
  element->count = read_limited(r, 1, TABLE_ENTRY_LIMIT, "the number of elements");
  uint32_t *functions = ALLOCATE(r->context, uint32_t, element->count);
  for (uint32_t i = 0; i < element->count; i++) {
    functions[i] = read_u32(r, "the element's function index");
    check_item(r, m, CORE_FUNC, functions[i]);
  }
  element->functions = functions;
}

static void read_element_expressions(struct reader *r, const struct module *m, struct core_element *element) {
  element->count = read_limited(r, 1, TABLE_ENTRY_LIMIT, "the number of elements");
  struct bytes *expressions = ALLOCATE(r->context, struct bytes, element->count);
  for (uint32_t i = 0; i < element->count; i++)
    expressions[i] = read_expression(r, m);
  element->expressions = expressions;
}

/* elem ::= flags:u32 (tableidx)? (expr)? (elemkind | reftype)? (list(funcidx) | list(expr))
 * flags: 1 passive or declarative, 2 explicit table index or declarative, 4 expressions. The kind or type is there
 * unless neither 1 nor 2 is set. */
static struct core_element read_element(struct reader *r, const struct module *m) {
  const uint8_t *start = r->at;
  const uint32_t flags = read_u32(r, "the element segment's flags");
  if (flags > 7) {
    r->at = start;
    fail_at(r, "unknown element segment flags 0x%x", flags);
  }
  const bool has_expressions = (flags & 4) != 0;
  struct core_element element = {.mode = SEGMENT_ACTIVE};
  if (flags & 1)
    element.mode = flags & 2 ? SEGMENT_DECLARED : SEGMENT_PASSIVE;
  if (element.mode == SEGMENT_ACTIVE) {
    if (flags & 2)
      element.table = read_u32(r, "the element segment's table index");
    check_item(r, m, CORE_TABLE, element.table);
    element.offset = read_expression(r, m);
  }
  element.type = (struct core_valtype){.code = has_expressions ? CORE_REF_NULL : CORE_REF, .heap = HEAP_FUNC};
  if (flags & 3 && has_expressions) {
    element.type = read_reftype(r);
    check_valtype(r, m, element.type);
  } else if (flags & 3 && read_byte(r, "the element kind")) {
    fail_at(r, "unknown element kind");
  }
  if (has_expressions)
    read_element_expressions(r, m, &element);
  else
    read_element_functions(r, m, &element);
  return element;
}

/* elemsec ::= list(elem) */
static void read_element_section(struct reader *r, struct reading *reading) {
  const uint32_t count = read_limited(r, 2, SEGMENT_LIMIT, "the number of element segments");
  for (uint32_t i = 0; i < count; i++) {
    const struct core_element element = read_element(r, reading->module);
    VEC_ADD(r->context, &reading->module->elements, element);
  }
}

/* datacntsec ::= u32 */
static void read_data_count_section(struct reader *r, struct reading *reading) {
  reading->module->has_data_count = true;
  reading->data_count = read_u32(r, "the number of data segments");
}

/* codesec ::= list(code)      code ::= size:u32 func */
static void read_code_section(struct reader *r, struct reading *reading) {
  struct module *m = reading->module;
  reading->bodies = read_count(r, 1, "the number of function bodies");
  if (reading->bodies != m->functions.count)
    fail_at(r, "the number of function bodies is %u, that of functions is %u", reading->bodies, m->functions.count);
  for (uint32_t i = 0; i < reading->bodies; i++) {
    const uint32_t size = read_u32(r, "the size of the function body");
    if (size > BODY_SIZE_LIMIT)
      fail_at(r, "the function body has %u bytes, more than the limit of %u", size, BODY_SIZE_LIMIT);
    m->functions.items[i].body = read_bytes(r, size, "the function body");
  }
}

/* data ::= 0x00 expr list(byte) | 0x01 list(byte) | 0x02 memidx expr list(byte) */
static struct core_data read_data(struct reader *r, const struct module *m) {
  const uint8_t *start = r->at;
  const uint32_t flags = read_u32(r, "the data segment's flags");
  if (flags > 2) {
    r->at = start;
    fail_at(r, "unknown data segment flags 0x%x", flags);
  }
  struct core_data data = {.mode = flags == 1 ? SEGMENT_PASSIVE : SEGMENT_ACTIVE};
  if (data.mode == SEGMENT_ACTIVE) {
    if (flags == 2)
      data.memory = read_u32(r, "the data segment's memory index");
    check_item(r, m, CORE_MEMORY, data.memory);
    data.offset = read_expression(r, m);
  }
  const uint32_t size = read_u32(r, "the size of the data segment");
  data.content = read_bytes(r, size, "the data segment");
  return data;
}

/* datasec ::= list(data) */
static void read_data_section(struct reader *r, struct reading *reading) {
  struct module *m = reading->module;
  const uint32_t count = read_limited(r, 2, SEGMENT_LIMIT, "the number of data segments");
  VEC_RESERVE(r->context, &m->datas, count);
  for (uint32_t i = 0; i < count; i++) {
    const struct core_data data = read_data(r, m);
    VEC_ADD(r->context, &m->datas, data);
  }
}

/* customsec ::= name byte* */
static void read_custom_section(struct reader *r, struct module *m, uint8_t after) {
  struct core_custom custom = {.name = read_name(r, "the custom section's name"), .after = after};
  custom.content = read_bytes(r, (size_t)(r->end - r->at), "the custom section");
  VEC_ADD(r->context, &m->customs, custom);
}

/* The module. */

struct section {
  uint8_t id;
  const char *name;
  void (*read)(struct reader *r, struct reading *reading);
};

static const struct section sections[] = {
#define SECTION(id, name) {id, #name, read_##name##_section},
#include "wasm/sections.def"
#undef SECTION
};
#define SECTION_COUNT (sizeof sections / sizeof sections[0])

/* The place of section `id` in the order of sections; SECTION_COUNT: unknown. */
static size_t section_position(uint8_t id) {
  size_t position = 0;
  while (position < SECTION_COUNT && sections[position].id != id)
    position++;
  return position;
}

/* section_N ::= N:byte size:u32 content; each at most once and in order, custom sections anywhere. */
static void read_sections(struct reader *r, struct reading *reading) {
  size_t next = 0; /* position of the first section that may still come */
  while (!at_end(r)) {
    const uint8_t *start = r->at;
    const uint8_t id = read_byte(r, "the section's id");
    const size_t position = section_position(id);
    if (id != 0 && position == SECTION_COUNT) {
      r->at = start;
      fail_at(r, "unknown section %u", id);
    }
    if (id != 0 && position < next) {
      r->at = start;
      fail_at(r, "the %s section comes twice or out of order", sections[position].name);
    }
    const uint32_t size = read_u32(r, "the section's size");
    struct reader content = read_part(r, size, "the section");
    if (id == 0) {
      read_custom_section(&content, reading->module, next ? sections[next - 1].id : 0);
      continue;
    }
    sections[position].read(&content, reading);
    expect_end(&content, "section");
    next = position + 1;
  }
}

static void check_counts(struct reader *r, const struct reading *reading) {
  const struct module *m = reading->module;
  if (reading->bodies != m->functions.count)
    fail_at(r, "there is no code section for %u function%s", m->functions.count, m->functions.count == 1 ? "" : "s");
  if (m->has_data_count && reading->data_count != m->datas.count)
    fail_at(r, "the data count section announces %u data segments, but there are %u", reading->data_count,
            m->datas.count);
}

/* module ::= magic version section* */
struct module *read_module(struct context *context, struct bytes input, const uint8_t *origin) {
  struct reader r = reader_of(context, input, origin);
  const struct bytes preamble = read_bytes(&r, 8, "the preamble of a core module");
  if (memcmp(preamble.at, "\0asm\1\0\0\0", 8) != 0) {
    r.at = preamble.at;
    fail_at(&r, "this is not a core module of version 1");
  }
  struct reading reading = {.module = ALLOCATE(context, struct module, 1)};
  reading.module->origin = origin;
  reading.module->start = NO_INDEX;
  read_sections(&r, &reading);
  check_counts(&r, &reading);
  return reading.module;
}
