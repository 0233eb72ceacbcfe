/* show.c -- core types as words, for diagnostics and dumps.
 *
 *     func [i32 i32] -> [i64]
 *     memory 1..16
 *
 * What would be longer than a diagnostic can be is cut off with "...".
 *
 * Provides  show_core_functype, show_core_extern: text in the arena.
 */
#include "wasm/module.h"

#include <assert.h>

static void put_core_type(struct buffer *out, struct core_valtype type) {
  static const struct {
    uint8_t code;
    const char *name;
  } names[] = {{CORE_I32, "i32"}, {CORE_I64, "i64"}, {CORE_F32, "f32"}, {CORE_F64, "f64"}, {CORE_V128, "v128"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].code == type.code) {
      put_formatted(out, "%s", names[i].name);
      return;
    }
  const char *nullable = type.code == CORE_REF_NULL ? "null " : "";
  if (type.heap == HEAP_FUNC)
    put_formatted(out, "(ref %sfunc)", nullable);
  else if (type.heap == HEAP_EXTERN)
    put_formatted(out, "(ref %sextern)", nullable);
  else
    put_formatted(out, "(ref %s%lld)", nullable, (long long)type.heap);
}

static void put_core_types(struct buffer *out, const struct core_valtype *types, uint32_t count) {
  put_formatted(out, "[");
  for (uint32_t i = 0; i < count && !is_shown_enough(out); i++) {
    put_formatted(out, i ? " " : "");
    put_core_type(out, types[i]);
  }
  put_formatted(out, "]");
}

static void put_core_functype(struct buffer *out, const struct core_functype *type) {
  put_core_types(out, type->params, type->param_count);
  put_formatted(out, " -> ");
  put_core_types(out, type->results, type->result_count);
}

struct bytes show_core_functype(struct context *c, const struct core_functype *type) {
  struct buffer out = new_buffer(c);
  put_core_functype(&out, type);
  return finish_shown(&out);
}

static void put_limits(struct buffer *out, const struct core_limits *limits) {
  put_formatted(out, "%s%llu", limits->is_64 ? "i64 " : "", (unsigned long long)limits->minimum);
  if (limits->has_maximum)
    put_formatted(out, "..%llu", (unsigned long long)limits->maximum);
  if (limits->is_shared)
    put_formatted(out, " shared");
  if (limits->has_page_size)
    put_formatted(out, " of pages of 2^%u bytes", limits->page_size_log2);
}

struct bytes show_core_extern(struct context *c, const struct module *module, const struct core_extern *type) {
  struct buffer out = new_buffer(c);
  switch (type->kind) {
  case CORE_FUNC:
  case CORE_TAG:
    put_formatted(&out, type->kind == CORE_FUNC ? "func " : "tag ");
    put_core_functype(&out, &module->types.items[type->type].func);
    break;
  case CORE_TABLE:
    put_formatted(&out, "table ");
    put_limits(&out, &type->table.limits);
    put_formatted(&out, " ");
    put_core_type(&out, type->table.element);
    break;
  case CORE_MEMORY:
    put_formatted(&out, "memory ");
    put_limits(&out, &type->memory);
    break;
  case CORE_GLOBAL:
    put_formatted(&out, type->global.is_mutable ? "mutable global " : "global ");
    put_core_type(&out, type->global.type);
    break;
  case CORE_KIND_COUNT:
    assert(false);
  }
  return finish_shown(&out);
}
