/* adapt_call.c -- one call, from the caller's flat arguments to the caller's flat results.
 *
 * The host is one more instance. When it calls, it has the signature of a lifted function, with its values in the
 * exchange memory; when it is called, that of a lowered one.
 *
 *     caller  --lift params-->  --lower params-->  callee
 *     caller  <--lower result--  <--lift result--  callee, then its post-return
 *
 * A call with `passthrough` is one with the host where both see one memory, the guest's: pointers are left alone, and
 * only handles that stand in flat values are translated.
 *
 * Spec: CanonicalABI.md canon_lift, canon_lower, lift_flat_values, lower_flat_values, LiftLowerContext.reallocate.
 */
#include <assert.h>

#include "fuse/adapt.h"

#define SUBTASK_RETURNED 2 /* Subtask.State.RETURNED */

static const struct side *intern_side(struct adapt *a, struct side form, struct bytes key) {
  uint32_t id = map_get(&a->sides_by_key, key);
  if (id != NOT_FOUND)
    return a->sides.items[id];
  struct side *side = ALLOCATE(a->context, struct side, 1);
  *side = form;
  side->id = a->sides.count;
  side->memory_index = NO_INDEX;
  side->realloc_reference = NO_REFERENCE;
  map_put(a->context, &a->sides_by_key, key, side->id);
  VEC_ADD(a->context, &a->sides, side);
  if (form.memory.source != ITEM_NONE) {
    side->memory_index = memory_reference(a, form.memory);
    const struct core_limits *limits =
        &a->code.module->imports.items[a->code.module->imports_of[CORE_MEMORY].items[side->memory_index]].type.memory;
    side->pointer = limits->is_64 ? POINTER_64 : POINTER_32;
    side->page_size_log2 = (uint8_t)page_size_log2(limits);
  }
  return side;
}

const struct side *side_of_options(struct adapt *a, uint32_t instance, const struct options *options) {
  struct core_item m = options->memory, r = options->realloc;
  const struct bytes key = MAP_NUMBERS(instance, options->encoding, options->is_async, m.source, m.owner, m.index,
                                       r.source, r.owner, r.index);
  const struct side *side = intern_side(a,
                                        (struct side){.instance = instance,
                                                      .encoding = options->encoding,
                                                      .is_async = options->is_async,
                                                      .memory = m,
                                                      .realloc = r},
                                        key);
  if (r.source != ITEM_NONE && side->realloc_reference == NO_REFERENCE)
    a->sides.items[side->id]->realloc_reference = realloc_adapter(a, instance, r, side->pointer);
  return side;
}

const struct side *host_side(struct adapt *a) {
  struct core_item memory = exchange_memory(a);
  const struct side *side =
      intern_side(a, (struct side){.is_host = true, .instance = NO_INDEX, .memory = memory}, MAP_NUMBERS(NO_INDEX));
  if (side->realloc_reference == NO_REFERENCE)
    a->sides.items[side->id]->realloc_reference = exchange_item(a, "cabi_realloc");
  a->exchange = side;
  return side;
}

/* The host, seeing the guest's memory. */
static const struct side *passing_host(struct adapt *a, enum pointer_size pointer) {
  return intern_side(a, (struct side){.is_host = true, .instance = NO_INDEX, .pointer = pointer},
                     MAP_NUMBERS(NO_INDEX, pointer));
}

static struct bytes instance_path(const struct adapt *a, uint32_t instance) {
  return instance == NO_INDEX ? bytes_of("host") : a->plan->instances.items[instance].path;
}

/* call_and_trap_on_throw: a function of the target's type that traps where the target throws. */
static uint32_t catching(struct adapt *a, struct core_item target) {
  const struct bytes key = MAP_NUMBERS(MADE_CATCH, target.source, target.owner, target.index);
  uint32_t reference = map_get(&a->functions, key);
  if (reference != NOT_FOUND)
    return reference;
  struct core_functype t = item_functype(a, target);
  uint32_t type = add_functype(a->context, a->code.module, t.params, t.param_count, t.results, t.result_count);
  reference = declare_function(&a->code, type, bytes_of("catch exceptions"));
  map_put(a->context, &a->functions, key, reference);
  assert(t.result_count <= 1);
  uint8_t result = t.result_count ? t.results[0].code : BLOCK_VOID;
  uint32_t callee = function_reference(a, target);
  struct code f = begin_function(&a->code, reference);
  put_block(&f, OP_BLOCK, BLOCK_VOID);
  put_block(&f, OP_TRY_TABLE, result);
  put_u32(&f.out, 1);
  put_byte(&f.out, 0x02); /* catch_all */
  put_u32(&f.out, 0);
  for (uint32_t i = 0; i < t.param_count; i++)
    get_local(&f, i);
  call(&f, callee);
  put_op(&f, OP_END);
  put_op(&f, OP_RETURN);
  put_op(&f, OP_END);
  put_trap(&f, a, TRAP_EXCEPTION);
  end_function(&f);
  return reference;
}

static uint32_t lazy_global(struct adapt *a, uint32_t *global, uint8_t type) {
  if (*global == NO_INDEX)
    *global = new_state_global(a, type, true, 0);
  return global_reference(a, *global);
}

static void set_flag(struct code *f, uint32_t global, uint32_t value) {
  const_i32(f, value);
  set_global(f, global);
}

/* What runs code of the instance. */
static uint32_t core_reference(struct adapt *a, uint32_t instance, struct core_item target) {
  return a->facts[instance].throws ? catching(a, target) : function_reference(a, target);
}

static void put_core_call(struct code *f, struct adapt *a, uint32_t instance, struct core_item target) {
  call(f, core_reference(a, instance, target));
}

static void put_leaveless_call(struct code *f, struct adapt *a, uint32_t instance, struct core_item target) {
  struct instance_facts *facts = &a->facts[instance];
  uint32_t flag = facts->guards_leave ? lazy_global(a, &facts->leave_global, CORE_I32) : NO_INDEX;
  if (flag != NO_INDEX)
    set_flag(f, flag, 1);
  put_core_call(f, a, instance, target);
  if (flag != NO_INDEX)
    set_flag(f, flag, 0);
}

uint32_t realloc_adapter(struct adapt *a, uint32_t instance, struct core_item realloc, enum pointer_size pointer) {
  const struct instance_facts *facts = &a->facts[instance];
  if (!facts->guards_leave && !facts->throws && !facts->has_context && !facts->returns_tasks)
    return function_reference(a, realloc);
  const struct bytes key = MAP_NUMBERS(MADE_REALLOC, instance, realloc.source, realloc.owner, realloc.index);
  uint32_t reference = map_get(&a->functions, key);
  if (reference != NOT_FOUND)
    return reference;
  uint8_t code = pointer == POINTER_64 ? CORE_I64 : CORE_I32;
  const uint8_t params[] = {code, code, code, code};
  reference = declare_function(&a->code, functype_of(a, params, 4, &code, 1),
                               format_bytes(a->context, "realloc of %.*s", SHOW(instance_path(a, instance))));
  map_put(a->context, &a->functions, key, reference);
  struct code f = begin_function(&a->code, reference);
  struct saved_task saved = enter_task(&f, a, instance);
  for (uint32_t i = 0; i < 4; i++)
    get_local(&f, i);
  put_leaveless_call(&f, a, instance, realloc);
  leave_task(&f, a, instance, saved);
  end_function(&f);
  return reference;
}

/* What one adapter is made from. */
struct call_plan {
  struct adapt *a;
  struct code *f;
  struct move move;
  uint32_t func;
  const struct func *callee_func;
  const struct side *caller, *callee;
  struct flat_functype caller_flat, callee_flat;
  const struct type *params; /* as one tuple */
  struct location caller_params;
  struct location callee_result; /* flat */
  uint32_t result_pointer;       /* callee.is_host and its result is spilled: local with the address; else NO_INDEX */
  uint32_t guards[ENTERING_LIMIT], guard_count;
  uint32_t saved_top;
  uint32_t callee_call, post_call; /* which calls of the code these are; NO_INDEX: none so far */
  uint32_t resolver;               /* callee.is_async: what task.return calls; else NO_REFERENCE */
};

/* Calls visit for each own or borrow in `t`, shared parts once. */
struct handle_search {
  struct map seen;
  VEC(const struct type *) borrows, owns;
};

static void find_handles(struct adapt *a, struct handle_search *s, const struct type *t) {
  if (!t || !(t->has_borrow || t->has_own))
    return;
  struct bytes key = {(const uint8_t *)&t->id, sizeof t->id};
  if (map_get(&s->seen, key) != NOT_FOUND)
    return;
  map_add(a->context, &s->seen, key, 0);
  if (t->kind == TYPE_BORROW)
    VEC_ADD(a->context, &s->borrows, t);
  else if (t->kind == TYPE_OWN)
    VEC_ADD(a->context, &s->owns, t);
  if (t->element)
    find_handles(a, s, t->element);
  for (uint32_t i = 0; i < t->field_count; i++)
    find_handles(a, s, t->fields[i].type);
}

/* Is a scope needed, and are borrows lent or only looked at? The caller's handle can vanish during the call only if the
 * callee can call back, or if it goes away as an own argument of the same call. */
static bool needs_scope(struct call_plan *p) {
  struct handle_search s = {0};
  find_handles(p->a, &s, p->params);
  bool lowered = false;
  bool may_lend = false;
  p->move.lends = false;
  for (uint32_t i = 0; i < s.borrows.count; i++) {
    uint32_t resource = s.borrows.items[i]->resource;
    const struct resource *r = &p->a->plan->resources.items[resource];
    if (!p->callee->is_host && !(r->source == RESOURCE_DEFINED && r->instance == p->callee->instance))
      lowered = true;
    if (p->caller->is_host)
      continue;
    may_lend = true;
    if (!p->callee->is_host && can_reach_back(p->a, p->caller->instance, p->callee->instance))
      p->move.lends = true;
    p->move.lends |= !uses_proof(PROOF_LEND);
    for (uint32_t n = 0; n < s.owns.count; n++)
      if (s.owns.items[n]->resource == resource)
        p->move.lends = true;
  }
  if (may_lend && !p->move.lends)
    note_proof(p->a, p->f->reference, PROOF_LEND);
  return lowered || p->move.lends;
}

void check_may_leave(struct code *f, struct adapt *a, uint32_t instance) {
  if (instance == NO_INDEX)
    return;
  if (!a->facts[instance].guards_leave) {
    note_proof(a, f->reference, PROOF_LEAVE);
    return;
  }
  get_global(f, lazy_global(a, &a->facts[instance].leave_global, CORE_I32));
  trap_if(f, a, TRAP_CANNOT_LEAVE);
}

#define SHARED_CHECK_LEAST 8 /* uses that are worth a function: 6 bytes each */

void check_may_leave_to_host(struct code *f, struct adapt *a, uint32_t instance) {
  if (!uses_proof(PROOF_SHORT) || instance == NO_INDEX || !a->facts[instance].guards_leave ||
      a->facts[instance].host_calls < SHARED_CHECK_LEAST) {
    check_may_leave(f, a, instance);
    return;
  }
  const struct bytes key = MAP_NUMBERS(MADE_LEAVE_CHECK, instance);
  uint32_t reference = map_get(&a->functions, key);
  if (reference == NOT_FOUND) {
    reference = declare_function(&a->code, functype_of(a, NULL, 0, NULL, 0), bytes_of("check may_leave"));
    map_put(a->context, &a->functions, key, reference);
    struct code shared = begin_function(&a->code, reference);
    check_may_leave(&shared, a, instance);
    end_function(&shared);
  }
  note_proof(a, f->reference, PROOF_SHORT);
  call(f, reference);
}

static uint32_t enter_global(struct adapt *a, uint32_t instance) {
  return lazy_global(a, &a->facts[instance].enter_global, CORE_I32);
}

static void set_guards(struct call_plan *p, uint32_t value) {
  for (uint32_t i = 0; i < p->guard_count; i++)
    set_flag(p->f, enter_global(p->a, p->guards[i]), value);
}

/* Spec: may_enter_from, enter_from. */
static void enter_callee(struct call_plan *p) {
  if (p->callee->is_host)
    return;
  if (enters_unguarded(p->a, p->caller->instance, p->callee->instance))
    note_proof(p->a, p->f->reference, PROOF_ENTER);
  p->guard_count = entering_guards(p->a, p->caller->instance, p->callee->instance, p->guards, ENTERING_LIMIT);
  for (uint32_t i = 0; i < p->guard_count; i++) {
    get_global(p->f, enter_global(p->a, p->guards[i]));
    trap_if(p->f, p->a, TRAP_CANNOT_ENTER);
  }
  set_guards(p, 1);
}

/* Allocates room for `t` in the memory of the side; the address is left in a new local. */
static uint32_t put_room(struct call_plan *p, const struct side *side, const struct type *t) {
  struct code *f = p->f;
  struct type_layout layout = t->layout[side->pointer];
  uint32_t pointer = take_local(f, pointer_code(side));
  const_zero(f, pointer_code(side));
  const_zero(f, pointer_code(side));
  if (side->pointer == POINTER_64) {
    const_i64(f, layout.alignment);
    const_i64(f, layout.size);
  } else {
    const_i32(f, layout.alignment);
    const_i32(f, (uint32_t)layout.size);
  }
  call(f, side->realloc_reference);
  set_local(f, pointer);
  check_pointer(f, p->a, side, pointer, layout.alignment, layout.size);
  return pointer;
}

static struct location memory_location(const struct side *side, uint32_t base) {
  return (struct location){.side = side, .is_memory = true, .base = base};
}

/* What the caller points at, for its arguments or its result. */
static void check_caller_pointer(struct call_plan *p, uint32_t pointer, const struct type *t) {
  const struct type_layout layout = t->layout[p->caller->pointer];
  if (p->callee->is_host && uses_proof(PROOF_SHORT)) {
    note_proof(p->a, p->f->reference, PROOF_SHORT);
    call_pointer_check(p->f, p->a, p->caller, pointer, layout.alignment, layout.size);
  } else {
    check_pointer(p->f, p->a, p->caller, pointer, layout.alignment, layout.size);
  }
}

/* The parameters as the caller gives them: lift_flat_values. */
static void find_caller_params(struct call_plan *p) {
  uint32_t *locals = ALLOCATE(p->a->context, uint32_t, MAX_FLAT_PARAMS + 2);
  for (uint32_t i = 0; i < MAX_FLAT_PARAMS + 2; i++)
    locals[i] = i;
  p->caller_params = (struct location){.side = p->caller, .locals = locals};
  if (!p->caller_flat.params_spilled || p->move.passthrough)
    return;
  p->caller_params = memory_location(p->caller, 0);
  check_caller_pointer(p, 0, p->params);
}

/* Moves the parameters and leaves the callee's flat arguments in locals. */
static struct location move_params(struct call_plan *p) {
  struct location to = flat_location(p->f, p->callee, p->callee_flat.params, p->callee_flat.param_count);
  if (p->callee_flat.params_spilled && p->move.passthrough) {
    get_local(p->f, 0);
    set_local(p->f, to.locals[0]);
  } else if (p->callee_flat.params_spilled) {
    uint32_t room = put_room(p, p->callee, p->params);
    move_value(&p->move, p->params, p->caller_params, memory_location(p->callee, room));
    get_local(p->f, room);
    set_local(p->f, to.locals[0]);
    release_local(p->f, room);
  } else if (p->params->field_count) {
    move_value(&p->move, p->params, p->caller_params, to);
  }
  return to;
}

/* Whose memory the host is called with. */
static const struct side *boundary_side(const struct call_plan *p) {
  return p->move.passthrough ? p->caller : p->callee;
}

static void call_callee(struct call_plan *p, struct location args) {
  struct code *f = p->f;
  const struct functype *type = p->callee_func->type;
  uint32_t arg_count = p->callee_flat.param_count;
  if (p->callee->is_host && p->callee_flat.result_spilled) {
    if (p->move.passthrough) {
      get_local(f, p->caller_flat.param_count - 1);
    } else {
      p->result_pointer = put_room(p, p->callee, type->result);
      get_local(f, p->result_pointer);
    }
    set_local(f, args.locals[arg_count - 1]);
  }
  for (uint32_t i = 0; i < arg_count; i++)
    get_local(f, args.locals[i]);
  if (p->callee->is_host) {
    put_boundary_call(p->a, f, p->func, boundary_side(p));
    p->callee_call = f->calls.count - 1;
  } else {
    p->callee_call = f->calls.count;
    put_core_call(f, p->a, p->callee->instance, p->callee_func->core);
  }
  p->callee_result = flat_location(f, p->callee, p->callee_flat.results, p->callee_flat.result_count);
  if (p->callee_flat.result_count)
    set_local(f, p->callee_result.locals[0]);
}

/* Where the result is, as the callee gives it. */
static struct location find_callee_result(struct call_plan *p) {
  if (!p->callee_flat.result_spilled)
    return p->callee_result;
  const struct type *t = p->callee_func->type->result;
  if (p->result_pointer != NO_INDEX)
    return memory_location(p->callee, p->result_pointer);
  struct type_layout layout = t->layout[p->callee->pointer];
  check_pointer(p->f, p->a, p->callee, p->callee_result.locals[0], layout.alignment, layout.size);
  return memory_location(p->callee, p->callee_result.locals[0]);
}

/* Moves the result that is at `from`; `pointer` is a local with the address where the caller wants it, if it says so.
 * Leaves a local with what the caller gets flat, or NO_INDEX. */
static uint32_t move_result_from(struct call_plan *p, struct location from, uint32_t pointer) {
  const struct type *t = p->callee_func->type->result;
  struct code *f = p->f;
  if (!p->caller_flat.result_spilled) {
    struct location to = flat_location(f, p->caller, p->caller_flat.results, p->caller_flat.result_count);
    move_value(&p->move, t, from, to);
    return p->caller_flat.result_count ? to.locals[0] : NO_INDEX;
  }
  if (p->caller->is_host) {
    uint32_t room = put_room(p, p->caller, t);
    move_value(&p->move, t, from, memory_location(p->caller, room));
    return room;
  }
  check_caller_pointer(p, pointer, t);
  move_value(&p->move, t, from, memory_location(p->caller, pointer));
  return NO_INDEX;
}

static uint32_t move_result(struct call_plan *p) {
  if (!p->callee_func->type->result)
    return NO_INDEX;
  if (p->move.passthrough && p->caller_flat.result_spilled)
    return p->callee_flat.result_count ? p->callee_result.locals[0] : NO_INDEX;
  return move_result_from(p, find_callee_result(p), p->caller_flat.param_count - 1);
}

/* What is flat crosses from the resolver to the adapter as an i64. */
static uint8_t flat_result_type(const struct call_plan *p) {
  return p->caller_flat.result_spilled ? pointer_code(p->caller) : p->caller_flat.results[0];
}

static bool has_flat_result(const struct call_plan *p) {
  return p->callee_func->type->result && (p->caller->is_host || !p->caller_flat.result_spilled);
}

/* The body of the function that task.return calls: the result is in its parameters. Spec: Task.return_, on_resolve. */
static void write_resolver(struct call_plan *p) {
  struct adapt *a = p->a;
  struct code *f = p->f;
  const struct type *t = p->callee_func->type->result;
  const uint32_t value = value_global(a, p->callee->instance);
  if (p->move.scope != NO_INDEX) {
    get_global(f, scope_global(a, p->callee->instance));
    call(f, handles_function(a, "scope_check"));
  }
  p->move.scope = NO_INDEX;
  if (!t)
    return;
  const uint32_t locals[MAX_FLAT_PARAMS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  struct location from = {.side = p->callee, .locals = locals};
  if (t->flat_count > MAX_FLAT_PARAMS) {
    const struct type_layout layout = t->layout[p->callee->pointer];
    check_pointer(f, a, p->callee, 0, layout.alignment, layout.size);
    from = memory_location(p->callee, 0);
  }
  const uint32_t pointer = take_local(f, pointer_code(p->caller));
  get_global(f, value);
  coerce_lift(f, CORE_I64, pointer_code(p->caller));
  set_local(f, pointer);
  const uint32_t result = move_result_from(p, from, pointer);
  if (result == NO_INDEX)
    return;
  get_local(f, result);
  coerce_lower(f, flat_result_type(p), CORE_I64);
  set_global(f, value);
}

/* Makes the callee's task one that returns to this adapter. */
static void expect_task_return(struct call_plan *p) {
  struct adapt *a = p->a;
  const struct type *t = p->callee_func->type->result;
  uint8_t params[MAX_FLAT_PARAMS];
  uint32_t count = 1;
  if (!t || t->flat_count <= MAX_FLAT_PARAMS)
    count = t ? flatten_type(t, p->callee->pointer, params) : 0;
  else
    params[0] = pointer_code(p->callee);
  const uint32_t reference =
      declare_function(&a->code, functype_of(a, params, count, NULL, 0),
                       format_bytes(a->context, "%.*s returns to %.*s", SHOW(instance_path(a, p->callee->instance)),
                                    SHOW(instance_path(a, p->caller->instance))));
  p->resolver = reference;
  struct call_plan resolver = *p;
  struct code f = begin_function(&a->code, reference);
  resolver.f = resolver.move.f = &f;
  write_resolver(&resolver);
  end_function(&f);
  const uint32_t instance = p->callee->instance;
  const uint32_t number =
      add_resolver(a, (struct resolver){.instance = instance, .result = t, .side = p->callee, .reference = reference});
  const_i32(p->f, number);
  set_global(p->f, resolver_global(a, instance));
  if (t && !has_flat_result(p)) {
    const uint32_t pointer = p->caller_flat.param_count - 1;
    get_local(p->f, pointer);
    coerce_lower(p->f, pointer_code(p->caller), CORE_I64);
    set_global(p->f, value_global(a, instance));
  }
  if (p->move.scope != NO_INDEX) {
    get_local(p->f, p->move.scope);
    set_global(p->f, scope_global(a, instance));
  }
}

/* Spec: the trap of unregister_thread. Leaves a local with what the caller gets flat, or NO_INDEX. */
static uint32_t take_returned(struct call_plan *p) {
  get_global(p->f, resolver_global(p->a, p->callee->instance));
  const_i32(p->f, TASK_RESOLVED);
  put_op(p->f, OP_I32_NE);
  trap_if(p->f, p->a, TRAP_NO_RESULT);
  if (!has_flat_result(p))
    return NO_INDEX;
  const uint32_t result = take_local(p->f, flat_result_type(p));
  get_global(p->f, value_global(p->a, p->callee->instance));
  coerce_lift(p->f, CORE_I64, flat_result_type(p));
  set_local(p->f, result);
  return result;
}

/* The host calls post-return itself where it sees the guest's memory, with what it got. A handle is not what the callee
 * gave; it comes flat, so that nothing in memory is needed any more. */
bool is_post_return_of_host(const struct func *callee) {
  return callee->options.post_return.source != ITEM_NONE &&
         !(callee->type->result && callee->type->result->has_handles);
}

static bool has_post_return(const struct call_plan *p) {
  return !p->callee->is_host && p->callee_func->options.post_return.source != ITEM_NONE &&
         !(p->move.passthrough && is_post_return_of_host(p->callee_func));
}

static void call_post_return(struct call_plan *p) {
  if (!has_post_return(p))
    return;
  for (uint32_t i = 0; i < p->callee_flat.result_count; i++)
    get_local(p->f, p->callee_result.locals[i]);
  p->post_call = p->f->calls.count;
  put_leaveless_call(p->f, p->a, p->callee->instance, p->callee_func->options.post_return);
}

static bool uses_exchange(const struct call_plan *p) { return p->callee->is_host && !p->move.passthrough; }

static void write_call(struct call_plan *p) {
  struct adapt *a = p->a;
  struct code *f = p->f;
  if (p->callee->is_host)
    check_may_leave_to_host(f, a, p->caller->instance);
  else
    check_may_leave(f, a, p->caller->instance);
  enter_callee(p);
  if (uses_exchange(p)) {
    p->saved_top = take_local(f, CORE_I32);
    get_global(f, exchange_item(a, "top"));
    set_local(f, p->saved_top);
  }
  p->move.scope = NO_INDEX;
  if (needs_scope(p)) {
    p->move.scope = take_local(f, CORE_I32);
    call(f, handles_function(a, "scope_enter"));
    set_local(f, p->move.scope);
  }
  find_caller_params(p);
  struct location args = move_params(p);
  struct saved_task saved = no_saved_task;
  if (!p->callee->is_host)
    saved = enter_task(f, a, p->callee->instance);
  if (p->caller->is_host && p->move.passthrough)
    saved = no_saved_task; /* for post-return */
  if (p->callee->is_async)
    expect_task_return(p);
  call_callee(p, args);
  if (p->move.scope != NO_INDEX) {
    get_local(f, p->move.scope);
    call(f, handles_function(a, "scope_leave"));
  }
  uint32_t result = p->callee->is_async ? take_returned(p) : move_result(p);
  call_post_return(p);
  if (!p->callee->is_host)
    leave_task(f, a, p->callee->instance, saved);
  set_guards(p, 0);
  if (p->caller->is_host)
    drop_borrows(&p->move, p->params, p->caller_params);
  if (uses_exchange(p)) {
    get_local(f, p->saved_top);
    set_global(f, exchange_item(a, "top"));
  }
  if (p->caller->is_async)
    const_i32(f, SUBTASK_RETURNED);
  else if (result != NO_INDEX)
    get_local(f, result);
}

/* `direction` is FLAT_LIFT or FLAT_LOWER. */
static struct flat_functype flatten_side(const struct side *side, const struct functype *type,
                                         enum flat_direction direction) {
  if (side->is_async)
    direction = direction == FLAT_LIFT ? FLAT_LIFT_ASYNC : FLAT_LOWER_ASYNC;
  return flatten_functype(type, direction, side->pointer);
}

static uint32_t signature(struct adapt *a, const struct flat_functype *flat) {
  return functype_of(a, flat->params, flat->param_count, flat->results, flat->result_count);
}

static const struct type *tuple_of(struct adapt *a, const struct functype *type) {
  if (type->id >= a->tuples.count)
    VEC_EXTEND(a->context, &a->tuples, type->id + 1 - a->tuples.count);
  if (!a->tuples.items[type->id])
    a->tuples.items[type->id] = params_tuple(a->context, a->plan->types, type);
  return a->tuples.items[type->id];
}

/* The sides of a call, and its types. */
static struct call_plan plan_call(struct adapt *a, const struct side *caller, uint32_t func, bool passthrough) {
  const struct func *callee = &a->plan->funcs.items[func];
  struct call_plan p = {.a = a,
                        .func = func,
                        .callee_func = callee,
                        .caller = caller,
                        .result_pointer = NO_INDEX,
                        .callee_call = NO_INDEX,
                        .post_call = NO_INDEX,
                        .resolver = NO_REFERENCE};
  p.move = (struct move){.a = a, .passthrough = passthrough};
  if (callee->source == FUNC_LIFTED)
    p.callee = side_of_options(a, callee->instance, &callee->options);
  else
    p.callee = passthrough ? passing_host(a, caller->pointer) : host_side(a);
  if (passthrough && caller->is_host)
    p.caller = passing_host(a, p.callee->pointer);
  p.params = tuple_of(a, callee->type);
  return p;
}

/* Writes the function. */
static struct call_form write_call_function(struct call_plan *p) {
  struct adapt *a = p->a;
  const struct functype *type = p->callee_func->type;
  p->caller_flat = flatten_side(p->caller, type, p->caller->is_host ? FLAT_LIFT : FLAT_LOWER);
  p->callee_flat = flatten_side(p->callee, type, p->callee->is_host ? FLAT_LOWER : FLAT_LIFT);
  const uint32_t reference = declare_function(&a->code, signature(a, &p->caller_flat),
                                              JOIN(a->context, instance_path(a, p->caller->instance),
                                                   bytes_of(" calls "), instance_path(a, p->callee->instance)));
  struct code f = begin_function(&a->code, reference);
  p->f = p->move.f = &f;
  if (p->move.passthrough && uses_memory(type))
    note_proof(a, reference, PROOF_MEMORY);
  write_call(p);
  end_function(&f);
  return (struct call_form){.reference = reference,
                            .callee = p->callee_call,
                            .post = p->post_call,
                            .moves = p->move.scope != NO_INDEX ? MOVES_SCOPE : 0};
}

/* The code of a call of the same form, with the functions of this one. */
static uint32_t copy_call_function(struct call_plan *p, const struct call_form *form) {
  struct adapt *a = p->a;
  const uint32_t reference = copy_function(&a->code, form->reference);
  check_code_size(a, 0);
  const uint32_t callee = p->callee->is_host ? function_reference(a, boundary_call(a, p->func, boundary_side(p)))
                                             : core_reference(a, p->callee->instance, p->callee_func->core);
  set_called_reference(&a->code, reference, form->callee, callee);
  if (form->post != NO_INDEX)
    set_called_reference(&a->code, reference, form->post,
                         core_reference(a, p->callee->instance, p->callee_func->options.post_return));
  a->code.bodies.items[reference & ~DEFINED_FUNCTION].proofs = form->proofs;
  return reference;
}

/* The function, and the form that it is of. */
static struct call_form make_call_function(struct call_plan *p) {
  struct adapt *a = p->a;
  const struct type *result = p->callee_func->type->result;
  if (p->callee->is_async) /* a task of its own for each */
    return write_call_function(p);
  const struct bytes key = MAP_NUMBERS(p->caller->id, p->callee->id, p->params->id, result ? result->id : NO_INDEX,
                                       p->move.passthrough, has_post_return(p));
  const uint32_t number = map_get(&a->form_numbers, key);
  if (number != NOT_FOUND) {
    struct call_form form = a->forms.items[number];
    form.reference = copy_call_function(p, &form);
    return form;
  }
  struct call_form form = write_call_function(p);
  form.proofs = a->code.bodies.items[form.reference & ~DEFINED_FUNCTION].proofs;
  map_put(a->context, &a->form_numbers, key, a->forms.count);
  VEC_ADD(a->context, &a->forms, form);
  return form;
}

uint32_t call_adapter(struct adapt *a, const struct side *caller, uint32_t func, bool passthrough) {
  const struct bytes key = MAP_NUMBERS(MADE_CALL, caller->id, func, passthrough);
  const uint32_t known = map_get(&a->functions, key);
  if (known != NOT_FOUND)
    return known;
  struct call_plan p = plan_call(a, caller, func, passthrough);
  const struct call_form form = make_call_function(&p);
  map_put(a->context, &a->functions, key, form.reference);
  if (p.callee_func->options.is_seen_through)
    note_proof(a, form.reference, PROOF_TABLES);
  const bool is_direct = generated_item(a, form.reference).index != form.reference;
  note_boundary(a, (struct boundary){.adapter = is_direct ? ADAPTER_DIRECT : ADAPTER_CODE,
                                     .caller = p.caller->instance,
                                     .callee = p.callee->instance,
                                     .func = func,
                                     .reference = form.reference,
                                     .resolver = p.resolver,
                                     .passthrough = passthrough,
                                     .throws_nothing = !p.callee->is_host && !a->facts[p.callee->instance].throws,
                                     .moves = form.moves,
                                     .proofs = is_direct ? proofs_of(a, form.reference) | 1u << PROOF_DIRECT : 0});
  return form.reference;
}

/* Runs the destructor of a resource as a call by `caller` (NO_INDEX: the host) of its definer. */
uint32_t destructor_adapter(struct adapt *a, uint32_t caller, uint32_t resource) {
  const struct bytes key = MAP_NUMBERS(MADE_DESTRUCTOR, caller, resource);
  uint32_t reference = map_get(&a->functions, key);
  if (reference != NOT_FOUND)
    return reference;
  const struct resource *r = &a->plan->resources.items[resource];
  const uint8_t param = CORE_I32;
  reference = declare_function(&a->code, functype_of(a, &param, 1, NULL, 0),
                               format_bytes(a->context, "%.*s drops %.*s of %.*s", SHOW(instance_path(a, caller)),
                                            SHOW(r->name), SHOW(instance_path(a, r->instance))));
  map_put(a->context, &a->functions, key, reference);
  struct code f = begin_function(&a->code, reference);
  if (caller == NO_INDEX && a->forget_global != NO_INDEX) {
    get_global(&f, global_reference(a, a->forget_global));
    put_block(&f, OP_IF, BLOCK_VOID);
    put_op(&f, OP_RETURN);
    put_op(&f, OP_END);
  }
  struct side from = {.instance = caller}, to = {.instance = r->instance};
  struct call_plan p = {.a = a, .f = &f, .caller = &from, .callee = &to};
  enter_callee(&p);
  if (r->dtor.source != ITEM_NONE) {
    struct saved_task saved = enter_task(&f, a, r->instance);
    get_local(&f, 0);
    put_core_call(&f, a, r->instance, r->dtor);
    leave_task(&f, a, r->instance, saved);
  }
  set_guards(&p, 0);
  end_function(&f);
  return reference;
}

/* The post-return of a function that the host calls with the guest's memory in view. */
uint32_t post_return_adapter(struct adapt *a, uint32_t func) {
  const struct func *callee = &a->plan->funcs.items[func];
  const struct bytes key = MAP_NUMBERS(MADE_POST_RETURN, func);
  uint32_t reference = map_get(&a->functions, key);
  if (reference != NOT_FOUND)
    return reference;
  struct core_functype t = item_functype(a, callee->options.post_return);
  uint32_t type = add_functype(a->context, a->code.module, t.params, t.param_count, t.results, t.result_count);
  reference = declare_function(
      &a->code, type, format_bytes(a->context, "post-return of %.*s", SHOW(instance_path(a, callee->instance))));
  map_put(a->context, &a->functions, key, reference);
  struct code f = begin_function(&a->code, reference);
  for (uint32_t i = 0; i < t.param_count; i++)
    get_local(&f, i);
  put_leaveless_call(&f, a, callee->instance, callee->options.post_return);
  end_function(&f);
  return reference;
}
