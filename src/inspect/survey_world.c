/* survey_world.c -- what a component imports and exports, with types as text in the notation of WIT.
 *
 *     wasi:io/poll     pollable                   resource
 *                      [method]pollable.block     func(self: borrow<pollable>)
 *                      poll                       func(in: list<borrow<pollable>>) -> list<u32>
 *
 * A type that an import or export gives a name is shown by this name wherever it is used after that; in another
 * interface, with that of its interface before it. The checker has a typing of its own for each such name, and refuses
 * records, variants, enums, flags and resources that are used without one. What has no name is shown by its parts.
 *
 * Requires  a component as it is read. It is checked here, as its type is what the checker makes.
 * Provides  survey_world: at most WORLD_TEXT_LIMIT bytes of text.
 * Spec      WIT.md, of which this is the notation of types; Explainer.md "Import and Export Definitions".
 */
#include "component/check.h"
#include "inspect/inspection.h"

#include <string.h>

/* An interface, or the world itself, which has no name. Imports and exports may have one name. */
struct scope_name {
  uint32_t number;
  struct bytes name;
};

/* A name that a type has, and where it was given. */
struct type_name {
  struct scope_name scope;
  struct bytes name;
};

struct naming {
  struct context *context;
  struct map typings, resources; /* by id, and by that of the resource; to index into names */
  VEC(struct type_name) names;
  struct scope_name scope; /* what is being shown */
  uint32_t scope_count;
  size_t size; /* of all text so far, in bytes */
};

/* All text that grows with names of the input comes through here. */
static void put_name_text(struct naming *n, struct buffer *out, struct bytes name) {
  n->size += name.size + 1;
  if (n->size > WORLD_TEXT_LIMIT)
    fail(n->context, FAILURE_INPUT, NO_OFFSET, "the types of the imports and exports take more than 64 MiB as text");
  put_shown(out, name);
}

static const struct type_name *find_type_name(const struct naming *n, const struct typing *typing) {
  uint32_t index = map_get(&n->typings, id_key(&typing->id));
  if (index == NOT_FOUND && typing->kind == DEFTYPE_RESOURCE)
    index = map_get(&n->resources, id_key(&typing->is.resource.id));
  return index == NOT_FOUND ? NULL : &n->names.items[index];
}

/* A primitive type keeps its own name. */
static void name_typing(struct naming *n, const struct item *item, struct bytes name) {
  const struct typing *typing = item->type;
  if (typing == item->bound && typing->kind == DEFTYPE_VALUE && typing->is.value.kind <= TYPE_ERROR_CONTEXT)
    return;
  const uint32_t index = n->names.count;
  VEC_ADD(n->context, &n->names, ((struct type_name){n->scope, name}));
  map_add(n->context, &n->typings, id_key(&typing->id), index);
  if (typing->kind == DEFTYPE_RESOURCE)
    map_add(n->context, &n->resources, id_key(&typing->is.resource.id), index);
}

static void put_type_name(struct naming *n, struct buffer *out, const struct type_name *name) {
  if (name->scope.name.size && name->scope.number != n->scope.number) {
    put_name_text(n, out, name->scope.name);
    put_byte(out, '.');
  }
  put_name_text(n, out, name->name);
}

static void put_type(struct naming *n, struct buffer *out, const struct typing *typing);

static void put_optional_type(struct naming *n, struct buffer *out, const struct typing *typing) {
  if (typing)
    put_type(n, out, typing);
  else
    put_byte(out, '_');
}

static const char *keyword_of(const struct typing *typing) {
  if (typing->kind != DEFTYPE_VALUE)
    return NULL;
  switch (typing->is.value.kind) {
  case TYPE_RECORD:
  case TYPE_VARIANT:
  case TYPE_ENUM:
  case TYPE_FLAGS:
    return type_kind_name(typing->is.value.kind);
  default:
    return NULL;
  }
}

/* "x: u32" of a record, "some(u32)" of a variant, "name" of either without a type. */
static void put_part(struct naming *n, struct buffer *out, const struct part *part, bool is_case) {
  put_name_text(n, out, part->label);
  if (!part->type)
    return;
  put_formatted(out, is_case ? "(" : ": ");
  put_type(n, out, part->type);
  put_formatted(out, is_case ? ")" : "");
}

static void put_parts(struct naming *n, struct buffer *out, const struct typing *typing) {
  for (uint32_t i = 0; i < typing->is.value.count; i++) {
    put_formatted(out, i ? ", " : " ");
    put_part(n, out, &typing->is.value.parts[i], typing->is.value.kind == TYPE_VARIANT);
  }
}

/* "tuple<u32, string>", "result<_, error>" */
static void put_arguments(struct naming *n, struct buffer *out, const struct typing *typing) {
  const struct part *parts = typing->is.value.parts;
  uint32_t count = typing->is.value.count;
  if (typing->is.value.kind == TYPE_RESULT)
    count = parts[1].type ? 2 : parts[0].type ? 1 : 0;
  for (uint32_t i = 0; i < count; i++) {
    put_formatted(out, i ? ", " : "<");
    put_optional_type(n, out, parts[i].type);
  }
  put_formatted(out, count ? ">" : "");
}

/* By its parts. */
static void put_structure(struct naming *n, struct buffer *out, const struct typing *typing) {
  const enum type_kind kind = typing->is.value.kind;
  const struct typing *element = typing->is.value.element;
  put_name_text(n, out, bytes_of(kind == TYPE_FIXED_LIST ? "list" : type_kind_name(kind)));
  switch (kind) {
  case TYPE_RECORD:
  case TYPE_VARIANT:
  case TYPE_ENUM:
  case TYPE_FLAGS:
    put_formatted(out, " {");
    put_parts(n, out, typing);
    put_formatted(out, " }");
    return;
  case TYPE_TUPLE:
  case TYPE_RESULT:
  case TYPE_MAP:
    put_arguments(n, out, typing);
    return;
  default:
    if (!element)
      return;
    put_byte(out, '<');
    put_type(n, out, element);
    if (kind == TYPE_FIXED_LIST)
      put_formatted(out, ", %u", typing->is.value.length);
    put_byte(out, '>');
  }
}

/* `own<r>` is written as `r`. */
static void put_handle(struct naming *n, struct buffer *out, const struct typing *typing) {
  const struct type_name *name = find_type_name(n, typing->is.value.resource);
  const bool is_borrow = typing->is.value.kind == TYPE_BORROW;
  put_formatted(out, is_borrow ? "borrow<" : "");
  if (name)
    put_type_name(n, out, name);
  else
    put_formatted(out, "resource");
  put_formatted(out, is_borrow ? ">" : "");
}

/* As deep as TYPE_DEPTH_LIMIT. */
static void put_type(struct naming *n, struct buffer *out, const struct typing *typing) {
  const struct type_name *name = find_type_name(n, typing);
  if (name)
    put_type_name(n, out, name);
  else if (typing->is.value.resource)
    put_handle(n, out, typing);
  else
    put_structure(n, out, typing);
}

static void put_functype(struct naming *n, struct buffer *out, const struct typing *typing, uint32_t first_parameter) {
  put_formatted(out, typing->is.func.is_async ? "async func(" : "func(");
  for (uint32_t i = first_parameter; i < typing->is.func.count; i++) {
    put_formatted(out, i > first_parameter ? ", " : "");
    put_part(n, out, &typing->is.func.params[i], false);
  }
  put_byte(out, ')');
  if (typing->is.func.result) {
    put_formatted(out, " -> ");
    put_type(n, out, typing->is.func.result);
  }
}

static void take_parts(struct naming *n, const struct typing *typing, struct world_item *into) {
  into->keyword = keyword_of(typing);
  into->part_count = typing->is.value.count;
  into->parts = ALLOCATE(n->context, struct bytes, into->part_count);
  for (uint32_t i = 0; i < into->part_count; i++) {
    struct buffer part = new_buffer(n->context);
    put_part(n, &part, &typing->is.value.parts[i], typing->is.value.kind == TYPE_VARIANT);
    into->parts[i] = buffer_bytes(&part);
  }
}

/* A type that gets a name: by the name that it has already, or by its parts. */
static void put_declared(struct naming *n, struct buffer *out, const struct item *item, struct world_item *into) {
  const struct typing *bound = item->bound;
  const struct type_name *known = find_type_name(n, bound);
  if (known) {
    put_type_name(n, out, known);
    if (known->scope.name.size && known->scope.number != n->scope.number) {
      into->from = known->scope.name;
      into->used = known->name;
    }
  } else if (bound->kind == DEFTYPE_FUNC) {
    put_functype(n, out, bound, 0);
  } else if (bound->kind == DEFTYPE_RESOURCE) {
    put_formatted(out, "resource");
  } else if (bound->kind != DEFTYPE_VALUE) {
    put_formatted(out, bound->kind == DEFTYPE_INSTANCE ? "interface" : "component");
  } else {
    if (keyword_of(bound))
      take_parts(n, bound, into);
    put_type(n, out, bound);
  }
  name_typing(n, item, into->name);
}

static const struct world_items *survey_items(struct naming *n, const struct signature *signature);

/* The names of the types of an interface are its own. */
static const struct world_items *survey_interface(struct naming *n, struct bytes name,
                                                  const struct signature *signature) {
  const struct scope_name outer = n->scope;
  n->scope = (struct scope_name){++n->scope_count, name};
  const struct world_items *items = survey_items(n, signature);
  n->scope = outer;
  return items;
}

static bool is_method(struct bytes name) {
  static const char prefix[] = "[method]";
  return name.size >= strlen(prefix) && memcmp(name.at, prefix, strlen(prefix)) == 0;
}

static struct world_item survey_item(struct naming *n, const struct named_item *named) {
  const struct item *item = &named->item;
  struct world_item result = {.name = named->name, .sort = item->sort};
  struct buffer type = new_buffer(n->context), method = new_buffer(n->context);
  switch (item->sort) {
  case SORT_FUNC:
    put_functype(n, &type, item->type, 0);
    if (is_method(named->name) && item->type->is.func.count)
      put_functype(n, &method, item->type, 1);
    break;
  case SORT_TYPE:
    put_declared(n, &type, item, &result);
    break;
  case SORT_INSTANCE:
    put_formatted(&type, "interface");
    result.exports = survey_interface(n, named->name, &item->type->is.instance.exports);
    break;
  case SORT_COMPONENT:
    put_formatted(&type, "component");
    result.imports = survey_interface(n, named->name, &item->type->is.component.imports);
    result.exports = survey_interface(n, named->name, &item->type->is.component.exports);
    break;
  default:
    put_formatted(&type, "%s", sort_name(item->sort));
  }
  result.type = buffer_bytes(&type);
  result.method = buffer_bytes(&method);
  return result;
}

/* As deep as TYPE_DEPTH_LIMIT, which counts instance types in one another too; and no more than TYPE_SIZE_LIMIT. */
static const struct world_items *survey_items(struct naming *n, const struct signature *signature) {
  struct world_items *items = ALLOCATE(n->context, struct world_items, 1);
  VEC_RESERVE(n->context, &items->list, signature->items.count);
  for (uint32_t i = 0; i < signature->items.count; i++) {
    const struct world_item item = survey_item(n, &signature->items.items[i]);
    VEC_ADD(n->context, &items->list, item);
  }
  return items;
}

struct world survey_world(struct context *c, const struct component *root) {
  const struct typing *typing = type_component(c, root);
  struct naming naming = {.context = c};
  return (struct world){.imports = *survey_items(&naming, &typing->is.component.imports),
                        .exports = *survey_items(&naming, &typing->is.component.exports)};
}
