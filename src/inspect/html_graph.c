/* html_graph.c -- the graph of instances of a component, laid out in columns and drawn as SVG.
 *
 *     imports | instances that are given imports | instances that are given those | ... | exports
 *
 * A node is in a column right of all that gives it something. A column that would be too high becomes several. In a
 * column, nodes are in the order of the middle of what they are connected with, which is settled by going over the
 * columns some times from left to right and back. All is whole numbers of pixels, so that a page is the same
 * everywhere.
 *
 * Requires  graph.c.
 * Provides  put_graphs.
 */
#include "inspect/html.h"

#include <stdlib.h>
#include <string.h>

#define CHARACTER_WIDTH 73 /* tenths of a pixel, of a letter of 12 pixels in a font of equal widths */
#define NODE_CHARACTERS 26
#define NODE_WIDTH 212
#define NODE_HEIGHT 44
#define ROW_HEIGHT 58
#define COLUMN_GAP 96
#define COLUMN_ROWS 60  /* at most, unless there are so many nodes and bends ... */
#define COLUMN_COUNT 16 /* ... that this many columns have more */
#define BEND_LIMIT 4000 /* where there would be more, lines go behind nodes */
#define MARGIN 14
#define SWEEPS 12
#define NAMES_SHOWN 12    /* in the hint of an edge */
#define LABELLED_EDGES 24 /* a graph with no more has the names on its edges */
#define LABEL_CHARACTERS 15

struct placed {
  uint32_t rank, column; /* a rank is one or more columns */
  uint64_t position;     /* the middle of what it is connected with, in thousandths of a row; while it is ordered */
  uint32_t x, y;         /* pixels */
};

struct column {
  uint32_t first, count; /* in `order` */
};

/* A part of a line: between nodes or bends of neighbouring ranks. */
struct segment {
  uint32_t from, to; /* in `nodes` */
};

struct drawing {
  struct page *page;
  struct graph graph;
  uint32_t component, node_count, edge_count; /* that are drawn */
  struct placed *nodes;                       /* the nodes, and after them bends */
  uint32_t placed_count;
  uint32_t *bends; /* of each node: the first of its bends, which are in neighbouring columns; NO_INDEX: none */
  VEC(struct segment) segments;
  uint32_t *order; /* nodes, by column */
  struct column *columns;
  uint32_t column_count, row_limit, width, height; /* rows of a column; pixels */
};

/* Layout. */

static bool is_drawn(const struct drawing *d, const struct edge *edge) {
  return edge->from < d->node_count && edge->to < d->node_count;
}

/* Nodes are in an order in which edges go forward. */
static uint32_t find_ranks(struct drawing *d) {
  uint32_t last = 0;
  for (uint32_t i = 0; i < d->node_count; i++)
    d->nodes[i].rank = d->graph.nodes.items[i].kind == NODE_IMPORT ? 0 : 1;
  for (uint32_t i = 0; i < d->graph.edges.count; i++) {
    const struct edge *edge = &d->graph.edges.items[i];
    if (is_drawn(d, edge) && d->nodes[edge->to].rank <= d->nodes[edge->from].rank)
      d->nodes[edge->to].rank = d->nodes[edge->from].rank + 1;
  }
  for (uint32_t i = 0; i < d->node_count; i++)
    if (d->graph.nodes.items[i].kind != NODE_EXPORT && d->nodes[i].rank > last)
      last = d->nodes[i].rank;
  for (uint32_t i = 0; i < d->node_count; i++)
    if (d->graph.nodes.items[i].kind == NODE_EXPORT)
      d->nodes[i].rank = last + 1;
  return last + 2;
}

/* An instance that is given nothing stands right before the first that it gives something to. */
static void pull_sources(struct drawing *d) {
  uint32_t *nearest = ALLOCATE(d->page->out->context, uint32_t, d->node_count);
  bool *is_given = ALLOCATE(d->page->out->context, bool, d->node_count);
  for (uint32_t i = 0; i < d->graph.edges.count; i++) {
    const struct edge *edge = &d->graph.edges.items[i];
    if (!is_drawn(d, edge))
      continue;
    is_given[edge->to] = true;
    if (!nearest[edge->from] || d->nodes[edge->to].rank < nearest[edge->from])
      nearest[edge->from] = d->nodes[edge->to].rank;
  }
  for (uint32_t i = 0; i < d->node_count; i++)
    if (!is_given[i] && nearest[i] > 1 && d->graph.nodes.items[i].kind == NODE_INSTANCE)
      d->nodes[i].rank = nearest[i] - 1;
}

/* How many bends each node needs: one in each column that lines from it go past. */
static uint32_t *count_bends(const struct drawing *d, uint32_t *all) {
  uint32_t *counts = ALLOCATE(d->page->out->context, uint32_t, d->node_count);
  *all = 0;
  for (uint32_t i = 0; i < d->graph.edges.count; i++) {
    const struct edge *edge = &d->graph.edges.items[i];
    if (!is_drawn(d, edge))
      continue;
    const uint32_t past = d->nodes[edge->to].rank - d->nodes[edge->from].rank - 1;
    if (past > counts[edge->from]) {
      *all += past - counts[edge->from];
      counts[edge->from] = past;
    }
  }
  return counts;
}

/* Where the line comes from that enters the node of the edge: a bend of its node, or that itself. */
static uint32_t last_before(const struct drawing *d, const struct edge *edge) {
  const uint32_t past = d->nodes[edge->to].rank - d->nodes[edge->from].rank - 1;
  return past && d->bends[edge->from] != NO_INDEX ? d->bends[edge->from] + past - 1 : edge->from;
}

static void make_bends(struct drawing *d) {
  struct context *const c = d->page->out->context;
  uint32_t all;
  const uint32_t *counts = count_bends(d, &all);
  d->bends = ALLOCATE(c, uint32_t, d->node_count);
  struct placed *nodes = ALLOCATE(c, struct placed, (size_t)d->node_count + all);
  memcpy(nodes, d->nodes, d->node_count * sizeof *nodes);
  d->nodes = nodes;
  for (uint32_t i = 0; i < d->node_count; i++) {
    d->bends[i] = counts[i] && all <= BEND_LIMIT ? d->placed_count : NO_INDEX;
    for (uint32_t k = 0; d->bends[i] != NO_INDEX && k < counts[i]; k++) {
      VEC_ADD(c, &d->segments, ((struct segment){k ? d->placed_count - 1 : i, d->placed_count}));
      nodes[d->placed_count++].rank = nodes[i].rank + k + 1;
    }
  }
  for (uint32_t i = 0; i < d->graph.edges.count; i++) {
    const struct edge *edge = &d->graph.edges.items[i];
    if (is_drawn(d, edge))
      VEC_ADD(c, &d->segments, ((struct segment){last_before(d, edge), edge->to}));
  }
}

/* Columns, in which nodes are in their order, from ranks: a rank of many nodes is several columns. */
static void make_columns(struct drawing *d, uint32_t rank_count) {
  struct context *const c = d->page->out->context;
  uint32_t *first = ALLOCATE(c, uint32_t, (size_t)rank_count + 1);
  for (uint32_t i = 0; i < d->placed_count; i++)
    first[d->nodes[i].rank + 1]++;
  for (uint32_t i = 0; i < rank_count; i++)
    first[i + 1] += first[i];
  d->order = ALLOCATE(c, uint32_t, d->placed_count);
  uint32_t *next = ALLOCATE(c, uint32_t, rank_count);
  for (uint32_t i = 0; i < d->placed_count; i++)
    d->order[first[d->nodes[i].rank] + next[d->nodes[i].rank]++] = i;
  d->columns = ALLOCATE(c, struct column, (size_t)rank_count + d->placed_count);
  for (uint32_t rank = 0; rank < rank_count; rank++) {
    const uint32_t count = first[rank + 1] - first[rank], parts = (count + d->row_limit - 1) / d->row_limit;
    for (uint32_t part = 0; part < parts; part++) {
      const uint32_t from = count * part / parts, to = count * (part + 1) / parts;
      d->columns[d->column_count++] = (struct column){first[rank] + from, to - from};
    }
  }
}

static void number_rows(struct drawing *d) {
  uint32_t most = 0;
  for (uint32_t i = 0; i < d->column_count; i++)
    most = d->columns[i].count > most ? d->columns[i].count : most;
  for (uint32_t i = 0; i < d->column_count; i++)
    for (uint32_t k = 0; k < d->columns[i].count; k++) {
      struct placed *node = &d->nodes[d->order[d->columns[i].first + k]];
      node->column = i;
      /* Columns are centred: half a row is 500. */
      node->position = (uint64_t)k * 1000 + (uint64_t)(most - d->columns[i].count) * 500;
    }
}

/* By `position`, which is that of the neighbours now; nodes without any keep theirs. */
static void sort_column(struct drawing *d, const struct column *column, const uint64_t *wanted) {
  uint32_t *const order = d->order + column->first;
  for (uint32_t i = 1; i < column->count; i++) {
    const uint32_t node = order[i];
    uint32_t at = i;
    for (; at > 0 && wanted[order[at - 1]] > wanted[node]; at--)
      order[at] = order[at - 1];
    order[at] = node;
  }
}

/* Moves nodes to the middle of what is left of them, or right. */
static void sweep(struct drawing *d, bool is_forward, uint64_t *sums, uint32_t *counts) {
  memset(sums, 0, d->placed_count * sizeof *sums);
  memset(counts, 0, d->placed_count * sizeof *counts);
  for (uint32_t i = 0; i < d->segments.count; i++) {
    const struct segment *segment = &d->segments.items[i];
    const uint32_t to = is_forward ? segment->to : segment->from, from = is_forward ? segment->from : segment->to;
    sums[to] += d->nodes[from].position;
    counts[to]++;
  }
  for (uint32_t i = 0; i < d->placed_count; i++)
    sums[i] = counts[i] ? sums[i] / counts[i] : d->nodes[i].position;
  for (uint32_t i = 0; i < d->column_count; i++)
    sort_column(d, &d->columns[i], sums);
  number_rows(d);
}

static void lay_out(struct drawing *d) {
  struct context *const c = d->page->out->context;
  const uint32_t rank_count = find_ranks(d);
  pull_sources(d);
  make_bends(d);
  d->row_limit = d->placed_count / COLUMN_COUNT > COLUMN_ROWS ? d->placed_count / COLUMN_COUNT : COLUMN_ROWS;
  make_columns(d, rank_count);
  number_rows(d);
  uint64_t *sums = ALLOCATE(c, uint64_t, d->placed_count);
  uint32_t *counts = ALLOCATE(c, uint32_t, d->placed_count);
  for (int i = 0; i < SWEEPS; i++)
    sweep(d, i % 2 == 0, sums, counts);
  uint32_t most = 1;
  for (uint32_t i = 0; i < d->column_count; i++)
    most = d->columns[i].count > most ? d->columns[i].count : most;
  for (uint32_t i = 0; i < d->placed_count; i++) {
    d->nodes[i].x = MARGIN + d->nodes[i].column * (NODE_WIDTH + COLUMN_GAP);
    d->nodes[i].y = MARGIN + (uint32_t)(d->nodes[i].position * ROW_HEIGHT / 1000);
  }
  d->width = 2 * MARGIN + d->column_count * NODE_WIDTH + (d->column_count - 1) * COLUMN_GAP;
  d->height = 2 * MARGIN + most * ROW_HEIGHT - (ROW_HEIGHT - NODE_HEIGHT);
}

/* Drawing. */

/* The label, cut to what there is room for. A character that is not ASCII may be as wide as two. */
static void cut_label(struct page *p, uint32_t room) {
  uint32_t width = 0;
  size_t cut = 0;
  for (size_t i = 0; i < p->label.size; i++) {
    const uint8_t byte = p->label.data[i];
    if ((byte & 0xc0) == 0x80)
      continue;
    if (width + 2 <= room)
      cut = i;
    width += byte < 0x80 ? 1 : 2;
  }
  if (width <= room)
    return;
  p->label.size = cut;
  put_bytes(&p->label, bytes_of("\u2026"));
}

static struct bytes node_name(const struct drawing *d, const struct node *node) {
  const struct inspected_component *component = &d->page->inspection->components.items[d->component];
  switch (node->kind) {
  case NODE_IMPORT:
    return component->imports.items[node->id].name;
  case NODE_INSTANCE:
    return instance_name(d->page->inspection, &d->page->inspection->instances.items[node->id]);
  case NODE_EXPORT:
    break;
  }
  return component->exports.items[node->id].name;
}

static size_t instance_size(const struct inspection *inspection, const struct inspected_instance *instance) {
  switch (instance->of.kind) {
  case SOURCE_COMPONENT:
    return inspection->components.items[instance->of.id].size;
  case SOURCE_MODULE:
    return inspection->modules.items[instance->of.id].size;
  default:
    return 0;
  }
}

/* "432 B", "11.4 MiB" */
static void put_short_size(struct buffer *out, size_t size) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
  size_t unit = 0, scale = 1;
  while (size / scale >= 1024 && unit + 1 < sizeof units / sizeof *units) {
    scale *= 1024;
    unit++;
  }
  put_formatted(out, "%zu", size / scale);
  if (unit)
    put_formatted(out, ".%zu", size % scale * 10 / scale);
  put_formatted(out, " %s", units[unit]);
}

/* The second line of a node: what it is. */
static void put_node_kind(const struct drawing *d, const struct node *node) {
  struct page *const p = d->page;
  if (node->kind != NODE_INSTANCE) {
    put_bytes(&p->label, bytes_of(node->kind == NODE_IMPORT ? "import" : "export"));
    return;
  }
  const struct inspected_instance *instance = &p->inspection->instances.items[node->id];
  const size_t size = instance_size(p->inspection, instance);
  put_formatted(&p->label, "%s %u", instance->is_core ? "core instance" : "instance", instance->index);
  if (!size)
    return;
  put_bytes(&p->label, bytes_of(", "));
  put_short_size(&p->label, size);
}

static void put_node_hint(const struct drawing *d, const struct node *node) {
  struct page *const p = d->page;
  put_markup(p, "<title>");
  if (node->kind == NODE_INSTANCE) {
    const struct inspected_instance *instance = &p->inspection->instances.items[node->id];
    put_instance(&p->label, p->inspection, node->id);
    put_bytes(&p->label, bytes_of(" = "));
    put_source(&p->label, p->inspection, &instance->of);
    if (instance->of.kind == SOURCE_MODULE) {
      put_bytes(&p->label, bytes_of(": "));
      put_module_summary(&p->label, &p->inspection->modules.items[instance->of.id]);
    }
  } else {
    put_bytes(&p->label, bytes_of(node->kind == NODE_IMPORT ? "import " : "export "));
    put_quoted_word(&p->label, node_name(d, node));
  }
  put_label(p);
  put_markup(p, "</title>");
}

static const char *node_class(const struct drawing *d, const struct node *node) {
  if (node->kind == NODE_INSTANCE)
    return d->page->inspection->instances.items[node->id].is_core ? "core" : "instance";
  return node->kind == NODE_IMPORT ? "import" : "export";
}

static void put_node(const struct drawing *d, uint32_t id) {
  struct page *const p = d->page;
  const struct node *node = &d->graph.nodes.items[id];
  const struct bytes name = node_name(d, node);
  put_formatted(p->out, "<g class=\"node %s\" tabindex=0 data-node=%u transform=\"translate(%u %u)\">",
                node_class(d, node), id, d->nodes[id].x, d->nodes[id].y);
  put_node_hint(d, node);
  put_formatted(p->out, "<rect width=%u height=%u rx=%u />", NODE_WIDTH, NODE_HEIGHT,
                node->kind == NODE_INSTANCE ? 6 : 22);
  put_markup(p, "<text x=14 y=19>");
  if (name.size)
    put_word(&p->label, name);
  else
    put_node_kind(d, node);
  cut_label(p, NODE_CHARACTERS - 1);
  put_label(p);
  put_markup(p, "</text><text class=kind x=14 y=34>");
  put_node_kind(d, node);
  cut_label(p, NODE_CHARACTERS);
  put_label(p);
  put_markup(p, "</text></g>\n");
}

static void put_edge_names(const struct drawing *d, const struct edge *edge, uint32_t most) {
  struct buffer *const label = &d->page->label;
  for (uint32_t i = 0; i < edge->name_count && i < most; i++) {
    put_bytes(label, bytes_of(i ? ", " : ""));
    put_word(label, d->graph.names.items[edge->first_name + i]);
  }
  if (edge->name_count > most)
    put_formatted(label, " and %u more", edge->name_count - most);
}

/* Where a line enters its node: those of one node are spread over its height. */
static uint32_t port(uint32_t number, uint32_t count) {
  return 6 + (NODE_HEIGHT - 12) * (2 * number + 1) / (2 * count);
}

/* How many lines enter each node, and how many of them have been drawn. */
struct ports {
  uint32_t *count, *next;
};

static struct ports count_ports(const struct drawing *d) {
  struct context *const c = d->page->out->context;
  struct ports ports = {ALLOCATE(c, uint32_t, d->node_count), ALLOCATE(c, uint32_t, d->node_count)};
  for (uint32_t i = 0; i < d->graph.edges.count; i++)
    if (is_drawn(d, &d->graph.edges.items[i]))
      ports.count[d->graph.edges.items[i].to]++;
  return ports;
}

static void put_curve(const struct page *p, uint32_t x1, uint32_t y1, uint32_t x2, uint32_t y2) {
  const uint32_t bend = (x2 - x1) / 2 < 60 ? (x2 - x1) / 2 : 60;
  put_formatted(p->out, "C%u %u %u %u %u %u", x1 + bend, y1, x2 - bend, y2, x2, y2);
}

/* From the middle of a node through its bends as far as the last one, to the port of another. */
static void put_path(const struct drawing *d, const struct edge *edge, uint32_t last, uint32_t x2, uint32_t y2) {
  const struct page *const p = d->page;
  uint32_t x = d->nodes[edge->from].x + NODE_WIDTH, y = d->nodes[edge->from].y + NODE_HEIGHT / 2;
  put_formatted(p->out, "<path d=\"M%u %u", x, y);
  for (uint32_t i = d->bends[edge->from]; last != edge->from && i <= last; i++) {
    const uint32_t middle = d->nodes[i].y + NODE_HEIGHT / 2;
    put_curve(p, x, y, d->nodes[i].x, middle);
    x = d->nodes[i].x + NODE_WIDTH;
    y = middle;
    put_formatted(p->out, "H%u", x);
  }
  put_curve(p, x, y, x2, y2);
  put_markup(d->page, "\"/>");
}

static void put_edge(const struct drawing *d, const struct edge *edge, struct ports *ports, uint32_t last,
                     bool is_labelled) {
  struct page *const p = d->page;
  const uint32_t x = d->nodes[edge->to].x - 2;
  const uint32_t y = d->nodes[edge->to].y + port(ports->next[edge->to]++, ports->count[edge->to]);
  put_formatted(p->out, "<g class=edge data-from=%u data-to=%u><title>", edge->from, edge->to);
  put_edge_names(d, edge, NAMES_SHOWN);
  put_label(p);
  put_markup(p, "</title>");
  put_path(d, edge, last, x, y);
  if (is_labelled) {
    const uint32_t before = d->nodes[last].y + NODE_HEIGHT / 2;
    put_formatted(p->out, "<text x=%u y=%u>", x - COLUMN_GAP / 2, (before + y) / 2 - 4);
    put_edge_names(d, edge, 1);
    cut_label(p, LABEL_CHARACTERS - 3);
    put_label(p);
    put_markup(p, "</text>");
  }
  put_markup(p, "</g>\n");
}

/* From above to below, so that they do not cross where they enter. */
struct sorted_edge {
  uint32_t index, last; /* the node or bend before its end */
  uint32_t y;
};

static int compare_edges(const void *a, const void *b) {
  const struct sorted_edge *x = a, *y = b;
  if (x->y != y->y)
    return x->y < y->y ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

static void put_edges(struct drawing *d) {
  VEC(struct sorted_edge) edges = {0};
  struct ports ports = count_ports(d);
  for (uint32_t i = 0; i < d->graph.edges.count; i++) {
    const struct edge *edge = &d->graph.edges.items[i];
    if (!is_drawn(d, edge))
      continue;
    const uint32_t last = last_before(d, edge);
    VEC_ADD(d->page->out->context, &edges, ((struct sorted_edge){i, last, d->nodes[last].y}));
  }
  if (edges.count)
    qsort(edges.items, edges.count, sizeof *edges.items, compare_edges);
  d->edge_count = edges.count < DRAWN_EDGES ? edges.count : DRAWN_EDGES;
  for (uint32_t i = 0; i < d->edge_count; i++)
    put_edge(d, &d->graph.edges.items[edges.items[i].index], &ports, edges.items[i].last,
             edges.count <= LABELLED_EDGES);
}

static void put_legend(struct page *p) {
  put_markup(p, "<p class=\"note legend\"><i class=import></i>import <i class=instance></i>instance of a component "
                "<i class=core></i>instance of a core module <i class=export></i>export <span class=scripted>"
                "<button type=button data-zoom=0.8 aria-label=\"Smaller\">\u2212</button>"
                "<button type=button data-zoom=1.25 aria-label=\"Larger\">+</button>"
                "<button type=button data-zoom=0>Fit</button></span></p>");
}

static void put_drawing(struct drawing *d) {
  struct page *const p = d->page;
  lay_out(d);
  put_legend(p);
  put_formatted(p->out, "<div class=graph><svg role=group width=%u height=%u viewBox=\"0 0 %u %u\" aria-label=\"",
                d->width, d->height, d->width, d->height);
  put_bytes(&p->label, bytes_of("Instances of "));
  put_component(&p->label, p->inspection, d->component);
  put_label(p);
  put_formatted(p->out, "\"><defs><marker id=tip%u class=tip ", d->component);
  put_markup(p, "viewBox=\"0 0 8 8\" refX=6 refY=4 markerWidth=8 markerHeight=8 markerUnits=userSpaceOnUse orient=auto>"
                "<path d=\"M0 0L8 4L0 8z\"/></marker></defs>");
  put_formatted(p->out, "<g marker-end=\"url(#tip%u)\">", d->component);
  put_edges(d);
  put_markup(p, "</g>\n");
  for (uint32_t i = 0; i < d->node_count; i++)
    put_node(d, i);
  put_markup(p, "</svg></div>");
  if (d->node_count < d->graph.nodes.count || d->edge_count == DRAWN_EDGES) {
    put_formatted(p->out, "<p class=note>The first %u of %u boxes are drawn, and at most %u lines.</p>", d->node_count,
                  d->graph.nodes.count, DRAWN_EDGES);
  }
}

/* What it is in, unless that is the file, and how many instances there are in it. */
static void put_place(struct page *p, uint32_t id, const struct graph *graph) {
  const uint32_t parent = p->inspection->components.items[id].parent;
  uint32_t count = 0;
  for (uint32_t i = 0; i < graph->nodes.count; i++)
    count += graph->nodes.items[i].kind == NODE_INSTANCE;
  put_markup(p, " <small>");
  if (parent != NO_INDEX && parent != 0) {
    put_bytes(&p->label, bytes_of("in "));
    put_component(&p->label, p->inspection, parent);
    put_bytes(&p->label, bytes_of(", "));
  }
  put_counted(&p->label, count, "instance");
  put_label(p);
  put_markup(p, "</small>");
}

/* The root's is open. A component without instances and exports has nothing to draw. */
static bool put_component_graph(struct page *p, uint32_t id) {
  struct drawing d = {.page = p, .component = id, .graph = make_graph(p->out->context, p->inspection, id, &p->steps)};
  if (!d.graph.nodes.count)
    return false;
  d.node_count = d.graph.nodes.count < DRAWN_NODES ? d.graph.nodes.count : DRAWN_NODES;
  d.placed_count = d.node_count;
  d.nodes = ALLOCATE(p->out->context, struct placed, d.node_count);
  put_markup(p, id == 0 ? "<details open><summary>" : "<details><summary>");
  put_component(&p->label, p->inspection, id);
  put_label(p);
  put_place(p, id, &d.graph);
  put_markup(p, "</summary>");
  put_drawing(&d);
  put_markup(p, "</details>\n");
  return true;
}

void put_graphs(struct page *p) {
  uint32_t drawn = 0, count = p->inspection->components.count;
  put_markup(p, "<section><h2>Instances</h2>\n");
  for (uint32_t i = 0; i < count && drawn < DRAWN_GRAPHS; i++)
    drawn += put_component_graph(p, i);
  if (!drawn)
    put_markup(p, "<p class=note>There are none.</p>");
  if (drawn == DRAWN_GRAPHS)
    put_formatted(p->out, "<p class=note>At most %u components are drawn, the first ones.</p>", DRAWN_GRAPHS);
  put_markup(p, "</section>\n");
}
