/* adapt.h -- what the parts of the adapt pass share: the module they generate, and the two sides of a call.
 *
 *     adapt.c        the pass: what stands for each canonical function
 *     adapt_host.c   what crosses the boundary to the host
 *     adapt_graph.c  what is decided statically: who can be on the stack when whom is called
 *     adapt_leave.c  ... and who could try to leave while it may not
 *     adapt_call.c   one call, from the caller's flat arguments to the caller's flat results
 *     adapt_task.c   the current task of an instance: what is fresh for each, and how task.return finds the caller
 *     adapt_value.h  one value, from a place to a place: in parts, by kinds of types
 *     adapt_handles.c  ... and where it is a handle
 *     adapt_boundary.c  what each boundary became, for reports
 *     adapt_item.c   the imports of the generated module, the runtime's instances, flags
 */
#ifndef MELD_FUSE_ADAPT_H
#define MELD_FUSE_ADAPT_H

#include "fuse/code.h"
#include "fuse/plan.h"

/* Each kind of trap is a function of that name, so that a backtrace says why. */
#define TRAPS(TRAP)                                                                                                    \
  TRAP(CANNOT_LEAVE, "cannot leave component instance")                                                                \
  TRAP(CANNOT_ENTER, "cannot enter component instance")                                                                \
  TRAP(UNALIGNED, "unaligned pointer")                                                                                 \
  TRAP(LIST_BOUNDS, "list content out-of-bounds")                                                                      \
  TRAP(POINTER_BOUNDS, "pointer out of bounds of memory")                                                              \
  TRAP(DISCRIMINANT, "invalid variant discriminant")                                                                   \
  TRAP(CHAR, "invalid `char` bit pattern")                                                                             \
  TRAP(EXCEPTION, "uncaught exception")                                                                                \
  TRAP(BACKPRESSURE, "backpressure counter out of range")                                                              \
  TRAP(TASK_RETURN, "invalid `task.return` signature and/or options for current task")                                 \
  TRAP(RETURNED_TWICE, "`task.return` or `task.cancel` called more than once for current task")                        \
  TRAP(NO_RESULT, "async-lifted export failed to produce a result")                                                    \
  TRAP(ASYNC, "asynchronous functions are not supported")

enum trap {
#define TRAP(id, name) TRAP_##id,
  TRAPS(TRAP)
#undef TRAP
      TRAP_COUNT
};

#define NO_REFERENCE UINT32_MAX

/* What functions are generated for: with the numbers that follow, each key is for one function. */
enum made {
  MADE_CALL,                 /* caller's side, function, passthrough */
  MADE_CATCH,                /* item */
  MADE_REALLOC,              /* instance, item */
  MADE_DESTRUCTOR,           /* calling instance, resource */
  MADE_POST_RETURN,          /* function */
  MADE_EXCHANGE_POST_RETURN, /* type of the generated module */
  MADE_POINTER_CHECK,        /* memory of the generated module */
  MADE_LIST,                 /* type, sides, lends */
  MADE_VALUE,                /* the same */
  MADE_LEAVE_CHECK,          /* instance */
};

/* One side of a call: whose memory and handles the values are in. Interned: equal sides are one. */
struct side {
  uint32_t id;
  bool is_host;
  uint32_t instance; /* component instance; NO_INDEX: the host */
  enum pointer_size pointer;
  enum string_encoding encoding;
  bool is_async;                    /* lifted or lowered with the option async */
  struct core_item memory, realloc; /* realloc as the options name it */
  uint32_t memory_index;            /* in the generated module; NO_INDEX: none */
  uint8_t page_size_log2;
  uint32_t realloc_reference; /* a function that runs it as a task of its own; NO_REFERENCE: none */
};

/* Where a value is. */
struct location {
  const struct side *side;
  bool is_memory;
  const uint32_t *locals; /* flat: one local for each flattened value, of its type or of one that it was joined into */
  uint32_t base;          /* memory: a local with the address ... */
  uint64_t offset;        /* ... and what to add to it */
};

/* Facts about a component instance that the generated code depends on. */
struct instance_facts {
  bool guards_leave;     /* has a realloc or post-return that might try to call out: keeps a `may_leave` flag */
  bool guards_enter;     /* can be on the stack when it is called: keeps a `may_enter` flag */
  bool throws;           /* has tags, so that its code may throw */
  bool has_context;      /* uses context slots */
  bool returns_tasks;    /* uses task.return */
  bool has_backpressure; /* uses backpressure.inc */
  uint32_t host_calls;   /* canonical functions that it has of the host: lowered, or dropping a resource */
  uint32_t component;    /* of the call graph: its strongly connected component */
  /* In the state module; NO_INDEX: none so far. */
  uint32_t leave_global, enter_global, context_globals[2], backpressure_global;
  uint32_t resolver_global, value_global, scope_global; /* of the current task, see adapt_task.c */
  uint32_t table;                                       /* number of its handle table; NO_INDEX: none yet */
};

/* What a task of `instance` runs when it returns: moves the result from the parameters of task.return to the caller. */
struct resolver {
  uint32_t instance;
  const struct type *result;
  const struct side *side; /* the callee's */
  uint32_t reference;
};

/* A task.return, which is written when all resolvers are known. */
struct task_return {
  const struct canon *canon;
  uint32_t reference;
};

/* A call as it is made: others of the same sides and types have the same code, but for the functions that they call. */
struct call_form {
  uint32_t reference;     /* of the first that was made */
  uint32_t callee, post;  /* which of its calls are of the callee, and of its post-return; NO_INDEX: none */
  uint32_t proofs, moves; /* see struct boundary */
};

#define GENERATED_CODE_LIMIT_MIB 32 /* of bodies of adapters, together */

struct adapt {
  struct context *context;
  struct plan *plan;
  const struct fuse_options *options;
  struct code_module code;                                      /* the adapters */
  uint32_t adapters_instance;                                   /* core instances that this pass adds */
  uint32_t state_instance, handles_instance, exchange_instance; /* NO_INDEX: not needed so far */
  struct module *handles_module;                                /* of handles_instance */
  struct module *state;                                         /* all globals that adapters use */
  struct map item_imports;     /* core_item -> index in its space of the generated module */
  VEC(struct core_item) items; /* what each import of the generated module is */
  struct map transcoders;      /* source memory, destination memory, realloc -> core instance */
  struct map sides_by_key;
  VEC(struct side *) sides;
  struct map functions;    /* by what they are made for -> reference */
  struct map form_numbers; /* by sides and types */
  VEC(struct call_form) forms;
  VEC(const struct type *) tuples; /* the parameters of each function type, by its id; null: not used so far */
  VEC(struct resolver) resolvers;
  VEC(struct task_return) task_returns;
  uint32_t traps[TRAP_COUNT];   /* references; NO_REFERENCE: not used so far */
  struct instance_facts *facts; /* of each component instance */
  uint32_t table_count;
  const struct side *exchange;       /* the host's side of calls through the exchange memory; null: none so far */
  uint32_t forget_global;            /* set while an own handle moves from the host to its definer; NO_INDEX: none */
  bool host_sees_guest;              /* core output: the one memory that crosses the boundary is the guest's own */
  const struct func *export_realloc; /* core output: an export whose realloc all exports share; null: none needs one */
  VEC(uint32_t) reallocs;            /* core output: what the exported cabi_realloc can stand for, by number */
  struct map realloc_choices;        /* their numbers */
  uint32_t realloc_global;           /* which it stands for at present */
  struct core_item exported_memory;
  struct map boundary_by_key;       /* boundary imports by what they are */
  struct map trampolines_by_target; /* the plan's */
  struct map boundary_names;        /* names taken among boundary imports */
  struct map export_names;          /* names taken among exports */
  VEC(uint32_t) next_numbers;       /* for each name in these two: what is put behind it when it is asked for again */
  struct map exported_items;        /* items to index into core_exports, where they are first */
  struct map exported_resources, exported_funcs; /* by number, in the order of their exports */
};

/* adapt_graph.c. Fills in the facts. Spec: CanonicalABI.md "Component Instance State", may_enter_from. */
void find_facts(struct adapt *a);
/* adapt_leave.c: guards_leave of all facts. */
void find_guards_of_leaving(struct adapt *a);
/* Could the function, run in that component instance, call a canonical function that leaves it, or one of a core
 * instance that is said to be outside? Once one could, the answer for others of the component instance is yes too. */
struct leave_search;
struct leave_search *new_leave_search(struct context *c, const struct plan *plan, const bool *is_outside);
bool may_leave_from(struct leave_search *s, uint32_t component_instance, struct core_item item);
/* Can `callee`, called by `caller`, call back into the caller? */
bool can_reach_back(const struct adapt *a, uint32_t caller, uint32_t callee);
/* Calls visit for each instance of callee.entering_set(caller) that keeps a may_enter flag; caller NO_INDEX: the host.
 */
uint32_t entering_guards(const struct adapt *a, uint32_t caller, uint32_t callee, uint32_t *out, uint32_t limit);
#define ENTERING_LIMIT 128
/* Is there one in it that keeps no such flag? */
bool enters_unguarded(const struct adapt *a, uint32_t caller, uint32_t callee);

/* adapt_item.c */
/* Equal for equal items. Borrows. */
static inline struct bytes item_key(const struct core_item *item) {
  _Static_assert(sizeof *item == 4 * sizeof(uint32_t), "an item is all its numbers");
  return (struct bytes){(const uint8_t *)item, sizeof *item};
}
uint32_t functype_of(struct adapt *a, const uint8_t *params, uint32_t param_count, const uint8_t *results,
                     uint32_t result_count);
struct core_functype item_functype(struct adapt *a, struct core_item item);
uint32_t function_reference(struct adapt *a, struct core_item item); /* to call it from generated code */
uint32_t memory_reference(struct adapt *a, struct core_item item);
uint32_t global_reference(struct adapt *a, uint32_t state_global);
uint32_t new_state_global(struct adapt *a, uint8_t type, bool is_mutable, uint32_t initial);
uint32_t exchange_item(struct adapt *a, const char *name); /* function reference, or global index of "top" */
struct core_item exchange_memory(struct adapt *a);
uint32_t transcoder(struct adapt *a, const struct code *f, const struct side *from, const struct side *to);
/* A part of the same, by its name in transcode.wat.in. */
uint32_t transcoder_function(struct adapt *a, const struct side *from, const struct side *to, const char *name);
static inline uint32_t resource_tag(uint32_t resource) { return resource + 1; }
uint32_t add_generated_instance(struct adapt *a, const struct module *module, struct bytes name);
struct module *read_runtime(struct adapt *a, struct bytes bytes);
/* An export of a runtime instance. */
struct core_item runtime_item(struct adapt *a, uint32_t instance, const char *name);
void put_trap(struct code *f, struct adapt *a, enum trap trap);
/* Traps if the i32 on the stack is not zero. */
void trap_if(struct code *f, struct adapt *a, enum trap trap);
/* What a reference denotes; for a function that only calls another one with its own arguments, that one. */
struct core_item generated_item(const struct adapt *a, uint32_t reference);
void begin_adapters(struct adapt *a);
void finish_adapters(struct adapt *a);

/* adapt_call.c */
/* The function with `caller`'s signature of `f` that calls it. */
uint32_t call_adapter(struct adapt *a, const struct side *caller, uint32_t func, bool passthrough);
const struct side *side_of_options(struct adapt *a, uint32_t instance, const struct options *options);
const struct side *host_side(struct adapt *a);
uint32_t destructor_adapter(struct adapt *a, uint32_t caller, uint32_t resource);
uint32_t post_return_adapter(struct adapt *a, uint32_t func);
/* Does the host call it, where it sees the guest's memory? Else the adapter of the function does. */
bool is_post_return_of_host(const struct func *callee);
uint32_t realloc_adapter(struct adapt *a, uint32_t instance, struct core_item realloc, enum pointer_size pointer);
/* trap_if(not inst.may_leave) */
void check_may_leave(struct code *f, struct adapt *a, uint32_t instance);
/* The same on the way to the host, in a function of its own where many need it: a call of the host takes longer. */
void check_may_leave_to_host(struct code *f, struct adapt *a, uint32_t instance);

/* adapt_task.c. Spec: Thread.storage, Task, canon_task_return. */
#define TASK_GLOBALS 5
struct saved_task {
  uint32_t locals[TASK_GLOBALS]; /* NO_INDEX: not saved */
};
extern const struct saved_task no_saved_task;
/* Begins a task in the instance, and ends it: what the task before it had is put aside meanwhile. */
struct saved_task enter_task(struct code *f, struct adapt *a, uint32_t instance);
void leave_task(struct code *f, struct adapt *a, uint32_t instance, struct saved_task saved);
/* Globals of the current task: the number of its resolver, 0 where it may not call task.return, TASK_RESOLVED once it
 * has; the address that its result goes to, and afterwards the result, as an i64; the scope of its borrows. */
#define TASK_RESOLVED UINT32_MAX
uint32_t resolver_global(struct adapt *a, uint32_t instance);
uint32_t value_global(struct adapt *a, uint32_t instance);
uint32_t scope_global(struct adapt *a, uint32_t instance);
/* The number of a resolver. */
uint32_t add_resolver(struct adapt *a, struct resolver resolver);
/* The function that a task.return is. */
uint32_t task_return_function(struct adapt *a, const struct canon *canon);
void finish_task_returns(struct adapt *a);
/* Fails if a call of the function might have to wait for others to end. */
void refuse_waiting(struct adapt *a, const struct func *func);

/* adapt_host.c: what the fused module imports from the host and exports to it. */
void choose_boundary(struct adapt *a);
/* Is something of its parameters or result in memory? */
bool uses_memory(const struct functype *f);
/* Can this function's values cross to the host as they are in the guest's memory? */
bool passes_through(const struct adapt *a, const struct func *func);
/* Calls the host's function, lowered with the memory of `side`; the arguments are on the stack. */
void put_boundary_call(struct adapt *a, struct code *f, uint32_t func, const struct side *side);
struct core_item boundary_call(struct adapt *a, uint32_t func, const struct side *side);
uint32_t boundary_resource(struct adapt *a, enum boundary_kind kind, uint32_t resource); /* a function reference */
void export_functions(struct adapt *a);
void finish_boundary(struct adapt *a);

/* adapt_handles.c */
uint32_t handles_function(struct adapt *a, const char *name); /* reference of an export of handles.wat */
void size_handle_headers(struct adapt *a);                    /* once all tables are known */
/* What is on the stack becomes what the canonical function of that name gives, called by `instance`. */
void put_resource_new(struct code *f, struct adapt *a, uint32_t instance, uint32_t resource);
void put_resource_rep(struct code *f, struct adapt *a, uint32_t instance, uint32_t resource);
void put_resource_drop(struct code *f, struct adapt *a, uint32_t instance, uint32_t resource);
/* From a handle on the stack to its representation, and from that to a handle. */
struct move;
void lift_own(struct move *m, const struct type *t, const struct side *side);
void lower_own(struct move *m, const struct type *t, const struct side *side);
void lift_borrow(struct move *m, const struct type *t, const struct side *side);
void lower_borrow(struct move *m, const struct type *t, const struct side *side);

/* adapt_boundary.c, for reports. */
void note_boundary(struct adapt *a, struct boundary boundary);
/* What the function does depends on the proof. */
/* Those that a function depends on. */
uint32_t proofs_of(const struct adapt *a, uint32_t reference);
void note_proof(struct adapt *a, uint32_t reference, enum proof proof);
void read_boundaries(struct adapt *a);

/* adapt_value.c and its parts, see adapt_value.h */
/* Moves a value of type `t`; `scope` is a local with the scope of borrows, NO_INDEX where there are none. With
 * `passthrough` both sides see one memory: what has no handles is copied as it is. */
struct move {
  struct adapt *a;
  struct code *f;
  uint32_t scope;
  bool passthrough;
  bool lends; /* borrows that are lifted are lent for the scope, not only looked at */
  /* See adapt_string.c. Of the function that is being written: */
  uint32_t inline_strings;           /* how many there are so far */
  bool knows_sizes;                  /* sizes of both memories, or what they were before, are in ... */
  uint32_t source_size, target_size; /* ... these i64 locals */
};
/* Fails if adapters have become too large with so many bytes more. */
void check_code_size(struct adapt *a, size_t more);
void move_value(struct move *m, const struct type *t, struct location from, struct location to);
/* Drops the borrow handles that the host gave: the value is walked once more. */
void drop_borrows(struct move *m, const struct type *t, struct location from);
/* Traps unless `size` bytes at the address in `local` are aligned and inside the memory. */
void check_pointer(struct code *f, struct adapt *a, const struct side *side, uint32_t local, uint32_t alignment,
                   uint64_t size);
/* The same by a call, which is shorter and slower: where the host is called. */
void call_pointer_check(struct code *f, struct adapt *a, const struct side *side, uint32_t local, uint32_t alignment,
                        uint64_t size);
uint8_t pointer_code(const struct side *side);
/* Are there values for all that its flat numbers can be; or, in memory, all that its bytes can be, whatever the pointer
 * size? Then nothing has to be checked or normalised, and bytes may be moved in the value's place. */
bool is_any_pattern(const struct type *t, bool is_memory);
/* What is on the stack is of core type `have` and becomes `want`: as CoerceValueIter of lift_flat_variant has it, and
 * as lower_flat_variant does. */
void coerce_lift(struct code *f, uint8_t have, uint8_t want);
void coerce_lower(struct code *f, uint8_t have, uint8_t want);
/* A place of fresh locals for the flattened values of `t`. */
struct location flat_location(struct code *f, const struct side *side, const uint8_t *types, uint32_t count);
void release_location(struct code *f, struct location place, uint32_t count);

#endif
