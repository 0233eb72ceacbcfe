/* adapt.c -- gives each canonical function of the plan a body.
 *
 * The bodies are in one generated core module, the adapters, which is one more core instance of the plan: its imports
 * are the items that the bodies name. Where nothing has to be checked or translated the canonical function simply is
 * the core function behind it.
 *
 *     canon lower of a function lifted by B     a function that moves arguments and results, or B's own core function
 *     canon lower of a function of the host     the same towards the host, or the import itself
 *     resource.new, resource.rep, resource.drop on the handle table of the instance that calls
 *
 * Requires  link.c: the plan.
 * Provides  canons[].implementation, the boundary to the host, exports of the fused module.
 * Spec      CanonicalABI.md "Canonical Definitions".
 */
#include <assert.h>

#include "fuse/adapt.h"

/* Nothing is in memory, and nothing has to be checked or normalised. */
static bool is_numbers_only(const struct functype *f) {
  const struct flat_functype flat = flatten_functype(f, FLAT_LIFT, POINTER_32);
  for (uint32_t i = 0; i < f->param_count; i++)
    if (!is_any_pattern(f->params[i].type, false))
      return false;
  return !flat.params_spilled && !flat.result_spilled && (!f->result || is_any_pattern(f->result, false));
}

/* Is the adapter of this call nothing but the call? */
static bool is_direct(struct adapt *a, const struct canon *canon, const struct func *callee) {
  uint32_t guards[ENTERING_LIMIT];
  const struct instance_facts *to = &a->facts[callee->instance];
  return uses_proof(PROOF_DIRECT) && !a->facts[canon->instance].guards_leave && !to->throws && !to->has_context &&
         !to->returns_tasks && !canon->options.is_async && !callee->options.is_async &&
         callee->options.post_return.source == ITEM_NONE && is_numbers_only(callee->type) &&
         entering_guards(a, canon->instance, callee->instance, guards, ENTERING_LIMIT) == 0;
}

static bool has_handles(const struct functype *f) {
  for (uint32_t i = 0; i < f->param_count; i++)
    if (f->params[i].type->has_handles)
      return true;
  return f->result && f->result->has_handles;
}

static uint32_t tables_proof(const struct canon *canon, const struct func *callee) {
  return canon->options.is_seen_through || callee->options.is_seen_through ? 1u << PROOF_TABLES : 0;
}

static void note_direct(struct adapt *a, const struct canon *canon, const struct func *callee) {
  const bool enters = enters_unguarded(a, canon->instance, callee->instance);
  note_boundary(a, (struct boundary){ADAPTER_DIRECT, .caller = canon->instance, .callee = callee->instance,
                                     .func = canon->func, .throws_nothing = true,
                                     .proofs = 1u << PROOF_DIRECT | 1u << PROOF_LEAVE |
                                               (enters ? 1u << PROOF_ENTER : 0) | tables_proof(canon, callee)});
}

static void note_import(struct adapt *a, const struct canon *canon, const struct func *callee) {
  note_boundary(a,
                (struct boundary){ADAPTER_IMPORT, .caller = canon->instance, .callee = NO_INDEX, .func = canon->func,
                                  .proofs = 1u << PROOF_LEAVE | (uses_memory(callee->type) ? 1u << PROOF_MEMORY : 0) |
                                            tables_proof(canon, callee)});
}

static struct core_item implement_lower(struct adapt *a, const struct canon *canon) {
  const struct func *callee = &a->plan->funcs.items[canon->func];
  refuse_waiting(a, callee);
  if (callee->source == FUNC_LIFTED && is_direct(a, canon, callee)) {
    note_direct(a, canon, callee);
    return callee->core;
  }
  const struct side *caller = side_of_options(a, canon->instance, &canon->options);
  bool passthrough = callee->source == FUNC_HOST && !canon->options.is_async && passes_through(a, callee);
  if (passthrough && !a->facts[canon->instance].guards_leave && !has_handles(callee->type) &&
      (a->options->component || caller->realloc_reference == NO_REFERENCE)) {
    note_import(a, canon, callee);
    return boundary_call(a, canon->func, caller);
  }
  const uint32_t reference = call_adapter(a, caller, canon->func, passthrough);
  if (canon->options.is_seen_through)
    note_proof(a, reference, PROOF_TABLES);
  return generated_item(a, reference);
}

static uint32_t slot_global(struct adapt *a, const struct canon *canon) {
  uint32_t *global = &a->facts[canon->instance].context_globals[canon->slot];
  if (*global == NO_INDEX)
    *global = new_state_global(a, CORE_I64, true, 0);
  return global_reference(a, *global);
}

/* canon_backpressure_inc and _dec: a counter below 2^16. */
static void put_backpressure(struct code *f, struct adapt *a, const struct canon *canon) {
  uint32_t *counter = &a->facts[canon->instance].backpressure_global;
  if (*counter == NO_INDEX)
    *counter = new_state_global(a, CORE_I32, true, 0);
  uint32_t global = global_reference(a, *counter);
  get_global(f, global);
  const_i32(f, 1);
  put_op(f, canon->kind == CANON_BACKPRESSURE_INC ? OP_I32_ADD : OP_I32_SUB);
  set_global(f, global);
  get_global(f, global);
  const_i32(f, 0xffff);
  put_op(f, OP_I32_GT_U);
  trap_if(f, a, TRAP_BACKPRESSURE);
}

static void put_canon(struct code *f, struct adapt *a, const struct canon *canon) {
  switch (canon->kind) {
  case CANON_RESOURCE_NEW:
    check_may_leave(f, a, canon->instance);
    get_local(f, 0);
    put_resource_new(f, a, canon->instance, canon->resource);
    return;
  case CANON_RESOURCE_REP:
    get_local(f, 0);
    put_resource_rep(f, a, canon->instance, canon->resource);
    return;
  case CANON_RESOURCE_DROP:
    if (a->plan->resources.items[canon->resource].source == RESOURCE_HOST)
      check_may_leave_to_host(f, a, canon->instance);
    else
      check_may_leave(f, a, canon->instance);
    get_local(f, 0);
    put_resource_drop(f, a, canon->instance, canon->resource);
    return;
  case CANON_CONTEXT_GET:
    get_global(f, slot_global(a, canon));
    if (canon->core_type == CORE_I32)
      put_op(f, OP_I32_WRAP_I64);
    return;
  case CANON_CONTEXT_SET:
    get_local(f, 0);
    if (canon->core_type == CORE_I32)
      put_op(f, OP_I64_EXTEND_I32_U);
    set_global(f, slot_global(a, canon));
    return;
  case CANON_BACKPRESSURE_INC:
  case CANON_BACKPRESSURE_DEC:
    put_backpressure(f, a, canon);
    return;
  default: /* asynchronous: only code that runs after a return reaches it, where it has to trap; prune.c sees to that */
    check_may_leave(f, a, canon->instance);
    put_trap(f, a, TRAP_ASYNC);
  }
}

static struct core_item implement_canon(struct adapt *a, const struct canon *canon) {
  if (canon->kind == CANON_TASK_RETURN)
    return generated_item(a, task_return_function(a, canon));
  struct core_functype t = canon->module->types.items[canon->type].func;
  uint32_t type = add_functype(a->context, a->code.module, t.params, t.param_count, t.results, t.result_count);
  struct bytes name = format_bytes(a->context, "%s of %.*s", canon_name(canon->kind),
                                   SHOW(a->plan->instances.items[canon->instance].path));
  uint32_t reference = declare_function(&a->code, type, name);
  struct code f = begin_function(&a->code, reference);
  put_canon(&f, a, canon);
  end_function(&f);
  return generated_item(a, reference);
}

void adapt_plan(struct context *c, struct plan *plan, const struct fuse_options *options) {
  struct adapt *a = ALLOCATE(c, struct adapt, 1);
  a->context = c;
  a->plan = plan;
  a->options = options;
  find_facts(a);
  begin_adapters(a);
  choose_boundary(a);
  for (uint32_t i = 0; i < plan->canons.count; i++) {
    struct canon *canon = &plan->canons.items[i];
    canon->implementation = canon->kind == CANON_LOWER ? implement_lower(a, canon) : implement_canon(a, canon);
  }
  for (uint32_t i = 0; i < plan->funcs.count; i++)
    if (plan->funcs.items[i].options.post_return.source != ITEM_NONE)
      VEC_ADD(c, &plan->after_return, plan->funcs.items[i].options.post_return);
  export_functions(a);
  finish_task_returns(a);
  finish_boundary(a);
  read_boundaries(a);
  finish_adapters(a);
}
