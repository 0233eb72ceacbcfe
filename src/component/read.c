/* read.c -- the bytes of a component become the definitions that they spell, in their order.
 *
 *     00 61 73 6d 0d 00 01 00          the preamble: version 0x0d, layer 1
 *     07 05 01 40 00 01 00             section 7, 5 bytes, 1 type: func, no parameters, no result
 *
 * A section is a length and a vector of definitions of one kind, in any order and number; a nested component and a
 * core module fill a section each. A section's content has to be exactly as long as it says.
 *
 * Provides  read_component: nothing is resolved, and no index is checked; core modules are read. is_component.
 * Spec      Binary.md "Component Definitions", "Instance Definitions", "Canonical Definitions", "Name Section".
 */
#include "component/read.h"

#include "wasm/custom.h"

#include <assert.h>
#include <string.h>

#define MAGIC "\0asm"
#define PREAMBLE_SIZE 8
#define COMPONENT_VERSION 0x0d
#define LAYER_MODULE 0
#define LAYER_COMPONENT 1

void enter_nesting(struct reader *r, struct reading *reading) {
  if (reading->depth == NESTING_LIMIT)
    fail_at(r, "components and types are nested more than %d deep", NESTING_LIMIT);
  reading->depth++;
}

void leave_nesting(struct reading *reading) {
  assert(reading->depth > 0);
  reading->depth--;
}

void count_definition(struct reader *r, struct reading *reading) {
  if (reading->definition_count == DEFINITION_LIMIT)
    fail_at(r, "there are more than %d definitions", DEFINITION_LIMIT);
  reading->definition_count++;
}

static uint32_t version_of(const uint8_t *preamble) { return preamble[4] | (uint32_t)preamble[5] << 8; }

static uint32_t layer_of(const uint8_t *preamble) { return preamble[6] | (uint32_t)preamble[7] << 8; }

static bool has_magic(struct bytes input) { return input.size >= 4 && !memcmp(input.at, MAGIC, 4); }

bool is_component(struct bytes input) {
  return input.size >= PREAMBLE_SIZE && has_magic(input) && layer_of(input.at) == LAYER_COMPONENT;
}

/* `preamble ::= <magic> <version> <layer>` */
static void read_preamble(struct reader *r, const char *what) {
  const struct bytes input = {r->at, (size_t)(r->end - r->at)};
  if (!input.size)
    fail_at(r, "%s is empty", what);
  if (!has_magic(input))
    fail_at(r, "%s is not WebAssembly: it does not start with \"\\0asm\"%s", what,
            input.at[0] == '(' || input.at[0] == ';' ? "; text has to be assembled first" : "");
  if (input.size < PREAMBLE_SIZE)
    fail_at(r, "%s ends inside of its preamble", what);
  const uint32_t version = version_of(input.at), layer = layer_of(input.at);
  if (layer == LAYER_MODULE)
    fail_at(r, "%s is a core module, not a component; `wasm-tools component new` makes a component of it", what);
  if (layer != LAYER_COMPONENT)
    fail_at(r, "%s is neither a core module nor a component: its layer is %u", what, layer);
  if (version != COMPONENT_VERSION)
    fail_at(r, "%s has version 0x%02x of the component format; only 0x%02x is supported", what, version,
            COMPONENT_VERSION);
  read_bytes(r, PREAMBLE_SIZE, "the preamble");
}

/* `core:instantiatearg ::= n:<core:name> 0x12 i:<instanceidx>` */
static struct argument read_core_argument(struct reader *r) {
  struct argument argument = {.name = read_name(r, "the name of a core instantiation argument")};
  expect_byte(r, 0x12, "the sort of a core instantiation argument");
  argument.item.sort = SORT_CORE_INSTANCE;
  argument.item.index = read_u32(r, "the core instance index of an argument");
  return argument;
}

/* `instantiatearg ::= n:<name> si:<sortidx>` */
static struct argument read_argument(struct reader *r) {
  struct argument argument = {.name = read_name(r, "the name of an instantiation argument")};
  argument.item = read_sort_index(r);
  return argument;
}

/* `core:inlineexport ::= n:<core:name> si:<core:sortidx>` */
static struct inline_export read_core_inline_export(struct reader *r) {
  struct inline_export export_ = {.name.name = read_name(r, "the name of a core inline export")};
  export_.item.sort = read_core_sort(r);
  export_.item.index = read_u32(r, "the index of a core inline export");
  return export_;
}

/* `inlineexport ::= na:<nameattributes> si:<sortidx>` */
static struct inline_export read_inline_export(struct reader *r) {
  struct inline_export export_ = {.name = read_extern_name(r)};
  export_.item = read_sort_index(r);
  return export_;
}

/* `instanceexpr ::= 0x00 c:<componentidx> arg*:vec(<instantiatearg>) | 0x01 e*:vec(<inlineexport>)`, and the same with
 * `core:` everywhere. */
static struct instance_expr read_instance_expr(struct reader *r, bool is_core) {
  struct instance_expr expression = {.is_inline = read_flag(r, "the form of an instance")};
  if (!expression.is_inline) {
    expression.of = read_u32(r, is_core ? "the module index of an instance" : "the component index of an instance");
    expression.argument_count = read_count(r, 3, "the count of instantiation arguments");
    struct argument *arguments = ALLOCATE(r->context, struct argument, expression.argument_count);
    for (uint32_t i = 0; i < expression.argument_count; i++)
      arguments[i] = is_core ? read_core_argument(r) : read_argument(r);
    expression.arguments = arguments;
  } else {
    expression.export_count = read_count(r, 3, "the count of inline exports");
    struct inline_export *exports = ALLOCATE(r->context, struct inline_export, expression.export_count);
    for (uint32_t i = 0; i < expression.export_count; i++)
      exports[i] = is_core ? read_core_inline_export(r) : read_inline_export(r);
    expression.exports = exports;
  }
  return expression;
}

static void read_core_instance(struct reader *r, struct reading *reading, struct definition *into) {
  (void)reading;
  into->kind = DEFINE_CORE_INSTANCE;
  into->of.instance = read_instance_expr(r, true);
}

static void read_instance(struct reader *r, struct reading *reading, struct definition *into) {
  (void)reading;
  into->kind = DEFINE_INSTANCE;
  into->of.instance = read_instance_expr(r, false);
}

/* Notes that an option is there. "Validation prevents duplicate or conflicting canonopt." */
static void set_option(struct reader *r, bool *has, const char *name) {
  if (*has)
    fail_at(r, "the canonical option `%s` is given twice", name);
  *has = true;
}

static void set_encoding(struct reader *r, struct canon_options *options, uint8_t encoding) {
  static const char *const names[] = {"utf8", "utf16", "latin1+utf16"};
  if (options->has_encoding)
    fail_at(r, "the canonical option `string-encoding=%s` conflicts with `string-encoding=%s` before it",
            names[encoding], names[options->encoding]);
  options->has_encoding = true;
  options->encoding = encoding;
}

/* `canonopt ::= 0x00 => string-encoding=utf8 | ... | 0x03 m:<core:memoryidx> => (memory m) | ...` */
static void read_option(struct reader *r, struct canon_options *options) {
  const uint8_t opcode = read_byte(r, "the opcode of a canonical option");
  switch (opcode) {
  case 0x00:
  case 0x01:
  case 0x02:
    set_encoding(r, options, opcode);
    return;
  case 0x03:
    set_option(r, &options->has_memory, "memory");
    options->memory = read_u32(r, "the core memory index of an option");
    return;
  case 0x04:
    set_option(r, &options->has_realloc, "realloc");
    options->realloc = read_u32(r, "the core function index of realloc");
    return;
  case 0x05:
    set_option(r, &options->has_post_return, "post-return");
    options->post_return = read_u32(r, "the core function index of post-return");
    return;
  case 0x06:
    set_option(r, &options->is_async, "async");
    return;
  case 0x07:
    set_option(r, &options->has_callback, "callback");
    options->callback = read_u32(r, "the core function index of callback");
    return;
  default:
    fail_byte(r, "the opcode of a canonical option");
  }
}

/* `opts ::= opt*:vec(<canonopt>)` */
static struct canon_options read_options(struct reader *r) {
  struct canon_options options = {0};
  const uint32_t count = read_count(r, 1, "the count of canonical options");
  for (uint32_t i = 0; i < count; i++)
    read_option(r, &options);
  return options;
}

/* One immediate of a canonical function, by its letter in canon.def. */
static void read_immediate(struct reader *r, char letter, struct canon_definition *canon) {
  switch (letter) {
  case 'L': /* `0x00 f:<core:funcidx> opts:<opts> ft:<typeidx>` */
    expect_byte(r, 0x00, "the sort of a lifted function");
    canon->function = read_u32(r, "the core function index of a lift");
    canon->options = read_options(r);
    canon->type = read_u32(r, "the type index of a lift");
    return;
  case 'W': /* `0x00 f:<funcidx> opts:<opts>` */
    expect_byte(r, 0x00, "the sort of a lowered function");
    canon->function = read_u32(r, "the function index of a lower");
    canon->options = read_options(r);
    return;
  case 't':
    canon->type = read_u32(r, "the type index of a canonical function");
    return;
  case 'y':
    canon->type = read_u32(r, "the core type index of a canonical function");
    return;
  case 'v':
    canon->core_type = read_core_valtype(r).code;
    return;
  case 'i':
    canon->slot = read_u32(r, "the context slot");
    return;
  case 'o':
    canon->options = read_options(r);
    return;
  case 'r':
    canon->result = read_result_list(r);
    return;
  case 'a':
    canon->flag = read_flag(r, "the async flag");
    return;
  case 'c':
    canon->flag = read_flag(r, "the cancellable flag");
    return;
  case 's':
    canon->flag = read_flag(r, "the shared flag");
    return;
  case 'm':
    canon->memory = read_u32(r, "the core memory index of a canonical function");
    return;
  case 'b':
    canon->table = read_u32(r, "the core table index of a canonical function");
    return;
  default:
    assert(false);
  }
}

struct canon_row {
  enum canon_kind kind;
  uint8_t opcode;
  const char *immediates;
};

static const struct canon_row canon_rows[] = {
#define CANON(id, opcode, name, immediates, signature) {CANON_##id, opcode, immediates},
#include "component/canon.def"
#undef CANON
};

/* `canon ::= 0x00 0x00 f:<core:funcidx> opts:<opts> ft:<typeidx> => (canon lift f opts type-index-space[ft]) | ...` */
static void read_canon(struct reader *r, struct reading *reading, struct definition *into) {
  (void)reading;
  const uint8_t opcode = read_byte(r, "the opcode of a canonical function");
  const struct canon_row *row = NULL;
  for (size_t i = 0; i < sizeof canon_rows / sizeof *canon_rows && !row; i++)
    if (canon_rows[i].opcode == opcode)
      row = &canon_rows[i];
  if (!row)
    fail_byte(r, "the opcode of a canonical function");
  struct canon_definition canon = {.kind = row->kind};
  for (const char *letter = row->immediates; *letter; letter++)
    read_immediate(r, *letter, &canon);
  into->kind = DEFINE_CANON;
  into->of.canon = canon;
}

/* `section_0(<core:custom>)` */
static void read_custom(struct reader *section, size_t offset, struct component *component) {
  struct component_custom custom = {.name = read_name(section, "the name of a custom section"), .offset = offset};
  custom.content = read_bytes(section, (size_t)(section->end - section->at), "the content of a custom section");
  VEC_ADD(section->context, &component->customs, custom);
  if (!component->name.size && bytes_equal(custom.name, bytes_of("component-name")))
    component->name = read_name_of_whole(custom_reader_of(custom.content));
}

static struct component *read_whole(struct reader *r, struct reading *reading, const char *what);

/* `section_1(<core:module>)` */
static void read_core_module(struct reader *section, uint32_t index, struct definition *into) {
  const struct bytes bytes = {section->at, (size_t)(section->end - section->at)};
  push_place(section->context, "core module", index, (struct bytes){0});
  into->kind = DEFINE_CORE_MODULE;
  into->of.core_module.bytes = bytes;
  into->of.core_module.module = read_module(section->context, bytes, section->origin);
  section->at = section->end;
  pop_place(section->context);
}

/* `section_4(<component>)` */
static void read_nested_component(struct reader *section, struct reading *reading, uint32_t index,
                                  struct definition *into) {
  push_place(section->context, "component", index, (struct bytes){0});
  into->kind = DEFINE_COMPONENT;
  into->of.component = read_whole(section, reading, "the nested component");
  pop_place(section->context);
}

/* The sections that are a vector of definitions. */
struct vector_section {
  const char *name, *count;
  size_t least; /* bytes of one definition */
  void (*read)(struct reader *r, struct reading *reading, struct definition *into);
};

static const struct vector_section vector_sections[] = {
    [2] = {"core instance section", "the count of core instances", 2, read_core_instance},
    [3] = {"core type section", "the count of core types", 2, read_core_type},
    [5] = {"instance section", "the count of instances", 2, read_instance},
    [6] = {"alias section", "the count of aliases", 4, read_alias},
    [7] = {"type section", "the count of types", 1, read_type},
    [8] = {"canonical function section", "the count of canonical functions", 1, read_canon},
    [10] = {"import section", "the count of imports", 4, read_import},
    [11] = {"export section", "the count of exports", 5, read_export},
};

static const char *section_name(uint8_t id) {
  switch (id) {
  case 0:
    return "custom section";
  case 1:
    return "core module section";
  case 4:
    return "component section";
  default:
    assert(id < sizeof vector_sections / sizeof *vector_sections && vector_sections[id].read);
    return vector_sections[id].name;
  }
}

static void note_definition(struct component *component, const struct definition *definition) {
  uint32_t count;
  const enum sort sort = introduced_sort(definition, &count);
  component->index_counts[sort] += count;
  component->import_count += definition->kind == DEFINE_IMPORT;
  component->export_count += definition->kind == DEFINE_EXPORT;
}

static void read_section_content(struct reader *section, uint8_t id, struct reading *reading,
                                 struct component *component) {
  const bool is_vector = id != 1 && id != 4;
  const uint32_t count = is_vector ? read_count(section, vector_sections[id].least, vector_sections[id].count) : 1;
  for (uint32_t i = 0; i < count; i++) {
    struct definition *definition = VEC_PUSH(section->context, &component->definitions);
    definition->offset = reader_offset(section);
    count_definition(section, reading);
    if (id == 1)
      read_core_module(section, component->index_counts[SORT_CORE_MODULE], definition);
    else if (id == 4)
      read_nested_component(section, reading, component->index_counts[SORT_COMPONENT], definition);
    else
      vector_sections[id].read(section, reading, definition);
    note_definition(component, definition);
  }
}

/* `section ::= section_0(<core:custom>) => ϵ | m: section_1(<core:module>) => [core-prefix(m)] | ...` */
static void read_section(struct reader *r, struct reading *reading, struct component *component) {
  const size_t offset = reader_offset(r);
  const uint8_t id = read_byte(r, "the section id");
  if (id == 9 || id == 12) {
    r->at--;
    fail_at(r, "%s definitions are not supported", id == 9 ? "start" : "value");
  }
  if (id > 12)
    fail_byte(r, "the section id");
  const uint32_t size = read_u32(r, "the size of a section");
  struct reader section = read_part(r, size, "the content of a section");
  if (id == 0)
    read_custom(&section, offset, component);
  else
    read_section_content(&section, id, reading, component);
  expect_end(&section, section_name(id));
}

/* The number at `*at`, which is moved behind it; what is malformed is found when it is read. */
static uint32_t skip_u32(const uint8_t **at, const uint8_t *end) {
  uint32_t value = 0;
  for (unsigned shift = 0; *at < end && shift < 32; shift += 7) {
    const uint8_t byte = *(*at)++;
    value |= (uint32_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      break;
  }
  return value;
}

/* How many definitions there are, as the sections say, as far as there can be so many: so much room is made for them.
 */
static uint32_t written_definitions(struct reader r) {
  uint64_t count = 0;
  while (!at_end(&r)) {
    const uint8_t id = *r.at++;
    const uint32_t size = skip_u32(&r.at, r.end);
    if (size > (size_t)(r.end - r.at) || id > 12)
      break;
    const uint8_t *content = r.at;
    const uint32_t written = id == 0 ? 0 : id == 1 || id == 4 ? 1 : skip_u32(&content, r.at + size);
    count += written < size ? written : size;
    r.at += size;
  }
  return count < DEFINITION_LIMIT ? (uint32_t)count : DEFINITION_LIMIT;
}

/* `component ::= <preamble> s*:<section>*`; all that is left of `r` */
static struct component *read_whole(struct reader *r, struct reading *reading, const char *what) {
  struct component *component = ALLOCATE(r->context, struct component, 1);
  component->origin = r->origin;
  component->offset = reader_offset(r);
  component->size = (size_t)(r->end - r->at);
  enter_nesting(r, reading);
  read_preamble(r, what);
  VEC_RESERVE(r->context, &component->definitions, written_definitions(*r));
  while (!at_end(r))
    read_section(r, reading, component);
  leave_nesting(reading);
  return component;
}

struct component *read_component(struct context *c, struct bytes input) {
  struct reader r = reader_of(c, input, input.at);
  struct reading reading = {0};
  return read_whole(&r, &reading, "the input");
}
