/* merge.h -- what prune.c and merge_*.c share: the instances of a plan on their way into one module.
 *
 *     merge.c           the passes in order; imports, definitions, bodies and exports of the output
 *     merge_globals.c   order of globals; constant expressions with the values of constant globals put in
 *     prune.c           what of each instance can be reached
 *     merge_types.c     the types that are used, equal recursion groups once
 *     fold.c            functions that are equal get one index
 *     merge_zeros.c     data segments without the zeros of new memories
 *     merge_segments.c  element and data segments, and the start function that applies those that can't stay active
 *     merge_names.c     the name section
 *     merge_customs.c   the other custom sections
 *
 * Every instance has, for each index space of its module, what is live of it and where it went in the output.
 */
#ifndef MELD_FUSE_MERGE_H
#define MELD_FUSE_MERGE_H

#include "base/map.h"
#include "fuse/plan.h"
#include "wasm/custom.h"
#include "wasm/rewrite.h"

enum liveness {
  NOT_LIVE,
  LIVE_BY_NAME, /* of a segment: code names it, but by then it has been dropped; its content is not needed */
  LIVE,
};

/* What led to an item first, for reports. */
struct cause {
  enum cause_kind {
    CAUSE_NONE,
    CAUSE_EXPORT,  /* core_exports[index] */
    CAUSE_START,   /* the start function of `instance` */
    CAUSE_SEGMENT, /* it is applied in any case: it could trap, or the host sees what it is put into */
    CAUSE_ITEM,    /* item `index` in the space of `instance` names it, or is made of it */
  } kind;
  enum index_space space;
  uint32_t instance, index;
};

/* A constant expression in terms of the index spaces of `instance`. */
struct placed_expression {
  uint32_t instance;
  struct bytes bytes;
};

/* The value of a defined global, when it is immutable and one constant instruction. */
struct global_value {
  enum { VALUE_UNKNOWN, VALUE_I32, VALUE_I64, VALUE_OTHER } kind;
  uint64_t number;                /* VALUE_I32 (zero-extended), VALUE_I64 */
  struct placed_expression other; /* VALUE_OTHER: a float, vector or reference */
};

struct segment_ref {
  uint32_t instance, index;
  uint32_t next; /* of the same table or memory, into the array that holds it; NO_INDEX: none */
};

struct merge_instance {
  const struct core_instance *core;
  const struct module *module;
  bool is_generated;                 /* by adapt.c: no instance of the program */
  uint32_t count[INDEX_SPACE_COUNT]; /* items of each space, imports included */
  uint8_t *live[INDEX_SPACE_COUNT];  /* enum liveness */
  uint32_t *to[INDEX_SPACE_COUNT];   /* index in the output; NO_INDEX: not there */
  bool *is_referenced;               /* functions: a live body has ref.func of it */
  bool *is_after_return;             /* functions: one of plan->after_return */
  uint32_t *memory_import;           /* memories: the boundary import in the place of a defined one; NO_INDEX: none */
  uint64_t *memory_uses;             /* memories: how often live code names them */
  uint32_t *element_heads, *data_heads;         /* first active segment of each table and memory, into segment_refs */
  struct global_value *values;                  /* of the defined globals */
  bool *is_deferred_element, *is_deferred_data; /* applied by the start function */
  struct cause *causes[INDEX_SPACE_COUNT];      /* what each is live for; null: no report asks for it */
};

struct global_ref {
  uint32_t instance, index; /* of a defined global, in the index space of its module */
};

struct merge {
  struct context *context;
  const struct plan *plan;
  const struct fuse_options *options;
  struct module *out;
  struct merge_instance *instances;
  uint32_t instance_count;

  bool *is_boundary_live; /* of plan->boundary_imports */
  uint32_t *boundary_to;  /* their indices in the output */
  bool *is_boundary_after_return;
  struct cause *boundary_causes; /* what each boundary import is live for; null: no report asks for it */
  VEC(struct segment_ref) segment_refs;
  VEC(struct global_ref) global_order; /* every defined global after those that its initialiser refers to */
  VEC(struct core_item) memory_order;  /* the live defined memories; the one that code names most is the first */
  uint64_t *boundary_uses;             /* how often live code names a boundary import that is a memory */
  bool code_names_data;                /* live code uses a data segment index */
  VEC(uint32_t) data_parts;            /* of the data segments behind the others, the one that each was cut from */

  struct buffer type_key;     /* what is looked up at present in type_groups */
  struct map type_groups;     /* canonical bytes of a recursion group to its first type in the output */
  uint32_t *boundary_type_to; /* of plan->boundary_types */

  bool *is_declared;    /* functions of the output that occur outside of bodies */
  uint32_t fused_start; /* the start function made here; NO_INDEX: none */
};

/* The item behind an index of an instance: ITEM_DEFINED or ITEM_BOUNDARY. */
struct core_item resolve_index(const struct merge *m, uint32_t instance, enum core_kind kind, uint32_t index);
struct core_item resolve_item(const struct merge *m, struct core_item item);
/* Its index in the output. */
uint32_t merged_index(const struct merge *m, struct core_item item);
/* The maps of an instance, for rewrite.c. */
struct index_maps instance_maps(const struct merge *m, uint32_t instance);
struct core_valtype merged_valtype(const struct merge *m, uint32_t instance, struct core_valtype type);

/* merge_globals.c */
void order_globals(struct merge *m);
/* `expression` of `instance`, with what constant globals hold in place of their global.get. */
struct placed_expression fold_expression(const struct merge *m, uint32_t instance, struct bytes expression);
/* Is the expression one integer? Then `value` is it, zero-extended. */
bool constant_integer(const struct merge *m, uint32_t instance, struct bytes expression, uint64_t *value);
/* The folded expression in terms of the output; the functions that it names become declared. */
struct bytes merged_expression(struct merge *m, uint32_t instance, struct bytes expression);

/* prune.c */
void mark_live(struct merge *m);
/* Is the segment certain not to trap when it is applied to the table or memory as it is at first? */
bool element_is_in_bounds(const struct merge *m, uint32_t instance, const struct core_element *element);
bool data_is_in_bounds(const struct merge *m, uint32_t instance, const struct core_data *data);

/* merge_types.c */
void merge_types(struct merge *m);
uint32_t merged_functype(struct merge *m, const struct core_functype *type);

/* fold.c. Of `function_count` functions, imports included, that each have an index. False: it could not tell which are
 * equal, and to[SPACE_FUNC] has to be assigned again. */
bool fold_functions(struct merge *m, uint32_t function_count);

/* merge_segments.c */
void number_segments(struct merge *m);
void merge_segments(struct merge *m);
void merge_start(struct merge *m);

/* merge_zeros.c */
void leave_out_zeros(struct merge *m);

/* merge_names.c */
void merge_names(struct merge *m);
/* The names of a module's functions that say why they trap, empty those of others; null: none has one. */
const struct bytes *trap_names(struct context *c, const struct module *module);
/* The names that the module's name section gives to the items of a space, one for each; size 0: none. */
void copy_item_names(struct context *c, const struct module *module, enum index_space space, struct bytes *names);

/* merge_customs.c */
void merge_customs(struct merge *m);

#endif
