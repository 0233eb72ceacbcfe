/* report.c -- writes the reports that are asked for, and what they share.
 *
 * Requires  merge.c: the state of the merge, in report->merge.
 * Provides  report->texts.
 */
#include "fuse/report.h"

const char *space_name(enum index_space space) {
  switch (space) {
  case SPACE_FUNC:
    return "func";
  case SPACE_TABLE:
    return "table";
  case SPACE_MEMORY:
    return "memory";
  case SPACE_GLOBAL:
    return "global";
  case SPACE_TAG:
    return "tag";
  case SPACE_TYPE:
    return "type";
  case SPACE_ELEMENT:
    return "elem";
  case SPACE_DATA:
    return "data";
  case INDEX_SPACE_COUNT:
    break;
  }
  return "";
}

static uint32_t output_count(const struct module *out, enum index_space space) {
  switch (space) {
  case SPACE_TYPE:
    return 0;
  case SPACE_ELEMENT:
    return out->elements.count;
  case SPACE_DATA:
    return out->datas.count;
  default:
    return item_count(out, (enum core_kind)space);
  }
}

/* The names of a module's items: of its name section, else as they are exported. */
static struct bytes *find_names(struct context *c, const struct module *module, enum index_space space,
                                uint32_t count) {
  struct bytes *names = ALLOCATE(c, struct bytes, count);
  copy_item_names(c, module, space, names);
  for (uint32_t i = 0; i < module->exports.count; i++) {
    const struct core_export *e = &module->exports.items[i];
    if ((uint32_t)e->kind == (uint32_t)space && !names[e->index].size)
      names[e->index] = e->name;
  }
  return names;
}

/* The same for each instance of a module. */
static const struct bytes *names_of(struct context *c, struct map *known, const struct merge_instance *of,
                                    enum index_space space, const struct bytes **all) {
  const struct bytes key = {(const uint8_t *)&of->module, sizeof of->module};
  const uint32_t count = known->entries.count;
  const uint32_t index = map_add(c, known, key, count);
  if (index == count)
    all[index] = find_names(c, of->module, space, of->count[space]);
  return all[index];
}

/* `origin` becomes the first of those of an item. */
static void add_origin(struct context *c, struct origin *to, struct origin origin) {
  if (to->source == ORIGIN_INSTANCE) {
    struct origin *also = ALLOCATE(c, struct origin, 1);
    *also = *to;
    origin.also = also;
  }
  *to = origin;
}

static void find_origins_of(struct context *c, const struct merge *m, enum index_space space, struct origin *to) {
  struct map known = {0};
  const struct bytes **all = ALLOCATE(c, const struct bytes *, m->instance_count);
  for (uint32_t i = m->instance_count; i-- > 0;) {
    const struct merge_instance *of = &m->instances[i];
    const struct bytes *names = names_of(c, &known, of, space, all);
    const uint32_t imported = space <= SPACE_TAG ? of->module->imported[space] : 0;
    for (uint32_t n = of->count[space]; n-- > imported;)
      if (of->live[space][n] && of->to[space][n] != NO_INDEX)
        add_origin(c, &to[of->to[space][n]], (struct origin){ORIGIN_INSTANCE, i, n, names[n], NULL});
  }
}

struct origins find_origins(struct context *c, const struct merge *m) {
  struct origins origins = {0};
  for (uint32_t space = 0; space < INDEX_SPACE_COUNT; space++) {
    origins.count[space] = output_count(m->out, (enum index_space)space);
    origins.of[space] = ALLOCATE(c, struct origin, origins.count[space]);
    if (space != SPACE_TYPE)
      find_origins_of(c, m, (enum index_space)space, origins.of[space]);
  }
  const uint32_t first_part = m->out->datas.count - m->data_parts.count;
  for (uint32_t i = 0; i < m->data_parts.count; i++)
    origins.of[SPACE_DATA][first_part + i] = origins.of[SPACE_DATA][m->data_parts.items[i]];
  for (uint32_t i = 0; i < m->plan->boundary_imports.count; i++) {
    const struct boundary_import *import = &m->plan->boundary_imports.items[i];
    if (m->is_boundary_live[i])
      origins.of[import->type.kind][m->boundary_to[i]] =
          (struct origin){ORIGIN_IMPORT, NO_INDEX, i, import->name, NULL};
  }
  return origins;
}

size_t item_size(const struct module *fused, enum index_space space, uint32_t index) {
  const uint32_t imported = space <= SPACE_TAG ? fused->imported[space] : 0;
  if (index < imported)
    return 0;
  switch (space) {
  case SPACE_FUNC:
    return code_size(fused, index - imported);
  case SPACE_TABLE:
    return fused->tables.items[index - imported].init.size;
  case SPACE_GLOBAL:
    return fused->globals.items[index - imported].init.size;
  case SPACE_DATA:
    return fused->datas.items[index].content.size + fused->datas.items[index].offset.size;
  default:
    return 0;
  }
}

void write_reports(struct context *c, struct report *report, const struct module *fused, size_t output_size) {
  for (uint32_t kind = 0; kind < REPORT_KIND_COUNT; kind++) {
    if (report->forms[kind] == REPORT_NONE)
      continue;
    struct buffer out = new_buffer(c);
    switch ((enum report_kind)kind) {
    case REPORT_STATS:
      report_stats(report, fused, output_size, &out);
      break;
    case REPORT_EXPLAIN:
      report_explain(report, &out);
      break;
    case REPORT_MAP:
      report_map(report, fused, &out);
      break;
    case REPORT_WHY:
      report_why(report, &out);
      break;
    case REPORT_KIND_COUNT:
      break;
    }
    report->texts[kind] = buffer_bytes(&out);
  }
}
