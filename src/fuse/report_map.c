/* report_map.c -- each item of the output and where it comes from, one a line.
 *
 *     func 0   import "wasi:io/streams@0.2.0" "write"
 *     func 17  123 bytes, func 5 of root/$app.$main "alloc"
 *       and func 5 of root/$other.$main "alloc"
 *     memory 0 2 pages, memory 0 of root/$app.$main "memory"
 *
 * What follows "and" was equal to it, and is folded into it.
 * Types are left out: equal ones of all instances are one.
 *
 * Requires  merge.c.
 * Provides  report_map.
 */
#include "fuse/report.h"

struct mapping {
  const struct merge *merge;
  const struct module *fused;
  struct origins origins;
  struct buffer *out;
};

static uint32_t defined_index(const struct mapping *p, enum index_space space, uint32_t index) {
  return space <= SPACE_TAG ? index - p->fused->imported[space] : index;
}

/* How large it is, in what people count it in; `unit` is null where that says nothing. */
static uint64_t measure(const struct mapping *p, enum index_space space, uint32_t index, const char **unit) {
  const uint32_t defined = defined_index(p, space, index);
  switch (space) {
  case SPACE_FUNC:
  case SPACE_GLOBAL:
  case SPACE_DATA:
    *unit = "bytes";
    return item_size(p->fused, space, index);
  case SPACE_TABLE:
    *unit = "elements";
    return p->fused->tables.items[defined].type.limits.minimum;
  case SPACE_MEMORY:
    *unit = "pages";
    return p->fused->memories.items[defined].minimum;
  case SPACE_ELEMENT:
    *unit = "elements";
    return p->fused->elements.items[defined].count;
  default:
    *unit = NULL;
    return 0;
  }
}

static void put_text_origin(const struct mapping *p, const struct origin *origin, enum index_space space) {
  switch (origin->source) {
  case ORIGIN_MADE:
    put_formatted(p->out, "made for the whole\n");
    return;
  case ORIGIN_IMPORT:
    put_formatted(p->out, "import ");
    put_quoted(p->out, p->merge->plan->boundary_imports.items[origin->index].module);
    break;
  case ORIGIN_INSTANCE:
    put_formatted(p->out, "%s %u of ", space_name(space), origin->index);
    put_shown(p->out, p->merge->instances[origin->instance].core->name);
    break;
  }
  if (origin->name.size) {
    put_formatted(p->out, " ");
    put_quoted(p->out, origin->name);
  }
  put_formatted(p->out, "\n");
}

static void put_text_row(const struct mapping *p, enum index_space space, uint32_t index) {
  const struct origin *origin = &p->origins.of[space][index];
  const char *unit = NULL;
  const uint64_t size = origin->source == ORIGIN_IMPORT ? 0 : measure(p, space, index, &unit);
  put_formatted(p->out, "%s %u  ", space_name(space), index);
  if (unit)
    put_formatted(p->out, "%llu %s, ", (unsigned long long)size, unit);
  put_text_origin(p, origin, space);
  for (const struct origin *also = origin->also; also; also = also->also) {
    put_formatted(p->out, "  and ");
    put_text_origin(p, also, space);
  }
}

static void write_origin(struct json *j, const struct mapping *p, const struct origin *origin) {
  const struct plan *plan = p->merge->plan;
  static const char *const sources[] = {"made", "import", "instance"};
  json_string(j, "source", bytes_of(sources[origin->source]));
  if (origin->source == ORIGIN_IMPORT)
    json_optional(j, "module", plan->boundary_imports.items[origin->index].module);
  if (origin->source == ORIGIN_INSTANCE) {
    const struct core_instance *core = p->merge->instances[origin->instance].core;
    const bool is_generated = core->component_instance == NO_INDEX;
    json_optional(j, "component_instance",
                  is_generated ? bytes_of("") : plan->instances.items[core->component_instance].path);
    json_optional(j, "core_instance", core->name);
    json_number(j, "index_there", origin->index);
  }
  json_optional(j, "name", origin->name);
}

static void write_row(struct json *j, const struct mapping *p, enum index_space space, uint32_t index) {
  const struct origin *origin = &p->origins.of[space][index];
  const char *unit = NULL;
  const uint64_t size = origin->source == ORIGIN_IMPORT ? 0 : measure(p, space, index, &unit);
  json_open_line(j, NULL, '{');
  json_string(j, "kind", bytes_of(space_name(space)));
  json_number(j, "index", index);
  if (unit)
    json_number(j, unit, size);
  write_origin(j, p, origin);
  json_open(j, "folded", '[');
  for (const struct origin *also = origin->also; also; also = also->also) {
    json_open(j, NULL, '{');
    write_origin(j, p, also);
    json_close(j, '}');
  }
  json_close(j, ']');
  json_close(j, '}');
}

void report_map(const struct report *report, const struct module *fused, struct buffer *out) {
  static const enum index_space spaces[] = {SPACE_FUNC, SPACE_TABLE,   SPACE_MEMORY, SPACE_GLOBAL,
                                            SPACE_TAG,  SPACE_ELEMENT, SPACE_DATA};
  const struct mapping p = {report->merge, fused, find_origins(out->context, report->merge), out};
  const bool is_json = report->forms[REPORT_MAP] == REPORT_JSON;
  struct json j = json_to_buffer(out);
  if (is_json) {
    json_open(&j, NULL, '{');
    json_open(&j, "items", '[');
  }
  for (uint32_t s = 0; s < sizeof spaces / sizeof *spaces; s++)
    for (uint32_t i = 0; i < p.origins.count[spaces[s]]; i++)
      if (is_json)
        write_row(&j, &p, spaces[s], i);
      else
        put_text_row(&p, spaces[s], i);
  if (is_json) {
    json_close(&j, ']');
    json_close(&j, '}');
  }
}
