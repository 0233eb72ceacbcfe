/* wrap.h -- what the parts of the wrap pass share: the component that is written around the fused module.
 *
 *     wrap.c          the pass: imports, then the core, then exports
 *     wrap_core.c     the support module, lowered functions, resources; the fused module's instance; lifted functions
 *     wrap_export.c   exports, and the small components that give exported instances their types
 *     wrap_import.c   imports, written as the root component wrote them
 */
#ifndef MELD_FUSE_WRAP_H
#define MELD_FUSE_WRAP_H

#include "fuse/type_scope.h"

/* A component being written: the whole, or a shim that is instantiated to make an exported instance. */
struct body {
  struct type_scope scope;
  struct body *outer;             /* null: the whole */
  struct map items;               /* functions, modules and components to their indices here */
  VEC(struct argument) arguments; /* what a shim is instantiated with */
  struct map visited;             /* types that a shim has gone through for its imports */
};

struct wrapper {
  struct context *context;
  const struct plan *plan;
  struct body whole;
  const struct module *fused;
  uint32_t fused_instance, support_instance; /* core instances; NO_INDEX: no support module */
  bool *is_used;                             /* of each boundary import: the fused module or an option names it */
  bool *is_trampoline_used;
  struct map core_aliases;     /* of exports of core instances */
  struct map boundary_exports; /* functions to indices of the plan's boundary exports */
};

/* wrap_import.c: a component's imports, as it wrote them. */
struct import_copier;
/* `imports`: of each import its extern, or NO_INDEX where it does not become one. Stays borrowed. */
struct import_copier *new_import_copier(struct type_scope *s, const struct component *component,
                                        const uint32_t *imports);
void copy_import(struct import_copier *k, uint32_t number);
/* All of the root's imports. `root` is the component that the plan was made from. */
void write_imports(struct type_scope *s, const struct component *root);

/* wrap_core.c */
/* An alias of an export of a core instance, made once. */
uint32_t core_export(struct wrapper *w, enum sort sort, uint32_t instance, struct bytes name);
/* (func (param ...) (result ...) local.get 0 ... (call_indirect (i32.const slot))), of a type of the module. */
struct bytes forwarding_body(struct context *c, const struct module *of, uint32_t type, uint32_t slot);
void write_core(struct wrapper *w);
uint32_t component_function(struct wrapper *w, uint32_t func); /* of the whole: lifts it, or finds the import */

/* wrap_export.c */
void write_exports(struct wrapper *w);

#endif
