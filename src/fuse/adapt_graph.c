/* adapt_graph.c -- what is decided statically: who can be on the stack when whom is called, and what has to be guarded.
 *
 * The call graph has an edge from each component instance to each instance that a call of its can enter: those it
 * lowers functions of, those that define resources it drops, and their ancestors that it enters with them. An instance
 * that is alone in its strongly connected component can't be on the stack when it is called, and keeps no flag.
 *
 * Requires  link.c: canons, funcs, resources.
 * Provides  a->facts.
 * Spec      CanonicalABI.md "Component Instance State": entering_set, may_enter_from; may_leave.
 */
#include <assert.h>

#include "fuse/adapt.h"

struct edge {
  uint32_t to, next;
};

struct graph {
  VEC(struct edge) edges;
  uint32_t *first; /* of each instance: 1 + index into edges; 0: none */
};

static bool is_self_or_ancestor(const struct plan *plan, uint32_t ancestor, uint32_t of) {
  for (uint32_t i = of; i != NO_INDEX; i = plan->instances.items[i].parent)
    if (i == ancestor)
      return true;
  return false;
}

static void add_edge(struct adapt *a, struct graph *g, uint32_t from, uint32_t to) {
  VEC_ADD(a->context, &g->edges, ((struct edge){to, g->first[from]}));
  g->first[from] = g->edges.count;
}

/* entering_set(caller) of the callee. */
static void add_entering_edges(struct adapt *a, struct graph *g, uint32_t caller, uint32_t callee) {
  for (uint32_t i = callee; i != NO_INDEX; i = a->plan->instances.items[i].parent) {
    if (is_self_or_ancestor(a->plan, i, caller))
      break;
    add_edge(a, g, caller, i);
  }
  if (is_self_or_ancestor(a->plan, callee, caller) && callee != caller)
    add_edge(a, g, caller, callee);
}

static struct graph call_graph(struct adapt *a) {
  struct plan *plan = a->plan;
  struct graph g = {.first = ALLOCATE(a->context, uint32_t, plan->instances.count)};
  for (uint32_t i = 0; i < plan->canons.count; i++) {
    const struct canon *canon = &plan->canons.items[i];
    if (canon->kind == CANON_LOWER && plan->funcs.items[canon->func].source == FUNC_LIFTED)
      add_entering_edges(a, &g, canon->instance, plan->funcs.items[canon->func].instance);
    if (canon->kind == CANON_RESOURCE_DROP && plan->resources.items[canon->resource].source == RESOURCE_DEFINED)
      add_entering_edges(a, &g, canon->instance, plan->resources.items[canon->resource].instance);
  }
  return g;
}

/* Tarjan's strongly connected components, without recursion. */
struct scc {
  uint32_t *order, *low, *stack, *frames, *cursor;
  bool *on_stack;
  uint32_t *size; /* of each component */
  uint32_t next, depth, frame_count, count;
};

static void enter_vertex(struct scc *s, const struct graph *g, uint32_t v) {
  s->order[v] = s->low[v] = ++s->next;
  s->stack[s->depth++] = v;
  s->on_stack[v] = true;
  s->cursor[v] = g->first[v];
  s->frames[s->frame_count++] = v;
}

static void leave_vertex(struct adapt *a, struct scc *s, uint32_t v) {
  s->frame_count--;
  if (s->frame_count) {
    uint32_t parent = s->frames[s->frame_count - 1];
    if (s->low[v] < s->low[parent])
      s->low[parent] = s->low[v];
  }
  if (s->low[v] != s->order[v])
    return;
  uint32_t member;
  do {
    member = s->stack[--s->depth];
    s->on_stack[member] = false;
    a->facts[member].component = s->count;
    s->size[s->count]++;
  } while (member != v);
  s->count++;
}

static void find_components(struct adapt *a, const struct graph *g) {
  uint32_t n = a->plan->instances.count;
  struct context *c = a->context;
  struct scc s = {ALLOCATE(c, uint32_t, n),
                  ALLOCATE(c, uint32_t, n),
                  ALLOCATE(c, uint32_t, n),
                  ALLOCATE(c, uint32_t, n),
                  ALLOCATE(c, uint32_t, n),
                  ALLOCATE(c, bool, n),
                  ALLOCATE(c, uint32_t, n),
                  0,
                  0,
                  0,
                  0};
  for (uint32_t root = 0; root < n; root++) {
    if (s.order[root])
      continue;
    enter_vertex(&s, g, root);
    while (s.frame_count) {
      uint32_t v = s.frames[s.frame_count - 1], edge = s.cursor[v];
      if (!edge) {
        leave_vertex(a, &s, v);
        continue;
      }
      s.cursor[v] = g->edges.items[edge - 1].next;
      uint32_t to = g->edges.items[edge - 1].to;
      if (!s.order[to])
        enter_vertex(&s, g, to);
      else if (s.on_stack[to] && s.order[to] < s.low[v])
        s.low[v] = s.order[to];
    }
  }
  for (uint32_t i = 0; i < n; i++)
    a->facts[i].guards_enter = s.size[a->facts[i].component] > 1 || !uses_proof(PROOF_ENTER);
}

static void find_uses(struct adapt *a) {
  for (uint32_t i = 0; i < a->plan->canons.count; i++) {
    const struct canon *canon = &a->plan->canons.items[i];
    struct instance_facts *facts = &a->facts[canon->instance];
    facts->has_context |= canon->kind == CANON_CONTEXT_GET || canon->kind == CANON_CONTEXT_SET;
    facts->returns_tasks |= canon->kind == CANON_TASK_RETURN;
    facts->has_backpressure |= canon->kind == CANON_BACKPRESSURE_INC;
  }
  /* Nothing throws without a tag, and no exception crosses from one component instance to another. */
  for (uint32_t i = 0; i < a->plan->core_instances.count; i++) {
    const struct core_instance *instance = &a->plan->core_instances.items[i];
    if (item_count(instance->module, CORE_TAG))
      a->facts[instance->component_instance].throws = true;
  }
}

void find_facts(struct adapt *a) {
  struct plan *plan = a->plan;
  a->facts = ALLOCATE(a->context, struct instance_facts, plan->instances.count);
  for (uint32_t i = 0; i < plan->instances.count; i++) {
    struct instance_facts *f = &a->facts[i];
    f->leave_global = f->enter_global = f->backpressure_global = f->table = NO_INDEX;
    f->context_globals[0] = f->context_globals[1] = NO_INDEX;
    f->resolver_global = f->value_global = f->scope_global = NO_INDEX;
  }
  struct graph g = call_graph(a);
  find_components(a, &g);
  find_guards_of_leaving(a);
  find_uses(a);
}

bool can_reach_back(const struct adapt *a, uint32_t caller, uint32_t callee) {
  return caller == callee || a->facts[caller].component == a->facts[callee].component;
}

bool enters_unguarded(const struct adapt *a, uint32_t caller, uint32_t callee) {
  for (uint32_t i = callee; i != NO_INDEX; i = a->plan->instances.items[i].parent) {
    if (caller != NO_INDEX && is_self_or_ancestor(a->plan, i, caller))
      return false;
    if (!a->facts[i].guards_enter)
      return true;
  }
  return false;
}

uint32_t entering_guards(const struct adapt *a, uint32_t caller, uint32_t callee, uint32_t *out, uint32_t limit) {
  uint32_t count = 0;
  for (uint32_t i = callee; i != NO_INDEX; i = a->plan->instances.items[i].parent) {
    if (caller != NO_INDEX && is_self_or_ancestor(a->plan, i, caller))
      break;
    if (!a->facts[i].guards_enter)
      continue;
    assert(count < limit);
    out[count++] = i;
  }
  return count;
}
