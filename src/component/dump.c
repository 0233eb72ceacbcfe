/* dump.c -- a component as text, one line for each definition, for golden tests and for looking.
 *
 *     component "calc"
 *       type 0: func("text" string) -> _
 *       func 0: import "print" func of type 0
 *       core module 0: 1 type, 0 imports, 1 function, 2 exports
 *
 * A line starts with the sort and the index that the definition introduces; what is nested in it follows, indented.
 *
 * Requires  a component as read.c makes it.
 * Provides  dump_component. The text depends on the definitions alone, not on where they are in the input.
 */
#include "component/component.h"

#include <assert.h>

struct dump {
  struct buffer *out;
  uint32_t indent;
};

static void start_line(struct dump *d) {
  put_byte(d->out, '\n');
  for (uint32_t i = 0; i < d->indent; i++)
    put_formatted(d->out, "  ");
}

/* In quotes; what would break the line or the quotes is written as \xx. */
static void dump_name(struct dump *d, struct bytes name) {
  put_byte(d->out, '"');
  for (size_t i = 0; i < name.size; i++) {
    const uint8_t byte = name.at[i];
    if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\')
      put_formatted(d->out, "\\%02x", byte);
    else
      put_byte(d->out, byte);
  }
  put_byte(d->out, '"');
}

static void dump_count(struct dump *d, uint32_t count, const char *what) {
  put_formatted(d->out, "%u %s%s", count, what, count == 1 ? "" : "s");
}

static void dump_item(struct dump *d, struct sort_index item) {
  put_formatted(d->out, "%s %u", sort_name(item.sort), item.index);
}

static void dump_extern_name(struct dump *d, const struct extern_name *name) {
  dump_name(d, name->name);
  if (name->implements.size) {
    put_formatted(d->out, " implements ");
    dump_name(d, name->implements);
  }
  if (name->version_suffix.size) {
    put_formatted(d->out, " versionsuffix ");
    dump_name(d, name->version_suffix);
  }
  if (name->has_external_id) {
    put_formatted(d->out, " external-id ");
    dump_name(d, name->external_id);
  }
}

static void dump_valtype(struct dump *d, struct valtype_ref type) {
  if (!type.is_present)
    put_formatted(d->out, "_");
  else if (type.is_primitive)
    put_formatted(d->out, "%s", type_kind_name(type.primitive));
  else
    put_formatted(d->out, "type %u", type.index);
}

static void dump_extern_type(struct dump *d, const struct extern_type *type) {
  if (type->sort != SORT_TYPE)
    put_formatted(d->out, "%s of %s %u", sort_name(type->sort), type->sort == SORT_CORE_MODULE ? "core type" : "type",
                  type->index);
  else if (type->bound == BOUND_SUB_RESOURCE)
    put_formatted(d->out, "type sub resource");
  else
    put_formatted(d->out, "type eq %u", type->index);
}

static void dump_heap(struct dump *d, int64_t heap) {
  if (heap < 0)
    put_formatted(d->out, "-0x%02x", (unsigned)-heap);
  else
    put_formatted(d->out, "%u", (unsigned)heap);
}

static void dump_core_valtype(struct dump *d, struct core_valtype type) {
  switch (type.code) {
  case CORE_I32:
    put_formatted(d->out, "i32");
    return;
  case CORE_I64:
    put_formatted(d->out, "i64");
    return;
  case CORE_F32:
    put_formatted(d->out, "f32");
    return;
  case CORE_F64:
    put_formatted(d->out, "f64");
    return;
  case CORE_V128:
    put_formatted(d->out, "v128");
    return;
  case CORE_REF:
  case CORE_REF_NULL:
    put_formatted(d->out, "(ref%s ", type.code == CORE_REF_NULL ? " null" : "");
    dump_heap(d, type.heap);
    put_formatted(d->out, ")");
    return;
  default:
    put_formatted(d->out, "0x%02x", type.code);
  }
}

static void dump_core_valtypes(struct dump *d, const struct core_valtype *types, uint32_t count) {
  put_formatted(d->out, "(");
  for (uint32_t i = 0; i < count; i++) {
    put_formatted(d->out, "%s", i ? " " : "");
    dump_core_valtype(d, types[i]);
  }
  put_formatted(d->out, ")");
}

/* Composite types other than functions are only named: their fields are the core reader's matter. */
static void dump_core_composite(struct dump *d, const struct core_type *type) {
  switch (type->composite) {
  case COMPOSITE_FUNC:
    put_formatted(d->out, "func");
    dump_core_valtypes(d, type->func.params, type->func.param_count);
    put_formatted(d->out, " -> ");
    dump_core_valtypes(d, type->func.results, type->func.result_count);
    return;
  case COMPOSITE_STRUCT:
    put_formatted(d->out, "struct of ");
    dump_count(d, type->field_count, "field");
    return;
  case COMPOSITE_ARRAY:
    put_formatted(d->out, "array");
    return;
  case COMPOSITE_CONT:
    put_formatted(d->out, "cont");
    return;
  }
}

static void dump_limits(struct dump *d, const struct core_limits *limits) {
  put_formatted(d->out, "%s%llu", limits->is_64 ? "i64 " : "", (unsigned long long)limits->minimum);
  if (limits->has_maximum)
    put_formatted(d->out, "..%llu", (unsigned long long)limits->maximum);
  put_formatted(d->out, "%s", limits->is_shared ? " shared" : "");
}

static void dump_core_extern(struct dump *d, const struct core_extern *type) {
  switch (type->kind) {
  case CORE_FUNC:
    put_formatted(d->out, "func of type %u", type->type);
    return;
  case CORE_TAG:
    put_formatted(d->out, "tag of type %u", type->type);
    return;
  case CORE_TABLE:
    put_formatted(d->out, "table ");
    dump_limits(d, &type->table.limits);
    put_formatted(d->out, " ");
    dump_core_valtype(d, type->table.element);
    return;
  case CORE_MEMORY:
    put_formatted(d->out, "memory ");
    dump_limits(d, &type->memory);
    return;
  case CORE_GLOBAL:
    put_formatted(d->out, "global %s", type->global.is_mutable ? "mut " : "");
    dump_core_valtype(d, type->global.type);
    return;
  case CORE_KIND_COUNT:
    break;
  }
  assert(false);
}

/* A type, or the outer type that it is a placeholder for. */
static void dump_module_type_types(struct dump *d, const struct module_type *type) {
  uint32_t outer = 0;
  for (uint32_t i = 0; i < type->module->types.count; i++) {
    start_line(d);
    put_formatted(d->out, "core type %u: ", i);
    if (outer < type->outers.count && type->outers.items[outer].type == i) {
      put_formatted(d->out, "alias outer %u %u", type->outers.items[outer].count, type->outers.items[outer].index);
      outer++;
    } else {
      dump_core_composite(d, &type->module->types.items[i]);
    }
  }
}

static void dump_module_type(struct dump *d, const struct module_type *type) {
  put_formatted(d->out, "module");
  d->indent++;
  dump_module_type_types(d, type);
  for (uint32_t i = 0; i < type->module->imports.count; i++) {
    const struct core_import *import = &type->module->imports.items[i];
    start_line(d);
    put_formatted(d->out, "import ");
    dump_name(d, import->module);
    put_formatted(d->out, " ");
    dump_name(d, import->name);
    put_formatted(d->out, " ");
    dump_core_extern(d, &import->type);
  }
  for (uint32_t i = 0; i < type->exports.count; i++) {
    start_line(d);
    put_formatted(d->out, "export ");
    dump_name(d, type->exports.items[i].name);
    put_formatted(d->out, " ");
    dump_core_extern(d, &type->exports.items[i].type);
  }
  d->indent--;
}

static void dump_core_type(struct dump *d, const struct core_deftype *type) {
  if (type->is_module) {
    dump_module_type(d, type->module_type);
    return;
  }
  for (uint32_t i = 0; i < type->rectypes->types.count; i++) {
    put_formatted(d->out, "%s", i ? ", " : "");
    dump_core_composite(d, &type->rectypes->types.items[i]);
  }
}

static void dump_core_module(struct dump *d, const struct module *module) {
  dump_count(d, module->types.count, "type");
  put_formatted(d->out, ", ");
  dump_count(d, module->imports.count, "import");
  put_formatted(d->out, ", ");
  dump_count(d, module->functions.count, "function");
  put_formatted(d->out, ", ");
  dump_count(d, module->exports.count, "export");
}

static void dump_instance(struct dump *d, const struct instance_expr *instance, enum sort of) {
  if (!instance->is_inline) {
    put_formatted(d->out, "instantiate %s %u", sort_name(of), instance->of);
    for (uint32_t i = 0; i < instance->argument_count; i++) {
      put_formatted(d->out, "%s", i ? ", " : " with ");
      dump_name(d, instance->arguments[i].name);
      put_formatted(d->out, " = ");
      dump_item(d, instance->arguments[i].item);
    }
    return;
  }
  put_formatted(d->out, "exports");
  for (uint32_t i = 0; i < instance->export_count; i++) {
    put_formatted(d->out, "%s", i ? ", " : " ");
    dump_extern_name(d, &instance->exports[i].name);
    put_formatted(d->out, " = ");
    dump_item(d, instance->exports[i].item);
  }
}

static void dump_alias(struct dump *d, const struct alias *alias) {
  if (alias->kind == ALIAS_OUTER) {
    put_formatted(d->out, "alias outer %u %u", alias->count, alias->index);
    return;
  }
  put_formatted(d->out, "alias export of %s %u ", alias->kind == ALIAS_EXPORT ? "instance" : "core instance",
                alias->instance);
  dump_name(d, alias->name);
}

/* Labelled types, or either alone: a case without payload and a label have no type, a tuple's field has no label. */
static void dump_parts(struct dump *d, const struct deftype *type) {
  const bool has_labels = type->kind == DEFTYPE_FUNC ||
                          (type->value != TYPE_TUPLE && type->value != TYPE_RESULT && type->value != TYPE_MAP);
  put_formatted(d->out, "(");
  for (uint32_t i = 0; i < type->count; i++) {
    const struct labelled *part = &type->parts[i];
    put_formatted(d->out, "%s", i ? ", " : "");
    if (has_labels)
      dump_name(d, part->label);
    if (has_labels && part->type.is_present)
      put_formatted(d->out, " ");
    if (!has_labels || part->type.is_present)
      dump_valtype(d, part->type);
  }
  put_formatted(d->out, ")");
}

static void dump_value_type(struct dump *d, const struct deftype *type) {
  put_formatted(d->out, "%s", type_kind_name(type->value));
  switch (type->value) {
  case TYPE_RECORD:
  case TYPE_TUPLE:
  case TYPE_VARIANT:
  case TYPE_ENUM:
  case TYPE_RESULT:
  case TYPE_FLAGS:
  case TYPE_MAP:
    dump_parts(d, type);
    return;
  case TYPE_OPTION:
  case TYPE_LIST:
  case TYPE_FIXED_LIST:
  case TYPE_STREAM:
  case TYPE_FUTURE:
    put_formatted(d->out, "(");
    dump_valtype(d, type->element);
    put_formatted(d->out, ")");
    if (type->value == TYPE_FIXED_LIST)
      put_formatted(d->out, " of length %u", type->length);
    return;
  case TYPE_OWN:
  case TYPE_BORROW:
    put_formatted(d->out, "(type %u)", type->resource);
    return;
  default:
    return;
  }
}

/* How many indices of each sort the present scope has. */
struct dump_scope {
  uint32_t counts[SORT_COUNT];
};

static void dump_definition(struct dump *d, struct dump_scope *scope, const struct definition *definition);

static void dump_type(struct dump *d, const struct deftype *type) {
  switch (type->kind) {
  case DEFTYPE_VALUE:
    dump_value_type(d, type);
    return;
  case DEFTYPE_FUNC:
    put_formatted(d->out, "%sfunc", type->is_async ? "async " : "");
    dump_parts(d, type);
    put_formatted(d->out, " -> ");
    dump_valtype(d, type->result);
    return;
  case DEFTYPE_COMPONENT:
  case DEFTYPE_INSTANCE: {
    struct dump_scope scope = {0};
    put_formatted(d->out, "%s", type->kind == DEFTYPE_COMPONENT ? "component" : "instance");
    d->indent++;
    for (uint32_t i = 0; i < type->declaration_count; i++)
      dump_definition(d, &scope, &type->declarations[i].definition);
    d->indent--;
    return;
  }
  case DEFTYPE_RESOURCE:
    put_formatted(d->out, "resource rep ");
    dump_core_valtype(d, (struct core_valtype){.code = type->rep});
    if (type->has_dtor)
      put_formatted(d->out, " dtor core func %u", type->dtor);
    return;
  }
}

static void dump_options(struct dump *d, const struct canon_options *options) {
  static const char *const encodings[] = {"utf8", "utf16", "latin1+utf16"};
  if (options->has_encoding)
    put_formatted(d->out, " string-encoding=%s", encodings[options->encoding]);
  if (options->has_memory)
    put_formatted(d->out, " memory %u", options->memory);
  if (options->has_realloc)
    put_formatted(d->out, " realloc %u", options->realloc);
  if (options->has_post_return)
    put_formatted(d->out, " post-return %u", options->post_return);
  if (options->is_async)
    put_formatted(d->out, " async");
  if (options->has_callback)
    put_formatted(d->out, " callback %u", options->callback);
}

static const char *canon_immediates(enum canon_kind kind) {
  static const char *const immediates_of[] = {
#define CANON(id, opcode, name, immediates, signature) [CANON_##id] = (immediates),
#include "component/canon.def"
#undef CANON
  };
  assert(kind < CANON_KIND_COUNT);
  return immediates_of[kind];
}

static void dump_immediate(struct dump *d, char letter, const struct canon_definition *canon) {
  switch (letter) {
  case 'L':
    put_formatted(d->out, " core func %u", canon->function);
    dump_options(d, &canon->options);
    put_formatted(d->out, " type %u", canon->type);
    return;
  case 'W':
    put_formatted(d->out, " func %u", canon->function);
    dump_options(d, &canon->options);
    return;
  case 't':
    put_formatted(d->out, " type %u", canon->type);
    return;
  case 'y':
    put_formatted(d->out, " core type %u", canon->type);
    return;
  case 'v':
    put_formatted(d->out, " ");
    dump_core_valtype(d, (struct core_valtype){.code = canon->core_type});
    return;
  case 'i':
    put_formatted(d->out, " %u", canon->slot);
    return;
  case 'o':
    dump_options(d, &canon->options);
    return;
  case 'r':
    put_formatted(d->out, " result ");
    dump_valtype(d, canon->result);
    return;
  case 'a':
    put_formatted(d->out, "%s", canon->flag ? " async" : "");
    return;
  case 'c':
    put_formatted(d->out, "%s", canon->flag ? " cancellable" : "");
    return;
  case 's':
    put_formatted(d->out, "%s", canon->flag ? " shared" : "");
    return;
  case 'm':
    put_formatted(d->out, " memory %u", canon->memory);
    return;
  case 'b':
    put_formatted(d->out, " core table %u", canon->table);
    return;
  default:
    assert(false);
  }
}

static void dump_canon(struct dump *d, const struct canon_definition *canon) {
  put_formatted(d->out, "canon %s", canon_name(canon->kind));
  for (const char *letter = canon_immediates(canon->kind); *letter; letter++)
    dump_immediate(d, *letter, canon);
}

static void dump_import(struct dump *d, const struct import_definition *import) {
  put_formatted(d->out, "import ");
  dump_extern_name(d, &import->name);
  put_formatted(d->out, " ");
  dump_extern_type(d, &import->type);
}

static void dump_export(struct dump *d, const struct export_definition *export_) {
  put_formatted(d->out, "export ");
  dump_extern_name(d, &export_->name);
  if (export_->item.index != NO_INDEX) {
    put_formatted(d->out, " = ");
    dump_item(d, export_->item);
  }
  if (export_->has_type) {
    put_formatted(d->out, " as ");
    dump_extern_type(d, &export_->type);
  }
}

/* The definitions of `component` and its name, after the word "component". */
static void dump_content(struct dump *d, const struct component *component) {
  struct dump_scope scope = {0};
  if (component->name.size) {
    put_formatted(d->out, " ");
    dump_name(d, component->name);
  }
  d->indent++;
  for (uint32_t i = 0; i < component->definitions.count; i++)
    dump_definition(d, &scope, &component->definitions.items[i]);
  d->indent--;
}

static void start_definition(struct dump *d, struct dump_scope *scope, const struct definition *definition) {
  uint32_t count;
  const enum sort sort = introduced_sort(definition, &count);
  start_line(d);
  put_formatted(d->out, "%s %u", sort_name(sort), scope->counts[sort]);
  if (count > 1)
    put_formatted(d->out, "..%u", scope->counts[sort] + count - 1);
  scope->counts[sort] += count;
}

static void dump_definition(struct dump *d, struct dump_scope *scope, const struct definition *definition) {
  start_definition(d, scope, definition);
  if (definition->kind == DEFINE_COMPONENT) { /* "component 0", and its name if it has one */
    dump_content(d, definition->of.component);
    return;
  }
  put_formatted(d->out, ": ");
  switch (definition->kind) {
  case DEFINE_CORE_MODULE:
    dump_core_module(d, definition->of.core_module.module);
    return;
  case DEFINE_CORE_INSTANCE:
    dump_instance(d, &definition->of.instance, SORT_CORE_MODULE);
    return;
  case DEFINE_CORE_TYPE:
    dump_core_type(d, definition->of.core_type);
    return;
  case DEFINE_INSTANCE:
    dump_instance(d, &definition->of.instance, SORT_COMPONENT);
    return;
  case DEFINE_ALIAS:
    dump_alias(d, &definition->of.alias);
    return;
  case DEFINE_TYPE:
    dump_type(d, definition->of.type);
    return;
  case DEFINE_CANON:
    dump_canon(d, &definition->of.canon);
    return;
  case DEFINE_IMPORT:
    dump_import(d, &definition->of.import);
    return;
  case DEFINE_EXPORT:
    dump_export(d, &definition->of.export_);
    return;
  case DEFINE_COMPONENT:
  case DEFINE_START:
  case DEFINE_VALUE:
    break;
  }
  assert(false);
}

void dump_component(const struct component *component, struct buffer *out) {
  struct dump d = {.out = out};
  put_formatted(d.out, "component");
  dump_content(&d, component);
  put_byte(out, '\n');
}
