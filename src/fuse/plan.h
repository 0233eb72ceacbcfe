/* plan.h -- what is left of a component once its instantiation has been run.
 *
 *     link.c   makes the plan: core instances, canonical functions, resources, the root's imports and exports
 *     adapt.c  adds to it: instances of generated and runtime modules, what stands for each canonical function, and
 *              what crosses the boundary to the host
 *     merge.c  reads core_instances, canons[].implementation, boundary_imports and core_exports: one core module
 *     wrap.c   reads boundary_*, support and the root's imports and exports: a component around it
 *
 * Everything is an index into one of the plan's arrays. Order is the order of instantiation, and never depends on a
 * hash.
 */
#ifndef MELD_FUSE_PLAN_H
#define MELD_FUSE_PLAN_H

#include "component/component.h"
#include "fuse/proofs.h"

#define PLAN_LIMIT 250000 /* items in any one array of a plan */

/* A definite core function, table, memory, global or tag. */
enum item_source {
  ITEM_NONE,
  ITEM_DEFINED,  /* defined (never imported) by core_instances[owner], at `index` of its module's space of that kind */
  ITEM_CANON,    /* the canonical function canons[index]; kind is CORE_FUNC */
  ITEM_BOUNDARY, /* imported by the fused module: boundary_imports[index] */
};

struct core_item {
  enum item_source source;
  enum core_kind kind;
  uint32_t owner;
  uint32_t index;
};

struct core_instance {
  const struct module *module;
  struct core_item *imports;   /* one for each of module->imports, never ITEM_NONE once linked */
  uint32_t component_instance; /* whose it is; NO_INDEX: generated */
  struct bytes name;           /* for diagnostics and the name section; unique in the plan */
};

struct options {
  enum string_encoding encoding;
  bool is_async;
  struct core_item memory, realloc, post_return, callback; /* ITEM_NONE: not given */
  bool is_seen_through;                                    /* direct.c: what is called was behind a table */
};

/* A component-level function. */
enum func_source { FUNC_LIFTED, FUNC_HOST };
struct func {
  enum func_source source;
  const struct functype *type;
  uint32_t instance;      /* FUNC_LIFTED: the component instance that lifts it */
  struct core_item core;  /* FUNC_LIFTED */
  struct options options; /* FUNC_LIFTED */
  uint32_t import;        /* FUNC_HOST: index into externs, the leaf of the import tree */
  struct bytes name;      /* the first that it has towards the outside, for diagnostics; size 0: none */
};

/* A canonical function, as instance `instance` made it. */
struct canon {
  enum canon_kind kind; /* never CANON_LIFT */
  uint32_t instance;
  uint32_t func;               /* CANON_LOWER: the callee, index into funcs */
  struct options options;      /* CANON_LOWER */
  uint32_t resource;           /* CANON_RESOURCE_* */
  const struct type *result;   /* CANON_TASK_RETURN; null: none */
  uint32_t slot;               /* CANON_CONTEXT_* */
  uint8_t core_type;           /* CANON_CONTEXT_*, enum core_code */
  const struct module *module; /* with a type section whose `type` is its core signature */
  uint32_t type;
  struct core_item implementation; /* set by adapt.c: ITEM_DEFINED or ITEM_BOUNDARY */
};

/* One instantiation of one component. Instance 0 is the root. */
struct component_instance {
  uint32_t parent; /* NO_INDEX: the root */
  const struct component *component;
  struct bytes path; /* "root/$auth", for diagnostics and names; unique */
};

enum resource_source { RESOURCE_DEFINED, RESOURCE_HOST, RESOURCE_ABSTRACT };
struct resource {
  enum resource_source source; /* RESOURCE_ABSTRACT: a parameter of a component or instance type that is only encoded */
  uint32_t instance;           /* RESOURCE_DEFINED: the component instance that defines it */
  struct core_item dtor;       /* RESOURCE_DEFINED; ITEM_NONE: none */
  uint8_t rep;                 /* RESOURCE_DEFINED: enum core_code */
  uint32_t import;             /* RESOURCE_HOST: index into externs, the import that brings it */
  struct bytes name;           /* a name for diagnostics; size 0: none */
};

/* What a component instance exports as an instance; for reports. */
struct interface {
  struct bytes name;
  const struct namespace *exports; /* link.h */
};

/* The root's imports and exports, as trees. A child follows its siblings in `children`. */
struct extern_tree {
  struct extern_name name;
  enum sort sort;                  /* SORT_FUNC, SORT_TYPE, SORT_INSTANCE, SORT_COMPONENT, SORT_CORE_MODULE */
  uint32_t func;                   /* SORT_FUNC: index into funcs; NO_INDEX in a type that is only encoded */
  const struct functype *functype; /* SORT_FUNC */
  /* SORT_TYPE: exactly one of these */
  const struct type *type;          /* a value type */
  uint32_t definition;              /* of a value type: the same where one name is for another; equal types that were
                                       defined twice have two */
  uint32_t resource;                /* a resource; NO_INDEX: not one. Whether it is `sub` or `eq` follows from its first
                                       occurrence in the order of the trees */
  const struct functype *type_func; /* a function type */
  const struct component_shape *type_shape; /* a component or instance type */
  bool is_sub;                              /* SORT_TYPE resource: as written (sub resource), not (eq) */
  /* SORT_INSTANCE: children. SORT_COMPONENT: shape of its type. */
  uint32_t child_count;
  const uint32_t *children; /* indices into externs */
  const struct component_shape *shape;
  const struct component *component;     /* SORT_COMPONENT export: the definition, when it is known and closed */
  const struct module_type *module_type; /* SORT_CORE_MODULE */
  const struct module *module;           /* SORT_CORE_MODULE export: the module, when it is known */
  struct bytes module_bytes;
  uint32_t parent;   /* index into externs; NO_INDEX: top level */
  uint32_t alias_of; /* export of an import (or of a part of one) unchanged: index into externs; else NO_INDEX */
};

/* A component or instance type whose resources are RESOURCE_ABSTRACT. */
struct component_shape {
  bool is_instance;
  uint32_t import_count, export_count;
  const uint32_t *imports, *exports; /* indices into externs */
};

/* What the fused module imports from its host (or, with --component, from its wrapper). */
enum boundary_kind {
  BOUNDARY_CALL,          /* funcs[func], lowered with `options` */
  BOUNDARY_RESOURCE_DROP, /* of a host resource, or of an exported one from the side of its user */
  BOUNDARY_RESOURCE_NEW,  /* of an exported resource */
  BOUNDARY_RESOURCE_REP,
  BOUNDARY_MEMORY, /* --component: support module's memory `memory` */
  BOUNDARY_TABLE,  /* --component: support module's table of trampoline targets */
};
struct boundary_import {
  enum boundary_kind kind;
  struct bytes module, name; /* as imported; unique among the boundary imports */
  struct core_extern type;   /* CORE_FUNC: its type index is into boundary_types */
  uint32_t func;             /* BOUNDARY_CALL */
  uint32_t resource;         /* BOUNDARY_RESOURCE_* */
  struct options options;    /* BOUNDARY_CALL: memory is ITEM_BOUNDARY (a BOUNDARY_MEMORY) or none;
                                realloc is any function item: wrap reaches it through `trampoline` */
  uint32_t trampoline;       /* BOUNDARY_CALL with realloc: index into trampolines; else NO_INDEX */
  struct core_item memory;   /* BOUNDARY_MEMORY: the defined memory that this import takes the place of, in the
                                whole fused module; ITEM_NONE: of none */
};

/* A function of the fused module that must be named before the module exists; --component only. Its table slot is its
 * index; merge gets an active element segment over the BOUNDARY_TABLE import from the generated module. */
struct trampoline {
  struct core_item target;
  uint32_t type; /* into boundary_types */
};

/* A function that the host calls. */
struct boundary_export {
  uint32_t func;                                            /* index into funcs: what the root exports */
  struct bytes core_name;                                   /* name of the fused module's export; unique */
  struct options options;                                   /* to lift it with; memory may be ITEM_BOUNDARY */
  struct bytes memory_name, realloc_name, post_return_name; /* core exports to lift it with; size 0: none */
};

/* A resource that the root defines and that its exports mention. */
struct exported_resource {
  uint32_t resource;
  uint32_t export_; /* index into externs: where it is named first */
  bool has_dtor;
  uint32_t dtor_trampoline; /* --component; NO_INDEX: none */
};

/* What stands where one side calls the other, as adapt.c decided; noted where a report asks for it. */
enum boundary_adapter {
  ADAPTER_DIRECT, /* the callee's core function */
  ADAPTER_IMPORT, /* the host's function, as the fused module imports it */
  ADAPTER_CODE,   /* a generated function */
};
enum boundary_moves {
  MOVES_STRINGS = 1,
  MOVES_LISTS = 2,
  MOVES_VALUES = 4, /* too large to be moved in place */
  MOVES_HANDLES = 8,
  MOVES_SCOPE = 16, /* borrows, which have to be gone when the call ends */
};
struct boundary {
  enum boundary_adapter adapter;
  uint32_t caller, callee; /* component instances; NO_INDEX: the host */
  uint32_t func;
  /* ADAPTER_CODE, while they are generated: the function, and what task.return calls for it (NO_REFERENCE: nothing) */
  uint32_t reference, resolver;
  bool passthrough;    /* both see one memory */
  bool throws_nothing; /* the callee has no tags, so that nothing is caught */
  uint32_t moves;      /* enum boundary_moves */
  uint64_t checks;     /* whose traps the code can end in; bit n is of the plan's checks */
  uint32_t proofs;     /* that it depends on; bit n is of enum proof */
};

struct core_export_item {
  struct bytes name;
  struct core_item item;
};

struct plan {
  const struct component *root; /* that the plan is of */
  struct types *types;
  VEC(struct core_instance) core_instances; /* in order of instantiation; generated ones are where they are needed */
  VEC(struct canon) canons;
  VEC(struct func) funcs;
  VEC(struct component_instance) instances;
  VEC(struct resource) resources;
  VEC(struct interface) interfaces; /* in the order of their exports */
  VEC(struct extern_tree) externs;
  VEC(uint32_t) imports, exports; /* top level, in order; indices into externs */

  /* Added by adapt.c. */
  struct module *boundary_types; /* a module whose type section gives the types of what is below */
  VEC(struct boundary_import) boundary_imports;
  VEC(struct boundary_export) boundary_exports;
  VEC(struct exported_resource) exported_resources;
  VEC(struct trampoline) trampolines;
  VEC(struct core_export_item) core_exports; /* exports of the fused module, in order */
  VEC(struct boundary) boundaries;
  VEC(struct bytes) checks; /* that boundaries make, in the words of their traps */
  VEC(struct core_item)
  after_return; /* post-return functions: calls from generated code to them do not count
                   when refusing asynchronous functions */
};

/* Which tools the section `producers` of the output names. */
enum producers_kept {
  PRODUCERS_ALL, /* those of the inputs, and meld */
  PRODUCERS_OWN, /* meld */
  PRODUCERS_NONE,
};

struct report;
struct fuse_options {
  bool component;  /* --component */
  bool keep_names; /* the name section */
  bool keep_debug; /* .debug_* sections of core modules, names of locals, labels and fields */
  bool simd;       /* generated code may use v128 */
  enum producers_kept producers;
  struct report *report; /* what is noted for reports; null: none is asked for */
};

/* link.c */
struct plan *link_component(struct context *c, const struct component *root);
/* direct.c */
void make_calls_direct(struct context *c, struct plan *plan);
/* adapt.c */
void adapt_plan(struct context *c, struct plan *plan, const struct fuse_options *options);
/* prune.c, merge.c: what of the plan can be reached, and the one module of it. */
struct module *merge_plan(struct context *c, const struct plan *plan, const struct fuse_options *options);
/* wrap.c: the component around the merged module. */
struct wrapping {
  struct bytes before, after; /* its sections but for that of the module; size 0: none */
};
struct wrapping wrap_module(struct context *c, const struct plan *plan, const struct fuse_options *options,
                            const struct module *fused);
/* The whole, of a module that has been measured. */
size_t wrapped_size(const struct module *fused, const struct wrapping *wrapping);
void put_wrapped(struct buffer *b, const struct module *fused, const struct wrapping *wrapping);
/* world.c: the content of the component-type section of the core output. */
struct bytes encode_component_type(struct context *c, const struct plan *plan);
/* dump of a plan, for golden tests: --dump=plan */
void dump_plan(const struct plan *plan, struct buffer *out);

#endif
