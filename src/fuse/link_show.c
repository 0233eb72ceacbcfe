/* link_show.c -- types as words, for diagnostics and dumps.
 *
 *     func(a: u32, b: list<string>) -> own<2>
 *
 * What would be longer than a diagnostic can be is cut off with "...", which also keeps a type that names another one
 * many times over from taking the time that its size says.
 *
 * Provides  show_*: text in the arena.
 */
#include "fuse/link.h"

/* A label is what the input says; shortened where it is no label at all. */
static void put_label(struct buffer *out, struct bytes label) {
  put_bytes(out, (struct bytes){label.at, label.size < 60 ? label.size : 60});
}

static void put_value_type(struct buffer *out, const struct type *type);

static void put_fields(struct buffer *out, const struct type *type) {
  put_formatted(out, "%s{", type_kind_name(type->kind));
  for (uint32_t i = 0; i < type->field_count && !is_shown_enough(out); i++) {
    const struct type_field *field = &type->fields[i];
    put_formatted(out, i ? ", " : "");
    put_label(out, field->label);
    if (field->label.size && field->type)
      put_formatted(out, ": ");
    if (field->type)
      put_value_type(out, field->type);
  }
  put_formatted(out, "}");
}

/* As deep as TYPE_DEPTH_LIMIT. */
static void put_value_type(struct buffer *out, const struct type *type) {
  if (is_shown_enough(out))
    return;
  switch (type->kind) {
  case TYPE_RECORD:
  case TYPE_TUPLE:
  case TYPE_VARIANT:
  case TYPE_ENUM:
  case TYPE_FLAGS:
  case TYPE_RESULT:
    put_fields(out, type);
    return;
  case TYPE_OPTION:
  case TYPE_LIST:
  case TYPE_FIXED_LIST:
  case TYPE_MAP:
  case TYPE_STREAM:
  case TYPE_FUTURE:
    put_formatted(out, "%s<", type_kind_name(type->kind));
    if (type->element)
      put_value_type(out, type->element);
    if (type->kind == TYPE_FIXED_LIST)
      put_formatted(out, ", %u", type->length);
    put_formatted(out, ">");
    return;
  case TYPE_OWN:
  case TYPE_BORROW:
    put_formatted(out, "%s<%u>", type_kind_name(type->kind), type->resource);
    return;
  default:
    put_formatted(out, "%s", type_kind_name(type->kind));
    return;
  }
}

struct bytes show_type(struct context *c, const struct type *type) {
  struct buffer out = new_buffer(c);
  put_value_type(&out, type);
  return finish_shown(&out);
}

struct bytes show_functype(struct context *c, const struct functype *type) {
  struct buffer out = new_buffer(c);
  put_formatted(&out, "%sfunc(", type->is_async ? "async " : "");
  for (uint32_t i = 0; i < type->param_count && !is_shown_enough(&out); i++) {
    put_formatted(&out, i ? ", " : "");
    put_label(&out, type->params[i].label);
    put_formatted(&out, ": ");
    put_value_type(&out, type->params[i].type);
  }
  put_formatted(&out, ")");
  if (type->result) {
    put_formatted(&out, " -> ");
    put_value_type(&out, type->result);
  }
  return finish_shown(&out);
}
