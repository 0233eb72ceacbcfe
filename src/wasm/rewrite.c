/* rewrite.c -- copies code with other indices.
 *
 * A body whose indices are noted with their places is copied from one to the next; any other is gone through again.
 *
 * Requires  a module whose index spaces are complete.
 * Provides  rewrite_*, rewritten_size, size_of_constant, visit_expression, read_expression.
 * Spec      WebAssembly 3.0 core, "Binary Format / Instructions".
 */
#include "wasm/walk.h"

#include "wasm/notes.h"

#include <assert.h>

#define END 0x0b
#define I32_CONST 0x41
#define I64_CONST 0x42
#define SHORT_U32 4 /* bytes of a number in which all bits count */
#define SHORT_S64 9

/* Copies what the walk left to copy. */
static void finish_copy(struct walk *w) { copy_run(w, w->r.at); }

static struct walk rewriting(struct context *c, const struct module *m, const struct index_maps *maps,
                             struct bytes code, struct buffer *out) {
  const uint32_t *const memories = maps->to[SPACE_MEMORY];
  struct walk w = walk_of_bytes(c, m, code);
  w.maps = maps;
  w.takes_steps = !maps->locals;
  w.takes_memory_steps &= !memories || memories[0] == 0;
  w.out = out;
  w.copied = code.at;
  reserve(out, code.size);
  return w;
}

void rewrite_body(struct context *c, const struct module *m, const struct index_maps *maps, struct bytes body,
                  struct buffer *out) {
  struct walk w = rewriting(c, m, maps, body, out);
  walk_body(&w);
  finish_copy(&w);
}

void rewrite_expression(struct context *c, const struct module *m, const struct index_maps *maps,
                        struct bytes expression, struct buffer *out) {
  struct walk w = rewriting(c, m, maps, expression, out);
  walk_expression(&w);
  expect_end(&w.r, "constant expression");
  finish_copy(&w);
}

struct core_valtype rewrite_valtype(struct core_valtype type, const uint32_t *types) {
  const bool is_reference = type.code == CORE_REF || type.code == CORE_REF_NULL;
  if (is_reference && type.heap >= 0) {
    assert(types[type.heap] != NO_INDEX);
    type.heap = types[type.heap];
  }
  return type;
}

size_t size_of_constant(struct bytes expression) {
  const uint8_t *const at = expression.at;
  const size_t most = *at == I32_CONST ? SHORT_U32 : *at == I64_CONST ? SHORT_S64 : 0;
  const size_t end =
      expression.size > most + 1 ? most + 1 : expression.size - 1; /* where the `end` is, at the latest */
  size_t last = 1;
  while (last < end && at[last] >= 0x80)
    last++;
  if (last >= end || at[last + 1] != END)
    return 0;
  const bool is_longer = last > 1 && at[last] == (at[last - 1] & 0x40 ? 0x7f : 0); /* than it need be */
  return is_longer ? 0 : last + 2;
}

void visit_expression(struct context *c, const struct module *m, struct bytes expression, visit_index *visit,
                      void *user) {
  if (size_of_constant(expression) == expression.size)
    return;
  struct walk w = walk_of_bytes(c, m, expression);
  w.visit = visit;
  w.user = user;
  walk_expression(&w);
  expect_end(&w.r, "constant expression");
}

struct bytes read_expression(struct reader *r, const struct module *m) {
  const uint8_t *start = r->at;
  const size_t size = at_end(r) ? 0 : size_of_constant((struct bytes){start, (size_t)(r->end - start)});
  if (size)
    return read_bytes(r, size, "the constant expression");
  struct walk w = walk_of(*r, m);
  w.instruction = "constant expression";
  walk_expression(&w);
  r->at = w.r.at;
  return (struct bytes){start, (size_t)(r->at - start)};
}

/* Are only indices mapped that stand alone? */
static bool is_rewritten_by_notes(const struct module *m, const struct index_maps *maps, uint32_t function) {
  if (!m->noted || !m->noted[function].is_plain || maps->locals)
    return false;
  const uint32_t *memories = maps->to[SPACE_MEMORY];
  return !m->noted[function].has_memory_arguments || !memories || memories[0] == 0;
}

size_t rewritten_size(const struct module *m, const struct index_maps *maps, uint32_t function) {
  if (!is_rewritten_by_notes(m, maps, function))
    return 0;
  const struct noted_body *noted = &m->noted[function];
  size_t size = noted->size_without_indices;
  for (uint32_t i = 0; i < noted->use_count; i++) {
    const uint32_t *map = maps->to[space_of_use(noted->uses[i])], index = index_of_use(noted->uses[i]);
    size += leb128_size(map ? map[index] : index);
  }
  return size;
}

/* A body on its way out, of which the input before `copied` has been taken over. */
struct copying {
  struct buffer *out;
  const uint8_t *start, *copied, *end;
  const struct code_use *uses;
  uint32_t number, number_end; /* the next long number of them */
  const uint8_t *next_number;  /* where it is; the end: there is none */
};

static void find_next_number(struct copying *c) {
  c->next_number = c->number < c->number_end ? c->start + c->uses[c->number].at : c->end;
}

/* Long numbers before `until`, as short as they can be. Where they are long no more, the input was changed, and is
 * refused for its size or for what comes out. */
static void copy_long_numbers(struct copying *c, const uint8_t *until) {
  while (c->next_number < until) {
    const uint8_t *const at = c->next_number;
    const uint32_t sizes = c->uses[c->number].what;
    if (at >= c->copied) {
      put_raw(c->out, c->copied, (size_t)(at - c->copied));
      put_needed(c->out, at, sizes & NEEDED_MASK);
      c->copied = at + (sizes >> SIZE_SHIFT);
    }
    c->number++;
    find_next_number(c);
  }
}

static inline void copy_until(struct copying *c, const uint8_t *until) {
  if (c->next_number < until)
    copy_long_numbers(c, until);
  put_raw(c->out, c->copied, (size_t)(until - c->copied));
}

void rewrite_function(struct context *c, const struct module *m, const struct index_maps *maps, uint32_t function,
                      struct buffer *out) {
  const struct bytes body = m->functions.items[function].body;
  if (!is_rewritten_by_notes(m, maps, function)) {
    rewrite_body(c, m, maps, body, out);
    return;
  }
  const struct noted_body *noted = &m->noted[function];
  const uint8_t *const end = body.at + body.size;
  struct copying copying = {.out = out, .start = body.at, .copied = body.at, .end = end, .uses = noted->uses};
  copying.number = noted->use_count;
  copying.number_end = noted->use_count + noted->long_number_count;
  find_next_number(&copying);
  for (uint32_t i = 0; i < noted->use_count; i++) {
    const struct code_use use = noted->uses[i];
    const uint8_t *at = body.at + use.at, *after = at + 1;
    if (at < copying.copied) /* the input was changed, as the size will tell */
      continue;
    while (after < end && after[-1] >= 0x80)
      after++;
    const uint32_t index = index_of_use(use), to = mapped(maps, space_of_use(use), index);
    if (to == index && leb128_size(to) == (size_t)(after - at))
      continue;
    copy_until(&copying, at);
    put_u32(out, to);
    copying.copied = after;
  }
  copy_until(&copying, end);
}
