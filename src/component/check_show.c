/* check_show.c -- what is checked, as words for diagnostics.
 *
 *     func 3 ($run)                                an item by its index, and by a name if it has one
 *     field "b" of parameter "p" of import "f"     the way to a part of a type
 *
 * A name comes from the name section of the component, or else from the import or export that made the index.
 *
 * Provides  show_*: text in the arena.
 * Spec      Binary.md "Name Section".
 */
#include "component/check.h"

#define SUBSECTION_SORT_NAMES 1
#define LABELS_SHOWN 4

/* A subsection is skipped where it is malformed: "Engines should not reject components which have an invalid `name`
 * section". */
struct names {
  struct bytes rest;
};

static bool take_byte(struct names *names, uint8_t *byte) {
  if (!names->rest.size)
    return false;
  *byte = *names->rest.at;
  names->rest = (struct bytes){names->rest.at + 1, names->rest.size - 1};
  return true;
}

static bool take_number(struct names *names, uint32_t *value) {
  uint64_t sum = 0;
  uint8_t byte = 0x80;
  for (unsigned shift = 0; shift < 35 && (byte & 0x80); shift += 7) {
    if (!take_byte(names, &byte))
      return false;
    sum |= (uint64_t)(byte & 0x7f) << shift;
  }
  *value = (uint32_t)sum;
  return !(byte & 0x80) && sum <= UINT32_MAX;
}

static bool take_text(struct names *names, struct bytes *text) {
  uint32_t size;
  if (!take_number(names, &size) || size > names->rest.size)
    return false;
  *text = (struct bytes){names->rest.at, size};
  names->rest = (struct bytes){names->rest.at + size, names->rest.size - size};
  return true;
}

struct sort_code {
  enum sort sort;
  bool is_core;
  uint8_t code;
};

static const struct sort_code sort_codes[] = {
#define SORT(id, is_core, code, name) {SORT_##id, is_core, code},
#include "component/sorts.def"
#undef SORT
};

/* `sort ::= 0x00 cs:<core:sort> | ...` */
static bool take_sort(struct names *names, enum sort *sort) {
  uint8_t code;
  if (!take_byte(names, &code))
    return false;
  const bool is_core = code == 0;
  if (is_core && !take_byte(names, &code))
    return false;
  for (size_t i = 0; i < sizeof sort_codes / sizeof *sort_codes; i++)
    if (sort_codes[i].is_core == is_core && sort_codes[i].code == code) {
      *sort = sort_codes[i].sort;
      return true;
    }
  return false;
}

/* `nameassoc ::= idx:<u32> name:<name>`, of the one index; size 0: none. */
static struct bytes find_in_map(struct names names, uint32_t index) {
  uint32_t count, at;
  struct bytes name;
  if (!take_number(&names, &count))
    return (struct bytes){0};
  for (uint32_t i = 0; i < count && take_number(&names, &at) && take_text(&names, &name); i++)
    if (at == index)
      return is_utf8(name) ? name : (struct bytes){0};
  return (struct bytes){0};
}

/* `sortnamesubsec ::= namesubsection_1(<sortnames>)` */
static struct bytes find_in_section(struct bytes section, enum sort wanted, uint32_t index) {
  struct names names = {section};
  struct bytes subsection, name = {0};
  uint8_t id;
  while (!name.size && take_byte(&names, &id) && take_text(&names, &subsection)) {
    struct names content = {subsection};
    enum sort sort;
    if (id == SUBSECTION_SORT_NAMES && take_sort(&content, &sort) && sort == wanted)
      name = find_in_map(content, index);
  }
  return name;
}

static struct bytes find_written_name(const struct scope *scope, enum sort sort, uint32_t index) {
  struct bytes name = {0};
  for (uint32_t i = 0; scope->component && i < scope->component->customs.count && !name.size; i++)
    if (bytes_equal(scope->component->customs.items[i].name, bytes_of("component-name")))
      name = find_in_section(scope->component->customs.items[i].content, sort, index);
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
  if (typing->kind != DEFTYPE_VALUE)
    return bytes_of(typing_kind_name(typing));
  const uint32_t index = index_of(check, typing);
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
