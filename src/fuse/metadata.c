/* metadata.c -- what is said of the output: one section for those of its parts.
 *
 *     root component   authors "Ada"        licenses "MIT"                  version "2.0"
 *     its part         authors "Bob"        licenses "Apache-2.0"           version "0.3"
 *
 *     output           authors "Ada, Bob"   licenses "MIT AND Apache-2.0"   version "2.0"
 *
 * Parts are the components that are instantiated and the core modules of their instances, in that order; each counts
 * once, however often it is instantiated. What is defined and never instantiated is not in the output, and is not
 * asked. A component made of several inputs says nothing itself: what the rule leaves to the root is not there then.
 *
 * Requires  link.c: the instances.
 * Provides  the sections in the order of metadata.def.
 * Spec      tool-conventions "ProducersSection.md"; the annotations of the OCI image specification, in sections of
 *           their names, as wasm-tools has them; .dep-v0 of cargo-auditable.
 */
#include "fuse/metadata.h"

#include "base/map.h"
#include "base/reader.h"

#define LAST_SECTION 11 /* data */

enum metadata_id {
#define METADATA(id, name, rule) METADATA_##id,
#include "fuse/metadata.def"
#undef METADATA
  METADATA_COUNT
};

enum metadata_rule { RULE_PRODUCERS, RULE_LICENSES, RULE_JOINED, RULE_ROOT, RULE_SINGLE };

static const struct {
  struct bytes name;
  enum metadata_rule rule;
} rows[METADATA_COUNT] = {
#define METADATA(id, name, rule) [METADATA_##id] = {{(const uint8_t *)(name), sizeof(name) - 1}, RULE_##rule},
#include "fuse/metadata.def"
#undef METADATA
};

struct collection {
  struct context *context;
  struct map known;                             /* contents with the id of their section before them */
  struct statements statements[METADATA_COUNT]; /* distinct, in the order in which they are found */
  struct bytes of_root[METADATA_COUNT];         /* size 0: none */
};

static void add_statement(struct collection *k, struct bytes name, struct bytes content, bool is_root) {
  for (uint8_t id = 0; id < METADATA_COUNT; id++) {
    if (!bytes_equal(name, rows[id].name))
      continue;
    struct buffer key = new_buffer(k->context);
    put_byte(&key, id);
    put_bytes(&key, content);
    const uint32_t next = k->known.entries.count;
    if (map_add(k->context, &k->known, buffer_bytes(&key), next) == next)
      VEC_ADD(k->context, &k->statements[id].contents, content);
    if (is_root)
      k->of_root[id] = content; /* where there are two, tools read the last */
  }
}

/* True the first time. */
static bool is_new(struct context *c, struct map *seen, const void *part) {
  const uint32_t next = seen->entries.count;
  return map_intern(c, seen, (struct bytes){(const uint8_t *)&part, sizeof part}) == next;
}

static void collect(struct collection *k, const struct plan *plan) {
  struct map seen = {0};
  for (uint32_t i = 0; i < plan->instances.count; i++) {
    const struct component *component = plan->instances.items[i].component;
    if (!is_new(k->context, &seen, component))
      continue;
    for (uint32_t n = 0; n < component->customs.count; n++)
      add_statement(k, component->customs.items[n].name, component->customs.items[n].content, component == plan->root);
  }
  for (uint32_t i = 0; i < plan->core_instances.count; i++) {
    const struct core_instance *instance = &plan->core_instances.items[i];
    if (instance->component_instance == NO_INDEX || !is_new(k->context, &seen, instance->module))
      continue;
    for (uint32_t n = 0; n < instance->module->customs.count; n++)
      add_statement(k, instance->module->customs.items[n].name, instance->module->customs.items[n].content, false);
  }
}

static struct bytes if_text(struct bytes content) { return is_utf8(content) ? content : (struct bytes){0}; }

static struct bytes join_texts(struct context *c, const struct statements *given) {
  struct buffer joined = new_buffer(c);
  for (uint32_t i = 0; i < given->contents.count; i++) {
    const struct bytes text = if_text(given->contents.items[i]);
    if (text.size > 0 && joined.size > 0)
      put_bytes(&joined, bytes_of(", "));
    put_bytes(&joined, text);
  }
  return buffer_bytes(&joined);
}

static struct bytes merge_statements(const struct collection *k, enum metadata_id id, enum producers_kept kept) {
  const struct statements *given = &k->statements[id];
  switch (rows[id].rule) {
  case RULE_PRODUCERS:
    return merge_producers(k->context, given, kept);
  case RULE_LICENSES:
    return merge_licenses(k->context, given);
  case RULE_JOINED:
    return join_texts(k->context, given);
  case RULE_ROOT:
    return if_text(k->of_root[id]);
  case RULE_SINGLE:
    break;
  }
  return given->contents.count == 1 ? given->contents.items[0] : (struct bytes){0};
}

struct metadata merge_metadata(struct context *c, const struct plan *plan, const struct fuse_options *options) {
  struct collection k = {.context = c};
  struct metadata merged = {0};
  collect(&k, plan);
  for (uint8_t id = 0; id < METADATA_COUNT; id++) {
    const struct bytes content = merge_statements(&k, id, options->producers);
    if (content.size > 0)
      VEC_ADD(c, &merged.sections, ((struct core_custom){rows[id].name, content, LAST_SECTION}));
  }
  return merged;
}
