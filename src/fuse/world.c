/* world.c -- the component-type section: which world a fused core module is made for.
 *
 * It is a component of its own, which holds the world as a component type under the world's name. Tools that make
 * components of core modules look it up and know from it which imports and exports stand for what.
 *
 *     (component
 *       (@custom "wit-component-encoding" "\04\00")
 *       (type (component
 *         (type (component (import ...) (export ...)))
 *         (export "root:component/root" (component (type 0)))))
 *       (export "root" (type 0)))
 *
 * Requires  link.c: the root's imports and exports.
 * Provides  the section's content; nothing if WIT has no words for the world.
 * Spec      WIT.md "Worlds", "Binary Format".
 */
#include "fuse/wrap.h"

#include <string.h>

#define WORLD_PACKAGE_NAME "root:component/root"
#define WORLD_NAME "root"

static const struct extern_tree *tree_of(const struct plan *plan, uint32_t item) { return &plan->externs.items[item]; }

/* A plain name or interface name without attributes; not a URL, hash, or dependency. */
static bool is_wit_name(const struct extern_name *name) {
  if (name->implements.size > 0 || name->version_suffix.size > 0 || name->has_external_id)
    return false;
  return !memchr(name->name.at, '=', name->name.size);
}

/* WIT defines types in interfaces and worlds, but knows no types of functions or instances. */
static bool is_wit_type(const struct extern_tree *tree) { return tree->type || tree->resource != NO_INDEX; }

static bool is_wit_interface(const struct plan *plan, const struct extern_tree *instance) {
  for (uint32_t n = 0; n < instance->child_count; n++) {
    const struct extern_tree *child = tree_of(plan, instance->children[n]);
    if (!is_wit_name(&child->name))
      return false;
    if (child->sort != SORT_FUNC && !(child->sort == SORT_TYPE && is_wit_type(child)))
      return false;
  }
  return true;
}

static bool is_wit_item(const struct plan *plan, const struct extern_tree *tree, bool is_export) {
  if (!is_wit_name(&tree->name))
    return false;
  if (tree->sort == SORT_FUNC)
    return true;
  if (tree->sort == SORT_INSTANCE)
    return is_wit_interface(plan, tree);
  return tree->sort == SORT_TYPE && !is_export && is_wit_type(tree);
}

static bool is_wit_world(const struct plan *plan) {
  for (uint32_t n = 0; n < plan->imports.count; n++)
    if (!is_wit_item(plan, tree_of(plan, plan->imports.items[n]), false))
      return false;
  for (uint32_t n = 0; n < plan->exports.count; n++)
    if (!is_wit_item(plan, tree_of(plan, plan->exports.items[n]), true))
      return false;
  return true;
}

/* The world as a component type. */
static uint32_t define_world(struct encoder *e, struct context *c, const struct plan *plan) {
  struct type_scope world = new_type_scope(c, plan, ENCODE_COMPONENT_TYPE, NULL);
  write_imports(&world, plan->root);
  for (uint32_t n = 0; n < plan->exports.count; n++)
    declare_extern_export(&world, plan->exports.items[n]);
  struct buffer type = new_buffer(c);
  put_finished_type(&type, &world.encoder);
  return emit_type(e, &type);
}

/* The component type that exports the world by its full name. */
static uint32_t define_package(struct encoder *e, struct context *c, const struct plan *plan) {
  struct encoder package = new_encoder(c, ENCODE_COMPONENT_TYPE);
  struct extern_type world = {.sort = SORT_COMPONENT, .index = define_world(&package, c, plan)};
  struct extern_name name = {.name = bytes_of(WORLD_PACKAGE_NAME)};
  emit_declared_export(&package, &name, &world);
  struct buffer type = new_buffer(c);
  put_finished_type(&type, &package);
  return emit_type(e, &type);
}

struct bytes encode_component_type(struct context *c, const struct plan *plan) {
  static const uint8_t encoding[] = {0x04, 0x00}; /* version of the convention; strings in UTF-8 */
  check_extern_depth(c, plan);
  if (!is_wit_world(plan))
    return (struct bytes){0};
  struct encoder e = new_encoder(c, ENCODE_COMPONENT);
  add_custom(&e, bytes_of("wit-component-encoding"), (struct bytes){encoding, sizeof encoding});
  struct sort_index package = {SORT_TYPE, define_package(&e, c, plan)};
  struct extern_name name = {.name = bytes_of(WORLD_NAME)};
  emit_export(&e, &name, package, NULL);
  return finish_component(&e);
}
