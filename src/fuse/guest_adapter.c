/* guest_adapter.c -- an adapter, with what is needed of it and no more.
 *
 *     module imports   wasi_snapshot_preview1: fd_write, proc_exit
 *     adapter exports  fd_write, fd_read, path_open, proc_exit, ... and imports for these all of wasi:filesystem
 *
 * Only what the exports that are needed can reach is kept, so that the component imports no more than the program
 * needs. The work is merge.c's: the adapter is a plan of one core instance.
 *
 * An adapter works in the memory of the main module, in which nothing is set aside for it. It has a stack pointer,
 * which is zero at first, and so its stack is allocated by the main module's realloc when one of its functions is first
 * called. The names of its globals say which they are. That is done by a second instance of the plan, through which the
 * adapter is called:
 *
 *     (func (export "fd_write") (param ...) (result ...) (call $allocate_stack) (call $adapter.fd_write ...))
 *
 * While the stack is being allocated the main module may call the adapter; the adapter knows that by
 * `allocation_state`, and has functions that work without a stack. If the main module has no realloc, or the adapter
 * keeps no such state, the stack is a page of memory that is added when it is instantiated.
 *
 * Requires  exports of the adapter named; imports of the guests that need it too.
 * Provides  the adapter's bytes and module anew.
 * Spec      WebAssembly core, "Binary Format / Custom Section / Name Section" (global names: extended name section).
 */
#include "fuse/guest.h"

#include "fuse/code.h"
#include "fuse/merge.h"

#define STACK_SIZE 0x10000 /* one page */
#define PAGE_LOG2 16

enum stack_state { STACK_NONE, STACK_IN_ALLOCATION, STACK_ALLOCATED };

struct shrinking {
  struct guests *g;
  struct context *context;
  struct guest *adapter;
  struct plan *plan;
  uint32_t stack_pointer, state; /* global indices; NO_INDEX: none */
  uint32_t memory;               /* the import that is the memory; NO_INDEX: none */
  struct bytes realloc;          /* the main module's; size 0: it has none */
  struct map boundary_types;     /* of plan->boundary_types */
  struct module *stack;          /* the second instance's */
  struct map stack_types;
  VEC(struct core_item) stack_imports;
  VEC(struct bytes) names; /* of the exports that are kept */
  struct map known_names;
};

/* What is kept. */

static void keep_export(struct shrinking *s, struct bytes name) {
  if (name.size && map_add(s->context, &s->known_names, name, s->names.count) == s->names.count)
    VEC_ADD(s->context, &s->names, name);
}

static void find_kept(struct shrinking *s, uint32_t number) {
  const struct guest *adapter = s->adapter;
  for (uint32_t n = 0; n < number; n++) /* adapters are used by guests before them */
    for (uint32_t i = 0; i < s->g->items.items[n].module->imports.count; i++) {
      const struct guest_import *use = &s->g->items.items[n].imports[i];
      if (use->kind == USE_ADAPTER && use->adapter == number)
        keep_export(s, use->name);
    }
  for (uint32_t i = 0; i < adapter->exports.count; i++) {
    keep_export(s, adapter->exports.items[i].name);
    keep_export(s, adapter->exports.items[i].post_return);
  }
  for (uint32_t i = 0; i < adapter->destructors.count; i++)
    keep_export(s, adapter->destructors.items[i].name);
  keep_export(s, adapter->import_realloc);
  keep_export(s, adapter->export_realloc);
}

/* The global of that name, if it is a variable of type i32; NO_INDEX: there is none. */
static uint32_t find_global(const struct module *module, const char *wanted) {
  struct custom_reader r, names;
  uint8_t id;
  if (!find_custom(module, "name", &r))
    return NO_INDEX;
  while (next_subsection(&r, &id, &names)) {
    uint32_t index;
    struct bytes name;
    for (uint32_t left = id == NAMES_OF_GLOBALS ? read_custom_u32(&names) : 0;
         next_name(&names, &left, &index, &name);) {
      if (!bytes_equal(name, bytes_of(wanted)) || index >= item_count(module, CORE_GLOBAL))
        continue;
      const struct core_global_type type = item_type(module, CORE_GLOBAL, index).global;
      if (!is_imported(module, CORE_GLOBAL, index) && type.is_mutable && type.type.code == CORE_I32)
        return index;
    }
  }
  return NO_INDEX;
}

/* The plan. */

static bool is_realloc_name(struct bytes name) {
  return bytes_equal(name, bytes_of("cabi_realloc")) || bytes_equal(name, bytes_of("canonical_abi_realloc"));
}

static bool is_main_realloc(const struct core_import *import) {
  return bytes_equal(import->module, bytes_of("__main_module__")) && is_realloc_name(import->name);
}

static void check_valtypes(struct shrinking *s, const struct core_valtype *types, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (types[i].code == CORE_REF || types[i].code == CORE_REF_NULL)
      REFUSE_GUEST(s->g, "the adapter \"%.*s\" imports or exports a function of references", SHOW(s->adapter->name));
}

/* The type of a function of the adapter, in another module. */
static uint32_t copy_functype(struct shrinking *s, struct module *into, uint32_t type) {
  const struct core_functype *func = &s->adapter->module->types.items[type].func;
  check_valtypes(s, func->params, func->param_count);
  check_valtypes(s, func->results, func->result_count);
  return intern_functype(s->context, into, into == s->stack ? &s->stack_types : &s->boundary_types, func);
}

static struct core_item boundary_item(const struct shrinking *s, uint32_t import) {
  return (struct core_item){ITEM_BOUNDARY, s->adapter->module->imports.items[import].type.kind, 0, import};
}

static void add_boundary(struct shrinking *s, uint32_t index) {
  const struct core_import *import = &s->adapter->module->imports.items[index];
  struct boundary_import boundary = {.kind = BOUNDARY_CALL,
                                     .module = import->module,
                                     .name = import->name,
                                     .type = import->type,
                                     .trampoline = NO_INDEX};
  if (import->type.kind == CORE_MEMORY) {
    boundary.kind = BOUNDARY_MEMORY;
    s->memory = s->memory == NO_INDEX ? index : s->memory;
  } else if (import->type.kind == CORE_FUNC) {
    boundary.type.type = copy_functype(s, s->plan->boundary_types, import->type.type);
  } else {
    REFUSE_GUEST(s->g, "the adapter \"%.*s\" imports \"%.*s\" of \"%.*s\", which is neither a function nor the memory",
                 SHOW(s->adapter->name), SHOW(import->name), SHOW(import->module));
  }
  if (is_main_realloc(import) && s->realloc.size)
    boundary.name = s->realloc;
  VEC_ADD(s->context, &s->plan->boundary_imports, boundary);
}

static struct core_item adapter_item(const struct shrinking *s, enum core_kind kind, uint32_t index) {
  const struct module *module = s->adapter->module;
  if (is_imported(module, kind, index))
    return boundary_item(s, module->imports_of[kind].items[index]);
  return (struct core_item){ITEM_DEFINED, kind, 0, index};
}

static struct core_item exported_item(const struct shrinking *s, struct bytes name) {
  const uint32_t at = map_get(&s->adapter->export_names, name);
  assert(at != NOT_FOUND);
  return adapter_item(s, CORE_FUNC, s->adapter->module->exports.items[at].index);
}

/* The second instance. */

static uint32_t import_item(struct shrinking *s, struct core_item item, struct core_extern type) {
  const struct bytes name = format_bytes(s->context, "%u", s->stack_imports.count);
  VEC_ADD(s->context, &s->stack_imports, item);
  return add_import(s->context, s->stack, (struct core_import){bytes_of("adapter"), name, type});
}

static uint32_t import_global(struct shrinking *s, uint32_t global) {
  if (global == NO_INDEX)
    return NO_INDEX;
  return import_item(s, adapter_item(s, CORE_GLOBAL, global), item_type(s->adapter->module, CORE_GLOBAL, global));
}

static void put_constant(struct buffer *b, int32_t value) {
  put_byte(b, OP_I32_CONST);
  put_s32(b, value);
}

static void put_indexed(struct buffer *b, enum op op, uint32_t index) {
  put_byte(b, (uint8_t)op);
  put_u32(b, index);
}

static void put_trap_if(struct buffer *b) {
  put_byte(b, OP_IF);
  put_byte(b, BLOCK_VOID);
  put_byte(b, OP_UNREACHABLE);
  put_byte(b, OP_END);
}

static uint32_t realloc_functype(struct shrinking *s, struct module *into) {
  static const struct core_valtype i32s[] = {
      {.code = CORE_I32}, {.code = CORE_I32}, {.code = CORE_I32}, {.code = CORE_I32}};
  return add_functype(s->context, into, i32s, 4, i32s, 1);
}

/* A realloc that gives new pages, one at a time: what adapters ask of a main module that has none. */
static uint32_t add_page_allocator(struct shrinking *s) {
  struct buffer b = new_buffer(s->context);
  put_raw(&b, "\x01\x01\x7f", 3); /* one local, i32 */
  put_indexed(&b, OP_LOCAL_GET, 0);
  put_trap_if(&b);
  put_indexed(&b, OP_LOCAL_GET, 1);
  put_trap_if(&b);
  put_indexed(&b, OP_LOCAL_GET, 3);
  put_constant(&b, STACK_SIZE);
  put_byte(&b, OP_I32_NE);
  put_trap_if(&b);
  put_constant(&b, 1);
  put_raw(&b, "\x40\x00", 2); /* memory.grow */
  put_indexed(&b, OP_LOCAL_TEE, 4);
  put_constant(&b, -1);
  put_byte(&b, OP_I32_EQ);
  put_trap_if(&b);
  put_indexed(&b, OP_LOCAL_GET, 4);
  put_constant(&b, PAGE_LOG2);
  put_byte(&b, OP_I32_SHL);
  put_byte(&b, OP_END);
  return add_function(s->context, s->stack, realloc_functype(s, s->stack), buffer_bytes(&b));
}

static uint32_t add_stack_allocation(struct shrinking *s, uint32_t realloc, uint32_t stack_pointer, uint32_t state) {
  struct buffer b = new_buffer(s->context);
  put_byte(&b, 0x00); /* no locals */
  if (state != NO_INDEX) {
    put_indexed(&b, OP_GLOBAL_GET, state);
    put_constant(&b, STACK_NONE);
    put_byte(&b, OP_I32_EQ);
    put_byte(&b, OP_IF);
    put_byte(&b, BLOCK_VOID);
    put_constant(&b, STACK_IN_ALLOCATION);
    put_indexed(&b, OP_GLOBAL_SET, state);
  }
  put_constant(&b, 0);
  put_constant(&b, 0);
  put_constant(&b, 8);
  put_constant(&b, STACK_SIZE);
  put_indexed(&b, OP_CALL, realloc);
  put_constant(&b, STACK_SIZE);
  put_byte(&b, OP_I32_ADD);
  put_indexed(&b, OP_GLOBAL_SET, stack_pointer);
  if (state != NO_INDEX) {
    put_constant(&b, STACK_ALLOCATED);
    put_indexed(&b, OP_GLOBAL_SET, state);
    put_byte(&b, OP_END);
  }
  put_byte(&b, OP_END);
  const uint32_t type = add_functype(s->context, s->stack, NULL, 0, NULL, 0);
  return add_function(s->context, s->stack, type, buffer_bytes(&b));
}

/* A function that sees to the stack and calls that of the adapter. */
static uint32_t add_entry(struct shrinking *s, uint32_t allocation, uint32_t function, uint32_t type) {
  struct buffer b = new_buffer(s->context);
  put_byte(&b, 0x00); /* no locals */
  put_indexed(&b, OP_CALL, allocation);
  for (uint32_t i = 0; i < s->stack->types.items[type].func.param_count; i++)
    put_indexed(&b, OP_LOCAL_GET, i);
  put_indexed(&b, OP_CALL, function);
  put_byte(&b, OP_END);
  return add_function(s->context, s->stack, type, buffer_bytes(&b));
}

static void export_from(struct shrinking *s, struct bytes name, struct core_item item) {
  VEC_ADD(s->context, &s->plan->core_exports, ((struct core_export_item){name, item}));
}

/* Through which function of the second instance the main module's realloc is reached. */
static struct core_item main_realloc(struct shrinking *s) {
  const struct boundary_import boundary = {
      .kind = BOUNDARY_CALL,
      .module = bytes_of("__main_module__"),
      .name = s->realloc,
      .type = {.kind = CORE_FUNC, .type = realloc_functype(s, s->plan->boundary_types)},
      .trampoline = NO_INDEX};
  for (uint32_t i = 0; i < s->adapter->module->imports.count; i++)
    if (is_main_realloc(&s->adapter->module->imports.items[i]))
      return boundary_item(s, i);
  VEC_ADD(s->context, &s->plan->boundary_imports, boundary);
  return (struct core_item){ITEM_BOUNDARY, CORE_FUNC, 0, s->plan->boundary_imports.count - 1};
}

/* Exports that see to the stack first. */
static void export_lazily(struct shrinking *s, uint32_t stack_pointer, uint32_t state) {
  const struct core_extern realloc_type = {.kind = CORE_FUNC, .type = realloc_functype(s, s->stack)};
  const uint32_t realloc = import_item(s, main_realloc(s), realloc_type);
  uint32_t *functions = ALLOCATE(s->context, uint32_t, s->names.count);
  uint32_t *types = ALLOCATE(s->context, uint32_t, s->names.count);
  for (uint32_t i = 0; i < s->names.count; i++) {
    const struct core_export *export_ =
        &s->adapter->module->exports.items[map_get(&s->adapter->export_names, s->names.items[i])];
    types[i] = copy_functype(s, s->stack, item_type(s->adapter->module, CORE_FUNC, export_->index).type);
    functions[i] =
        import_item(s, exported_item(s, s->names.items[i]), (struct core_extern){.kind = CORE_FUNC, .type = types[i]});
  }
  const uint32_t allocation = add_stack_allocation(s, realloc, stack_pointer, state);
  for (uint32_t i = 0; i < s->names.count; i++) {
    const uint32_t entry = add_entry(s, allocation, functions[i], types[i]);
    export_from(s, s->names.items[i], (struct core_item){ITEM_DEFINED, CORE_FUNC, 1, entry});
  }
}

/* Makes the second instance. Returns the page allocator, for the adapter's import of a realloc; NO_INDEX: the main
 * module has one. */
static uint32_t build_stack(struct shrinking *s) {
  const bool has_stack = s->stack_pointer != NO_INDEX && s->memory != NO_INDEX;
  const bool is_lazy = has_stack && s->state != NO_INDEX && s->realloc.size;
  uint32_t page_allocator = NO_INDEX;
  if (s->memory != NO_INDEX)
    import_item(s, boundary_item(s, s->memory), s->adapter->module->imports.items[s->memory].type);
  const uint32_t stack_pointer = has_stack ? import_global(s, s->stack_pointer) : NO_INDEX;
  const uint32_t state = has_stack ? import_global(s, s->state) : NO_INDEX;
  if (is_lazy) {
    export_lazily(s, stack_pointer, state);
    return NO_INDEX;
  }
  for (uint32_t i = 0; i < s->names.count; i++)
    export_from(s, s->names.items[i], exported_item(s, s->names.items[i]));
  if (s->memory != NO_INDEX)
    page_allocator = add_page_allocator(s);
  if (has_stack)
    s->stack->start = add_stack_allocation(s, page_allocator, stack_pointer, state);
  return s->realloc.size ? NO_INDEX : page_allocator;
}

static void build_plan(struct shrinking *s) {
  const struct module *module = s->adapter->module;
  struct core_item *imports = ALLOCATE(s->context, struct core_item, module->imports.count);
  for (uint32_t i = 0; i < module->imports.count; i++) {
    add_boundary(s, i);
    imports[i] = boundary_item(s, i);
  }
  const uint32_t page_allocator = build_stack(s);
  for (uint32_t i = 0; i < module->imports.count && page_allocator != NO_INDEX; i++)
    if (is_main_realloc(&module->imports.items[i]))
      imports[i] = (struct core_item){ITEM_DEFINED, CORE_FUNC, 1, page_allocator};
  const struct core_instance adapter = {module, imports, 0, bytes_of("adapter")};
  const struct core_instance stack = {s->stack, s->stack_imports.items, NO_INDEX, bytes_of("stack")};
  VEC_ADD(s->context, &s->plan->core_instances, adapter);
  VEC_ADD(s->context, &s->plan->core_instances, stack);
}

static struct bytes find_main_realloc(const struct guest *main) {
  const struct bytes special = bytes_of("cabi_realloc_adapter");
  return export_functype(main, special) ? special : main->general_realloc;
}

void shrink_adapter(struct guests *g, uint32_t number) {
  struct context *c = g->context;
  struct guest *adapter = &g->items.items[number];
  struct shrinking s = {.g = g, .context = c, .adapter = adapter, .memory = NO_INDEX};
  s.plan = ALLOCATE(c, struct plan, 1);
  s.plan->types = ALLOCATE(c, struct types, 1);
  s.plan->boundary_types = ALLOCATE(c, struct module, 1);
  s.stack = ALLOCATE(c, struct module, 1);
  /* The adapter is all that there is: the measure of what is made, and whose statements of itself are kept. */
  struct component *whole = ALLOCATE(c, struct component, 1);
  whole->size = adapter->bytes.size;
  s.plan->root = whole;
  VEC_ADD(c, &s.plan->instances,
          ((struct component_instance){.parent = NO_INDEX, .component = whole, .path = bytes_of("adapter")}));
  s.plan->boundary_types->start = s.stack->start = NO_INDEX;
  s.realloc = find_main_realloc(&g->items.items[0]);
  s.stack_pointer = find_global(adapter->module, "__stack_pointer");
  s.state = find_global(adapter->module, "allocation_state");
  find_kept(&s, number);
  build_plan(&s);
  static const struct fuse_options options = {.component = true, .keep_names = true};
  adapter->bytes = write_module(c, merge_plan(c, s.plan, &options));
  adapter->module = read_module(c, adapter->bytes, adapter->bytes.at);
  adapter->imports_twice = false;
  adapter->import_names = ALLOCATE(c, struct bytes, adapter->module->imports.count);
  for (uint32_t i = 0; i < adapter->module->imports.count; i++)
    adapter->import_names[i] = adapter->module->imports.items[i].name;
  adapter->export_names = (struct map){0};
  for (uint32_t i = 0; i < adapter->module->exports.count; i++)
    map_add(c, &adapter->export_names, adapter->module->exports.items[i].name, i);
}
