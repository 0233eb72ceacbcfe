/* compose.h -- a composition: which components are instantiated, what each is given, and what comes out.
 *
 *     compose.c         the pass: several inputs become one root component
 *     compose_names.c   the names of imports and exports, and which versions serve which
 *     compose_match.c   a composition by names: imports meet exports, and the wiring that says otherwise
 *     compose_script.c  a composition in the .wac language
 *     compose_link.c    the instances made in order, in one link: types agree, and what stays open is merged
 *     compose_order.c   the order of what stays open
 *     compose_export.c  the order of what comes out
 *     compose_write.c   the root component
 *
 * Both ways to say what is wanted make a `struct composition`; what comes after it is the same for both.
 */
#ifndef MELD_FUSE_COMPOSE_H
#define MELD_FUSE_COMPOSE_H

#include "component/component.h"

struct def;       /* link.h */
struct namespace; /* link.h */
struct plan;      /* plan.h */

struct composed_input {
  struct bytes name; /* "store", "test:store" */
  struct bytes bytes;
  const struct component *component;
  uint32_t same_as; /* the first input with these bytes; itself */
  VEC(const struct import_definition *) imports;
  VEC(const struct export_definition *) exports;
};

/* Where an argument or export comes from: from outside, or an instance, an export of it, or a part of that. */
struct source {
  uint32_t instance; /* index into instances; NO_INDEX: from outside */
  uint32_t path_count;
  const struct bytes *path; /* names of exports, outermost first */
};

struct composed_instance {
  struct bytes name;
  uint32_t input;
  struct source *arguments; /* one for each import of the input */
};

struct composed_export {
  const struct extern_name *name;
  struct source source;
  bool is_rewritten; /* a function or type that mentions types by their names outside; set by order_exports() */
};

struct composition {
  VEC(struct composed_input) inputs;
  VEC(struct composed_instance) instances;
  VEC(struct composed_export) exports;
  bool is_matched; /* nobody said in which order the exports come: those of an instance after those that it needs */
};

/* One instruction about what goes where, as a caller writes it; the kinds are those of meld.h. */
enum wire_kind { WIRE_LINK, WIRE_HOST, WIRE_EXPORT, WIRE_HIDE, WIRE_CLOSED };
struct wire {
  enum wire_kind kind;
  struct bytes text;
};

struct compose_request {
  struct composition composition; /* inputs with name and bytes */
  uint32_t wire_count;
  const struct wire *wires;
  struct bytes script; /* at null: none */
};

/* compose.c. Fails for all that is wrong with the inputs or the wiring; context->input says which input, if it is one.
 */
struct parted_component compose_inputs(struct context *c, struct compose_request *request);
/* The names of the packages that the script instantiates, one a line, in order of appearance. */
struct bytes list_packages(struct context *c, struct bytes script);

/* compose_names.c */
struct version {
  bool is_release; /* of numbers alone: other versions may serve it */
  uint64_t part[3];
};
struct item_name {
  struct bytes base;    /* "wasi:io/streams" */
  struct bytes version; /* "0.2.1"; size 0: none */
  struct version parsed;
};
struct item_name parse_item_name(struct context *c, const struct extern_name *name);
/* How well does an export serve an import? Greater is better. */
enum match_rank { MATCH_NONE, MATCH_OTHER_VERSION, MATCH_OLDER, MATCH_NEWER, MATCH_EXACT };
enum match_rank rank_match(const struct item_name *import, const struct item_name *export_);
/* The same for all versions that are compatible with each other: "wasi:io/streams@0.2". */
struct bytes version_track(struct context *c, const struct item_name *name);
int compare_versions(const struct item_name *a, const struct item_name *b);
/* Does the pattern name it: "wasi:io/streams@0.2.1", "wasi:io/streams" of any version, "wasi:*"? */
bool matches_pattern(struct bytes pattern, const struct extern_name *name);
bool starts_with(struct bytes text, struct bytes start);
/* Names in a sentence: `"a", "b", ...`, no longer than a diagnostic can be. */
struct listing {
  struct bytes text;
  bool is_cut;
};
void add_listed(struct context *c, struct listing *list, struct bytes item);
struct bytes end_listing(const struct listing *list);

/* compose_match.c */
void match_inputs(struct context *c, struct composition *composition, const struct wire *wires, uint32_t wire_count);

/* compose_script.c */
void read_script(struct context *c, struct composition *composition, struct bytes script);

/* compose_link.c */
/* A type that an instance is given, which its import fixes. */
struct fixed_type {
  const struct type *type;
  uint32_t resource; /* NO_INDEX: `type` */
};
struct linked_argument {
  uint32_t extern_; /* from outside: the merged import, index into plan->externs; else NO_INDEX */
  bool is_fixed;
  struct fixed_type fixed;
};
/* What stays open. */
struct open_import {
  uint32_t extern_;          /* index into plan->externs */
  uint32_t instance, number; /* the first that imports it, and which of its imports it is */
  bool is_extended;          /* others want more of it */
};
struct linked_composition {
  struct plan *plan;
  VEC(uint32_t) order;                /* of instances */
  VEC(struct open_import) imports;    /* in order */
  struct linked_argument **arguments; /* of each instance, for each of its imports */
  const struct namespace **exports;   /* of each instance */
  uint32_t *root_instances;           /* of each instance, its index into plan->instances */
};
struct linked_composition link_composition(struct context *c, const struct composition *composition);
/* What a source is that is there. */
struct def follow_source(const struct linked_composition *linked, const struct source *source);

/* compose_export.c */
void order_exports(struct context *c, struct composition *composition, const struct linked_composition *linked);

/* compose_order.c */
void order_imports(struct context *c, const struct composition *composition, struct linked_composition *linked);

/* compose_write.c */
struct parted_component write_composition(struct context *c, const struct composition *composition,
                                          const struct linked_composition *linked);

#endif
