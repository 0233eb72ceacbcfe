/* guest_imports.c -- of the world's imports, those that the program needs.
 *
 *     the world imports   wasi:cli/environment, wasi:io/streams, wasi:http/types, ...
 *     the module uses     "write" of wasi:io/streams
 *
 * A world says all that a program may import; a component imports what it uses. So what stays is: the functions that a
 * module imports, the types that these and the exported functions mention, and the resources, each with the interface
 * that it comes from.
 *
 * Requires  guest_names.c: which functions and resources are used.
 * Provides  plan->imports and the children of its instances without the rest; each import after those that bring the
 *           resources that it mentions.
 * Spec      Explainer.md "Import and Export Definitions", "Type Checking".
 */
#include "fuse/guest.h"
#include "fuse/type_scope.h"

#include <string.h>

struct import_pruner {
  struct guests *g;
  struct context *context;
  struct plan *plan;
  bool *is_func_used;     /* of plan->funcs */
  bool *is_type_used;     /* by id */
  bool *is_type_named;    /* by id: an import that is chosen brings its name */
  bool *is_resource_used; /* of plan->resources */
  bool *is_chosen;        /* of plan->imports */
};

/* As deep as TYPE_DEPTH_LIMIT. */
static void use_type(struct import_pruner *p, const struct type *type) {
  if (!type || p->is_type_used[type->id])
    return;
  p->is_type_used[type->id] = true;
  if (type->kind == TYPE_OWN || type->kind == TYPE_BORROW)
    p->is_resource_used[type->resource] = true;
  for (uint32_t i = 0; i < type->field_count; i++)
    use_type(p, type->fields[i].type);
  use_type(p, type->element);
}

static void use_functype(struct import_pruner *p, const struct functype *type) {
  for (uint32_t i = 0; i < type->param_count; i++)
    use_type(p, type->params[i].type);
  use_type(p, type->result);
}

static const struct extern_tree *tree_of(const struct import_pruner *p, uint32_t item) {
  return &p->plan->externs.items[item];
}

/* The resource in "[static]r.f" has to be there although the types may not mention it. */
static void use_label(struct import_pruner *p, uint32_t item) {
  const struct bytes name = tree_of(p, item)->name.name;
  const struct bytes interface = interface_of(p->plan, item);
  const uint8_t *from = name.size && name.at[0] == '[' ? memchr(name.at, ']', name.size) : NULL;
  if (!from)
    return;
  const size_t size = name.size - (size_t)(from + 1 - name.at);
  const uint8_t *dot = memchr(from + 1, '.', size);
  const struct bytes label = {from + 1, dot ? (size_t)(dot - from - 1) : size};
  const uint32_t at = map_get(&p->g->imports, format_bytes(p->context, "%.*s#%.*s", SHOW(interface), SHOW(label)));
  if (at != NOT_FOUND && tree_of(p, at)->sort == SORT_TYPE && tree_of(p, at)->resource != NO_INDEX)
    p->is_resource_used[tree_of(p, at)->resource] = true;
}

static void use_guest(struct import_pruner *p, const struct guest *guest) {
  for (uint32_t i = 0; i < guest->module->imports.count; i++) {
    const struct guest_import *use = &guest->imports[i];
    if (use->kind <= USE_RESOURCE_REP && use->kind != USE_CALL)
      p->is_resource_used[use->resource] = true;
    if (use->kind != USE_CALL || p->is_func_used[use->func])
      continue;
    p->is_func_used[use->func] = true;
    use_functype(p, p->plan->funcs.items[use->func].type);
    use_label(p, p->plan->funcs.items[use->func].import);
  }
}

/* What exported functions and types mention has to have its name. */
static void use_exports(struct import_pruner *p, const uint32_t *items, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const struct extern_tree *tree = tree_of(p, items[i]);
    use_exports(p, tree->children, tree->child_count); /* worlds have instances of functions and types alone */
    if (tree->sort == SORT_FUNC)
      use_functype(p, tree->functype);
    if (tree->sort == SORT_TYPE && tree->resource != NO_INDEX)
      p->is_resource_used[tree->resource] = true;
    if (tree->sort == SORT_TYPE)
      use_type(p, tree->type);
  }
}

/* Of a function or type. */
static bool is_used(const struct import_pruner *p, uint32_t item) {
  const struct extern_tree *tree = tree_of(p, item);
  if (tree->sort == SORT_FUNC)
    return p->is_func_used[tree->func];
  return tree->resource != NO_INDEX ? p->is_resource_used[tree->resource] : p->is_type_used[tree->type->id];
}

static bool brings_name(const struct import_pruner *p, uint32_t item) {
  const struct extern_tree *tree = tree_of(p, item);
  return tree->sort == SORT_TYPE && tree->type && needs_name(tree->type) && is_used(p, item);
}

/* Is it here that something comes from that is used? A type of values does so only if no other import has it. */
static bool is_source(const struct import_pruner *p, uint32_t item) {
  const struct extern_tree *tree = tree_of(p, item);
  if (tree->sort == SORT_FUNC || (tree->resource != NO_INDEX && tree->is_sub))
    return is_used(p, item);
  return brings_name(p, item) && !p->is_type_named[tree->type->id];
}

static void note_named(struct import_pruner *p, uint32_t item) {
  if (brings_name(p, item))
    p->is_type_named[tree_of(p, item)->type->id] = true;
}

static bool is_needed_for(const struct import_pruner *p, uint32_t import, bool for_types) {
  const struct extern_tree *tree = tree_of(p, import);
  if (tree->sort != SORT_INSTANCE)
    return is_used(p, import);
  for (uint32_t i = 0; i < tree->child_count; i++)
    if (is_source(p, tree->children[i]) && (for_types || !brings_name(p, tree->children[i])))
      return true;
  return false;
}

/* The instances that functions and resources are used of; then, for types that none of these names, others. */
static void choose_imports(struct import_pruner *p) {
  for (int for_types = 0; for_types <= 1; for_types++)
    for (uint32_t i = 0; i < p->plan->imports.count; i++) {
      const struct extern_tree *tree = tree_of(p, p->plan->imports.items[i]);
      if (p->is_chosen[i] || !is_needed_for(p, p->plan->imports.items[i], for_types))
        continue;
      p->is_chosen[i] = true;
      for (uint32_t k = 0; k < tree->child_count; k++)
        note_named(p, tree->children[k]);
    }
}

static void prune_instance(struct import_pruner *p, uint32_t instance) {
  struct extern_tree *tree = &p->plan->externs.items[instance];
  uint32_t *children = ALLOCATE(p->context, uint32_t, tree->child_count), kept = 0;
  for (uint32_t i = 0; i < tree->child_count; i++)
    if (is_used(p, tree->children[i]))
      children[kept++] = tree->children[i];
  tree->child_count = kept;
  tree->children = children;
}

/* The order. Each world has its imports in one; what another one adds may mention what comes later. */

struct mentions {
  struct import_pruner *pruner;
  uint32_t *position; /* of the imports, by extern; NO_INDEX: placed, or none */
  uint32_t *seen;     /* of types by id: 1 + the import that they were last seen in */
  uint32_t number;
  bool is_open; /* a resource comes with an import that is not placed yet */
};

static void mention_resource(struct mentions *m, uint32_t resource) {
  const struct plan *plan = m->pruner->plan;
  if (plan->resources.items[resource].source != RESOURCE_HOST)
    return;
  uint32_t item = plan->resources.items[resource].import;
  while (plan->externs.items[item].parent != NO_INDEX)
    item = plan->externs.items[item].parent;
  m->is_open = m->is_open || (m->position[item] != NO_INDEX && m->position[item] != m->number);
}

/* As deep as TYPE_DEPTH_LIMIT. */
static void mention_type(struct mentions *m, const struct type *type) {
  if (!type || !type->has_handles || m->seen[type->id] == m->number + 1)
    return;
  m->seen[type->id] = m->number + 1;
  if (type->kind == TYPE_OWN || type->kind == TYPE_BORROW)
    mention_resource(m, type->resource);
  for (uint32_t i = 0; i < type->field_count; i++)
    mention_type(m, type->fields[i].type);
  mention_type(m, type->element);
}

static void mention_extern(struct mentions *m, uint32_t item) {
  const struct extern_tree *tree = &m->pruner->plan->externs.items[item];
  for (uint32_t i = 0; i < tree->child_count; i++)
    mention_extern(m, tree->children[i]); /* one level: worlds have instances of functions and types alone */
  for (uint32_t i = 0; tree->functype && i < tree->functype->param_count; i++)
    mention_type(m, tree->functype->params[i].type);
  mention_type(m, tree->functype ? tree->functype->result : tree->type);
  if (tree->sort == SORT_TYPE && tree->resource != NO_INDEX)
    mention_resource(m, tree->resource);
}

static void order_imports(struct import_pruner *p) {
  struct mentions m = {.pruner = p};
  const uint32_t count = p->plan->imports.count;
  uint32_t *const imports = p->plan->imports.items, *ordered = ALLOCATE(p->context, uint32_t, count), placed = 0;
  m.position = ALLOCATE(p->context, uint32_t, p->plan->externs.count);
  for (uint32_t i = 0; i < p->plan->externs.count; i++)
    m.position[i] = NO_INDEX;
  for (uint32_t i = 0; i < count; i++)
    m.position[imports[i]] = i;
  while (placed < count) {
    const uint32_t before = placed;
    m.seen = ALLOCATE(p->context, uint32_t, p->plan->types->all.count);
    for (uint32_t i = 0; i < count; i++) {
      m.number = i;
      m.is_open = false;
      if (m.position[imports[i]] == NO_INDEX)
        continue;
      count_steps(&p->g->link, 1 + p->plan->externs.items[imports[i]].child_count);
      mention_extern(&m, imports[i]);
      if (m.is_open)
        continue;
      m.position[imports[i]] = NO_INDEX;
      ordered[placed++] = imports[i];
    }
    if (placed == before)
      REFUSE_GUEST(p->g, "the imports of the worlds mention resources of each other in a circle");
  }
  for (uint32_t i = 0; i < count; i++)
    imports[i] = ordered[i];
}

void prune_imports(struct guests *g) {
  struct import_pruner p = {.g = g, .context = g->context, .plan = g->plan};
  p.is_func_used = ALLOCATE(g->context, bool, g->plan->funcs.count);
  p.is_type_used = ALLOCATE(g->context, bool, g->plan->types->all.count);
  p.is_type_named = ALLOCATE(g->context, bool, g->plan->types->all.count);
  p.is_chosen = ALLOCATE(g->context, bool, g->plan->imports.count);
  p.is_resource_used = ALLOCATE(g->context, bool, g->plan->resources.count);
  for (uint32_t i = 0; i < g->items.count; i++)
    use_guest(&p, &g->items.items[i]);
  use_exports(&p, g->plan->exports.items, g->plan->exports.count);
  choose_imports(&p);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < g->plan->imports.count; i++) {
    const uint32_t import = g->plan->imports.items[i];
    if (!p.is_chosen[i])
      continue;
    if (g->plan->externs.items[import].sort == SORT_INSTANCE)
      prune_instance(&p, import);
    g->plan->imports.items[kept++] = import;
  }
  g->plan->imports.count = kept;
  order_imports(&p);
}
