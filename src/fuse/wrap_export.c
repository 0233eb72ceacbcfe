/* wrap_export.c -- writes the exports of the wrapped component.
 *
 * Functions, types, modules and components are exported as they are, and so is an instance that was imported. Any other
 * instance has to be made, and with types of its own: what its functions mention has to be named inside it. That is
 * what instantiating a component does, so there is a small one for it, a shim:
 *
 *     (component $shim
 *       (import "type0" (type $r (sub resource)))
 *       (import "func0" (func $f (param "x" (own $r))))
 *       (export "r" (type $r)) (export "f" (func $f) (func (param "x" (own $r2)))))
 *     (instance $i (instantiate $shim (with "type0" ...) (with "func0" ...)))
 *     (export "iface" (instance $i))
 *
 * An instance inside an instance has its shim inside the shim.
 *
 * Requires  extern trees; functions that can be lifted.
 * Provides  all exports of the root, in their order.
 * Spec      Explainer.md "Import and Export Definitions", "Type Checking".
 */
#include "fuse/wrap.h"

#include <assert.h>

static const struct extern_tree *tree_of(const struct wrapper *w, uint32_t item) {
  assert(item < w->plan->externs.count);
  return &w->plan->externs.items[item];
}

/* What a shim imports, in the order of the passes: what has a name outside must be there before what is made of it. */
enum shim_pass { PASS_NAMED, PASS_NAMELESS, PASS_FUNCS };

static void add_argument(struct wrapper *w, struct body *shim, struct bytes name, enum sort sort, uint32_t index) {
  VEC_ADD(w->context, &shim->arguments, ((struct argument){name, {sort, index}}));
}

static struct bytes next_name(struct wrapper *w, const struct body *shim, const char *what) {
  return format_bytes(w->context, "%s%u", what, shim->arguments.count);
}

static void import_resource(struct wrapper *w, struct body *shim, uint32_t resource) {
  if (knows_resource(&shim->scope, resource))
    return;
  if (w->plan->resources.items[resource].source == RESOURCE_ABSTRACT)
    return;
  struct extern_name name = {.name = next_name(w, shim, "type")};
  struct extern_type type = {.sort = SORT_TYPE, .bound = BOUND_SUB_RESOURCE};
  add_argument(w, shim, name.name, SORT_TYPE, resource_index(&shim->outer->scope, resource));
  name_resource(&shim->scope, resource, STANDING_PART, emit_import(&shim->scope.encoder, &name, &type));
}

static void import_value_type(struct wrapper *w, struct body *shim, const struct type *t, enum standing standing) {
  struct extern_name name = {.name = next_name(w, shim, "type")};
  struct extern_type type = {.sort = SORT_TYPE, .bound = BOUND_EQ, .index = value_type_index(&shim->scope, t)};
  add_argument(w, shim, name.name, SORT_TYPE, value_type_index(&shim->outer->scope, t));
  name_type(&shim->scope, t, standing, emit_import(&shim->scope.encoder, &name, &type));
}

static void import_value_types(struct wrapper *w, struct body *shim, const struct type *t, enum shim_pass pass);

static void import_parts(struct wrapper *w, struct body *shim, const struct type *t, enum shim_pass pass) {
  for (uint32_t n = 0; n < t->field_count; n++)
    import_value_types(w, shim, t->fields[n].type, pass);
  import_value_types(w, shim, t->element, pass);
}

/* Imports what has to be named of a value type, its parts first: one that has a name outside can have parts that have
 * none, where the instance has types of its own that equal them. Recursion no deeper than TYPE_DEPTH_LIMIT. */
static void import_value_types(struct wrapper *w, struct body *shim, const struct type *t, enum shim_pass pass) {
  if (!t || t->kind <= TYPE_ERROR_CONTEXT)
    return;
  char sort = pass == PASS_NAMED ? 'n' : 'l';
  if (map_get_number(&shim->visited, sort, t->id) != NOT_FOUND)
    return;
  map_add_number(w->context, &shim->visited, sort, t->id, 0);
  if (t->kind == TYPE_OWN || t->kind == TYPE_BORROW) {
    if (pass == PASS_NAMED)
      import_resource(w, shim, t->resource);
    return;
  }
  import_parts(w, shim, t, pass);
  if (!needs_name(t))
    return;
  bool is_named = is_named_type(&shim->outer->scope, t);
  if (is_named && pass == PASS_NAMED) {
    import_parts(w, shim, t, PASS_NAMELESS);
    import_value_type(w, shim, t, STANDING_PART);
  }
  if (!is_named && pass == PASS_NAMELESS)
    import_value_type(w, shim, t, STANDING_IMPORTED);
}

static void import_functype(struct wrapper *w, struct body *shim, const struct functype *type, enum shim_pass pass) {
  for (uint32_t n = 0; n < type->param_count; n++)
    import_value_types(w, shim, type->params[n].type, pass);
  import_value_types(w, shim, type->result, pass);
}

static void import_tree(struct wrapper *w, struct body *shim, const struct extern_tree *tree, enum shim_pass pass);

static void import_trees(struct wrapper *w, struct body *shim, const uint32_t *items, uint32_t count,
                         enum shim_pass pass) {
  for (uint32_t n = 0; n < count; n++)
    import_tree(w, shim, tree_of(w, items[n]), pass);
}

/* What a component or instance type mentions; of its own types, only what is named outside of it. */
static void import_shape(struct wrapper *w, struct body *shim, const struct component_shape *shape,
                         enum shim_pass pass) {
  if (pass != PASS_NAMED)
    return;
  import_trees(w, shim, shape->imports, shape->import_count, pass);
  import_trees(w, shim, shape->exports, shape->export_count, pass);
}

static void import_function(struct wrapper *w, struct body *shim, const struct extern_tree *tree);

static void import_tree(struct wrapper *w, struct body *shim, const struct extern_tree *tree, enum shim_pass pass) {
  if (tree->sort == SORT_INSTANCE)
    import_trees(w, shim, tree->children, tree->child_count, pass);
  if (tree->sort == SORT_FUNC && pass == PASS_FUNCS)
    import_function(w, shim, tree);
  if (pass == PASS_FUNCS)
    return;
  if (tree->sort == SORT_FUNC)
    import_functype(w, shim, tree->functype, pass);
  if (tree->sort == SORT_COMPONENT && tree->shape)
    import_shape(w, shim, tree->shape, pass);
  if (tree->sort != SORT_TYPE)
    return;
  if (tree->resource != NO_INDEX)
    import_resource(w, shim, tree->resource);
  else if (tree->type)
    import_value_types(w, shim, tree->type, pass);
  else if (tree->type_func)
    import_functype(w, shim, tree->type_func, pass);
  else
    import_shape(w, shim, tree->type_shape, pass);
}

/* A function in any body: in a shim it has been imported. */
static uint32_t function_in(struct wrapper *w, struct body *body, uint32_t func) {
  if (!body->outer)
    return component_function(w, func);
  uint32_t index = map_get_number(&body->items, 'f', func);
  assert(index != NOT_FOUND);
  return index;
}

static void import_function(struct wrapper *w, struct body *shim, const struct extern_tree *tree) {
  if (map_get_number(&shim->items, 'f', tree->func) != NOT_FOUND)
    return;
  struct extern_name name = {.name = next_name(w, shim, "func")};
  struct extern_type type = {.sort = SORT_FUNC, .index = functype_index(&shim->scope, tree->functype)};
  add_argument(w, shim, name.name, SORT_FUNC, function_in(w, shim->outer, tree->func));
  map_add_number(w->context, &shim->items, 'f', tree->func, emit_import(&shim->scope.encoder, &name, &type));
}

static uint32_t embed_definition(struct wrapper *w, struct body *whole, const struct extern_tree *tree) {
  struct encoder *e = &whole->scope.encoder;
  if (tree->alias_of != NO_INDEX)
    return extern_index(&whole->scope, tree->alias_of);
  if (tree->sort == SORT_CORE_MODULE) {
    if (tree->module_bytes.size == 0)
      fail(w->context, FAILURE_INPUT, NO_OFFSET, "the exported core module \"%.*s\" has no definition to copy",
           SHOW(tree->name.name));
    return emit_core_module(e, tree->module_bytes);
  }
  if (!tree->component)
    fail(w->context, FAILURE_INPUT, NO_OFFSET,
         "the exported component \"%.*s\" refers to definitions around it, so that it cannot be copied",
         SHOW(tree->name.name));
  const struct component *component = tree->component;
  return emit_component(e, (struct bytes){component->origin + component->offset, component->size});
}

/* A core module or component in any body; shims reach the whole's by outer aliases. */
static uint32_t definition_in(struct wrapper *w, struct body *body, uint32_t item) {
  uint32_t index = map_get_number(&body->items, 'd', item);
  if (index != NOT_FOUND)
    return index;
  const struct extern_tree *tree = tree_of(w, item);
  if (body->outer)
    index = emit_outer_alias(&body->scope.encoder, tree->sort, 1, definition_in(w, body->outer, item));
  else
    index = embed_definition(w, body, tree);
  map_add_number(w->context, &body->items, 'd', item, index);
  return index;
}

static void export_item(struct wrapper *w, struct body *body, uint32_t item);

/* An instance with the children of `tree`, made by a shim. */
static uint32_t make_instance(struct wrapper *w, struct body *body, const struct extern_tree *tree) {
  struct body *shim = ALLOCATE(w->context, struct body, 1);
  shim->scope = new_type_scope(w->context, w->plan, ENCODE_COMPONENT, NULL);
  count_inside(&shim->scope.encoder, &body->scope.encoder);
  shim->outer = body;
  shim->scope.is_importing = true;
  for (enum shim_pass pass = PASS_NAMED; pass <= PASS_FUNCS; pass++)
    import_trees(w, shim, tree->children, tree->child_count, pass);
  shim->scope.is_importing = false;
  for (uint32_t n = 0; n < tree->child_count; n++)
    export_item(w, shim, tree->children[n]);
  struct instance_expr expression = {.of = emit_component(&body->scope.encoder, finish_component(&shim->scope.encoder)),
                                     .argument_count = shim->arguments.count,
                                     .arguments = shim->arguments.items};
  return emit_instance(&body->scope.encoder, &expression);
}

/* Recursion as deep as instances are nested, see check_extern_depth. */
static void export_item(struct wrapper *w, struct body *body, uint32_t item) {
  const struct extern_tree *tree = tree_of(w, item);
  struct type_scope *s = &body->scope;
  struct sort_index what = {.sort = tree->sort};
  struct extern_type type = {.sort = SORT_FUNC};
  switch (tree->sort) {
  case SORT_FUNC:
    what.index = function_in(w, body, tree->func);
    type = extern_type_of(s, item);
    break;
  case SORT_INSTANCE:
    if (tree->alias_of != NO_INDEX && !body->outer)
      what.index = extern_index(s, tree->alias_of);
    else
      what.index = make_instance(w, body, tree);
    break;
  case SORT_TYPE:
    type = extern_type_of(s, item);
    assert(type.bound == BOUND_EQ);
    what.index = type.index;
    break;
  default:
    what.index = definition_in(w, body, item);
  }
  uint32_t index = emit_export(&s->encoder, &tree->name, what, tree->sort == SORT_FUNC ? &type : NULL);
  introduce_extern(s, item, index);
}

void write_exports(struct wrapper *w) {
  for (uint32_t n = 0; n < w->plan->exports.count; n++) {
    const struct other_names *names = use_own_names(&w->whole.scope, w->plan->exports.items[n]);
    export_item(w, &w->whole, w->plan->exports.items[n]);
    use_other_names(&w->whole.scope, names);
  }
}
