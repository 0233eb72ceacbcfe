/* component.h -- a component as it is written: what read.c makes of the bytes, in the order of the binary.
 *
 * Nothing is resolved: an index is an index into the index space of its sort at that point. The one exception is a core
 * module, which is read at once.
 *
 * Spec: Binary.md, all of it.
 */
#ifndef MELD_COMPONENT_COMPONENT_H
#define MELD_COMPONENT_COMPONENT_H

#include "component/types.h"

enum sort {
  SORT_FUNC,
  SORT_VALUE,
  SORT_TYPE,
  SORT_COMPONENT,
  SORT_INSTANCE,
  SORT_CORE_FUNC,
  SORT_CORE_TABLE,
  SORT_CORE_MEMORY,
  SORT_CORE_GLOBAL,
  SORT_CORE_TAG,
  SORT_CORE_TYPE,
  SORT_CORE_MODULE,
  SORT_CORE_INSTANCE,
  SORT_COUNT
};
const char *sort_name(enum sort sort); /* "func", "core memory", ... */

struct sort_index {
  enum sort sort;
  uint32_t index;
};

/* nameattributes of Binary.md. */
struct extern_name {
  struct bytes name;
  struct bytes raw;        /* the production's bytes as read, for writing it again */
  struct bytes implements; /* attributes; size 0: absent, or empty */
  struct bytes version_suffix;
  struct bytes external_id;
  bool has_implements, has_version_suffix, has_external_id;
};

/* valtype: a primitive or a type index. */
struct valtype_ref {
  bool is_present; /* false: an optional payload that is not there */
  bool is_primitive;
  enum type_kind primitive;
  uint32_t index;
};

struct labelled {
  struct bytes label;
  struct valtype_ref type;
};

/* externtype of Binary.md. */
enum extern_bound { BOUND_NONE, BOUND_EQ, BOUND_SUB_RESOURCE };
struct extern_type {
  enum sort sort;          /* SORT_CORE_MODULE, SORT_FUNC, SORT_VALUE, SORT_TYPE, SORT_COMPONENT, SORT_INSTANCE */
  enum extern_bound bound; /* SORT_TYPE, SORT_VALUE (BOUND_EQ: value index; BOUND_NONE: of type `value`) */
  uint32_t index;          /* of the type, by sort in the (core) type space */
  struct valtype_ref value;
};

struct alias {
  enum { ALIAS_EXPORT, ALIAS_CORE_EXPORT, ALIAS_OUTER } kind;
  enum sort sort;
  uint32_t instance; /* ALIAS_EXPORT, ALIAS_CORE_EXPORT */
  struct bytes name;
  uint32_t count; /* ALIAS_OUTER: how many scopes out */
  uint32_t index; /* ALIAS_OUTER */
};

struct declaration;

/* deftype of Binary.md. */
enum deftype_kind { DEFTYPE_VALUE, DEFTYPE_FUNC, DEFTYPE_COMPONENT, DEFTYPE_INSTANCE, DEFTYPE_RESOURCE };
struct deftype {
  enum deftype_kind kind;
  /* DEFTYPE_VALUE: a primitive is a value type of that kind without parts. */
  enum type_kind value;
  uint32_t count; /* labelled parts: fields, cases, labels; result: 2 (ok, error); map: 2 (key, value) */
  const struct labelled *parts;
  struct valtype_ref element; /* list, fixed list, option, stream, future */
  uint32_t length;            /* fixed list */
  uint32_t resource;          /* own, borrow: type index */
  /* DEFTYPE_FUNC: parts are the parameters. */
  struct valtype_ref result;
  bool is_async;
  /* DEFTYPE_COMPONENT, DEFTYPE_INSTANCE */
  uint32_t declaration_count;
  const struct declaration *declarations;
  /* DEFTYPE_RESOURCE */
  uint8_t rep; /* enum core_code */
  bool has_dtor;
  uint32_t dtor; /* core function index */
};

/* core:deftype: a rectype (its types are appended to the core type space) or a module type. */
struct core_deftype {
  bool is_module;
  struct module *rectypes; /* !is_module: a module with these types alone */
  /* is_module: imports and exports as a module that has nothing else; its exports are all imports of "" here: */
  const struct module_type *module_type;
};

/* core:moduletype with its own type index space, aliases by scope count. */
struct module_type_outer {
  uint32_t count, index;
  uint32_t type;
};
struct module_type_export {
  struct bytes name;
  struct core_extern type;
  uint32_t types_before; /* how many types are declared before it */
};
struct module_type {
  struct module *module;      /* types and imports */
  VEC(uint32_t) types_before; /* of each import */
  VEC(struct module_type_export) exports;
  VEC(struct module_type_outer) outers; /* type `type` of `module` is a placeholder for the outer core type */
};

struct argument {
  struct bytes name;
  struct sort_index item;
};

struct inline_export {
  struct extern_name name;
  struct sort_index item;
};

struct instance_expr {
  bool is_inline;
  uint32_t of; /* module or component index */
  uint32_t argument_count;
  const struct argument *arguments;
  uint32_t export_count;
  const struct inline_export *exports;
};

struct canon_options {
  uint8_t encoding; /* enum string_encoding */
  bool has_encoding, has_memory, has_realloc, has_post_return, has_callback, is_async;
  uint32_t memory, realloc, post_return, callback;
};
enum string_encoding { ENCODING_UTF8, ENCODING_UTF16, ENCODING_LATIN1_UTF16 };

/* One row per canonical function: canon.def, CANON(enumerator, opcode, "name", immediates, signature). */
enum canon_kind {
#define CANON(id, opcode, name, immediates, signature) CANON_##id,
#include "component/canon.def"
#undef CANON
  CANON_KIND_COUNT
};
const char *canon_name(enum canon_kind kind);
const char *canon_signature(enum canon_kind kind); /* as canon.def says */

struct canon_definition {
  enum canon_kind kind;
  uint32_t function;         /* lift: core function; lower: function */
  uint32_t type;             /* lift: function type; resource and stream built-ins: type; thread.*: core type */
  uint32_t slot;             /* context.*: which */
  uint8_t core_type;         /* context.*: enum core_code */
  uint32_t memory, table;    /* waitable-set.*, thread.* */
  bool flag;                 /* async?, cancel?, shared? */
  struct valtype_ref result; /* task.return */
  struct canon_options options;
};

struct import_definition {
  struct extern_name name;
  struct extern_type type;
};

struct export_definition {
  struct extern_name name;
  struct sort_index item;
  bool has_type;
  struct extern_type type;
};

enum definition_kind {
  DEFINE_CORE_MODULE,
  DEFINE_CORE_INSTANCE,
  DEFINE_CORE_TYPE,
  DEFINE_COMPONENT,
  DEFINE_INSTANCE,
  DEFINE_ALIAS,
  DEFINE_TYPE,
  DEFINE_CANON,
  DEFINE_START,
  DEFINE_IMPORT,
  DEFINE_EXPORT,
  DEFINE_VALUE,
};

struct component;

struct definition {
  enum definition_kind kind;
  size_t offset; /* in the input, for diagnostics */
  union {
    struct {
      struct module *module;
      struct bytes bytes;
    } core_module;
    const struct component *component;
    struct instance_expr instance; /* DEFINE_INSTANCE, DEFINE_CORE_INSTANCE */
    const struct core_deftype *core_type;
    const struct deftype *type;
    struct alias alias;
    struct canon_definition canon;
    struct import_definition import;
    struct export_definition export_;
  } of;
};

/* A declarator in a component or instance type: definitions of kind CORE_TYPE, TYPE, ALIAS, IMPORT and EXPORT, the
 * last with type alone: its item has the sort of the type, and NO_INDEX. */
struct declaration {
  struct definition definition;
};

struct component_custom {
  struct bytes name, content;
  size_t offset;
};

struct component {
  size_t offset, size;
  const uint8_t *origin;
  VEC(struct definition) definitions;
  uint32_t index_counts[SORT_COUNT]; /* indices that they introduce */
  uint32_t import_count, export_count;
  VEC(struct component_custom) customs;
  struct bytes name; /* from the name section; size 0: none */
};

#define NESTING_LIMIT 100       /* of components and types in one another */
#define DEFINITION_LIMIT 250000 /* definitions and declarations in one input */

/* component/component.c. The sort of the indices that a definition introduces, and how many: 1, but for a group of core
 * types, which may have none or several. A declared export introduces an index too. */
enum sort introduced_sort(const struct definition *definition, uint32_t *count);

/* component/read.c. `input` is a whole component; names and contents stay borrowed. */
struct component *read_component(struct context *c, struct bytes input);
/* Is it a component, by its preamble (or a core module)? */
bool is_component(struct bytes input);

/* component/name_section.c. Of the content of a section "component-name", the names of the `count` items of a sort from
 * `first` on, into `to`, where those that have none stay as they are. */
void find_item_names(struct bytes section, enum sort wanted, uint32_t first, struct bytes *to, uint32_t count);

/* component/check.c. Types every definition, also of what is never instantiated; fails at the first that is invalid. */
void check_component(struct context *c, const struct component *root);

/* component/dump.c: one line per definition, for golden tests. */
void dump_component(const struct component *component, struct buffer *out);

#endif
