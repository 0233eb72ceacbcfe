/* rewrite.h -- copies code with other indices; visits the indices in constant expressions.
 *
 * Both walk the instructions by opcodes.def, one row per opcode, and know no more of an instruction than which
 * immediates it has. Each index is checked to be inside the module's own spaces: no module can name what another did
 * not give it.
 */
#ifndef MELD_WASM_REWRITE_H
#define MELD_WASM_REWRITE_H

#include "wasm/module.h"

/* What an index in code can denote. */
enum index_space {
  SPACE_FUNC,
  SPACE_TABLE,
  SPACE_MEMORY,
  SPACE_GLOBAL,
  SPACE_TAG, /* as enum core_kind */
  SPACE_TYPE,
  SPACE_ELEMENT,
  SPACE_DATA,
  INDEX_SPACE_COUNT
};

/* For each space, old index to new; NO_INDEX where nothing may refer to it any more. Null: all stay as they are. */
struct index_maps {
  const uint32_t *to[INDEX_SPACE_COUNT];
  const uint32_t *locals;
  const uint32_t *limits; /* the sizes of the spaces that the new indices are in; null: not known */
};

/* The sizes of a module's index spaces, as code may name them. */
void count_code_spaces(const struct module *m, uint32_t counts[INDEX_SPACE_COUNT]);

/* The module that bodies were made for, and what its indices are in the module that they are written into. */
struct body_source {
  const struct module *module;
  struct index_maps maps;
};

/* Appends the body of the defined function `function`, as rewrite_body() does; faster where check_structure() has noted
 * where its indices are. */
void rewrite_function(struct context *c, const struct module *m, const struct index_maps *maps, uint32_t function,
                      struct buffer *out);
/* The size of what that appends; 0: that is not known before it is done. */
size_t rewritten_size(const struct module *m, const struct index_maps *maps, uint32_t function);
/* Appends `body` (local declarations and instructions) to `out` with its indices mapped. */
void rewrite_body(struct context *c, const struct module *m, const struct index_maps *maps, struct bytes body,
                  struct buffer *out);
/* The same for a constant expression, with its `end`. */
void rewrite_expression(struct context *c, const struct module *m, const struct index_maps *maps,
                        struct bytes expression, struct buffer *out);
/* Of an expression that is one i32.const or i64.const in its shortest form and `end`, the size; 0: it is another. */
size_t size_of_constant(struct bytes expression);
/* Takes a constant expression with its `end` from `r`; its indices are in the spaces of `m` as they are now. */
struct bytes read_expression(struct reader *r, const struct module *m);
struct core_valtype rewrite_valtype(struct core_valtype type, const uint32_t *types);

/* Visits what code refers to, each at least once. */
typedef void visit_index(void *user, enum index_space space, uint32_t index);
void visit_expression(struct context *c, const struct module *m, struct bytes expression, visit_index *visit,
                      void *user);

#endif
