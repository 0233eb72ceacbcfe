/* check_core.c -- core types, modules and instances, as far as a component sees them.
 *
 * The core types that a component defines, imports by outer alias or declares in a module type are all put into one
 * module, check->core, with their references rewritten to its indices. So an alias is an index, and a type can be
 * compared with one of a core module by its structure.
 *
 *     (core type $a (func))                                   check->core: 0
 *     (core type $m (module (alias outer 1 $a (type))         the module type's type 0 is 0 there
 *       (import "x" "f" (func (type 0)))))
 *
 * Requires  read.c: core modules are read; their bodies are not looked at here.
 * Provides  core types, modules, instances and aliases of their exports.
 * Spec      Explainer.md "Core Type Definitions", "Instance Definitions"; WebAssembly core "Validation / Types".
 */
#include "component/check.h"

#include <string.h>

#define SUPERTYPE_LIMIT 63 /* in a chain */

/* Where a reference to a type index leads: to the types of a scope or of a module type, and to a group that is being
 * added after them. */
struct core_space {
  struct check *check;
  const struct scope *scope; /* null: a module type, with */
  const uint32_t *indices;   /* its types, into check->core */
  uint32_t count;
  uint32_t group, group_size; /* in check->core */
};

static uint32_t find_known(const struct core_space *space, uint32_t index) {
  if (!space->scope)
    return space->indices[index];
  const struct item *item = &space->scope->spaces[SORT_CORE_TYPE].items[index];
  if (item->module)
    REFUSE(space->check, "core type %u is a module type; another core type can't refer to it", index);
  return item->core_type;
}

static uint32_t map_type(const struct core_space *space, uint32_t index) {
  if (index < space->count)
    return find_known(space, index);
  if (index - space->count >= space->group_size)
    REFUSE(space->check, "there is no core type %u: %u %s defined before this", index, space->count,
           space->count == 1 ? "is" : "are");
  return space->group + (index - space->count);
}

static struct core_valtype map_valtype(const struct core_space *space, struct core_valtype type) {
  if ((type.code == CORE_REF || type.code == CORE_REF_NULL) && type.heap >= 0)
    type.heap = map_type(space, (uint32_t)type.heap);
  return type;
}

static const struct core_valtype *map_valtypes(const struct core_space *space, const struct core_valtype *types,
                                               uint32_t count) {
  struct core_valtype *mapped = ALLOCATE(space->check->context, struct core_valtype, count);
  spend(space->check, count);
  for (uint32_t i = 0; i < count; i++)
    mapped[i] = map_valtype(space, types[i]);
  return mapped;
}

static struct core_extern map_extern(const struct core_space *space, struct core_extern type) {
  if (type.kind == CORE_FUNC || type.kind == CORE_TAG)
    type.type = map_type(space, type.type);
  type.table.element = map_valtype(space, type.table.element);
  type.global.type = map_valtype(space, type.global.type);
  return type;
}

static struct core_type map_core_type(const struct core_space *space, const struct core_type *type) {
  struct context *c = space->check->context;
  struct core_type mapped = *type;
  uint32_t *supertypes = ALLOCATE(c, uint32_t, type->supertype_count);
  struct core_field *fields = ALLOCATE(c, struct core_field, type->field_count);
  for (uint32_t i = 0; i < type->supertype_count; i++)
    supertypes[i] = map_type(space, type->supertypes[i]);
  for (uint32_t i = 0; i < type->field_count; i++) {
    fields[i] = type->fields[i];
    fields[i].type = map_valtype(space, fields[i].type);
  }
  mapped.supertypes = supertypes;
  mapped.fields = fields;
  mapped.func.params = map_valtypes(space, type->func.params, type->func.param_count);
  mapped.func.results = map_valtypes(space, type->func.results, type->func.result_count);
  mapped.group = space->group;
  mapped.group_size = space->group_size;
  return mapped;
}

/* valtype <: valtype, of two types of check->core; equal ones for what can be written. A global of the one is then a
 * global of the other. */
static bool is_value_subtype(struct check *check, struct core_valtype type, struct core_valtype super,
                             bool is_mutable) {
  const struct core_extern given = {.kind = CORE_GLOBAL, .global = {.type = type, .is_mutable = is_mutable}};
  const struct core_extern wanted = {.kind = CORE_GLOBAL, .global = {.type = super, .is_mutable = is_mutable}};
  return core_matches(check, &(struct core_typing){check->core, given}, &(struct core_typing){check->core, wanted});
}

/* comptype <: comptype */
static bool is_composite_subtype(struct check *check, const struct core_type *type, const struct core_type *super) {
  bool is_fine = type->composite == super->composite && type->is_shared == super->is_shared &&
                 type->func.param_count == super->func.param_count &&
                 type->func.result_count == super->func.result_count && type->field_count >= super->field_count;
  for (uint32_t i = 0; is_fine && i < type->func.param_count; i++)
    is_fine = is_value_subtype(check, super->func.params[i], type->func.params[i], false);
  for (uint32_t i = 0; is_fine && i < type->func.result_count; i++)
    is_fine = is_value_subtype(check, type->func.results[i], super->func.results[i], false);
  for (uint32_t i = 0; is_fine && i < super->field_count; i++)
    is_fine = type->fields[i].is_mutable == super->fields[i].is_mutable &&
              is_value_subtype(check, type->fields[i].type, super->fields[i].type, type->fields[i].is_mutable);
  return is_fine;
}

/* A declared supertype is an older type that is open for subtypes, and a supertype by its parts. */
static void check_supertypes(struct check *check, uint32_t index) {
  const struct core_type *type = &check->core->types.items[index];
  if (type->supertype_count > 1)
    REFUSE(check, "a core type has %u supertypes; at most one is allowed", type->supertype_count);
  if (!type->supertype_count)
    return;
  if (type->supertypes[0] >= index)
    REFUSE(check, "a core type is declared as a subtype of one that is not defined before it");
  const struct core_type *super = &check->core->types.items[type->supertypes[0]];
  if (super->is_final)
    REFUSE(check, "a core type is declared as a subtype of a final one");
  if (!is_composite_subtype(check, type, super))
    REFUSE(check, "a core type is declared as a subtype of one that its parts do not match");
  uint32_t depth = 0;
  for (; super->supertype_count; super = &check->core->types.items[super->supertypes[0]])
    if (++depth == SUPERTYPE_LIMIT)
      REFUSE(check, "a core type has more than %d supertypes above one another", SUPERTYPE_LIMIT);
}

/* Adds the group of types that starts at `types[0]`, whose references are of `space`; its index in check->core. */
static uint32_t add_group(struct check *check, struct core_space space, const struct core_type *types, uint32_t count) {
  space.group = check->core->types.count;
  space.group_size = count;
  for (uint32_t i = 0; i < count; i++)
    VEC_ADD(check->context, &check->core->types, map_core_type(&space, &types[i]));
  for (uint32_t i = 0; i < count; i++)
    check_supertypes(check, space.group + i);
  return space.group;
}

uint32_t intern_core_functype(struct check *check, const struct core_functype *type) {
  struct buffer *key = &check->core_key;
  key->context = check->context;
  key->size = 0;
  put_u32(key, type->param_count);
  for (uint32_t i = 0; i < type->param_count; i++)
    put_core_valtype(key, type->params[i]);
  for (uint32_t i = 0; i < type->result_count; i++)
    put_core_valtype(key, type->results[i]);
  const uint32_t index = check->core->types.count;
  const uint32_t known = map_put(check->context, &check->core_functypes, buffer_bytes(key), index);
  if (known != index)
    return known;
  struct core_type added = {
      .composite = COMPOSITE_FUNC, .is_final = true, .group = index, .group_size = 1, .func = *type};
  struct core_valtype *params = ALLOCATE(check->context, struct core_valtype, type->param_count);
  struct core_valtype *results = ALLOCATE(check->context, struct core_valtype, type->result_count);
  for (uint32_t i = 0; i < type->param_count; i++)
    params[i] = type->params[i];
  for (uint32_t i = 0; i < type->result_count; i++)
    results[i] = type->results[i];
  added.func.params = params;
  added.func.results = results;
  VEC_ADD(check->context, &check->core->types, added);
  return index;
}

struct bytes pair_key(struct context *c, struct bytes module, struct bytes name) {
  struct buffer key = new_buffer(c);
  put_name(&key, module);
  put_name(&key, name);
  return buffer_bytes(&key);
}

/* Module types. */

/* 2^16 bytes a page, unless it says otherwise; the memory ends with the addresses. */
static void check_memory(struct check *check, const struct core_limits *limits) {
  const unsigned log2 = page_size_log2(limits);
  const unsigned bits = limits->is_64 ? 64 : 32;
  const uint64_t most = log2 == 0 ? (limits->is_64 ? UINT64_MAX : UINT32_MAX) : (uint64_t)1 << (bits - log2);
  if (limits->has_page_size && log2 != 0 && log2 != DEFAULT_PAGE_LOG2)
    REFUSE(check, "a core memory has pages of 2^%u bytes; only 1 and 65536 bytes are valid", log2);
  if (limits->minimum > most || (limits->has_maximum && limits->maximum > most))
    REFUSE(check, "a core memory's size must be at most %llu pages", (unsigned long long)most);
  if (limits->is_shared && !limits->has_maximum)
    REFUSE(check, "a shared core memory must have a maximum");
}

static void check_extern_type(struct check *check, const struct core_extern *type) {
  const struct core_type *defined = NULL;
  if (type->kind == CORE_FUNC || type->kind == CORE_TAG)
    defined = &check->core->types.items[type->type];
  if (defined && defined->composite != COMPOSITE_FUNC)
    REFUSE(check, "a core %s of a module type is of a type that is not a function type",
           type->kind == CORE_FUNC ? "func" : "tag");
  if (type->kind == CORE_MEMORY)
    check_memory(check, &type->memory);
}

static void add_core_import(struct check *check, struct module_typing *typing, const struct core_import *import,
                            struct core_typing item) {
  const struct bytes key = pair_key(check->context, import->module, import->name);
  const uint32_t index = typing->imports.items.count;
  spend(check, 1);
  if (map_add(check->context, &typing->imports.names, key, index) != index)
    REFUSE(check,
           "the core import \"%.*s\" \"%.*s\" is a duplicate: a module in a component can't import two items by "
           "one name",
           SHOW(import->module), SHOW(import->name));
  VEC_ADD(check->context, &typing->imports.items, ((struct core_named){key, item}));
  VEC_ADD(check->context, &typing->import_names, *import);
  typing->size++;
}

static void add_core_export(struct check *check, struct module_typing *typing, struct bytes name,
                            struct core_typing item) {
  const uint32_t index = typing->exports.items.count;
  spend(check, 1);
  if (map_add(check->context, &typing->exports.names, name, index) != index)
    REFUSE(check, "the core export \"%.*s\" is already defined", SHOW(name));
  VEC_ADD(check->context, &typing->exports.items, ((struct core_named){name, item}));
  typing->size++;
}

static const struct core_typing *keep_core(struct check *check, struct core_typing item) {
  struct core_typing *kept = ALLOCATE(check->context, struct core_typing, 1);
  *kept = item;
  return kept;
}

/* The indices of a module type's own types. */
struct module_space {
  VEC(uint32_t) indices;
};

/* The first `count` of them. */
static struct core_space space_of(struct check *check, const struct module_space *known, uint32_t count) {
  assert(count <= known->indices.count);
  return (struct core_space){.check = check, .indices = known->indices.items, .count = count};
}

/* "aliases of core:moduletype definitions inside type declarators" are rejected. */
static uint32_t resolve_outer(struct check *check, const struct module_space *known,
                              const struct module_type_outer *outer) {
  if (outer->count == 0) {
    const struct core_space space = space_of(check, known, known->indices.count);
    return map_type(&space, outer->index);
  }
  struct scope *inner = check->scope;
  check->scope = scope_outside(check, outer->count - 1);
  const struct item item = item_at(check, SORT_CORE_TYPE, outer->index);
  check->scope = inner;
  if (item.module)
    REFUSE(check, "core type %u is a module type, which can't be aliased in a module type", outer->index);
  return item.core_type;
}

/* Types and aliases in their order; an alias is a placeholder among the types. */
static void add_module_types(struct check *check, const struct module_type *type, struct module_space *known) {
  const struct module *module = type->module;
  uint32_t outer = 0;
  for (uint32_t i = 0; i < module->types.count;) {
    if (outer < type->outers.count && type->outers.items[outer].type == i) {
      VEC_ADD(check->context, &known->indices, resolve_outer(check, known, &type->outers.items[outer]));
      outer++;
      i++;
      continue;
    }
    const uint32_t size = module->types.items[i].group_size;
    const uint32_t first = add_group(check, space_of(check, known, i), &module->types.items[i], size);
    for (uint32_t k = 0; k < size; k++)
      VEC_ADD(check->context, &known->indices, first + k);
    i += size;
  }
}

static struct core_typing declare(struct check *check, const struct module_space *known, const struct core_extern *type,
                                  uint32_t types_before) {
  const struct core_space space = space_of(check, known, types_before);
  const struct core_extern item = map_extern(&space, *type);
  check_extern_type(check, &item);
  return (struct core_typing){check->core, item};
}

static const struct module_typing *check_module_type(struct check *check, const struct module_type *type) {
  struct module_typing *typing = ALLOCATE(check->context, struct module_typing, 1);
  struct module_space known = {0};
  typing->size = 1;
  add_module_types(check, type, &known);
  for (uint32_t i = 0; i < type->module->imports.count; i++) {
    const struct core_import *import = &type->module->imports.items[i];
    const struct core_typing item = declare(check, &known, &import->type, type->types_before.items[i]);
    add_core_import(check, typing, import, item);
  }
  for (uint32_t i = 0; i < type->exports.count; i++) {
    const struct module_type_export *export_ = &type->exports.items[i];
    add_core_export(check, typing, export_->name, declare(check, &known, &export_->type, export_->types_before));
  }
  return typing;
}

void check_core_type(struct check *check, const struct core_deftype *type) {
  struct item item = {.sort = SORT_CORE_TYPE, .core_type = NO_INDEX};
  if (type->is_module) {
    item.module = check_module_type(check, type->module_type);
    push_item(check, check->scope, &item);
    return;
  }
  const struct core_space space = {
      .check = check, .scope = check->scope, .count = check->scope->spaces[SORT_CORE_TYPE].count};
  const uint32_t count = type->rectypes->types.count;
  const uint32_t first = add_group(check, space, type->rectypes->types.items, count);
  for (uint32_t i = 0; i < count; i++) {
    item.core_type = first + i;
    push_item(check, check->scope, &item);
  }
}

void check_core_module(struct check *check, const struct module *module) {
  struct module_typing *typing = ALLOCATE(check->context, struct module_typing, 1);
  typing->size = 1;
  VEC_RESERVE(check->context, &typing->imports.items, module->imports.count);
  VEC_RESERVE(check->context, &typing->import_names, module->imports.count);
  VEC_RESERVE(check->context, &typing->exports.items, module->exports.count);
  map_reserve(check->context, &typing->imports.names, module->imports.count);
  map_reserve(check->context, &typing->exports.names, module->exports.count);
  for (uint32_t i = 0; i < module->imports.count; i++)
    add_core_import(check, typing, &module->imports.items[i],
                    (struct core_typing){module, module->imports.items[i].type});
  for (uint32_t i = 0; i < module->exports.count; i++) {
    const struct core_export *export_ = &module->exports.items[i];
    add_core_export(check, typing, export_->name,
                    (struct core_typing){module, item_type(module, export_->kind, export_->index)});
  }
  const struct item item = {.sort = SORT_CORE_MODULE, .module = typing};
  push_item(check, check->scope, &item);
}

/* Instances. */

/* Finds core instances by the name of the argument, in check->arguments. */
static void note_arguments(struct check *check, const struct instance_expr *expression) {
  spend(check, expression->argument_count);
  map_clear(&check->arguments);
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    const struct argument *argument = &expression->arguments[i];
    item_at(check, SORT_CORE_INSTANCE, argument->item.index); /* there is one */
    if (map_add(check->context, &check->arguments, argument->name, i) != i)
      REFUSE(check, "the module instantiation argument named \"%.*s\" is a duplicate", SHOW(argument->name));
  }
}

static const struct core_signature *instantiate(struct check *check, const struct instance_expr *expression) {
  const struct module_typing *module = item_at(check, SORT_CORE_MODULE, expression->of).module;
  note_arguments(check, expression);
  const struct comparison comparison = {SORT_CORE_MODULE, expression->of, {0}, "the arguments", "the module"};
  spend(check, module->imports.items.count);
  for (uint32_t i = 0; i < module->imports.items.count; i++) {
    const struct core_import *names = &module->import_names.items[i];
    const uint32_t argument = map_get(&check->arguments, names->module);
    if (argument == NOT_FOUND)
      REFUSE(check, "%.*s: there is no module instantiation argument named \"%.*s\", from which the module imports",
             SHOW(show_subject(check, &comparison)), SHOW(names->module));
    const struct core_signature *given =
        item_at(check, SORT_CORE_INSTANCE, expression->arguments[argument].item.index).core_instance;
    const uint32_t index = map_get(&given->names, names->name);
    if (index == NOT_FOUND)
      REFUSE(check,
             "%.*s: the module instantiation argument \"%.*s\" does not export an item named \"%.*s\", which "
             "the module imports",
             SHOW(show_subject(check, &comparison)), SHOW(names->module), SHOW(names->name));
    const struct trail outer = {NULL, "argument", names->module, true, 0},
                       here = {&outer, "export", names->name, true, 0};
    match_core(check, &comparison, &here, &given->items.items[index].item, &module->imports.items.items[i].item);
  }
  return &module->exports;
}

static const struct core_signature *collect_exports(struct check *check, const struct instance_expr *expression) {
  struct core_signature *exports = ALLOCATE(check->context, struct core_signature, 1);
  map_reserve(check->context, &exports->names, expression->export_count);
  VEC_RESERVE(check->context, &exports->items, expression->export_count);
  for (uint32_t i = 0; i < expression->export_count; i++) {
    const struct inline_export *export_ = &expression->exports[i];
    const struct bytes name = export_->name.name;
    if (export_->item.sort < SORT_CORE_FUNC || export_->item.sort > SORT_CORE_TAG)
      REFUSE(check, "\"%.*s\" is %s, which a core instance can't export", SHOW(name), sort_words(export_->item.sort));
    const struct item item = item_at(check, export_->item.sort, export_->item.index);
    spend(check, 1);
    if (map_add(check->context, &exports->names, name, i) != i)
      REFUSE(check, "the core export \"%.*s\" is already defined", SHOW(name));
    VEC_ADD(check->context, &exports->items, ((struct core_named){name, *item.core}));
  }
  return exports;
}

void check_core_instance(struct check *check, const struct instance_expr *expression) {
  const struct item item = {.sort = SORT_CORE_INSTANCE,
                            .core_instance = expression->is_inline ? collect_exports(check, expression)
                                                                   : instantiate(check, expression)};
  push_item(check, check->scope, &item);
}

void check_core_alias(struct check *check, const struct alias *alias) {
  const struct core_signature *instance = item_at(check, SORT_CORE_INSTANCE, alias->instance).core_instance;
  const uint32_t index = map_get(&instance->names, alias->name);
  if (index == NOT_FOUND)
    REFUSE(check, "%.*s has no export named \"%.*s\"", SHOW(show_item(check, SORT_CORE_INSTANCE, alias->instance)),
           SHOW(alias->name));
  const struct core_typing *core = &instance->items.items[index].item;
  const enum sort sort = (enum sort)((unsigned)SORT_CORE_FUNC + (unsigned)core->type.kind);
  if (sort != alias->sort)
    REFUSE(check, "the export \"%.*s\" of %.*s is %s, not %s as which it is aliased", SHOW(alias->name),
           SHOW(show_item(check, SORT_CORE_INSTANCE, alias->instance)), sort_words(sort), sort_words(alias->sort));
  const struct item item = {.sort = sort, .core = keep_core(check, *core)};
  push_item(check, check->scope, &item);
}
