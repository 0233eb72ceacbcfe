/* read_types.c -- type definitions, core and component-level, as they are written.
 *
 * What follows the opcode of a value type is its form in valtypes.def, and each form has one reader.
 *
 * Provides  the third part of read.h.
 * Spec      Binary.md "Type Definitions".
 */
#include "component/read.h"

#include <assert.h>

struct valtype_row {
  enum type_kind kind;
  uint8_t opcode;
  const char *name;
  char form;
};

static const struct valtype_row valtype_rows[] = {
#define VALTYPE(id, opcode, name, form) {TYPE_##id, opcode, name, form},
#include "component/valtypes.def"
#undef VALTYPE
};

/* Null: `opcode` is no value type's. */
static const struct valtype_row *find_valtype(uint8_t opcode) {
  for (size_t i = 0; i < sizeof valtype_rows / sizeof *valtype_rows; i++)
    if (valtype_rows[i].opcode == opcode)
      return &valtype_rows[i];
  return NULL;
}

/* `valtype ::= i:<typeidx> => i | pvt:<primvaltype> => pvt`: an index is a nonnegative s33, a primitive a negative one
 * of a single byte. */
struct valtype_ref read_valtype(struct reader *r, const char *field) {
  const uint8_t opcode = peek_byte(r, field);
  if (opcode >= 0x40 && opcode <= 0x7f) {
    read_byte(r, field);
    const struct valtype_row *row = find_valtype(opcode);
    if (!row || row->form != 'p')
      fail_byte(r, "the opcode of a primitive value type");
    return (struct valtype_ref){.is_present = true, .is_primitive = true, .primitive = row->kind};
  }
  const struct reader start = *r;
  const int64_t index = read_s33(r, field);
  if (index < 0) {
    *r = start;
    fail_at(r, "%s is neither a type index nor a primitive value type", field);
  }
  return (struct valtype_ref){.is_present = true, .index = (uint32_t)index};
}

/* `<T>? ::= 0x00 | 0x01 t:<T>` */
static struct valtype_ref read_optional_valtype(struct reader *r, const char *field) {
  return read_flag(r, field) ? read_valtype(r, field) : (struct valtype_ref){0};
}

/* What a list of parts is called in diagnostics, and its least size in bytes. */
struct part_form {
  const char *count, *label, *type;
  size_t least;
};

static const struct part_form record_fields = {"the count of record fields", "the label of a record field",
                                               "the type of a record field", 2};
static const struct part_form tuple_fields = {"the count of tuple fields", NULL, "the type of a tuple field", 1};
static const struct part_form variant_cases = {"the count of variant cases", "the label of a variant case",
                                               "the type of a variant case", 3};
static const struct part_form plain_labels = {"the count of labels", "the label of a flag or enum case", NULL, 1};
static const struct part_form parameters = {"the count of parameters", "the name of a parameter",
                                            "the type of a parameter", 2};

/* `labelvaltype ::= l:<labellit> t:<valtype>`, `case ::= l:<labellit> t?:<valtype>? 0x00`, a label, or a type */
static struct labelled read_labelled(struct reader *r, const struct part_form *form) {
  struct labelled part = {0};
  if (form->label)
    part.label = read_name(r, form->label);
  if (form == &variant_cases) {
    part.type = read_optional_valtype(r, form->type);
    expect_byte(r, 0x00, "the end of a variant case");
  } else if (form->type) {
    part.type = read_valtype(r, form->type);
  }
  return part;
}

static void read_parts(struct reader *r, const struct part_form *form, struct deftype *type) {
  type->count = read_count(r, form->least, form->count);
  struct labelled *parts = ALLOCATE(r->context, struct labelled, type->count);
  for (uint32_t i = 0; i < type->count; i++)
    parts[i] = read_labelled(r, form);
  type->parts = parts;
}

/* As read_parts, with the condition of the production: `(if |lt*| > 0)`, for flags `(if 0 < |l*| <= 32)`. */
static void read_some_parts(struct reader *r, const struct part_form *form, struct deftype *type) {
  const struct reader start = *r;
  read_parts(r, form, type);
  const bool is_too_long = type->value == TYPE_FLAGS && type->count > 32;
  if (type->count && !is_too_long)
    return;
  *r = start;
  if (is_too_long)
    fail_at(r, "a flags type has %u labels; at most 32 are allowed", type->count);
  fail_at(r, "the %s type is empty; it must have at least one %s", type_kind_name(type->value),
          form == &plain_labels    ? "label"
          : form == &variant_cases ? "case"
                                   : "field");
}

/* The two types of a result or a map. */
static void read_two_parts(struct reader *r, struct deftype *type) {
  struct labelled *parts = ALLOCATE(r->context, struct labelled, 2);
  if (type->value == TYPE_RESULT) {
    parts[0].type = read_optional_valtype(r, "the ok type of a result");
    parts[1].type = read_optional_valtype(r, "the error type of a result");
  } else {
    parts[0].type = read_valtype(r, "the key type of a map");
    parts[1].type = read_valtype(r, "the value type of a map");
  }
  type->parts = parts;
  type->count = 2;
}

/* `defvaltype ::= pvt:<primvaltype> | 0x72 lt*:vec(<labelvaltype>) => (record (field lt)*) (if |lt*| > 0) | ...`, after
 * its opcode. */
static void read_defvaltype(struct reader *r, const struct valtype_row *row, struct deftype *type) {
  type->kind = DEFTYPE_VALUE;
  type->value = row->kind;
  switch (row->form) {
  case 'p':
    return;
  case 'r':
    read_some_parts(r, &record_fields, type);
    return;
  case 't':
    read_some_parts(r, &tuple_fields, type);
    return;
  case 'c':
    read_some_parts(r, &variant_cases, type);
    return;
  case 'l':
    read_some_parts(r, &plain_labels, type);
    return;
  case 'e':
    type->element = read_valtype(r, "the element type");
    return;
  case 'n':
    type->element = read_valtype(r, "the element type");
    type->length = read_u32(r, "the length of a fixed-length list");
    if (!type->length)
      fail_at(r, "a fixed-length list has length 0; it must have at least one element");
    return;
  case 'q':
    type->element = read_optional_valtype(r, "the element type");
    return;
  case 'x':
  case 'm':
    read_two_parts(r, type);
    return;
  case 'i':
    type->resource = read_u32(r, "the resource type index");
    return;
  default:
    assert(false);
  }
}

/* `resultlist ::= 0x00 t:<valtype> => (result t) | 0x01 0x00 =>` */
struct valtype_ref read_result_list(struct reader *r) {
  switch (read_byte(r, "the form of a result list")) {
  case 0x00:
    return read_valtype(r, "the result type");
  case 0x01:
    expect_byte(r, 0x00, "the count of results");
    return (struct valtype_ref){0};
  default:
    fail_byte(r, "the form of a result list");
  }
}

/* `functype ::= 0x40 ps:<paramlist> rs:<resultlist> | 0x43 ps:<paramlist> rs:<resultlist> => (func async ps rs)` */
static void read_functype(struct reader *r, bool is_async, struct deftype *type) {
  type->kind = DEFTYPE_FUNC;
  type->is_async = is_async;
  read_parts(r, &parameters, type);
  type->result = read_result_list(r);
}

/* `resourcetype ::= 0x3f t:<core:valtype> f?:<core:funcidx>?` */
static void read_resourcetype(struct reader *r, struct deftype *type) {
  type->kind = DEFTYPE_RESOURCE;
  type->rep = read_core_valtype(r).code;
  type->has_dtor = read_flag(r, "the destructor flag of a resource type");
  if (type->has_dtor)
    type->dtor = read_u32(r, "the core function index of a destructor");
}

/* `componentdecl ::= 0x03 id:<importdecl> | id:<instancedecl>`
 * `instancedecl ::= 0x00 t:<core:type> | 0x01 t:<type> | 0x02 a:<alias> | 0x04 ed:<exportdecl>` */
static void read_declaration(struct reader *r, struct reading *reading, bool is_component, struct definition *into) {
  into->offset = reader_offset(r);
  switch (read_byte(r, "the kind of a declaration")) {
  case 0x00:
    read_core_type(r, reading, into);
    return;
  case 0x01:
    read_type(r, reading, into);
    return;
  case 0x02:
    read_alias(r, reading, into);
    return;
  case 0x03:
    if (!is_component)
      fail_byte(r, "the kind of a declaration in an instance type");
    read_import(r, reading, into);
    return;
  case 0x04:
    read_export_declaration(r, into);
    return;
  default:
    fail_byte(r, "the kind of a declaration");
  }
}

/* `componenttype ::= 0x41 cd*:vec(<componentdecl>)`, `instancetype ::= 0x42 id*:vec(<instancedecl>)` */
static void read_declarations(struct reader *r, struct reading *reading, struct deftype *type) {
  VEC(struct declaration) declarations = {0};
  enter_nesting(r, reading);
  const uint32_t count = read_count(r, 2, "the count of declarations");
  for (uint32_t i = 0; i < count; i++) {
    struct declaration declaration = {0};
    count_definition(r, reading);
    read_declaration(r, reading, type->kind == DEFTYPE_COMPONENT, &declaration.definition);
    VEC_ADD(r->context, &declarations, declaration);
  }
  leave_nesting(reading);
  type->declarations = declarations.items;
  type->declaration_count = declarations.count;
}

/* `deftype ::= dt:<defvaltype> | ft:<functype> | ct:<componenttype> | it:<instancetype> | rt:<resourcetype>` */
void read_type(struct reader *r, struct reading *reading, struct definition *into) {
  struct deftype *type = ALLOCATE(r->context, struct deftype, 1);
  const uint8_t opcode = read_byte(r, "the opcode of a type definition");
  const struct valtype_row *row = find_valtype(opcode);
  if (row) {
    read_defvaltype(r, row, type);
  } else if (opcode == 0x40 || opcode == 0x43) {
    read_functype(r, opcode == 0x43, type);
  } else if (opcode == 0x41 || opcode == 0x42) {
    type->kind = opcode == 0x41 ? DEFTYPE_COMPONENT : DEFTYPE_INSTANCE;
    read_declarations(r, reading, type);
  } else if (opcode == 0x3f) {
    read_resourcetype(r, type);
  } else {
    fail_byte(r, "the opcode of a type definition");
  }
  into->kind = DEFINE_TYPE;
  into->of.type = type;
}

static struct module *new_module(struct context *c) {
  struct module *module = ALLOCATE(c, struct module, 1);
  module->start = NO_INDEX;
  return module;
}

/* `core:alias ::= 0x10 0x01 ct:<u32> idx:<u32> => (alias outer ct idx (type))`: a placeholder in the type space */
static void read_core_alias(struct reader *r, struct module_type *type) {
  expect_byte(r, 0x10, "the sort of a core alias");
  expect_byte(r, 0x01, "the target of a core alias");
  struct module_type_outer outer = {.count = read_u32(r, "the scope count of an outer alias")};
  outer.index = read_u32(r, "the index of an outer alias");
  outer.type = type->module->types.count;
  VEC_ADD(r->context, &type->outers, outer);
  const struct core_type placeholder = {
      .composite = COMPOSITE_FUNC, .is_final = true, .group = outer.type, .group_size = 1};
  VEC_ADD(r->context, &type->module->types, placeholder);
}

/* `core:rectype`, or `0x00 0x50 x*:vec(<core:typeidx>) ct:<core:comptype> => sub x* ct` */
static void read_defined_type(struct reader *r, struct module *into) {
  const char *const field = "the opcode of a core type";
  if (peek_byte(r, field) == 0x00) {
    read_byte(r, field);
    if (peek_byte(r, field) != 0x50)
      fail_at(r, "a core type that starts with 0x00 must be a subtype, 0x50");
  }
  read_core_rectype(r, into);
}

/* `core:moduledecl ::= 0x00 i:<core:import> | 0x01 t:<core:type> | 0x02 a:<core:alias> | 0x03 e:<core:exportdecl>`
 * In a type declarator 0x50 can only be a subtype, as a module type may not be inside another. */
static void read_module_declaration(struct reader *r, struct module_type *type) {
  switch (read_byte(r, "the kind of a declaration in a module type")) {
  case 0x00:
    VEC_ADD(r->context, &type->types_before, type->module->types.count);
    add_import(r->context, type->module, read_core_import(r));
    return;
  case 0x01:
    read_defined_type(r, type->module);
    return;
  case 0x02:
    read_core_alias(r, type);
    return;
  case 0x03: {
    struct module_type_export export_ = {.name = read_name(r, "the name of a module type's export"),
                                         .types_before = type->module->types.count};
    export_.type = read_core_extern(r);
    VEC_ADD(r->context, &type->exports, export_);
    return;
  }
  default:
    fail_byte(r, "the kind of a declaration in a module type");
  }
}

/* `core:moduletype ::= 0x50 md*:vec(<core:moduledecl>)` */
static struct module_type *read_module_type(struct reader *r, struct reading *reading) {
  struct module_type *type = ALLOCATE(r->context, struct module_type, 1);
  type->module = new_module(r->context);
  const uint32_t count = read_count(r, 3, "the count of module type declarations");
  for (uint32_t i = 0; i < count; i++) {
    count_definition(r, reading);
    read_module_declaration(r, type);
  }
  return type;
}

/* `core:deftype ::= rt:<core:rectype> | 0x00 0x50 x*:vec(<core:typeidx>) ct:<core:comptype> | mt:<core:moduletype>` */
void read_core_type(struct reader *r, struct reading *reading, struct definition *into) {
  struct core_deftype *type = ALLOCATE(r->context, struct core_deftype, 1);
  type->is_module = peek_byte(r, "the opcode of a core type") == 0x50;
  if (type->is_module) {
    read_byte(r, "the opcode of a core type");
    type->module_type = read_module_type(r, reading);
  } else {
    type->rectypes = new_module(r->context);
    read_defined_type(r, type->rectypes);
  }
  into->kind = DEFINE_CORE_TYPE;
  into->of.core_type = type;
}
