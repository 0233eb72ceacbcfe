/* guest_world.c -- component-type sections: for which world a core module is made.
 *
 *     (@custom "component-type:..." component)
 *
 *     (component
 *       (@custom "wit-component-encoding" "\04\00")                           version of the convention; encoding of
 * strings (type (component (export "ns:pkg/world" (component WORLD)))) (export "world" (type 0)))
 *
 * A module that several libraries were linked into has several of these sections, and an adapter brings its own: what
 * is wanted is all of them in one, with each interface once. Imports of compatible versions become one of the highest.
 *
 * The world becomes the imports and exports of a plan: imported functions and resources are the host's, exported ones
 * are those of the component that is made.
 *
 * Requires  modules as read.
 * Provides  plan->imports, plan->exports; which encoding the strings of each function have.
 * Spec      WIT.md "Binary Format"; tool-conventions "BasicCABI.md".
 */
#include "fuse/guest.h"

#include "fuse/compose.h"

#include <string.h>

#define SECTION_PREFIX "component-type"
#define ENCODING_SECTION "wit-component-encoding"
#define ENCODING_VERSION 4
#define OLD_VERSION 3 /* the first byte of the section itself */

static bool is_world_section(const struct core_custom *custom) {
  return starts_with(custom->name, bytes_of(SECTION_PREFIX));
}

bool has_world(const struct module *module) {
  for (uint32_t i = 0; i < module->customs.count; i++)
    if (is_world_section(&module->customs.items[i]))
      return true;
  return false;
}

static enum string_encoding read_encoding(struct guests *g, const struct component *section) {
  for (uint32_t i = 0; i < section->customs.count; i++) {
    const struct component_custom *custom = &section->customs.items[i];
    if (!bytes_equal(custom->name, bytes_of(ENCODING_SECTION)))
      continue;
    if (custom->content.size != 2 || custom->content.at[0] != ENCODING_VERSION)
      REFUSE_GUEST(g, "the section is of another version of its form than %d", ENCODING_VERSION);
    if (custom->content.at[1] > ENCODING_LATIN1_UTF16)
      REFUSE_GUEST(g, "the section names an encoding of strings that there is not: %u", custom->content.at[1]);
    return (enum string_encoding)custom->content.at[1];
  }
  REFUSE_GUEST(g, "the section does not say how strings are encoded");
}

/* The one component type that is exported; null: it is not so. */
static const struct type_closure *only_component_type(const struct namespace *exports, enum sort sort) {
  if (exports->defs.count != 1 || exports->defs.items[0].def.sort != sort)
    return NULL;
  const struct def *def = &exports->defs.items[0].def;
  if (sort == SORT_COMPONENT)
    return def->is.component->type;
  return def->is.type.kind == DEFTYPE_COMPONENT ? def->is.type.is.closure : NULL;
}

/* Its definitions are run, and may make nothing that is more than a type. */
static bool has_types_alone(const struct component *section) {
  for (uint32_t i = 0; i < section->definitions.count; i++) {
    const enum definition_kind kind = section->definitions.items[i].kind;
    if (kind != DEFINE_TYPE && kind != DEFINE_EXPORT)
      return false;
  }
  return true;
}

static const struct type_closure *find_world(struct guests *g, const struct component *section) {
  struct supply imports = {.kind = SUPPLY_ABSTRACT, .role = "import", .parent = NO_INDEX};
  struct supply exports = {.kind = SUPPLY_ABSTRACT, .role = "export", .parent = NO_INDEX};
  const struct type_closure *package = NULL, *world = NULL;
  if (has_types_alone(section))
    package = only_component_type(link_input(&g->link, section, &imports), SORT_TYPE);
  if (package)
    world = only_component_type(run_declarations(&g->link, package, &imports, &exports), SORT_COMPONENT);
  if (!world)
    REFUSE_GUEST(g, "the section holds no world");
  return world;
}

static void read_world(struct guests *g, struct guest *guest, const struct core_custom *custom) {
  struct context *c = g->context;
  push_place(c, "section", NO_INDEX, custom->name);
  const size_t offset = (size_t)(custom->content.at - guest->bytes.at);
  if (custom->content.size && custom->content.at[0] == OLD_VERSION)
    fail(c, FAILURE_INPUT, offset,
         "the section is of an older form than tools write since 2023, which is not supported");
  if (!is_component(custom->content))
    fail(c, FAILURE_INPUT, offset, "the section holds no world");
  c->offset_base = offset;
  const struct component *section = read_component(c, custom->content);
  check_component(c, section);
  c->offset_base = 0;
  struct guest_world world = {.encoding = read_encoding(g, section), .offset = offset, .section = custom->name};
  world.type = find_world(g, section);
  VEC_ADD(c, &guest->worlds, world);
  pop_place(c);
}

void read_worlds(struct guests *g, struct guest *guest) {
  for (uint32_t i = 0; i < guest->module->customs.count; i++)
    if (is_world_section(&guest->module->customs.items[i]))
      read_world(g, guest, &guest->module->customs.items[i]);
}

/* Imports of compatible versions are one, of the highest. */

struct version_names {
  struct map tracks; /* version_track() to index into names */
  VEC(const struct extern_name *) names;
};

static void learn_versions(struct context *c, struct version_names *versions, const struct type_closure *world) {
  for (uint32_t i = 0; i < world->deftype->declaration_count; i++) {
    const struct definition *definition = &world->deftype->declarations[i].definition;
    if (definition->kind != DEFINE_IMPORT)
      continue;
    const struct extern_name *name = &definition->of.import.name;
    const struct item_name item = parse_item_name(c, name);
    const uint32_t at = map_add(c, &versions->tracks, version_track(c, &item), versions->names.count);
    if (at == versions->names.count) {
      VEC_ADD(c, &versions->names, name);
      continue;
    }
    const struct item_name before = parse_item_name(c, versions->names.items[at]);
    if (compare_versions(&item, &before) > 0)
      versions->names.items[at] = name;
  }
}

/* The same world with these names. */
static const struct type_closure *rename_imports(struct context *c, const struct version_names *versions,
                                                 const struct type_closure *world) {
  const uint32_t count = world->deftype->declaration_count;
  struct declaration *declarations = ALLOCATE(c, struct declaration, count);
  struct deftype *deftype = ALLOCATE(c, struct deftype, 1);
  struct type_closure *renamed = ALLOCATE(c, struct type_closure, 1);
  for (uint32_t i = 0; i < count; i++) {
    struct definition *definition = &declarations[i].definition;
    *definition = world->deftype->declarations[i].definition;
    if (definition->kind != DEFINE_IMPORT)
      continue;
    const struct item_name item = parse_item_name(c, &definition->of.import.name);
    const uint32_t at = map_get(&versions->tracks, version_track(c, &item));
    assert(at != NOT_FOUND);
    definition->of.import.name = *versions->names.items[at];
  }
  *deftype = *world->deftype;
  deftype->declarations = declarations;
  *renamed = (struct type_closure){deftype, world->scope};
  return renamed;
}

/* Which encoding the functions of a world have. */

struct bytes encoding_key(struct context *c, bool is_export, struct bytes interface, struct bytes name) {
  return format_bytes(c, "%d%.*s#%.*s", is_export, SHOW(interface), SHOW(name));
}

static void learn_encodings(struct guests *g, struct guest *guest, const uint32_t *items, uint32_t count,
                            struct bytes interface, bool is_export, enum string_encoding encoding) {
  for (uint32_t i = 0; i < count; i++) {
    const struct extern_tree tree = g->plan->externs.items[items[i]];
    if (tree.sort == SORT_INSTANCE && interface.size == 0) {
      learn_encodings(g, guest, tree.children, tree.child_count, tree.name.name, is_export, encoding);
      continue;
    }
    if (tree.sort != SORT_FUNC)
      continue;
    const struct bytes key = encoding_key(g->context, is_export, interface, tree.name.name);
    if (map_add(g->context, &guest->encodings, key, encoding) != (uint32_t)encoding)
      REFUSE_GUEST(g, "the worlds of the module have the function \"%.*s\" with different encodings of strings",
                   SHOW(tree.name.name));
  }
}

/* Worlds have functions, types, and instances of these. */
static void check_items(struct guests *g, const uint32_t *items, uint32_t count, bool is_inside) {
  for (uint32_t i = 0; i < count; i++) {
    const struct extern_tree *tree = &g->plan->externs.items[items[i]];
    const bool is_type = tree->sort == SORT_TYPE && (tree->type || tree->resource != NO_INDEX);
    if (tree->sort == SORT_FUNC || is_type)
      continue;
    if (tree->sort != SORT_INSTANCE || is_inside)
      REFUSE_GUEST(
          g, "the world has an item \"%.*s\" that is neither a function, a type of values, a resource nor an interface",
          SHOW(tree->name.name));
    check_items(g, tree->children, tree->child_count, true);
  }
}

static void merge_guest(struct guests *g, struct guest *guest, struct supply *imports, struct supply *exports) {
  for (uint32_t i = 0; i < guest->worlds.count; i++) {
    const struct guest_world *world = &guest->worlds.items[i];
    push_place(g->context, "section", NO_INDEX, world->section);
    g->context->offset_base = world->offset;
    const struct component_shape *shape = shape_of(&g->link, world->type);
    check_items(g, shape->imports, shape->import_count, false);
    check_items(g, shape->exports, shape->export_count, false);
    const struct bytes none = {0};
    learn_encodings(g, guest, shape->imports, shape->import_count, none, false, world->encoding);
    learn_encodings(g, guest, shape->exports, shape->export_count, none, true, world->encoding);
    run_declarations(&g->link, world->type, imports, exports);
    g->context->offset_base = 0;
    pop_place(g->context);
  }
}

/* What the world exports is made by the component. */
static void own_exports(struct guests *g, const uint32_t *items, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const struct extern_tree *tree = &g->plan->externs.items[items[i]];
    if (tree->sort == SORT_INSTANCE)
      own_exports(g, tree->children, tree->child_count);
    if (tree->sort == SORT_FUNC) {
      g->plan->funcs.items[tree->func].source = FUNC_LIFTED;
      g->plan->funcs.items[tree->func].instance = 0;
    }
    if (tree->sort == SORT_TYPE && tree->is_sub)
      g->plan->resources.items[tree->resource].source = RESOURCE_DEFINED;
  }
}

struct bytes canonical_name(struct context *c, const struct extern_name *name) {
  const struct item_name item = parse_item_name(c, name);
  const uint64_t *part = item.parsed.part;
  if (!item.parsed.is_release || item.version.size == 0)
    return name->name;
  if (part[0])
    return format_bytes(c, "%.*s@%llu", SHOW(item.base), (unsigned long long)part[0]);
  if (part[1])
    return format_bytes(c, "%.*s@0.%llu", SHOW(item.base), (unsigned long long)part[1]);
  return format_bytes(c, "%.*s@0.0.%llu", SHOW(item.base), (unsigned long long)part[2]);
}

struct bytes compatible_name(struct context *c, const struct extern_name *name) {
  const struct item_name item = parse_item_name(c, name);
  const struct bytes track = version_track(c, &item);
  return format_bytes(c, "?%.*s", SHOW(track));
}

static void take_items(struct guests *g, const struct supply *made, struct map *leaves, struct map *instances) {
  struct context *c = g->context;
  for (uint32_t i = 0; i < made->externs.count; i++) {
    const uint32_t item = made->externs.items[i];
    struct extern_tree *tree = get_extern(&g->link, item);
    tree->parent = NO_INDEX;
    if (tree->sort != SORT_INSTANCE) {
      map_add(c, leaves, format_bytes(c, "#%.*s", SHOW(tree->name.name)), item);
      continue;
    }
    const struct bytes canonical = canonical_name(c, &tree->name);
    map_add(c, instances, tree->name.name, item);
    map_add(c, instances, format_bytes(c, "|%.*s", SHOW(canonical)), item);
    map_add(c, instances, compatible_name(c, &tree->name), item);
    for (uint32_t k = 0; k < tree->child_count; k++) {
      const struct bytes name = g->plan->externs.items[tree->children[k]].name.name;
      map_add(c, leaves, format_bytes(c, "%.*s#%.*s", SHOW(tree->name.name), SHOW(name)), tree->children[k]);
    }
  }
}

void merge_worlds(struct guests *g) {
  struct context *c = g->context;
  struct version_names versions = {0};
  struct shared_externs shared = {0};
  static const struct extern_name nameless = {0};
  struct supply imports = {.kind = SUPPLY_SHARED, .role = "import", .shared = &shared};
  struct supply exports = {.kind = SUPPLY_SHARED, .role = "export", .shared = &shared};
  imports.parent = new_extern(&g->link, &nameless, SORT_INSTANCE, NO_INDEX);
  exports.parent = new_extern(&g->link, &nameless, SORT_INSTANCE, NO_INDEX);
  for (uint32_t i = 0; i < g->items.count; i++)
    for (uint32_t k = 0; k < g->items.items[i].worlds.count; k++)
      learn_versions(c, &versions, g->items.items[i].worlds.items[k].type);
  for (uint32_t i = 0; i < g->items.count; i++) {
    struct guest *guest = &g->items.items[i];
    for (uint32_t k = 0; k < guest->worlds.count; k++)
      guest->worlds.items[k].type = rename_imports(c, &versions, guest->worlds.items[k].type);
    c->input = guest->number;
    merge_guest(g, guest, &imports, &exports);
  }
  c->input = g->items.items[0].number;
  own_exports(g, exports.externs.items, exports.externs.count);
  take_items(g, &imports, &g->imports, &g->import_instances);
  take_items(g, &exports, &g->exports, &g->export_instances);
  for (uint32_t i = 0; i < imports.externs.count; i++)
    VEC_ADD(c, &g->plan->imports, imports.externs.items[i]);
  for (uint32_t i = 0; i < exports.externs.count; i++)
    VEC_ADD(c, &g->plan->exports, exports.externs.items[i]);
}
