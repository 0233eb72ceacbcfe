/* link.h -- what the files of the linker share: definite things, and the frames that name them by index.
 *
 *     link.c        instantiation: a frame for each component instance, its definitions run in order
 *     link_bind.c   an import or export at its type: what is supplied, viewed at the type; or fresh from outside
 *     link_share.c  imports from outside that several inputs of a composition have in common
 *     link_types.c  type definitions, evaluated with the resources that are there
 *     link_core.c   core modules and instances, and which definite item an export is
 *     link_canon.c  canonical functions: options, core signatures
 *     link_root.c   the root's imports and exports as trees; shapes of component types
 *     link_show.c   types and signatures as words, for diagnostics
 */
#ifndef MELD_FUSE_LINK_H
#define MELD_FUSE_LINK_H

#include "fuse/plan.h"

#include <assert.h>

#define STEP_LIMIT 4000000 /* definitions run, and items looked at, in one link */

/* Where the text of a component or type stands: outer aliases look here, and see what was defined before it. */
struct scope {
  const struct frame *frame; /* null: nowhere, the root */
  uint32_t visible[SORT_COUNT];
};

/* A component or instance type; it is evaluated anew wherever it is used, since its resources depend on that. */
struct type_closure {
  const struct deftype *deftype;
  struct scope scope;
};

struct type_def {
  enum deftype_kind kind;
  uint32_t definition; /* DEFTYPE_VALUE: which one it is by, of all that were run; aliases and names are of the same */
  union {
    const struct type *value;           /* DEFTYPE_VALUE */
    const struct functype *func;        /* DEFTYPE_FUNC */
    uint32_t resource;                  /* DEFTYPE_RESOURCE: index into plan->resources */
    const struct type_closure *closure; /* DEFTYPE_COMPONENT, DEFTYPE_INSTANCE */
  } is;
};

/* A component that can be instantiated; one that comes from outside; or one seen at a type. */
struct component_def {
  const struct component *component;  /* null: from outside, or seen at a type */
  struct scope scope;                 /* of `component` */
  const struct type_closure *type;    /* from outside or seen at a type: which */
  const struct component_def *viewed; /* seen at a type: what is */
  struct bytes name;                  /* from outside: of the import */
};

struct module_def {
  const struct module *module; /* null: from outside */
  struct bytes bytes;
  const struct module_type *type; /* from outside or seen at a type: which */
  struct bytes name;              /* from outside: of the import */
};

/* A core instance: of the plan, or a bag of items by name. */
struct core_instance_def {
  uint32_t instance; /* index into plan->core_instances; NO_INDEX: a bag */
  uint32_t exports;  /* of an instance: index into link->module_exports */
  struct map names;  /* to index into items */
  VEC(struct core_item) items;
};

struct core_type_def {
  const struct module *rectypes; /* null: a module type */
  union {
    uint32_t index; /* into rectypes->types */
    const struct module_type *module_type;
  } is;
};

/* What an index denotes. */
struct def {
  enum sort sort;
  uint32_t origin; /* exactly this import, or part of one: index into externs; else NO_INDEX */
  union {
    uint32_t func; /* index into plan->funcs; NO_INDEX in a type */
    struct type_def type;
    const struct component_def *component;
    const struct namespace *instance;
    struct core_item item; /* SORT_CORE_FUNC ... SORT_CORE_TAG */
    struct core_type_def core_type;
    const struct module_def *module;
    const struct core_instance_def *core_instance;
  } is;
};

/* Definite things by name, in order: the exports of an instance, the arguments of an instantiation. */
struct named_def {
  const struct extern_name *name; /* null: an argument */
  struct def def;
};
struct namespace {
  struct map names; /* entry n is the name of defs.items[n] */
  VEC(struct named_def) defs;
};

/* Where imports and exports come from when they are bound to their types. */
enum supply_kind {
  SUPPLY_GIVEN,    /* from a namespace */
  SUPPLY_HOST,     /* from outside: fresh funcs and resources of the plan, described by externs */
  SUPPLY_SHARED,   /* from outside, but each name once for all components that import it; or, at the top, given */
  SUPPLY_ABSTRACT, /* from nowhere: a type is only described */
};
struct supply {
  enum supply_kind kind;
  const char *role;              /* "import", "export": what is looked up */
  const struct namespace *given; /* SUPPLY_GIVEN, SUPPLY_SHARED */
  uint32_t parent;               /* otherwise: of the externs that are made */
  VEC(uint32_t) externs;         /* otherwise: these externs */
  /* SUPPLY_SHARED */
  struct shared_externs *shared;
  const struct extern_name *const *outside; /* at the top, the name of each import outside; null: it is given */
  bool names_types;                         /* at the top, functions from outside may need names of types */
  const struct bytes *givers;               /* at the top, who gives each import, for diagnostics */
  VEC(struct bound_import) bound;           /* at the top, how each import was bound */
};

/* What several components import from outside: each name once, with all that any of them declares of it. */
struct shared_extern {
  uint32_t extern_;
  struct def def;   /* at the type of the first that imports it */
  bool is_extended; /* another one declares more of it */
};
struct shared_externs {
  struct map names; /* of parent and name, to index into items */
  VEC(struct shared_extern) items;
};
struct bound_import {
  uint32_t extern_; /* from outside; NO_INDEX: given, or fixed by its type */
  struct def def;
};

struct space {
  VEC(struct def) defs;
};

struct frame {
  struct scope scope;
  uint32_t instance; /* index into plan->instances; NO_INDEX: of a type */
  struct supply *imports;
  struct supply *declared; /* of a type: where its exports come from */
  struct namespace *exports;
  struct space spaces[SORT_COUNT];
};

struct module_exports {
  struct map names; /* to index into module->exports */
};

struct link {
  struct context *context;
  struct plan *plan;
  struct module *signatures; /* the core types of all canonical functions */
  size_t offset;             /* of the definition that is being run */
  uint64_t steps;
  uint32_t depth;
  uint32_t definition_count;    /* of value types */
  struct matching matching;     /* of core types */
  VEC(struct type_field) parts; /* of the type that is being evaluated */
  struct map arguments;         /* of the core instance that is being made, by name, to their index */
  struct map paths;             /* names of instances, to index into path_counts */
  VEC(uint32_t) path_counts;    /* how often this name was asked for */
  struct map modules;           /* address of a module to index into module_exports */
  VEC(struct module_exports) module_exports;
  VEC(bool) is_exported; /* of each resource: has a root's export named it? */
};

/* Fails at the definition that is being run. */
#define REFUSE(link, ...) fail((link)->context, FAILURE_INPUT, (link)->offset, __VA_ARGS__)

/* Appends to an array of the plan and gives the new item's index. */
#define PLAN_ADD(link, array, value)                                                                                   \
  (check_plan_size(link, (link)->plan->array.count, #array), VEC_ADD((link)->context, &(link)->plan->array, value),    \
   (link)->plan->array.count - 1)
void check_plan_size(struct link *link, uint32_t count, const char *what);

/* link.c */
struct link new_link(struct context *c);
/* Instantiates a component that no other one holds. */
const struct namespace *link_input(struct link *link, const struct component *component, struct supply *imports);
void count_steps(struct link *link, uint64_t steps);
void enter(struct link *link); /* one level of recursion; NESTING_LIMIT of them */
void leave(struct link *link);
struct def get_def(const struct frame *frame, enum sort sort, uint32_t index);
void add_def(struct link *link, struct frame *frame, struct def def);
struct scope scope_of(const struct frame *frame);
void define(struct link *link, struct frame *frame, const struct definition *definition);
const struct namespace *instantiate(struct link *link, const struct component_def *component,
                                    const struct namespace *arguments, uint32_t parent, uint32_t index);
/* False: the name is taken. */
bool add_name(struct link *link, struct namespace *to, struct bytes key, const struct extern_name *name,
              const struct def *def);
const struct def *find_name(const struct namespace *in, struct bytes key); /* null: none */
struct bytes unique_path(struct link *link, struct bytes path);
uint32_t add_func(struct link *link, struct func func);
uint32_t add_resource(struct link *link, struct resource resource);

/* link_bind.c */
/* The import or export `name` of type `type`, whose indices are of `frame`. */
struct def bind_extern(struct link *link, const struct frame *frame, struct supply *supply,
                       const struct extern_name *name, const struct extern_type *type);
/* `def` seen at a type. */
struct def view_def(struct link *link, const struct frame *frame, const struct def *def, const struct extern_type *type,
                    const char *role, struct bytes name);
/* Runs a component or instance type; gives its exports. */
const struct namespace *run_declarations(struct link *link, const struct type_closure *type, struct supply *imports,
                                         struct supply *exports);

/* What comes from outside, fresh, or is described alone. Adds an extern to the supply's. */
struct def new_def(struct link *link, const struct frame *frame, struct supply *supply, const struct extern_name *name,
                   const struct extern_type *type);

/* link_share.c: bind_extern of SUPPLY_SHARED. */
struct def bind_shared(struct link *link, const struct frame *frame, struct supply *supply,
                       const struct extern_name *name, const struct extern_type *type);

/* link_types.c */
struct type_def get_type(const struct frame *frame, uint32_t index);
const struct type *get_value_type(struct link *link, const struct frame *frame, struct valtype_ref ref);
const struct functype *get_functype(const struct frame *frame, uint32_t index);
uint32_t get_resource(const struct frame *frame, uint32_t index);
const struct type_closure *get_closure(const struct frame *frame, uint32_t index, enum deftype_kind kind);
const struct module_type *get_module_type(const struct frame *frame, uint32_t index);
void define_type(struct link *link, struct frame *frame, const struct deftype *type);
void define_core_type(struct link *link, struct frame *frame, const struct core_deftype *type);
bool same_functype(const struct functype *a, const struct functype *b);

/* link_core.c */
void define_core_instance(struct link *link, struct frame *frame, const struct instance_expr *expression);
/* ITEM_NONE: no such export. */
struct core_item find_core_export(struct link *link, const struct core_instance_def *instance, struct bytes name);
struct core_item get_item(const struct frame *frame, enum sort sort, uint32_t index);
/* Its type, whose indices are of `*module`. */
struct core_extern type_of_item(const struct link *link, struct core_item item, const struct module **module);
const struct core_functype *functype_of_item(const struct link *link, struct core_item item);
enum core_kind kind_of_sort(enum sort sort);

/* link_canon.c */
void define_canon(struct link *link, struct frame *frame, const struct canon_definition *definition);
/* Fails if the destructor, realloc, ... `item` has not exactly this type. */
void expect_functype(struct link *link, struct core_item item, const struct core_functype *type, const char *what);
/* Fail if what is about to be called might go on after it has returned. */
void refuse_async_func(struct link *link, uint32_t func, struct bytes name);
void refuse_async_item(struct link *link, struct core_item item, struct bytes name);

/* link_root.c */
uint32_t new_extern(struct link *link, const struct extern_name *name, enum sort sort, uint32_t parent);
struct extern_tree *get_extern(struct link *link, uint32_t index); /* until the next new_extern */
void set_children(struct link *link, uint32_t parent, const struct supply *made);
const struct component_shape *shape_of(struct link *link, const struct type_closure *type);
void export_root(struct link *link, const struct namespace *exports);

/* link_show.c; short enough for a diagnostic. */
struct bytes show_functype(struct context *c, const struct functype *type);
struct bytes show_type(struct context *c, const struct type *type);

#endif
