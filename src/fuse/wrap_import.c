/* wrap_import.c -- writes the imports of the root again, as the root wrote them.
 *
 * The plan knows types by structure. That two names stand for one type, or that `u64` is called `instant` in the
 * signature of a function, is not in it, and changes nothing for any tool that checks types; but tools that generate
 * source code from a world show it to people. So an import's type is copied definition by definition. Inside a
 * component or instance type all indices stay as they are; those of the root's own spaces change.
 *
 *     (alias export $clock "instant" (type $t))
 *     (import "timer" (instance (alias outer 1 $t (type)) ...))    $t: the alias of the new component
 *
 * What cannot be copied, because it goes through an instance that is fused away or through an import that is not there
 * yet, is written from the plan instead.
 *
 * Requires  for each import of the component that is copied, its extern.
 * Provides  the imports of a component or component type, known to its scope.
 * Spec      Binary.md "Type Definitions", "Alias Definitions".
 */
#include "fuse/wrap.h"

#include <assert.h>

#define COPY_DEPTH_LIMIT 200 /* of definitions that refer to each other; over it, types are written from the plan */

/* An index of one of the root's spaces. */
struct entry {
  const struct definition *definition;
  uint32_t part;   /* import: which; core type: which of its rectypes */
  uint32_t copied; /* its index in the new component; NO_INDEX: not yet */
  bool is_refused; /* cannot be copied */
};

struct import_copier {
  struct type_scope *scope;
  const uint32_t *imports; /* of each import, its extern; NO_INDEX: not an import of the new component */
  VEC(const struct definition *) import_definitions;
  VEC(struct entry) types, core_types, instances;
  uint32_t depth;
};

/* `level` is how many component and instance types are around; 0: the root itself. All return whether it can be done.
 */
static bool copy_type(struct import_copier *k, uint32_t index, uint32_t *copied);
static bool put_deftype(struct import_copier *k, struct buffer *b, const struct deftype *type, uint32_t level);

static void add_entry(struct import_copier *k, enum sort sort, const struct definition *definition, uint32_t part) {
  struct entry entry = {.definition = definition, .part = part, .copied = NO_INDEX};
  if (sort == SORT_TYPE)
    VEC_ADD(k->scope->context, &k->types, entry);
  if (sort == SORT_CORE_TYPE)
    VEC_ADD(k->scope->context, &k->core_types, entry);
  if (sort == SORT_INSTANCE)
    VEC_ADD(k->scope->context, &k->instances, entry);
}

static uint32_t map_type(struct import_copier *k, uint32_t index, uint32_t level, bool *can) {
  if (level > 0)
    return index;
  uint32_t copied = 0;
  *can = *can && copy_type(k, index, &copied);
  return copied;
}

static bool put_valtype_ref(struct import_copier *k, struct buffer *b, struct valtype_ref ref, uint32_t level) {
  bool can = true;
  if (ref.is_primitive)
    put_byte(b, valtype_code(ref.primitive));
  else
    put_s33(b, map_type(k, ref.index, level, &can));
  return can;
}

static bool put_optional_ref(struct import_copier *k, struct buffer *b, struct valtype_ref ref, uint32_t level) {
  put_byte(b, ref.is_present);
  return !ref.is_present || put_valtype_ref(k, b, ref, level);
}

/* vec(labelvaltype), vec(case), vec(labellit), vec(valtype): the form is that of valtypes.def. */
static bool put_parts(struct import_copier *k, struct buffer *b, const struct deftype *type, char form,
                      uint32_t level) {
  bool can = true;
  put_u32(b, type->count);
  for (uint32_t n = 0; n < type->count; n++) {
    const struct labelled *part = &type->parts[n];
    if (form != 't')
      put_name(b, part->label);
    if (form == 'r' || form == 't')
      can = put_valtype_ref(k, b, part->type, level) && can;
    if (form == 'c') {
      can = put_optional_ref(k, b, part->type, level) && can;
      put_byte(b, 0x00);
    }
  }
  return can;
}

static char valtype_form(enum type_kind kind) {
  static const char forms[] = {
#define VALTYPE(id, opcode, name, form) [TYPE_##id] = form,
#include "component/valtypes.def"
#undef VALTYPE
  };
  return forms[kind];
}

/* defvaltype. */
static bool put_value_deftype(struct import_copier *k, struct buffer *b, const struct deftype *type, uint32_t level) {
  bool can = true;
  char form = valtype_form(type->value);
  put_byte(b, valtype_code(type->value));
  switch (form) {
  case 'p':
    return true;
  case 'e':
  case 'n':
    can = put_valtype_ref(k, b, type->element, level);
    if (form == 'n')
      put_u32(b, type->length);
    return can;
  case 'q':
    return put_optional_ref(k, b, type->element, level);
  case 'x':
    can = put_optional_ref(k, b, type->parts[0].type, level);
    return put_optional_ref(k, b, type->parts[1].type, level) && can;
  case 'm':
    can = put_valtype_ref(k, b, type->parts[0].type, level);
    return put_valtype_ref(k, b, type->parts[1].type, level) && can;
  case 'i':
    put_u32(b, map_type(k, type->resource, level, &can));
    return can;
  default:
    return put_parts(k, b, type, form, level);
  }
}

static bool put_func_deftype(struct import_copier *k, struct buffer *b, const struct deftype *type, uint32_t level) {
  put_byte(b, type->is_async ? 0x43 : 0x40);
  bool can = put_parts(k, b, type, 'r', level);
  if (!type->result.is_present) {
    put_raw(b, "\x01\x00", 2);
    return can;
  }
  put_byte(b, 0x00);
  return put_valtype_ref(k, b, type->result, level) && can;
}

/* Of one recursion group that refers to nothing before it. */
static bool is_closed_core_type(const struct core_type *type) {
  if (type->composite != COMPOSITE_FUNC || type->group_size != 1 || type->supertype_count > 0)
    return false;
  for (uint32_t n = 0; n < type->func.param_count; n++)
    if (type->func.params[n].heap > 0)
      return false;
  for (uint32_t n = 0; n < type->func.result_count; n++)
    if (type->func.results[n].heap > 0)
      return false;
  return true;
}

static bool copy_core_type(struct import_copier *k, uint32_t index, uint32_t *copied);

static bool put_core_definition(struct import_copier *k, struct buffer *b, const struct core_deftype *type,
                                uint32_t part, uint32_t level) {
  if (!type->is_module) {
    const struct core_type *rectype = &type->rectypes->types.items[part];
    if (!is_closed_core_type(rectype))
      return false;
    put_core_deftype(b, rectype);
    return true;
  }
  const struct module_type *module = type->module_type;
  uint32_t *outers = ALLOCATE(b->context, uint32_t, module->outers.count);
  for (uint32_t n = 0; n < module->outers.count; n++) {
    outers[n] = module->outers.items[n].index;
    if (module->outers.items[n].count == level + 1 && !copy_core_type(k, outers[n], &outers[n]))
      return false;
  }
  put_module_type(b, module, outers);
  return true;
}

/* A core type of the root. Depth: a module type refers to function types alone. */
static bool copy_core_type(struct import_copier *k, uint32_t index, uint32_t *copied) {
  while (index < k->core_types.count && k->core_types.items[index].definition->kind == DEFINE_ALIAS) {
    const struct alias *alias = &k->core_types.items[index].definition->of.alias;
    if (alias->kind != ALIAS_OUTER || alias->count > 0 || alias->index >= index)
      return false;
    index = alias->index;
  }
  if (index >= k->core_types.count || k->core_types.items[index].definition->kind != DEFINE_CORE_TYPE)
    return false;
  struct entry entry = k->core_types.items[index];
  struct buffer b = new_buffer(k->scope->context);
  if (entry.copied == NO_INDEX) {
    if (!put_core_definition(k, &b, entry.definition->of.core_type, entry.part, 0))
      return false;
    k->core_types.items[index].copied = emit_core_type(&k->scope->encoder, &b, 1);
  }
  *copied = k->core_types.items[index].copied;
  return true;
}

static bool copy_extern_type(struct import_copier *k, struct extern_type *type, uint32_t level) {
  bool can = true;
  if (type->sort == SORT_VALUE)
    return false;
  if (type->sort == SORT_TYPE && type->bound == BOUND_SUB_RESOURCE)
    return true;
  if (type->sort != SORT_CORE_MODULE)
    type->index = map_type(k, type->index, level, &can);
  else if (level == 0)
    can = copy_core_type(k, type->index, &type->index);
  return can;
}

/* An alias inside of a type: all but those of the root's items stay. */
static bool copy_inner_alias(struct import_copier *k, struct encoder *inner, const struct alias *alias,
                             uint32_t level) {
  if (alias->kind == ALIAS_EXPORT) {
    emit_export_alias(inner, alias->sort, alias->instance, alias->name);
    return true;
  }
  if (alias->kind != ALIAS_OUTER || (alias->sort != SORT_TYPE && alias->sort != SORT_CORE_TYPE))
    return false;
  uint32_t index = alias->index;
  bool can = true;
  if (alias->count == level)
    can = alias->sort == SORT_TYPE ? copy_type(k, index, &index) : copy_core_type(k, index, &index);
  emit_outer_alias(inner, alias->sort, alias->count, index);
  return can;
}

static bool copy_inner_core_type(struct import_copier *k, struct encoder *inner, const struct core_deftype *type,
                                 uint32_t level) {
  uint32_t count = type->is_module ? 1 : type->rectypes->types.count;
  for (uint32_t n = 0; n < count; n++) {
    struct buffer b = new_buffer(inner->context);
    if (!put_core_definition(k, &b, type, n, level))
      return false;
    emit_core_type(inner, &b, 1);
  }
  return true;
}

static bool copy_declaration(struct import_copier *k, struct encoder *inner, const struct definition *d,
                             uint32_t level) {
  struct buffer b = new_buffer(inner->context);
  struct extern_type type;
  switch (d->kind) {
  case DEFINE_TYPE:
    if (!put_deftype(k, &b, d->of.type, level))
      return false;
    emit_type(inner, &b);
    return true;
  case DEFINE_CORE_TYPE:
    return copy_inner_core_type(k, inner, d->of.core_type, level);
  case DEFINE_ALIAS:
    return copy_inner_alias(k, inner, &d->of.alias, level);
  case DEFINE_IMPORT:
    type = d->of.import.type;
    if (!copy_extern_type(k, &type, level))
      return false;
    emit_import(inner, &d->of.import.name, &type);
    return true;
  case DEFINE_EXPORT:
    type = d->of.export_.type;
    if (!copy_extern_type(k, &type, level))
      return false;
    emit_declared_export(inner, &d->of.export_.name, &type);
    return true;
  default:
    return false;
  }
}

static bool put_deftype(struct import_copier *k, struct buffer *b, const struct deftype *type, uint32_t level) {
  if (type->kind == DEFTYPE_VALUE)
    return put_value_deftype(k, b, type, level);
  if (type->kind == DEFTYPE_FUNC)
    return put_func_deftype(k, b, type, level);
  if (type->kind == DEFTYPE_RESOURCE || k->depth >= COPY_DEPTH_LIMIT)
    return false;
  struct encoder inner =
      new_encoder(b->context, type->kind == DEFTYPE_COMPONENT ? ENCODE_COMPONENT_TYPE : ENCODE_INSTANCE_TYPE);
  bool can = true;
  k->depth++;
  for (uint32_t n = 0; can && n < type->declaration_count; n++)
    can = copy_declaration(k, &inner, &type->declarations[n].definition, level + 1);
  k->depth--;
  put_finished_type(b, &inner);
  return can;
}

/* The extern of the plan that is the child `name` of `instance`; NO_INDEX: none. */
static uint32_t find_child(const struct plan *plan, uint32_t instance, struct bytes name) {
  if (instance == NO_INDEX)
    return NO_INDEX;
  const struct extern_tree *tree = &plan->externs.items[instance];
  for (uint32_t n = 0; n < tree->child_count; n++)
    if (bytes_equal(plan->externs.items[tree->children[n]].name.name, name))
      return tree->children[n];
  return NO_INDEX;
}

/* The extern of the plan that an instance of the root is, if it is an import or part of one; else NO_INDEX. */
static uint32_t instance_extern(struct import_copier *k, uint32_t index) {
  struct bytes names[NESTING_LIMIT]; /* of the parts, innermost first */
  uint32_t count = 0;
  for (;;) {
    if (index >= k->instances.count)
      return NO_INDEX;
    const struct entry *entry = &k->instances.items[index];
    const struct definition *d = entry->definition;
    if (d->kind == DEFINE_IMPORT) {
      uint32_t item = k->imports[entry->part];
      while (count > 0)
        item = find_child(k->scope->plan, item, names[--count]);
      return item;
    }
    if (d->kind == DEFINE_EXPORT)
      index = d->of.export_.item.index;
    else if (d->kind == DEFINE_ALIAS && d->of.alias.kind == ALIAS_EXPORT && count < NESTING_LIMIT) {
      names[count++] = d->of.alias.name;
      index = d->of.alias.instance;
    } else
      return NO_INDEX;
  }
}

/* The index of the definition that a type index of the root is another name for. */
static uint32_t chase_type(const struct import_copier *k, uint32_t index) {
  for (;;) {
    const struct definition *d = k->types.items[index].definition;
    uint32_t next = index;
    if (d->kind == DEFINE_EXPORT)
      next = d->of.export_.item.index;
    if (d->kind == DEFINE_ALIAS && d->of.alias.kind == ALIAS_OUTER && d->of.alias.count == 0)
      next = d->of.alias.index;
    if (next >= index)
      return index;
    index = next;
  }
}

static const struct extern_tree *tree_of(const struct import_copier *k, uint32_t item) {
  return &k->scope->plan->externs.items[item];
}

/* Is the import that `item` is, or is a part of, there already? */
static bool is_declared(const struct import_copier *k, uint32_t item) {
  while (tree_of(k, item)->parent != NO_INDEX)
    item = tree_of(k, item)->parent;
  return map_get_number(&k->scope->externs, 'e', item) != NOT_FOUND;
}

static bool copy_root_definition(struct import_copier *k, const struct entry *entry, uint32_t *copied) {
  const struct definition *d = entry->definition;
  const struct plan *plan = k->scope->plan;
  uint32_t item = NO_INDEX;
  if (d->kind == DEFINE_TYPE) {
    struct buffer b = new_buffer(k->scope->context);
    if (!put_deftype(k, &b, d->of.type, 0))
      return false;
    *copied = emit_type(&k->scope->encoder, &b);
    return true;
  }
  if (d->kind == DEFINE_IMPORT)
    item = k->imports[entry->part];
  if (d->kind == DEFINE_ALIAS && d->of.alias.kind == ALIAS_EXPORT)
    item = find_child(plan, instance_extern(k, d->of.alias.instance), d->of.alias.name);
  if (item == NO_INDEX || plan->externs.items[item].sort != SORT_TYPE || !is_declared(k, item))
    return false;
  *copied = extern_index(k->scope, item);
  return true;
}

static bool copy_type(struct import_copier *k, uint32_t index, uint32_t *copied) {
  if (index >= k->types.count || k->depth >= COPY_DEPTH_LIMIT)
    return false;
  index = chase_type(k, index);
  struct entry entry = k->types.items[index];
  if (entry.copied == NO_INDEX && !entry.is_refused) {
    k->depth++;
    entry.is_refused = !copy_root_definition(k, &entry, &entry.copied);
    k->depth--;
    k->types.items[index] = entry;
  }
  *copied = entry.copied;
  return !entry.is_refused;
}

void copy_import(struct import_copier *k, uint32_t number) {
  const struct definition *d = k->import_definitions.items[number];
  const uint32_t item = k->imports[number];
  struct extern_type type = d->of.import.type;
  if (!copy_extern_type(k, &type, 0))
    type = extern_type_of(k->scope, item);
  introduce_extern(k->scope, item, emit_import(&k->scope->encoder, &tree_of(k, item)->name, &type));
}

struct import_copier *new_import_copier(struct type_scope *s, const struct component *component,
                                        const uint32_t *imports) {
  struct import_copier *k = ALLOCATE(s->context, struct import_copier, 1);
  *k = (struct import_copier){.scope = s, .imports = imports};
  for (uint32_t n = 0; n < component->definitions.count; n++) {
    const struct definition *d = &component->definitions.items[n];
    uint32_t count = 0;
    const enum sort sort = introduced_sort(d, &count);
    for (uint32_t part = 0; part < count; part++)
      add_entry(k, sort, d, d->kind == DEFINE_IMPORT ? k->import_definitions.count : part);
    if (d->kind == DEFINE_IMPORT)
      VEC_ADD(s->context, &k->import_definitions, d);
  }
  return k;
}

void write_imports(struct type_scope *s, const struct component *root) {
  struct import_copier *k = new_import_copier(s, root, s->plan->imports.items);
  assert(k->import_definitions.count == s->plan->imports.count);
  for (uint32_t n = 0; n < k->import_definitions.count; n++)
    copy_import(k, n);
}
