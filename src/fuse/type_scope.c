/* type_scope.c -- encodes the plan's types into the type index space of one scope.
 *
 *     (import "clock" (instance (export "t" (type $t (eq record ...))) (export "now" (func (result $t)))))
 *     (export "time" (func (result $t)))
 *
 * The second `$t` is a record of the plan that the scope knows as a part of the import: it becomes an alias of the
 * instance's export, made when first asked for.
 *
 * Requires  extern trees in which a name is introduced before it is used, as a valid component has them.
 * Provides  types, imports and exports in the encoder of a scope.
 * Spec      Binary.md "Type Definitions", "Import and Export Definitions"; Explainer.md "Type Checking".
 */
#include "fuse/type_scope.h"

#include <assert.h>
#include <string.h>

struct type_scope new_type_scope(struct context *c, const struct plan *plan, enum encoder_kind kind,
                                 struct type_scope *outer) {
  uint32_t nesting = outer ? outer->nesting + 1 : 0;
  if (nesting > NESTING_LIMIT)
    fail(c, FAILURE_INPUT, NO_OFFSET, "component and instance types are nested more than %d deep", NESTING_LIMIT);
  struct encoder encoder = new_encoder(c, kind);
  if (outer)
    count_inside(&encoder, &outer->encoder);
  return (struct type_scope){.context = c, .plan = plan, .outer = outer, .encoder = encoder, .nesting = nesting};
}

/* Keys of maps: which sort of thing, and its number. */
struct key {
  uint8_t at[5];
};

static struct key key_of(char sort, uint32_t number) {
  return (struct key){
      {(uint8_t)sort, (uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24)}};
}

static uint32_t map_get_key(const struct map *map, struct key key) {
  return map_get(map, (struct bytes){key.at, sizeof key.at});
}

static void map_add_key(struct context *c, struct map *map, struct key key, uint32_t value) {
  struct key *copy = ALLOCATE(c, struct key, 1);
  *copy = key;
  map_add(c, map, (struct bytes){copy->at, sizeof copy->at}, value);
}

uint32_t map_get_number(const struct map *map, char sort, uint32_t number) {
  return map_get_key(map, key_of(sort, number));
}

void map_add_number(struct context *c, struct map *map, char sort, uint32_t number, uint32_t value) {
  map_add_key(c, map, key_of(sort, number), value);
}

static struct key type_key(const struct type *type) { return key_of('t', type->id); }
static struct key resource_key(uint32_t resource) { return key_of('r', resource); }

static struct known_type *known(const struct type_scope *s, struct key key) {
  uint32_t at = map_get_key(&s->known, key);
  return at == NOT_FOUND ? NULL : &s->types.items[at];
}

/* Records how `key` is known, unless it is known better. A part does not replace a part: the first instance that has
 * a type is the one that the others took it from. */
static void learn(struct type_scope *s, struct key key, struct known_type how) {
  struct known_type *before = known(s, key);
  if (before && before->standing > how.standing)
    return;
  if (before && before->standing == how.standing && how.standing >= STANDING_PART)
    return;
  if (how.standing >= STANDING_PART) {
    s->generation++;
    s->exporting = s->is_importing ? s->exporting : s->generation;
  }
  how.generation = s->generation;
  if (before) {
    *before = how;
    return;
  }
  map_add_key(s->context, &s->known, key, s->types.count);
  VEC_ADD(s->context, &s->types, how);
}

void name_type(struct type_scope *s, const struct type *type, enum standing standing, uint32_t index) {
  learn(s, type_key(type), (struct known_type){.standing = standing, .index = index, .part = NO_INDEX});
}

void name_resource(struct type_scope *s, uint32_t resource, enum standing standing, uint32_t index) {
  learn(s, resource_key(resource), (struct known_type){.standing = standing, .index = index, .part = NO_INDEX});
}

bool needs_name(const struct type *type) {
  return type->kind == TYPE_RECORD || type->kind == TYPE_VARIANT || type->kind == TYPE_ENUM || type->kind == TYPE_FLAGS;
}

bool is_named_type(const struct type_scope *s, const struct type *type) {
  const struct known_type *how = known(s, type_key(type));
  return how && how->standing >= STANDING_PART;
}

bool knows_resource(const struct type_scope *s, uint32_t resource) {
  for (; s; s = s->outer)
    if (known(s, resource_key(resource)))
      return true;
  return false;
}

/* Still right: nothing that it was built from has got a name since? */
static bool is_current(const struct type_scope *s, const struct known_type *how) {
  return how->standing >= STANDING_PART || how->generation == s->generation ||
         (how->standing == STANDING_IMPORTED && how->generation >= s->exporting);
}

static uint32_t known_index(struct type_scope *s, struct key key) {
  struct known_type *how = known(s, key);
  assert(how);
  if (how->index != NO_INDEX)
    return how->index;
  uint32_t index = extern_index(s, how->part); /* may learn more and so move `how` */
  known(s, key)->index = index;
  return index;
}

/* An alias of what an enclosing scope knows; NO_INDEX if none does. */
static uint32_t outer_index(struct type_scope *s, struct key key) {
  uint32_t count = 1;
  for (struct type_scope *outer = s->outer; outer; outer = outer->outer, count++) {
    const struct known_type *how = known(outer, key);
    if (!how || (how->standing < STANDING_PART && key.at[0] == 't'))
      continue;
    uint32_t index = emit_outer_alias(&s->encoder, SORT_TYPE, count, known_index(outer, key));
    struct known_type here = {.standing = STANDING_PART, .index = index, .part = NO_INDEX};
    learn(s, key, here);
    return index;
  }
  return NO_INDEX;
}

uint32_t resource_index(struct type_scope *s, uint32_t resource) {
  struct key key = resource_key(resource);
  if (known(s, key))
    return known_index(s, key);
  uint32_t index = outer_index(s, key);
  if (index == NO_INDEX)
    fail(s->context, FAILURE_INPUT, NO_OFFSET,
         "an import or export has a type with a resource in it that no import or export before it names");
  return index;
}

static void put_labels(struct buffer *b, const struct type *type) {
  put_u32(b, type->field_count);
  for (uint32_t n = 0; n < type->field_count; n++)
    put_name(b, type->fields[n].label);
}

static void put_optional(struct type_scope *s, struct buffer *b, const struct type *type) {
  put_byte(b, type != NULL);
  if (type)
    put_valtype(s, b, type);
}

static void put_record(struct type_scope *s, struct buffer *b, const struct type *type) {
  bool labelled = type->kind == TYPE_RECORD;
  put_u32(b, type->field_count);
  for (uint32_t n = 0; n < type->field_count; n++) {
    if (labelled)
      put_name(b, type->fields[n].label);
    put_valtype(s, b, type->fields[n].type);
  }
}

static void put_variant(struct type_scope *s, struct buffer *b, const struct type *type) {
  put_u32(b, type->field_count);
  for (uint32_t n = 0; n < type->field_count; n++) {
    put_name(b, type->fields[n].label);
    put_optional(s, b, type->fields[n].type);
    put_byte(b, 0x00);
  }
}

/* defvaltype. */
static void put_defvaltype(struct type_scope *s, struct buffer *b, const struct type *type) {
  put_byte(b, valtype_code(type->kind));
  switch (type->kind) {
  case TYPE_RECORD:
  case TYPE_TUPLE:
    put_record(s, b, type);
    break;
  case TYPE_VARIANT:
    put_variant(s, b, type);
    break;
  case TYPE_ENUM:
  case TYPE_FLAGS:
    put_labels(b, type);
    break;
  case TYPE_LIST:
    put_valtype(s, b, type->element);
    break;
  case TYPE_FIXED_LIST:
    put_valtype(s, b, type->element);
    put_u32(b, type->length);
    break;
  case TYPE_OPTION:
    put_valtype(s, b, type->element);
    break;
  case TYPE_RESULT:
    put_optional(s, b, type->fields[0].type);
    put_optional(s, b, type->fields[1].type);
    break;
  case TYPE_OWN:
  case TYPE_BORROW:
    put_u32(b, resource_index(s, type->resource));
    break;
  case TYPE_STREAM:
  case TYPE_FUTURE:
    put_optional(s, b, type->element);
    break;
  case TYPE_MAP:
    put_valtype(s, b, type->element->fields[0].type);
    put_valtype(s, b, type->element->fields[1].type);
    break;
  default:
    assert(type->kind <= TYPE_ERROR_CONTEXT);
  }
}

void put_valtype(struct type_scope *s, struct buffer *b, const struct type *type) {
  if (type->kind <= TYPE_ERROR_CONTEXT)
    put_byte(b, valtype_code(type->kind));
  else
    put_s33(b, value_type_index(s, type));
}

uint32_t value_type_index(struct type_scope *s, const struct type *type) {
  struct key key = type_key(type);
  const struct known_type *how = known(s, key);
  if (how && is_current(s, how))
    return known_index(s, key);
  if (needs_name(type)) {
    uint32_t outer = outer_index(s, key);
    if (outer != NO_INDEX)
      return outer;
  }
  struct buffer b = new_buffer(s->context);
  put_defvaltype(s, &b, type); /* recursion no deeper than TYPE_DEPTH_LIMIT */
  uint32_t index = emit_type(&s->encoder, &b);
  name_type(s, type, STANDING_DEFINED, index);
  return index;
}

/* functype. */
uint32_t functype_index(struct type_scope *s, const struct functype *type) {
  struct buffer b = new_buffer(s->context);
  put_byte(&b, type->is_async ? 0x43 : 0x40);
  put_u32(&b, type->param_count);
  for (uint32_t n = 0; n < type->param_count; n++) {
    put_name(&b, type->params[n].label);
    put_valtype(s, &b, type->params[n].type);
  }
  if (type->result) {
    put_byte(&b, 0x00);
    put_valtype(s, &b, type->result);
  } else {
    put_raw(&b, "\x01\x00", 2);
  }
  uint32_t before = map_get(&s->functypes, buffer_bytes(&b));
  if (before != NOT_FOUND)
    return before;
  uint32_t index = emit_type(&s->encoder, &b);
  map_add(s->context, &s->functypes, buffer_bytes(&b), index);
  return index;
}

static const struct extern_tree *tree_of(const struct type_scope *s, uint32_t item) {
  assert(item < s->plan->externs.count);
  return &s->plan->externs.items[item];
}

uint32_t extern_index(struct type_scope *s, uint32_t item) {
  uint32_t index = map_get_number(&s->externs, 'e', item);
  if (index != NOT_FOUND)
    return index;
  const struct extern_tree *tree = tree_of(s, item);
  assert(tree->parent != NO_INDEX);
  uint32_t instance = extern_index(s, tree->parent); /* as deep as instances are nested, which the reader limits */
  index = emit_export_alias(&s->encoder, tree->sort, instance, tree->name.name);
  map_add_number(s->context, &s->externs, 'e', item, index);
  return index;
}

void check_extern_depth(struct context *c, const struct plan *plan) {
  for (uint32_t n = 0; n < plan->externs.count; n++) {
    uint32_t depth = 0;
    for (uint32_t item = n; item != NO_INDEX; item = plan->externs.items[item].parent)
      if (++depth > NESTING_LIMIT)
        fail(c, FAILURE_INPUT, NO_OFFSET, "instances are nested more than %d deep in the imports or exports",
             NESTING_LIMIT);
  }
}

static void note_definition(struct type_scope *s, uint32_t item) {
  const struct extern_tree *tree = tree_of(s, item);
  if (tree->type && needs_name(tree->type) && map_get_number(&s->definitions, 'd', tree->definition) == NOT_FOUND)
    map_add_number(s->context, &s->definitions, 'd', tree->definition, item);
}

/* The types that an instance of this scope brings. */
static void learn_parts(struct type_scope *s, const struct extern_tree *instance) {
  for (uint32_t n = 0; n < instance->child_count; n++) {
    uint32_t item = instance->children[n];
    const struct extern_tree *part = tree_of(s, item);
    struct known_type how = {.standing = STANDING_PART, .index = NO_INDEX, .part = item};
    if (part->sort == SORT_INSTANCE)
      learn_parts(s, part);
    else if (part->sort != SORT_TYPE)
      continue;
    else if (part->resource != NO_INDEX)
      learn(s, resource_key(part->resource), how);
    else if (part->type && needs_name(part->type)) {
      note_definition(s, item);
      learn(s, type_key(part->type), how);
    }
  }
}

/* What was known of a type before an extern that introduces it. */
struct other_name {
  const struct type *type;
  struct known_type how;
};
struct other_names {
  VEC(struct other_name) types;
  struct map seen; /* by type->id */
};

/* The extern that names the type of `item` here; NO_INDEX: none does. */
static uint32_t owner_of(const struct type_scope *s, uint32_t item) {
  const struct extern_tree *tree = tree_of(s, item);
  if (tree->alias_of != NO_INDEX)
    return tree->alias_of;
  const uint32_t owner = map_get_number(&s->definitions, 'd', tree->definition);
  return owner == NOT_FOUND ? NO_INDEX : owner;
}

static bool is_name_of(const struct type_scope *s, uint32_t item, const struct known_type *how) {
  return how->part == item || (how->index != NO_INDEX && map_get_number(&s->externs, 'e', item) == how->index);
}

/* As deep as instances are nested, see check_extern_depth. */
static void use_names_of(struct type_scope *s, uint32_t item, struct other_names *names) {
  const struct extern_tree *tree = tree_of(s, item);
  if (tree->sort == SORT_INSTANCE)
    for (uint32_t n = 0; n < tree->child_count; n++)
      use_names_of(s, tree->children[n], names);
  if (tree->sort != SORT_TYPE || !tree->type || !needs_name(tree->type))
    return;
  struct known_type *how = known(s, type_key(tree->type));
  if (!how || how->standing < STANDING_PART || map_get_number(&names->seen, 't', tree->type->id) != NOT_FOUND)
    return;
  const uint32_t owner = owner_of(s, item);
  map_add_number(s->context, &names->seen, 't', tree->type->id, 0);
  if (owner != NO_INDEX && is_name_of(s, owner, how))
    return;
  VEC_ADD(s->context, &names->types, ((struct other_name){tree->type, *how}));
  s->generation++;
  *how = owner == NO_INDEX ? (struct known_type){.standing = STANDING_DEFINED}
                           /* of an older generation: defined when asked for */
                           : (struct known_type){.standing = STANDING_PART, .index = NO_INDEX, .part = owner};
}

struct other_names *use_own_names(struct type_scope *s, uint32_t item) {
  struct other_names *names = ALLOCATE(s->context, struct other_names, 1);
  if (!s->outer)
    use_names_of(s, item, names);
  return names;
}

void use_other_names(struct type_scope *s, const struct other_names *names) {
  for (uint32_t n = 0; n < names->types.count; n++)
    *known(s, type_key(names->types.items[n].type)) = names->types.items[n].how;
  if (names->types.count)
    s->generation++;
}

void introduce_extern(struct type_scope *s, uint32_t item, uint32_t index) {
  const struct extern_tree *tree = tree_of(s, item);
  map_add_number(s->context, &s->externs, 'e', item, index);
  if (tree->sort == SORT_INSTANCE)
    learn_parts(s, tree);
  if (tree->sort != SORT_TYPE)
    return;
  if (tree->resource != NO_INDEX) {
    name_resource(s, tree->resource, STANDING_NAMED, index);
    const uint32_t label = map_add(s->context, &s->labels, tree->name.name, s->labelled.count);
    if (label == s->labelled.count)
      VEC_ADD(s->context, &s->labelled, 0);
    s->labelled.items[label] = index;
  } else if (tree->type && needs_name(tree->type)) {
    note_definition(s, item);
    name_type(s, tree->type, STANDING_NAMED, index);
  }
}

/* An instance type of these exports. */
static uint32_t instance_type_index(struct type_scope *s, const uint32_t *children, uint32_t child_count) {
  struct type_scope inner = new_type_scope(s->context, s->plan, ENCODE_INSTANCE_TYPE, s);
  for (uint32_t n = 0; n < child_count; n++)
    declare_extern_export(&inner, children[n]);
  struct buffer b = new_buffer(s->context);
  put_finished_type(&b, &inner.encoder);
  return emit_type(&s->encoder, &b);
}

uint32_t shape_index(struct type_scope *s, const struct component_shape *shape) {
  if (shape->is_instance)
    return instance_type_index(s, shape->exports, shape->export_count);
  struct type_scope inner = new_type_scope(s->context, s->plan, ENCODE_COMPONENT_TYPE, s);
  for (uint32_t n = 0; n < shape->import_count; n++)
    declare_extern_import(&inner, shape->imports[n]);
  for (uint32_t n = 0; n < shape->export_count; n++)
    declare_extern_export(&inner, shape->exports[n]);
  struct buffer b = new_buffer(s->context);
  put_finished_type(&b, &inner.encoder);
  return emit_type(&s->encoder, &b);
}

/* The typebound: a resource's first occurrence introduces it, any other says which one it is. */
static struct extern_type type_bound(struct type_scope *s, const struct extern_tree *tree) {
  struct extern_type bound = {.sort = SORT_TYPE, .bound = BOUND_EQ};
  if (tree->resource != NO_INDEX) {
    if (knows_resource(s, tree->resource))
      bound.index = resource_index(s, tree->resource);
    else
      bound.bound = BOUND_SUB_RESOURCE;
  } else if (tree->type)
    bound.index = value_type_index(s, tree->type);
  else if (tree->type_func)
    bound.index = functype_index(s, tree->type_func);
  else
    bound.index = shape_index(s, tree->type_shape);
  return bound;
}

/* The resource's name in "[method]name.f", "[constructor]name", "[static]name.f"; size 0: it is none of these. */
static struct bytes label_of(struct bytes name) {
  const uint8_t *from = name.size && name.at[0] == '[' ? memchr(name.at, ']', name.size) : NULL;
  if (!from)
    return (struct bytes){0};
  const size_t size = name.size - (size_t)(from + 1 - name.at);
  const uint8_t *dot = memchr(from + 1, '.', size);
  return (struct bytes){from + 1, dot ? (size_t)(dot - from - 1) : size};
}

static void know_as(struct type_scope *s, const struct type *handle, uint32_t index) {
  if (!handle || (handle->kind != TYPE_OWN && handle->kind != TYPE_BORROW))
    return;
  struct known_type *how = known(s, resource_key(handle->resource));
  if (!how || how->index == index)
    return;
  how->index = index;
  s->generation++;
}

static bool has_prefix(struct bytes name, const char *prefix) {
  return name.size > strlen(prefix) && memcmp(name.at, prefix, strlen(prefix)) == 0;
}

/* A resource can have several names in a scope; a method of the one has to mention it by that one, as its first
 * parameter, and a constructor as its result. */
static void use_label(struct type_scope *s, const struct extern_tree *tree) {
  const struct bytes label = label_of(tree->name.name);
  const uint32_t known_label = label.size ? map_get(&s->labels, label) : NOT_FOUND;
  const struct functype *type = tree->functype;
  if (known_label == NOT_FOUND)
    return;
  const uint32_t index = s->labelled.items[known_label];
  if (type->param_count && has_prefix(tree->name.name, "[method]"))
    know_as(s, type->params[0].type, index);
  if (type->result && has_prefix(tree->name.name, "[constructor]"))
    know_as(s, type->result->kind == TYPE_RESULT ? type->result->fields[0].type : type->result, index);
}

struct extern_type extern_type_of(struct type_scope *s, uint32_t item) {
  const struct extern_tree *tree = tree_of(s, item);
  struct extern_type type = {.sort = tree->sort};
  switch (tree->sort) {
  case SORT_FUNC:
    use_label(s, tree);
    type.index = functype_index(s, tree->functype);
    break;
  case SORT_INSTANCE:
    type.index = instance_type_index(s, tree->children, tree->child_count);
    break;
  case SORT_COMPONENT:
    type.index = shape_index(s, tree->shape);
    break;
  case SORT_CORE_MODULE:
    type.index = module_type_index(s, tree->module_type);
    break;
  default:
    assert(tree->sort == SORT_TYPE);
    return type_bound(s, tree);
  }
  return type;
}

uint32_t declare_extern_import(struct type_scope *s, uint32_t item) {
  const struct other_names *names = use_own_names(s, item);
  struct extern_type type = extern_type_of(s, item);
  uint32_t index = emit_import(&s->encoder, &tree_of(s, item)->name, &type);
  introduce_extern(s, item, index);
  use_other_names(s, names);
  return index;
}

uint32_t declare_extern_export(struct type_scope *s, uint32_t item) {
  const struct other_names *names = use_own_names(s, item);
  struct extern_type type = extern_type_of(s, item);
  uint32_t index = emit_declared_export(&s->encoder, &tree_of(s, item)->name, &type);
  introduce_extern(s, item, index);
  use_other_names(s, names);
  return index;
}

/* core:type in a component or module type; a non-final subtype has 0x00 before it, see the note in Binary.md. */
void put_core_deftype(struct buffer *b, const struct core_type *first) {
  struct buffer group = new_buffer(b->context);
  put_core_rectype(&group, first);
  if (group.size > 0 && group.data[0] == 0x50)
    put_byte(b, 0x00);
  put_bytes(b, buffer_bytes(&group));
}

/* The entry of `outers` for type `type`; count if it is none. */
static uint32_t find_outer(const struct module_type *type, uint32_t index) {
  uint32_t n = 0;
  while (n < type->outers.count && type->outers.items[n].type != index)
    n++;
  return n;
}

/* core:moduledecl: the type index space, with aliases in their places. Returns how many declarators. */
static uint32_t put_module_types(struct buffer *b, const struct module_type *type, const uint32_t *outers) {
  uint32_t count = 0;
  for (uint32_t n = 0; n < type->module->types.count; count++) {
    uint32_t outer = find_outer(type, n);
    if (outer == type->outers.count) {
      put_byte(b, 0x01);
      put_core_deftype(b, &type->module->types.items[n]);
      n += type->module->types.items[n].group_size;
      continue;
    }
    put_raw(b, "\x02\x10\x01", 3);
    put_u32(b, type->outers.items[outer].count);
    put_u32(b, outers[outer]);
    n++;
  }
  return count;
}

/* core:moduletype. */
void put_module_type(struct buffer *b, const struct module_type *type, const uint32_t *outers) {
  const struct module *module = type->module;
  struct buffer items = new_buffer(b->context);
  uint32_t count = module->imports.count + type->exports.count + put_module_types(&items, type, outers);
  for (uint32_t n = 0; n < module->imports.count; n++) {
    put_byte(&items, 0x00);
    put_name(&items, module->imports.items[n].module);
    put_name(&items, module->imports.items[n].name);
    put_core_extern(&items, &module->imports.items[n].type);
  }
  for (uint32_t n = 0; n < type->exports.count; n++) {
    put_byte(&items, 0x03);
    put_name(&items, type->exports.items[n].name);
    put_core_extern(&items, &type->exports.items[n].type);
  }
  put_byte(b, 0x50);
  put_u32(b, count);
  put_bytes(b, buffer_bytes(&items));
}

uint32_t module_type_index(struct type_scope *s, const struct module_type *type) {
  assert(type);
  if (type->outers.count > 0)
    fail(s->context, FAILURE_INPUT, NO_OFFSET,
         "a core module type that takes types from around it cannot be written again");
  struct buffer b = new_buffer(s->context);
  put_module_type(&b, type, NULL);
  return emit_core_type(&s->encoder, &b, 1);
}
