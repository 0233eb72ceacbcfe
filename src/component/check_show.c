/* check_show.c -- what is checked, as words for diagnostics.
 *
 *     func 3 ($run)                                an item by its index, and by a name if it has one
 *     field "b" of parameter "p" of import "f"     the way to a part of a type
 *
 * A name comes from the name section of the component, or else from the import or export that made the index.
 *
 * Requires  name_section.c.
 * Provides  show_*: text in the arena.
 */
#include "component/check.h"

#define LABELS_SHOWN 4

static struct bytes find_written_name(const struct scope *scope, enum sort sort, uint32_t index) {
  struct bytes name = {0};
  for (uint32_t i = 0; scope->component && i < scope->component->customs.count && !name.size; i++)
    if (bytes_equal(scope->component->customs.items[i].name, bytes_of("component-name")))
      find_item_names(scope->component->customs.items[i].content, sort, index, &name, 1);
  return name;
}

struct bytes show_item(struct check *check, enum sort sort, uint32_t index) {
  const struct scope *scope = check->scope;
  const struct bytes written = find_written_name(scope, sort, index);
  if (written.size)
    return format_bytes(check->context, "%s %u ($%.*s)", sort_name(sort), index, SHOW(written));
  if (index < scope->spaces[sort].count && scope->spaces[sort].items[index].name.size)
    return format_bytes(check->context, "%s %u (\"%.*s\")", sort_name(sort), index,
                        SHOW(scope->spaces[sort].items[index].name));
  return format_bytes(check->context, "%s %u", sort_name(sort), index);
}

const char *typing_kind_name(const struct typing *typing) {
  static const char *const names[] = {"a defined value type", "a function type", "a component type", "an instance type",
                                      "a resource type"};
  return names[typing->kind];
}

const char *sort_words(enum sort sort) {
  static const char *const names[] = {
#define SORT(id, is_core, code, name) [SORT_##id] = "a " name,
#include "component/sorts.def"
#undef SORT
  };
  return sort == SORT_INSTANCE ? "an instance" : names[sort];
}

struct bytes show_short(struct check *check, const struct typing *typing) {
  const struct typing *resource = typing->kind == DEFTYPE_VALUE ? typing->is.value.resource : NULL;
  if (typing->kind != DEFTYPE_VALUE)
    return bytes_of(typing_kind_name(typing));
  if (resource && resource->name.size)
    return format_bytes(check->context, "%s \"%.*s\"", type_kind_name(typing->is.value.kind), SHOW(resource->name));
  return bytes_of(type_kind_name(typing->is.value.kind));
}

/* The index of exactly this typing in the present scope; NO_INDEX: it has none. */
static uint32_t index_of(const struct check *check, const struct typing *typing) {
  for (uint32_t i = 0; i < check->scope->spaces[SORT_TYPE].count; i++)
    if (check->scope->spaces[SORT_TYPE].items[i].type == typing)
      return i;
  return NO_INDEX;
}

struct bytes show_resource(struct check *check, const struct typing *resource) {
  const uint32_t index = index_of(check, resource);
  const struct bytes name = resource->name;
  if (index != NO_INDEX)
    return format_bytes(check->context, "the resource %.*s", SHOW(show_item(check, SORT_TYPE, index)));
  if (name.size)
    return format_bytes(check->context, "the resource \"%.*s\" (defined at 0x%zx)", SHOW(name),
                        resource->is.resource.offset);
  return format_bytes(check->context, "the resource defined at 0x%zx", resource->is.resource.offset);
}

static struct bytes show_labels(struct check *check, const struct typing *typing) {
  struct buffer text = new_buffer(check->context);
  for (uint32_t i = 0; i < typing->is.value.count && i < LABELS_SHOWN; i++) {
    put_bytes(&text, bytes_of(i ? ", " : ""));
    put_bytes(&text, typing->is.value.parts[i].label);
  }
  if (typing->is.value.count > LABELS_SHOWN)
    put_bytes(&text, bytes_of(", ..."));
  return buffer_bytes(&text);
}

struct bytes show_typing(struct check *check, const struct typing *typing) {
  if (typing->kind == DEFTYPE_RESOURCE)
    return show_resource(check, typing);
  const uint32_t index = index_of(check, typing);
  if (typing->kind != DEFTYPE_VALUE && index == NO_INDEX)
    return bytes_of(typing_kind_name(typing));
  if (typing->kind != DEFTYPE_VALUE)
    return format_bytes(check->context, "%.*s, %s", SHOW(show_item(check, SORT_TYPE, index)), typing_kind_name(typing));
  const char *const kind = type_kind_name(typing->is.value.kind);
  if (index != NO_INDEX)
    return format_bytes(check->context, "%.*s, the %s of %.*s", SHOW(show_item(check, SORT_TYPE, index)), kind,
                        SHOW(show_labels(check, typing)));
  return format_bytes(check->context, "the %s of %.*s", kind, SHOW(show_labels(check, typing)));
}

struct bytes show_subject(struct check *check, const struct comparison *comparison) {
  if (comparison->sort == SORT_TYPE)
    return format_bytes(check->context, "the ascribed type of the export \"%.*s\" is not compatible with the item's",
                        SHOW(comparison->name));
  return format_bytes(check->context, "%.*s can't be instantiated with these arguments",
                      SHOW(show_item(check, comparison->sort, comparison->index)));
}

struct bytes show_trail(struct check *check, const struct trail *trail) {
  struct buffer text = new_buffer(check->context);
  if (!trail)
    put_bytes(&text, bytes_of("it "));
  for (; trail; trail = trail->outer) {
    put_bytes(&text, bytes_of(trail->what));
    if (trail->has_name)
      put_bytes(&text, format_bytes(check->context, " \"%.*s\"", SHOW(trail->name)));
    else if (trail->position != NO_INDEX)
      put_bytes(&text, format_bytes(check->context, " %u", trail->position));
    put_bytes(&text, bytes_of(trail->outer ? " of " : " "));
  }
  return buffer_bytes(&text);
}
