/* adapt_task.c -- the current task of a component instance: what is fresh for each task, and how task.return finds who
 * called.
 *
 * Each call of an instance is a task of it. A task has two context slots, and if it was lifted with async and without a
 * callback, it gives its result by calling task.return before it comes to its end:
 *
 *     adapter of A for B's "f":  resolver = 3; call B's core function; trap unless resolver is TASK_RESOLVED
 *     task.return of B:          if resolver is 3, call resolver 3, which moves the result from B to A;
 *                                resolver = TASK_RESOLVED
 *
 * All of that is in globals of the instance. An instance can have one task begin inside of another (a child calls its
 * parent), so the globals are put aside in locals of the adapter.
 *
 * Spec      CanonicalABI.md Thread.storage, Task.return_, canon_lift, canon_task_return.
 */
#include "fuse/adapt.h"

const struct saved_task no_saved_task = {{NO_INDEX, NO_INDEX, NO_INDEX, NO_INDEX, NO_INDEX}};

/* The globals that a task has of its own, NULL those that tasks of this instance don't use. */
static void list_globals(struct instance_facts *facts, uint32_t *globals[TASK_GLOBALS]) {
  uint32_t *const all[TASK_GLOBALS] = {&facts->context_globals[0], &facts->context_globals[1], &facts->value_global,
                                       &facts->resolver_global, &facts->scope_global};
  for (int i = 0; i < TASK_GLOBALS; i++)
    globals[i] = (i < 2 ? facts->has_context : facts->returns_tasks) ? all[i] : NULL;
}

/* The first three are i64, the others i32. */
static uint8_t task_global_type(int index) { return index < 3 ? CORE_I64 : CORE_I32; }

static uint32_t task_global(struct adapt *a, uint32_t *global, uint8_t type) {
  if (*global == NO_INDEX)
    *global = new_state_global(a, type, true, 0);
  return global_reference(a, *global);
}

uint32_t resolver_global(struct adapt *a, uint32_t instance) {
  return task_global(a, &a->facts[instance].resolver_global, CORE_I32);
}

uint32_t value_global(struct adapt *a, uint32_t instance) {
  return task_global(a, &a->facts[instance].value_global, CORE_I64);
}

uint32_t scope_global(struct adapt *a, uint32_t instance) {
  return task_global(a, &a->facts[instance].scope_global, CORE_I32);
}

struct saved_task enter_task(struct code *f, struct adapt *a, uint32_t instance) {
  struct saved_task saved = no_saved_task;
  uint32_t *globals[TASK_GLOBALS];
  list_globals(&a->facts[instance], globals);
  for (int i = 0; i < TASK_GLOBALS; i++) {
    if (!globals[i])
      continue;
    const uint8_t type = task_global_type(i);
    const uint32_t global = task_global(a, globals[i], type);
    saved.locals[i] = take_local(f, type);
    get_global(f, global);
    set_local(f, saved.locals[i]);
    const_zero(f, type);
    set_global(f, global);
  }
  return saved;
}

void leave_task(struct code *f, struct adapt *a, uint32_t instance, struct saved_task saved) {
  uint32_t *globals[TASK_GLOBALS];
  list_globals(&a->facts[instance], globals);
  for (int i = 0; i < TASK_GLOBALS; i++) {
    if (saved.locals[i] == NO_INDEX)
      continue;
    get_local(f, saved.locals[i]);
    set_global(f, global_reference(a, *globals[i]));
    release_local(f, saved.locals[i]);
  }
}

uint32_t add_resolver(struct adapt *a, struct resolver resolver) {
  VEC_ADD(a->context, &a->resolvers, resolver);
  return a->resolvers.count;
}

uint32_t task_return_function(struct adapt *a, const struct canon *canon) {
  const struct core_functype t = canon->module->types.items[canon->type].func;
  const uint32_t type = add_functype(a->context, a->code.module, t.params, t.param_count, t.results, t.result_count);
  const struct bytes path = a->plan->instances.items[canon->instance].path;
  const uint32_t reference =
      declare_function(&a->code, type, format_bytes(a->context, "task.return of %.*s", SHOW(path)));
  VEC_ADD(a->context, &a->task_returns, ((struct task_return){canon, reference}));
  return reference;
}

/* "trap_if(result_type != task.ft.result)", "trap_if(not LiftOptions.equal(opts, task.opts))" */
static bool fits(const struct resolver *r, const struct canon *canon) {
  const struct core_item *a = &r->side->memory, *b = &canon->options.memory;
  return r->instance == canon->instance && r->result == canon->result && r->side->encoding == canon->options.encoding &&
         a->source == b->source && a->owner == b->owner && a->index == b->index;
}

static void write_task_return(struct adapt *a, const struct task_return *task_return) {
  const struct canon *canon = task_return->canon;
  const uint32_t resolver = resolver_global(a, canon->instance);
  struct code f = begin_function(&a->code, task_return->reference);
  check_may_leave(&f, a, canon->instance);
  for (uint32_t i = 0; i < a->resolvers.count; i++) {
    if (!fits(&a->resolvers.items[i], canon))
      continue;
    get_global(&f, resolver);
    const_i32(&f, i + 1);
    put_op(&f, OP_I32_EQ);
    put_block(&f, OP_IF, BLOCK_VOID);
    for (uint32_t n = 0; n < f.param_count; n++)
      get_local(&f, n);
    call(&f, a->resolvers.items[i].reference);
    const_i32(&f, TASK_RESOLVED);
    set_global(&f, resolver);
    put_op(&f, OP_RETURN);
    put_op(&f, OP_END);
  }
  get_global(&f, resolver);
  const_i32(&f, TASK_RESOLVED);
  put_op(&f, OP_I32_EQ);
  trap_if(&f, a, TRAP_RETURNED_TWICE);
  put_trap(&f, a, TRAP_TASK_RETURN);
  end_function(&f);
}

void finish_task_returns(struct adapt *a) {
  for (uint32_t i = 0; i < a->task_returns.count; i++)
    write_task_return(a, &a->task_returns.items[i]);
}

void refuse_waiting(struct adapt *a, const struct func *func) {
  if (func->source == FUNC_LIFTED && func->type->is_async && a->facts[func->instance].has_backpressure)
    fail(a->context, FAILURE_INPUT, NO_OFFSET,
         "a call of an asynchronous function of component instance %.*s may have to wait, since the instance uses "
         "backpressure.inc, which is not supported yet",
         SHOW(a->plan->instances.items[func->instance].path));
}
