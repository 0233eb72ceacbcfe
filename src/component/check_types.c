/* check_types.c -- type definitions: their parts exist, have proper names, and make a type of bounded size.
 *
 *     (type $P (record (field "x" u32) (field "X" u32)))      refused: "X" and "x" are one name in many languages
 *     (type $F (func (result (borrow $R))))                   refused: a borrow is lent for a call, not given back
 *
 * Layout and flat types do not depend on which resource a handle is of, so that every value type has an interned form
 * without resources, and they come from layout.c.
 *
 * Requires  check.c: the scope.
 * Provides  check_type, and types by index.
 * Spec      Explainer.md "Type Definitions"; Binary.md "Type Definitions" and its notes.
 */
#include "component/check.h"

/* How the parts of a type are called. */
struct part_words {
  const char *part, *name;
};

static struct part_words words_of(const struct deftype *deftype) {
  if (deftype->kind == DEFTYPE_FUNC)
    return (struct part_words){"parameter", "function parameter name"};
  switch (deftype->value) {
  case TYPE_RECORD:
    return (struct part_words){"field", "record field name"};
  case TYPE_VARIANT:
    return (struct part_words){"case", "variant case name"};
  case TYPE_ENUM:
    return (struct part_words){"case", "enum case name"};
  case TYPE_FLAGS:
    return (struct part_words){"flag", "flag name"};
  default:
    return (struct part_words){NULL, NULL};
  }
}

const struct typing *get_typing(struct check *check, uint32_t index, enum deftype_kind kind) {
  const struct typing wanted = {.kind = kind};
  const struct typing *typing = item_at(check, SORT_TYPE, index).type;
  if (typing->kind != kind)
    REFUSE(check, "%.*s is %s; %s is needed here", SHOW(show_item(check, SORT_TYPE, index)), typing_kind_name(typing),
           typing_kind_name(&wanted));
  return typing;
}

const struct typing *get_value_typing(struct check *check, struct valtype_ref ref) {
  if (!ref.is_present)
    return NULL;
  return ref.is_primitive ? check->primitives[ref.primitive] : get_typing(check, ref.index, DEFTYPE_VALUE);
}

static void check_label(struct check *check, const struct part_words *words, struct bytes label) {
  if (!label.size)
    REFUSE(check, "the %s is empty", words->name);
  if (!is_label(label))
    REFUSE(check,
           "the %s \"%.*s\" is not in kebab case: words of letters and digits joined by \"-\", each all "
           "lower or all upper case, the first one starting with a letter",
           words->name, SHOW(label));
}

/* Labels are proper and differ by more than case. */
static void check_labels(struct check *check, const struct deftype *deftype) {
  const struct part_words words = words_of(deftype);
  struct map names = {0};
  for (uint32_t i = 0; words.name && i < deftype->count; i++) {
    const struct bytes label = deftype->parts[i].label;
    check_label(check, &words, label);
    if (deftype->count == 1)
      return;
    const uint32_t first = map_add(check->context, &names, lowercase(check, label), i);
    if (first != i)
      REFUSE(check, "the %s \"%.*s\" conflicts with \"%.*s\" before it: case does not make names differ", words.name,
             SHOW(label), SHOW(deftype->parts[first].label));
  }
}

static const struct part *get_parts(struct check *check, const struct deftype *deftype, struct typing *typing) {
  struct part *parts = ALLOCATE(check->context, struct part, deftype->count);
  spend(check, deftype->count);
  for (uint32_t i = 0; i < deftype->count; i++) {
    parts[i].label = deftype->parts[i].label;
    parts[i].type = get_value_typing(check, deftype->parts[i].type);
    add_part(check, typing, parts[i].type);
  }
  return parts;
}

static const struct type *form_of(const struct typing *typing) { return typing ? typing->is.value.form : NULL; }

/* The type without its resources. */
static const struct type *make_form(struct check *check, const struct typing *typing) {
  const uint32_t count = typing->is.value.count;
  struct type_field *fields = ALLOCATE(check->context, struct type_field, count);
  for (uint32_t i = 0; i < count; i++)
    fields[i] =
        (struct type_field){.label = typing->is.value.parts[i].label, .type = form_of(typing->is.value.parts[i].type)};
  const struct type form = {.kind = typing->is.value.kind,
                            .field_count = count,
                            .fields = fields,
                            .element = form_of(typing->is.value.element),
                            .length = typing->is.value.length};
  return intern_type(check->context, &check->forms, &form);
}

static bool is_key_type(const struct typing *typing) {
  const enum type_kind kind = typing->is.value.kind;
  return kind <= TYPE_STRING && kind != TYPE_F32 && kind != TYPE_F64;
}

/* What stream, future and map ask of their parts. */
static void check_contents(struct check *check, const struct typing *typing) {
  const enum type_kind kind = typing->is.value.kind;
  const struct typing *element = typing->is.value.element;
  if (kind == TYPE_STREAM && element && element->is.value.kind == TYPE_CHAR)
    REFUSE(check, "a stream of char is not valid at this time; use a stream of u8 with an encoding of your choice");
  if ((kind == TYPE_STREAM || kind == TYPE_FUTURE) && element && element->is.value.form->has_borrow)
    REFUSE(check, "a %s can't carry a borrow, which is only lent for the time of a call", type_kind_name(kind));
  if (kind == TYPE_MAP && !is_key_type(typing->is.value.parts[0].type))
    REFUSE(check, "a map can't have keys of type %.*s; they have to be bool, char, string or an integer type",
           SHOW(show_short(check, typing->is.value.parts[0].type)));
}

static const struct typing *check_value_type(struct check *check, const struct deftype *deftype) {
  struct typing *typing = new_typing(check, DEFTYPE_VALUE);
  typing->has_no_resources = deftype->value != TYPE_OWN && deftype->value != TYPE_BORROW;
  check_labels(check, deftype);
  typing->is.value.kind = deftype->value;
  typing->is.value.count = deftype->count;
  typing->is.value.parts = get_parts(check, deftype, typing);
  typing->is.value.element = get_value_typing(check, deftype->element);
  typing->is.value.length = deftype->length;
  add_part(check, typing, typing->is.value.element);
  if (deftype->value == TYPE_OWN || deftype->value == TYPE_BORROW)
    typing->is.value.resource = get_typing(check, deftype->resource, DEFTYPE_RESOURCE);
  check_contents(check, typing);
  typing->is.value.form = make_form(check, typing);
  if (typing->is.value.form->layout[POINTER_64].size >= VALUE_SIZE_LIMIT)
    REFUSE(check, "a value of the %s type exceeds the maximum byte size: it can take 2^28 bytes of memory or more",
           type_kind_name(deftype->value));
  return typing;
}

static const struct typing *check_func_type(struct check *check, const struct deftype *deftype) {
  struct typing *typing = new_typing(check, DEFTYPE_FUNC);
  typing->has_no_resources = true;
  check_labels(check, deftype);
  typing->is.func.is_async = deftype->is_async;
  typing->is.func.count = deftype->count;
  typing->is.func.params = get_parts(check, deftype, typing);
  typing->is.func.result = get_value_typing(check, deftype->result);
  add_part(check, typing, typing->is.func.result);
  if (typing->is.func.result && typing->is.func.result->is.value.form->has_borrow)
    REFUSE(check, "the result of a function can't contain a borrow, which is only lent for the time of the call");
  return typing;
}

static const struct typing *check_declarations(struct check *check, const struct deftype *deftype) {
  const bool is_component = deftype->kind == DEFTYPE_COMPONENT;
  const size_t offset = check->offset;
  struct scope *scope = ALLOCATE(check->context, struct scope, 1);
  push_place(check->context, is_component ? "component type" : "instance type", check->scope->spaces[SORT_TYPE].count,
             (struct bytes){0});
  open_scope(check, scope, is_component ? SCOPE_COMPONENT_TYPE : SCOPE_INSTANCE_TYPE);
  for (uint32_t i = 0; i < deftype->declaration_count; i++)
    check_definition(check, &deftype->declarations[i].definition);
  check->offset = offset;
  const struct typing *typing;
  if (is_component) {
    typing = component_typing(check, scope);
  } else {
    struct typing *instance = new_typing(check, DEFTYPE_INSTANCE);
    instance->is.instance.exports = scope->exports.items;
    instance->is.instance.defined = scope->defined;
    add_signature_size(check, instance, &scope->exports.items);
    typing = instance;
  }
  close_scope(check);
  pop_place(check->context);
  return typing;
}

/* `[rep] -> []` */
static void check_destructor(struct check *check, const struct deftype *deftype) {
  const struct core_typing *dtor = item_at(check, SORT_CORE_FUNC, deftype->dtor).core;
  const struct core_functype *type = &dtor->module->types.items[dtor->type.type].func;
  const struct core_valtype rep = {.code = deftype->rep};
  const struct core_functype wanted = {.params = &rep, .param_count = 1};
  if (type->param_count != 1 || type->params[0].code != rep.code || type->result_count != 0)
    REFUSE(check, "%.*s has the wrong signature for a destructor: it is of type %.*s, not %.*s",
           SHOW(show_item(check, SORT_CORE_FUNC, deftype->dtor)), SHOW(show_core_functype(check->context, type)),
           SHOW(show_core_functype(check->context, &wanted)));
}

static const struct typing *check_resource_type(struct check *check, const struct deftype *deftype) {
  if (check->scope->kind != SCOPE_COMPONENT)
    REFUSE(check, "a resource can be defined in a component alone, not in a component or instance type; there it is "
                  "declared by (export \"name\" (type (sub resource)))");
  if (deftype->rep != CORE_I32 && deftype->rep != CORE_I64)
    REFUSE(check, "the representation of a resource has to be i32 or i64");
  if (deftype->has_dtor)
    check_destructor(check, deftype);
  const struct typing *resource = new_resource(check, (struct bytes){0});
  note_resource(check, &check->scope->defined, resource->id);
  map_add(check->context, &check->scope->representations, id_key(&resource->id), deftype->rep);
  return resource;
}

void check_type(struct check *check, const struct deftype *deftype) {
  struct item item = {.sort = SORT_TYPE};
  switch (deftype->kind) {
  case DEFTYPE_VALUE:
    item.type = check_value_type(check, deftype);
    break;
  case DEFTYPE_FUNC:
    item.type = check_func_type(check, deftype);
    break;
  case DEFTYPE_COMPONENT:
  case DEFTYPE_INSTANCE:
    item.type = check_declarations(check, deftype);
    break;
  case DEFTYPE_RESOURCE:
    item.type = check_resource_type(check, deftype);
    break;
  }
  item.bound = item.type;
  push_item(check, check->scope, &item);
}
