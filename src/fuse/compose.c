/* compose.c -- several inputs become one root component.
 *
 *     bytes x n --compose--> one component that instantiates them all
 *
 * What comes after it sees one component and knows nothing of inputs. What goes where is decided by names and wires
 * (compose_match.c) or by a script (compose_script.c); then the composition is linked once, to check it and to see what
 * stays open (compose_link.c), and written (compose_write.c).
 *
 * Requires  inputs of any content.
 * Provides  a component, in which the inputs are parts of their own: they have been read, and are not copied.
 */
#include "component/check.h"
#include "fuse/compose.h"
#include "fuse/plan.h"

static void read_input(struct context *c, struct composition *composition, uint32_t index) {
  struct composed_input *input = &composition->inputs.items[index];
  while (!bytes_equal(composition->inputs.items[input->same_as].bytes, input->bytes))
    input->same_as++;
  c->input = index;
  if (input->same_as == index) {
    input->component = read_component(c, input->bytes);
    check_component(c, input->component);
  } else {
    input->component = composition->inputs.items[input->same_as].component;
  }
  for (uint32_t i = 0; i < input->component->definitions.count; i++) {
    const struct definition *definition = &input->component->definitions.items[i];
    if (definition->kind == DEFINE_IMPORT)
      VEC_ADD(c, &input->imports, &definition->of.import);
    if (definition->kind == DEFINE_EXPORT)
      VEC_ADD(c, &input->exports, &definition->of.export_);
  }
  c->input = NO_INDEX;
}

/* Fails if an import that no pattern names stays open. */
static void require_closed(struct context *c, const struct composition *composition,
                           const struct linked_composition *linked, const struct wire *wires, uint32_t wire_count) {
  struct listing open = {0}, patterns = {0};
  bool is_required = false;
  for (uint32_t k = 0; k < wire_count; k++) {
    is_required = is_required || wires[k].kind == WIRE_CLOSED;
    if (wires[k].kind == WIRE_CLOSED && wires[k].text.size)
      add_listed(c, &patterns, wires[k].text);
  }
  for (uint32_t i = 0; i < linked->imports.count; i++) {
    const struct extern_name *name = &linked->plan->externs.items[linked->imports.items[i].extern_].name;
    bool is_allowed = false;
    for (uint32_t k = 0; k < wire_count; k++)
      is_allowed = is_allowed || (wires[k].kind == WIRE_CLOSED && matches_pattern(wires[k].text, name));
    const struct bytes user = composition->instances.items[linked->imports.items[i].instance].name;
    if (!is_allowed)
      add_listed(c, &open, format_bytes(c, "%.*s:%.*s", SHOW(user), SHOW(name->name)));
  }
  if (!is_required || open.text.size == 0)
    return;
  const struct bytes beyond = patterns.text.size ? format_bytes(c, " beyond %.*s", SHOW(patterns.text)) : bytes_of("");
  set_hint(c, "give inputs that export them");
  fail(c, FAILURE_INPUT, NO_OFFSET, "imports%.*s stay open: %.*s", SHOW(beyond), SHOW(open.text));
}

struct parted_component compose_inputs(struct context *c, struct compose_request *request) {
  struct composition *composition = &request->composition;
  c->input = NO_INDEX;
  for (uint32_t i = 0; i < composition->inputs.count; i++)
    read_input(c, composition, i);
  if (request->script.at)
    read_script(c, composition, request->script);
  else
    match_inputs(c, composition, request->wires, request->wire_count);
  struct linked_composition linked = link_composition(c, composition);
  require_closed(c, composition, &linked, request->wires, request->wire_count);
  order_exports(c, composition, &linked);
  return write_composition(c, composition, &linked);
}
