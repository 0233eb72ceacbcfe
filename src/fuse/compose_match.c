/* compose_match.c -- a composition by names: one instance of each input, imports meet exports.
 *
 *     app  imports test:kv/store@0.2.0, wasi:io/streams@0.2.3     store exports test:kv/store@0.2.1, imports ...
 *
 * An import is for the export of another input that has its name and the best version: the same one, else the highest
 * one that is newer, else the highest one that is older, all of them compatible. Two that are as good as each other are
 * refused, and so is an import whose name is only exported in versions that are not compatible. What no input exports
 * is for the host. A wire says otherwise:
 *
 *     link    app:test:kv/store=cache:test:kv/other    this import of app is for that export of cache
 *     host    test:kv/store, app:test:kv/store         stays open, for all or for one
 *     export  store:test:kv/store                      comes out although an input uses it
 *     hide    store:test:kv/admin                      does not come out although no input uses it
 *
 * Wherever a name of an import or export stands in a wire, its version can be left out, and `*` can end it.
 *
 * Requires  inputs that have been read.
 * Provides  one instance for each input, with a source for each import; the exports.
 */
#include "fuse/compose.h"

#include <assert.h>
#include <string.h>

/* An export of an input. */
struct offer {
  uint32_t input, index;
  struct item_name name;
  uint32_t next; /* the next offer of the same base name; NO_INDEX: none */
  bool is_used;
};

struct matcher {
  struct context *context;
  struct composition *composition;
  const struct wire *wires;
  uint32_t wire_count;
  bool *is_wire_used;
  VEC(struct offer) offers; /* those of one input in a row */
  uint32_t *first_offer;    /* of each input */
  struct map by_base;       /* base name to the last of its offers */
};

#define REFUSE_INPUT(m, ...) fail((m)->context, FAILURE_INPUT, NO_OFFSET, __VA_ARGS__)
#define REFUSE_WIRE(m, ...) fail((m)->context, FAILURE_USAGE, NO_OFFSET, __VA_ARGS__)

static const struct composed_input *input_of(const struct matcher *m, uint32_t input) {
  return &m->composition->inputs.items[input];
}

static const struct export_definition *export_of(const struct matcher *m, const struct offer *offer) {
  return input_of(m, offer->input)->exports.items[offer->index];
}

static struct bytes list_inputs(struct matcher *m) {
  struct listing list = {0};
  for (uint32_t i = 0; i < m->composition->inputs.count; i++)
    add_listed(m->context, &list, m->composition->inputs.items[i].name);
  return end_listing(&list);
}

static struct bytes list_imports(struct matcher *m, uint32_t input) {
  struct listing list = {0};
  for (uint32_t i = 0; i < input_of(m, input)->imports.count; i++)
    add_listed(m->context, &list, input_of(m, input)->imports.items[i]->name.name);
  return end_listing(&list);
}

static struct bytes list_exports(struct matcher *m, uint32_t input) {
  struct listing list = {0};
  for (uint32_t i = 0; i < input_of(m, input)->exports.count; i++)
    add_listed(m->context, &list, input_of(m, input)->exports.items[i]->name.name);
  return end_listing(&list);
}

static void collect_offers(struct matcher *m) {
  m->first_offer = ALLOCATE(m->context, uint32_t, m->composition->inputs.count);
  for (uint32_t input = 0; input < m->composition->inputs.count; input++) {
    m->first_offer[input] = m->offers.count;
    for (uint32_t i = 0; i < input_of(m, input)->exports.count; i++) {
      struct offer offer = {.input = input, .index = i, .next = NO_INDEX};
      offer.name = parse_item_name(m->context, &input_of(m, input)->exports.items[i]->name);
      const uint32_t index = m->offers.count;
      const uint32_t at = map_add(m->context, &m->by_base, offer.name.base, index);
      if (at != index) { /* at the head of the list, behind its first */
        offer.next = m->offers.items[at].next;
        m->offers.items[at].next = index;
      }
      VEC_ADD(m->context, &m->offers, offer);
    }
  }
}

/* Input names stand before a colon in wires, and tell inputs apart in messages. */
static void check_names(struct matcher *m) {
  struct map names = {0};
  for (uint32_t i = 0; i < m->composition->inputs.count; i++) {
    const struct bytes name = input_of(m, i)->name;
    const bool is_plain = name.size > 0 && !memchr(name.at, ':', name.size) && !memchr(name.at, '=', name.size);
    const bool is_new = map_add(m->context, &names, name, i) == i;
    if (is_plain && is_new)
      continue;
    set_hint(m->context, "\"--name ALIAS=FILE\" gives an input another name");
    if (!is_plain)
      REFUSE_WIRE(m, "the name \"%.*s\" of an input is empty, or has \":\" or \"=\" in it", SHOW(name));
    REFUSE_WIRE(m, "two inputs have the name \"%.*s\"", SHOW(name));
  }
}

/* Wires. */

/* Does the wire's text name this import or export of `input`, by itself or with the name of the input before it? */
static bool names_item(const struct matcher *m, struct bytes text, uint32_t input, const struct extern_name *name) {
  if (matches_pattern(text, name))
    return true;
  const struct bytes alias = input_of(m, input)->name;
  if (text.size <= alias.size || !starts_with(text, alias) || text.at[alias.size] != ':')
    return false;
  return matches_pattern((struct bytes){text.at + alias.size + 1, text.size - alias.size - 1}, name);
}

/* Does a wire of this kind name it? */
static bool is_wired(struct matcher *m, enum wire_kind kind, uint32_t input, const struct extern_name *name) {
  bool is = false;
  for (uint32_t i = 0; i < m->wire_count; i++)
    if (m->wires[i].kind == kind && names_item(m, m->wires[i].text, input, name))
      is = m->is_wire_used[i] = true;
  return is;
}

/* "ALIAS:NAME" or, without a colon, "ALIAS". */
struct endpoint {
  uint32_t input;
  struct bytes item; /* size 0: none */
};

static struct endpoint parse_endpoint(struct matcher *m, struct bytes text, const struct wire *wire) {
  const uint8_t *colon = text.size ? memchr(text.at, ':', text.size) : NULL;
  const size_t size = colon ? (size_t)(colon - text.at) : text.size;
  struct endpoint endpoint = {.input = 0};
  if (colon)
    endpoint.item = (struct bytes){colon + 1, text.size - size - 1};
  const struct bytes name = {text.at, size};
  for (; endpoint.input < m->composition->inputs.count; endpoint.input++)
    if (bytes_equal(input_of(m, endpoint.input)->name, name))
      return endpoint;
  const struct bytes inputs = list_inputs(m);
  set_hint(m->context, "the inputs are %.*s", SHOW(inputs));
  REFUSE_WIRE(m, "the link \"%.*s\" is about \"%.*s\", which is no input", SHOW(wire->text), SHOW(name));
}

/* The import of `at` that the link is for. */
static uint32_t find_import(struct matcher *m, struct endpoint at, const struct wire *wire) {
  const struct composed_input *input = input_of(m, at.input);
  uint32_t found = NO_INDEX;
  for (uint32_t i = 0; i < input->imports.count; i++) {
    if (!matches_pattern(at.item, &input->imports.items[i]->name))
      continue;
    if (found != NO_INDEX)
      REFUSE_WIRE(m, "the link \"%.*s\" is for more than one import of \"%.*s\": \"%.*s\" and \"%.*s\"",
                  SHOW(wire->text), SHOW(input->name), SHOW(input->imports.items[found]->name.name),
                  SHOW(input->imports.items[i]->name.name));
    found = i;
  }
  if (found != NO_INDEX)
    return found;
  const struct bytes imports = list_imports(m, at.input);
  set_hint(m->context, "it imports %.*s", SHOW(imports));
  REFUSE_WIRE(m, "the link \"%.*s\" is for an import that \"%.*s\" does not have", SHOW(wire->text), SHOW(input->name));
}

/* The best of the offers of an input for `name`; NO_INDEX: none. */
static uint32_t best_of_input(const struct matcher *m, uint32_t input, const struct item_name *name) {
  uint32_t best = NO_INDEX;
  enum match_rank best_rank = MATCH_OTHER_VERSION;
  for (uint32_t i = m->first_offer[input]; i < m->offers.count && m->offers.items[i].input == input; i++) {
    const enum match_rank rank = rank_match(name, &m->offers.items[i].name);
    if (rank <= MATCH_OTHER_VERSION || rank < best_rank)
      continue;
    if (rank == best_rank && compare_versions(&m->offers.items[i].name, &m->offers.items[best].name) <= 0)
      continue;
    best = i;
    best_rank = rank;
  }
  return best;
}

/* The offer of `at` that the link is to; without a name, the one of the import's name. */
static uint32_t find_offer(struct matcher *m, struct endpoint at, const struct extern_name *import,
                           const struct wire *wire) {
  uint32_t found = NO_INDEX;
  if (at.item.size == 0) {
    const struct item_name name = parse_item_name(m->context, import);
    found = best_of_input(m, at.input, &name);
  }
  for (uint32_t i = m->first_offer[at.input]; i < m->offers.count && m->offers.items[i].input == at.input; i++) {
    if (at.item.size == 0 || !matches_pattern(at.item, &export_of(m, &m->offers.items[i])->name))
      continue;
    if (found != NO_INDEX)
      REFUSE_WIRE(m, "the link \"%.*s\" is to more than one export of \"%.*s\": \"%.*s\" and \"%.*s\"",
                  SHOW(wire->text), SHOW(input_of(m, at.input)->name),
                  SHOW(export_of(m, &m->offers.items[found])->name.name),
                  SHOW(export_of(m, &m->offers.items[i])->name.name));
    found = i;
  }
  if (found != NO_INDEX)
    return found;
  const struct bytes exports = list_exports(m, at.input);
  set_hint(m->context, "it exports %.*s", SHOW(exports));
  REFUSE_WIRE(m, "the link \"%.*s\" is to an export that \"%.*s\" does not have", SHOW(wire->text),
              SHOW(input_of(m, at.input)->name));
}

static void use_offer(struct matcher *m, struct source *argument, uint32_t offer) {
  struct bytes *path = ALLOCATE(m->context, struct bytes, 1);
  *path = export_of(m, &m->offers.items[offer])->name.name;
  *argument = (struct source){.instance = m->offers.items[offer].input, .path_count = 1, .path = path};
  m->offers.items[offer].is_used = true;
}

static void apply_link(struct matcher *m, const struct wire *wire) {
  const uint8_t *equals = wire->text.size ? memchr(wire->text.at, '=', wire->text.size) : NULL;
  if (!equals) {
    set_hint(m->context, "a link is written \"app:ns:pkg/iface=store:ns:pkg/iface\"");
    REFUSE_WIRE(m, "the link \"%.*s\" has no \"=\"", SHOW(wire->text));
  }
  const size_t size = (size_t)(equals - wire->text.at);
  const struct endpoint to = parse_endpoint(m, (struct bytes){wire->text.at, size}, wire);
  const struct endpoint from = parse_endpoint(m, (struct bytes){equals + 1, wire->text.size - size - 1}, wire);
  const uint32_t import = find_import(m, to, wire);
  struct source *argument = &m->composition->instances.items[to.input].arguments[import];
  const struct extern_name *name = &input_of(m, to.input)->imports.items[import]->name;
  if (argument->instance != NO_INDEX)
    REFUSE_WIRE(m, "the import \"%.*s\" of \"%.*s\" is linked twice", SHOW(name->name),
                SHOW(input_of(m, to.input)->name));
  use_offer(m, argument, find_offer(m, from, name, wire));
}

/* Imports by their names. */

static _Noreturn void refuse_tie(struct matcher *m, uint32_t input, const struct extern_name *import,
                                 const struct offer *best) {
  struct listing list = {0};
  for (uint32_t i = 0; i < m->offers.count; i++)
    if (m->offers.items[i].input != input && bytes_equal(m->offers.items[i].name.base, best->name.base) &&
        compare_versions(&m->offers.items[i].name, &best->name) == 0)
      add_listed(m->context, &list, input_of(m, m->offers.items[i].input)->name);
  const struct bytes inputs = end_listing(&list);
  const struct bytes name = input_of(m, input)->name;
  set_hint(m->context, "\"--link %.*s:%.*s=%.*s\" takes the one", SHOW(name), SHOW(import->name),
           SHOW(input_of(m, best->input)->name));
  REFUSE_INPUT(m, "\"%.*s\" imports \"%.*s\", which more than one input exports as \"%.*s\": %.*s", SHOW(name),
               SHOW(import->name), SHOW(export_of(m, best)->name.name), SHOW(inputs));
}

static _Noreturn void refuse_version(struct matcher *m, uint32_t input, const struct extern_name *import,
                                     const struct offer *offer) {
  set_hint(m->context, "\"--host %.*s\" keeps the import for the host", SHOW(import->name));
  REFUSE_INPUT(m, "\"%.*s\" imports \"%.*s\", but \"%.*s\" exports \"%.*s\", which is not compatible",
               SHOW(input_of(m, input)->name), SHOW(import->name), SHOW(input_of(m, offer->input)->name),
               SHOW(export_of(m, offer)->name.name));
}

static void match_import(struct matcher *m, uint32_t input, uint32_t import) {
  const struct extern_name *extern_name = &input_of(m, input)->imports.items[import]->name;
  const struct item_name name = parse_item_name(m->context, extern_name);
  struct offer *best = NULL, *other_version = NULL;
  enum match_rank best_rank = MATCH_OTHER_VERSION;
  bool is_tie = false;
  for (uint32_t i = map_get(&m->by_base, name.base); i != NO_INDEX; i = m->offers.items[i].next) {
    struct offer *offer = &m->offers.items[i];
    if (offer->input == input)
      continue;
    const enum match_rank rank = rank_match(&name, &offer->name);
    if (rank <= MATCH_OTHER_VERSION) {
      other_version = offer;
      continue;
    }
    const int order = best ? compare_versions(&offer->name, &best->name) : 1;
    if (rank < best_rank || (rank == best_rank && order < 0))
      continue;
    is_tie = rank == best_rank && order == 0;
    if (is_tie && offer->input > best->input)
      continue; /* the first of them is what the diagnostic proposes */
    best_rank = rank;
    best = offer;
  }
  if (is_tie)
    refuse_tie(m, input, extern_name, best);
  if (best)
    use_offer(m, &m->composition->instances.items[input].arguments[import], (uint32_t)(best - m->offers.items));
  else if (other_version)
    refuse_version(m, input, extern_name, other_version);
}

static void make_instances(struct matcher *m) {
  for (uint32_t i = 0; i < m->composition->inputs.count; i++) {
    const struct composed_input *input = input_of(m, i);
    struct composed_instance instance = {.name = input->name, .input = i};
    instance.arguments = ALLOCATE(m->context, struct source, input->imports.count);
    for (uint32_t k = 0; k < input->imports.count; k++)
      instance.arguments[k].instance = NO_INDEX;
    VEC_ADD(m->context, &m->composition->instances, instance);
  }
}

static void match_imports(struct matcher *m) {
  for (uint32_t i = 0; i < m->wire_count; i++)
    if (m->wires[i].kind == WIRE_LINK) {
      apply_link(m, &m->wires[i]);
      m->is_wire_used[i] = true;
    }
  for (uint32_t i = 0; i < m->composition->inputs.count; i++)
    for (uint32_t k = 0; k < input_of(m, i)->imports.count; k++) {
      const bool is_linked = m->composition->instances.items[i].arguments[k].instance != NO_INDEX;
      const bool is_for_host = is_wired(m, WIRE_HOST, i, &input_of(m, i)->imports.items[k]->name);
      if (is_linked && is_for_host)
        REFUSE_WIRE(m, "the import \"%.*s\" of \"%.*s\" is both linked and kept for the host",
                    SHOW(input_of(m, i)->imports.items[k]->name.name), SHOW(input_of(m, i)->name));
      if (!is_linked && !is_for_host)
        match_import(m, i, k);
    }
}

/* What comes out. */

static void export_offer(struct matcher *m, struct map *names, const struct offer *offer) {
  const struct export_definition *definition = export_of(m, offer);
  const uint32_t index = m->composition->exports.count;
  const uint32_t before = map_add(m->context, names, definition->name.name, index);
  if (before != index) {
    const struct bytes first = input_of(m, m->composition->exports.items[before].source.instance)->name;
    const struct bytes second = input_of(m, offer->input)->name;
    set_hint(m->context, "\"--hide %.*s:%.*s\" leaves out the one", SHOW(second), SHOW(definition->name.name));
    REFUSE_INPUT(m, "\"%.*s\" and \"%.*s\" both export \"%.*s\"", SHOW(first), SHOW(second),
                 SHOW(definition->name.name));
  }
  struct composed_export export_ = {.name = &definition->name};
  use_offer(m, &export_.source, (uint32_t)(offer - m->offers.items));
  VEC_ADD(m->context, &m->composition->exports, export_);
}

static void choose_exports(struct matcher *m) {
  struct map names = {0};
  for (uint32_t i = 0; i < m->offers.count; i++) {
    const struct offer *offer = &m->offers.items[i];
    const struct extern_name *name = &export_of(m, offer)->name;
    const bool is_wanted = is_wired(m, WIRE_EXPORT, offer->input, name);
    const bool is_hidden = is_wired(m, WIRE_HIDE, offer->input, name);
    if (is_wanted && is_hidden)
      REFUSE_WIRE(m, "the export \"%.*s\" of \"%.*s\" is both to come out and to be hidden", SHOW(name->name),
                  SHOW(input_of(m, offer->input)->name));
    if (is_wanted || (!offer->is_used && !is_hidden))
      export_offer(m, &names, offer);
  }
}

/* A wire that names nothing is a mistake, most often in spelling. */
static void check_wires(struct matcher *m) {
  for (uint32_t i = 0; i < m->wire_count; i++) {
    if (m->is_wire_used[i] || m->wires[i].kind == WIRE_CLOSED)
      continue;
    struct listing list = {0};
    const bool is_host = m->wires[i].kind == WIRE_HOST;
    for (uint32_t input = 0; input < m->composition->inputs.count; input++) {
      const struct composed_input *of = input_of(m, input);
      for (uint32_t k = 0; k < (is_host ? of->imports.count : of->exports.count); k++) {
        const struct extern_name *name = is_host ? &of->imports.items[k]->name : &of->exports.items[k]->name;
        add_listed(m->context, &list, format_bytes(m->context, "%.*s:%.*s", SHOW(of->name), SHOW(name->name)));
      }
    }
    const struct bytes names = end_listing(&list);
    set_hint(m->context, "there are %.*s", SHOW(names));
    REFUSE_WIRE(m, "no input %s \"%.*s\"", is_host ? "imports" : "exports", SHOW(m->wires[i].text));
  }
}

void match_inputs(struct context *c, struct composition *composition, const struct wire *wires, uint32_t wire_count) {
  struct matcher m = {.context = c, .composition = composition, .wires = wires, .wire_count = wire_count};
  m.is_wire_used = ALLOCATE(c, bool, wire_count);
  check_names(&m);
  collect_offers(&m);
  make_instances(&m);
  match_imports(&m);
  choose_exports(&m);
  check_wires(&m);
  composition->is_matched = true;
}
