/* module.h -- a core module, as data: what read.c makes, merge.c joins and write.c writes.
 *
 * Code is never decoded into a tree: a function is its bytes, in which notes.c
 * finds the indices, and which rewrite.c copies with others. Each index space is its imports followed by
 * its definitions, as in the specification.
 *
 * Spec: WebAssembly 3.0 core, "Structure / Modules".
 */
#ifndef MELD_WASM_MODULE_H
#define MELD_WASM_MODULE_H

#include "base/buffer.h"
#include "base/map.h"
#include "base/reader.h"
#include "base/vec.h"

/* Values are those of the binary format. */
enum core_kind { CORE_FUNC, CORE_TABLE, CORE_MEMORY, CORE_GLOBAL, CORE_TAG, CORE_KIND_COUNT };

/* Number, vector and reference types. */
enum core_code {
  CORE_I32 = 0x7f,
  CORE_I64 = 0x7e,
  CORE_F32 = 0x7d,
  CORE_F64 = 0x7c,
  CORE_V128 = 0x7b,
  CORE_I8 = 0x78, /* storage types, of fields alone */
  CORE_I16 = 0x77,
  CORE_REF = 0x64, /* (ref heap); the abbreviations (funcref, ...) are read as (ref null heap) */
  CORE_REF_NULL = 0x63,
};

/* An abstract heap type is its s33 value, negative (func is -0x10); else a type index. `exact` and
 * `shared` belong to proposals that put a byte before the heap type. */
struct core_valtype {
  uint8_t code; /* enum core_code */
  bool exact, shared;
  int64_t heap;
};

enum core_heap {
  HEAP_NO_CONT = -0x0b,
  HEAP_NO_EXN = -0x0c,
  HEAP_NO_FUNC = -0x0d,
  HEAP_NO_EXTERN = -0x0e,
  HEAP_NONE = -0x0f,
  HEAP_FUNC = -0x10,
  HEAP_EXTERN = -0x11,
  HEAP_ANY = -0x12,
  HEAP_EQ = -0x13,
  HEAP_I31 = -0x14,
  HEAP_STRUCT = -0x15,
  HEAP_ARRAY = -0x16,
  HEAP_EXN = -0x17,
  HEAP_CONT = -0x18,
};

enum core_composite { COMPOSITE_FUNC = 0x60, COMPOSITE_STRUCT = 0x5f, COMPOSITE_ARRAY = 0x5e, COMPOSITE_CONT = 0x5d };

struct core_field {
  struct core_valtype type;
  bool is_mutable;
};

struct core_functype {
  const struct core_valtype *params, *results;
  uint32_t param_count, result_count;
};

/* One type of the index space: a member of the recursion group that starts at `group`. */
struct core_type {
  const uint8_t *at; /* in the input; null: made here */
  enum core_composite composite;
  bool is_final, is_shared;
  bool is_group; /* written as (rec ...) although alone */
  uint32_t group, group_size;
  const uint32_t *supertypes;
  uint32_t supertype_count;
  struct core_functype func;       /* COMPOSITE_FUNC */
  const struct core_field *fields; /* COMPOSITE_STRUCT; COMPOSITE_ARRAY: one; COMPOSITE_CONT: one, a
                                      reference to the function type */
  uint32_t field_count;
};

struct core_limits {
  uint64_t minimum, maximum;
  bool has_maximum, is_shared, is_64, has_page_size;
  uint8_t page_size_log2; /* if has_page_size */
};

#define DEFAULT_PAGE_LOG2 16u
static inline unsigned page_size_log2(const struct core_limits *memory) {
  return memory->has_page_size ? memory->page_size_log2 : DEFAULT_PAGE_LOG2;
}

struct core_table_type {
  struct core_valtype element;
  struct core_limits limits;
};

struct core_global_type {
  struct core_valtype type;
  bool is_mutable, is_shared;
};

/* The type of an import or of an item; which member counts is the kind's matter. */
struct core_extern {
  enum core_kind kind;
  uint32_t type; /* CORE_FUNC, CORE_TAG: type index */
  bool exact;    /* CORE_FUNC import of the custom descriptors proposal */
  struct core_table_type table;
  struct core_limits memory;
  struct core_global_type global;
};

struct core_import {
  struct bytes module, name;
  struct core_extern type;
};

/* A constant expression or a body's instructions, with the final `end`. */
struct core_function {
  uint32_t type;
  struct bytes body;                /* local declarations and instructions; not the size */
  const struct body_source *source; /* whose indices the body is in, see rewrite.h; null: this module's */
  uint32_t number;                  /* with a source: which of its defined functions it is */
};

struct core_table {
  struct core_table_type type;
  struct bytes init; /* size 0: none */
};

struct core_global {
  struct core_global_type type;
  struct bytes init;
};

struct core_export {
  struct bytes name;
  enum core_kind kind;
  uint32_t index;
};

enum segment_mode { SEGMENT_ACTIVE, SEGMENT_PASSIVE, SEGMENT_DECLARED };

struct core_element {
  enum segment_mode mode;
  uint32_t table;
  struct bytes offset; /* SEGMENT_ACTIVE: constant expression */
  struct core_valtype type;
  uint32_t count;
  const uint32_t *functions;       /* either function indices, `type` being funcref (or non-null func) ... */
  const struct bytes *expressions; /* ... or constant expressions; the other is null */
};

struct core_data {
  enum segment_mode mode; /* never SEGMENT_DECLARED */
  uint32_t memory;
  struct bytes offset;
  struct bytes content;
};

struct core_custom {
  struct bytes name, content;
  uint8_t after; /* id of the section that it follows; 0: before all */
};

/* Something that a body refers to, or a number in it that is longer than it need be. */
struct code_use {
  uint32_t at;   /* offset in the body, in bytes */
  uint32_t what; /* the space, and below it the index; of a number, what walk.h says */
};

/* What check_structure() noted of a body; see notes.c. */
struct noted_body {
  const struct code_use *uses; /* and after them the numbers that are longer than they need be */
  uint32_t use_count, long_number_count;
  uint32_t size_without_indices;
  uint32_t likeness;         /* the same for bodies that are equal but for indices */
  bool is_plain;             /* each index stands alone where its use says */
  bool has_memory_arguments; /* of memory 0, which stand in no use */
  bool references;           /* it has ref.func */
};

#define NO_INDEX UINT32_MAX

struct module {
  const uint8_t *origin; /* of the input that it was read from, for offsets; null: none */
  VEC(struct core_type) types;
  VEC(struct core_import) imports;
  VEC(struct core_function) functions;
  VEC(struct core_table) tables;
  VEC(struct core_limits) memories;
  VEC(struct core_global) globals;
  VEC(uint32_t) tags; /* type indices */
  VEC(struct core_export) exports;
  VEC(struct core_element) elements;
  VEC(struct core_data) datas;
  VEC(struct core_custom) customs;
  struct noted_body *noted; /* of each defined function; null: not noted */
  uint32_t start;           /* NO_INDEX: none */
  bool has_data_count;
  bool is_checked, has_vectors; /* the code has been looked at; it, or what was looked at with it, uses vectors */
  bool is_outline;              /* it is written without what is inside of bodies, data segments and custom sections */
  const struct layout *layout;  /* what it is written as; null: it has not been measured */
  uint32_t imported[CORE_KIND_COUNT];        /* how many imports there are of each kind */
  VEC(uint32_t) imports_of[CORE_KIND_COUNT]; /* indices into imports, in order of the index space */
};

/* wasm/read.c. Reads a whole core module; names, bodies and contents stay borrowed from `input`. Checks the form,
 * section order, counts, and that every index outside of bodies is in its space. `origin` is where offsets count from.
 */
struct module *read_module(struct context *context, struct bytes input, const uint8_t *origin);

/* Parts of it that the component format uses too. Type indices are not checked. */
struct core_import read_core_import(struct reader *r);
struct core_extern read_core_extern(struct reader *r);
struct core_valtype read_core_valtype(struct reader *r);
void read_core_heaptype(struct reader *r, struct core_valtype *into); /* all but `code` */
/* One recursion group or single type; appended to `types` (a VEC of struct core_type). */
void read_core_rectype(struct reader *r, struct module *into);

/* wasm/write.c, the mirror of read.c. */
/* After this a module must not change any more, and its size and those of the bodies of its defined functions are
 * known. While others measure bodies, the calling thread does `before`; null: nothing. */
void measure_module(struct context *context, struct module *module, void (*before)(struct context *, void *),
                    void *argument);
size_t module_size(const struct module *module);
size_t code_size(const struct module *module, uint32_t function);
void put_core_module(struct buffer *b, const struct module *module); /* one that has been measured */
struct bytes write_module(struct context *context, const struct module *module);
/* The same module, but for what is inside of bodies, data segments and custom sections; measured. */
struct module *outline_of(struct context *context, const struct module *module);
void put_core_valtype(struct buffer *b, struct core_valtype type);
void put_core_heaptype(struct buffer *b, struct core_valtype type);
void put_core_extern(struct buffer *b, const struct core_extern *type); /* importdesc: kind byte and type */
void put_core_rectype(struct buffer *b, const struct core_type *first); /* the whole group of `first` */

/* wasm/show.c: words for diagnostics, "[i32] -> []", "memory 1..16". */
struct bytes show_core_functype(struct context *c, const struct core_functype *type);
struct bytes show_core_extern(struct context *c, const struct module *module, const struct core_extern *type);

/* wasm/module.c: building and asking. */
uint32_t add_import(struct context *c, struct module *m, struct core_import import); /* its index in its kind's space;
                                                     all imports of a kind come before its definitions */
uint32_t add_functype(struct context *c, struct module *m, const struct core_valtype *params, uint32_t param_count,
                      const struct core_valtype *results, uint32_t result_count); /* shared with an equal one */
/* The same where there are many: `known` has those that were added so. */
uint32_t intern_functype(struct context *c, struct module *m, struct map *known, const struct core_functype *type);
uint32_t add_function(struct context *c, struct module *m, uint32_t type, struct bytes body); /* its function index */
void add_export(struct context *c, struct module *m, struct bytes name, enum core_kind kind, uint32_t index);
const struct core_export *find_export(const struct module *m, struct bytes name); /* null: none */
uint32_t item_count(const struct module *m, enum core_kind kind);                 /* imported and defined */
size_t size_of_bodies(const struct module *m);                                    /* of the functions defined */
uint64_t least_memory_size(const struct core_limits *memory);                     /* in bytes; saturated */
struct core_extern item_type(const struct module *m, enum core_kind kind, uint32_t index);
static inline bool is_imported(const struct module *m, enum core_kind kind, uint32_t index) {
  return index < m->imported[kind];
}

/* What is known from one comparison to the next; zeroed at first. */
struct matching {
  uint64_t work; /* members of recursion groups, and their parts, that were compared */
  struct {
    const struct module *a, *b;
    uint32_t group_a, group_b;
  } known[256]; /* groups that are equal; null: free */
};
#define WORK_PER_STEP 8 /* parts of types are compared faster than definitions are looked at */

/* Do types of two modules mean the same? Compares recursion groups structurally. */
bool same_type(struct matching *matching, const struct module *a, uint32_t type_a, const struct module *b,
               uint32_t type_b);
/* Spec: "Matching", of import types: may `item` of module `a` stand for the import `wanted` of module `b`? */
bool extern_matches(struct matching *matching, const struct module *a, const struct core_extern *item,
                    const struct module *b, const struct core_extern *wanted);

int64_t heap_of_composite(enum core_composite composite); /* the abstract heap type right above a defined type */
int64_t bottom_heap(int64_t heap);                        /* the least type of its hierarchy */
bool abstract_heap_matches(int64_t heap, int64_t wanted);

/* wasm/group.c. The key of the recursion group of `count` types at types[first]: groups that are equal have the same.
 * `to` says for each type before the group which one stands for all that are equal to it. */
void put_group_key(struct buffer *out, const struct core_type *types, uint32_t first, uint32_t count,
                   const uint32_t *to);

#endif
