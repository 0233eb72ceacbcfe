/* types.h -- component types as they are once the instantiation is known.
 *
 * A value type is hash-consed: two types are equal if their pointers are. Resources are numbers of the plan, so that
 * two instances of one component have different `own` types and one resource under two names has one.
 *
 * Spec: Explainer.md "Type Definitions"; CanonicalABI.md "Alignment", "Element Size", "Flattening", "Despecialization".
 */
#ifndef MELD_COMPONENT_TYPES_H
#define MELD_COMPONENT_TYPES_H

#include "base/buffer.h"
#include "base/map.h"
#include "wasm/module.h"

enum type_kind {
  TYPE_BOOL,
  TYPE_S8,
  TYPE_U8,
  TYPE_S16,
  TYPE_U16,
  TYPE_S32,
  TYPE_U32,
  TYPE_S64,
  TYPE_U64,
  TYPE_F32,
  TYPE_F64,
  TYPE_CHAR,
  TYPE_STRING,
  TYPE_ERROR_CONTEXT,
  TYPE_RECORD,
  TYPE_TUPLE, /* record-like: fields */
  TYPE_VARIANT,
  TYPE_ENUM,
  TYPE_OPTION,
  TYPE_RESULT, /* variant-like: fields are the cases, type null: no payload */
  TYPE_FLAGS,  /* fields: labels alone */
  TYPE_LIST,
  TYPE_FIXED_LIST,
  TYPE_MAP, /* element; of a map: tuple<key, value> */
  TYPE_OWN,
  TYPE_BORROW, /* resource */
  TYPE_STREAM,
  TYPE_FUTURE, /* element or null */
};

enum pointer_size { POINTER_32, POINTER_64, POINTER_SIZE_COUNT };

#define MAX_FLAT_PARAMS 16
#define MAX_FLAT_ASYNC_PARAMS 4
#define MAX_FLAT_RESULTS 1

struct type;

struct type_field {
  struct bytes label;                  /* size 0 in a tuple; "none", "some", "ok", "error" in option and result */
  const struct type *type;             /* null: no payload */
  uint64_t offset[POINTER_SIZE_COUNT]; /* completed by intern_type: bytes from the start of the value; of a case: of its
                                          payload. Saturated like a size. */
};

struct type_layout {
  uint32_t alignment; /* bytes */
  uint64_t size;      /* bytes; also the stride in a list. Saturated at 2^40. */
};

struct type {
  enum type_kind kind;
  uint32_t id; /* in order of creation */
  uint32_t field_count;
  const struct type_field *fields;
  const struct type *element;
  uint32_t length;   /* TYPE_FIXED_LIST */
  uint32_t resource; /* TYPE_OWN, TYPE_BORROW: index into plan->resources */
  bool has_handles;  /* own, borrow, stream, future or error-context inside */
  bool has_borrow;
  bool has_own;
  bool has_pointers; /* string, list or map inside */
  bool is_async;     /* stream, future or error-context inside: no synchronous adapter can carry it */
  struct type_layout layout[POINTER_SIZE_COUNT];
  uint32_t flat_count;                     /* core values when flattened; saturated at 2^20 */
  const uint8_t *flat[POINTER_SIZE_COUNT]; /* these values' enum core_code; null if more than MAX_FLAT_PARAMS */
  uint32_t depth; /* 0: no types inside; never over TYPE_DEPTH_LIMIT, so that walks can recurse */
};

#define TYPE_DEPTH_LIMIT 100 /* of value types in one another */

static inline bool is_record_like(const struct type *t) { return t->kind == TYPE_RECORD || t->kind == TYPE_TUPLE; }
static inline bool is_variant_like(const struct type *t) { return t->kind >= TYPE_VARIANT && t->kind <= TYPE_RESULT; }
static inline bool is_list_like(const struct type *t) { return t->kind == TYPE_LIST || t->kind == TYPE_MAP; }

struct functype {
  uint32_t id; /* in order of creation */
  const struct type_field *params;
  uint32_t param_count;
  const struct type *result; /* null: none */
  bool is_async;
};

/* All value types and function types of a run. */
struct types {
  struct map interned;
  VEC(const struct type *) all;
  const struct type *primitives[TYPE_ERROR_CONTEXT + 1]; /* null: not used so far */
  struct map interned_functypes;
  VEC(const struct functype *) functypes; /* by id */
  struct buffer key;                      /* what is looked up at present */
};

/* The one type that equals `form` in kind, fields, element, length and resource (the rest of `form` is not read).
 * Labels and fields are copied. For TYPE_OPTION fill `element`; for TYPE_RESULT fields[0] (ok) and fields[1] (error),
 * labels not needed; for TYPE_MAP fields[0] (key) and fields[1] (value): element and fields are completed here. */
const struct type *intern_type(struct context *c, struct types *types, const struct type *form);
const struct type *primitive_type(struct context *c, struct types *types, enum type_kind kind);
const char *type_kind_name(enum type_kind kind); /* "u8", "record", ... */
/* The one function type that equals `form`, which needs no id: in the names of its parameters too. Its parameters are
 * copied, their names are borrowed. */
const struct functype *share_functype(struct context *c, struct types *types, const struct functype *form);

/* layout.c. Spec: CanonicalABI.md "Alignment", "Element Size", "Flattening". */
/* Completes layout, offsets and flat types of a new type whose parts are complete; for intern_type alone. */
void lay_out_type(struct context *c, struct type *type, struct type_field *fields);
uint32_t discriminant_size(const struct type *variant); /* 1, 2 or 4 bytes; also of flags' storage unit */
uint64_t payload_offset(const struct type *variant, enum pointer_size p); /* of a variant-like, in bytes */
uint64_t field_offset(const struct type *record, uint32_t field, enum pointer_size p);
uint32_t flags_size(const struct type *flags); /* 1, 2 or 4 bytes */

/* Appends the flattened core types of `t`, at most MAX_FLAT_PARAMS, to `out` (room for t->flat_count). Returns how
 * many. */
uint32_t flatten_type(const struct type *t, enum pointer_size p, uint8_t *out);
/* join() of CanonicalABI.md, of two enum core_code values. */
uint8_t join_flat(uint8_t a, uint8_t b);

/* flatten_functype of CanonicalABI.md. */
struct flat_functype {
  uint8_t params[MAX_FLAT_PARAMS + 1]; /* enum core_code */
  uint8_t results[MAX_FLAT_RESULTS];
  uint32_t param_count, result_count;
  bool params_spilled; /* one pointer in place of the parameters */
  bool result_spilled; /* lift: the result is a pointer; lower: a pointer is the last parameter */
};

/* The context and opts: ..._ASYNC with async_, and LIFT_CALLBACK with a callback too. The flat result of an
 * asynchronous lift is nothing, or what callbacks give; that of a lower is the state of the subtask. */
enum flat_direction { FLAT_LIFT, FLAT_LIFT_ASYNC, FLAT_LIFT_CALLBACK, FLAT_LOWER, FLAT_LOWER_ASYNC };
struct flat_functype flatten_functype(const struct functype *f, enum flat_direction d, enum pointer_size p);
/* All parameters as one tuple: what spilled parameters are in memory. */
const struct type *params_tuple(struct context *c, struct types *types, const struct functype *f);

#endif
