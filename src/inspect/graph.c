/* graph.c -- which instance of a component gives what to which.
 *
 *     (core instance $bag (export "f" (func $f)))              $f: a lower of the export "f" of the instance $a
 *     (core instance $b (instantiate $B (with "m" (instance $bag))))
 *
 * becomes one edge from $a to $b with the name "f": an instance of items only passes on what is in it. What is given
 * through one argument as a whole has the argument's name. An item of no instance, such as a canonical function on a
 * resource, gives no edge.
 *
 * Requires  survey.c.
 * Provides  make_graph, for one component. An instance is given only what is defined before it, so that there is no
 *           circle, and edges go from lower to higher nodes.
 */
#include "inspect/inspection.h"

#include <assert.h>

struct passed {
  uint32_t edge;
  struct bytes name;
};

struct making {
  struct context *context;
  const struct inspection *inspection;
  uint32_t component, *steps;
  struct graph graph;
  struct map imports; /* by name, to node */
  uint32_t *node_of;  /* of instances, by id less the first; NO_INDEX: none */
  uint32_t first_instance;
  /* Of the node whose edges are being made. */
  uint32_t to;
  uint32_t *edge_from; /* by node: the edge from it; or NO_INDEX */
  VEC(uint32_t) from;  /* nodes that have one */
  VEC(struct passed) passed;
};

static uint32_t add_node(struct making *m, enum node_kind kind, uint32_t id) {
  VEC_ADD(m->context, &m->graph.nodes, ((struct node){kind, id}));
  return m->graph.nodes.count - 1;
}

static uint32_t node_of_source(const struct making *m, const struct source *source) {
  switch (source->kind) {
  case SOURCE_IMPORT:
    return source->id == m->component ? map_get(&m->imports, source->name) : NO_INDEX;
  case SOURCE_INSTANCE:
  case SOURCE_EXPORT:
    if (m->inspection->instances.items[source->id].component != m->component)
      return NO_INDEX; /* of a component around this one */
    return m->node_of[source->id - m->first_instance];
  default:
    return NO_INDEX;
  }
}

static void pass(struct making *m, uint32_t from, struct bytes name) {
  if (m->edge_from[from] == NO_INDEX) {
    m->edge_from[from] = m->graph.edges.count;
    VEC_ADD(m->context, &m->graph.edges, ((struct edge){.from = from, .to = m->to}));
    VEC_ADD(m->context, &m->from, from);
  }
  VEC_ADD(m->context, &m->passed, ((struct passed){m->edge_from[from], name}));
}

static void pass_source(struct making *m, const struct source *source, struct bytes name);

/* Each instance of items is in one that is defined later: as deep as NESTING_LIMIT, or it is shown as one. */
static void pass_items(struct making *m, const struct inspected_instance *instance, uint32_t depth);

static void pass_named(struct making *m, const struct named_source *item, uint32_t depth) {
  const struct source *source = &item->source;
  if (++*m->steps > EDGE_LIMIT)
    fail(m->context, FAILURE_INPUT, NO_OFFSET, "instances are given more than %d items, which is too many for a graph",
         EDGE_LIMIT);
  const struct inspected_instance *instance =
      source->kind == SOURCE_INSTANCE ? &m->inspection->instances.items[source->id] : NULL;
  if (instance && instance->is_inline)
    pass_items(m, instance, depth);
  else
    pass_source(m, source, item->name);
}

static void pass_items(struct making *m, const struct inspected_instance *instance, uint32_t depth) {
  if (depth == NESTING_LIMIT)
    fail(m->context, FAILURE_INPUT, NO_OFFSET, "instances are nested more than %d deep", NESTING_LIMIT);
  for (uint32_t i = 0; i < instance->item_count; i++)
    pass_named(m, &instance->items[i], depth + 1);
}

static void pass_source(struct making *m, const struct source *source, struct bytes name) {
  const uint32_t from = node_of_source(m, source);
  if (from != NO_INDEX)
    pass(m, from, name);
}

/* Names by edge, in the order in which they were passed. */
static void gather_names(struct making *m, uint32_t first_edge) {
  struct graph *const graph = &m->graph;
  const uint32_t start = graph->names.count;
  for (uint32_t i = 0; i < m->passed.count; i++)
    graph->edges.items[m->passed.items[i].edge].name_count++;
  for (uint32_t i = first_edge, at = start; i < graph->edges.count; i++) {
    graph->edges.items[i].first_name = at;
    at += graph->edges.items[i].name_count;
    graph->edges.items[i].name_count = 0;
  }
  if (m->passed.count)
    VEC_EXTEND(m->context, &graph->names, m->passed.count);
  for (uint32_t i = 0; i < m->passed.count; i++) {
    struct edge *edge = &graph->edges.items[m->passed.items[i].edge];
    graph->names.items[edge->first_name + edge->name_count++] = m->passed.items[i].name;
  }
}

static void start_edges(struct making *m, uint32_t to) {
  m->to = to;
  m->passed.count = 0;
  m->from.count = 0;
}

static void finish_edges(struct making *m, uint32_t first_edge) {
  gather_names(m, first_edge);
  for (uint32_t i = 0; i < m->from.count; i++)
    m->edge_from[m->from.items[i]] = NO_INDEX;
}

static void make_edges(struct making *m, uint32_t to, const struct named_source *items, uint32_t count) {
  const uint32_t first_edge = m->graph.edges.count;
  start_edges(m, to);
  for (uint32_t i = 0; i < count; i++)
    pass_named(m, &items[i], 0);
  finish_edges(m, first_edge);
}

/* What is instantiated comes from elsewhere too, where it is imported or exported. */
static void make_instance_edges(struct making *m, uint32_t to, const struct inspected_instance *instance) {
  const uint32_t first_edge = m->graph.edges.count;
  start_edges(m, to);
  pass_source(m, &instance->of, instance->of.member.size ? instance->of.member : instance->of.name);
  for (uint32_t i = 0; i < instance->item_count; i++)
    pass_named(m, &instance->items[i], 0);
  finish_edges(m, first_edge);
}

static void find_instances(struct making *m, const struct inspected_component *component) {
  uint32_t first = NO_INDEX, last = 0;
  for (uint32_t i = 0; i < component->members.count; i++) {
    const struct member *member = &component->members.items[i];
    if (member->kind != MEMBER_INSTANCE)
      continue;
    first = member->id < first ? member->id : first;
    last = member->id;
  }
  if (first == NO_INDEX)
    return;
  m->first_instance = first;
  m->node_of = ALLOCATE(m->context, uint32_t, (size_t)last - first + 1);
  for (uint32_t i = 0; i <= last - first; i++)
    m->node_of[i] = NO_INDEX;
}

static void add_nodes(struct making *m, const struct inspected_component *component) {
  for (uint32_t i = 0; i < component->imports.count; i++) {
    const uint32_t node = add_node(m, NODE_IMPORT, i);
    map_add(m->context, &m->imports, component->imports.items[i].name, node);
  }
  for (uint32_t i = 0; i < component->members.count; i++) {
    const struct member *member = &component->members.items[i];
    if (member->kind == MEMBER_INSTANCE && !m->inspection->instances.items[member->id].is_inline)
      m->node_of[member->id - m->first_instance] = add_node(m, NODE_INSTANCE, member->id);
  }
  for (uint32_t i = 0; i < component->exports.count; i++)
    add_node(m, NODE_EXPORT, i);
}

struct graph make_graph(struct context *c, const struct inspection *inspection, uint32_t id, uint32_t *steps) {
  const struct inspected_component *component = &inspection->components.items[id];
  struct making m = {.context = c, .inspection = inspection, .component = id, .steps = steps};
  find_instances(&m, component);
  add_nodes(&m, component);
  m.edge_from = ALLOCATE(c, uint32_t, m.graph.nodes.count);
  for (uint32_t i = 0; i < m.graph.nodes.count; i++)
    m.edge_from[i] = NO_INDEX;
  for (uint32_t i = 0; i < m.graph.nodes.count; i++) {
    const struct node *node = &m.graph.nodes.items[i];
    if (node->kind == NODE_INSTANCE)
      make_instance_edges(&m, i, &inspection->instances.items[node->id]);
    else if (node->kind == NODE_EXPORT)
      make_edges(&m, i, &component->exports.items[node->id], 1);
  }
  return m.graph;
}
