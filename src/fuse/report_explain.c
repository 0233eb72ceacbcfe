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
#include "fuse/link.h"
#include "fuse/report.h"

static struct bytes path_of(const struct plan *plan, uint32_t instance) {
  return instance == NO_INDEX ? bytes_of("host") : plan->instances.items[instance].path;
}

/* How the functions of each module are exported, first names first; each module is read once, whatever the number of
 * boundaries that lead into it. */
struct exported_names {
  struct context *context;
  struct map modules;              /* by the address of the module */
  VEC(const struct bytes *) names; /* by function index */
};

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

/* What the function is called: outside, or as its core function is exported by the module that it is in. */
static struct bytes function_name(struct exported_names *known, const struct plan *plan, const struct func *func) {
  if (func->source == FUNC_HOST)
    return plan->externs.items[func->import].name.name;
  if (func->core.source != ITEM_DEFINED)
    return bytes_of("");
  return names_of_module(known, plan->core_instances.items[func->core.owner].module)[func->core.index];
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
      put_line(out, "%s%s", separator, what_moves[i]);
      separator = ", ";
    }
  if (mask)
    put_line(out, "\n");
}

static void put_checks(struct buffer *out, const struct plan *plan, uint64_t mask) {
  for (uint32_t i = 0; i < plan->checks.count; i++)
    if (mask >> i & 1)
      put_line(out, "  check: %.*s\n", SHOW(plan->checks.items[i]));
}

static void put_proofs(struct buffer *out, const struct boundary *b) {
  for (uint32_t i = 0; i < PROOF_COUNT; i++)
    if (b->proofs >> i & 1)
      put_line(out, "  proof \"%s\": %s\n", proofs[i].name, proofs[i].words);
  if (b->throws_nothing)
    put_line(out, "  no check for exceptions: " THROWS_NOTHING "\n");
}

static void put_boundary(struct buffer *out, struct exported_names *known, const struct plan *plan,
                         const struct boundary *b) {
  const struct func *func = &plan->funcs.items[b->func];
  const struct bytes type = show_functype(out->context, func->type);
  put_shown(out, path_of(plan, b->caller));
  put_line(out, " calls ");
  put_shown(out, path_of(plan, b->callee));
  put_line(out, ": ");
  put_quoted(out, function_name(known, plan, func));
  put_line(out, " %.*s\n", SHOW(type));
  switch (b->adapter) {
  case ADAPTER_DIRECT:
    put_line(out, "  direct: flat numbers alone, and nothing to check; the caller calls the callee's own function\n");
    break;
  case ADAPTER_IMPORT:
    put_line(out, "  the host's own function: values cross as they are in the caller's memory\n");
    break;
  case ADAPTER_CODE:
    put_line(out, b->passthrough ? "  adapter, with values as they are in the guest's memory\n" : "  adapter\n");
    break;
  }
  put_moves(out, b->moves);
  put_checks(out, plan, b->checks);
  put_proofs(out, b);
}

static void put_json_moves(struct buffer *out, uint32_t mask) {
  const char *separator = "";
  put_json_key(out, "moves");
  put_line(out, "[");
  for (size_t i = 0; i < MOVE_COUNT; i++)
    if (mask >> i & 1) {
      put_line(out, "%s\"%s\"", separator, what_moves[i]);
      separator = ",";
    }
  put_line(out, "]");
}

static void put_json_checks(struct buffer *out, const struct plan *plan, uint64_t mask) {
  const char *separator = "";
  put_json_key(out, "checks");
  put_line(out, "[");
  for (uint32_t i = 0; i < plan->checks.count; i++)
    if (mask >> i & 1) {
      put_line(out, "%s", separator);
      put_json_string(out, plan->checks.items[i]);
      separator = ",";
    }
  put_line(out, "]");
}

static void put_json_proofs(struct buffer *out, uint32_t mask) {
  bool is_first = true;
  put_json_key(out, "proofs");
  put_line(out, "[");
  for (uint32_t i = 0; i < PROOF_COUNT; i++) {
    if (!(mask >> i & 1))
      continue;
    put_line(out, is_first ? "{" : ",{");
    put_json_text(out, "name", bytes_of(proofs[i].name));
    put_json_text(out, "words", bytes_of(proofs[i].words));
    put_line(out, "}");
    is_first = false;
  }
  put_line(out, "]");
}

static void put_json_boundary(struct buffer *out, struct exported_names *known, const struct plan *plan,
                              const struct boundary *b) {
  const struct func *func = &plan->funcs.items[b->func];
  put_line(out, "{");
  put_json_text(out, "caller", b->caller == NO_INDEX ? bytes_of("") : path_of(plan, b->caller));
  put_json_text(out, "callee", b->callee == NO_INDEX ? bytes_of("") : path_of(plan, b->callee));
  put_json_text(out, "function", function_name(known, plan, func));
  put_json_text(out, "type", show_functype(out->context, func->type));
  put_json_text(out, "adapter", bytes_of(adapter_name(b->adapter)));
  put_json_key(out, "passthrough");
  put_line(out, b->passthrough ? "true" : "false");
  put_json_moves(out, b->moves);
  put_json_checks(out, plan, b->checks);
  put_json_proofs(out, b->proofs);
  put_json_text(out, "exceptions", bytes_of(b->throws_nothing ? THROWS_NOTHING : ""));
  put_line(out, "}");
}

void report_explain(const struct report *report, struct buffer *out) {
  const struct plan *plan = report->merge->plan;
  struct exported_names known = {.context = out->context};
  const bool is_json = report->forms[REPORT_EXPLAIN] == REPORT_JSON;
  if (is_json)
    put_line(out, "{\"boundaries\":[");
  for (uint32_t i = 0; i < plan->boundaries.count; i++) {
    if (is_json) {
      put_line(out, i ? ",\n" : "\n");
      put_json_boundary(out, &known, plan, &plan->boundaries.items[i]);
    } else {
      put_boundary(out, &known, plan, &plan->boundaries.items[i]);
    }
  }
  if (is_json)
    put_line(out, "\n]}\n");
}
