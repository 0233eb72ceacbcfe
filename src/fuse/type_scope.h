/* type_scope.h -- the types that one scope of a component knows, and by which index.
 *
 * A scope is an encoder and what has a name in it: value types, resources, and the items of the plan's extern trees.
 * Asking for a type defines it if the scope does not know it, so that definitions appear in the order of their use.
 *
 * What the component model calls *named*: a record, variant, enum, flags type or resource that an import or export
 * mentions has to be introduced by an import or export of its own. So an introduced name is preferred over a definition
 * of equal structure; and when a name is introduced for a type, what was built from the nameless one is built again.
 */
#ifndef MELD_FUSE_TYPE_SCOPE_H
#define MELD_FUSE_TYPE_SCOPE_H

#include "component/write.h"
#include "fuse/plan.h"

/* How a value type or resource is known. Later ones replace earlier ones, never the reverse. */
enum standing {
  STANDING_DEFINED,  /* a definition without a name */
  STANDING_IMPORTED, /* imported by a shim for a type that has no name outside it yet */
  STANDING_PART,     /* an export of an instance of this scope, or what a shim is given by a name outside it */
  STANDING_NAMED,    /* an import or export of this scope */
};

struct known_type {
  enum standing standing;
  uint32_t generation; /* of the scope, when it was defined */
  uint32_t index;      /* NO_INDEX: an alias of `part`, made when it is asked for */
  uint32_t part;       /* index into externs */
};

struct type_scope {
  struct context *context;
  const struct plan *plan;
  struct type_scope *outer; /* the scope that outer aliases reach; null: none */
  struct encoder encoder;
  struct map known; /* key of a value type or resource to index into `types` */
  VEC(struct known_type) types;
  struct map functypes;   /* bytes of a function type to its index */
  struct map externs;     /* index into plan->externs to index of its sort */
  struct map definitions; /* of value types, to the first extern that names it here */
  struct map labels;      /* name of a resource to index into `labelled` */
  VEC(uint32_t) labelled; /* its type index, by the last import or export of that name */
  uint32_t generation;    /* how often a name was introduced */
  bool is_importing;  /* of a shim: parts are imported before what is made of them, so that each import stays right */
  uint32_t exporting; /* the generation of the last name that was introduced otherwise */
  uint32_t nesting;   /* of scopes in one another */
};

struct type_scope new_type_scope(struct context *c, const struct plan *plan, enum encoder_kind kind,
                                 struct type_scope *outer);

/* A value type, resource or function type in this scope. */
void put_valtype(struct type_scope *s, struct buffer *b, const struct type *type);
uint32_t value_type_index(struct type_scope *s, const struct type *type);
uint32_t resource_index(struct type_scope *s, uint32_t resource);
uint32_t functype_index(struct type_scope *s, const struct functype *type);
uint32_t shape_index(struct type_scope *s, const struct component_shape *shape);

/* Is it a record, variant, enum or flags type, which has to be named? */
bool needs_name(const struct type *type);
/* Has it a name here, and is not only defined? */
bool is_named_type(const struct type_scope *s, const struct type *type);
bool knows_resource(const struct type_scope *s, uint32_t resource);

/* While an extern is being described, the types that it introduces are known by the names that their definitions have
 * here, and are nameless where these have none: an equal type of another definition is another type to who reads it.
 * Equal types in one extern are one. */
struct other_names;
struct other_names *use_own_names(struct type_scope *s, uint32_t item);
void use_other_names(struct type_scope *s, const struct other_names *names);

void name_type(struct type_scope *s, const struct type *type, enum standing standing, uint32_t index);
void name_resource(struct type_scope *s, uint32_t resource, enum standing standing, uint32_t index);

/* Maps whose keys are numbers, of several sorts. */
uint32_t map_get_number(const struct map *map, char sort, uint32_t number);
void map_add_number(struct context *c, struct map *map, char sort, uint32_t number, uint32_t value);

/* Fails if the extern trees are nested too deeply to walk. */
void check_extern_depth(struct context *c, const struct plan *plan);

/* The index of an extern of the plan, which is declared here or a part of one that is. */
uint32_t extern_index(struct type_scope *s, uint32_t item);
/* `item` has this index here: names its type, or those of its parts. */
void introduce_extern(struct type_scope *s, uint32_t item, uint32_t index);

/* The externtype of `item`, all of its types defined here. */
struct extern_type extern_type_of(struct type_scope *s, uint32_t item);

/* Adds an import, or in a type an export, and introduces it. */
uint32_t declare_extern_import(struct type_scope *s, uint32_t item);
uint32_t declare_extern_export(struct type_scope *s, uint32_t item);

/* Core types. `outers`: for each entry of type->outers its index in the scope that it is from. */
void put_core_deftype(struct buffer *b, const struct core_type *first);
void put_module_type(struct buffer *b, const struct module_type *type, const uint32_t *outers);
uint32_t module_type_index(struct type_scope *s, const struct module_type *type);

#endif
