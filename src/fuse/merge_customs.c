/* merge_customs.c -- the custom sections of the output, other than names.
 *
 *     metadata.def      what is said of the whole; see metadata.c
 *     target_features   the union of the inputs' features, in order
 *     .debug_*          with keep_debug copied as it is, once for each module
 *
 * Any other is dropped. It would be wrong of the fused module (linking and relocation sections, dylink.0, branch hints
 * and other metadata of code, whose offsets move, source maps, build ids, component types, whose world is another), or
 * nothing is known of it. A malformed section is ignored.
 *
 * Requires  nothing but the instances.
 * Provides  customs of the output.
 * Spec      tool-conventions, "Linking.md" (target features).
 */
#include "fuse/merge.h"
#include "fuse/metadata.h"

#include <string.h>

#define DATA_SECTION 11
#define FEATURE_USED '+'

/* The prefixes of features, by name. One that an input uses is used. */
struct features {
  struct map known;
  VEC(uint8_t) prefixes;
};

static void read_features(struct context *c, struct custom_reader *r, struct features *into) {
  uint32_t count = read_custom_u32(r);
  for (uint32_t i = 0; i < count && !r->is_malformed; i++) {
    struct bytes prefix = read_custom_bytes(r, 1), name = read_custom_name(r);
    if (!into || !prefix.size)
      continue;
    uint32_t next = into->prefixes.count, index = map_add(c, &into->known, name, next);
    if (index == next)
      VEC_ADD(c, &into->prefixes, *prefix.at);
    if (*prefix.at == FEATURE_USED)
      into->prefixes.items[index] = FEATURE_USED;
  }
}

static void merge_features(struct merge *m, const struct module **modules, uint32_t count) {
  struct features features = {0};
  for (uint32_t i = 0; i < count; i++) {
    struct custom_reader r;
    if (!find_custom(modules[i], "target_features", &r))
      continue;
    struct custom_reader trial = r;
    read_features(m->context, &trial, NULL);
    if (!trial.is_malformed)
      read_features(m->context, &r, &features);
  }
  if (!features.prefixes.count)
    return;
  struct buffer content = new_buffer(m->context);
  put_u32(&content, features.prefixes.count);
  for (uint32_t i = 0; i < features.prefixes.count; i++) {
    put_byte(&content, features.prefixes.items[i]);
    put_name(&content, features.known.entries.items[i].key);
  }
  VEC_ADD(m->context, &m->out->customs,
          ((struct core_custom){bytes_of("target_features"), buffer_bytes(&content), DATA_SECTION}));
}

/* Their offsets into code are those of the modules. */
static void copy_debug_sections(struct merge *m, const struct module *module) {
  const struct bytes prefix = bytes_of(".debug_");
  for (uint32_t i = 0; i < module->customs.count; i++) {
    const struct bytes name = module->customs.items[i].name;
    if (name.size >= prefix.size && bytes_equal((struct bytes){name.at, prefix.size}, prefix))
      VEC_ADD(m->context, &m->out->customs, module->customs.items[i]);
  }
}

/* In the module, unless there is a component around it that says the same. Before the features: what reads object files
 * wants that order. */
static void add_metadata(struct merge *m) {
  if (m->options->component)
    return;
  const struct metadata metadata = merge_metadata(m->context, m->plan, m->options);
  for (uint32_t i = 0; i < metadata.sections.count; i++)
    VEC_ADD(m->context, &m->out->customs, metadata.sections.items[i]);
}

void merge_customs(struct merge *m) {
  struct map known = {0};
  VEC(const struct module *) modules = {0};
  for (uint32_t i = 0; i < m->instance_count; i++) {
    struct bytes key = {(const uint8_t *)&m->instances[i].module, sizeof m->instances[i].module};
    uint32_t next = modules.count;
    if (map_add(m->context, &known, key, next) == next)
      VEC_ADD(m->context, &modules, m->instances[i].module);
  }
  if (m->options->keep_debug)
    for (uint32_t i = 0; i < modules.count; i++)
      copy_debug_sections(m, modules.items[i]);
  add_metadata(m);
  merge_features(m, modules.items, modules.count);
}
