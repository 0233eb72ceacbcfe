/* adapt_item.c -- what generated code names: items of the plan as imports of the generated module, the instances of the
 * runtime's modules, and the globals with the flags.
 *
 * Everything is made when it is first asked for. All globals are in a module of their own, `state`, so that the
 * adapters only ever import them and an index, once given, stays.
 *
 * Provides  plan->core_instances for the adapters, the state and each runtime module that is used.
 */
#include <assert.h>
#include <string.h>

#include "fuse/adapt.h"
#include "runtime/runtime.h"

uint32_t functype_of(struct adapt *a, const uint8_t *params, uint32_t param_count, const uint8_t *results,
                     uint32_t result_count) {
  struct core_valtype types[MAX_FLAT_PARAMS + 4] = {{0}}, result_types[4] = {{0}};
  assert(param_count <= MAX_FLAT_PARAMS + 4 && result_count <= 4);
  for (uint32_t i = 0; i < param_count; i++)
    types[i] = (struct core_valtype){.code = params[i]};
  for (uint32_t i = 0; i < result_count; i++)
    result_types[i] = (struct core_valtype){.code = results[i]};
  return add_functype(a->context, a->code.module, types, param_count, result_types, result_count);
}

struct core_functype item_functype(struct adapt *a, struct core_item item) {
  if (item.source == ITEM_CANON) {
    const struct canon *canon = &a->plan->canons.items[item.index];
    return canon->module->types.items[canon->type].func;
  }
  if (item.source == ITEM_BOUNDARY)
    return a->plan->boundary_types->types.items[a->plan->boundary_imports.items[item.index].type.type].func;
  const struct module *m = a->plan->core_instances.items[item.owner].module;
  return m->types.items[item_type(m, CORE_FUNC, item.index).type].func;
}

/* The import of the generated module that `item` is; `type` matters if it is new. */
static uint32_t import_item(struct adapt *a, struct core_item item, struct core_extern type) {
  uint32_t index = map_get(&a->item_imports, item_key(&item));
  if (index != NOT_FOUND)
    return index;
  char digits[NUMBER_DIGITS];
  struct core_import import = {bytes_of("plan"), JOIN(a->context, number_text(a->items.count, digits)), type};
  index = add_import(a->context, a->code.module, import);
  VEC_ADD(a->context, &a->items, item);
  map_put(a->context, &a->item_imports, item_key(&item), index);
  return index;
}

uint32_t function_reference(struct adapt *a, struct core_item item) {
  assert(item.kind == CORE_FUNC && item.source != ITEM_NONE);
  if (item.source == ITEM_DEFINED && item.owner == a->adapters_instance)
    return item.index;
  const uint32_t known = map_get(&a->item_imports, item_key(&item));
  if (known != NOT_FOUND)
    return known;
  struct core_functype f = item_functype(a, item);
  uint32_t type = add_functype(a->context, a->code.module, f.params, f.param_count, f.results, f.result_count);
  return import_item(a, item, (struct core_extern){.kind = CORE_FUNC, .type = type});
}

/* What a memory item is: defined by an instance, or imported by the fused module. */
static struct core_extern memory_type(struct adapt *a, struct core_item item) {
  if (item.source == ITEM_BOUNDARY)
    return a->plan->boundary_imports.items[item.index].type;
  return item_type(a->plan->core_instances.items[item.owner].module, CORE_MEMORY, item.index);
}

uint32_t memory_reference(struct adapt *a, struct core_item item) { return import_item(a, item, memory_type(a, item)); }

uint32_t new_state_global(struct adapt *a, uint8_t type, bool is_mutable, uint32_t initial) {
  struct buffer init = new_buffer(a->context);
  put_byte(&init, type == CORE_I64 ? OP_I64_CONST : OP_I32_CONST);
  put_s32(&init, (int32_t)initial);
  put_byte(&init, OP_END);
  *VEC_PUSH(a->context, &a->state->globals) =
      (struct core_global){{{.code = type}, .is_mutable = is_mutable}, buffer_bytes(&init)};
  return a->state->globals.count - 1;
}

uint32_t global_reference(struct adapt *a, uint32_t state_global) {
  struct core_extern type = {.kind = CORE_GLOBAL, .global = a->state->globals.items[state_global].type};
  return import_item(a, (struct core_item){ITEM_DEFINED, CORE_GLOBAL, a->state_instance, state_global}, type);
}

uint32_t add_generated_instance(struct adapt *a, const struct module *module, struct bytes name) {
  struct core_instance *instance = VEC_PUSH(a->context, &a->plan->core_instances);
  instance->module = module;
  instance->component_instance = NO_INDEX;
  instance->name = name;
  instance->imports = ALLOCATE(a->context, struct core_item, module->imports.count + 1);
  return a->plan->core_instances.count - 1;
}

struct module *read_runtime(struct adapt *a, struct bytes bytes) { return read_module(a->context, bytes, bytes.at); }

struct core_item runtime_item(struct adapt *a, uint32_t instance, const char *name) {
  const struct core_export *e = find_export(a->plan->core_instances.items[instance].module, bytes_of(name));
  assert(e);
  return (struct core_item){ITEM_DEFINED, e->kind, instance, e->index};
}

/* The memory that values are in on their way to and from the host: the fused module's own and exported, or with
 * --component one of the support module, which exists before the fused module does. */
struct core_item exchange_memory(struct adapt *a) {
  if (a->exchange_instance == NO_INDEX) {
    struct core_limits limits = {.minimum = 1};
    struct core_item memory;
    if (a->options->component) {
      *VEC_PUSH(a->context, &a->plan->boundary_imports) =
          (struct boundary_import){.kind = BOUNDARY_MEMORY,
                                   .module = bytes_of("support"),
                                   .name = bytes_of("exchange"),
                                   .type = {.kind = CORE_MEMORY, .memory = limits},
                                   .trampoline = NO_INDEX};
      memory = (struct core_item){ITEM_BOUNDARY, CORE_MEMORY, 0, a->plan->boundary_imports.count - 1};
    } else {
      struct module *m = ALLOCATE(a->context, struct module, 1);
      m->start = NO_INDEX;
      VEC_ADD(a->context, &m->memories, limits);
      memory =
          (struct core_item){ITEM_DEFINED, CORE_MEMORY, add_generated_instance(a, m, bytes_of("exchange memory")), 0};
    }
    a->exchange_instance = add_generated_instance(a, read_runtime(a, runtime_exchange()), bytes_of("exchange"));
    a->plan->core_instances.items[a->exchange_instance].imports[0] = memory;
  }
  return a->plan->core_instances.items[a->exchange_instance].imports[0];
}

uint32_t exchange_item(struct adapt *a, const char *name) {
  exchange_memory(a);
  struct core_item item = runtime_item(a, a->exchange_instance, name);
  if (item.kind == CORE_FUNC)
    return function_reference(a, item);
  const struct module *m = a->plan->core_instances.items[a->exchange_instance].module;
  return import_item(a, item, item_type(m, CORE_GLOBAL, item.index));
}

static const char *const encoding_names[] = {"utf8", "utf16", "latin1_utf16"};

/* What is said in transcode.wat.in about strings that the host gives or gets. Its encoding is always UTF-8. */
static struct bytes transcoder_name(struct adapt *a, const struct code *f, const struct side *from,
                                    const struct side *to) {
  if (from->is_host && to->encoding == ENCODING_UTF8 && uses_proof(PROOF_HOST)) {
    note_proof(a, f->reference, PROOF_HOST);
    return bytes_of("utf8_from_host");
  }
  if (to->is_host && from->encoding == ENCODING_UTF8 && uses_proof(PROOF_SHORT)) {
    note_proof(a, f->reference, PROOF_SHORT);
    return bytes_of("utf8_to_host");
  }
  return format_bytes(a->context, "%s_to_%s", encoding_names[from->encoding], encoding_names[to->encoding]);
}

/* An instance for each combination of memories and realloc. */
static uint32_t transcoder_instance(struct adapt *a, const struct side *from, const struct side *to) {
  const struct bytes key = MAP_NUMBERS(from->memory_index, to->memory_index, to->realloc_reference);
  uint32_t instance = map_get(&a->transcoders, key);
  if (instance == NOT_FOUND) {
    struct module *m = read_runtime(a, runtime_transcode(from->pointer, to->pointer, a->options->simd));
    instance = add_generated_instance(a, m, format_bytes(a->context, "transcode %u", a->transcoders.entries.count));
    for (uint32_t i = 0; i < m->imports.count; i++) {
      const struct core_import *import = &m->imports.items[i];
      struct core_item *item = &a->plan->core_instances.items[instance].imports[i];
      if (import->type.kind == CORE_FUNC)
        *item = generated_item(a, to->realloc_reference);
      else
        *item = bytes_equal(import->module, bytes_of("source")) ? from->memory : to->memory;
    }
    map_put(a->context, &a->transcoders, key, instance);
  }
  return instance;
}

static uint32_t transcoder_export(struct adapt *a, const struct side *from, const struct side *to, struct bytes name) {
  const uint32_t instance = transcoder_instance(a, from, to);
  const struct core_export *e = find_export(a->plan->core_instances.items[instance].module, name);
  assert(e);
  return function_reference(a, (struct core_item){ITEM_DEFINED, CORE_FUNC, instance, e->index});
}

uint32_t transcoder(struct adapt *a, const struct code *f, const struct side *from, const struct side *to) {
  return transcoder_export(a, from, to, transcoder_name(a, f, from, to));
}

uint32_t transcoder_function(struct adapt *a, const struct side *from, const struct side *to, const char *name) {
  return transcoder_export(a, from, to, bytes_of(name));
}

/* A reference as an item: an import is what was imported, a function of ours is found once all have their index. */
static struct core_item item_of_reference(const struct adapt *a, uint32_t reference) {
  if (reference & DEFINED_FUNCTION)
    return (struct core_item){ITEM_DEFINED, CORE_FUNC, a->adapters_instance, reference};
  const struct module *m = a->code.module;
  return a->items.items[m->imports_of[CORE_FUNC].items[reference]];
}

struct core_item generated_item(const struct adapt *a, uint32_t reference) {
  const struct core_item item = item_of_reference(a, reference);
  uint32_t target;
  if (!(reference & DEFINED_FUNCTION) || !uses_proof(PROOF_DIRECT) || !forwards(&a->code, reference, &target))
    return item;
  const struct core_item forwarded = generated_item(a, target);
  return forwarded.source == ITEM_DEFINED ? forwarded : item;
}

void put_trap(struct code *f, struct adapt *a, enum trap trap) {
  static const char *const names[] = {
#define TRAP(id, name) "trap: " name,
      TRAPS(TRAP)
#undef TRAP
  };
  if (a->traps[trap] == NO_REFERENCE) {
    uint32_t type = functype_of(a, NULL, 0, NULL, 0);
    a->traps[trap] = declare_function(&a->code, type, bytes_of(names[trap]));
    struct code body = begin_function(&a->code, a->traps[trap]);
    put_op(&body, OP_UNREACHABLE);
    end_function(&body);
  }
  call(f, a->traps[trap]);
  put_op(f, OP_UNREACHABLE);
}

void trap_if(struct code *f, struct adapt *a, enum trap trap) {
  put_block(f, OP_IF, BLOCK_VOID);
  put_trap(f, a, trap);
  put_op(f, OP_END);
}

static struct module *empty_module(struct adapt *a) {
  struct module *m = ALLOCATE(a->context, struct module, 1);
  m->start = NO_INDEX;
  return m;
}

void begin_adapters(struct adapt *a) {
  a->code = (struct code_module){.context = a->context, .module = empty_module(a)};
  a->state = empty_module(a);
  a->state_instance = add_generated_instance(a, a->state, bytes_of("state"));
  a->adapters_instance = add_generated_instance(a, a->code.module, bytes_of("adapters"));
  a->handles_instance = a->exchange_instance = NO_INDEX;
  for (int i = 0; i < TRAP_COUNT; i++)
    a->traps[i] = NO_REFERENCE;
  new_state_global(a, CORE_I32, false, 0); /* how many handle tables there are: known at the end */
  a->forget_global = NO_INDEX;
}

/* A reference to a generated function, wherever the plan has one, becomes its index. */
static void resolve(struct adapt *a, struct core_item *item) {
  if (item->source == ITEM_DEFINED && item->kind == CORE_FUNC && item->owner == a->adapters_instance)
    item->index = function_index(&a->code, item->index);
}

void finish_adapters(struct adapt *a) {
  struct plan *plan = a->plan;
  struct buffer count = new_buffer(a->context);
  put_byte(&count, OP_I32_CONST);
  put_s32(&count, (int32_t)a->table_count);
  put_byte(&count, OP_END);
  a->state->globals.items[0].init = buffer_bytes(&count);
  size_handle_headers(a);
  finish_code_module(&a->code);
  for (uint32_t i = 0; i < plan->core_instances.count; i++) {
    struct core_instance *instance = &plan->core_instances.items[i];
    if (i == a->adapters_instance)
      instance->imports = a->items.items;
    if (instance->component_instance != NO_INDEX)
      continue;
    for (uint32_t n = 0; n < instance->module->imports.count; n++)
      resolve(a, &instance->imports[n]);
  }
  for (uint32_t i = 0; i < plan->canons.count; i++)
    resolve(a, &plan->canons.items[i].implementation);
  for (uint32_t i = 0; i < plan->core_exports.count; i++)
    resolve(a, &plan->core_exports.items[i].item);
  for (uint32_t i = 0; i < plan->trampolines.count; i++)
    resolve(a, &plan->trampolines.items[i].target);
  for (uint32_t i = 0; i < plan->boundary_imports.count; i++)
    resolve(a, &plan->boundary_imports.items[i].options.realloc);
}
