/* adapt_handles.c -- handles in generated code: lifted, lowered, made and dropped, on the table of an instance.
 *
 * The tables are those of runtime/handles.wat. What every handle needs is a function there without calls; its
 * instructions stand inline, and only where they give up is a function called that does it all, or says what is wrong:
 *
 *     rep = take(table, handle, type) inline;  if it is -1: rep = call lift_own(table, handle, type)
 *
 * Handles of the host's resources pass where the host is called, which takes longer: there only the call stands.
 *
 * Spec      CanonicalABI.md lift_own, lift_borrow, lower_own, lower_borrow, canon_resource_new, canon_resource_drop,
 *           canon_resource_rep.
 */
#include <assert.h>

#include "fuse/adapt.h"
#include "runtime/runtime.h"

#define HEADER_SIZE 16 /* bytes, of each table */

uint32_t handle_table(struct adapt *a, uint32_t instance) {
  struct instance_facts *facts = &a->facts[instance];
  if (facts->table == NO_INDEX)
    facts->table = a->table_count++;
  return facts->table;
}

static uint32_t handles_instance(struct adapt *a) {
  if (a->handles_instance == NO_INDEX) {
    a->handles_module = read_runtime(a, runtime_handles());
    a->handles_instance = add_generated_instance(a, a->handles_module, bytes_of("handles"));
    struct core_instance *instance = &a->plan->core_instances.items[a->handles_instance];
    assert(a->handles_module->imports.count == 1);
    instance->imports[0] = (struct core_item){ITEM_DEFINED, CORE_GLOBAL, a->state_instance, 0};
  }
  return a->handles_instance;
}

uint32_t handles_function(struct adapt *a, const char *name) {
  return function_reference(a, runtime_item(a, handles_instance(a), name));
}

void size_handle_headers(struct adapt *a) {
  if (a->handles_instance == NO_INDEX)
    return;
  struct core_limits *memory = &a->handles_module->memories.items[0];
  const uint64_t pages = (HEADER_SIZE * ((uint64_t)a->table_count + 1) >> 16) + 1;
  if (memory->minimum < pages)
    memory->minimum = pages;
}

/* The instructions of a function of handles.wat; its arguments are on the stack, and its result is left there. */
static void put_inline(struct code *f, struct adapt *a, const char *name) {
  const uint32_t memory = memory_reference(a, runtime_item(a, handles_instance(a), "memory"));
  inline_function(f, a->handles_module, find_export(a->handles_module, bytes_of(name))->index, memory);
}

static bool is_inlined(struct adapt *a, const struct code *f, uint32_t resource) {
  const bool is_host = a->plan->resources.items[resource].source == RESOURCE_HOST;
  const enum proof proof = is_host ? PROOF_SHORT : PROOF_HANDLES;
  if (uses_proof(proof))
    note_proof(a, f->reference, proof);
  return uses_proof(proof) != is_host;
}

static void put_arguments(struct code *f, struct adapt *a, uint32_t instance, uint32_t handle, uint32_t resource) {
  const_i32(f, handle_table(a, instance));
  get_local(f, handle);
  const_i32(f, resource_tag(resource));
}

/* For what makes a handle. */
static void put_new_arguments(struct code *f, struct adapt *a, uint32_t instance, uint32_t resource, uint32_t rep) {
  const_i32(f, handle_table(a, instance));
  const_i32(f, resource_tag(resource));
  get_local(f, rep);
}

void put_resource_new(struct code *f, struct adapt *a, uint32_t instance, uint32_t resource) {
  const uint32_t rep = take_local(f, CORE_I32), handle = take_local(f, CORE_I32);
  set_local(f, rep);
  put_new_arguments(f, a, instance, resource, rep);
  if (!is_inlined(a, f, resource)) {
    call(f, handles_function(a, "resource_new"));
  } else {
    put_inline(f, a, "reuse");
    tee_local(f, handle);
    put_op(f, OP_I32_EQZ);
    put_block(f, OP_IF, BLOCK_VOID);
    put_new_arguments(f, a, instance, resource, rep);
    call(f, handles_function(a, "resource_new"));
    set_local(f, handle);
    put_op(f, OP_END);
    get_local(f, handle);
  }
  release_local(f, rep);
  release_local(f, handle);
}

void put_resource_rep(struct code *f, struct adapt *a, uint32_t instance, uint32_t resource) {
  const uint32_t handle = take_local(f, CORE_I32);
  set_local(f, handle);
  put_arguments(f, a, instance, handle, resource);
  if (!is_inlined(a, f, resource)) {
    call(f, handles_function(a, "resource_rep"));
  } else {
    put_inline(f, a, "find_rep");
    reopen_block(f);
    const_i32(f, handle_table(a, instance));
    get_local(f, handle);
    call(f, handles_function(a, "refuse"));
    put_op(f, OP_UNREACHABLE);
    put_op(f, OP_END);
  }
  release_local(f, handle);
}

/* Begins what is done where the handle in the local can't be taken; else its representation is left in `taken`. */
static void put_take(struct code *f, struct adapt *a, uint32_t instance, uint32_t resource, uint32_t handle,
                     uint32_t taken) {
  put_arguments(f, a, instance, handle, resource);
  put_inline(f, a, "take");
  tee_local(f, taken);
  const_i64(f, 0);
  put_op(f, OP_I64_LT_S);
  put_block(f, OP_IF, BLOCK_VOID);
  put_arguments(f, a, instance, handle, resource);
}

/* An own handle becomes its representation. */
static void put_resource_take(struct code *f, struct adapt *a, uint32_t instance, uint32_t resource) {
  const uint32_t handle = take_local(f, CORE_I32), taken = take_local(f, CORE_I64);
  set_local(f, handle);
  if (!is_inlined(a, f, resource)) {
    put_arguments(f, a, instance, handle, resource);
    call(f, handles_function(a, "lift_own"));
  } else {
    put_take(f, a, instance, resource, handle, taken);
    call(f, handles_function(a, "lift_own")); /* which traps */
    put_op(f, OP_UNREACHABLE);
    put_op(f, OP_END);
    get_local(f, taken);
    put_op(f, OP_I32_WRAP_I64);
  }
  release_local(f, handle);
  release_local(f, taken);
}

/* Is there something to do when the instance drops the last handle? Where the definer may be on the stack, a resource
 * without a destructor is dropped as if it had one that does nothing: the definer is entered. */
static bool has_destructor(const struct adapt *a, uint32_t instance, const struct resource *r) {
  uint32_t guards[ENTERING_LIMIT];
  return r->source == RESOURCE_HOST || r->dtor.source != ITEM_NONE ||
         entering_guards(a, instance, r->instance, guards, ENTERING_LIMIT) > 0;
}

/* What is called with the representation when the last handle goes. */
static uint32_t destructor(struct adapt *a, uint32_t instance, uint32_t resource) {
  return a->plan->resources.items[resource].source == RESOURCE_HOST
             ? boundary_resource(a, BOUNDARY_RESOURCE_DROP, resource)
             : destructor_adapter(a, instance, resource);
}

static void call_resource_drop(struct code *f, struct adapt *a, uint32_t instance, uint32_t resource) {
  const uint32_t handle = take_local(f, CORE_I32);
  set_local(f, handle);
  put_arguments(f, a, instance, handle, resource);
  call(f, handles_function(a, "resource_drop"));
  set_local(f, handle); /* the representation, of an own handle */
  put_block(f, OP_IF, BLOCK_VOID);
  if (has_destructor(a, instance, &a->plan->resources.items[resource])) {
    get_local(f, handle);
    call(f, destructor(a, instance, resource));
  }
  put_op(f, OP_END);
  release_local(f, handle);
}

void put_resource_drop(struct code *f, struct adapt *a, uint32_t instance, uint32_t resource) {
  const struct resource *r = &a->plan->resources.items[resource];
  if (!is_inlined(a, f, resource)) {
    call_resource_drop(f, a, instance, resource);
    return;
  }
  const uint32_t handle = take_local(f, CORE_I32), taken = take_local(f, CORE_I64);
  set_local(f, handle);
  put_take(f, a, instance, resource, handle, taken);
  call(f, handles_function(a, "resource_drop")); /* of a borrow, or it traps */
  put_op(f, OP_DROP);
  put_op(f, OP_DROP);
  put_op(f, OP_ELSE);
  if (has_destructor(a, instance, r)) {
    get_local(f, taken);
    put_op(f, OP_I32_WRAP_I64);
    call(f, destructor(a, instance, resource));
  }
  put_op(f, OP_END);
  release_local(f, handle);
  release_local(f, taken);
}

/* While an own handle moves from the host to its definer, the host's drop of it runs no destructor. */
static void lift_own_from_host(struct move *m, uint32_t resource) {
  struct code *f = m->f;
  const uint32_t handle = take_local(f, CORE_I32), forget = global_reference(m->a, m->a->forget_global);
  tee_local(f, handle);
  call(f, boundary_resource(m->a, BOUNDARY_RESOURCE_REP, resource));
  const_i32(f, 1);
  set_global(f, forget);
  get_local(f, handle);
  call(f, boundary_resource(m->a, BOUNDARY_RESOURCE_DROP, resource));
  const_i32(f, 0);
  set_global(f, forget);
  release_local(f, handle);
}

void lift_own(struct move *m, const struct type *t, const struct side *side) {
  if (!side->is_host)
    put_resource_take(m->f, m->a, side->instance, t->resource);
  else if (m->a->plan->resources.items[t->resource].source != RESOURCE_HOST)
    lift_own_from_host(m, t->resource);
}

void lower_own(struct move *m, const struct type *t, const struct side *side) {
  if (!side->is_host)
    put_resource_new(m->f, m->a, side->instance, t->resource);
  else if (m->a->plan->resources.items[t->resource].source != RESOURCE_HOST)
    call(m->f, boundary_resource(m->a, BOUNDARY_RESOURCE_NEW, t->resource));
}

/* From the host, a borrow of its own resource is a handle that stands for itself, one of ours comes as its
 * representation. */
void lift_borrow(struct move *m, const struct type *t, const struct side *side) {
  struct code *f = m->f;
  if (side->is_host)
    return;
  if (!m->lends) {
    put_resource_rep(f, m->a, side->instance, t->resource);
    return;
  }
  const uint32_t handle = take_local(f, CORE_I32);
  set_local(f, handle);
  put_arguments(f, m->a, side->instance, handle, t->resource);
  get_local(f, m->scope);
  call(f, handles_function(m->a, "lift_borrow"));
  release_local(f, handle);
}

/* The definer gets the representation. */
void lower_borrow(struct move *m, const struct type *t, const struct side *side) {
  struct code *f = m->f;
  const struct resource *r = &m->a->plan->resources.items[t->resource];
  if (side->is_host) {
    if (r->source != RESOURCE_HOST)
      fail(m->a->context, FAILURE_INPUT, NO_OFFSET,
           "a function of the host takes a borrow of the resource \"%.*s\", which the component itself defines; this "
           "can only be said with an imported component, and those can't be fused",
           SHOW(r->name));
    return;
  }
  if (r->source == RESOURCE_DEFINED && r->instance == side->instance)
    return;
  const uint32_t rep = take_local(f, CORE_I32);
  set_local(f, rep);
  put_new_arguments(f, m->a, side->instance, t->resource, rep);
  get_local(f, m->scope);
  call(f, handles_function(m->a, "lower_borrow"));
  release_local(f, rep);
}
