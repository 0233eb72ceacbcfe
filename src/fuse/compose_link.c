/* compose_link.c -- the instances of a composition, made in order in one link.
 *
 * An instance comes after those that it is given something of. Linking them as the root component will has two fruits:
 * each import is checked against what is given for it, with the resource types that are really there; and what stays
 * open is gathered, one import for all that want the same.
 *
 *     app@   imports a:b/c@0.2.0    --+
 *     store  imports a:b/c@0.2.3    --+-->   the composition imports a:b/c@0.2.3, with all that the two declare of it
 *
 * An import can refer to a resource type only if an import before it brings that; so they are put in order, and one
 * that refers to a type that an instance defines is refused.
 *
 * Requires  a source for each import.
 * Provides  the order of the instances; the open imports as extern trees, in their order.
 * Spec      Explainer.md "Instance Definitions", "Import and Export Definitions".
 */
#include "fuse/compose.h"
#include "fuse/link.h"

struct composer {
  struct context *context;
  const struct composition *composition;
  struct link link;
  struct linked_composition linked;
  struct shared_externs shared;
  uint32_t *root_instance;               /* of each instance, the index into plan->instances */
  VEC(const struct extern_name *) names; /* that open imports have outside: the highest of compatible versions */
  struct map tracks;                     /* version_track() to index into names */
};

static const struct composed_input *input_of(const struct composer *k, uint32_t instance) {
  return &k->composition->inputs.items[k->composition->instances.items[instance].input];
}

static struct bytes name_of(const struct composer *k, uint32_t instance) {
  return k->composition->instances.items[instance].name;
}

/* The order of instances: those that an instance needs come before it. */

struct visit {
  uint32_t instance;
  uint32_t next; /* argument to look at */
};
struct walk {
  VEC(struct visit) stack;
  bool *is_entered, *is_done;
};

/* `"a" needs "x" of "b", "b" needs "y" of "a"`. */
static _Noreturn void refuse_cycle(const struct composer *k, const struct walk *walk, uint32_t back_to) {
  struct bytes text = {0};
  uint32_t first = walk->stack.count;
  while (walk->stack.items[--first].instance != back_to)
    assert(first > 0);
  for (uint32_t i = first; i < walk->stack.count && text.size < 600; i++) {
    const struct visit *visit = &walk->stack.items[i];
    const struct composed_input *input = input_of(k, visit->instance);
    const struct source *argument = &k->composition->instances.items[visit->instance].arguments[visit->next - 1];
    text = format_bytes(k->context, "%.*s%s\"%.*s\" needs \"%.*s\" of \"%.*s\"", SHOW(text), i > first ? ", " : "",
                        SHOW(name_of(k, visit->instance)), SHOW(input->imports.items[visit->next - 1]->name.name),
                        SHOW(name_of(k, argument->instance)));
  }
  set_hint(k->context, "\"--link\" or \"--host\" gives one of them something else");
  fail(k->context, FAILURE_INPUT, NO_OFFSET, "the inputs need each other in a circle: %.*s", SHOW(text));
}

static void enter_instance(struct composer *k, struct walk *walk, uint32_t instance) {
  if (walk->is_done[instance])
    return;
  if (walk->is_entered[instance])
    refuse_cycle(k, walk, instance);
  walk->is_entered[instance] = true;
  VEC_ADD(k->context, &walk->stack, ((struct visit){instance, 0}));
}

static void order_instances(struct composer *k) {
  const uint32_t count = k->composition->instances.count;
  struct walk walk = {.is_entered = ALLOCATE(k->context, bool, count), .is_done = ALLOCATE(k->context, bool, count)};
  for (uint32_t i = 0; i < count; i++) {
    enter_instance(k, &walk, i);
    while (walk.stack.count > 0) {
      struct visit *top = &walk.stack.items[walk.stack.count - 1];
      const uint32_t instance = top->instance;
      if (top->next < input_of(k, instance)->imports.count) {
        const uint32_t needed = k->composition->instances.items[instance].arguments[top->next++].instance;
        if (needed != NO_INDEX)
          enter_instance(k, &walk, needed);
        continue;
      }
      walk.is_done[instance] = true;
      walk.stack.count--;
      VEC_ADD(k->context, &k->linked.order, instance);
    }
  }
}

/* Names outside: of compatible versions that stay open, the highest. */

static void name_import(struct composer *k, const struct extern_name *name) {
  const struct item_name item = parse_item_name(k->context, name);
  const struct bytes track = version_track(k->context, &item);
  const uint32_t at = map_add(k->context, &k->tracks, track, k->names.count);
  if (at == k->names.count) {
    VEC_ADD(k->context, &k->names, name);
    return;
  }
  const struct item_name before = parse_item_name(k->context, k->names.items[at]);
  if (compare_versions(&item, &before) > 0)
    k->names.items[at] = name;
}

static void name_imports(struct composer *k) {
  for (uint32_t i = 0; i < k->composition->instances.count; i++)
    for (uint32_t n = 0; n < input_of(k, i)->imports.count; n++)
      if (k->composition->instances.items[i].arguments[n].instance == NO_INDEX)
        name_import(k, &input_of(k, i)->imports.items[n]->name);
}

static const struct extern_name *name_outside(struct composer *k, const struct extern_name *name) {
  const struct item_name item = parse_item_name(k->context, name);
  const uint32_t at = map_get(&k->tracks, version_track(k->context, &item));
  assert(at != NOT_FOUND);
  return k->names.items[at];
}

/* One instance after the other. */

static struct def follow_source(struct composer *k, const struct source *source) {
  struct def def = {.sort = SORT_INSTANCE, .origin = NO_INDEX, .is.instance = k->linked.exports[source->instance]};
  for (uint32_t i = 0; i < source->path_count; i++) {
    const struct def *part = def.sort == SORT_INSTANCE ? find_name(def.is.instance, source->path[i]) : NULL;
    if (!part)
      fail(k->context, FAILURE_INPUT, NO_OFFSET, "\"%.*s\" has no export \"%.*s\"%s",
           SHOW(name_of(k, source->instance)), SHOW(source->path[i]), i > 0 ? " inside of an export" : "");
    def = *part;
  }
  return def;
}

static void keep_arguments(struct composer *k, uint32_t instance, const struct supply *supply) {
  struct linked_argument *arguments = ALLOCATE(k->context, struct linked_argument, supply->bound.count);
  k->linked.arguments[instance] = arguments;
  for (uint32_t i = 0; i < supply->bound.count; i++) {
    const struct bound_import *bound = &supply->bound.items[i];
    arguments[i] = (struct linked_argument){.extern_ = bound->extern_, .fixed.resource = NO_INDEX};
    if (!supply->outside[i] || bound->extern_ != NO_INDEX)
      continue;
    arguments[i].is_fixed = true;
    if (bound->def.is.type.kind == DEFTYPE_RESOURCE)
      arguments[i].fixed.resource = bound->def.is.type.is.resource;
    else if (bound->def.is.type.kind == DEFTYPE_VALUE)
      arguments[i].fixed.type = bound->def.is.type.is.value;
    else
      fail(k->context, FAILURE_INPUT, NO_OFFSET,
           "the import \"%.*s\" of \"%.*s\" is a type of functions, instances or components, which is not supported",
           SHOW(input_of(k, instance)->imports.items[i]->name.name), SHOW(name_of(k, instance)));
  }
}

static void link_instance(struct composer *k, uint32_t instance) {
  const struct composed_input *input = input_of(k, instance);
  const struct composed_instance *made = &k->composition->instances.items[instance];
  struct namespace given = {0};
  const struct extern_name **outside = ALLOCATE(k->context, const struct extern_name *, input->imports.count);
  struct bytes *givers = ALLOCATE(k->context, struct bytes, input->imports.count);
  for (uint32_t i = 0; i < input->imports.count; i++) {
    const struct extern_name *name = &input->imports.items[i]->name;
    if (made->arguments[i].instance == NO_INDEX) {
      outside[i] = name_outside(k, name);
      continue;
    }
    const struct def def = follow_source(k, &made->arguments[i]);
    givers[i] = name_of(k, made->arguments[i].instance);
    const bool is_new = add_name(&k->link, &given, name->name, NULL, &def);
    assert(is_new);
    (void)is_new;
  }
  struct supply supply = {.kind = SUPPLY_SHARED,
                          .role = "import",
                          .given = &given,
                          .parent = NO_INDEX,
                          .shared = &k->shared,
                          .outside = outside,
                          .givers = givers};
  k->root_instance[instance] = k->link.plan->instances.count;
  k->context->input = made->input;
  k->linked.exports[instance] = link_input(&k->link, input->component, &supply);
  k->context->input = NO_INDEX;
  keep_arguments(k, instance, &supply);
  for (uint32_t i = 0, next = 0; next < supply.externs.count; i++)
    if (supply.bound.items[i].extern_ == supply.externs.items[next]) {
      const struct open_import open = {.extern_ = supply.externs.items[next++], .instance = instance, .number = i};
      VEC_ADD(k->context, &k->linked.imports, open);
    }
}

static void find_extended(struct composer *k) {
  bool *is_extended = ALLOCATE(k->context, bool, k->linked.plan->externs.count);
  for (uint32_t i = 0; i < k->shared.items.count; i++)
    is_extended[k->shared.items.items[i].extern_] = k->shared.items.items[i].is_extended;
  for (uint32_t i = 0; i < k->linked.imports.count; i++)
    k->linked.imports.items[i].is_extended = is_extended[k->linked.imports.items[i].extern_];
}

struct linked_composition link_composition(struct context *c, const struct composition *composition) {
  const uint32_t count = composition->instances.count;
  struct composer k = {.context = c, .composition = composition, .link = new_link(c)};
  k.linked.plan = k.link.plan;
  k.linked.arguments = ALLOCATE(c, struct linked_argument *, count);
  k.linked.exports = ALLOCATE(c, const struct namespace *, count);
  k.linked.root_instances = k.root_instance = ALLOCATE(c, uint32_t, count);
  order_instances(&k);
  name_imports(&k);
  for (uint32_t i = 0; i < count; i++)
    link_instance(&k, k.linked.order.items[i]);
  find_extended(&k);
  order_imports(c, composition, &k.linked);
  return k.linked;
}
