/* check.h -- what the files of the component checker share: types with their identities, and scopes.
 *
 *     check.c            the walk: scopes, index spaces, aliases
 *     check_types.c      type definitions
 *     check_externs.c    imports and exports: their types, and whether what they use can be seen from outside
 *     check_names.c      their names
 *     check_instances.c  instantiation, and instances of items
 *     check_match.c      is what is supplied of the type that is wanted?
 *     check_resources.c  resources in types: put in the place of others, free, exported
 *     check_core.c       core types, modules and instances
 *     check_canon.c      canonical functions
 *     check_show.c       types and items as words, for diagnostics
 *
 * A type is a `typing`. Each import or export of a type makes a new one with the same parts, since it is the new
 * one alone that has an external name; what the type is of does not change by that. Types are shared and never
 * changed. A typing only refers to older ones, of smaller id.
 */
#ifndef MELD_COMPONENT_CHECK_H
#define MELD_COMPONENT_CHECK_H

#include "component/component.h"

#include <assert.h>

#define CHECK_STEP_LIMIT 20000000            /* definitions checked, and types and items looked at, in one input */
#define COPY_STEPS 8                         /* that a new type or a copied item counts, as it takes memory */
#define CHECK_DEPTH_LIMIT 500                /* components, types and comparisons in one another */
#define TYPE_SIZE_LIMIT 1000000              /* types in a type, each counted as often as it is there */
#define VALUE_SIZE_LIMIT ((uint64_t)1 << 28) /* "elem_size(t, 'i64') is less than 2^28 for every defvaltype t" */

struct typing;

/* A field, case, label or parameter; size 0 and null: none. */
struct part {
  struct bytes label;
  const struct typing *type;
};

/* A core item and the module that its type's indices are of. */
struct core_typing {
  const struct module *module;
  struct core_extern type;
};

struct core_named {
  struct bytes name;
  struct core_typing item;
};

/* Core items by name. */
struct core_signature {
  struct map names; /* to index into items */
  VEC(struct core_named) items;
};

/* core:moduletype; the names of imports are pairs, made into one by pair_key(). */
struct module_typing {
  struct core_signature imports, exports;
  VEC(struct core_import) import_names; /* of imports.items */
  uint32_t size;                        /* counts for TYPE_SIZE_LIMIT */
};

/* What an index denotes, and what an import or export is. */
struct item {
  enum sort sort;
  uint32_t core_type;         /* SORT_CORE_TYPE: index into check->core */
  struct bytes name;          /* of the import or export that made the index; size 0: none */
  const struct typing *type;  /* component-level sorts: its type; SORT_TYPE: itself */
  const struct typing *bound; /* SORT_TYPE: as it was before it got this name; a new resource: the same as `type` */
  union {
    const struct module_typing *module;         /* SORT_CORE_MODULE; SORT_CORE_TYPE: null if it is no module type */
    const struct core_signature *core_instance; /* SORT_CORE_INSTANCE */
    const struct core_typing *core;             /* SORT_CORE_FUNC ... SORT_CORE_TAG */
  };
};

struct named_item {
  struct bytes name;
  struct item item;
};

/* Items by name, in order. */
struct signature {
  struct map *names; /* to index into items; shared with types that differ in resources alone */
  VEC(struct named_item) items;
};

/* Resources by id. */
struct resources {
  struct map ids; /* by id_key(), to index into list */
  VEC(uint32_t) list;
};

struct typing {
  enum deftype_kind kind;
  uint32_t id;
  uint32_t size, depth;  /* of the tree that it is */
  bool has_no_resources; /* a value or function type in which there is none */
  struct bytes name;     /* of the import or export; size 0: none */
  union {
    struct {
      enum type_kind kind;
      const struct type *form; /* without resources: layout, flat types, what is inside */
      const struct part *parts;
      uint32_t count;
      const struct typing *element;
      uint32_t length;
      const struct typing *resource;
    } value;
    struct {
      const struct part *params;
      uint32_t count;
      const struct typing *result;
      bool is_async;
    } func;
    struct {
      struct signature exports;
      struct resources defined; /* new ones for each instance of the type; empty for an instance that there is */
    } instance;
    struct {
      struct signature imports, exports;
      struct resources imported, defined;
    } component;
    struct {
      uint32_t id;   /* the typing that introduced it */
      size_t offset; /* where */
    } resource;
  } is;
};

/* Imports or exports of a scope. */
struct externs {
  const char *role; /* "import", "export" */
  struct signature items;
  struct map canonical; /* names as they have to be unique, to index into items */
  struct map visible;   /* typings that have an external name, by id_key() */
  struct map resources; /* typings of resources that were given a name here, to index into resource_names */
  VEC(struct bytes) resource_names;
};

enum scope_kind { SCOPE_COMPONENT, SCOPE_COMPONENT_TYPE, SCOPE_INSTANCE_TYPE };

struct scope {
  enum scope_kind kind;
  struct scope *outer;               /* null: none */
  const struct component *component; /* SCOPE_COMPONENT */
  VEC(struct item) spaces[SORT_COUNT];
  struct externs imports, exports;
  struct resources imported, defined;
  struct map representations; /* of resources defined here: enum core_code */
  uint8_t context_type;       /* of context.get and context.set; 0: none yet */
};

struct check {
  struct context *context;
  size_t offset; /* of the definition that is being checked */
  uint64_t steps;
  uint32_t depth;
  struct scope *scope;
  VEC(const struct typing *) typings; /* by id */
  struct types forms;
  const struct typing *primitives[TYPE_ERROR_CONTEXT + 1];
  struct module *core; /* the core types of all component-level definitions */
  struct map core_functypes;
  struct buffer core_key;   /* what is looked up at present in core_functypes */
  struct map arguments;     /* of the core instance that is being checked, by name, to their index */
  struct matching matching; /* of core types */
};

/* Fails at the definition that is being checked. */
#define REFUSE(check, ...) fail((check)->context, FAILURE_INPUT, (check)->offset, __VA_ARGS__)

/* check.c */
const struct typing *type_component(struct context *c, const struct component *root); /* of what is valid */
void spend(struct check *check, uint64_t steps);
void descend(struct check *check); /* one level of recursion */
void ascend(struct check *check);
struct item item_at(struct check *check, enum sort sort, uint32_t index);
void push_item(struct check *check, struct scope *scope, const struct item *item);
void check_definition(struct check *check, const struct definition *definition);
void open_scope(struct check *check, struct scope *scope, enum scope_kind kind);
void close_scope(struct check *check);
struct scope *scope_outside(struct check *check, uint32_t count);
/* The component type of a scope all of whose definitions have been checked. */
const struct typing *component_typing(struct check *check, struct scope *scope);

/* A new typing, to be filled in; of size and depth 1. */
struct typing *new_typing(struct check *check, enum deftype_kind kind);
void add_size(struct check *check, struct typing *typing, uint32_t size, uint32_t depth);
/* Counts the part, of a value or function type, as in it. */
void add_part(struct check *check, struct typing *typing, const struct typing *part);
void add_signature_size(struct check *check, struct typing *typing, const struct signature *signature);
/* The same type under another name. */
const struct typing *rename_typing(struct check *check, const struct typing *typing, struct bytes name);
const struct typing *new_resource(struct check *check, struct bytes name);
struct bytes id_key(const uint32_t *id);                                        /* borrows */
bool add_id(struct check *check, struct map *ids, const struct typing *typing); /* false: it was there */
void note_resource(struct check *check, struct resources *resources, uint32_t id);
bool has_resource(const struct resources *resources, uint32_t id);
bool add_named(struct check *check, struct signature *signature, struct bytes name, const struct item *item);
const struct item *find_named(const struct signature *signature, struct bytes name); /* null: none */

/* check_types.c */
void check_type(struct check *check, const struct deftype *deftype);
const struct typing *get_typing(struct check *check, uint32_t index, enum deftype_kind kind);
const struct typing *get_value_typing(struct check *check, struct valtype_ref ref); /* null: not present */

/* check_externs.c */
struct item item_of_type(struct check *check, const struct extern_type *type, struct bytes name);
/* The item gets a name and an index in the scope. */
void add_extern(struct check *check, struct externs *externs, const struct extern_name *name, struct item item);
void check_import(struct check *check, const struct import_definition *import);
void check_export(struct check *check, const struct export_definition *export_);

/* check_names.c */
bool is_label(struct bytes name);
struct bytes lowercase(struct check *check, struct bytes name);
/* Adds a named item, unless its name is malformed, taken, or not for an item like it. */
void add_named_extern(struct check *check, struct externs *externs, const struct extern_name *name,
                      const struct item *item);

/* check_instances.c */
void check_instance(struct check *check, const struct instance_expr *expression);

/* check_match.c */
/* What is compared with what, for the one sentence that says where they differ. It is put into words only then: names
 * may be long. */
struct comparison {
  enum sort sort;             /* of what is instantiated; SORT_TYPE: a type is ascribed to an export */
  uint32_t index;             /* of what is instantiated */
  struct bytes name;          /* of the export */
  const char *given, *wanted; /* "the argument", "the import" */
};
/* One step of the way to the part that is compared: "field", "x". */
struct trail {
  const struct trail *outer;
  const char *what;
  struct bytes name;
  bool has_name; /* false: by position, unless that is NO_INDEX */
  uint32_t position;
};
void match_items(struct check *check, const struct comparison *comparison, const struct trail *trail,
                 const struct item *given, const struct item *wanted);
bool core_matches(struct check *check, const struct core_typing *given, const struct core_typing *wanted);
void match_core(struct check *check, const struct comparison *comparison, const struct trail *trail,
                const struct core_typing *given, const struct core_typing *wanted);

/* check_resources.c */
struct substitution {
  struct map resources; /* by id, to id */
  struct map types;     /* typings by id, to id */
  uint32_t least;       /* of the ids that are replaced */
};
struct substitution new_substitution(void);
void replace_resource(struct check *check, struct substitution *substitution, uint32_t id, uint32_t by);
void replace_type(struct check *check, struct substitution *substitution, const struct typing *type,
                  const struct typing *by);
const struct typing *substitute_type(struct check *check, struct substitution *substitution,
                                     const struct typing *typing);
struct item substitute_item(struct check *check, struct substitution *substitution, struct item item);
struct signature substitute_signature(struct check *check, struct substitution *substitution,
                                      const struct signature *signature);
/* Resources that a type uses and does not introduce. */
void find_free_resources(struct check *check, const struct signature *signature, struct resources *into);
bool find_free_resource(struct check *check, const struct typing *typing, uint32_t *id);
/* Resources that are exported as types, also by instances in instances. */
void find_exported_resources(struct check *check, const struct signature *exports, struct resources *into);
/* Supplies what `wanted` asks for; gives what then stands for each of `resources` and for each type. */
struct substitution open_signature(struct check *check, const struct comparison *comparison, const struct trail *trail,
                                   const struct signature *given, const struct signature *wanted,
                                   const struct resources *resources, const char *role);

/* check_core.c */
void check_core_type(struct check *check, const struct core_deftype *type);
void check_core_module(struct check *check, const struct module *module);
void check_core_instance(struct check *check, const struct instance_expr *expression);
void check_core_alias(struct check *check, const struct alias *alias);
uint32_t intern_core_functype(struct check *check, const struct core_functype *type); /* index into check->core */
struct bytes pair_key(struct context *c, struct bytes module, struct bytes name);

/* check_canon.c */
void check_canon(struct check *check, const struct canon_definition *canon);

/* check_show.c: text in the arena. */
struct bytes show_item(struct check *check, enum sort sort, uint32_t index); /* "func 3", "func 3 (\"run\")" */
struct bytes show_typing(struct check *check, const struct typing *typing);
struct bytes show_short(struct check *check, const struct typing *typing); /* without its parts */
struct bytes show_resource(struct check *check, const struct typing *resource);
struct bytes show_trail(struct check *check, const struct trail *trail);             /* with a blank at the end */
struct bytes show_subject(struct check *check, const struct comparison *comparison); /* what it was that failed */
const char *typing_kind_name(const struct typing *typing);                           /* "a function type", ... */
const char *sort_words(enum sort sort);                                              /* "a func", "an instance", ... */

#endif
