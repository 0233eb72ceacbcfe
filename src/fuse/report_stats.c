/* report_stats.c -- how large the output is and of what, and how long each pass took.
 *
 *     input  18204 bytes, output 9033 bytes
 *
 *     functions      code      data  memories  tables  globals  origin
 *            31      6120      1024         1       1        2  root/$app.$main
 *             4       310         0         0       0        3  adapters
 *
 *     1.204 ms  read
 *
 * Bytes are those of the output: bodies without their size, contents of segments. What is left are types, imports,
 * exports, segments of tables and custom sections, which belong to the whole.
 *
 * Requires  merge.c.
 * Provides  report_stats.
 */
#include "fuse/report.h"

/* What one core instance, or what is made for the whole, has in the output. */
struct share {
  size_t code, data;
  uint32_t counts[INDEX_SPACE_COUNT];
};

struct stats {
  const struct report *report;
  const struct module *fused;
  uint32_t count;       /* of shares: the core instances, and one for the whole */
  struct share *shares; /* the last one: of the whole */
  struct share total;
  size_t customs, fused_size, output_size;
};

static void add_item(struct share *to, enum index_space space, size_t size) {
  to->counts[space]++;
  if (space == SPACE_FUNC)
    to->code += size;
  if (space == SPACE_DATA)
    to->data += size;
}

static void add_space(struct stats *s, const struct origins *origins, enum index_space space) {
  for (uint32_t i = 0; i < origins->count[space]; i++) {
    const struct origin *origin = &origins->of[space][i];
    if (origin->source == ORIGIN_IMPORT)
      continue;
    const size_t size = item_size(s->fused, space, i);
    add_item(&s->shares[origin->source == ORIGIN_INSTANCE ? origin->instance : s->count - 1], space, size);
    add_item(&s->total, space, size);
  }
}

static struct stats count_shares(struct context *c, const struct report *report, const struct module *fused) {
  struct stats s = {.report = report, .fused = fused, .count = report->merge->instance_count + 1};
  s.shares = ALLOCATE(c, struct share, s.count);
  const struct origins origins = find_origins(c, report->merge);
  for (uint32_t space = 0; space < INDEX_SPACE_COUNT; space++)
    add_space(&s, &origins, (enum index_space)space);
  for (uint32_t i = 0; i < fused->customs.count; i++)
    s.customs += fused->customs.items[i].content.size;
  return s;
}

static bool is_empty(const struct share *share) {
  for (uint32_t space = 0; space < INDEX_SPACE_COUNT; space++)
    if (share->counts[space])
      return false;
  return true;
}

static struct bytes share_name(const struct stats *s, uint32_t index) {
  return index + 1 == s->count ? bytes_of("start") : s->report->merge->instances[index].core->name;
}

static void put_share(struct buffer *out, const struct share *share, struct bytes name) {
  put_formatted(out, "%9u %9zu %9zu %9u %7u %8u  ", share->counts[SPACE_FUNC], share->code, share->data,
                share->counts[SPACE_MEMORY], share->counts[SPACE_TABLE], share->counts[SPACE_GLOBAL]);
  put_shown(out, name);
  put_formatted(out, "\n");
}

static size_t rest_size(const struct stats *s) { return s->fused_size - s->total.code - s->total.data - s->customs; }

static void put_table(const struct stats *s, struct buffer *out) {
  const struct merge *m = s->report->merge;
  put_formatted(out, "input %zu bytes, output %zu bytes\n", s->report->input_size, s->output_size);
  put_formatted(out, "%u component instances, %u core instances, %u types, %u imports, %u exports\n\n",
                m->plan->instances.count, m->instance_count, s->fused->types.count, s->fused->imports.count,
                s->fused->exports.count);
  put_formatted(out, "functions      code      data  memories  tables  globals  origin\n");
  for (uint32_t i = 0; i < s->count; i++)
    if (!is_empty(&s->shares[i]))
      put_share(out, &s->shares[i], share_name(s, i));
  put_share(out, &s->total, bytes_of("together"));
  put_formatted(out, "%29zu  bytes of custom sections\n", s->customs);
  put_formatted(out, "%29zu  bytes of types, imports, exports and the rest\n", rest_size(s));
  if (s->output_size > s->fused_size)
    put_formatted(out, "%29zu  bytes of the component around the module\n", s->output_size - s->fused_size);
  put_formatted(out, "\n");
  for (uint32_t i = 0; i < s->report->times.count; i++) {
    const struct pass_time *t = &s->report->times.items[i];
    put_formatted(out, "%9llu.%03llu ms  %s\n", (unsigned long long)(t->nanoseconds / 1000000),
                  (unsigned long long)(t->nanoseconds / 1000 % 1000), t->pass);
  }
}

static void write_share(struct json *j, const struct share *share) {
  json_number(j, "code_bytes", share->code);
  json_number(j, "data_bytes", share->data);
  static const struct {
    enum index_space space;
    const char *key;
  } counts[] = {{SPACE_FUNC, "functions"},    {SPACE_TABLE, "tables"}, {SPACE_MEMORY, "memories"},
                {SPACE_GLOBAL, "globals"},    {SPACE_TAG, "tags"},     {SPACE_ELEMENT, "element_segments"},
                {SPACE_DATA, "data_segments"}};
  for (uint32_t i = 0; i < sizeof counts / sizeof *counts; i++)
    json_number(j, counts[i].key, share->counts[counts[i].space]);
}

static void write_origins(struct json *j, const struct stats *s) {
  json_open(j, "origins", '[');
  for (uint32_t i = 0; i < s->count; i++) {
    if (is_empty(&s->shares[i]))
      continue;
    const uint32_t of = i + 1 == s->count ? NO_INDEX : s->report->merge->instances[i].core->component_instance;
    json_open_line(j, NULL, '{');
    json_string(j, "name", share_name(s, i));
    if (of == NO_INDEX)
      json_null(j, "component_instance");
    else
      json_string(j, "component_instance", s->report->merge->plan->instances.items[of].path);
    write_share(j, &s->shares[i]);
    json_close(j, '}');
  }
  json_close(j, ']');
}

static void write_passes(struct json *j, const struct stats *s) {
  json_open(j, "passes", '[');
  for (uint32_t i = 0; i < s->report->times.count; i++) {
    json_open_line(j, NULL, '{');
    json_string(j, "pass", bytes_of(s->report->times.items[i].pass));
    json_number(j, "nanoseconds", s->report->times.items[i].nanoseconds);
    json_close(j, '}');
  }
  json_close(j, ']');
}

static void write_stats(struct json *j, const struct stats *s) {
  const struct merge *m = s->report->merge;
  json_open(j, NULL, '{');
  json_number(j, "input_bytes", s->report->input_size);
  json_number(j, "output_bytes", s->output_size);
  json_number(j, "module_bytes", s->fused_size);
  json_number(j, "component_instances", m->plan->instances.count);
  json_number(j, "core_instances", m->instance_count);
  json_number(j, "types", s->fused->types.count);
  json_number(j, "imports", s->fused->imports.count);
  json_number(j, "exports", s->fused->exports.count);
  json_number(j, "custom_bytes", s->customs);
  json_number(j, "rest_bytes", rest_size(s));
  write_share(j, &s->total);
  write_origins(j, s);
  write_passes(j, s);
  json_close(j, '}');
}

void report_stats(const struct report *report, const struct module *fused, struct bytes bytes, size_t output_size,
                  struct buffer *out) {
  struct stats s = count_shares(out->context, report, fused);
  s.fused_size = bytes.size;
  s.output_size = output_size;
  struct json json = json_to_buffer(out);
  if (report->forms[REPORT_STATS] == REPORT_JSON)
    write_stats(&json, &s);
  else
    put_table(&s, out);
}
