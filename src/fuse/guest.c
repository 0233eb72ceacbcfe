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
#include "wasm/rewrite.h"

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
  read_worlds(g, &guest);
  VEC_ADD(c, &g->items, guest);
}

static struct guest *main_of(const struct guests *g) { return &g->items.items[0]; }

struct bytes make_component(struct context *c, struct bytes input, struct adapter_input *adapters,
                            uint32_t adapter_count, bool validate) {
  const uint32_t number = c->input;
  struct guests g = {.context = c, .link = new_link(c), .adapters = adapters, .adapter_count = adapter_count};
  g.plan = g.link.plan;
  read_guest(&g, (struct bytes){0}, input, number, validate);
  if (main_of(&g)->worlds.count == 0) {
    set_hint(c, "\"wasm-tools component embed\" adds the section that says for which world it is made");
    fail(c, FAILURE_INPUT, 4, "this is a core module without a component-type section, not a component");
  }
  merge_worlds(&g);
  name_exports(&g, 0);
  name_imports(&g, 0);
  prune_imports(&g);
  return write_guests(&g);
}
