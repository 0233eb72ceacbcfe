/* report_explain.c -- each boundary: who calls whom, through what, what is checked and what need not be.
 *
 *     root/$greeting calls root/$shouting: "shout" func(text: string) -> string
 *       adapter
 *       moves: strings
 *       check: pointer out of bounds of memory
 *       proof "enter": no flag against reentrance where an instance can't be on the stack
 *
 * Requires  adapt.c: plan->boundaries.
 * Provides  report_explain.
 */
#include "fuse/adapt.h"
#include "fuse/link.h"
#include "fuse/report.h"

static struct bytes path_of(const struct plan *plan, uint32_t instance) {
  return instance == NO_INDEX ? bytes_of("host") : plan->instances.items[instance].path;
}

/* Size 0: the host. */
static struct bytes json_path(const struct plan *plan, uint32_t instance) {
  return instance == NO_INDEX ? bytes_of("") : path_of(plan, instance);
}

/* How the functions of each module are exported, first names first; each module is read once, whatever the number of
 * boundaries that lead into it. */
struct exported_names {
  struct context *context;
  struct map modules;              /* by the address of the module */
  VEC(const struct bytes *) names; /* by function index */
};

/* By an interface, and in it. */
struct named {
  struct bytes interface, name; /* size 0: in none; without a name */
};

/* What is told, and what was found for it. */
struct telling {
  const struct plan *plan;
  struct buffer *out;
  struct exported_names known;
  struct named *funcs, *resources; /* of the plan's, what stands in an interface */
};

static bool is_new(struct context *c, struct map *seen, struct bytes key) {
  const uint32_t count = seen->entries.count;
  return map_add(c, seen, key, count) == count;
}

static bool is_new_number(struct context *c, struct map *seen, uint32_t number) {
  return is_new(c, seen, (struct bytes){(const uint8_t *)&number, sizeof number});
}

static const struct bytes *names_of_module(struct exported_names *known, const struct module *m) {
  const struct bytes key = {(const uint8_t *)&m, sizeof m};
  const uint32_t place = map_add(known->context, &known->modules, key, known->names.count);
  if (place < known->names.count)
    return known->names.items[place];
  struct bytes *names = ALLOCATE(known->context, struct bytes, item_count(m, CORE_FUNC));
  for (uint32_t i = 0; i < m->exports.count; i++) {
    const struct core_export *e = &m->exports.items[i];
    if (e->kind == CORE_FUNC && !names[e->index].size)
      names[e->index] = e->name;
  }
  VEC_ADD(known->context, &known->names, names);
  return names;
}

/* How the core function is exported by the module that it is in; size 0: not at all. */
static struct bytes core_name(struct telling *t, const struct func *func) {
  if (func->source == FUNC_HOST || func->core.source != ITEM_DEFINED)
    return bytes_of("");
  return names_of_module(&t->known, t->plan->core_instances.items[func->core.owner].module)[func->core.index];
}

static void note_name(struct named *to, struct bytes interface, struct bytes name) {
  if (!to->interface.size)
    *to = (struct named){interface, name};
}

/* What is in which interface: the first instance that a component exports with it. Inside of the component it may have
 * had another name before. An instance that is exported again and again is looked at once. */
static void find_interfaces(struct telling *t) {
  struct map seen = {0};
  const struct plan *plan = t->plan;
  t->funcs = ALLOCATE(t->out->context, struct named, plan->funcs.count);
  t->resources = ALLOCATE(t->out->context, struct named, plan->resources.count);
  for (uint32_t i = 0; i < plan->interfaces.count; i++) {
    const struct interface *interface = &plan->interfaces.items[i];
    const struct bytes key = {(const uint8_t *)&interface->exports, sizeof interface->exports};
    if (!is_new(t->out->context, &seen, key))
      continue;
    for (uint32_t n = 0; n < interface->exports->defs.count; n++) {
      const struct def *def = &interface->exports->defs.items[n].def;
      const struct bytes name = interface->exports->names.entries.items[n].key;
      if (def->sort == SORT_FUNC && def->is.func != NO_INDEX)
        note_name(&t->funcs[def->is.func], interface->name, name);
      else if (def->sort == SORT_TYPE && def->is.type.kind == DEFTYPE_RESOURCE)
        note_name(&t->resources[def->is.type.is.resource], interface->name, name);
    }
  }
}

/* The name of the instance that an import of the root is in; size 0: in none. */
static struct bytes interface_of_import(const struct plan *plan, uint32_t import) {
  const uint32_t parent = plan->externs.items[import].parent;
  return parent == NO_INDEX ? bytes_of("") : plan->externs.items[parent].name.name;
}

/* `test:kv/store#get`, `greet`; size 0: it has no name. */
static struct bytes function_name(const struct telling *t, uint32_t index) {
  const struct func *func = &t->plan->funcs.items[index];
  struct named named = t->funcs[index];
  if (func->source == FUNC_HOST)
    named = (struct named){interface_of_import(t->plan, func->import), func->name};
  if (!named.interface.size)
    return func->name;
  return format_bytes(t->out->context, "%.*s#%.*s", SHOW(named.interface), SHOW(named.name));
}

static struct named resource_name(const struct telling *t, uint32_t index) {
  const struct resource *r = &t->plan->resources.items[index];
  if (r->source == RESOURCE_HOST)
    return (struct named){interface_of_import(t->plan, r->import), r->name};
  return t->resources[index].interface.size ? t->resources[index] : (struct named){{0}, r->name};
}

struct resource_search {
  struct context *context;
  struct map types, resources; /* that have been seen */
  VEC(uint32_t) found;
};

/* As deep as TYPE_DEPTH_LIMIT; each type once, however often it is named. */
static void find_resources(struct resource_search *s, const struct type *t) {
  if (!t || !t->has_handles || !is_new_number(s->context, &s->types, t->id))
    return;
  if ((t->kind == TYPE_OWN || t->kind == TYPE_BORROW) && is_new_number(s->context, &s->resources, t->resource))
    VEC_ADD(s->context, &s->found, t->resource);
  find_resources(s, t->element);
  for (uint32_t i = 0; i < t->field_count; i++)
    find_resources(s, t->fields[i].type);
}

static struct resource_search resources_of(struct context *c, const struct functype *type) {
  struct resource_search s = {.context = c};
  for (uint32_t i = 0; i < type->param_count; i++)
    find_resources(&s, type->params[i].type);
  find_resources(&s, type->result);
  return s;
}

static const char *adapter_name(enum boundary_adapter adapter) {
  switch (adapter) {
  case ADAPTER_DIRECT:
    return "direct";
  case ADAPTER_IMPORT:
    return "import";
  case ADAPTER_CODE:
    return "code";
  }
  return "";
}

static const char *const what_moves[] = {"strings", "lists", "large values", "handles", "borrows in a scope"};
#define MOVE_COUNT (sizeof what_moves / sizeof *what_moves)

static const struct {
  const char *name, *words;
} proofs[] = {
#define PROOF(id, name, words) {name, words},
#include "fuse/proofs.def"
#undef PROOF
};

#define THROWS_NOTHING "the callee has no tags, so that it throws nothing"

static void put_moves(struct buffer *out, uint32_t mask) {
  const char *separator = "  moves: ";
  for (size_t i = 0; i < MOVE_COUNT; i++)
    if (mask >> i & 1) {
      put_formatted(out, "%s%s", separator, what_moves[i]);
      separator = ", ";
    }
  if (mask)
    put_formatted(out, "\n");
}

static void put_checks(struct buffer *out, const struct plan *plan, uint64_t mask) {
  for (uint32_t i = 0; i < plan->checks.count; i++)
    if (mask >> i & 1)
      put_formatted(out, "  check: %.*s\n", SHOW(plan->checks.items[i]));
}

static void put_proofs(struct buffer *out, const struct boundary *b) {
  for (uint32_t i = 0; i < PROOF_COUNT; i++)
    if (b->proofs >> i & 1)
      put_formatted(out, "  proof \"%s\": %s\n", proofs[i].name, proofs[i].words);
  if (b->throws_nothing)
    put_formatted(out, "  no check for exceptions: " THROWS_NOTHING "\n");
}

static void put_resources(struct telling *t, const struct functype *type) {
  struct buffer *out = t->out;
  const struct resource_search s = resources_of(out->context, type);
  for (uint32_t i = 0; i < s.found.count; i++) {
    const struct named named = resource_name(t, s.found.items[i]);
    put_formatted(out, "  resource %u: ", s.found.items[i]);
    if (named.name.size) {
      put_quoted(out, named.name);
      put_formatted(out, " of ");
    }
    put_shown(out, path_of(t->plan, t->plan->resources.items[s.found.items[i]].instance));
    put_formatted(out, named.interface.size ? ", " : "");
    put_shown(out, named.interface);
    put_formatted(out, "\n");
  }
}

static void put_boundary(struct telling *t, const struct boundary *b) {
  struct buffer *out = t->out;
  const struct plan *plan = t->plan;
  const struct func *func = &plan->funcs.items[b->func];
  const struct bytes type = show_functype(out->context, func->type), core = core_name(t, func);
  const struct bytes name = function_name(t, b->func);
  put_shown(out, path_of(plan, b->caller));
  put_formatted(out, " calls ");
  put_shown(out, path_of(plan, b->callee));
  put_formatted(out, ": ");
  if (name.size) {
    put_quoted(out, name);
    put_formatted(out, " ");
  }
  put_formatted(out, "%.*s\n", SHOW(type));
  if (core.size) {
    put_formatted(out, "  core function: ");
    put_quoted(out, core);
    put_formatted(out, "\n");
  }
  put_resources(t, func->type);
  switch (b->adapter) {
  case ADAPTER_DIRECT:
    put_formatted(out, "  direct: %s, and nothing to check; the caller calls the callee's own function\n",
                  b->passthrough && uses_memory(func->type) ? "values as they are in the guest's memory"
                                                            : "flat numbers alone");
    break;
  case ADAPTER_IMPORT:
    put_formatted(out, "  the host's own function: values cross as they are in the caller's memory\n");
    break;
  case ADAPTER_CODE:
    put_formatted(out, b->passthrough ? "  adapter, with values as they are in the guest's memory\n" : "  adapter\n");
    break;
  }
  put_moves(out, b->moves);
  put_checks(out, plan, b->checks);
  put_proofs(out, b);
}

static void write_moves(struct json *j, uint32_t mask) {
  json_open(j, "moves", '[');
  for (size_t i = 0; i < MOVE_COUNT; i++)
    if (mask >> i & 1)
      json_string(j, NULL, bytes_of(what_moves[i]));
  json_close(j, ']');
}

static void write_checks(struct json *j, const struct plan *plan, uint64_t mask) {
  json_open(j, "checks", '[');
  for (uint32_t i = 0; i < plan->checks.count; i++)
    if (mask >> i & 1)
      json_string(j, NULL, plan->checks.items[i]);
  json_close(j, ']');
}

static void write_proofs(struct json *j, uint32_t mask) {
  json_open(j, "proofs", '[');
  for (uint32_t i = 0; i < PROOF_COUNT; i++) {
    if (!(mask >> i & 1))
      continue;
    json_open(j, NULL, '{');
    json_string(j, "name", bytes_of(proofs[i].name));
    json_string(j, "words", bytes_of(proofs[i].words));
    json_close(j, '}');
  }
  json_close(j, ']');
}

static void write_resources(struct json *j, struct telling *t, const struct functype *type) {
  const struct resource_search s = resources_of(t->out->context, type);
  json_open(j, "resources", '[');
  for (uint32_t i = 0; i < s.found.count; i++) {
    const struct named named = resource_name(t, s.found.items[i]);
    json_open(j, NULL, '{');
    json_number(j, "number", s.found.items[i]);
    json_optional(j, "name", named.name);
    json_optional(j, "interface", named.interface);
    json_optional(j, "definer", json_path(t->plan, t->plan->resources.items[s.found.items[i]].instance));
    json_close(j, '}');
  }
  json_close(j, ']');
}

static void write_boundary(struct json *j, struct telling *t, const struct boundary *b) {
  const struct plan *plan = t->plan;
  const struct func *func = &plan->funcs.items[b->func];
  json_open_line(j, NULL, '{');
  json_optional(j, "caller", json_path(plan, b->caller));
  json_optional(j, "callee", json_path(plan, b->callee));
  json_optional(j, "function", function_name(t, b->func));
  json_optional(j, "core_function", core_name(t, func));
  json_string(j, "type", show_functype(t->out->context, func->type));
  write_resources(j, t, func->type);
  json_string(j, "adapter", bytes_of(adapter_name(b->adapter)));
  json_bool(j, "passthrough", b->passthrough);
  write_moves(j, b->moves);
  write_checks(j, plan, b->checks);
  write_proofs(j, b->proofs);
  json_optional(j, "exceptions", bytes_of(b->throws_nothing ? THROWS_NOTHING : ""));
  json_close(j, '}');
}

static void write_boundaries(struct json *j, struct telling *t) {
  json_open(j, NULL, '{');
  json_open(j, "boundaries", '[');
  for (uint32_t i = 0; i < t->plan->boundaries.count; i++)
    write_boundary(j, t, &t->plan->boundaries.items[i]);
  json_close(j, ']');
  json_close(j, '}');
}

void report_explain(const struct report *report, struct buffer *out) {
  const struct plan *plan = report->merge->plan;
  struct telling t = {.plan = plan, .out = out, .known = {.context = out->context}};
  find_interfaces(&t);
  struct json json = json_to_buffer(out);
  if (report->forms[REPORT_EXPLAIN] == REPORT_JSON)
    write_boundaries(&json, &t);
  else
    for (uint32_t i = 0; i < plan->boundaries.count; i++)
      put_boundary(&t, &plan->boundaries.items[i]);
}
