/* words.c -- what is found in a file, as words that its text, its graph and its page have in common.
 *
 *     "shout" of instance 1 "shouting"
 *     2 functions, 1 import, memory of 17 pages
 *
 * Provides  put_*, instance_name, find_largest_functions.
 */
#include "inspect/inspection.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_LIMIT 120 /* bytes of a name that is shown; it may be shown wherever something refers to it */

/* `name` up to the limit, not cut within a character. */
static struct bytes cut_name(struct bytes name) {
  if (name.size <= WORD_LIMIT)
    return name;
  size_t size = WORD_LIMIT;
  while (size > 0 && (name.at[size] & 0xc0) == 0x80)
    size--;
  return (struct bytes){name.at, size};
}

void put_word(struct buffer *out, struct bytes name) {
  const struct bytes cut = cut_name(name);
  put_shown(out, cut);
  if (cut.size < name.size)
    put_bytes(out, bytes_of("..."));
}

void put_quoted_word(struct buffer *out, struct bytes name) {
  put_byte(out, '"');
  put_word(out, name);
  put_byte(out, '"');
}

void put_count(struct buffer *out, uint64_t count) {
  char digits[24];
  const int size = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
  for (int i = 0; i < size; i++) {
    if (i && (size - i) % 3 == 0)
      put_byte(out, ',');
    put_byte(out, (uint8_t)digits[i]);
  }
}

void put_counted(struct buffer *out, uint64_t count, const char *what) {
  put_count(out, count);
  put_formatted(out, " %s%s", what, count == 1 ? "" : "s");
}

struct bytes instance_name(const struct inspection *inspection, const struct inspected_instance *instance) {
  if (instance->name.size || instance->is_inline)
    return instance->name;
  switch (instance->of.kind) {
  case SOURCE_COMPONENT:
    return inspection->components.items[instance->of.id].name;
  case SOURCE_MODULE:
    return inspection->modules.items[instance->of.id].name;
  default:
    return instance->of.member.size ? instance->of.member : instance->of.name;
  }
}

static void put_indexed(struct buffer *out, const char *what, uint32_t index, struct bytes name) {
  put_formatted(out, "%s", what);
  if (index != NO_INDEX)
    put_formatted(out, " %u", index);
  if (!name.size)
    return;
  put_byte(out, ' ');
  put_quoted_word(out, name);
}

void put_instance(struct buffer *out, const struct inspection *inspection, uint32_t id) {
  const struct inspected_instance *instance = &inspection->instances.items[id];
  put_indexed(out, instance->is_core ? "core instance" : "instance", instance->index,
              instance_name(inspection, instance));
}

void put_component(struct buffer *out, const struct inspection *inspection, uint32_t id) {
  const struct inspected_component *component = &inspection->components.items[id];
  put_indexed(out, "component", component->index, component->name);
}

void put_module(struct buffer *out, const struct inspection *inspection, uint32_t id) {
  const struct inspected_module *module = &inspection->modules.items[id];
  put_indexed(out, "core module", module->index, module->name);
}

void put_function(struct buffer *out, const struct inspected_module *module, uint32_t index) {
  const struct bytes name = module->function_names ? module->function_names[index] : (struct bytes){0};
  put_indexed(out, "func", index, name.size ? name : module->function_exports[index]);
}

static void put_names_of(struct buffer *out, const struct source *source) {
  if (source->member.size) {
    put_quoted_word(out, source->member);
    put_bytes(out, bytes_of(" of "));
  }
  if (source->kind == SOURCE_IMPORT)
    put_bytes(out, bytes_of("import "));
  put_quoted_word(out, source->name);
}

void put_source(struct buffer *out, const struct inspection *inspection, const struct source *source) {
  if (source->through != THROUGH_NOTHING)
    put_bytes(out, bytes_of(source->through == THROUGH_LIFT ? "lift of " : "lower of "));
  switch (source->kind) {
  case SOURCE_DEFINITION:
    put_formatted(out, "%s", source->sort == SORT_CORE_TYPE ? "a core type" : "a type");
    return;
  case SOURCE_COMPONENT:
    put_component(out, inspection, source->id);
    return;
  case SOURCE_MODULE:
    put_module(out, inspection, source->id);
    return;
  case SOURCE_INSTANCE:
    put_instance(out, inspection, source->id);
    return;
  case SOURCE_IMPORT:
    put_names_of(out, source);
    return;
  case SOURCE_EXPORT:
    put_names_of(out, source);
    put_bytes(out, bytes_of(" of "));
    put_instance(out, inspection, source->id);
    return;
  case SOURCE_CANON:
    put_formatted(out, "canon %s", canon_name(source->canon));
    return;
  }
  assert(false);
}

static void put_memories(struct buffer *out, const struct module *module) {
  const struct core_limits *memory = module->memories.items;
  if (module->memories.count > 1) {
    put_bytes(out, bytes_of(", "));
    put_count(out, module->memories.count);
    put_bytes(out, bytes_of(" memories"));
  } else if (module->memories.count == 1) {
    put_bytes(out, bytes_of(", memory of "));
    put_count(out, memory->minimum);
    if (memory->has_maximum && memory->maximum != memory->minimum) {
      put_bytes(out, bytes_of(" to "));
      put_count(out, memory->maximum);
    }
    put_formatted(out, " page%s", memory->minimum == 1 && (!memory->has_maximum || memory->maximum == 1) ? "" : "s");
  }
}

void put_module_summary(struct buffer *out, const struct inspected_module *inspected) {
  const struct module *module = inspected->module;
  put_counted(out, module->functions.count, "function");
  if (module->imports.count) {
    put_bytes(out, bytes_of(", "));
    put_counted(out, module->imports.count, "import");
  }
  if (module->exports.count) {
    put_bytes(out, bytes_of(", "));
    put_counted(out, module->exports.count, "export");
  }
  put_memories(out, module);
  if (module->functions.count && !inspected->function_names)
    put_bytes(out, bytes_of(", without names"));
}

void put_producers(struct buffer *out, const struct sections *sections) {
  for (uint32_t i = 0; i < sections->producers.count; i++) {
    const struct producer *producer = &sections->producers.items[i];
    const bool is_same = i && bytes_equal(producer->field, sections->producers.items[i - 1].field);
    put_bytes(out, bytes_of(i ? ", " : ""));
    if (!is_same) {
      put_word(out, producer->field);
      put_byte(out, ' ');
    }
    put_word(out, producer->name);
    if (!producer->version.size)
      continue;
    put_byte(out, ' ');
    put_word(out, producer->version);
  }
}

static int compare_sizes(const void *a, const void *b) {
  const struct function_size *x = a, *y = b;
  if (x->size != y->size)
    return x->size > y->size ? -1 : 1;
  if (x->module != y->module)
    return x->module < y->module ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

uint32_t find_largest_functions(struct context *c, const struct inspection *inspection, struct function_size *largest,
                                uint32_t most) {
  VEC(struct function_size) all = {0};
  for (uint32_t id = 0; id < inspection->modules.count; id++) {
    const struct module *module = inspection->modules.items[id].module;
    for (uint32_t i = 0; i < module->functions.count; i++)
      VEC_ADD(c, &all,
              ((struct function_size){id, module->imported[CORE_FUNC] + i, module->functions.items[i].body.size}));
  }
  const uint32_t count = all.count < most ? all.count : most;
  if (all.count)
    qsort(all.items, all.count, sizeof *all.items, compare_sizes);
  for (uint32_t i = 0; i < count; i++)
    largest[i] = all.items[i];
  return count;
}
