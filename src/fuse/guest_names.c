/* guest_names.c -- what the imports and exports of a core module are, by their names.
 *
 *     import "test:kv/store@0.2.0" "get"                 the function of the world's import
 *     import "test:kv/store@0.2.0" "[resource-drop]key"  the dropping of its resource
 *     import "[export]test:kv/store" "[resource-new]key" a resource that the world exports
 *     import "$root" "log"                               a function that the world imports itself
 *     export "test:kv/store#get", "run"                  what the world exports
 *     export "cabi_post_run"                             is called when the result of "run" has been read
 *     export "memory", "cabi_realloc", "_initialize"
 *
 * These are the names that compilers give today. There is another form, which begins with "cm32p2":
 *
 *     import "cm32p2|test:kv/store@0.2" "get", "key_drop"; "cm32p2|_ex_test:kv/store@0.2" "key_new"; "cm32p2" "log"
 *     export "cm32p2|test:kv/store@0.2|get", "cm32p2||run", "cm32p2||run_post", "cm32p2_memory", "cm32p2_realloc"
 *
 * An adapter imports the memory of the main module as "env" "memory", and what else that exports from
 * "__main_module__".
 *
 * Requires  guest_world.c: the world.
 * Provides  imports, exports, destructors and the named parts of a guest; each core type is what the world makes it.
 * Spec      CanonicalABI.md "flatten_functype"; tool-conventions "BasicCABI.md"; component-model "BuildTargets.md".
 */
#include "fuse/guest.h"

#include "fuse/compose.h"

#include <string.h>

#define STANDARD_PREFIX "cm32p2"
#define EXPORT_PREFIX "[export]"
#define STANDARD_EXPORT_PREFIX "_ex_"
#define ROOT_MODULE "$root"
#define MAIN_MODULE "__main_module__"

static bool take_prefix(struct bytes *text, const char *prefix) {
  const struct bytes start = bytes_of(prefix);
  if (!starts_with(*text, start))
    return false;
  *text = (struct bytes){text->at + start.size, text->size - start.size};
  return true;
}

static bool take_suffix(struct bytes *text, const char *suffix) {
  const size_t size = strlen(suffix);
  if (text->size <= size || memcmp(text->at + text->size - size, suffix, size) != 0)
    return false;
  text->size -= size;
  return true;
}

struct bytes interface_of(const struct plan *plan, uint32_t item) {
  const uint32_t parent = plan->externs.items[item].parent;
  return parent == NO_INDEX ? (struct bytes){0} : plan->externs.items[parent].name.name;
}

/* `"get" of "test:kv/store"`, or `"run"`. */
static struct bytes show_item(struct guests *g, struct bytes interface, struct bytes name) {
  if (interface.size == 0)
    return format_bytes(g->context, "\"%.*s\"", SHOW(name));
  return format_bytes(g->context, "\"%.*s\" of \"%.*s\"", SHOW(name), SHOW(interface));
}

/* What calls the guest in a sentence. */
static struct bytes show_guest(struct guests *g, const struct guest *guest) {
  if (guest->name.size == 0)
    return bytes_of("the module");
  return format_bytes(g->context, "the adapter \"%.*s\"", SHOW(guest->name));
}

/* Types. */

static bool is_core_functype(const struct core_functype *type, const struct flat_functype *flat) {
  if (type->param_count != flat->param_count || type->result_count != flat->result_count)
    return false;
  for (uint32_t i = 0; i < flat->param_count; i++)
    if (type->params[i].code != flat->params[i])
      return false;
  for (uint32_t i = 0; i < flat->result_count; i++)
    if (type->results[i].code != flat->results[i])
      return false;
  return true;
}

static struct bytes show_flat(struct guests *g, const struct flat_functype *flat) {
  struct core_valtype params[MAX_FLAT_PARAMS + 1] = {0}, results[MAX_FLAT_RESULTS] = {0};
  for (uint32_t i = 0; i < flat->param_count; i++)
    params[i].code = flat->params[i];
  for (uint32_t i = 0; i < flat->result_count; i++)
    results[i].code = flat->results[i];
  const struct core_functype type = {params, results, flat->param_count, flat->result_count};
  return show_core_functype(g->context, &type);
}

/* `what`: "imports", "exports". */
static void expect_type(struct guests *g, const struct guest *guest, const char *what, struct bytes item,
                        const struct core_functype *type, const struct flat_functype *wanted) {
  if (type && is_core_functype(type, wanted))
    return;
  const struct bytes found = type ? show_core_functype(g->context, type) : bytes_of("none of functions");
  REFUSE_GUEST(g, "%.*s %s %.*s with the type %.*s, but it has to be %.*s", SHOW(show_guest(g, guest)), what,
               SHOW(item), SHOW(found), SHOW(show_flat(g, wanted)));
}

static const struct core_functype *functype_at(const struct module *module, uint32_t type) {
  const struct core_type *at = &module->types.items[type];
  return at->composite == COMPOSITE_FUNC ? &at->func : NULL;
}

const struct core_functype *export_functype(const struct guest *guest, struct bytes name) {
  const uint32_t at = map_get(&guest->export_names, name);
  if (at == NOT_FOUND || guest->module->exports.items[at].kind != CORE_FUNC)
    return NULL;
  return functype_at(guest->module, item_type(guest->module, CORE_FUNC, guest->module->exports.items[at].index).type);
}

static bool has_pointers(const struct functype *type) {
  for (uint32_t i = 0; i < type->param_count; i++)
    if (type->params[i].type->has_pointers)
      return true;
  return false;
}

struct needs needs_of(const struct functype *type, enum flat_direction direction) {
  const struct flat_functype flat = flatten_functype(type, direction, POINTER_32);
  const bool result_has_pointers = type->result && type->result->has_pointers;
  const bool params = flat.params_spilled || has_pointers(type), result = flat.result_spilled || result_has_pointers;
  return (struct needs){params || result, direction == FLAT_LIFT ? params : result_has_pointers};
}

/* What a guest has for a function that needs it. */
static void expect_needs(struct guests *g, const struct guest *guest, struct bytes item, const struct functype *type,
                         enum flat_direction direction) {
  const struct needs needs = needs_of(type, direction);
  const struct guest *main = &g->items.items[0];
  if (needs.memory && main->memory.size == 0) {
    set_hint(g->context, "export it as \"memory\"");
    REFUSE_GUEST(g, "%.*s passes values in memory, but the module exports no memory", SHOW(item));
  }
  if (needs.realloc && (direction == FLAT_LIFT ? guest->export_realloc : guest->import_realloc).size == 0) {
    set_hint(g->context, "export a function \"cabi_realloc\"");
    REFUSE_GUEST(g, "%.*s gives values in memory to %.*s, which exports nothing to allocate it", SHOW(item),
                 SHOW(show_guest(g, guest)));
  }
}

/* Imports. */

/* What the names of an import say. */
struct import_name {
  bool is_standard, is_export, is_root;
  struct bytes interface;
};

static struct import_name parse_module_name(struct bytes module) {
  struct import_name name = {.interface = module};
  if (take_prefix(&name.interface, STANDARD_PREFIX)) {
    name.is_standard = true;
    name.is_root = !take_prefix(&name.interface, "|");
    name.is_export = !name.is_root && take_prefix(&name.interface, STANDARD_EXPORT_PREFIX);
    return name;
  }
  name.is_export = take_prefix(&name.interface, EXPORT_PREFIX);
  name.is_root = bytes_equal(name.interface, bytes_of(ROOT_MODULE));
  return name;
}

/* The instance of the world that a module means by the name; NOT_FOUND: none. */
static uint32_t find_instance(struct guests *g, const struct import_name *name) {
  const struct map *instances = name->is_export ? &g->export_instances : &g->import_instances;
  if (name->is_standard)
    return map_get(instances, format_bytes(g->context, "|%.*s", SHOW(name->interface)));
  const uint32_t exact = map_get(instances, name->interface);
  if (exact != NOT_FOUND)
    return exact;
  return map_get(instances, compatible_name(g->context, &(struct extern_name){.name = name->interface}));
}

/* "[task-return]f" and the like, but not "[method]r.f". */
static bool is_asynchronous(struct bytes name) {
  return starts_with(name, bytes_of("[")) && !starts_with(name, bytes_of("[method]")) &&
         !starts_with(name, bytes_of("[static]")) && !starts_with(name, bytes_of("[constructor]"));
}

bool is_preview1(struct bytes module) {
  return bytes_equal(module, bytes_of("wasi_snapshot_preview1")) || bytes_equal(module, bytes_of("wasi_unstable"));
}

static _Noreturn void refuse_import(struct guests *g, const struct guest *guest, const struct core_import *import,
                                    const struct import_name *name) {
  const struct bytes shown = show_guest(g, guest);
  if (is_preview1(import->module)) {
    set_hint(g->context, "\"--adapt %.*s=ADAPTER.wasm\" gives an adapter for it", SHOW(import->module));
    REFUSE_GUEST(g, "%.*s imports \"%.*s\" of \"%.*s\", an interface of WASI preview 1", SHOW(shown),
                 SHOW(import->name), SHOW(import->module));
  }
  if (is_asynchronous(import->name) && !starts_with(import->name, bytes_of("[resource-")))
    REFUSE_GUEST(g, "%.*s imports \"%.*s\" of \"%.*s\", which is for asynchronous functions and not supported yet",
                 SHOW(shown), SHOW(import->name), SHOW(import->module));
  set_hint(g->context, "\"wasm-tools component embed\" gives it another world");
  REFUSE_GUEST(g, "%.*s imports \"%.*s\" of \"%.*s\", but its world %s no such item", SHOW(shown), SHOW(import->name),
               SHOW(import->module), name->is_export ? "exports" : "imports");
}

/* The resource in "[resource-drop]r" or "r_drop", and what is to be done with it. */
static bool parse_resource_name(const struct import_name *form, struct bytes *name, enum use_kind *kind) {
  static const struct {
    const char *prefix, *suffix;
    enum use_kind kind;
  } names[] = {{"[resource-drop]", "_drop", USE_RESOURCE_DROP},
               {"[resource-new]", "_new", USE_RESOURCE_NEW},
               {"[resource-rep]", "_rep", USE_RESOURCE_REP}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (form->is_standard ? take_suffix(name, names[i].suffix) : take_prefix(name, names[i].prefix)) {
      *kind = names[i].kind;
      return names[i].kind == USE_RESOURCE_DROP || form->is_export;
    }
  return false;
}

static const struct extern_tree *find_leaf(struct guests *g, const struct import_name *name, struct bytes interface,
                                           struct bytes item) {
  const struct map *leaves = name->is_export ? &g->exports : &g->imports;
  const uint32_t at = map_get(leaves, format_bytes(g->context, "%.*s#%.*s", SHOW(interface), SHOW(item)));
  return at == NOT_FOUND ? NULL : &g->plan->externs.items[at];
}

static void use_function(struct guests *g, const struct guest *guest, const struct core_import *import,
                         struct bytes interface, const struct extern_tree *leaf, struct guest_import *use) {
  const struct flat_functype flat = flatten_functype(leaf->functype, FLAT_LOWER, POINTER_32);
  const struct bytes shown = show_item(g, interface, leaf->name.name);
  expect_type(g, guest, "imports", shown, functype_at(guest->module, import->type.type), &flat);
  expect_needs(g, guest, shown, leaf->functype, FLAT_LOWER);
  const uint32_t encoding = map_get(&guest->encodings, encoding_key(g->context, false, interface, leaf->name.name));
  *use = (struct guest_import){.kind = USE_CALL, .func = leaf->func, .encoding = ENCODING_UTF8};
  if (encoding != NOT_FOUND)
    use->encoding = (enum string_encoding)encoding;
}

/* A function of the world, or one of its resources. */
static void name_world_import(struct guests *g, const struct guest *guest, const struct core_import *import,
                              struct guest_import *use) {
  const struct import_name name = parse_module_name(import->module);
  struct bytes interface = {0}, resource = import->name;
  if (!name.is_root) {
    const uint32_t instance = find_instance(g, &name);
    if (instance == NOT_FOUND)
      refuse_import(g, guest, import, &name);
    interface = g->plan->externs.items[instance].name.name;
  }
  const struct extern_tree *leaf = name.is_export ? NULL : find_leaf(g, &name, interface, import->name);
  if (leaf && leaf->sort == SORT_FUNC) {
    use_function(g, guest, import, interface, leaf, use);
    return;
  }
  const bool is_builtin = parse_resource_name(&name, &resource, &use->kind);
  leaf = is_builtin ? find_leaf(g, &name, interface, resource) : NULL;
  if (!leaf || leaf->sort != SORT_TYPE || leaf->resource == NO_INDEX)
    refuse_import(g, guest, import, &name);
  use->resource = leaf->resource;
  struct flat_functype flat = {.params = {CORE_I32}, .param_count = 1, .results = {CORE_I32}};
  flat.result_count = use->kind == USE_RESOURCE_DROP ? 0 : 1;
  expect_type(g, guest, "imports", show_item(g, import->module, import->name),
              functype_at(guest->module, import->type.type), &flat);
}

/* What an adapter imports of the main module. */
static void name_main_import(struct guests *g, const struct guest *guest, const struct core_import *import,
                             struct guest_import *use) {
  const struct guest *main = &g->items.items[0];
  const bool is_memory = import->type.kind == CORE_MEMORY && !bytes_equal(import->module, bytes_of(MAIN_MODULE));
  *use = (struct guest_import){.kind = USE_MAIN, .name = is_memory ? main->memory : import->name};
  const uint32_t at = use->name.size ? map_get(&main->export_names, use->name) : NOT_FOUND;
  if (at == NOT_FOUND)
    REFUSE_GUEST(g, "%.*s needs \"%.*s\" of the module, which does not export it", SHOW(show_guest(g, guest)),
                 SHOW(import->name));
  const struct core_export *export_ = &main->module->exports.items[at];
  const struct core_extern type = item_type(main->module, export_->kind, export_->index);
  if (!extern_matches(&g->link.matching, main->module, &type, guest->module, &import->type))
    REFUSE_GUEST(g, "%.*s needs \"%.*s\" of the module with the type %.*s, but it is exported as %.*s",
                 SHOW(show_guest(g, guest)), SHOW(import->name),
                 SHOW(show_core_extern(g->context, guest->module, &import->type)),
                 SHOW(show_core_extern(g->context, main->module, &type)));
}

/* An adapter's function; NO_INDEX: there is no adapter of the name. */
static uint32_t find_adapter(const struct guests *g, struct bytes name) {
  for (uint32_t i = 1; i < g->items.count; i++)
    if (bytes_equal(g->items.items[i].name, name))
      return i;
  return NO_INDEX;
}

static void name_adapter_import(struct guests *g, const struct guest *guest, const struct core_import *import,
                                uint32_t index, struct guest_import *use) {
  const struct guest *adapter = &g->items.items[index];
  *use = (struct guest_import){.kind = USE_ADAPTER, .adapter = index, .name = import->name};
  const uint32_t at = map_get(&adapter->export_names, import->name);
  if (at == NOT_FOUND || adapter->module->exports.items[at].kind != CORE_FUNC)
    REFUSE_GUEST(g, "%.*s imports \"%.*s\" of the adapter \"%.*s\", which has no such function",
                 SHOW(show_guest(g, guest)), SHOW(import->name), SHOW(adapter->name));
  const struct core_export *export_ = &adapter->module->exports.items[at];
  const struct core_extern type = item_type(adapter->module, CORE_FUNC, export_->index);
  if (!extern_matches(&g->link.matching, adapter->module, &type, guest->module, &import->type))
    REFUSE_GUEST(g, "%.*s imports \"%.*s\" of the adapter \"%.*s\" with the type %.*s, but it is %.*s there",
                 SHOW(show_guest(g, guest)), SHOW(import->name), SHOW(adapter->name),
                 SHOW(show_core_extern(g->context, guest->module, &import->type)),
                 SHOW(show_core_extern(g->context, adapter->module, &type)));
}

static bool is_of_main(const struct core_import *import) {
  if (bytes_equal(import->module, bytes_of(MAIN_MODULE)))
    return true;
  return import->type.kind == CORE_MEMORY && bytes_equal(import->module, bytes_of("env")) &&
         bytes_equal(import->name, bytes_of("memory"));
}

void name_imports(struct guests *g, uint32_t index) {
  struct guest *guest = &g->items.items[index];
  guest->imports = ALLOCATE(g->context, struct guest_import, guest->module->imports.count);
  for (uint32_t i = 0; i < guest->module->imports.count; i++) {
    const struct core_import *import = &guest->module->imports.items[i];
    const uint32_t adapter = find_adapter(g, import->module);
    if (index > 0 && is_of_main(import))
      name_main_import(g, guest, import, &guest->imports[i]);
    else if (import->type.kind != CORE_FUNC)
      REFUSE_GUEST(
          g, "%.*s imports \"%.*s\" of \"%.*s\", which is no function; a module of a component imports nothing else",
          SHOW(show_guest(g, guest)), SHOW(import->name), SHOW(import->module));
    else if (adapter != NO_INDEX)
      name_adapter_import(g, guest, import, adapter, &guest->imports[i]);
    else
      name_world_import(g, guest, import, &guest->imports[i]);
  }
}

/* Exports. */

/* The first of the names that the guest exports; size 0: none of them. */
static struct bytes first_export(const struct guest *guest, enum core_kind kind, const char *const *names) {
  for (; *names; names++) {
    const uint32_t at = map_get(&guest->export_names, bytes_of(*names));
    if (at != NOT_FOUND && guest->module->exports.items[at].kind == kind)
      return bytes_of(*names);
  }
  return (struct bytes){0};
}

/* The first of the names, which has to be of the type of a realloc. */
static struct bytes find_realloc(struct guests *g, const struct guest *guest, const char *const *names) {
  static const struct flat_functype type = {
      .params = {CORE_I32, CORE_I32, CORE_I32, CORE_I32}, .param_count = 4, .results = {CORE_I32}, .result_count = 1};
  const struct bytes name = first_export(guest, CORE_FUNC, names);
  if (name.size)
    expect_type(g, guest, "exports", format_bytes(g->context, "\"%.*s\"", SHOW(name)), export_functype(guest, name),
                &type);
  return name;
}

static void name_reallocs(struct guests *g, struct guest *guest) {
  static const char *const general[] = {"cabi_realloc", "canonical_abi_realloc", STANDARD_PREFIX "_realloc", NULL};
  static const char *const import[] = {"cabi_import_realloc", NULL}, *const export_[] = {"cabi_export_realloc", NULL};
  guest->general_realloc = find_realloc(g, guest, general);
  guest->import_realloc = find_realloc(g, guest, import);
  guest->export_realloc = find_realloc(g, guest, export_);
  if (guest->import_realloc.size == 0)
    guest->import_realloc = guest->general_realloc;
  if (guest->export_realloc.size == 0)
    guest->export_realloc = guest->general_realloc;
}

static void name_parts(struct guests *g, struct guest *guest) {
  static const char *const memories[] = {"memory", STANDARD_PREFIX "_memory", NULL};
  static const char *const initializers[] = {"_initialize", STANDARD_PREFIX "_initialize", NULL};
  static const struct flat_functype nothing = {0};
  guest->memory = first_export(guest, CORE_MEMORY, memories);
  name_reallocs(g, guest);
  guest->initialize = first_export(guest, CORE_FUNC, initializers);
  if (guest->initialize.size)
    expect_type(g, guest, "exports", format_bytes(g->context, "\"%.*s\"", SHOW(guest->initialize)),
                export_functype(guest, guest->initialize), &nothing);
  if (guest->memory.size == 0)
    return;
  const struct core_export *memory = &guest->module->exports.items[map_get(&guest->export_names, guest->memory)];
  if (item_type(guest->module, CORE_MEMORY, memory->index).memory.is_64)
    REFUSE_GUEST(g, "the module's memory has addresses of 64 bits, which is not supported yet");
}

/* Both names that a core export can have: `iface#prefix name` and `cm32p2|iface|name suffix`. */
struct export_names {
  struct bytes usual, standard;
};

static struct export_names names_of_export(struct guests *g, uint32_t item, struct bytes name, const char *prefix,
                                           const char *suffix) {
  struct context *c = g->context;
  const uint32_t parent = g->plan->externs.items[item].parent;
  if (parent == NO_INDEX)
    return (struct export_names){format_bytes(c, "%s%.*s", prefix, SHOW(name)),
                                 format_bytes(c, STANDARD_PREFIX "||%.*s%s", SHOW(name), suffix)};
  const struct extern_name *interface = &g->plan->externs.items[parent].name;
  const struct bytes canonical = canonical_name(c, interface);
  return (struct export_names){format_bytes(c, "%.*s#%s%.*s", SHOW(interface->name), prefix, SHOW(name)),
                               format_bytes(c, STANDARD_PREFIX "|%.*s|%.*s%s", SHOW(canonical), SHOW(name), suffix)};
}

/* The one that is exported; size 0: neither. */
static struct bytes find_exported(const struct guest *guest, const struct export_names *names) {
  if (export_functype(guest, names->usual))
    return names->usual;
  return export_functype(guest, names->standard) ? names->standard : (struct bytes){0};
}

static _Noreturn void refuse_missing_export(struct guests *g, const struct guest *guest, struct bytes shown,
                                            const struct export_names *names) {
  const struct bytes lifted = format_bytes(g->context, "[async-lift]%.*s", SHOW(names->usual));
  const struct bytes stackful = format_bytes(g->context, "[async-lift-stackful]%.*s", SHOW(names->usual));
  if (export_functype(guest, lifted) || export_functype(guest, stackful))
    REFUSE_GUEST(g, "%.*s exports %.*s as an asynchronous function, which is not supported yet",
                 SHOW(show_guest(g, guest)), SHOW(shown));
  set_hint(g->context, "it has to be an export \"%.*s\"; or \"wasm-tools component embed\" gives another world",
           SHOW(names->usual));
  REFUSE_GUEST(g, "the world of %.*s exports %.*s, but the module does not", SHOW(show_guest(g, guest)), SHOW(shown));
}

static struct bytes find_post_return(struct guests *g, const struct guest *guest, const struct export_names *names,
                                     struct bytes shown, const struct functype *type) {
  const struct export_names posts = {format_bytes(g->context, "cabi_post_%.*s", SHOW(names->usual)),
                                     format_bytes(g->context, "%.*s_post", SHOW(names->standard))};
  const struct bytes name = find_exported(guest, &posts);
  if (name.size == 0)
    return name;
  const struct flat_functype flat = flatten_functype(type, FLAT_LIFT, POINTER_32);
  struct flat_functype post = {.param_count = flat.result_count};
  memcpy(post.params, flat.results, flat.result_count);
  expect_type(g, guest, "exports", format_bytes(g->context, "the post-return function of %.*s", SHOW(shown)),
              export_functype(guest, name), &post);
  return name;
}

static void name_export_function(struct guests *g, struct guest *guest, uint32_t item) {
  const struct extern_tree *leaf = &g->plan->externs.items[item];
  const struct bytes interface = interface_of(g->plan, item);
  const uint32_t encoding = map_get(&guest->encodings, encoding_key(g->context, true, interface, leaf->name.name));
  if (encoding == NOT_FOUND)
    return; /* of another guest */
  const struct bytes shown = show_item(g, interface, leaf->name.name);
  const struct export_names names = names_of_export(g, item, leaf->name.name, "", "");
  struct guest_export export_ = {.func = leaf->func, .encoding = (enum string_encoding)encoding};
  export_.name = find_exported(guest, &names);
  if (export_.name.size == 0)
    refuse_missing_export(g, guest, shown, &names);
  const struct flat_functype flat = flatten_functype(leaf->functype, FLAT_LIFT, POINTER_32);
  expect_type(g, guest, "exports", shown, export_functype(guest, export_.name), &flat);
  expect_needs(g, guest, shown, leaf->functype, FLAT_LIFT);
  export_.post_return = find_post_return(g, guest, &names, shown, leaf->functype);
  VEC_ADD(g->context, &guest->exports, export_);
}

static void name_destructor(struct guests *g, struct guest *guest, uint32_t item) {
  const struct extern_tree *leaf = &g->plan->externs.items[item];
  static const struct flat_functype type = {.params = {CORE_I32}, .param_count = 1};
  if (leaf->resource == NO_INDEX || !leaf->is_sub)
    return;
  const struct export_names names = names_of_export(g, item, leaf->name.name, "[dtor]", "_dtor");
  const struct bytes name = find_exported(guest, &names);
  if (name.size == 0)
    return;
  expect_type(g, guest, "exports", format_bytes(g->context, "\"%.*s\"", SHOW(name)), export_functype(guest, name),
              &type);
  VEC_ADD(g->context, &guest->destructors, ((struct guest_destructor){leaf->resource, name}));
}

static void name_export(struct guests *g, struct guest *guest, uint32_t item) {
  const enum sort sort = g->plan->externs.items[item].sort;
  if (sort == SORT_FUNC)
    name_export_function(g, guest, item);
  if (sort == SORT_TYPE)
    name_destructor(g, guest, item);
}

void name_exports(struct guests *g, uint32_t index) {
  struct guest *guest = &g->items.items[index];
  guest->exports.count = guest->destructors.count = 0;
  name_parts(g, guest);
  for (uint32_t i = 0; i < g->plan->exports.count; i++) {
    const struct extern_tree *tree = &g->plan->externs.items[g->plan->exports.items[i]];
    for (uint32_t k = 0; k < tree->child_count; k++)
      name_export(g, guest, tree->children[k]);
    if (tree->sort != SORT_INSTANCE)
      name_export(g, guest, g->plan->exports.items[i]);
  }
}
