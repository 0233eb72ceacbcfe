/* merge_customs.c -- the custom sections of the output, other than names.
 *
 *     producers         the union of the inputs' fields, each value once, and meld itself under processed-by
 *     target_features   the union of the inputs' features, in order
 *     any other         dropped; with keep_debug it is copied as it is, once for each module
 *
 * What would be wrong of the fused module is dropped always: linking and relocation sections, dylink.0, branch hints
 * and other metadata of code (whose offsets move), component types (whose world is another).  Sections in their turn
 * are ordered by instance.  A malformed section is ignored.
 *
 * Requires  nothing but the instances.
 * Provides  customs of the output.
 * Spec      tool-conventions, "ProducersSection.md", "Linking.md" (target features).
 */
#include "fuse/merge.h"

#include <string.h>

#ifndef MELD_VERSION
#define MELD_VERSION "0.1.0"
#endif

#define DATA_SECTION 11
#define FEATURE_USED '+'

/* A producer: a value of a field, such as ("rustc", "1.80") of "language". */
struct producer {
  struct bytes name, version;
};

struct producer_field {
  struct bytes name;
  struct map known;
  VEC(struct producer) values;
};

struct producers {
  struct context *context;
  struct map known;
  VEC(struct producer_field) fields;
};

static void add_producer(struct producers *p, struct bytes field_name, struct producer value) {
  uint32_t index = map_add(p->context, &p->known, field_name, p->fields.count);
  if (index == p->fields.count)
    VEC_PUSH(p->context, &p->fields)->name = field_name;
  struct producer_field *field = &p->fields.items[index];
  struct buffer key = new_buffer(p->context);
  put_name(&key, value.name);
  put_name(&key, value.version);
  uint32_t next = field->values.count;
  if (map_add(p->context, &field->known, buffer_bytes(&key), next) == next)
    VEC_ADD(p->context, &field->values, value);
}

/* Reads the section; adds what is in it if `into` is not null. */
static void read_producers(struct custom_reader *r, struct producers *into) {
  uint32_t fields = read_custom_u32(r);
  for (uint32_t i = 0; i < fields && !r->is_malformed; i++) {
    struct bytes field = read_custom_name(r);
    uint32_t values = read_custom_u32(r);
    for (uint32_t v = 0; v < values && !r->is_malformed; v++) {
      struct bytes name = read_custom_name(r), version = read_custom_name(r);
      if (into)
        add_producer(into, field, (struct producer){name, version});
    }
  }
}

static void put_producers(struct merge *m, const struct producers *p) {
  struct buffer content = new_buffer(m->context);
  put_u32(&content, p->fields.count);
  for (uint32_t i = 0; i < p->fields.count; i++) {
    const struct producer_field *field = &p->fields.items[i];
    put_name(&content, field->name);
    put_u32(&content, field->values.count);
    for (uint32_t v = 0; v < field->values.count; v++) {
      put_name(&content, field->values.items[v].name);
      put_name(&content, field->values.items[v].version);
    }
  }
  VEC_ADD(m->context, &m->out->customs,
          ((struct core_custom){bytes_of("producers"), buffer_bytes(&content), DATA_SECTION}));
}

static void merge_producers(struct merge *m, const struct module **modules, uint32_t count) {
  struct producers p = {.context = m->context};
  for (uint32_t i = 0; i < count; i++) {
    struct custom_reader r;
    if (!find_custom(modules[i], "producers", &r))
      continue;
    struct custom_reader trial = r;
    read_producers(&trial, NULL);
    if (!trial.is_malformed)
      read_producers(&r, &p);
  }
  add_producer(&p, bytes_of("processed-by"), (struct producer){bytes_of("meld"), bytes_of(MELD_VERSION)});
  put_producers(m, &p);
}

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

/* Sections that are merged, or that would be wrong of the fused module. */
static bool is_never_copied(struct bytes name) {
  static const char *const whole[] = {"name", "producers", "target_features", "linking", "dylink", "dylink.0"};
  static const char *const prefixes[] = {"reloc.", "metadata.code.", "component-type"};
  for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
    if (bytes_equal(name, bytes_of(whole[i])))
      return true;
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
    if (name.size >= strlen(prefixes[i]) && !memcmp(name.at, prefixes[i], strlen(prefixes[i])))
      return true;
  return false;
}

static void copy_customs(struct merge *m, const struct module *module) {
  for (uint32_t i = 0; i < module->customs.count; i++)
    if (!is_never_copied(module->customs.items[i].name))
      VEC_ADD(m->context, &m->out->customs, module->customs.items[i]);
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
      copy_customs(m, modules.items[i]);
  merge_producers(m, modules.items, modules.count);
  merge_features(m, modules.items, modules.count);
}
