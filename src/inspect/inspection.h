/* inspection.h -- what a file consists of, for people and programs that want to know before they do anything with it.
 *
 *     survey.c          components, their instances, and where each thing that they pass on is from
 *     survey_module.c   core modules: their sections, and how large and what called their functions are
 *     survey_world.c    what is imported and exported, with types as text in the notation of WIT
 *     words.c           names, numbers and sources as words
 *     graph.c           which instance gives what to which
 *     inspect_text.c    all of it as text
 *     inspect_json.c    all of it as data
 *     inspect_dot.c     the graph, in the language of Graphviz
 *     inspect_html.c    a page that shows it; html.h lists what it consists of
 *
 * Components, core modules and instances are numbered over the whole file, each in the order in which they are defined:
 * such a number is an `id`. An `index` is one of the index space that it is in, as other tools show it.
 */
#ifndef MELD_INSPECT_INSPECTION_H
#define MELD_INSPECT_INSPECTION_H

#include "component/component.h"
#include "wasm/custom.h"

/* Where an item comes from, all aliases followed. */
enum source_kind {
  SOURCE_DEFINITION, /* a type, which is defined where it is used or outside of it */
  SOURCE_COMPONENT,
  SOURCE_MODULE,
  SOURCE_INSTANCE,
  SOURCE_IMPORT, /* of the component it is in, or an export of what is imported */
  SOURCE_EXPORT, /* of an instance */
  SOURCE_CANON,  /* a canonical function that is neither lift nor lower */
};

enum source_through { THROUGH_NOTHING, THROUGH_LIFT, THROUGH_LOWER };

struct source {
  enum source_kind kind;
  enum sort sort;
  enum source_through through; /* the last of what a function is put through */
  uint32_t id;           /* SOURCE_COMPONENT, _MODULE, _INSTANCE: of it; _IMPORT: of the component; _EXPORT: of the
                            instance */
  struct bytes name;     /* of the import or export */
  struct bytes member;   /* of an instance that is imported or exported; size 0: it is the item itself */
  enum canon_kind canon; /* SOURCE_CANON */
};

struct named_source {
  struct bytes name;
  struct source source;
};

struct section {
  uint8_t id;
  const char *name;    /* "code", "core instance", "custom" */
  struct bytes custom; /* the name of a custom section */
  size_t offset, size; /* of its content, in the file, in bytes */
  uint32_t count;      /* of what is in it; NO_INDEX: it is not made of such parts */
  struct bytes content;
};

struct sections {
  VEC(struct section) list;
  VEC(struct producer) producers;
};

struct inspected_module {
  uint32_t component, index; /* where it is defined; NO_INDEX: it is the whole file */
  struct bytes name;         /* size 0: none */
  size_t offset, size;       /* in the file, in bytes */
  const struct module *module;
  struct sections sections;
  /* By function index, size 0: none. */
  struct bytes *function_names;   /* of the name section; null: it names no function */
  struct bytes *function_exports; /* the first that it is exported by */
  size_t code_size, data_size;    /* of bodies, and of the contents of segments; in bytes */
};

struct inspected_instance {
  uint32_t component, index;
  bool is_core, is_inline;
  struct bytes name;
  struct source of; /* !is_inline: what is instantiated */
  uint32_t item_count;
  const struct named_source *items; /* is_inline: what it exports; else its arguments */
};

/* What is defined in a component, in its order. */
struct member {
  enum { MEMBER_COMPONENT, MEMBER_MODULE, MEMBER_INSTANCE, MEMBER_EXPORT } kind;
  uint32_t id; /* MEMBER_EXPORT: index into exports */
};

struct inspected_component {
  uint32_t parent, index; /* NO_INDEX: it is the whole file */
  struct bytes name;
  size_t offset, size; /* in the file, in bytes */
  struct sections sections;
  VEC(struct named_source) imports, exports; /* an import's source is itself */
  VEC(struct member) members;
};

/* An import or export, with its type. */
struct world_items;
struct world_item {
  struct bytes name;
  enum sort sort;
  struct bytes type;       /* "func(a: u32) -> string", "resource", "list<u8>", "interface", "component" */
  struct bytes method;     /* of a method: the same without `self`; else size 0 */
  struct bytes from, used; /* of a type that another interface names: which, and its name there; else size 0 */
  const char *keyword;     /* of a type that is declared by its parts: "record", ...; else null */
  struct bytes *parts;     /* "x: u32", "none" */
  uint32_t part_count;
  const struct world_items *imports, *exports; /* of an instance or a component; else null */
};
struct world_items {
  VEC(struct world_item) list;
};

struct world {
  struct world_items imports, exports;
};

struct inspection {
  struct bytes input;
  bool is_component;
  VEC(struct inspected_component) components; /* the first is the file; none: the file is a core module */
  VEC(struct inspected_module) modules;
  VEC(struct inspected_instance) instances;
  struct world world; /* is_component */
};

#define WORLD_TEXT_LIMIT ((size_t)64 << 20) /* bytes of all types of the world as text */
#define EDGE_LIMIT 1000000                  /* items that instances are given, in the graphs of a file */

/* survey.c. `input` is a component (`root`), which has to be valid, or a core module (`module`), as read. */
const struct inspection *survey_component(struct context *c, struct bytes input, const struct component *root);
const struct inspection *survey_core_module(struct context *c, struct bytes input, const struct module *module);

/* survey_module.c */
void survey_module(struct context *c, const struct module *module, struct bytes bytes, struct inspected_module *into);
/* The sections of `bytes`, a component or core module that was read; `origin` is the start of the file. */
struct sections survey_sections(struct context *c, struct bytes bytes, const uint8_t *origin);

/* survey_world.c. Fails if the component is not valid. */
struct world survey_world(struct context *c, const struct component *root);

/* graph.c. Instances of items only pass on what is in them, and are no nodes. */
enum node_kind { NODE_IMPORT, NODE_INSTANCE, NODE_EXPORT };
struct node {
  enum node_kind kind;
  uint32_t id; /* NODE_INSTANCE: of it; else index into imports or exports of the component */
};
struct edge {
  uint32_t from, to; /* nodes */
  uint32_t first_name, name_count;
};
struct graph {
  VEC(struct node) nodes;  /* imports, instances in order of definition, exports: an edge goes from lower to higher */
  VEC(struct edge) edges;  /* by `to`, then in the order of its arguments; one for each pair of nodes */
  VEC(struct bytes) names; /* what is passed: of arguments, or of what is in them */
};
/* `*steps` counts what was passed by all graphs of the file so far, for EDGE_LIMIT; 0 at first. */
struct graph make_graph(struct context *c, const struct inspection *inspection, uint32_t component, uint32_t *steps);

/* words.c. A name as a word in a line: what would disturb the line is escaped, and it is cut where it is long. */
void put_word(struct buffer *out, struct bytes name);
void put_quoted_word(struct buffer *out, struct bytes name);
/* "1,234,567" */
void put_count(struct buffer *out, uint64_t count);
/* "3 functions" */
void put_counted(struct buffer *out, uint64_t count, const char *what);
/* "instance 3 "greeting"", "core module 0" */
void put_instance(struct buffer *out, const struct inspection *inspection, uint32_t id);
void put_component(struct buffer *out, const struct inspection *inspection, uint32_t id);
void put_module(struct buffer *out, const struct inspection *inspection, uint32_t id);
void put_source(struct buffer *out, const struct inspection *inspection, const struct source *source);
/* "2 functions, 1 import, 1 memory" */
void put_module_summary(struct buffer *out, const struct inspected_module *module);
void put_producers(struct buffer *out, const struct sections *sections);
/* By its name, or else what it is exported as: `func 3 "run"`. */
void put_function(struct buffer *out, const struct inspected_module *module, uint32_t index);
/* The name that an instance goes by: its own, or of what it is an instance of; size 0: none. */
struct bytes instance_name(const struct inspection *inspection, const struct inspected_instance *instance);

/* The largest functions of the file, by size and then in order; at most `most`. */
struct function_size {
  uint32_t module, index; /* id; function index */
  size_t size;            /* of its body, in bytes */
};
uint32_t find_largest_functions(struct context *c, const struct inspection *inspection, struct function_size *largest,
                                uint32_t most);

void inspect_text(const struct inspection *inspection, struct buffer *out);
void inspect_json(const struct inspection *inspection, struct buffer *out);
void inspect_dot(const struct inspection *inspection, struct buffer *out);
void inspect_html(const struct inspection *inspection, struct buffer *out);
/* inspect_text.c. The world alone; of a core module, its imports and exports. */
void inspect_world(const struct inspection *inspection, struct buffer *out);

#endif
