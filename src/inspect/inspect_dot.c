/* inspect_dot.c -- the graph of instances in the language of Graphviz: a box of boxes for each component.
 *
 *     digraph {
 *       subgraph cluster_0 {
 *         label="component \"app\"";
 *         instance_0 [label="instance 0 \"counting\""];
 *         ...
 *       }
 *       instance_0 -> instance_2 [label="counting"];
 *     }
 *
 * A component is shown once, however many instances there are of it.
 *
 * Requires  graph.c.
 * Provides  inspect_dot.
 * Spec      graphviz.org, "DOT Language".
 */
#include "inspect/inspection.h"

#define NAMES_SHOWN 4 /* on one edge */

struct dot {
  const struct inspection *inspection;
  struct buffer *out, *edges;
  struct buffer label; /* as it is before it is quoted */
  uint32_t steps;
};

/* A quoted ID, in which Graphviz reads backslashes and HTML entities. */
static void put_label(struct dot *d, struct buffer *out) {
  put_byte(out, '"');
  for (size_t i = 0; i < d->label.size; i++) {
    const uint8_t byte = d->label.data[i];
    if (byte == '"' || byte == '\\')
      put_byte(out, '\\');
    if (byte == '&')
      put_bytes(out, bytes_of("&amp;"));
    else
      put_byte(out, byte);
  }
  put_byte(out, '"');
  d->label.size = 0;
}

static void put_node_id(struct buffer *out, uint32_t component, const struct node *node) {
  switch (node->kind) {
  case NODE_IMPORT:
    put_formatted(out, "import_%u_%u", component, node->id);
    return;
  case NODE_INSTANCE:
    put_formatted(out, "instance_%u", node->id);
    return;
  case NODE_EXPORT:
    put_formatted(out, "export_%u_%u", component, node->id);
    return;
  }
}

static void put_node(struct dot *d, uint32_t id, const struct node *node) {
  const struct inspected_component *component = &d->inspection->components.items[id];
  put_bytes(d->out, bytes_of("    "));
  put_node_id(d->out, id, node);
  put_bytes(d->out, bytes_of(" [label="));
  if (node->kind == NODE_INSTANCE)
    put_instance(&d->label, d->inspection, node->id);
  else
    put_word(&d->label, node->kind == NODE_IMPORT ? component->imports.items[node->id].name
                                                  : component->exports.items[node->id].name);
  put_label(d, d->out);
  if (node->kind == NODE_INSTANCE) {
    put_bytes(d->out, bytes_of(", tooltip="));
    put_source(&d->label, d->inspection, &d->inspection->instances.items[node->id].of);
    put_label(d, d->out);
  } else {
    put_formatted(d->out, ", shape=%s", node->kind == NODE_IMPORT ? "cds" : "rarrow");
  }
  put_bytes(d->out, bytes_of("];\n"));
}

static void put_edge(struct dot *d, uint32_t component, const struct graph *graph, const struct edge *edge) {
  put_bytes(d->edges, bytes_of("  "));
  put_node_id(d->edges, component, &graph->nodes.items[edge->from]);
  put_bytes(d->edges, bytes_of(" -> "));
  put_node_id(d->edges, component, &graph->nodes.items[edge->to]);
  put_bytes(d->edges, bytes_of(" [label="));
  for (uint32_t i = 0; i < edge->name_count && i < NAMES_SHOWN; i++) {
    put_bytes(&d->label, bytes_of(i ? ", " : ""));
    put_word(&d->label, graph->names.items[edge->first_name + i]);
  }
  if (edge->name_count > NAMES_SHOWN)
    put_formatted(&d->label, " and %u more", edge->name_count - NAMES_SHOWN);
  put_label(d, d->edges);
  put_bytes(d->edges, bytes_of("];\n"));
}

static void put_component_graph(struct dot *d, uint32_t id) {
  const struct graph graph = make_graph(d->out->context, d->inspection, id, &d->steps);
  put_formatted(d->out, "  subgraph cluster_%u {\n    label=", id);
  put_component(&d->label, d->inspection, id);
  put_label(d, d->out);
  put_bytes(d->out, bytes_of(";\n"));
  for (uint32_t i = 0; i < graph.nodes.count; i++)
    put_node(d, id, &graph.nodes.items[i]);
  put_bytes(d->out, bytes_of("  }\n"));
  for (uint32_t i = 0; i < graph.edges.count; i++)
    put_edge(d, id, &graph, &graph.edges.items[i]);
}

/* A core module has no instances: it is one box, with what it imports and exports. */
static void put_core_graph(struct dot *d) {
  const struct module *module = d->inspection->modules.items[0].module;
  put_bytes(d->out, bytes_of("  module [label="));
  put_module(&d->label, d->inspection, 0);
  put_label(d, d->out);
  put_bytes(d->out, bytes_of("];\n"));
  for (uint32_t i = 0; i < module->imports.count; i++) {
    put_formatted(d->out, "  import_%u [shape=cds, label=", i);
    put_word(&d->label, module->imports.items[i].module);
    put_byte(&d->label, ' ');
    put_word(&d->label, module->imports.items[i].name);
    put_label(d, d->out);
    put_formatted(d->out, "];\n  import_%u -> module;\n", i);
  }
  for (uint32_t i = 0; i < module->exports.count; i++) {
    put_formatted(d->out, "  export_%u [shape=rarrow, label=", i);
    put_word(&d->label, module->exports.items[i].name);
    put_label(d, d->out);
    put_formatted(d->out, "];\n  module -> export_%u;\n", i);
  }
}

void inspect_dot(const struct inspection *inspection, struct buffer *out) {
  struct buffer edges = new_buffer(out->context);
  struct dot d = {.inspection = inspection, .out = out, .edges = &edges, .label = new_buffer(out->context)};
  put_bytes(out, bytes_of("digraph {\n  rankdir=LR;\n  node [shape=box];\n"));
  if (!inspection->is_component)
    put_core_graph(&d);
  for (uint32_t i = 0; i < inspection->components.count; i++)
    put_component_graph(&d, i);
  put_bytes(out, buffer_bytes(&edges));
  put_bytes(out, bytes_of("}\n"));
}
