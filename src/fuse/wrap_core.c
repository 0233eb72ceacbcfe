/* wrap_core.c -- the core of the wrapped component: support module, lowered functions, the fused module's instance,
 * lifted functions.
 *
 *     (core module $support
 *       (memory (export "memory0") 1) (table (export "table") 1 funcref)
 *       (func (export "trampoline0") (param i32 i32 i32 i32) (result i32)
 *         (call_indirect ... (i32.const 0))))
 *     (core func $f (canon lower (func $import) (memory $support.memory0) (realloc $support.trampoline0)))
 *
 * The fused module imports the memory and the table, and an element segment of its own puts the real realloc in slot 0.
 *
 * Requires  imports written; each import of the fused module is a boundary import.
 * Provides  the fused module's core instance, and functions lifted from it when exports ask for them.
 * Spec      Explainer.md "Canonical Definitions", "Core Instance Definitions".
 */
#include "fuse/wrap.h"

#include <assert.h>

static struct encoder *encoder_of(struct wrapper *w) { return &w->whole.scope.encoder; }

static const struct boundary_import *boundary(const struct wrapper *w, uint32_t index) {
  assert(index < w->plan->boundary_imports.count);
  return &w->plan->boundary_imports.items[index];
}

uint32_t core_export(struct wrapper *w, enum sort sort, uint32_t instance, struct bytes name) {
  struct bytes key = format_bytes(w->context, "%u %d %.*s", instance, (int)sort, SHOW(name));
  uint32_t index = map_get(&w->core_aliases, key);
  if (index != NOT_FOUND)
    return index;
  index = emit_core_export_alias(encoder_of(w), sort, instance, name);
  map_add(w->context, &w->core_aliases, key, index);
  return index;
}

struct bytes forwarding_body(struct context *c, const struct module *of, uint32_t type, uint32_t slot) {
  struct buffer body = new_buffer(c);
  put_byte(&body, 0x00); /* no locals */
  for (uint32_t n = 0; n < of->types.items[type].func.param_count; n++) {
    put_byte(&body, 0x20); /* local.get */
    put_u32(&body, n);
  }
  put_byte(&body, 0x41); /* i32.const */
  put_s32(&body, (int32_t)slot);
  put_byte(&body, 0x11); /* call_indirect */
  put_u32(&body, type);
  put_u32(&body, 0);
  put_byte(&body, 0x0b); /* end */
  return buffer_bytes(&body);
}

static struct bytes support_memory_name(struct wrapper *w, uint32_t import) {
  return format_bytes(w->context, "memory%u", import);
}

static struct bytes trampoline_name(struct wrapper *w, uint32_t trampoline) {
  return format_bytes(w->context, "trampoline%u", trampoline);
}

static uint32_t trampoline_function(struct wrapper *w, uint32_t trampoline) {
  return core_export(w, SORT_CORE_FUNC, w->support_instance, trampoline_name(w, trampoline));
}

static uint32_t support_memory(struct wrapper *w, struct core_item memory) {
  assert(memory.source == ITEM_BOUNDARY && boundary(w, memory.index)->kind == BOUNDARY_MEMORY);
  return core_export(w, SORT_CORE_MEMORY, w->support_instance, support_memory_name(w, memory.index));
}

/* Module and name as one key. */
static struct bytes import_key(struct context *c, struct bytes module, struct bytes name) {
  struct buffer b = new_buffer(c);
  put_name(&b, module);
  put_name(&b, name);
  return buffer_bytes(&b);
}

static void use_memory(struct wrapper *w, struct core_item memory) {
  if (memory.source == ITEM_BOUNDARY)
    w->is_used[memory.index] = true;
}

/* For each import of the fused module, the boundary import that it is; marks these and what their options name. */
static uint32_t *find_boundary_imports(struct wrapper *w) {
  struct context *c = w->context;
  const struct plan *plan = w->plan;
  w->is_used = ALLOCATE(c, bool, plan->boundary_imports.count);
  w->is_trampoline_used = ALLOCATE(c, bool, plan->trampolines.count);
  struct map by_name = {0};
  for (uint32_t n = 0; n < plan->boundary_imports.count; n++)
    map_add(c, &by_name, import_key(c, boundary(w, n)->module, boundary(w, n)->name), n);
  uint32_t *found = ALLOCATE(c, uint32_t, w->fused->imports.count);
  for (uint32_t n = 0; n < w->fused->imports.count; n++) {
    const struct core_import *import = &w->fused->imports.items[n];
    found[n] = map_get(&by_name, import_key(c, import->module, import->name));
    assert(found[n] != NOT_FOUND);
    w->is_used[found[n]] = true;
    const struct boundary_import *b = boundary(w, found[n]);
    if (b->kind != BOUNDARY_CALL)
      continue;
    use_memory(w, b->options.memory);
    if (b->options.realloc.source != ITEM_NONE)
      w->is_trampoline_used[b->trampoline] = true;
  }
  for (uint32_t n = 0; n < plan->boundary_exports.count; n++)
    if (plan->boundary_exports.items[n].memory_name.size == 0)
      use_memory(w, plan->boundary_exports.items[n].options.memory);
  for (uint32_t n = 0; n < plan->exported_resources.count; n++) {
    uint32_t trampoline = plan->exported_resources.items[n].dtor_trampoline;
    if (trampoline != NO_INDEX)
      w->is_trampoline_used[trampoline] = true;
  }
  return found;
}

static void add_support_table(struct wrapper *w, struct module *support) {
  struct core_table table = {.type = {.element = {.code = CORE_REF_NULL, .heap = HEAP_FUNC},
                                      .limits = {.minimum = w->plan->trampolines.count}}};
  for (uint32_t n = 0; n < w->plan->boundary_imports.count; n++)
    if (boundary(w, n)->kind == BOUNDARY_TABLE)
      table.type = boundary(w, n)->type.table;
  VEC_ADD(w->context, &support->tables, table);
  add_export(w->context, support, bytes_of("table"), CORE_TABLE, 0);
}

/* (func (param ...) (result ...) local.get 0 ... (call_indirect (i32.const slot))) */
static void add_trampoline(struct wrapper *w, struct module *support, uint32_t slot) {
  struct context *c = w->context;
  uint32_t boundary_type = w->plan->trampolines.items[slot].type;
  assert(boundary_type < w->plan->boundary_types->types.count);
  const struct core_functype *f = &w->plan->boundary_types->types.items[boundary_type].func;
  uint32_t type = add_functype(c, support, f->params, f->param_count, f->results, f->result_count);
  uint32_t function = add_function(c, support, type, forwarding_body(c, support, type, slot));
  add_export(c, support, trampoline_name(w, slot), CORE_FUNC, function);
}

/* The support module with what is used of it; null if nothing is. */
static struct module *make_support(struct wrapper *w) {
  struct module *support = ALLOCATE(w->context, struct module, 1);
  support->start = NO_INDEX;
  bool needs_table = false;
  for (uint32_t n = 0; n < w->plan->boundary_imports.count; n++) {
    if (!w->is_used[n])
      continue;
    if (boundary(w, n)->kind == BOUNDARY_TABLE)
      needs_table = true;
    if (boundary(w, n)->kind != BOUNDARY_MEMORY)
      continue;
    add_export(w->context, support, support_memory_name(w, n), CORE_MEMORY, support->memories.count);
    VEC_ADD(w->context, &support->memories, boundary(w, n)->type.memory);
  }
  for (uint32_t n = 0; n < w->plan->trampolines.count; n++)
    needs_table = needs_table || w->is_trampoline_used[n];
  if (needs_table)
    add_support_table(w, support);
  for (uint32_t n = 0; n < w->plan->trampolines.count; n++)
    if (w->is_trampoline_used[n])
      add_trampoline(w, support, n);
  return support->exports.count > 0 ? support : NULL;
}

static uint32_t instantiate_module(struct wrapper *w, uint32_t module, const struct argument *arguments,
                                   uint32_t argument_count) {
  struct instance_expr expression = {.of = module, .argument_count = argument_count, .arguments = arguments};
  return emit_core_instance(encoder_of(w), &expression);
}

/* resourcetype. */
static void write_resource(struct wrapper *w, const struct exported_resource *exported) {
  struct buffer b = new_buffer(w->context);
  put_byte(&b, 0x3f);
  put_byte(&b, w->plan->resources.items[exported->resource].rep);
  bool has_dtor = exported->dtor_trampoline != NO_INDEX;
  uint32_t dtor = has_dtor ? trampoline_function(w, exported->dtor_trampoline) : NO_INDEX;
  put_byte(&b, has_dtor);
  if (has_dtor)
    put_u32(&b, dtor);
  name_resource(&w->whole.scope, exported->resource, STANDING_DEFINED, emit_type(encoder_of(w), &b));
}

static uint32_t write_lower(struct wrapper *w, const struct boundary_import *b) {
  struct canon_definition canon = {.kind = CANON_LOWER, .function = component_function(w, b->func)};
  struct canon_options *options = &canon.options;
  options->has_encoding = b->options.encoding != ENCODING_UTF8;
  options->encoding = (uint8_t)b->options.encoding;
  options->is_async = b->options.is_async;
  options->has_memory = b->options.memory.source != ITEM_NONE;
  if (options->has_memory)
    options->memory = support_memory(w, b->options.memory);
  options->has_realloc = b->options.realloc.source != ITEM_NONE;
  if (options->has_realloc)
    options->realloc = trampoline_function(w, b->trampoline);
  return emit_canon(encoder_of(w), &canon);
}

static uint32_t write_resource_function(struct wrapper *w, const struct boundary_import *b) {
  struct canon_definition canon = {.kind = b->kind == BOUNDARY_RESOURCE_NEW   ? CANON_RESOURCE_NEW
                                           : b->kind == BOUNDARY_RESOURCE_REP ? CANON_RESOURCE_REP
                                                                              : CANON_RESOURCE_DROP,
                                   .type = resource_index(&w->whole.scope, b->resource)};
  return emit_canon(encoder_of(w), &canon);
}

/* What the fused module is given for a boundary import. */
static struct sort_index supply(struct wrapper *w, uint32_t import) {
  const struct boundary_import *b = boundary(w, import);
  switch (b->kind) {
  case BOUNDARY_CALL:
    return (struct sort_index){SORT_CORE_FUNC, write_lower(w, b)};
  case BOUNDARY_MEMORY:
    return (struct sort_index){SORT_CORE_MEMORY,
                               core_export(w, SORT_CORE_MEMORY, w->support_instance, support_memory_name(w, import))};
  case BOUNDARY_TABLE:
    return (struct sort_index){SORT_CORE_TABLE,
                               core_export(w, SORT_CORE_TABLE, w->support_instance, bytes_of("table"))};
  default:
    return (struct sort_index){SORT_CORE_FUNC, write_resource_function(w, b)};
  }
}

/* The imports of one module name. */
struct import_group {
  struct bytes module;
  VEC(struct inline_export) exports;
};

/* Instantiates the fused module; `imports` are the boundary imports that its imports are. */
static void instantiate_fused(struct wrapper *w, const uint32_t *imports) {
  struct context *c = w->context;
  VEC(struct import_group) groups = {0};
  struct map group_of = {0}, supplied = {0};
  for (uint32_t n = 0; n < w->fused->imports.count; n++) {
    const struct core_import *import = &w->fused->imports.items[n];
    uint32_t group = map_add(c, &group_of, import->module, groups.count);
    if (group == groups.count)
      VEC_PUSH(c, &groups)->module = import->module;
    if (map_get_number(&supplied, 'b', imports[n]) != NOT_FOUND)
      continue;
    map_add_number(c, &supplied, 'b', imports[n], n);
    struct inline_export export_ = {.name = {.name = import->name}, .item = supply(w, imports[n])};
    VEC_ADD(c, &groups.items[group].exports, export_);
  }
  struct argument *arguments = ALLOCATE(c, struct argument, groups.count);
  for (uint32_t n = 0; n < groups.count; n++) {
    const struct import_group *group = &groups.items[n];
    struct instance_expr expression = {
        .is_inline = true, .export_count = group->exports.count, .exports = group->exports.items};
    arguments[n] =
        (struct argument){group->module, {SORT_CORE_INSTANCE, emit_core_instance(encoder_of(w), &expression)}};
  }
  w->fused_instance = instantiate_module(w, leave_out_core_module(encoder_of(w)), arguments, groups.count);
}

void write_core(struct wrapper *w) {
  const uint32_t *imports = find_boundary_imports(w);
  struct module *support = make_support(w);
  if (support)
    w->support_instance =
        instantiate_module(w, emit_core_module(encoder_of(w), write_module(w->context, support)), NULL, 0);
  for (uint32_t n = 0; n < w->plan->exported_resources.count; n++)
    write_resource(w, &w->plan->exported_resources.items[n]);
  instantiate_fused(w, imports);
}

static const struct boundary_export *find_boundary_export(const struct wrapper *w, uint32_t func) {
  const uint32_t n = map_get_number(&w->boundary_exports, 'f', func);
  assert(n != NOT_FOUND);
  return &w->plan->boundary_exports.items[n];
}

static uint32_t fused_function(struct wrapper *w, struct bytes name) {
  return core_export(w, SORT_CORE_FUNC, w->fused_instance, name);
}

static uint32_t write_lift(struct wrapper *w, uint32_t func) {
  const struct boundary_export *e = find_boundary_export(w, func);
  struct canon_definition canon = {.kind = CANON_LIFT,
                                   .type = functype_index(&w->whole.scope, w->plan->funcs.items[func].type),
                                   .function = fused_function(w, e->core_name)};
  struct canon_options *options = &canon.options;
  options->has_encoding = e->options.encoding != ENCODING_UTF8;
  options->encoding = (uint8_t)e->options.encoding;
  options->is_async = e->options.is_async;
  options->has_memory = e->memory_name.size > 0 || e->options.memory.source == ITEM_BOUNDARY;
  if (e->memory_name.size > 0)
    options->memory = core_export(w, SORT_CORE_MEMORY, w->fused_instance, e->memory_name);
  else if (options->has_memory)
    options->memory = support_memory(w, e->options.memory);
  options->has_realloc = e->realloc_name.size > 0;
  if (options->has_realloc)
    options->realloc = fused_function(w, e->realloc_name);
  options->has_post_return = e->post_return_name.size > 0;
  if (options->has_post_return)
    options->post_return = fused_function(w, e->post_return_name);
  return emit_canon(encoder_of(w), &canon);
}

uint32_t component_function(struct wrapper *w, uint32_t func) {
  assert(func < w->plan->funcs.count);
  if (w->plan->funcs.items[func].source == FUNC_HOST)
    return extern_index(&w->whole.scope, w->plan->funcs.items[func].import);
  uint32_t index = map_get_number(&w->whole.items, 'f', func);
  if (index != NOT_FOUND)
    return index;
  index = write_lift(w, func);
  map_add_number(w->context, &w->whole.items, 'f', func, index);
  return index;
}
