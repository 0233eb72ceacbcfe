/* metadata_producers.c -- which tools made the output: those that made its parts, and meld.
 *
 *     processed-by   rustc "1.70.0"   wit-component "0.245.1"       of one part
 *     processed-by   rustc "1.80.0"                                 of another
 *
 *     processed-by   meld "0.1.0"   rustc "1.70.0; 1.80.0"   wit-component "0.245.1"
 *
 * A field may name a tool once, and readers such as LLVM's refuse a file where it is twice; so that versions which
 * differ are joined, and taken apart where they were joined before. Fields, names and versions are sorted: their order
 * in the parts says nothing.
 *
 * Provides  merge_producers.
 * Spec      tool-conventions "ProducersSection.md".
 */
#include "fuse/metadata.h"

#include "base/version.h"
#include "wasm/custom.h"

#include <stdlib.h>
#include <string.h>

#define VERSION_SEPARATOR "; "

/* The fields that there are, in order; others are left out. */
static const char *const field_names[] = {"language", "processed-by", "sdk"};
#define FIELD_COUNT (sizeof field_names / sizeof *field_names)
#define PROCESSED_BY 1

struct tool {
  size_t field;
  struct bytes name, version;
};

struct producers {
  struct context *context;
  VEC(struct tool) tools;
};

static size_t find_field(struct bytes name) {
  size_t field = 0;
  while (field < FIELD_COUNT && !bytes_equal(name, bytes_of(field_names[field])))
    field++;
  return field;
}

/* The size of the first version of `versions`. */
static size_t first_version(struct bytes versions) {
  const size_t separator = strlen(VERSION_SEPARATOR);
  for (size_t i = 0; i + separator <= versions.size; i++)
    if (memcmp(versions.at + i, VERSION_SEPARATOR, separator) == 0)
      return i;
  return versions.size;
}

static void add_tool(struct producers *p, struct tool tool) {
  struct bytes rest = tool.version;
  for (;;) {
    tool.version.size = first_version(rest);
    tool.version.at = rest.at;
    VEC_ADD(p->context, &p->tools, tool);
    if (tool.version.size == rest.size)
      return;
    const size_t step = tool.version.size + strlen(VERSION_SEPARATOR);
    rest = (struct bytes){rest.at + step, rest.size - step};
  }
}

/* Reads a section; adds what is in it if `into` is not null. False: it is malformed. */
static bool read_producers(struct bytes content, struct producers *into) {
  struct producer_list list = {.r = custom_reader_of(content)};
  struct producer producer;
  while (next_producer(&list, &producer)) {
    const size_t field = find_field(producer.field);
    if (into && field < FIELD_COUNT)
      add_tool(into, (struct tool){field, producer.name, producer.version});
  }
  return !list.r.is_malformed && list.r.at == list.r.end;
}

static int compare_bytes(struct bytes a, struct bytes b) {
  const size_t common = a.size < b.size ? a.size : b.size;
  const int order = common > 0 ? memcmp(a.at, b.at, common) : 0;
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_names(const struct tool *a, const struct tool *b) {
  const int order = (a->field > b->field) - (a->field < b->field);
  return order != 0 ? order : compare_bytes(a->name, b->name);
}

static int compare_tools(const void *left, const void *right) {
  const struct tool *a = left, *b = right;
  const int order = compare_names(a, b);
  return order != 0 ? order : compare_bytes(a->version, b->version);
}

/* Writes the tool at `first` with all its versions; returns the index of the next tool. */
static uint32_t put_tool(struct buffer *b, const struct producers *p, uint32_t first) {
  const struct tool *tools = p->tools.items;
  struct buffer versions = new_buffer(b->context);
  uint32_t next = first;
  for (; next < p->tools.count && compare_names(&tools[first], &tools[next]) == 0; next++) {
    const struct bytes version = tools[next].version;
    if (version.size == 0 || (next > first && bytes_equal(version, tools[next - 1].version)))
      continue;
    if (versions.size > 0)
      put_bytes(&versions, bytes_of(VERSION_SEPARATOR));
    put_bytes(&versions, version);
  }
  put_name(b, tools[first].name);
  put_sized(b, &versions);
  return next;
}

/* Of the sorted tools. */
static struct bytes put_producers(const struct producers *p) {
  struct buffer fields = new_buffer(p->context), content = new_buffer(p->context);
  uint32_t field_count = 0;
  for (uint32_t next = 0; next < p->tools.count; field_count++) {
    const size_t field = p->tools.items[next].field;
    struct buffer tools = new_buffer(p->context);
    uint32_t tool_count = 0;
    for (; next < p->tools.count && p->tools.items[next].field == field; tool_count++)
      next = put_tool(&tools, p, next);
    put_text(&fields, field_names[field]);
    put_u32(&fields, tool_count);
    put_bytes(&fields, buffer_bytes(&tools));
  }
  put_u32(&content, field_count);
  put_bytes(&content, buffer_bytes(&fields));
  return buffer_bytes(&content);
}

struct bytes merge_producers(struct context *c, const struct statements *given, enum producers_kept kept) {
  struct producers p = {.context = c};
  if (kept == PRODUCERS_NONE)
    return (struct bytes){0};
  for (uint32_t i = 0; kept == PRODUCERS_ALL && i < given->contents.count; i++)
    if (read_producers(given->contents.items[i], NULL))
      read_producers(given->contents.items[i], &p);
  add_tool(&p, (struct tool){PROCESSED_BY, bytes_of("meld"), bytes_of(MELD_VERSION)});
  qsort(p.tools.items, p.tools.count, sizeof *p.tools.items, compare_tools);
  return put_producers(&p);
}
