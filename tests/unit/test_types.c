/* test_types.c -- layouts and flat types against a table that CanonicalABI.md's own Python gave.
 *
 * A type is written in prefix form, `record(u8 string)`, `variant(_ u64)`, `enum5`, `fixed3(u8)`, `own0`; a function
 * type as `func(u8 string) u64`, with `_` for nothing. What is expected of a value type, for 32 bit | 64 bit pointers:
 *
 *     alignment size @offset of each field (of a variant-like: of the payload) flat types
 *
 * with i, I, f, F for i32, i64, f32, f64 and *n where there are more than MAX_FLAT_PARAMS; of a function type, its core
 * types `params>results` when lifted | lowered with 32 bit | lifted | lowered with 64 bit pointers.
 *
 * Spec: CanonicalABI.md "Alignment", "Element Size", "Flattening".
 */
#include "check.h"
#include "component/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct expectation {
  const char *type, *layout;
};

static const struct expectation expectations[] = {
    {"bool", "1 1 i | 1 1 i"},
    {"s8", "1 1 i | 1 1 i"},
    {"u16", "2 2 i | 2 2 i"},
    {"u32", "4 4 i | 4 4 i"},
    {"s64", "8 8 I | 8 8 I"},
    {"f32", "4 4 f | 4 4 f"},
    {"f64", "8 8 F | 8 8 F"},
    {"char", "4 4 i | 4 4 i"},
    {"string", "4 8 ii | 8 16 II"},
    {"error-context", "4 4 i | 4 4 i"},
    {"own0", "4 4 i | 4 4 i"},
    {"borrow1", "4 4 i | 4 4 i"},
    {"stream(u8)", "4 4 i | 4 4 i"},
    {"future(_)", "4 4 i | 4 4 i"},
    {"list(u64)", "4 8 ii | 8 16 II"},
    {"map(u8 string)", "4 8 ii | 8 16 II"},
    {"map(string u64)", "4 8 ii | 8 16 II"},
    {"flags1", "1 1 i | 1 1 i"},
    {"flags8", "1 1 i | 1 1 i"},
    {"flags9", "2 2 i | 2 2 i"},
    {"flags16", "2 2 i | 2 2 i"},
    {"flags17", "4 4 i | 4 4 i"},
    {"flags32", "4 4 i | 4 4 i"},
    {"enum1", "1 1 @1 i | 1 1 @1 i"},
    {"enum256", "1 1 @1 i | 1 1 @1 i"},
    {"enum257", "2 2 @2 i | 2 2 @2 i"},
    {"enum65536", "2 2 @2 i | 2 2 @2 i"},
    {"enum65537", "4 4 @4 i | 4 4 @4 i"},
    {"record(u8)", "1 1 @0 i | 1 1 @0 i"},
    {"record(u8 u64 u8)", "8 24 @0 @8 @16 iIi | 8 24 @0 @8 @16 iIi"},
    {"record(u8 string u16)", "4 16 @0 @4 @12 iiii | 8 32 @0 @8 @24 iIIi"},
    {"tuple(u8 u16 u32 u64)", "8 16 @0 @2 @4 @8 iiiI | 8 16 @0 @2 @4 @8 iiiI"},
    {"tuple(u64 f32 u8)", "8 16 @0 @8 @12 Ifi | 8 16 @0 @8 @12 Ifi"},
    {"tuple(u8 tuple(u8 u32) u8)", "4 16 @0 @4 @12 iiii | 4 16 @0 @4 @12 iiii"},
    {"option(u8)", "1 2 @1 ii | 1 2 @1 ii"},
    {"option(string)", "4 12 @4 iii | 8 24 @8 iII"},
    {"option(option(u64))", "8 24 @8 iiI | 8 24 @8 iiI"},
    {"result(_ _)", "1 1 @1 i | 1 1 @1 i"},
    {"result(u64 string)", "8 16 @8 iIi | 8 24 @8 iII"},
    {"result(_ f32)", "4 8 @4 if | 4 8 @4 if"},
    {"variant(_)", "1 1 @1 i | 1 1 @1 i"},
    {"variant(f32 u32)", "4 8 @4 ii | 4 8 @4 ii"},
    {"variant(f32 f64)", "8 16 @8 iI | 8 16 @8 iI"},
    {"variant(u32 f64)", "8 16 @8 iI | 8 16 @8 iI"},
    {"variant(u64 f64)", "8 16 @8 iI | 8 16 @8 iI"},
    {"variant(string u64)", "8 16 @8 iIi | 8 24 @8 iII"},
    {"variant(string f32)", "4 12 @4 iii | 8 24 @8 iII"},
    {"variant(string f64)", "8 16 @8 iIi | 8 24 @8 iII"},
    {"variant(f32 string _ tuple(u64 u8))", "8 24 @8 iIi | 8 24 @8 iII"},
    {"variant(tuple(f32 f32) tuple(u32 u64) list(u8))", "8 24 @8 iiI | 8 24 @8 iII"},
    {"fixed1(u8)", "1 1 i | 1 1 i"},
    {"fixed3(u16)", "2 6 iii | 2 6 iii"},
    {"fixed4(tuple(u8 string))", "4 48 iiiiiiiiiiii | 8 96 iIIiIIiIIiII"},
    {"fixed16(u8)", "1 16 iiiiiiiiiiiiiiii | 1 16 iiiiiiiiiiiiiiii"},
    {"fixed17(u8)", "1 17 *17 | 1 17 *17"},
    {"fixed1048576(u64)", "8 8388608 *1048576 | 8 8388608 *1048576"},
    {"fixed268435455(u8)", "1 268435455 *1048576 | 1 268435455 *1048576"},
    {"tuple(u64 fixed7(string) u8)", "8 72 @0 @8 @64 Iiiiiiiiiiiiiiii | 8 128 @0 @8 @120 IIIIIIIIIIIIIIIi"},
    {"tuple(u64 fixed7(string) u8 u8)", "8 72 @0 @8 @64 @65 *17 | 8 128 @0 @8 @120 @121 *17"},
    {"record(flags3 enum2 option(char) own0 list(string))",
     "4 24 @0 @1 @4 @12 @16 iiiiiii | 8 32 @0 @1 @4 @12 @16 iiiiiII"},
    {"list(fixed3(variant(_ u64)))", "4 8 ii | 8 16 II"},
    {"func() _", "> | > | > | >"},
    {"func() u8", ">i | >i | >i | >i"},
    {"func() string", ">i | i> | >I | I>"},
    {"func() tuple(f64)", ">F | >F | >F | >F"},
    {"func() tuple(u8 u8)", ">i | i> | >I | I>"},
    {"func(f32 u64) option(u8)", "fI>i | fIi> | fI>I | fII>"},
    {"func(string list(u8)) result(_ _)", "iiii>i | iiii>i | IIII>i | IIII>i"},
    {"func(string string string string string string string string) string",
     "iiiiiiiiiiiiiiii>i | iiiiiiiiiiiiiiiii> | IIIIIIIIIIIIIIII>I | IIIIIIIIIIIIIIIII>"},
    {"func(string string string string string string string string u8) string", "i>i | ii> | I>I | II>"},
    {"func(string string string string string string string string u8) f64", "i>F | i>F | I>F | I>F"},
    {"func(variant(string u64) own0 borrow1) own2", "iIiii>i | iIiii>i | iIIii>i | iIIii>i"},
    {"func(fixed16(f32)) u64", "ffffffffffffffff>I | ffffffffffffffff>I | ffffffffffffffff>I | ffffffffffffffff>I"},
    {"func(fixed17(f32)) u64", "i>I | i>I | I>I | I>I"},
};

/* The notation, read. */
struct notation {
  struct context *context;
  struct types *types;
  const char *at;
};

static const struct type *read_type(struct notation *n);

typedef VEC(struct type_field) field_vec;

/* A parenthesised list of types, or nothing. */
static field_vec read_parts(struct notation *n) {
  field_vec parts = {0};
  if (*n->at != '(')
    return parts;
  n->at++;
  while (*n->at != ')') {
    const struct type *type = read_type(n);
    VEC_PUSH(n->context, &parts)->type = type;
    if (*n->at == ' ')
      n->at++;
  }
  n->at++;
  return parts;
}

static enum type_kind kind_named(const char *name, size_t size) {
  for (enum type_kind kind = TYPE_BOOL; kind <= TYPE_FUTURE; kind++)
    if (strlen(type_kind_name(kind)) == size && !memcmp(type_kind_name(kind), name, size))
      return kind;
  if (size == 5 && !memcmp(name, "fixed", 5))
    return TYPE_FIXED_LIST;
  fprintf(stderr, "test_types.c: no type %.*s\n", (int)size, name);
  exit(2);
}

static bool is_primitive_name(const char *name, size_t size) {
  for (enum type_kind kind = TYPE_BOOL; kind <= TYPE_ERROR_CONTEXT; kind++)
    if (strlen(type_kind_name(kind)) == size && !memcmp(type_kind_name(kind), name, size))
      return true;
  return false;
}

static void label_parts(struct notation *n, field_vec *parts, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    struct type_field *part = i < parts->count ? &parts->items[i] : VEC_PUSH(n->context, parts);
    part->label = format_bytes(n->context, "l%u", i);
  }
}

static const struct type *read_type(struct notation *n) {
  const char *name = n->at;
  n->at += strcspn(n->at, "(), ");
  size_t size = (size_t)(n->at - name);
  uint32_t number = 0;
  if (!is_primitive_name(name, size)) {
    while (size && name[size - 1] >= '0' && name[size - 1] <= '9')
      size--;
    number = (uint32_t)strtoul(name + size, NULL, 10);
  }
  if (size == 1 && *name == '_')
    return NULL;
  struct type form = {.kind = kind_named(name, size)};
  field_vec parts = read_parts(n);
  if (form.kind == TYPE_ENUM || form.kind == TYPE_FLAGS)
    label_parts(n, &parts, number);
  else if (form.kind == TYPE_RECORD || form.kind == TYPE_VARIANT)
    label_parts(n, &parts, parts.count);
  form.fields = parts.items;
  form.field_count = parts.count;
  form.element = parts.count ? parts.items[0].type : NULL;
  form.length = form.resource = number;
  return intern_type(n->context, n->types, &form);
}

/* What was found, written. */
static void write_flat(char **out, const uint8_t *flat, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    *(*out)++ = flat[i] == CORE_I32 ? 'i' : flat[i] == CORE_I64 ? 'I' : flat[i] == CORE_F32 ? 'f' : 'F';
  **out = '\0';
}

static void write_layout(char **out, const struct type *t, enum pointer_size p) {
  *out += sprintf(*out, "%u %llu", t->layout[p].alignment, (unsigned long long)t->layout[p].size);
  for (uint32_t i = 0; is_record_like(t) && i < t->field_count; i++)
    *out += sprintf(*out, " @%llu", (unsigned long long)field_offset(t, i, p));
  if (is_variant_like(t))
    *out += sprintf(*out, " @%llu", (unsigned long long)payload_offset(t, p));
  *out += sprintf(*out, " ");
  if (t->flat_count > MAX_FLAT_PARAMS) {
    *out += sprintf(*out, "*%u", t->flat_count);
    return;
  }
  uint8_t flat[MAX_FLAT_PARAMS];
  write_flat(out, flat, flatten_type(t, p, flat));
}

static void write_flat_functype(char **out, const struct functype *f, enum flat_direction d, enum pointer_size p) {
  const struct flat_functype flat = flatten_functype(f, d, p);
  write_flat(out, flat.params, flat.param_count);
  *out += sprintf(*out, ">");
  write_flat(out, flat.results, flat.result_count);
}

/* The layout of `type` as text, in `out`, which has room for 4096 characters. */
static void describe(struct context *context, struct types *types, const char *type, char *out) {
  struct notation n = {context, types, type};
  if (!strncmp(type, "func(", 5)) {
    n.at += 4;
    field_vec params = read_parts(&n);
    n.at++;
    const struct functype f = {.params = params.items, .param_count = params.count, .result = read_type(&n)};
    for (enum pointer_size p = POINTER_32; p < POINTER_SIZE_COUNT; p++) {
      write_flat_functype(&out, &f, FLAT_LIFT, p);
      out += sprintf(out, " | ");
      write_flat_functype(&out, &f, FLAT_LOWER, p);
      out += sprintf(out, "%s", p == POINTER_32 ? " | " : "");
    }
    return;
  }
  const struct type *t = read_type(&n);
  write_layout(&out, t, POINTER_32);
  out += sprintf(out, " | ");
  write_layout(&out, t, POINTER_64);
}

static const struct type *type_of(struct context *context, struct types *types, const char *text) {
  struct notation n = {context, types, text};
  return read_type(&n);
}

static void test_table(struct context *context, void *types) {
  char found[4096];
  for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
    const struct expectation *e = &expectations[i];
    describe(context, types, e->type, found);
    if (!strcmp(found, e->layout))
      continue;
    fprintf(stderr, "test_types.c: %s\n  expected %s\n  found    %s\n", e->type, e->layout, found);
    failures++;
  }
}

/* Equal forms are one type, and unequal ones are not. */
static void test_interning(struct context *context, void *argument) {
  struct types *types = argument;
  static const char *const distinct[] = {"u8",         "string",       "record(u8 u8)", "tuple(u8 u8)",
                                         "tuple(u8)",  "record(u8)",   "variant(u8 _)", "variant(_ u8)",
                                         "option(u8)", "result(u8 _)", "result(_ u8)",  "result(_ _)",
                                         "enum2",      "enum3",        "flags2",        "list(u8)",
                                         "fixed2(u8)", "fixed3(u8)",   "map(u8 u8)",    "list(tuple(u8 u8))",
                                         "own1",       "own2",         "borrow1",       "stream(_)",
                                         "stream(u8)", "future(u8)"};
  const size_t count = sizeof distinct / sizeof *distinct;
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < count; k++)
      CHECK((type_of(context, types, distinct[i]) == type_of(context, types, distinct[k])) == (i == k));
  CHECK(primitive_type(context, types, TYPE_U8) == type_of(context, types, "u8"));

  char label[] = "a";
  struct type_field fields[] = {{.label = bytes_of(label), .type = primitive_type(context, types, TYPE_U8)}};
  const struct type form = {.kind = TYPE_RECORD, .field_count = 1, .fields = fields};
  const struct type *a = intern_type(context, types, &form);
  label[0] = 'b';
  const struct type *b = intern_type(context, types, &form);
  CHECK(a != b);
  CHECK(bytes_equal(a->fields[0].label, bytes_of("a")));
  for (uint32_t i = 0; i < types->all.count; i++)
    CHECK(types->all.items[i]->id == i);
}

static void test_despecialization(struct context *context, void *types) {
  const struct type *option = type_of(context, types, "option(u8)");
  CHECK(option->field_count == 2 && !option->fields[0].type && option->fields[1].type == option->element);
  CHECK(bytes_equal(option->fields[0].label, bytes_of("none")));
  const struct type *result = type_of(context, types, "result(_ u8)");
  CHECK(result->field_count == 2 && !result->fields[0].type && result->fields[1].type == option->element);
  CHECK(bytes_equal(result->fields[1].label, bytes_of("error")));
  const struct type *map = type_of(context, types, "map(string u8)");
  CHECK(map->element == type_of(context, types, "tuple(string u8)"));
  CHECK(map->field_count == 2 && map->fields[1].type == option->element);
}

/* What is in a type: p pointers, h handles, o own, b borrow, a async. */
static void test_contents(struct context *context, void *types) {
  static const struct expectation contents[] = {
      {"tuple(u8 f64)", ""},      {"record(u8 string)", "p"}, {"list(own0)", "pho"},
      {"option(borrow0)", "hb"},  {"result(_ own0)", "ho"},   {"map(string own0)", "pho"},
      {"fixed2(u8)", ""},         {"fixed2(string)", "p"},    {"variant(_ tuple(own0 borrow0))", "hob"},
      {"stream(string)", "ha"},   {"future(own0)", "hoa"},    {"record(error-context)", "ha"},
      {"list(future(_))", "pha"},
  };
  for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
    const struct type *t = type_of(context, types, contents[i].type);
    char found[6];
    sprintf(found, "%s%s%s%s%s", t->has_pointers ? "p" : "", t->has_handles ? "h" : "", t->has_own ? "o" : "",
            t->has_borrow ? "b" : "", t->is_async ? "a" : "");
    if (strcmp(found, contents[i].layout)) {
      fprintf(stderr, "test_types.c: %s contains %s, not %s\n", contents[i].type, found, contents[i].layout);
      failures++;
    }
  }
}

/* Sizes and counts stop at their limits; nothing wraps. */
static void test_saturation(struct context *context, void *types) {
  const struct type *t = type_of(context, types, "fixed4294967295(fixed4294967295(u64))");
  CHECK(t->layout[POINTER_32].size == 1ull << 40 && t->flat_count == 1u << 20);
  t = type_of(context, types, "tuple(fixed4294967295(fixed4294967295(u64)) fixed4294967295(fixed4294967295(u8)) u64)");
  CHECK(t->layout[POINTER_64].size == 1ull << 40 && t->layout[POINTER_64].alignment == 8 && t->flat_count == 1u << 20);
  t = type_of(context, types, "option(fixed4294967295(fixed4294967295(u64)))");
  CHECK(t->layout[POINTER_64].size == 1ull << 40 && t->flat_count == 1u << 20);
}

/* option(option(... u8)), `count` times. */
static const struct type *nest(struct context *context, struct types *types, uint32_t count) {
  const struct type *t = primitive_type(context, types, TYPE_U8);
  for (uint32_t i = 0; i < count; i++)
    t = intern_type(context, types, &(struct type){.kind = TYPE_OPTION, .element = t});
  return t;
}

static void test_depth(struct context *context, void *types) {
  CHECK(nest(context, types, TYPE_DEPTH_LIMIT)->depth == TYPE_DEPTH_LIMIT);
}

static void nest_too_deeply(struct context *context, void *types) { nest(context, types, TYPE_DEPTH_LIMIT + 1); }

static void test_params_tuple(struct context *context, void *types) {
  struct type_field params[] = {{.label = bytes_of("a"), .type = primitive_type(context, types, TYPE_U8)},
                                {.label = bytes_of("b"), .type = primitive_type(context, types, TYPE_STRING)}};
  const struct functype f = {.params = params, .param_count = 2};
  CHECK(params_tuple(context, types, &f) == type_of(context, types, "tuple(u8 string)"));
}

int main(void) {
  static void (*const tests[])(struct context *, void *) = {
      test_table, test_interning, test_despecialization, test_contents, test_saturation, test_depth, test_params_tuple};
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
    struct context context = {0};
    struct types types = {0};
    CHECK(run_guarded(&context, tests[i], &types));
    context_free(&context);
  }
  struct context context = {0};
  struct types types = {0};
  CHECK(!run_guarded(&context, nest_too_deeply, &types));
  CHECK(context.failure == FAILURE_INPUT);
  context_free(&context);
  return failures ? 1 : 0;
}
