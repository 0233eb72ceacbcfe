/* check_match.c -- is what is supplied of the type that is wanted?
 *
 * An instance may export more than is wanted, a component may import less and export more, a core item matches as it
 * does in core WebAssembly. Functions and values have to be of equal types: the specification leaves open which
 * subtyping there will be. A resource is the same only as itself; resources that the wanted type is free in have been
 * replaced by those supplied before this is asked.
 *
 * The first difference is refused in one sentence, with the way to it:
 *
 *     ...: field "b" of parameter "p" of import "f" is u32 in the arguments, but s8 in the component
 *
 * Requires  typings; substitution of resources.
 * Provides  match_items, match_core.
 * Spec      Explainer.md "Type Checking"; WebAssembly core "Matching".
 */
#include "component/check.h"

/* A comparison on its way through two types. */
struct walk {
  struct check *check;
  const struct comparison *comparison;
};

static struct comparison turn(const struct comparison *c) {
  return (struct comparison){c->sort, c->index, c->name, c->wanted, c->given};
}

/* "A in the arguments, but B in the component" */
_Noreturn static void refuse_difference(const struct walk *walk, const struct trail *trail, struct bytes given,
                                        struct bytes wanted) {
  const struct comparison *c = walk->comparison;
  REFUSE(walk->check, "%.*s: %.*sis %.*s in %s, but %.*s in %s", SHOW(show_subject(walk->check, c)),
         SHOW(show_trail(walk->check, trail)), SHOW(given), c->given, SHOW(wanted), c->wanted);
}

_Noreturn static void refuse_count(const struct walk *walk, const struct trail *trail, const char *what, uint32_t given,
                                   uint32_t wanted) {
  const struct comparison *c = walk->comparison;
  REFUSE(walk->check, "%.*s: %.*shas %u %s%s in %s, but %u in %s", SHOW(show_subject(walk->check, c)),
         SHOW(show_trail(walk->check, trail)), given, what, given == 1 ? "" : "s", c->given, wanted, c->wanted);
}

static struct bytes quote(struct check *check, struct bytes name) {
  return format_bytes(check->context, "named \"%.*s\"", SHOW(name));
}

static void match_values(const struct walk *walk, const struct trail *trail, const struct typing *given,
                         const struct typing *wanted);

/* Types that may be absent. */
static void match_optional(const struct walk *walk, const struct trail *trail, const struct typing *given,
                           const struct typing *wanted) {
  if (given && wanted)
    match_values(walk, trail, given, wanted);
  else if (given || wanted)
    refuse_difference(walk, trail, given ? show_short(walk->check, given) : bytes_of("without a type"),
                      wanted ? show_short(walk->check, wanted) : bytes_of("without a type"));
}

/* "field", "case", ... of a type with parts. */
static const char *part_word(enum type_kind kind) {
  switch (kind) {
  case TYPE_VARIANT:
  case TYPE_ENUM:
    return "case";
  case TYPE_FLAGS:
    return "flag";
  default:
    return "field";
  }
}

static void match_parts(const struct walk *walk, const struct trail *trail, const char *word, const struct part *given,
                        uint32_t given_count, const struct part *wanted, uint32_t wanted_count) {
  if (given_count != wanted_count)
    refuse_count(walk, trail, word, given_count, wanted_count);
  spend(walk->check, given_count);
  for (uint32_t i = 0; i < given_count; i++) {
    const struct trail here = {trail, word, given[i].label, given[i].label.size > 0, i};
    const struct trail place = {trail, word, {0}, false, i};
    if (!bytes_equal(given[i].label, wanted[i].label))
      refuse_difference(walk, &place, quote(walk->check, given[i].label), quote(walk->check, wanted[i].label));
    match_optional(walk, &here, given[i].type, wanted[i].type);
  }
}

static void match_two(const struct walk *walk, const struct trail *trail, const char *first, const char *second,
                      const struct typing *given, const struct typing *wanted) {
  const struct trail here = {trail, first, {0}, false, NO_INDEX}, there = {trail, second, {0}, false, NO_INDEX};
  match_optional(walk, &here, given->is.value.parts[0].type, wanted->is.value.parts[0].type);
  match_optional(walk, &there, given->is.value.parts[1].type, wanted->is.value.parts[1].type);
}

static void match_resources(const struct walk *walk, const struct trail *trail, const struct typing *given,
                            const struct typing *wanted) {
  if (given->is.resource.id == wanted->is.resource.id)
    return;
  const struct comparison *c = walk->comparison;
  REFUSE(walk->check, "%.*s: the resource types are not the same: %.*sis of %.*s in %s, but of %.*s in %s",
         SHOW(show_subject(walk->check, c)), SHOW(show_trail(walk->check, trail)),
         SHOW(show_resource(walk->check, given)), c->given, SHOW(show_resource(walk->check, wanted)), c->wanted);
}

static void match_elements(const struct walk *walk, const struct trail *trail, const struct typing *given,
                           const struct typing *wanted) {
  const struct trail here = {trail, "the element", {0}, false, NO_INDEX};
  if (given->is.value.length != wanted->is.value.length)
    refuse_difference(walk, trail, format_bytes(walk->check->context, "of length %u", given->is.value.length),
                      format_bytes(walk->check->context, "of length %u", wanted->is.value.length));
  match_optional(walk, &here, given->is.value.element, wanted->is.value.element);
}

/* As deep as TYPE_DEPTH_LIMIT. */
static void match_values(const struct walk *walk, const struct trail *trail, const struct typing *given,
                         const struct typing *wanted) {
  spend(walk->check, 1);
  if (given == wanted)
    return;
  const enum type_kind kind = given->is.value.kind;
  if (kind != wanted->is.value.kind)
    refuse_difference(walk, trail, show_short(walk->check, given), show_short(walk->check, wanted));
  switch (kind) {
  case TYPE_RECORD:
  case TYPE_TUPLE:
  case TYPE_VARIANT:
  case TYPE_ENUM:
  case TYPE_FLAGS:
    match_parts(walk, trail, part_word(kind), given->is.value.parts, given->is.value.count, wanted->is.value.parts,
                wanted->is.value.count);
    return;
  case TYPE_RESULT:
    match_two(walk, trail, "the ok case", "the error case", given, wanted);
    return;
  case TYPE_MAP:
    match_two(walk, trail, "the key", "the value", given, wanted);
    return;
  case TYPE_LIST:
  case TYPE_FIXED_LIST:
  case TYPE_OPTION:
  case TYPE_STREAM:
  case TYPE_FUTURE:
    match_elements(walk, trail, given, wanted);
    return;
  case TYPE_OWN:
  case TYPE_BORROW:
    match_resources(walk, trail, given->is.value.resource, wanted->is.value.resource);
    return;
  default:
    return;
  }
}

static void match_funcs(const struct walk *walk, const struct trail *trail, const struct typing *given,
                        const struct typing *wanted) {
  const struct trail result = {trail, "the result", {0}, false, NO_INDEX};
  if (given->is.func.is_async != wanted->is.func.is_async)
    refuse_difference(walk, trail, bytes_of(given->is.func.is_async ? "an async func" : "a func"),
                      bytes_of(wanted->is.func.is_async ? "an async func" : "a func that is not async"));
  match_parts(walk, trail, "parameter", given->is.func.params, given->is.func.count, wanted->is.func.params,
              wanted->is.func.count);
  match_optional(walk, &result, given->is.func.result, wanted->is.func.result);
}

static void match_instances(const struct walk *walk, const struct trail *trail, const struct typing *given,
                            const struct typing *wanted) {
  const struct signature *exports = &wanted->is.instance.exports;
  const struct comparison *c = walk->comparison;
  for (uint32_t i = 0; i < exports->items.count; i++) {
    const struct named_item *want = &exports->items.items[i];
    const struct trail here = {trail, "export", want->name, true, 0};
    const struct item *item = find_named(&given->is.instance.exports, want->name);
    if (!item)
      REFUSE(walk->check, "%.*s: %.*shas no export \"%.*s\" in %s, but has one in %s",
             SHOW(show_subject(walk->check, c)), SHOW(show_trail(walk->check, trail)), SHOW(want->name), c->given,
             c->wanted);
    match_items(walk->check, c, &here, item, &want->item);
  }
}

/* Who is given a component at type `wanted` supplies what that imports, and expects what that exports. */
static void match_components(const struct walk *walk, const struct trail *trail, const struct typing *given,
                             const struct typing *wanted) {
  struct check *check = walk->check;
  const struct comparison turned = turn(walk->comparison);
  const struct substitution opened =
      open_signature(check, &turned, trail, &wanted->is.component.imports, &given->is.component.imports,
                     &given->is.component.imported, "import");
  struct substitution supplied = new_substitution();
  supplied.resources = opened.resources;
  supplied.least = opened.least;
  const struct signature exports = substitute_signature(check, &supplied, &given->is.component.exports);
  open_signature(check, walk->comparison, trail, &exports, &wanted->is.component.exports, &wanted->is.component.defined,
                 "export");
}

static void match_typings(const struct walk *walk, const struct trail *trail, const struct typing *given,
                          const struct typing *wanted) {
  if (given->kind != wanted->kind)
    refuse_difference(walk, trail, bytes_of(typing_kind_name(given)), bytes_of(typing_kind_name(wanted)));
  switch (given->kind) {
  case DEFTYPE_VALUE:
    match_values(walk, trail, given, wanted);
    return;
  case DEFTYPE_FUNC:
    match_funcs(walk, trail, given, wanted);
    return;
  case DEFTYPE_INSTANCE:
    match_instances(walk, trail, given, wanted);
    return;
  case DEFTYPE_COMPONENT:
    match_components(walk, trail, given, wanted);
    return;
  case DEFTYPE_RESOURCE:
    match_resources(walk, trail, given, wanted);
    return;
  }
}

/* Core items. */

_Noreturn static void refuse_limits(const struct walk *walk, const struct trail *trail, const struct core_limits *given,
                                    const struct core_limits *wanted, struct bytes given_text,
                                    struct bytes wanted_text) {
  const char *const what =
      given->is_shared != wanted->is_shared ? "the shared flag differs"
      : given->is_64 != wanted->is_64       ? "the index type differs"
      : given->has_page_size != wanted->has_page_size || given->page_size_log2 != wanted->page_size_log2
          ? "the page size differs"
          : "the limits do not match";
  const struct comparison *c = walk->comparison;
  REFUSE(walk->check, "%.*s: %.*sis %.*s in %s, but %.*s in %s: %s", SHOW(show_subject(walk->check, c)),
         SHOW(show_trail(walk->check, trail)), SHOW(given_text), c->given, SHOW(wanted_text), c->wanted, what);
}

bool core_matches(struct check *check, const struct core_typing *given, const struct core_typing *wanted) {
  const uint64_t before = check->matching.work;
  const bool matches = extern_matches(&check->matching, given->module, &given->type, wanted->module, &wanted->type);
  spend(check, 1 + (check->matching.work - before) / WORK_PER_STEP);
  return matches;
}

void match_core(struct check *check, const struct comparison *comparison, const struct trail *trail,
                const struct core_typing *given, const struct core_typing *wanted) {
  const struct walk walk = {check, comparison};
  if (core_matches(check, given, wanted))
    return;
  const struct bytes given_text = show_core_extern(check->context, given->module, &given->type),
                     wanted_text = show_core_extern(check->context, wanted->module, &wanted->type);
  const bool same_element = given->type.table.element.code == wanted->type.table.element.code &&
                            given->type.table.element.heap == wanted->type.table.element.heap;
  if (given->type.kind == wanted->type.kind && given->type.kind == CORE_MEMORY)
    refuse_limits(&walk, trail, &given->type.memory, &wanted->type.memory, given_text, wanted_text);
  if (given->type.kind == wanted->type.kind && given->type.kind == CORE_TABLE && same_element)
    refuse_limits(&walk, trail, &given->type.table.limits, &wanted->type.table.limits, given_text, wanted_text);
  refuse_difference(&walk, trail, given_text, wanted_text);
}

static void match_modules(const struct walk *walk, const struct trail *trail, const struct module_typing *given,
                          const struct module_typing *wanted) {
  struct check *check = walk->check;
  const struct comparison *c = walk->comparison;
  const struct comparison turned = turn(c);
  for (uint32_t i = 0; i < given->imports.items.count; i++) {
    const struct core_named *import = &given->imports.items.items[i];
    const struct core_import *names = &given->import_names.items[i];
    const struct trail outer = {trail, "import", names->module, true, 0},
                       here = {&outer, "the item", names->name, true, 0};
    const uint32_t index = map_get(&wanted->imports.names, import->name);
    if (index == NOT_FOUND)
      REFUSE(check, "%.*s: %.*simports \"%.*s\" \"%.*s\" in %s, which is no import in %s", SHOW(show_subject(check, c)),
             SHOW(show_trail(check, trail)), SHOW(names->module), SHOW(names->name), c->given, c->wanted);
    match_core(check, &turned, &here, &wanted->imports.items.items[index].item, &import->item);
  }
  for (uint32_t i = 0; i < wanted->exports.items.count; i++) {
    const struct core_named *export_ = &wanted->exports.items.items[i];
    const struct trail here = {trail, "export", export_->name, true, 0};
    const uint32_t index = map_get(&given->exports.names, export_->name);
    if (index == NOT_FOUND)
      REFUSE(check, "%.*s: %.*shas no export \"%.*s\" in %s, but has one in %s", SHOW(show_subject(check, c)),
             SHOW(show_trail(check, trail)), SHOW(export_->name), c->given, c->wanted);
    match_core(check, c, &here, &given->exports.items.items[index].item, &export_->item);
  }
}

void match_items(struct check *check, const struct comparison *comparison, const struct trail *trail,
                 const struct item *given, const struct item *wanted) {
  const struct walk walk = {check, comparison};
  if (given->sort != wanted->sort)
    refuse_difference(&walk, trail, bytes_of(sort_words(given->sort)), bytes_of(sort_words(wanted->sort)));
  descend(check);
  spend(check, 1);
  if (given->sort == SORT_CORE_MODULE)
    match_modules(&walk, trail, given->module, wanted->module);
  else if (given->sort == SORT_TYPE)
    match_typings(&walk, trail, given->bound, wanted->bound);
  else
    match_typings(&walk, trail, given->type, wanted->type);
  ascend(check);
}
