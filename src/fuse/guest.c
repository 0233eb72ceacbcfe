/* guest.c -- a core module becomes a component.
 *
 *     bytes of a core module --make_component--> bytes of a component, which goes the ordinary way
 *
 * Compilers and libraries leave in a core module for which world it was made, in sections "component-type...". With
 * that, and with adapters for what its imports are older than, the component that it is the program of can be written.
 *
 * Requires  a core module; adapters of any content.
 * Provides  a component; see guest.h for the parts.
 * Spec      Explainer.md "Component Definitions"; tool-conventions "BasicCABI.md".
 */
#include "fuse/guest.h"

#include "fuse/compose.h"
#include "wasm/check.h"
#include "wasm/notes.h"

static struct bytes pair_of(struct context *c, struct bytes module, struct bytes name) {
  struct buffer pair = new_buffer(c);
  put_name(&pair, module);
  put_name(&pair, name);
  return buffer_bytes(&pair);
}

/* A module in a component cannot import two items by one name; those of some compilers do, and get others. */
static void tell_imports_apart(struct guests *g, struct guest *guest) {
  struct map names = {0}, times = {0}; /* `times`: how often this pair of names was there, to index into `counts` */
  VEC(uint32_t) counts = {0};
  for (uint32_t i = 0; i < guest->module->imports.count; i++) {
    const struct core_import *import = &guest->module->imports.items[i];
    struct bytes name = import->name;
    const uint32_t at = map_add(g->context, &times, pair_of(g->context, import->module, name), counts.count);
    if (at == counts.count)
      VEC_ADD(g->context, &counts, 1);
    while (map_add(g->context, &names, pair_of(g->context, import->module, name), i) != i) {
      name = format_bytes(g->context, "%.*s %u", SHOW(import->name), ++counts.items[at]);
      guest->imports_twice = true;
    }
    guest->import_names[i] = name;
  }
}

static void read_guest(struct guests *g, struct bytes name, struct bytes bytes, uint32_t number, bool validate) {
  struct context *c = g->context;
  struct guest guest = {.name = name, .bytes = bytes, .number = number};
  c->input = number;
  guest.module = read_module(c, bytes, bytes.at);
  check_structure(c, guest.module);
  if (validate)
    check_module(c, guest.module);
  for (uint32_t i = 0; i < guest.module->exports.count; i++)
    map_add(c, &guest.export_names, guest.module->exports.items[i].name, i);
  guest.import_names = ALLOCATE(c, struct bytes, guest.module->imports.count);
  tell_imports_apart(g, &guest);
  read_worlds(g, &guest);
  VEC_ADD(c, &g->items, guest);
}

static struct guest *main_of(const struct guests *g) { return &g->items.items[0]; }

/* Does the main module need the adapter: by its imports, or because it is a command, which the adapter starts? */
static bool is_needed(const struct guests *g, const struct adapter_input *adapter, const struct module *module) {
  const struct guest *main = main_of(g);
  for (uint32_t i = 0; i < main->module->imports.count; i++)
    if (bytes_equal(main->module->imports.items[i].module, adapter->name))
      return true;
  if (!export_functype(main, bytes_of("_start")))
    return false;
  for (uint32_t i = 0; i < module->imports.count; i++)
    if (bytes_equal(module->imports.items[i].module, bytes_of("__main_module__")) &&
        bytes_equal(module->imports.items[i].name, bytes_of("_start")))
      return true;
  return false;
}

static bool imports_preview1(const struct module *module) {
  for (uint32_t i = 0; i < module->imports.count; i++)
    if (is_preview1(module->imports.items[i].module))
      return true;
  return false;
}

static void read_adapters(struct guests *g, bool validate) {
  struct context *c = g->context;
  for (uint32_t i = 0; i < g->adapter_count; i++) {
    struct adapter_input *adapter = &g->adapters[i];
    c->input = adapter->number;
    if (!is_needed(g, adapter, read_module(c, adapter->bytes, adapter->bytes.at)))
      continue;
    adapter->is_used = true;
    read_guest(g, adapter->name, adapter->bytes, adapter->number, validate);
  }
}

/* In order: an adapter is used by those before it alone. */
static void adapt_guest(struct guests *g, uint32_t number) {
  g->context->input = g->items.items[number].number;
  name_exports(g, number);
  shrink_adapter(g, number);
  name_imports(g, number);
}

struct bytes make_component(struct context *c, struct bytes input, struct adapter_input *adapters,
                            uint32_t adapter_count, bool validate) {
  const uint32_t number = c->input;
  struct guests g = {.context = c, .link = new_link(c), .adapters = adapters, .adapter_count = adapter_count};
  g.plan = g.link.plan;
  read_guest(&g, (struct bytes){0}, input, number, validate);
  read_adapters(&g, validate);
  c->input = number;
  if (main_of(&g)->worlds.count == 0 && g.items.count == 1 && !imports_preview1(main_of(&g)->module)) {
    set_hint(c, "\"wasm-tools component embed\" adds the section that says for which world it is made");
    fail(c, FAILURE_INPUT, 4, "this is a core module without a component-type section, not a component");
  }
  merge_worlds(&g);
  name_exports(&g, 0);
  name_imports(&g, 0);
  for (uint32_t i = 1; i < g.items.count; i++)
    adapt_guest(&g, i);
  c->input = number;
  prune_imports(&g);
  return write_guests(&g);
}
