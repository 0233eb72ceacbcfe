/* component.c -- the names of what a component is made of, and which index each definition introduces.
 *
 * Provides  sort_name, canon_name, canon_signature, introduced_sort.
 * Spec      Explainer.md "Index Spaces".
 */
#include "component/component.h"

#include <assert.h>

const char *sort_name(enum sort sort) {
  static const char *const names[] = {
#define SORT(id, is_core, code, name) [SORT_##id] = (name),
#include "component/sorts.def"
#undef SORT
  };
  assert(sort < SORT_COUNT);
  return names[sort];
}

const char *canon_name(enum canon_kind kind) {
  static const char *const names[] = {
#define CANON(id, opcode, name, immediates, signature) [CANON_##id] = (name),
#include "component/canon.def"
#undef CANON
  };
  assert(kind < CANON_KIND_COUNT);
  return names[kind];
}

const char *canon_signature(enum canon_kind kind) {
  static const char *const signatures[] = {
#define CANON(id, opcode, name, immediates, signature) [CANON_##id] = (signature),
#include "component/canon.def"
#undef CANON
  };
  assert(kind < CANON_KIND_COUNT);
  return signatures[kind];
}

enum sort introduced_sort(const struct definition *definition, uint32_t *count) {
  *count = 1;
  switch (definition->kind) {
  case DEFINE_CORE_MODULE:
    return SORT_CORE_MODULE;
  case DEFINE_CORE_INSTANCE:
    return SORT_CORE_INSTANCE;
  case DEFINE_CORE_TYPE:
    if (!definition->of.core_type->is_module)
      *count = definition->of.core_type->rectypes->types.count;
    return SORT_CORE_TYPE;
  case DEFINE_COMPONENT:
    return SORT_COMPONENT;
  case DEFINE_INSTANCE:
    return SORT_INSTANCE;
  case DEFINE_ALIAS:
    return definition->of.alias.sort;
  case DEFINE_TYPE:
    return SORT_TYPE;
  case DEFINE_CANON:
    return definition->of.canon.kind == CANON_LIFT ? SORT_FUNC : SORT_CORE_FUNC;
  case DEFINE_IMPORT:
    return definition->of.import.type.sort;
  case DEFINE_EXPORT:
    return definition->of.export_.item.sort;
  case DEFINE_START:
  case DEFINE_VALUE:
    break; /* never read */
  }
  assert(false);
  return SORT_VALUE;
}
