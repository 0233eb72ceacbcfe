/* guest.h -- core modules that say for which world they are made, on their way to a component.
 *
 *     guest.c           the pass: a core module and its adapters become the bytes of a component
 *     guest_world.c     component-type sections: the worlds, merged into one, as the imports and exports of a plan
 *     guest_names.c     which item of the world each import and export of a module is, by the names of the conventions
 *     guest_adapter.c   what an adapter has that nobody needs is left out; its stack
 *     guest_imports.c   what of the world's imports is needed, and its order
 *     guest_write.c     the component
 *
 * The first guest is the main module, the others are the adapters that it needs: core modules that give it functions of
 * older interfaces, such as wasi_snapshot_preview1, work in its memory, and have component-type sections of their own.
 */
#ifndef MELD_FUSE_GUEST_H
#define MELD_FUSE_GUEST_H

#include "fuse/link.h"

/* A module given as an adapter. */
struct adapter_input {
  struct bytes name; /* of the imports that it serves: "wasi_snapshot_preview1" */
  struct bytes bytes;
  uint32_t number; /* for diagnostics: its context->input */
  bool is_used;    /* set: a module needs it */
};

/* What stands for an import of a guest. */
enum use_kind {
  USE_CALL,          /* a function of the world's imports, lowered */
  USE_RESOURCE_DROP, /* of an imported or exported resource */
  USE_RESOURCE_NEW,  /* of an exported one */
  USE_RESOURCE_REP,
  USE_ADAPTER, /* an export of an adapter */
  USE_MAIN,    /* an export of the main module */
};
struct guest_import {
  enum use_kind kind;
  uint32_t func;                 /* USE_CALL: index into plan->funcs */
  enum string_encoding encoding; /* USE_CALL */
  uint32_t resource;             /* USE_RESOURCE_*: index into plan->resources */
  uint32_t adapter;              /* USE_ADAPTER: index into guests */
  struct bytes name;             /* USE_ADAPTER, USE_MAIN: of the export */
};

/* A function of the world's exports, and what of a guest it is. */
struct guest_export {
  uint32_t func;
  enum string_encoding encoding;
  struct bytes name, post_return; /* of the core exports; post_return of size 0: none */
};

struct guest_destructor {
  uint32_t resource;
  struct bytes name; /* of the core export */
};

struct guest_world {
  const struct type_closure *type;
  size_t offset; /* of the section's content in the module */
  struct bytes section;
  enum string_encoding encoding;
};

struct guest {
  struct bytes name; /* of an adapter; size 0: the main module */
  struct bytes bytes;
  uint32_t number; /* for diagnostics: its context->input */
  struct module *module;
  struct map export_names; /* to index into module->exports */
  VEC(struct guest_world) worlds;
  struct map encodings;         /* of the functions of its worlds, by encoding_key() */
  struct guest_import *imports; /* one for each of module->imports */
  struct bytes *import_names;   /* their names, each once */
  bool imports_twice;           /* which some had not */
  VEC(struct guest_export) exports;
  VEC(struct guest_destructor) destructors;
  /* Names of core exports; size 0: none. */
  struct bytes memory, general_realloc, import_realloc, export_realloc, initialize;
};

struct guests {
  struct context *context;
  struct link link;
  struct plan *plan; /* the link's: imports and exports of the world */
  VEC(struct guest) items;
  struct adapter_input *adapters;
  uint32_t adapter_count;
  struct map imports, exports; /* "interface#name" to index into plan->externs; of the world itself: "#name" */
  /* Names of instances, "|" and their canonical names, and their compatible_name(), to index into plan->externs. */
  struct map import_instances, export_instances;
};

#define REFUSE_GUEST(g, ...) fail((g)->context, FAILURE_INPUT, NO_OFFSET, __VA_ARGS__)

/* guest.c. The component that the core module `input` is the program of. context->input says which it is. Marks the
 * adapters that it uses. `validate`: types of all code too. */
struct bytes make_component(struct context *c, struct bytes input, struct adapter_input *adapters,
                            uint32_t adapter_count, bool validate);

/* guest_world.c */
bool has_world(const struct module *module);
/* Reads the component-type sections of a guest. */
void read_worlds(struct guests *g, struct guest *guest);
/* Makes plan->imports and plan->exports of the worlds of all guests. */
void merge_worlds(struct guests *g);
/* "test:kv/store@0.2" of "test:kv/store@0.2.1". */
struct bytes canonical_name(struct context *c, const struct extern_name *name);
/* The same for all compatible versions, and no name. */
struct bytes compatible_name(struct context *c, const struct extern_name *name);
struct bytes encoding_key(struct context *c, bool is_export, struct bytes interface, struct bytes name);

/* guest_names.c */
/* Finds what the imports and exports of a guest are, and fails where they are not what the world says. */
void name_imports(struct guests *g, uint32_t guest);
void name_exports(struct guests *g, uint32_t guest);
struct bytes interface_of(const struct plan *plan, uint32_t item); /* size 0: of the world itself */
const struct core_functype *export_functype(const struct guest *guest, struct bytes name); /* null: no such function */
/* What a function needs to be lowered or lifted with. */
struct needs {
  bool memory, realloc;
};
struct needs needs_of(const struct functype *type, enum flat_direction direction);

/* Is it an interface of WASI from before there were components, which an adapter serves? */
bool is_preview1(struct bytes module);

/* guest_adapter.c. Replaces the module of an adapter by what is needed of it. */
void shrink_adapter(struct guests *g, uint32_t adapter);

/* guest_imports.c */
void prune_imports(struct guests *g);

/* guest_write.c */
struct bytes write_guests(struct guests *g);

#endif
