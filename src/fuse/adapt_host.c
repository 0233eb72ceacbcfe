/* adapt_host.c -- what the fused module imports from its host and exports to it.
 *
 * With --component the host is the wrapper: a call names the guest's own memory in its options, so that strings and
 * lists are not copied twice, unless handles stand inside memory: those calls go through the exchange memory. A core
 * module has one memory for all calls: the guest's own, where all calls agree on it and no handles stand in memory,
 * else the exchange memory.
 *
 * Names are wit-component's: `ns:pkg/iface` `func`, `[export]iface` `[resource-new]r`, `iface#func`, `cabi_post_...`.
 *
 * Provides  plan->boundary_imports, boundary_exports, exported_resources, trampolines, core_exports.
 * Spec      CanonicalABI.md "canon lift", "canon lower"; RFC 46 of the Bytecode Alliance for what a host is given.
 */
#include <assert.h>

#include "fuse/adapt.h"

#define ROOT_MODULE "$root"

static bool is_handle_in_memory(const struct type *t) {
  if (!t->has_handles)
    return false;
  if (is_list_like(t))
    return true;
  if (t->kind == TYPE_FIXED_LIST)
    return is_handle_in_memory(t->element);
  for (uint32_t i = 0; i < t->field_count; i++)
    if (t->fields[i].type && is_handle_in_memory(t->fields[i].type))
      return true;
  return false;
}

/* Does the function give handles a place in memory? */
static bool has_handles_in_memory(const struct functype *f) {
  struct flat_functype flat = flatten_functype(f, FLAT_LOWER, POINTER_32);
  for (uint32_t i = 0; i < f->param_count; i++) {
    const struct type *t = f->params[i].type;
    if (t->has_handles && (flat.params_spilled || is_handle_in_memory(t)))
      return true;
  }
  return f->result && f->result->has_handles && (flat.result_spilled || is_handle_in_memory(f->result));
}

static bool params_use_memory(const struct functype *f) {
  uint64_t flat_count = 0;
  for (uint32_t i = 0; i < f->param_count; i++) {
    flat_count += f->params[i].type->flat_count;
    if (f->params[i].type->has_pointers)
      return true;
  }
  return flat_count > MAX_FLAT_PARAMS;
}

static bool result_uses_memory(const struct functype *f) {
  return f->result && (f->result->has_pointers || f->result->flat_count > MAX_FLAT_RESULTS);
}

bool uses_memory(const struct functype *f) { return params_use_memory(f) || result_uses_memory(f); }

static bool same_item(struct core_item a, struct core_item b) {
  return a.source == b.source && a.kind == b.kind && a.owner == b.owner && a.index == b.index;
}

/* Core output: the number of the realloc among those that cabi_realloc can stand for. */
static uint32_t realloc_choice(struct adapt *a, uint32_t reference) {
  const uint32_t choice = map_intern(a->context, &a->realloc_choices, MAP_NUMBERS(reference));
  if (choice == a->reallocs.count)
    VEC_ADD(a->context, &a->reallocs, reference);
  return choice;
}

/* Core output: may the host see this call's values in the guest's memory? All that cross have to agree. */
static bool agrees(struct adapt *a, const struct functype *type, const struct options *options) {
  if (!uses_memory(type))
    return true;
  if (has_handles_in_memory(type) || options->encoding != ENCODING_UTF8 || options->is_async)
    return false;
  if (a->exported_memory.source == ITEM_NONE)
    a->exported_memory = options->memory;
  return same_item(a->exported_memory, options->memory);
}

typedef bool visit_export(struct adapt *a, uint32_t extern_index);

/* Each function that the root exports, in order; stops where visit says false. */
static bool each_exported(struct adapt *a, const uint32_t *indices, uint32_t count, enum sort sort,
                          visit_export *visit) {
  for (uint32_t i = 0; i < count; i++) {
    const struct extern_tree *e = &a->plan->externs.items[indices[i]];
    if (e->sort == sort && !visit(a, indices[i]))
      return false;
    if (e->sort == SORT_INSTANCE && !each_exported(a, e->children, e->child_count, sort, visit))
      return false;
  }
  return true;
}

/* Nothing tells cabi_realloc which export its memory is for: the exports have to agree on the realloc as well. */
static bool export_agrees(struct adapt *a, uint32_t index) {
  const struct func *f = &a->plan->funcs.items[a->plan->externs.items[index].func];
  if (f->source == FUNC_HOST)
    return !uses_memory(f->type);
  if (!agrees(a, f->type, &f->options))
    return false;
  if (!params_use_memory(f->type))
    return true;
  if (a->export_realloc == NULL)
    a->export_realloc = f;
  return a->export_realloc->instance == f->instance &&
         same_item(a->export_realloc->options.realloc, f->options.realloc);
}

void choose_boundary(struct adapt *a) {
  struct plan *plan = a->plan;
  plan->boundary_types = ALLOCATE(a->context, struct module, 1);
  plan->boundary_types->start = NO_INDEX;
  a->forget_global = new_state_global(a, CORE_I32, true, 0);
  a->realloc_global = new_state_global(a, CORE_I32, true, 0);
  if (a->options->component)
    return;
  a->host_sees_guest =
      uses_proof(PROOF_MEMORY) && each_exported(a, plan->exports.items, plan->exports.count, SORT_FUNC, export_agrees);
  for (uint32_t i = 0; i < plan->canons.count && a->host_sees_guest; i++) {
    const struct canon *canon = &plan->canons.items[i];
    if (canon->kind == CANON_LOWER && plan->funcs.items[canon->func].source == FUNC_HOST)
      a->host_sees_guest = agrees(a, plan->funcs.items[canon->func].type, &canon->options);
  }
  if (!a->host_sees_guest || !a->export_realloc)
    return;
  const struct side *side = side_of_options(a, a->export_realloc->instance, &a->export_realloc->options);
  realloc_choice(a, side->realloc_reference); /* number 0: what stands when no call is under way */
}

bool passes_through(const struct adapt *a, const struct func *func) {
  const struct functype *const type = func->type;
  if (func->options.is_async && result_uses_memory(type)) /* which comes with task.return, not as a pointer */
    return false;
  if (a->options->component)
    return !has_handles_in_memory(type);
  return a->host_sees_guest || !uses_memory(type);
}

static uint32_t boundary_functype(struct adapt *a, const struct flat_functype *flat) {
  struct core_valtype params[MAX_FLAT_PARAMS + 1], results[MAX_FLAT_RESULTS];
  for (uint32_t i = 0; i < flat->param_count; i++)
    params[i] = (struct core_valtype){.code = flat->params[i]};
  for (uint32_t i = 0; i < flat->result_count; i++)
    results[i] = (struct core_valtype){.code = flat->results[i]};
  return add_functype(a->context, a->plan->boundary_types, params, flat->param_count, results, flat->result_count);
}

/* The names from the top of the tree to the item: `module` for all above it, "$root" if it is at the top. */
static struct bytes module_name(struct adapt *a, uint32_t extern_index) {
  const struct extern_tree *e = &a->plan->externs.items[extern_index];
  if (e->parent == NO_INDEX)
    return bytes_of(ROOT_MODULE);
  const struct extern_tree *parent = &a->plan->externs.items[e->parent];
  if (parent->parent == NO_INDEX)
    return parent->name.name;
  const struct bytes above = module_name(a, e->parent);
  return JOIN(a->context, above, bytes_of("/"), parent->name.name);
}

/* Takes `name` unless it is taken, in which case *index says where its next number is. */
static bool take_name(struct adapt *a, struct map *taken, struct bytes scope, struct bytes name, uint32_t *index) {
  const uint32_t added = a->next_numbers.count;
  *index = map_add(a->context, taken, scope.size ? JOIN(a->context, scope, bytes_of("\n"), name) : name, added);
  if (*index != added)
    return false;
  VEC_ADD(a->context, &a->next_numbers, 2);
  return true;
}

/* `name`, or with a number behind it where it is taken. */
static struct bytes unique_name(struct adapt *a, struct map *taken, struct bytes scope, struct bytes name) {
  uint32_t index, unused;
  struct bytes tried = name;
  if (take_name(a, taken, scope, name, &index))
    return name;
  do
    tried = format_bytes(a->context, "%.*s#%u", SHOW(name), a->next_numbers.items[index]++);
  while (!take_name(a, taken, scope, tried, &unused));
  return tried;
}

/* With --component: the memory is the support module's, so that the wrapper's options can name it. */
static struct core_item boundary_memory(struct adapt *a, struct core_item memory) {
  struct plan *plan = a->plan;
  if (memory.source == ITEM_BOUNDARY)
    return memory;
  const struct bytes key = MAP_NUMBERS(BOUNDARY_MEMORY, memory.owner, memory.index);
  uint32_t index = map_get(&a->boundary_by_key, key);
  if (index == NOT_FOUND) {
    index = plan->boundary_imports.count;
    struct core_extern type = item_type(plan->core_instances.items[memory.owner].module, CORE_MEMORY, memory.index);
    *VEC_PUSH(a->context, &plan->boundary_imports) =
        (struct boundary_import){.kind = BOUNDARY_MEMORY,
                                 .module = bytes_of("support"),
                                 .name = format_bytes(a->context, "memory %u", index),
                                 .type = type,
                                 .trampoline = NO_INDEX,
                                 .memory = memory};
    map_put(a->context, &a->boundary_by_key, key, index);
  }
  return (struct core_item){ITEM_BOUNDARY, CORE_MEMORY, 0, index};
}

static uint32_t add_trampoline(struct adapt *a, struct core_item target, uint32_t type) {
  struct plan *plan = a->plan;
  const uint32_t index = map_put(a->context, &a->trampolines_by_target, item_key(&target), plan->trampolines.count);
  if (index == plan->trampolines.count)
    VEC_ADD(a->context, &plan->trampolines, ((struct trampoline){target, type}));
  return index;
}

static uint32_t realloc_trampoline(struct adapt *a, const struct side *side) {
  struct flat_functype flat = {.param_count = 4, .result_count = 1};
  for (int i = 0; i < 4; i++)
    flat.params[i] = pointer_code(side);
  flat.results[0] = pointer_code(side);
  return add_trampoline(a, generated_item(a, side->realloc_reference), boundary_functype(a, &flat));
}

struct core_item boundary_call(struct adapt *a, uint32_t func, const struct side *side) {
  struct plan *plan = a->plan;
  const struct functype *type = plan->funcs.items[func].type;
  bool component = a->options->component, memory = uses_memory(type),
       realloc = type->result && type->result->has_pointers;
  const struct bytes key = MAP_NUMBERS(BOUNDARY_CALL, func, component && memory ? side->id + 1 : 0);
  uint32_t index = map_get(&a->boundary_by_key, key);
  if (index == NOT_FOUND) {
    struct flat_functype flat = flatten_functype(type, FLAT_LOWER, side->pointer);
    uint32_t leaf = plan->funcs.items[func].import;
    struct boundary_import import = {.kind = BOUNDARY_CALL, .func = func, .trampoline = NO_INDEX};
    import.module = module_name(a, leaf);
    import.name = unique_name(a, &a->boundary_names, import.module, plan->externs.items[leaf].name.name);
    import.type = (struct core_extern){.kind = CORE_FUNC, .type = boundary_functype(a, &flat)};
    import.options.encoding = side->encoding;
    if (component && memory)
      import.options.memory = boundary_memory(a, side->memory);
    if (component && realloc) {
      import.trampoline = realloc_trampoline(a, side);
      import.options.realloc = plan->trampolines.items[import.trampoline].target;
    }
    index = plan->boundary_imports.count;
    VEC_ADD(a->context, &plan->boundary_imports, import);
    map_put(a->context, &a->boundary_by_key, key, index);
  }
  return (struct core_item){ITEM_BOUNDARY, CORE_FUNC, 0, index};
}

void put_boundary_call(struct adapt *a, struct code *f, uint32_t func, const struct side *side) {
  const struct functype *type = a->plan->funcs.items[func].type;
  bool chooses = !a->options->component && !side->is_host && side->realloc_reference != NO_REFERENCE && type->result &&
                 type->result->has_pointers;
  uint32_t choice = chooses ? realloc_choice(a, side->realloc_reference) : 0, saved = NO_INDEX;
  if (chooses) {
    saved = take_local(f, CORE_I32);
    get_global(f, global_reference(a, a->realloc_global));
    set_local(f, saved);
    const_i32(f, choice);
    set_global(f, global_reference(a, a->realloc_global));
  }
  call(f, function_reference(a, boundary_call(a, func, side)));
  if (chooses) {
    get_local(f, saved);
    set_global(f, global_reference(a, a->realloc_global));
    release_local(f, saved);
  }
}

/* Where an exported resource is named first; NO_INDEX: nowhere. */
static uint32_t exported_as(const struct adapt *a, uint32_t resource) {
  const uint32_t index = map_get(&a->exported_resources, MAP_NUMBERS(resource));
  return index == NOT_FOUND ? NO_INDEX : a->plan->exported_resources.items[index].export_;
}

uint32_t boundary_resource(struct adapt *a, enum boundary_kind kind, uint32_t resource) {
  struct plan *plan = a->plan;
  const struct bytes key = MAP_NUMBERS(kind, resource);
  uint32_t index = map_get(&a->boundary_by_key, key);
  if (index == NOT_FOUND) {
    const struct resource *r = &plan->resources.items[resource];
    const char *what = kind == BOUNDARY_RESOURCE_NEW ? "new" : kind == BOUNDARY_RESOURCE_REP ? "rep" : "drop";
    uint32_t leaf = r->source == RESOURCE_HOST ? r->import : exported_as(a, resource);
    struct boundary_import import = {.kind = kind, .resource = resource, .trampoline = NO_INDEX};
    struct bytes scope = leaf == NO_INDEX ? bytes_of(ROOT_MODULE) : module_name(a, leaf);
    struct bytes name = leaf == NO_INDEX ? r->name : plan->externs.items[leaf].name.name;
    import.module = r->source == RESOURCE_HOST ? scope : format_bytes(a->context, "[export]%.*s", SHOW(scope));
    import.name = unique_name(a, &a->boundary_names, import.module,
                              format_bytes(a->context, "[resource-%s]%.*s", what, SHOW(name)));
    struct flat_functype flat = {.params = {CORE_I32}, .param_count = 1, .results = {CORE_I32}};
    flat.result_count = kind == BOUNDARY_RESOURCE_DROP ? 0 : 1;
    import.type = (struct core_extern){.kind = CORE_FUNC, .type = boundary_functype(a, &flat)};
    index = plan->boundary_imports.count;
    VEC_ADD(a->context, &plan->boundary_imports, import);
    map_put(a->context, &a->boundary_by_key, key, index);
  }
  return function_reference(a, (struct core_item){ITEM_BOUNDARY, CORE_FUNC, 0, index});
}

static struct bytes export_item(struct adapt *a, struct bytes name, struct core_item item) {
  name = unique_name(a, &a->export_names, bytes_of(""), name);
  map_put(a->context, &a->exported_items, item_key(&item), a->plan->core_exports.count);
  VEC_ADD(a->context, &a->plan->core_exports, ((struct core_export_item){name, item}));
  return name;
}

/* One export of each item that lifting needs, by whatever name it got first. */
static struct bytes export_once(struct adapt *a, const char *name, struct core_item item) {
  const uint32_t index = map_get(&a->exported_items, item_key(&item));
  return index == NOT_FOUND ? export_item(a, bytes_of(name), item) : a->plan->core_exports.items[index].name;
}

/* "name", or "interface#name" where it is in one. */
static struct bytes export_name(struct adapt *a, uint32_t extern_index, const char *prefix) {
  const struct extern_tree *e = &a->plan->externs.items[extern_index];
  if (e->parent == NO_INDEX)
    return JOIN(a->context, bytes_of(prefix), e->name.name);
  const struct bytes module = module_name(a, extern_index);
  return JOIN(a->context, module, bytes_of("#"), bytes_of(prefix), e->name.name);
}

/* The reset of the exchange memory, for functions that leave a result there. */
static uint32_t exchange_post_return(struct adapt *a, const struct functype *type) {
  struct flat_functype flat = flatten_functype(type, FLAT_LIFT, POINTER_32);
  uint32_t signature = functype_of(a, flat.results, flat.result_count, NULL, 0);
  const struct bytes key = MAP_NUMBERS(MADE_EXCHANGE_POST_RETURN, signature);
  uint32_t reference = map_get(&a->functions, key);
  if (reference != NOT_FOUND)
    return reference;
  reference = declare_function(&a->code, signature, bytes_of("post-return of the exchange memory"));
  map_put(a->context, &a->functions, key, reference);
  struct code f = begin_function(&a->code, reference);
  const_i32(&f, 16);
  set_global(&f, exchange_item(a, "top"));
  end_function(&f);
  return reference;
}

static void export_with_exchange(struct adapt *a, struct boundary_export *e, uint32_t reference) {
  const struct side *host = host_side(a);
  e->options.memory = host->memory;
  if (host->memory.source != ITEM_BOUNDARY)
    e->memory_name = export_once(a, "memory", host->memory);
  else
    e->options.memory = host->memory;
  e->realloc_name = export_once(a, "cabi_realloc", generated_item(a, host->realloc_reference));
  e->core_name = export_item(a, e->core_name, generated_item(a, reference));
  const struct functype *type = a->plan->funcs.items[e->func].type;
  if (!result_uses_memory(type))
    return;
  struct bytes post = JOIN(a->context, bytes_of("cabi_post_"), e->core_name);
  e->post_return_name = export_item(a, post, generated_item(a, exchange_post_return(a, type)));
}

/* The memory as the wrapper can name it: the support module's or an export. */
static void export_memory(struct adapt *a, struct boundary_export *e, struct core_item memory) {
  const struct bytes key = MAP_NUMBERS(BOUNDARY_MEMORY, memory.owner, memory.index);
  uint32_t index = map_get(&a->boundary_by_key, key);
  if (index != NOT_FOUND)
    e->options.memory = (struct core_item){ITEM_BOUNDARY, CORE_MEMORY, 0, index};
  else
    e->memory_name = export_once(a, "memory", e->options.memory = memory);
}

static void export_passing(struct adapt *a, struct boundary_export *e, uint32_t reference) {
  const struct func *f = &a->plan->funcs.items[e->func];
  const struct side *side = side_of_options(a, f->instance, &f->options);
  e->options.encoding = f->options.encoding;
  if (uses_memory(f->type))
    export_memory(a, e, f->options.memory);
  if (params_use_memory(f->type) && a->options->component)
    e->realloc_name = export_once(a, "cabi_realloc", generated_item(a, side->realloc_reference));
  e->core_name = export_item(a, e->core_name, generated_item(a, reference));
  if (!is_post_return_of_host(f))
    return;
  struct bytes post = JOIN(a->context, bytes_of("cabi_post_"), e->core_name);
  e->post_return_name = export_item(a, post, generated_item(a, post_return_adapter(a, e->func)));
}

/* A function of the host that the root exports again, and that has nothing in memory: it is the same function from both
 * sides. With --component the wrapper does it alone. */
static void export_again(struct adapt *a, uint32_t func, struct bytes name) {
  if (a->options->component)
    return;
  struct side host = {.is_host = true, .instance = NO_INDEX};
  export_item(a, name, boundary_call(a, func, &host));
}

static bool export_function(struct adapt *a, uint32_t index) {
  struct plan *plan = a->plan;
  uint32_t func = plan->externs.items[index].func;
  const struct func *f = &plan->funcs.items[func];
  struct boundary_export e = {.func = func, .core_name = export_name(a, index, "")};
  if (f->source == FUNC_HOST && (a->options->component || !uses_memory(f->type))) {
    export_again(a, func, e.core_name);
    return true;
  }
  const uint32_t known = a->exported_funcs.entries.count;
  if (map_intern(a->context, &a->exported_funcs, MAP_NUMBERS(func)) < known && a->options->component)
    return true;
  refuse_waiting(a, f);
  bool passes = passes_through(a, f);
  const struct side *host =
      passes ? &(struct side){.id = UINT32_MAX, .is_host = true, .instance = NO_INDEX} : host_side(a);
  uint32_t reference = call_adapter(a, host, func, passes);
  if (passes)
    export_passing(a, &e, reference);
  else
    export_with_exchange(a, &e, reference);
  VEC_ADD(a->context, &plan->boundary_exports, e);
  return true;
}

static bool note_resource(struct adapt *a, uint32_t index) {
  struct plan *plan = a->plan;
  uint32_t resource = plan->externs.items[index].resource;
  if (resource == NO_INDEX || plan->resources.items[resource].source != RESOURCE_DEFINED)
    return true;
  if (exported_as(a, resource) != NO_INDEX)
    return true;
  struct exported_resource e = {.resource = resource, .export_ = index, .dtor_trampoline = NO_INDEX};
  const uint32_t added = map_intern(a->context, &a->exported_resources, MAP_NUMBERS(resource));
  assert(added == plan->exported_resources.count);
  VEC_ADD(a->context, &plan->exported_resources, e);
  return true;
}

/* The destructor that the host runs when it drops an exported resource. */
static void export_destructors(struct adapt *a) {
  struct plan *plan = a->plan;
  const struct flat_functype flat = {.params = {CORE_I32}, .param_count = 1};
  for (uint32_t i = 0; i < plan->exported_resources.count; i++) {
    struct exported_resource *e = &plan->exported_resources.items[i];
    e->has_dtor = plan->resources.items[e->resource].dtor.source != ITEM_NONE;
    if (!e->has_dtor)
      continue;
    struct core_item dtor = generated_item(a, destructor_adapter(a, NO_INDEX, e->resource));
    if (a->options->component)
      e->dtor_trampoline = add_trampoline(a, dtor, boundary_functype(a, &flat));
    else
      export_item(a, export_name(a, e->export_, "[dtor]"), dtor);
  }
}

void export_functions(struct adapt *a) {
  const uint32_t *exports = a->plan->exports.items;
  uint32_t count = a->plan->exports.count;
  each_exported(a, exports, count, SORT_TYPE, note_resource);
  each_exported(a, exports, count, SORT_FUNC, export_function);
  export_destructors(a);
}

/* Core output: the one cabi_realloc, which stands for the realloc of the call that is under way. */
static void export_realloc(struct adapt *a) {
  if (a->reallocs.count == 0)
    return;
  struct core_item target = generated_item(a, a->reallocs.items[0]);
  if (a->reallocs.count > 1) {
    const uint8_t params[] = {CORE_I32, CORE_I32, CORE_I32, CORE_I32};
    uint32_t reference =
        declare_function(&a->code, functype_of(a, params, 4, params, 1), bytes_of("realloc for the host"));
    struct code f = begin_function(&a->code, reference);
    for (uint32_t i = 1; i < a->reallocs.count; i++) {
      get_global(&f, global_reference(a, a->realloc_global));
      const_i32(&f, i);
      put_op(&f, OP_I32_EQ);
      put_block(&f, OP_IF, BLOCK_VOID);
      for (uint32_t n = 0; n < 4; n++)
        get_local(&f, n);
      call(&f, a->reallocs.items[i]);
      put_op(&f, OP_RETURN);
      put_op(&f, OP_END);
    }
    for (uint32_t n = 0; n < 4; n++)
      get_local(&f, n);
    call(&f, a->reallocs.items[0]);
    end_function(&f);
    target = generated_item(a, reference);
  }
  export_item(a, bytes_of("cabi_realloc"), target);
}

/* With --component: the table of what the support module's trampolines call, filled by an element segment. */
static void fill_trampolines(struct adapt *a) {
  struct plan *plan = a->plan;
  uint32_t count = plan->trampolines.count;
  if (count == 0)
    return;
  struct core_limits limits = {.minimum = count, .maximum = count, .has_maximum = true};
  struct core_extern table = {.kind = CORE_TABLE, .table = {{.code = CORE_REF_NULL, .heap = HEAP_FUNC}, limits}};
  VEC_ADD(a->context, &plan->boundary_imports,
          ((struct boundary_import){.kind = BOUNDARY_TABLE,
                                    .module = bytes_of("support"),
                                    .name = bytes_of("table"),
                                    .type = table,
                                    .trampoline = NO_INDEX}));
  struct core_item item = {ITEM_BOUNDARY, CORE_TABLE, 0, plan->boundary_imports.count - 1};
  struct core_import import = {bytes_of("plan"), bytes_of("table"), table};
  uint32_t index = add_import(a->context, a->code.module, import);
  VEC_ADD(a->context, &a->items, item);
  uint32_t *functions = ALLOCATE(a->context, uint32_t, count);
  for (uint32_t i = 0; i < count; i++)
    functions[i] = function_reference(a, plan->trampolines.items[i].target);
  for (uint32_t i = 0; i < count; i++)
    functions[i] = function_index(&a->code, functions[i]);
  static const uint8_t zero[] = {OP_I32_CONST, 0, OP_END};
  *VEC_PUSH(a->context, &a->code.module->elements) = (struct core_element){.mode = SEGMENT_ACTIVE,
                                                                           .table = index,
                                                                           .offset = {zero, sizeof zero},
                                                                           .type = table.table.element,
                                                                           .count = count,
                                                                           .functions = functions};
}

void finish_boundary(struct adapt *a) {
  if (a->options->component) {
    fill_trampolines(a);
    return;
  }
  if (a->exchange) {
    export_once(a, "memory", a->exchange->memory);
    export_once(a, "cabi_realloc", generated_item(a, a->exchange->realloc_reference));
    return;
  }
  if (a->host_sees_guest && a->exported_memory.source != ITEM_NONE)
    export_once(a, "memory", a->exported_memory);
  export_realloc(a);
}
