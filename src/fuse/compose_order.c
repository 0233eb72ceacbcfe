/* compose_order.c -- the open imports of a composition, in an order in which each can be declared.
 *
 *     (import "wasi:io/error" (instance $error (export "error" (type (sub resource)))))
 *     (import "wasi:io/streams" (instance ... the type "error" of $error ...))
 *
 * An import that refers to a resource type has to come after the import that brings it. Each input had its imports in
 * such an order; merged, what one input adds to an interface can refer to what comes later. Otherwise the order of
 * first appearance is kept.
 *
 * Requires  compose_link.c: extern trees of the open imports.
 * Provides  linked->imports in order; no import that refers to a resource that an instance defines.
 * Spec      Explainer.md "Import and Export Definitions", "Type Checking".
 */
#include "fuse/compose.h"
#include "fuse/plan.h"

#include <assert.h>

/* An open import, and the numbers of those that have to come before it. */
struct node {
  VEC(uint32_t) needed;
  uint32_t next; /* of `needed`, to look at */
  bool is_entered, is_done;
};

struct orderer {
  struct context *context;
  const struct composition *composition;
  const struct linked_composition *linked;
  const struct plan *plan;
  uint32_t *seen;          /* for each type: 1 + the number of the last import that it was seen in */
  uint32_t number;         /* of the import that is looked at */
  VEC(uint32_t) resources; /* that the import mentions */
};

static void mention_resource(struct orderer *o, uint32_t resource) { VEC_ADD(o->context, &o->resources, resource); }

/* As deep as TYPE_DEPTH_LIMIT. */
static void mention_type(struct orderer *o, const struct type *type) {
  if (!type || !type->has_handles || o->seen[type->id] == o->number + 1)
    return;
  o->seen[type->id] = o->number + 1;
  if (type->kind == TYPE_OWN || type->kind == TYPE_BORROW)
    mention_resource(o, type->resource);
  for (uint32_t i = 0; i < type->field_count; i++)
    mention_type(o, type->fields[i].type);
  mention_type(o, type->element);
}

static void mention_functype(struct orderer *o, const struct functype *type) {
  for (uint32_t i = 0; i < type->param_count; i++)
    mention_type(o, type->params[i].type);
  mention_type(o, type->result);
}

static void mention_shape(struct orderer *o, const struct component_shape *shape);

/* As deep as instances are nested in types, which the reader limits. */
static void mention_extern(struct orderer *o, uint32_t item) {
  const struct extern_tree *tree = &o->plan->externs.items[item];
  if (tree->functype)
    mention_functype(o, tree->functype);
  if (tree->type_func)
    mention_functype(o, tree->type_func);
  if (tree->sort == SORT_TYPE && tree->resource != NO_INDEX)
    mention_resource(o, tree->resource);
  mention_type(o, tree->type);
  for (uint32_t i = 0; i < tree->child_count; i++)
    mention_extern(o, tree->children[i]);
  if (tree->shape)
    mention_shape(o, tree->shape);
  if (tree->type_shape)
    mention_shape(o, tree->type_shape);
}

static void mention_shape(struct orderer *o, const struct component_shape *shape) {
  for (uint32_t i = 0; i < shape->import_count; i++)
    mention_extern(o, shape->imports[i]);
  for (uint32_t i = 0; i < shape->export_count; i++)
    mention_extern(o, shape->exports[i]);
}

/* The instance of the composition that the instance of the plan is, or is inside of. */
static uint32_t composed_instance_of(const struct orderer *o, uint32_t instance) {
  while (o->plan->instances.items[instance].parent != NO_INDEX)
    instance = o->plan->instances.items[instance].parent;
  uint32_t i = 0;
  while (o->linked->root_instances[i] != instance)
    i++;
  return i;
}

/* What the import calls the resource; as deep as instances are nested. Size 0: it only mentions it. */
static struct bytes name_in_import(const struct orderer *o, uint32_t item, uint32_t resource) {
  const struct extern_tree *tree = &o->plan->externs.items[item];
  if (tree->sort == SORT_TYPE && tree->resource == resource)
    return tree->name.name;
  struct bytes name = {0};
  for (uint32_t i = 0; i < tree->child_count && name.size == 0; i++)
    name = name_in_import(o, tree->children[i], resource);
  return name;
}

static _Noreturn void refuse_resource(const struct orderer *o, uint32_t import, uint32_t number) {
  const struct resource *resource = &o->plan->resources.items[number];
  struct bytes resource_name = name_in_import(o, import, number);
  if (resource_name.size == 0)
    resource_name = resource->name;
  const struct composed_instance *instances = o->composition->instances.items;
  const uint32_t provider = composed_instance_of(o, resource->instance);
  const struct bytes name = o->plan->externs.items[import].name.name;
  uint32_t user = 0;
  for (uint32_t i = 0; i < o->composition->instances.count; i++)
    for (uint32_t k = 0; k < o->composition->inputs.items[instances[i].input].imports.count; k++)
      if (o->linked->arguments[i][k].extern_ == import)
        user = i;
  set_hint(o->context,
           "link it to an input that exports it, or keep all that has to do with the resource for the host, "
           "with \"--host\"");
  fail(o->context, FAILURE_INPUT, NO_OFFSET,
       "the import \"%.*s\" of \"%.*s\" is left for the host, but it has to do with the resource \"%.*s\", which "
       "\"%.*s\" defines",
       SHOW(name), SHOW(instances[user].name), SHOW(resource_name), SHOW(instances[provider].name));
}

/* The top-level imports that import number `number` has to come after. */
static void find_needed(struct orderer *o, uint32_t number, const uint32_t *number_of, struct node *node) {
  const uint32_t import = o->linked->imports.items[number].extern_;
  o->number = number;
  o->resources.count = 0;
  mention_extern(o, import);
  for (uint32_t i = 0; i < o->resources.count; i++) {
    const struct resource *resource = &o->plan->resources.items[o->resources.items[i]];
    if (resource->source == RESOURCE_DEFINED)
      refuse_resource(o, import, o->resources.items[i]);
    if (resource->source != RESOURCE_HOST)
      continue;
    uint32_t top = resource->import;
    while (o->plan->externs.items[top].parent != NO_INDEX)
      top = o->plan->externs.items[top].parent;
    if (top != import)
      VEC_ADD(o->context, &node->needed, number_of[top]);
  }
}

static _Noreturn void refuse_circle(const struct orderer *o, uint32_t number) {
  fail(o->context, FAILURE_INPUT, NO_OFFSET,
       "the inputs import \"%.*s\" in such ways that its types and those of another import refer to each other",
       SHOW(o->plan->externs.items[o->linked->imports.items[number].extern_].name.name));
}

void order_imports(struct context *c, const struct composition *composition, struct linked_composition *linked) {
  struct orderer o = {.context = c, .composition = composition, .linked = linked, .plan = linked->plan};
  const uint32_t count = linked->imports.count;
  uint32_t *number_of = ALLOCATE(c, uint32_t, linked->plan->externs.count);
  struct node *nodes = ALLOCATE(c, struct node, count);
  VEC(uint32_t) stack = {0};
  VEC(struct open_import) order = {0};
  o.seen = ALLOCATE(c, uint32_t, linked->plan->types->all.count);
  for (uint32_t i = 0; i < count; i++)
    number_of[linked->imports.items[i].extern_] = i;
  for (uint32_t i = 0; i < count; i++)
    find_needed(&o, i, number_of, &nodes[i]);
  for (uint32_t i = 0; i < count; i++) {
    if (nodes[i].is_done)
      continue;
    VEC_ADD(c, &stack, i);
    while (stack.count > 0) {
      const uint32_t number = stack.items[stack.count - 1];
      struct node *node = &nodes[number];
      node->is_entered = true;
      if (node->next == node->needed.count) {
        node->is_done = true;
        VEC_ADD(c, &order, linked->imports.items[number]);
        stack.count--;
        continue;
      }
      const uint32_t needed = node->needed.items[node->next++];
      if (!nodes[needed].is_done && nodes[needed].is_entered)
        refuse_circle(&o, needed);
      if (!nodes[needed].is_done)
        VEC_ADD(c, &stack, needed);
    }
  }
  linked->imports.count = 0;
  for (uint32_t i = 0; i < order.count; i++)
    VEC_ADD(c, &linked->imports, order.items[i]);
}
