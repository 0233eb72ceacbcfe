/* report_why.c -- what keeps an item in the output: the way from it to what is needed in any case.
 *
 *     "helper": func 17, func 5 of root/$app.$main "helper"
 *       named by func 9 of root/$app.$main "run"
 *       named by func 2 of adapters "root/$web calls root/$app"
 *       named by func 3 of root/$web.$main "serve"
 *       which is exported as "serve"
 *
 * A symbol is an item as --map has it ("func 17"), the name of an export or import, or a name in a module's name
 * section. All that have it are shown. The way is the one that was found first, not the only one. A name of nothing is
 * an error, which tells the names that are like it.
 *
 * Requires  merge.c, with causes.
 * Provides  report_why; or it fails.
 */
#include "fuse/report.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FOUND_LIMIT 100 /* items of one name that are shown */

struct why {
  const struct report *report;
  const struct merge *merge;
  struct origins origins;
  struct buffer *out;
  struct json *json; /* null: text */
  /* The item that the symbol says, and the one that is exported under it. */
  enum index_space said_space, exported_space; /* INDEX_SPACE_COUNT: none */
  uint32_t said, exported;
  uint32_t found;
};

/* The origin of an item of an instance, which is live: one of those of an item of the output. */
static const struct origin *origin_of(const struct why *w, const struct cause *cause) {
  const struct origin *of =
      &w->origins.of[cause->space][w->merge->instances[cause->instance].to[cause->space][cause->index]];
  while (of->also && (of->instance != cause->instance || of->index != cause->index))
    of = of->also;
  return of;
}

static void put_item(const struct why *w, uint32_t instance, enum index_space space, uint32_t index,
                     struct bytes name) {
  struct buffer *out = w->out;
  if (w->json) {
    json_string(w->json, "kind", bytes_of(space_name(space)));
    json_optional(w->json, "core_instance", w->merge->instances[instance].core->name);
    json_number(w->json, "index_there", index);
    json_optional(w->json, "name", name);
    return;
  }
  put_formatted(out, "%s %u of ", space_name(space), index);
  put_shown(out, w->merge->instances[instance].core->name);
  put_formatted(out, name.size ? " " : "");
  if (name.size)
    put_quoted(out, name);
}

/* Where the way ends. */
static void put_root(const struct why *w, const struct cause *cause) {
  struct buffer *out = w->out;
  static const char *const kinds[] = {
      [CAUSE_NONE] = "none", [CAUSE_EXPORT] = "export", [CAUSE_START] = "start", [CAUSE_SEGMENT] = "segment"};
  assert(cause->kind != CAUSE_ITEM);
  const bool is_export = cause->kind == CAUSE_EXPORT;
  const struct bytes name = is_export ? w->merge->plan->core_exports.items[cause->index].name : bytes_of("");
  if (w->json) {
    json_string(w->json, "root", bytes_of(kinds[cause->kind]));
    json_optional(w->json, "export", name);
    return;
  }
  switch (cause->kind) {
  case CAUSE_EXPORT:
    put_formatted(out, "  which is exported as ");
    put_quoted(out, name);
    break;
  case CAUSE_START:
    put_formatted(out, "  which is the start function of ");
    put_shown(out, w->merge->instances[cause->instance].core->name);
    break;
  case CAUSE_SEGMENT:
    put_formatted(out, "  which is applied in any case: it could trap, or the host sees what it is put into");
    break;
  case CAUSE_NONE:
    put_formatted(out,
                  "  which is the start function of the whole: it applies segments and calls start functions in order");
    break;
  case CAUSE_ITEM:
    assert(false && "the way goes on");
  }
  put_formatted(out, "\n");
}

/* Of a line, or of an object in a list. */
static void begin(const struct why *w, const char *words) {
  if (w->json)
    json_open(w->json, NULL, '{');
  else
    put_formatted(w->out, "%s", words);
}

static void end(const struct why *w) {
  if (w->json)
    json_close(w->json, '}');
  else
    put_formatted(w->out, "\n");
}

/* From `cause` on. Each cause was found before what it is a cause of, so that this ends. */
static void put_way(const struct why *w, struct cause cause) {
  if (w->json)
    json_open(w->json, "named_by", '[');
  for (; cause.kind == CAUSE_ITEM; cause = w->merge->instances[cause.instance].causes[cause.space][cause.index]) {
    begin(w, "  named by ");
    put_item(w, cause.instance, cause.space, cause.index, origin_of(w, &cause)->name);
    end(w);
  }
  if (w->json)
    json_close(w->json, ']');
  put_root(w, &cause);
}

/* One of the origins of an item of the output. */
static void put_found(struct why *w, enum index_space space, uint32_t index, const struct origin *origin) {
  const struct merge *m = w->merge;
  struct buffer *out = w->out;
  if (w->found++ >= FOUND_LIMIT)
    return;
  if (w->json) {
    json_open_line(w->json, NULL, '{');
    json_number(w->json, "index", index);
  } else {
    put_formatted(out, "%s %u, ", space_name(space), index);
  }
  if (origin->source == ORIGIN_INSTANCE) {
    put_item(w, origin->instance, space, origin->index, origin->name);
  } else if (w->json) {
    json_string(w->json, "kind", bytes_of(space_name(space)));
    json_optional(w->json, "name", origin->name);
  } else {
    put_formatted(out, origin->source == ORIGIN_IMPORT ? "import " : "made for the whole");
    if (origin->source == ORIGIN_IMPORT)
      put_quoted(out, origin->name);
  }
  put_formatted(out, w->json ? "" : "\n");
  if (origin->source == ORIGIN_INSTANCE)
    put_way(w, m->instances[origin->instance].causes[space][origin->index]);
  else if (origin->source == ORIGIN_IMPORT)
    put_way(w, m->boundary_causes[origin->index]);
  else
    put_way(w, (struct cause){.kind = CAUSE_NONE});
  if (w->json)
    json_close(w->json, '}');
}

/* "func 17". */
static void read_said_item(struct why *w) {
  const struct bytes symbol = w->report->symbol;
  w->said_space = INDEX_SPACE_COUNT;
  for (uint32_t space = 0; space < INDEX_SPACE_COUNT; space++) {
    const struct bytes name = bytes_of(space_name((enum index_space)space));
    if (symbol.size <= name.size + 1 || memcmp(symbol.at, name.at, name.size) != 0 || symbol.at[name.size] != ' ')
      continue;
    const char *const digits = (const char *)symbol.at + name.size + 1;
    char *end;
    const unsigned long index = strtoul(digits, &end, 10);
    if (*end || digits[0] < '0' || digits[0] > '9' || index >= w->origins.count[space])
      continue;
    w->said_space = (enum index_space)space;
    w->said = (uint32_t)index;
  }
}

static void read_exported_item(struct why *w) {
  const struct core_export *e = find_export(w->merge->out, w->report->symbol);
  w->exported_space = e ? (enum index_space)e->kind : INDEX_SPACE_COUNT;
  w->exported = e ? e->index : 0;
}

/* All origins of what the symbol says; of others those that are called so. */
static void put_item_if_wanted(struct why *w, enum index_space space, uint32_t index) {
  const bool is_wanted =
      (w->said_space == space && w->said == index) || (w->exported_space == space && w->exported == index);
  for (const struct origin *of = &w->origins.of[space][index]; of; of = of->also)
    if (is_wanted || bytes_equal(of->name, w->report->symbol))
      put_found(w, space, index, of);
}

/* Is the symbol one of what was left out? Each module is looked at once. */
static bool is_pruned(const struct why *w) {
  struct context *const c = w->out->context;
  struct map seen = {0};
  for (uint32_t i = 0; i < w->merge->instance_count; i++) {
    const struct merge_instance *of = &w->merge->instances[i];
    const struct bytes key = {(const uint8_t *)&of->module, sizeof of->module};
    if (map_add(c, &seen, key, i) != i)
      continue;
    struct bytes *names = ALLOCATE(c, struct bytes, of->count[SPACE_FUNC]);
    copy_item_names(c, of->module, SPACE_FUNC, names);
    for (uint32_t n = 0; n < of->count[SPACE_FUNC]; n++)
      if (bytes_equal(names[n], w->report->symbol))
        return true;
    if (find_export(of->module, w->report->symbol))
      return true;
  }
  return false;
}

static _Noreturn void refuse_symbol(const struct why *w) {
  struct context *const c = w->out->context;
  const struct bytes near = names_like(c, &w->origins, w->merge->out, w->report->symbol);
  if (near.size)
    set_hint(c, "there is %.*s", SHOW(near));
  else
    set_hint(c, "--map lists all that there is");
  fail(c, FAILURE_USAGE, NO_OFFSET, "nothing is called \"%.*s\", of which --why was asked", SHOW(w->report->symbol));
}

void report_why(const struct report *report, struct buffer *out) {
  struct json json = json_to_buffer(out);
  struct why w = {.report = report,
                  .merge = report->merge,
                  .origins = find_origins(out->context, report->merge),
                  .out = out,
                  .json = report->forms[REPORT_WHY] == REPORT_JSON ? &json : NULL};
  read_said_item(&w);
  read_exported_item(&w);
  if (w.json) {
    json_open(&json, NULL, '{');
    json_optional(&json, "symbol", report->symbol);
    json_open(&json, "found", '[');
  }
  for (uint32_t space = 0; space < INDEX_SPACE_COUNT; space++)
    for (uint32_t i = 0; i < w.origins.count[space]; i++)
      put_item_if_wanted(&w, (enum index_space)space, i);
  if (!w.found && !is_pruned(&w))
    refuse_symbol(&w);
  if (w.json) {
    json_close(&json, ']');
    json_number(&json, "count", w.found);
    json_bool(&json, "is_left_out", !w.found);
    json_close(&json, '}');
    return;
  }
  if (!w.found) {
    put_quoted(out, report->symbol);
    put_formatted(out, " is left out: nothing that can run names it\n");
  }
  if (w.found > FOUND_LIMIT)
    put_formatted(out, "and %u more\n", w.found - FOUND_LIMIT);
}
