/* adapt_leave.c -- which component instances have a realloc or post-return that might call out of the instance.
 *
 * While one of these runs, may_leave is unset, and what leaves the instance traps. A flag is kept only where that could
 * happen: where a lowered function or another canonical function that looks at the flag can be reached from one of
 * them.
 *
 *     realloc -> malloc -> memory.grow                  nothing that leaves: no flag, and calls of the instance go
 * direct realloc -> handler in a table -> imported "log"   a flag
 *
 * What can be reached is found from the bodies: the functions that they name; and, since a body that names a function
 * type may call any function of that type that it has been given, all functions of the component instance of that type
 * that stand in an element segment, an export or the initial value of a global or table. By validation no others can be
 * referred to.
 *
 * Requires  link.c: core_instances, canons, funcs.
 * Provides  facts[].guards_leave and host_calls.
 * Spec      CanonicalABI.md "Component Instance State": may_leave.
 */
#include <assert.h>

#include "fuse/adapt.h"
#include "wasm/notes.h"

struct place_in_code {
  uint32_t instance, index; /* core instance; function or type of its module */
};

struct leave_search {
  struct context *context;
  const struct plan *plan;
  const bool *is_outside;               /* of each core instance: reaching its functions is to leave; null: of none */
  bool *is_leaving;                     /* of each component instance: a search has found that it leaves */
  uint32_t *first_core, *next_core;     /* the core instances of each component instance, as a list; NO_INDEX ends it */
  bool **is_seen;                       /* of each core instance: its functions; null until one is reached */
  bool **is_type_seen;                  /* the same of its types */
  VEC(struct place_in_code) functions;  /* still to look at */
  VEC(struct place_in_code) types;      /* of functions that may be called by reference, all so far */
  VEC(struct place_in_code) references; /* functions of the component instance that can be referred to */
  bool has_references;                  /* those are listed */
  uint32_t instance;                    /* core instance of the body that is looked at */
  bool leaves;
};

static const struct module *module_of(const struct leave_search *s, uint32_t core_instance) {
  return s->plan->core_instances.items[core_instance].module;
}

/* Does the canonical function trap when may_leave is unset? */
static bool looks_at_may_leave(enum canon_kind kind) {
  switch (kind) {
  case CANON_RESOURCE_REP:
  case CANON_CONTEXT_GET:
  case CANON_CONTEXT_SET:
  case CANON_BACKPRESSURE_INC:
  case CANON_BACKPRESSURE_DEC:
    return false;
  default:
    return true;
  }
}

static void reach_item(struct leave_search *s, struct core_item item) {
  if (item.source == ITEM_CANON) {
    s->leaves |= looks_at_may_leave(s->plan->canons.items[item.index].kind);
    return;
  }
  assert(item.source == ITEM_DEFINED);
  s->leaves |= s->is_outside && s->is_outside[item.owner];
  bool **const seen = &s->is_seen[item.owner];
  if (!*seen)
    *seen = ALLOCATE(s->context, bool, item_count(module_of(s, item.owner), CORE_FUNC) + 1);
  if ((*seen)[item.index])
    return;
  (*seen)[item.index] = true;
  VEC_ADD(s->context, &s->functions, ((struct place_in_code){item.owner, item.index}));
}

static void reach_function(struct leave_search *s, uint32_t core_instance, uint32_t function) {
  const struct core_instance *of = &s->plan->core_instances.items[core_instance];
  if (is_imported(of->module, CORE_FUNC, function))
    reach_item(s, of->imports[of->module->imports_of[CORE_FUNC].items[function]]);
  else
    reach_item(s, (struct core_item){ITEM_DEFINED, CORE_FUNC, core_instance, function});
}

static void note_reference(void *user, enum index_space space, uint32_t index) {
  struct leave_search *s = user;
  if (space == SPACE_FUNC)
    VEC_ADD(s->context, &s->references, ((struct place_in_code){s->instance, index}));
}

static void note_expression(struct leave_search *s, const struct module *m, struct bytes expression) {
  if (expression.size)
    visit_expression(s->context, m, expression, note_reference, s);
}

/* C.refs of the core specification. */
static void list_references_of(struct leave_search *s, uint32_t core_instance) {
  const struct module *m = module_of(s, core_instance);
  s->instance = core_instance;
  for (uint32_t i = 0; i < m->exports.count; i++)
    if (m->exports.items[i].kind == CORE_FUNC)
      note_reference(s, SPACE_FUNC, m->exports.items[i].index);
  for (uint32_t i = 0; i < m->globals.count; i++)
    note_expression(s, m, m->globals.items[i].init);
  for (uint32_t i = 0; i < m->tables.count; i++)
    note_expression(s, m, m->tables.items[i].init);
  for (uint32_t i = 0; i < m->elements.count; i++) {
    const struct core_element *element = &m->elements.items[i];
    for (uint32_t n = 0; n < element->count; n++)
      if (element->functions)
        note_reference(s, SPACE_FUNC, element->functions[n]);
      else
        note_expression(s, m, element->expressions[n]);
  }
}

static void list_references(struct leave_search *s, uint32_t component_instance) {
  s->has_references = true;
  for (uint32_t i = s->first_core[component_instance]; i != NO_INDEX; i = s->next_core[i])
    list_references_of(s, i);
}

static bool is_number(struct core_valtype type) {
  return type.code == CORE_I32 || type.code == CORE_I64 || type.code == CORE_F32 || type.code == CORE_F64;
}

/* Might a function of type `a` be called as one of type `b`? Numbers have no subtypes, other types may have. */
static bool may_match(const struct core_functype *a, const struct core_functype *b) {
  if (a->param_count != b->param_count || a->result_count != b->result_count)
    return false;
  for (uint32_t i = 0; i < a->param_count; i++)
    if (is_number(a->params[i]) && is_number(b->params[i]) && a->params[i].code != b->params[i].code)
      return false;
  for (uint32_t i = 0; i < a->result_count; i++)
    if (is_number(a->results[i]) && is_number(b->results[i]) && a->results[i].code != b->results[i].code)
      return false;
  return true;
}

/* All that may be called by reference as this type. */
static void reach_type(struct leave_search *s, struct place_in_code type) {
  const struct core_functype *called = &module_of(s, type.instance)->types.items[type.index].func;
  for (uint32_t i = 0; i < s->references.count && !s->leaves; i++) {
    const struct place_in_code r = s->references.items[i];
    const struct module *m = module_of(s, r.instance);
    if (may_match(&m->types.items[item_type(m, CORE_FUNC, r.index).type].func, called))
      reach_function(s, r.instance, r.index);
  }
}

static void visit(void *user, enum index_space space, uint32_t index) {
  struct leave_search *s = user;
  const struct module *m = module_of(s, s->instance);
  if (space == SPACE_FUNC)
    reach_function(s, s->instance, index);
  if (space != SPACE_TYPE || m->types.items[index].composite != COMPOSITE_FUNC)
    return;
  bool **const seen = &s->is_type_seen[s->instance];
  if (!*seen)
    *seen = ALLOCATE(s->context, bool, m->types.count);
  if ((*seen)[index])
    return;
  (*seen)[index] = true;
  VEC_ADD(s->context, &s->types, ((struct place_in_code){s->instance, index}));
}

/* Follows all that has been reached, until something leaves or there is no more. */
static void follow_reached(struct leave_search *s, uint32_t component_instance) {
  uint32_t types_done = 0;
  while (!s->leaves && (s->functions.count || types_done < s->types.count)) {
    if (s->functions.count) {
      const struct place_in_code f = s->functions.items[--s->functions.count];
      const struct module *m = module_of(s, f.instance);
      s->instance = f.instance;
      visit_function(s->context, m, f.index - m->imported[CORE_FUNC], visit, s);
      continue;
    }
    if (!s->has_references)
      list_references(s, component_instance);
    reach_type(s, s->types.items[types_done++]);
  }
}

struct leave_search *new_leave_search(struct context *c, const struct plan *plan, const bool *is_outside) {
  struct leave_search *s = ALLOCATE(c, struct leave_search, 1);
  *s = (struct leave_search){.context = c, .plan = plan, .is_outside = is_outside};
  s->is_seen = ALLOCATE(c, bool *, plan->core_instances.count + 1);
  s->is_type_seen = ALLOCATE(c, bool *, plan->core_instances.count + 1);
  s->is_leaving = ALLOCATE(c, bool, plan->instances.count);
  s->first_core = ALLOCATE(c, uint32_t, plan->instances.count);
  s->next_core = ALLOCATE(c, uint32_t, plan->core_instances.count + 1);
  for (uint32_t i = 0; i < plan->instances.count; i++)
    s->first_core[i] = NO_INDEX;
  for (uint32_t i = 0; i < plan->core_instances.count; i++) {
    const uint32_t of = plan->core_instances.items[i].component_instance;
    s->next_core[i] = s->first_core[of];
    s->first_core[of] = i;
  }
  return s;
}

/* A search goes on from what others of the same component instance have reached without leaving it. */
bool may_leave_from(struct leave_search *s, uint32_t component_instance, struct core_item item) {
  bool *const is_leaving = &s->is_leaving[component_instance];
  if (*is_leaving || item.source == ITEM_NONE)
    return *is_leaving;
  s->leaves = s->has_references = false;
  s->functions.count = s->types.count = s->references.count = 0;
  reach_item(s, item);
  follow_reached(s, component_instance);
  return *is_leaving = s->leaves;
}

static bool is_of_host(const struct plan *plan, const struct canon *canon) {
  return canon->kind == CANON_LOWER           ? plan->funcs.items[canon->func].source == FUNC_HOST
         : canon->kind == CANON_RESOURCE_DROP ? plan->resources.items[canon->resource].source == RESOURCE_HOST
                                              : false;
}

void find_guards_of_leaving(struct adapt *a) {
  const struct plan *plan = a->plan;
  struct leave_search *s = new_leave_search(a->context, plan, NULL);
  for (uint32_t i = 0; i < plan->funcs.count; i++) {
    const struct func *f = &plan->funcs.items[i];
    if (f->source != FUNC_LIFTED)
      continue;
    may_leave_from(s, f->instance, f->options.realloc);
    may_leave_from(s, f->instance, f->options.post_return);
  }
  for (uint32_t i = 0; i < plan->canons.count; i++) {
    const struct canon *canon = &plan->canons.items[i];
    if (canon->kind == CANON_LOWER)
      may_leave_from(s, canon->instance, canon->options.realloc);
    a->facts[canon->instance].host_calls += is_of_host(plan, canon);
  }
  for (uint32_t i = 0; i < plan->instances.count; i++)
    a->facts[i].guards_leave = s->is_leaving[i] || !uses_proof(PROOF_LEAVE);
}
