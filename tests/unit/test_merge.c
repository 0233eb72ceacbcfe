/* test_merge.c -- merge_plan on plans built by hand: linking of instances, order of start functions and segments, what
 * is pruned, types of several modules, and what is refused. No wasm tools are needed: modules are built here, and the
 * output is read again.
 */
#include "base/hash.h"
#include "check.h"
#include "fuse/plan.h"
#include "wasm/rewrite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(...) ((struct bytes){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})
#define CODE(...) copy(c, BYTES(0x00, __VA_ARGS__, 0x0b))
#define CONSTANT(...) copy(c, BYTES(__VA_ARGS__, 0x0b))
#define I32 ((struct core_valtype){.code = CORE_I32})
#define I64 ((struct core_valtype){.code = CORE_I64})
#define FUNCREF ((struct core_valtype){.code = CORE_REF_NULL, .heap = HEAP_FUNC})

/* Literal bytes end with their block; the modules live as long as the run. */
static struct bytes copy(struct context *c, struct bytes bytes) {
  uint8_t *data = ALLOCATE(c, uint8_t, bytes.size);
  memcpy(data, bytes.at, bytes.size);
  return (struct bytes){data, bytes.size};
}

/* Builders of modules. */

static struct module *new_module(struct context *c) {
  struct module *m = ALLOCATE(c, struct module, 1);
  m->start = NO_INDEX;
  return m;
}

static uint32_t nullary(struct context *c, struct module *m) { return add_functype(c, m, NULL, 0, NULL, 0); }

static uint32_t taking(struct context *c, struct module *m, struct core_valtype type) {
  return add_functype(c, m, &type, 1, NULL, 0);
}

static uint32_t import_func(struct context *c, struct module *m, const char *name, uint32_t type) {
  struct core_extern extern_ = {.kind = CORE_FUNC, .type = type};
  return add_import(c, m, (struct core_import){bytes_of("x"), bytes_of(name), extern_});
}

static uint32_t import_memory(struct context *c, struct module *m, uint64_t minimum) {
  struct core_extern extern_ = {.kind = CORE_MEMORY, .memory = {.minimum = minimum}};
  return add_import(c, m, (struct core_import){bytes_of("x"), bytes_of("memory"), extern_});
}

static void add_memory(struct context *c, struct module *m, uint64_t minimum, bool is_64) {
  VEC_ADD(c, &m->memories, ((struct core_limits){.minimum = minimum, .is_64 = is_64}));
}

static void add_table(struct context *c, struct module *m, uint64_t minimum) {
  VEC_ADD(c, &m->tables, ((struct core_table){.type = {.element = FUNCREF, .limits = {.minimum = minimum}}}));
}

static void add_data(struct context *c, struct module *m, uint32_t memory, struct bytes offset, const char *content) {
  VEC_ADD(c, &m->datas,
          ((struct core_data){.mode = offset.size ? SEGMENT_ACTIVE : SEGMENT_PASSIVE,
                              .memory = memory,
                              .offset = offset,
                              .content = bytes_of(content)}));
}

static void add_element(struct context *c, struct module *m, enum segment_mode mode, uint32_t table,
                        struct bytes offset, uint32_t function) {
  uint32_t *functions = ALLOCATE(c, uint32_t, 1);
  *functions = function;
  VEC_ADD(c, &m->elements,
          ((struct core_element){
              .mode = mode, .table = table, .offset = offset, .type = FUNCREF, .count = 1, .functions = functions}));
}

static void add_global(struct context *c, struct module *m, struct core_valtype type, struct bytes init) {
  VEC_ADD(c, &m->globals, ((struct core_global){.type = {.type = type}, .init = init}));
}

/* Builders of plans. */

static struct plan *new_plan(struct context *c) {
  struct plan *plan = ALLOCATE(c, struct plan, 1);
  plan->boundary_types = new_module(c);
  plan->root = ALLOCATE(c, struct component, 1);
  VEC_ADD(c, &plan->instances,
          ((struct component_instance){.parent = NO_INDEX, .component = plan->root, .path = bytes_of("root/$it")}));
  return plan;
}

static uint32_t add_instance(struct context *c, struct plan *plan, const struct module *m, bool is_generated) {
  VEC_ADD(c, &plan->core_instances,
          ((struct core_instance){.module = m,
                                  .imports = ALLOCATE(c, struct core_item, m->imports.count),
                                  .component_instance = is_generated ? NO_INDEX : 0,
                                  .name = format_bytes(c, "i%u", plan->core_instances.count)}));
  return plan->core_instances.count - 1;
}

static struct core_item defined(enum core_kind kind, uint32_t owner, uint32_t index) {
  return (struct core_item){ITEM_DEFINED, kind, owner, index};
}

static struct core_item boundary_func(struct context *c, struct plan *plan, const char *name, uint32_t type) {
  VEC_ADD(c, &plan->boundary_imports,
          ((struct boundary_import){.kind = BOUNDARY_CALL,
                                    .module = bytes_of("host"),
                                    .name = bytes_of(name),
                                    .type = {.kind = CORE_FUNC, .type = type},
                                    .trampoline = NO_INDEX}));
  return (struct core_item){ITEM_BOUNDARY, CORE_FUNC, NO_INDEX, plan->boundary_imports.count - 1};
}

static void add_root(struct context *c, struct plan *plan, const char *name, struct core_item item) {
  VEC_ADD(c, &plan->core_exports, ((struct core_export_item){bytes_of(name), item}));
}

/* The merged module, written and read again. */
static struct module *merge_with(struct context *c, const struct plan *plan, struct fuse_options options) {
  struct bytes bytes = write_module(c, merge_plan(c, plan, &options));
  return read_module(c, bytes, bytes.at);
}

static struct module *merge(struct context *c, const struct plan *plan) {
  return merge_with(c, plan, (struct fuse_options){.keep_names = false});
}

static struct bytes exported_body(const struct module *m, const char *name) {
  const struct core_export *export = find_export(m, bytes_of(name));
  CHECK(export && export->kind == CORE_FUNC && !is_imported(m, CORE_FUNC, export->index));
  return m->functions.items[export->index - m->imported[CORE_FUNC]].body;
}

/* Tests. */

/* Two instances of one module have items of their own; a third one calls both, and the host. */
static void test_instances(struct context *c) {
  struct module *counter = new_module(c), *user = new_module(c);
  VEC_ADD(c, &counter->globals, ((struct core_global){{I32, true, false}, CONSTANT(0x41, 0)}));
  uint32_t type = nullary(c, counter);
  add_function(c, counter, type, CODE(0x00)); /* reached by nothing */
  uint32_t count = add_function(c, counter, type, CODE(0x23, 0, 0x24, 0));
  type = nullary(c, user);
  import_func(c, user, "a", type);
  import_func(c, user, "b", type);
  import_func(c, user, "log", taking(c, user, I64));
  import_func(c, user, "unused", type);
  uint32_t go = add_function(c, user, type, CODE(0x10, 0, 0x10, 1, 0x42, 7, 0x10, 2));

  struct plan *plan = new_plan(c);
  uint32_t a = add_instance(c, plan, counter, false), b = add_instance(c, plan, counter, false);
  uint32_t u = add_instance(c, plan, user, false);
  struct core_item *imports = plan->core_instances.items[u].imports;
  imports[0] = defined(CORE_FUNC, a, count);
  imports[1] = defined(CORE_FUNC, b, count);
  imports[3] = boundary_func(c, plan, "unused", nullary(c, plan->boundary_types));
  imports[2] = boundary_func(c, plan, "log", taking(c, plan->boundary_types, I64));
  add_root(c, plan, "go", defined(CORE_FUNC, u, go));

  const struct module *out = merge(c, plan);
  CHECK(out->imports.count == 1 && bytes_equal(out->imports.items[0].name, bytes_of("log")));
  CHECK(out->functions.count == 3 && out->globals.count == 2 && out->types.count == 2);
  CHECK(out->start == NO_INDEX && out->elements.count == 0);
  CHECK(bytes_equal(out->functions.items[0].body, BYTES(0x00, 0x23, 0, 0x24, 0, 0x0b)));
  CHECK(bytes_equal(out->functions.items[1].body, BYTES(0x00, 0x23, 1, 0x24, 1, 0x0b)));
  CHECK(bytes_equal(exported_body(out, "go"), BYTES(0x00, 0x10, 1, 0x10, 2, 0x42, 7, 0x10, 0, 0x0b)));
}

/* A module that owns a memory, with a start function if asked. */
static struct module *memory_owner(struct context *c, bool has_start) {
  struct module *m = new_module(c);
  add_memory(c, m, 1, false);
  add_data(c, m, 0, CONSTANT(0x41, 8), "a");
  uint32_t start = add_function(c, m, nullary(c, m), CODE(0x41, 8, 0x28, 2, 0, 0x1a));
  if (has_start)
    m->start = start;
  return m;
}

/* One that writes to the memory of another and to its own. */
static struct module *memory_user(struct context *c, bool has_start) {
  struct module *m = new_module(c);
  import_memory(c, m, 1);
  add_memory(c, m, 1, false);
  add_data(c, m, 1, CONSTANT(0x41, 0), "own");
  add_data(c, m, 0, CONSTANT(0x41, 8), "bcd");
  uint32_t start = add_function(c, m, nullary(c, m), CODE(0x41, 0, 0x28, 0x42, 1, 0, 0x1a));
  if (has_start)
    m->start = start;
  return m;
}

static const struct module *merge_memories(struct context *c, bool owner_starts, bool user_starts) {
  struct plan *plan = new_plan(c);
  uint32_t a = add_instance(c, plan, memory_owner(c, owner_starts), false);
  uint32_t b = add_instance(c, plan, memory_user(c, user_starts), false);
  plan->core_instances.items[b].imports[0] = defined(CORE_MEMORY, a, 0);
  add_root(c, plan, "memory", defined(CORE_MEMORY, a, 0));
  add_root(c, plan, "own", defined(CORE_MEMORY, b, 1));
  return merge(c, plan);
}

/* A segment over another's memory waits for that other's start function; one over its own does not. */
static void test_start(struct context *c) {
  const struct module *out = merge_memories(c, true, true);
  CHECK(out->datas.count == 3 && out->has_data_count && out->functions.count == 3 && out->start == 2);
  CHECK(out->datas.items[0].mode == SEGMENT_ACTIVE && out->datas.items[1].mode == SEGMENT_ACTIVE);
  CHECK(out->datas.items[1].memory == 1 && out->datas.items[2].mode == SEGMENT_PASSIVE);
  CHECK(bytes_equal(out->functions.items[2].body,
                    BYTES(0x00, 0x10, 0, 0x41, 8, 0x41, 0, 0x41, 3, 0xfc, 8, 2, 0, 0xfc, 9, 2, 0x10, 1, 0x0b)));
  /* Nobody can tell: no start function before, or none at all. */
  out = merge_memories(c, false, true);
  CHECK(out->start == 0 && out->functions.count == 1 && !out->has_data_count);
  for (uint32_t i = 0; i < out->datas.count; i++)
    CHECK(out->datas.items[i].mode == SEGMENT_ACTIVE);
  out = merge_memories(c, false, false);
  CHECK(out->start == NO_INDEX && out->functions.count == 0 && out->datas.count == 3);
}

/* What nothing reaches goes, but for segments that could trap. */
static void test_bounds(struct context *c) {
  struct module *m = new_module(c);
  add_memory(c, m, 1, false);
  add_memory(c, m, 1, true);
  add_memory(c, m, 1, false);
  add_data(c, m, 0, CONSTANT(0x41, 0xff, 0xff, 0x03), "y"); /* the last byte */
  add_data(c, m, 1, CONSTANT(0x42, 0x80, 0x80, 0x04), "");  /* nothing, at the end */
  add_data(c, m, 2, CONSTANT(0x41, 0x80, 0x80, 0x04), "x"); /* beyond */
  add_data(c, m, 0, (struct bytes){0}, "passive");
  add_table(c, m, 1);
  add_table(c, m, 1);
  uint32_t f = add_function(c, m, nullary(c, m), CODE(0x01));
  add_element(c, m, SEGMENT_ACTIVE, 0, CONSTANT(0x41, 0), f);
  add_element(c, m, SEGMENT_ACTIVE, 1, CONSTANT(0x41, 0x7f), f); /* beyond: an offset is unsigned */
  add_element(c, m, SEGMENT_DECLARED, 0, (struct bytes){0}, f);
  struct plan *plan = new_plan(c);
  add_instance(c, plan, m, false);
  const struct module *out = merge(c, plan);
  CHECK(out->memories.count == 1 && out->datas.count == 1 && bytes_equal(out->datas.items[0].content, bytes_of("x")));
  CHECK(out->tables.count == 1 && out->elements.count == 1 && out->functions.count == 1);
}

/* Passive segments that code uses stay; an active one that code names has been dropped; ref.func needs a declaration
 * only of what is not exported. */
static void test_segments(struct context *c) {
  struct module *m = new_module(c);
  add_memory(c, m, 1, false);
  add_table(c, m, 4);
  add_table(c, m, 1);
  uint32_t type = nullary(c, m);
  uint32_t declared = add_function(c, m, type, CODE(0x01)), called = add_function(c, m, type, CODE(0x01, 0x01));
  uint32_t named = add_function(c, m, type, CODE(0x01, 0x01, 0x01)), dead = add_function(c, m, type, CODE(0x00));
  add_data(c, m, 0, (struct bytes){0}, "unused");
  add_data(c, m, 0, (struct bytes){0}, "used");
  add_element(c, m, SEGMENT_PASSIVE, 0, (struct bytes){0}, called);
  add_element(c, m, SEGMENT_ACTIVE, 1, CONSTANT(0x41, 0), dead);
  add_element(c, m, SEGMENT_DECLARED, 0, (struct bytes){0}, declared);
  add_element(c, m, SEGMENT_DECLARED, 0, (struct bytes){0}, named);
  m->has_data_count = true;
  uint32_t go = add_function(c, m, type,
                             CODE(0xd2, 0, 0x1a, 0xd2, 2, 0x1a, 0x10, 0, 0x10, 1, 0xfc, 9, 1, 0xfc, 13, 0, 0xfc, 13, 1,
                                  0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 12, 1, 0));
  struct plan *plan = new_plan(c);
  add_instance(c, plan, m, false);
  add_root(c, plan, "go", defined(CORE_FUNC, 0, go));
  add_root(c, plan, "named", defined(CORE_FUNC, 0, named));
  const struct module *out = merge(c, plan);
  CHECK(out->functions.count == 4 && out->tables.count == 1 && out->memories.count == 0);
  CHECK(out->has_data_count && out->datas.count == 1 && bytes_equal(out->datas.items[0].content, bytes_of("used")));
  CHECK(out->elements.count == 3);
  CHECK(out->elements.items[0].mode == SEGMENT_PASSIVE && out->elements.items[0].functions[0] == called);
  CHECK(out->elements.items[1].mode == SEGMENT_DECLARED && out->elements.items[1].count == 0);
  CHECK(out->elements.items[2].mode == SEGMENT_DECLARED && out->elements.items[2].count == 1);
  CHECK(out->elements.items[2].functions[0] == declared);
}

/* (rec (type (struct (ref null 1) distinct)) (type (array (ref null 0)))), where 0 is its first type. */
static uint32_t add_group(struct context *c, struct module *m, struct core_valtype distinct) {
  uint32_t base = m->types.count;
  struct core_field *fields = ALLOCATE(c, struct core_field, 3);
  fields[0].type = (struct core_valtype){.code = CORE_REF_NULL, .heap = base + 1};
  fields[1].type = distinct;
  fields[2].type = (struct core_valtype){.code = CORE_REF_NULL, .heap = base};
  struct core_type group = {.is_final = true, .is_group = true, .group = base, .group_size = 2};
  group.composite = COMPOSITE_STRUCT;
  group.fields = fields;
  group.field_count = 2;
  VEC_ADD(c, &m->types, group);
  group.composite = COMPOSITE_ARRAY;
  group.fields = fields + 2;
  group.field_count = 1;
  VEC_ADD(c, &m->types, group);
  return base;
}

/* Equal groups of two modules are one, at whatever index; unequal ones are two; unused ones go. */
static void test_types(struct context *c) {
  struct plan *plan = new_plan(c);
  for (uint32_t i = 0; i < 3; i++) {
    struct module *m = new_module(c);
    for (uint32_t n = 0; n < i; n++)
      taking(c, m, n ? I32 : I64); /* unused */
    uint32_t base = add_group(c, m, i < 2 ? I32 : I64);
    uint32_t type = taking(c, m, (struct core_valtype){.code = CORE_REF, .heap = base + 1});
    add_function(c, m, type, CODE(0xd0, (uint8_t)base, 0x1a));
    add_instance(c, plan, m, false);
  }
  static const char *const names[] = {"0", "1", "2"};
  for (uint32_t i = 0; i < 3; i++)
    add_root(c, plan, names[i], defined(CORE_FUNC, i, 0));
  const struct module *out = merge(c, plan);
  CHECK(out->types.count == 6 && out->functions.count == 2);
  CHECK(find_export(out, bytes_of("0"))->index == find_export(out, bytes_of("1"))->index);
  CHECK(out->functions.items[0].type != out->functions.items[1].type);
  CHECK(out->types.items[3].group == 3 && out->types.items[3].fields[0].type.heap == 4);
}

/* Of two instances of a module, what touches nothing of its own is one: also what calls itself, each other, or what is
 * one in turn; not what touches a global of its own, nor who calls that. */
static void test_folding(struct context *c) {
  struct module *m = new_module(c);
  add_global(c, m, I32, CONSTANT(0x41, 0));
  m->globals.items[0].type.is_mutable = true;
  uint32_t type = nullary(c, m);
  add_function(c, m, type, CODE(0x41, 5, 0x1a));    /* 0: pure */
  add_function(c, m, type, CODE(0x10, 0, 0x10, 2)); /* 1: calls 0 and 2, which calls it */
  add_function(c, m, type, CODE(0x10, 1));          /* 2 */
  add_function(c, m, type, CODE(0x23, 0, 0x1a));    /* 3: touches */
  add_function(c, m, type, CODE(0x10, 3, 0x10, 0)); /* 4: calls that */
  add_function(c, m, type, CODE(0x10, 0, 0x10, 3)); /* 5: the same in another order */
  add_function(c, m, type, CODE(0x10, 4, 0x10, 5)); /* 6 */
  struct plan *plan = new_plan(c);
  for (uint32_t i = 0; i < 2; i++) {
    add_instance(c, plan, m, false);
    for (uint32_t f = 0; f < 7; f++)
      add_root(c, plan, (const char *)format_bytes(c, "%u-%u", i, f).at, defined(CORE_FUNC, i, f));
  }
  const struct module *out = merge(c, plan);
  CHECK(out->functions.count == 3 + 2 * 4 && out->exports.count == 14);
  for (uint32_t f = 0; f < 7; f++)
    CHECK((out->exports.items[f].index == out->exports.items[7 + f].index) == (f < 3));
  CHECK(out->exports.items[4].index != out->exports.items[5].index);
  /* 0, 1, 2, the first 3 to 6, the second 3 to 6 */
  CHECK(bytes_equal(exported_body(out, "1-6"), BYTES(0x00, 0x10, 8, 0x10, 9, 0x0b)));
}

/* nop ... v128.const `first` `second`, drop; the two stand where words of the hash begin. */
static struct bytes vector_body(struct context *c, uint64_t first, uint64_t second) {
  struct bytes body =
      CODE(0x01, 0x01, 0x01, 0x01, 0x01, 0xfd, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1a);
  uint8_t *bytes = ALLOCATE(c, uint8_t, body.size);
  memcpy(bytes, body.at, body.size);
  memcpy(bytes + 8, &first, sizeof first);
  memcpy(bytes + 16, &second, sizeof second);
  return (struct bytes){bytes, body.size};
}

/* Bodies that are not equal but have the same hash stay two functions; then nothing at all is folded. */
static void test_hashes_that_mislead(struct context *c) {
  for (int is_misleading = 0; is_misleading < 2; is_misleading++) {
    struct module *m = new_module(c);
    const uint32_t type = nullary(c, m);
    const struct bytes body = vector_body(c, 1, 2);
    const uint64_t before = mix(type, *(const uint64_t *)body.at);
    const uint64_t other = is_misleading ? 2 ^ mix(before, 1) ^ mix(before, 3) : 2;
    const struct bytes others = vector_body(c, 3, other);
    CHECK(!is_misleading == (hash_bytes(type, body) != hash_bytes(type, others)));
    add_function(c, m, type, body);
    add_function(c, m, type, others);
    add_function(c, m, type, CODE(0x01));
    add_function(c, m, type, CODE(0x01));
    struct plan *plan = new_plan(c);
    add_instance(c, plan, m, false);
    static const char *const names[] = {"0", "1", "2", "3"};
    for (uint32_t f = 0; f < 4; f++)
      add_root(c, plan, names[f], defined(CORE_FUNC, 0, f));
    const struct module *out = merge(c, plan);
    CHECK(out->functions.count == (is_misleading ? 4 : 3));
    CHECK(bytes_equal(exported_body(out, "0"), body) && bytes_equal(exported_body(out, "1"), others));
    CHECK(bytes_equal(exported_body(out, "3"), CODE(0x01)));
  }
}

/* The name of what was folded is that of the first; who is alone keeps its own. That of a data segment that has been
 * taken out is no reason to drop the others. */
static void test_names_of_what_is_folded(struct context *c) {
  struct plan *plan = new_plan(c);
  for (uint32_t i = 0; i < 2; i++) {
    struct module *m = new_module(c);
    const uint32_t type = nullary(c, m);
    add_function(c, m, type, CODE(0x41, 5, 0x1a));
    add_function(c, m, type, CODE(0x41, (uint8_t)i, 0x1a));
    const struct bytes names = i ? BYTES(1, 7, 2, 0, 1, 'c', 1, 1, 'd', 9, 4, 1, 0, 1, 'x')
                                 : BYTES(1, 7, 2, 0, 1, 'a', 1, 1, 'b', 9, 4, 1, 0, 1, 'x');
    VEC_ADD(c, &m->customs, ((struct core_custom){bytes_of("name"), copy(c, names), 11}));
    add_instance(c, plan, m, false);
    for (uint32_t f = 0; f < 2; f++)
      add_root(c, plan, (const char *)format_bytes(c, "%u-%u", i, f).at, defined(CORE_FUNC, i, f));
  }
  const struct module *out = merge_with(c, plan, (struct fuse_options){.keep_names = true});
  CHECK(out->functions.count == 3);
  CHECK(bytes_equal(out->customs.items[0].name, bytes_of("name")));
  CHECK(bytes_equal(out->customs.items[0].content, BYTES(1, 10, 3, 0, 1, 'a', 1, 1, 'b', 2, 1, 'd')));
}

/* Functions that say why they trap are each other only if they say the same, and never a function of the program. */
static void test_traps_stay(struct context *c) {
  const struct bytes names[] = {{0},
                                BYTES(1, 10, 1, 0, 7, 't', 'r', 'a', 'p', ':', ' ', 'a'),
                                BYTES(1, 10, 1, 0, 7, 't', 'r', 'a', 'p', ':', ' ', 'b'),
                                BYTES(1, 10, 1, 0, 7, 't', 'r', 'a', 'p', ':', ' ', 'a')};
  struct plan *plan = new_plan(c);
  for (uint32_t i = 0; i < 5; i++) { /* the last one is the program's, whatever it is called */
    struct module *m = new_module(c);
    add_function(c, m, nullary(c, m), CODE(0x00));
    if (i > 0)
      VEC_ADD(c, &m->customs, ((struct core_custom){bytes_of("name"), copy(c, names[i % 4 ? i % 4 : 1]), 11}));
    add_instance(c, plan, m, i > 0 && i < 4);
    add_root(c, plan, (const char *)format_bytes(c, "%u", i).at, defined(CORE_FUNC, i, 0));
  }
  const struct module *out = merge(c, plan);
  CHECK(out->functions.count == 3);
  const uint32_t *const index[] = {&out->exports.items[0].index, &out->exports.items[1].index,
                                   &out->exports.items[2].index, &out->exports.items[3].index,
                                   &out->exports.items[4].index};
  CHECK(*index[1] == *index[3] && *index[0] == *index[4]);
  CHECK(*index[0] != *index[1] && *index[1] != *index[2] && *index[0] != *index[2]);
}

/* A tag and a memory of 64-bit addresses, shared by two instances; memories in order of instance. */
static void test_tags_and_memories(struct context *c) {
  struct module *owner = new_module(c), *user = new_module(c);
  add_memory(c, owner, 1, false);
  add_memory(c, owner, 2, true);
  VEC_ADD(c, &owner->tags, taking(c, owner, I64));
  VEC_ADD(c, &owner->tags, taking(c, owner, I32));
  struct core_extern tag = {.kind = CORE_TAG, .type = taking(c, user, I32)};
  struct core_extern memory = {.kind = CORE_MEMORY, .memory = {.minimum = 2, .is_64 = true}};
  add_import(c, user, (struct core_import){bytes_of("x"), bytes_of("tag"), tag});
  add_import(c, user, (struct core_import){bytes_of("x"), bytes_of("memory"), memory});
  add_memory(c, user, 3, false);
  uint32_t go =
      add_function(c, user, nullary(c, user), CODE(0x42, 0, 0x28, 2, 0, 0x1a, 0x41, 0, 0x28, 0x42, 1, 0, 0x08, 0));
  struct plan *plan = new_plan(c);
  add_instance(c, plan, owner, false);
  add_instance(c, plan, user, false);
  plan->core_instances.items[1].imports[0] = defined(CORE_TAG, 0, 1);
  plan->core_instances.items[1].imports[1] = defined(CORE_MEMORY, 0, 1);
  add_root(c, plan, "go", defined(CORE_FUNC, 1, go));
  const struct module *out = merge(c, plan);
  CHECK(out->memories.count == 2 && out->memories.items[0].is_64 && out->memories.items[1].minimum == 3);
  CHECK(out->tags.count == 1 && out->types.items[out->tags.items[0]].func.params[0].code == CORE_I32);
  CHECK(bytes_equal(exported_body(out, "go"),
                    BYTES(0x00, 0x42, 0, 0x28, 2, 0, 0x1a, 0x41, 0, 0x28, 0x42, 1, 0, 0x08, 0, 0x0b)));
}

#define LOAD(...) 0x41, 0, 0x28, __VA_ARGS__, 0, 0x1a

/* The memory that code names most is memory 0, whoever defines it and whoever names it; of imported ones too. */
static void test_busiest_memory(struct context *c) {
  struct module *owner = new_module(c), *user = new_module(c);
  for (uint64_t pages = 1; pages <= 3; pages++)
    add_memory(c, owner, pages, false);
  uint32_t all = add_function(c, owner, nullary(c, owner), CODE(LOAD(2), LOAD(0x42, 1), LOAD(0x42, 2)));
  import_memory(c, user, 3);
  uint32_t once = add_function(c, user, nullary(c, user), CODE(LOAD(2)));
  struct plan *plan = new_plan(c);
  add_instance(c, plan, owner, false);
  add_instance(c, plan, user, false);
  plan->core_instances.items[1].imports[0] = defined(CORE_MEMORY, 0, 2);
  add_root(c, plan, "all", defined(CORE_FUNC, 0, all));
  add_root(c, plan, "once", defined(CORE_FUNC, 1, once));
  add_root(c, plan, "memory", defined(CORE_MEMORY, 0, 0));
  const struct module *out = merge(c, plan);
  CHECK(out->memories.items[0].minimum == 3 && out->memories.items[1].minimum == 1 &&
        out->memories.items[2].minimum == 2);
  CHECK(find_export(out, bytes_of("memory"))->index == 1);
  CHECK(bytes_equal(exported_body(out, "once"), BYTES(0x00, LOAD(2), 0x0b)));
  CHECK(bytes_equal(exported_body(out, "all"), BYTES(0x00, LOAD(0x42, 1), LOAD(0x42, 2), LOAD(2), 0x0b)));

  /* The wrapper supplies the first and the last of them. */
  struct core_extern memory = {.kind = CORE_MEMORY, .memory = {.minimum = 1}};
  for (uint32_t i = 0; i <= 2; i += 2)
    VEC_ADD(c, &plan->boundary_imports,
            ((struct boundary_import){.kind = BOUNDARY_MEMORY,
                                      .module = bytes_of("support"),
                                      .name = format_bytes(c, "memory%u", i),
                                      .type = memory,
                                      .memory = defined(CORE_MEMORY, 0, i)}));
  out = merge(c, plan);
  CHECK(out->imports.count == 2 && bytes_equal(out->imports.items[0].name, bytes_of("memory2")));
  CHECK(out->memories.count == 1 && out->memories.items[0].minimum == 2);
  CHECK(find_export(out, bytes_of("memory"))->index == 1);
  CHECK(bytes_equal(exported_body(out, "all"), BYTES(0x00, LOAD(0x42, 1), LOAD(0x42, 2), LOAD(2), 0x0b)));
}

/* The value of an imported constant global takes the place of global.get, also from an instance that comes later. */
static void test_constants(struct context *c) {
  struct module *user = new_module(c), *source = new_module(c);
  struct core_extern global = {.kind = CORE_GLOBAL, .global = {.type = I32}};
  add_import(c, user, (struct core_import){bytes_of("x"), bytes_of("base"), global});
  add_global(c, user, I32, CONSTANT(0x23, 0));
  add_memory(c, user, 1, false);
  add_data(c, user, 0, CONSTANT(0x23, 1, 0x41, 2, 0x6a), "x"); /* base + 2 */
  add_global(c, source, I32, CONSTANT(0x41, 40));
  struct plan *plan = new_plan(c);
  add_instance(c, plan, user, false);
  add_instance(c, plan, source, true);
  plan->core_instances.items[0].imports[0] = defined(CORE_GLOBAL, 1, 0);
  add_root(c, plan, "memory", defined(CORE_MEMORY, 0, 0));
  const struct module *out = merge(c, plan);
  CHECK(out->globals.count == 0 && out->datas.count == 1);
  CHECK(bytes_equal(out->datas.items[0].offset, BYTES(0x41, 42, 0x0b)));
}

/* A global that is no constant, of an instance that comes later, stands before the one whose initialiser names it. */
static void test_global_order(struct context *c) {
  const struct core_valtype i31ref = {.code = CORE_REF_NULL, .heap = -0x14};
  struct module *user = new_module(c), *source = new_module(c);
  struct core_extern global = {.kind = CORE_GLOBAL, .global = {.type = i31ref}};
  add_import(c, user, (struct core_import){bytes_of("x"), bytes_of("g"), global});
  add_global(c, user, i31ref, CONSTANT(0x23, 0));
  add_global(c, source, i31ref, CONSTANT(0x41, 3, 0xfb, 28));
  struct plan *plan = new_plan(c);
  add_instance(c, plan, user, false);
  add_instance(c, plan, source, true);
  plan->core_instances.items[0].imports[0] = defined(CORE_GLOBAL, 1, 0);
  add_root(c, plan, "g", defined(CORE_GLOBAL, 0, 1));
  const struct module *out = merge(c, plan);
  CHECK(out->globals.count == 2 && find_export(out, bytes_of("g"))->index == 1);
  CHECK(bytes_equal(out->globals.items[0].init, BYTES(0x41, 3, 0xfb, 28, 0x0b)));
  CHECK(bytes_equal(out->globals.items[1].init, BYTES(0x23, 0, 0x0b)));
}

/* A plan in which instance 1 uses stream.read, which generated instance 0 implements, in its function 1. */
static struct plan *asynchronous_plan(struct context *c) {
  struct module *traps = new_module(c), *program = new_module(c), *adapter = new_module(c);
  add_function(c, traps, nullary(c, traps), CODE(0x00));
  import_func(c, program, "read", nullary(c, program));
  add_function(c, program, 0, CODE(0x10, 0));
  add_function(c, program, 0, CODE(0x01));
  import_func(c, adapter, "f", nullary(c, adapter));
  add_function(c, adapter, 0, CODE(0x10, 0));
  struct plan *plan = new_plan(c);
  add_instance(c, plan, traps, true);
  add_instance(c, plan, program, false);
  add_instance(c, plan, adapter, true);
  VEC_ADD(c, &plan->canons, ((struct canon){.kind = CANON_STREAM_READ, .implementation = defined(CORE_FUNC, 0, 0)}));
  plan->core_instances.items[1].imports[0] = (struct core_item){ITEM_CANON, CORE_FUNC, 0, 0};
  plan->core_instances.items[2].imports[0] = defined(CORE_FUNC, 1, 1);
  return plan;
}

static void test_asynchronous(struct context *c) {
  struct plan *plan = asynchronous_plan(c);
  add_root(c, plan, "other", defined(CORE_FUNC, 1, 2));
  CHECK(merge(c, plan)->functions.count == 1);
  /* As a post-return function that generated code calls, it does not count, but it is there. */
  plan = asynchronous_plan(c);
  add_root(c, plan, "adapter", defined(CORE_FUNC, 2, 1));
  VEC_ADD(c, &plan->after_return, defined(CORE_FUNC, 1, 1));
  CHECK(merge(c, plan)->functions.count == 3);
}

static void merge_asynchronous(struct context *c, void *argument) {
  struct plan *plan = asynchronous_plan(c);
  (void)argument;
  add_root(c, plan, "adapter", defined(CORE_FUNC, 2, 1));
  merge(c, plan);
}

static void merge_circle(struct context *c, void *argument) {
  struct module *m = new_module(c);
  (void)argument;
  add_global(c, m, I32, CONSTANT(0x23, 1));
  add_global(c, m, I32, CONSTANT(0x23, 0));
  struct plan *plan = new_plan(c);
  add_instance(c, plan, m, false);
  merge(c, plan);
}

static void refuse(void (*body)(struct context *, void *), const char *message) {
  struct context *context = calloc(1, sizeof *context);
  CHECK(context && !run_guarded(context, body, NULL));
  CHECK(context->failure == FAILURE_INPUT && strstr(context->message, message));
  context_free(context);
  free(context);
}

static void run_tests(struct context *c, void *argument) {
  (void)argument;
  test_instances(c);
  test_start(c);
  test_bounds(c);
  test_segments(c);
  test_types(c);
  test_folding(c);
  test_hashes_that_mislead(c);
  test_names_of_what_is_folded(c);
  test_traps_stay(c);
  test_tags_and_memories(c);
  test_busiest_memory(c);
  test_constants(c);
  test_global_order(c);
  test_asynchronous(c);
}

int main(void) {
  struct context *context = calloc(1, sizeof *context);
  CHECK(context);
  if (!run_guarded(context, run_tests, NULL)) {
    fprintf(stderr, "failed: %s (%s)\n", context->message, context->path);
    return 1;
  }
  context_free(context);
  free(context);
  refuse(merge_asynchronous,
         "asynchronous function \"stream.read\" (in component instance root/$it), which is not supported yet");
  refuse(merge_circle, "in a circle");
  return failures != 0;
}
