/* types.c -- one value type for each form: two types are equal exactly when their pointers are.
 *
 * A form is written as bytes, its parts by their ids, and the bytes are looked up:
 *
 *     record { x: u8, y: list<u8> }   ->   RECORD 2 "x" 1+0 "y" 1+1 ...
 *
 * As parts are interned before what they are part of, a type is looked at one level deep, and nothing here recurses.
 *
 * Requires  check.c: record-like and variant-like types and flags have a part; flags at most 32.
 * Provides  share_functype; intern_type: the type, its despecialized parts, what it contains, and its layout
 * (layout.c). Spec      CanonicalABI.md "Despecialization", "Type Predicates".
 */
#include "component/types.h"

#include <assert.h>
#include <string.h>

const char *type_kind_name(enum type_kind kind) {
  static const char *const names[] = {
#define VALTYPE(id, opcode, name, form) [TYPE_##id] = (name),
#include "component/valtypes.def"
#undef VALTYPE
  };
  assert(kind < sizeof names / sizeof *names);
  return names[kind];
}

static struct bytes copy_bytes(struct context *c, struct bytes bytes) {
  if (!bytes.size)
    return (struct bytes){0};
  uint8_t *copy = ALLOCATE(c, uint8_t, bytes.size);
  memcpy(copy, bytes.at, bytes.size);
  return (struct bytes){copy, bytes.size};
}

static void put_part(struct buffer *key, const struct type *type) { put_u64(key, type ? 1 + (uint64_t)type->id : 0); }

static void put_fields(struct buffer *key, const struct type_field *fields, uint32_t count) {
  put_u32(key, count);
  for (uint32_t i = 0; i < count; i++) {
    put_name(key, fields[i].label);
    put_part(key, fields[i].type);
  }
}

static struct buffer *empty_key(struct context *c, struct types *types) {
  types->key.context = c;
  types->key.size = 0;
  return &types->key;
}

/* Bytes that two forms have in common exactly when they are the same type. */
static struct bytes key_of(struct context *c, struct types *types, const struct type *form) {
  struct buffer *key = empty_key(c, types);
  put_byte(key, (uint8_t)form->kind);
  put_fields(key, form->fields, form->field_count);
  put_part(key, form->element);
  put_u32(key, form->length);
  put_u32(key, form->resource);
  return buffer_bytes(key);
}

/* despecialize() of CanonicalABI.md, but the kind is kept. `form` becomes what is interned: its fields, in `fields` if
 * they are fixed by the kind, and nothing where the kind has no such part. */
static void complete_form(struct context *c, struct types *types, struct type *form, struct type_field fields[2]) {
  switch (form->kind) {
  case TYPE_OPTION:
    assert(form->element);
    fields[0] = (struct type_field){.label = bytes_of("none")};
    fields[1] = (struct type_field){.label = bytes_of("some"), .type = form->element};
    break;
  case TYPE_RESULT:
    fields[0] = (struct type_field){.label = bytes_of("ok"), .type = form->fields[0].type};
    fields[1] = (struct type_field){.label = bytes_of("error"), .type = form->fields[1].type};
    break;
  case TYPE_MAP: {
    fields[0] = (struct type_field){.type = form->fields[0].type};
    fields[1] = (struct type_field){.type = form->fields[1].type};
    form->element = intern_type(c, types, &(struct type){.kind = TYPE_TUPLE, .field_count = 2, .fields = fields});
    break;
  }
  default:
    return;
  }
  form->field_count = 2;
  form->fields = fields;
}

/* Of `form`, what its kind has. */
static struct type relevant_parts(const struct type *form) {
  struct type relevant = {.kind = form->kind};
  switch (form->kind) {
  case TYPE_RECORD:
  case TYPE_TUPLE:
  case TYPE_VARIANT:
  case TYPE_ENUM:
  case TYPE_FLAGS:
    relevant.field_count = form->field_count;
    relevant.fields = form->fields;
    break;
  case TYPE_RESULT:
  case TYPE_MAP:
    relevant.fields = form->fields;
    break;
  case TYPE_FIXED_LIST:
    relevant.length = form->length;
    relevant.element = form->element;
    break;
  case TYPE_OPTION:
  case TYPE_LIST:
  case TYPE_STREAM:
  case TYPE_FUTURE:
    relevant.element = form->element;
    break;
  case TYPE_OWN:
  case TYPE_BORROW:
    relevant.resource = form->resource;
    break;
  default:
    break;
  }
  return relevant;
}

/* contains() of CanonicalABI.md, for the part `part` of `type`. */
static void add_part(struct type *type, const struct type *part) {
  if (!part)
    return;
  type->has_handles |= part->has_handles;
  type->has_borrow |= part->has_borrow;
  type->has_own |= part->has_own;
  type->is_async |= part->is_async;
  if (type->kind != TYPE_STREAM && type->kind != TYPE_FUTURE)
    type->has_pointers |= part->has_pointers; /* a stream is a handle, whatever will pass through it */
  if (type->depth < part->depth + 1)
    type->depth = part->depth + 1;
}

static void find_contents(struct type *type) {
  const enum type_kind kind = type->kind;
  type->is_async = kind == TYPE_STREAM || kind == TYPE_FUTURE || kind == TYPE_ERROR_CONTEXT;
  type->has_own = kind == TYPE_OWN;
  type->has_borrow = kind == TYPE_BORROW;
  type->has_handles = type->is_async || type->has_own || type->has_borrow;
  type->has_pointers = kind == TYPE_STRING || is_list_like(type);
  for (uint32_t i = 0; i < type->field_count; i++)
    add_part(type, type->fields[i].type);
  add_part(type, type->element);
}

/* A copy of `form` that lasts, with all that follows from it. */
static const struct type *new_type(struct context *c, struct types *types, const struct type *form) {
  struct type *type = ALLOCATE(c, struct type, 1);
  *type = *form;
  type->id = types->all.count;
  struct type_field *fields = ALLOCATE(c, struct type_field, form->field_count);
  for (uint32_t i = 0; i < form->field_count; i++)
    fields[i] = (struct type_field){.label = copy_bytes(c, form->fields[i].label), .type = form->fields[i].type};
  type->fields = fields;
  find_contents(type);
  if (type->depth > TYPE_DEPTH_LIMIT)
    fail(c, FAILURE_INPUT, NO_OFFSET, "a %s type is nested too deeply: more than %d types are in one another",
         type_kind_name(type->kind), TYPE_DEPTH_LIMIT);
  lay_out_type(c, type, fields);
  VEC_ADD(c, &types->all, type);
  return type;
}

const struct type *intern_type(struct context *c, struct types *types, const struct type *form) {
  struct type_field fixed[2];
  struct type complete = relevant_parts(form);
  complete_form(c, types, &complete, fixed);
  const struct bytes key = key_of(c, types, &complete);
  const uint32_t known = map_put(c, &types->interned, key, types->all.count);
  return known < types->all.count ? types->all.items[known] : new_type(c, types, &complete);
}

const struct type *primitive_type(struct context *c, struct types *types, enum type_kind kind) {
  assert(kind <= TYPE_ERROR_CONTEXT);
  if (!types->primitives[kind])
    types->primitives[kind] = intern_type(c, types, &(struct type){.kind = kind});
  return types->primitives[kind];
}

const struct functype *share_functype(struct context *c, struct types *types, const struct functype *form) {
  struct buffer *key = empty_key(c, types);
  put_byte(key, form->is_async);
  put_fields(key, form->params, form->param_count);
  put_part(key, form->result);
  const uint32_t known = map_put(c, &types->interned_functypes, buffer_bytes(key), types->functypes.count);
  if (known < types->functypes.count)
    return types->functypes.items[known];
  struct functype *type = ALLOCATE(c, struct functype, 1);
  struct type_field *params = ALLOCATE(c, struct type_field, form->param_count);
  if (form->param_count)
    memcpy(params, form->params, form->param_count * sizeof *params);
  *type = *form;
  type->id = types->functypes.count;
  type->params = params;
  VEC_ADD(c, &types->functypes, type);
  return type;
}
