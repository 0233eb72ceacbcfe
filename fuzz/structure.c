/* structure.c -- components changed as components.
 *
 * A component is taken apart into a tree of items, one for each definition, as the reader finds them:
 *
 *     (component (type ..) (import ..) (component (type ..)))   ->   7:.. 10:.. 4:(7:..)
 *
 * Items are copied, deleted, swapped, moved, put in from elsewhere, wrapped in a component that is instantiated;
 * numbers in them change a little, as indices and counts are small numbers and types are bytes near 0x70. Then the tree
 * is written again. Most outcomes are wrong in one place and right in all others, which is what random bytes seldom
 * are.
 *
 * Provides  mutate_structure.
 */
#include "structure.h"

#include "base/buffer.h"
#include "component/component.h"

#include <assert.h>
#include <string.h>

#define CHANGES_LIMIT 4     /* in one mutation */
#define WRITTEN_LIMIT 20000 /* items; a tree that was put into itself would not end */

enum { SECTION_CUSTOM = 0, SECTION_MODULE = 1, SECTION_COMPONENT = 4, SECTION_INSTANCE = 5 };

struct tree;

struct item {
  uint8_t section;
  struct bytes bytes; /* of one definition, of a module, or of a custom section */
  struct tree *inner; /* SECTION_COMPONENT */
};

struct tree {
  VEC(struct item) items;
};

struct mutation {
  struct context *context;
  struct bytes input, other;
  uint32_t random;
  VEC(struct tree *) trees;     /* of the input: the root first */
  VEC(struct item) other_items; /* of the other component, at any depth */
  uint32_t written;
  struct bytes out;
};

/* xorshift32 */
static uint32_t random_below(struct mutation *m, uint32_t limit) {
  m->random ^= m->random << 13;
  m->random ^= m->random >> 17;
  m->random ^= m->random << 5;
  return limit ? m->random % limit : 0;
}

static uint8_t section_of(const struct definition *definition) {
  switch (definition->kind) {
  case DEFINE_CORE_MODULE:
    return SECTION_MODULE;
  case DEFINE_CORE_INSTANCE:
    return 2;
  case DEFINE_CORE_TYPE:
    return 3;
  case DEFINE_COMPONENT:
    return SECTION_COMPONENT;
  case DEFINE_INSTANCE:
    return SECTION_INSTANCE;
  case DEFINE_ALIAS:
    return 6;
  case DEFINE_TYPE:
    return 7;
  case DEFINE_CANON:
    return 8;
  case DEFINE_START:
    return 9;
  case DEFINE_IMPORT:
    return 10;
  case DEFINE_EXPORT:
    return 11;
  case DEFINE_VALUE:
    return 12;
  }
  assert(false);
  return 0;
}

static uint32_t take_u32(const uint8_t **at) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const uint8_t byte = *(*at)++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return (uint32_t)value;
  }
}

static struct tree *tree_of(struct mutation *m, const struct component *component, bool is_other);

static void add_item(struct mutation *m, struct tree *tree, struct item item, bool is_other) {
  if (is_other)
    VEC_ADD(m->context, &m->other_items, item);
  VEC_ADD(m->context, &tree->items, item);
}

/* The items of one section, which the reader has accepted; `next` is the component's first definition in it. */
static uint32_t add_section(struct mutation *m, struct tree *tree, const struct component *component, uint32_t next,
                            uint8_t id, struct bytes content, bool is_other) {
  const uint8_t *const end = content.at + content.size;
  if (id == SECTION_CUSTOM || id == SECTION_MODULE) {
    add_item(m, tree, (struct item){.section = id, .bytes = content}, is_other);
    return next + (id == SECTION_MODULE);
  }
  if (id == SECTION_COMPONENT) {
    struct tree *inner = tree_of(m, component->definitions.items[next].of.component, is_other);
    add_item(m, tree, (struct item){.section = id, .inner = inner}, is_other);
    return next + 1;
  }
  const uint8_t *at = content.at;
  for (uint32_t count = take_u32(&at); count > 0; count--, next++) {
    const struct definition *definition = &component->definitions.items[next];
    const uint8_t *start = component->origin + definition->offset;
    assert(section_of(definition) == id);
    const uint8_t *stop = count > 1 ? component->origin + definition[1].offset : end;
    add_item(m, tree, (struct item){.section = id, .bytes = {start, (size_t)(stop - start)}}, is_other);
  }
  return next;
}

static struct tree *tree_of(struct mutation *m, const struct component *component, bool is_other) {
  struct tree *tree = ALLOCATE(m->context, struct tree, 1);
  if (!is_other)
    VEC_ADD(m->context, &m->trees, tree);
  const uint8_t *at = component->origin + component->offset + 8;
  const uint8_t *const end = component->origin + component->offset + component->size;
  for (uint32_t next = 0; at < end;) {
    const uint8_t id = *at++;
    const uint32_t size = take_u32(&at);
    next = add_section(m, tree, component, next, id, (struct bytes){at, size}, is_other);
    at += size;
  }
  return tree;
}

static void insert_item(struct mutation *m, struct tree *tree, uint32_t at, struct item item) {
  VEC_PUSH(m->context, &tree->items);
  memmove(&tree->items.items[at + 1], &tree->items.items[at], (tree->items.count - 1 - at) * sizeof(struct item));
  tree->items.items[at] = item;
}

static void remove_item(struct tree *tree, uint32_t at) {
  tree->items.count--;
  memmove(&tree->items.items[at], &tree->items.items[at + 1], (tree->items.count - at) * sizeof(struct item));
}

/* Another value for one byte: a number near it, a small one, a type, or anything. */
static uint8_t other_byte(struct mutation *m, uint8_t byte) {
  switch (random_below(m, 5)) {
  case 0:
    return (uint8_t)(byte + 1);
  case 1:
    return (uint8_t)(byte - 1);
  case 2:
    return (uint8_t)random_below(m, 8);
  case 3:
    return (uint8_t)(0x64 + random_below(m, 0x1c));
  default:
    return (uint8_t)random_below(m, 256);
  }
}

static void change_byte(struct mutation *m, struct item *item) {
  if (!item->bytes.size)
    return;
  uint8_t *copy = ALLOCATE(m->context, uint8_t, item->bytes.size);
  memcpy(copy, item->bytes.at, item->bytes.size);
  const uint32_t at = random_below(m, (uint32_t)item->bytes.size);
  copy[at] = other_byte(m, copy[at]);
  item->bytes.at = copy;
}

/* The root becomes the only component of a new root, which instantiates it with nothing. */
static void wrap_root(struct mutation *m) {
  static const uint8_t instance[] = {0x00, 0x00, 0x00};
  struct tree *inner = ALLOCATE(m->context, struct tree, 1);
  struct tree *root = m->trees.items[0];
  *inner = *root;
  *root = (struct tree){0};
  VEC_ADD(m->context, &m->trees, inner);
  insert_item(m, root, 0, (struct item){.section = SECTION_COMPONENT, .inner = inner});
  for (uint32_t i = 0; i < inner->items.count; i++) /* the host still gives what it gave; whether it fits is luck */
    if (inner->items.items[i].section == 10 && random_below(m, 2))
      insert_item(m, root, 0, inner->items.items[i]);
  insert_item(m, root, root->items.count, (struct item){.section = SECTION_INSTANCE, .bytes = {instance, 3}});
}

static void change_tree(struct mutation *m, struct tree *tree) {
  const uint32_t count = tree->items.count;
  if (m->other_items.count && random_below(m, 2)) {
    insert_item(m, tree, random_below(m, count + 1), m->other_items.items[random_below(m, m->other_items.count)]);
    return;
  }
  if (!count)
    return;
  struct item *item = &tree->items.items[random_below(m, count)];
  struct item *second = &tree->items.items[random_below(m, count)];
  const struct item copy = *item;
  switch (random_below(m, 8)) {
  case 0:
    insert_item(m, tree, random_below(m, count + 1), copy);
    return;
  case 1:
    remove_item(tree, (uint32_t)(item - tree->items.items));
    return;
  case 2:
    *item = *second;
    *second = copy;
    return;
  case 3: /* moved */
    remove_item(tree, (uint32_t)(item - tree->items.items));
    insert_item(m, tree, random_below(m, count), copy);
    return;
  case 4: /* into another tree */
    insert_item(m, m->trees.items[random_below(m, m->trees.count)], 0, copy);
    return;
  default:
    change_byte(m, item);
    return;
  }
}

static void put_tree(struct mutation *m, struct buffer *out, const struct tree *tree, uint32_t depth);

/* Items from `at` on that share a section; returns how many. */
static uint32_t put_section_at(struct mutation *m, struct buffer *out, const struct tree *tree, uint32_t at,
                               uint32_t depth) {
  const struct item *first = &tree->items.items[at];
  struct buffer content = new_buffer(m->context);
  uint32_t count = 1;
  if (first->section == SECTION_CUSTOM || first->section == SECTION_MODULE) {
    put_bytes(&content, first->bytes);
  } else if (first->section == SECTION_COMPONENT) {
    put_tree(m, &content, first->inner, depth + 1);
  } else {
    while (at + count < tree->items.count && first[count].section == first->section)
      count++;
    put_u32(&content, count);
    for (uint32_t i = 0; i < count; i++)
      put_bytes(&content, first[i].bytes);
  }
  put_section(out, first->section, &content);
  return count;
}

static void put_tree(struct mutation *m, struct buffer *out, const struct tree *tree, uint32_t depth) {
  put_raw(out, "\0asm\x0d\0\1\0", 8);
  if (depth > NESTING_LIMIT) /* what the reader refuses */
    return;
  for (uint32_t at = 0, count; at < tree->items.count; at += count) {
    count = put_section_at(m, out, tree, at, depth);
    m->written += count;
    if (m->written > WRITTEN_LIMIT)
      fail(m->context, FAILURE_INPUT, NO_OFFSET, "the mutation is too large");
  }
}

static void mutate(struct context *c, void *argument) {
  struct mutation *m = argument;
  m->context = c;
  if (m->other.size)
    tree_of(m, read_component(c, m->other), true);
  tree_of(m, read_component(c, m->input), false);
  for (uint32_t left = 1 + random_below(m, CHANGES_LIMIT); left > 0; left--) {
    if (random_below(m, 40) == 0)
      wrap_root(m);
    else
      change_tree(m, m->trees.items[random_below(m, m->trees.count)]);
  }
  struct buffer out = new_buffer(c);
  put_tree(m, &out, m->trees.items[0], 0);
  m->out = buffer_bytes(&out);
}

size_t mutate_structure(struct bytes input, struct bytes other, uint8_t *out, size_t capacity, unsigned seed) {
  struct context context = {0};
  struct mutation m = {.input = input, .other = other, .random = seed * 2654435761u | 1};
  size_t size = 0;
  if (run_guarded(&context, mutate, &m) && m.out.size <= capacity) {
    size = m.out.size;
    memcpy(out, m.out.at, size);
  }
  context_free(&context);
  return size;
}
