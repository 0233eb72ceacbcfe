/* check_names.c -- the names of imports and exports: their grammar, which items may have them, and that they differ.
 *
 *     a-b-C   [method]file.read   [constructor]file   wasi:http/types@1.0.0
 *
 * Names of one scope have to differ by more than what bindings in a programming language keep of them: case is ignored,
 * and so are the annotations of methods, so that "read", "READ" and "[method]read.read" are one name.
 *
 * Nested namespaces and packages (a:b:c/d/e), which the specification marks as not decided on, are refused.
 *
 * Requires  check_externs.c: the item is in the scope, resources are known by the names that they got before.
 * Provides  is_label, add_named_extern.
 * Spec      Explainer.md "Import and Export Definitions", "Name Uniqueness", "Canonical Interface Name"; Binary.md
 *           "Import and Export Definitions"; Semantic Versioning 2.0.
 */
#include "component/check.h"

#include <string.h>

#define VERSION_NUMBERS 3

enum annotation { ANNOTATION_NONE, ANNOTATION_CONSTRUCTOR, ANNOTATION_METHOD, ANNOTATION_STATIC };

static const char *const annotations[] = {"", "[constructor]", "[method]", "[static]"};

/* A name taken apart. */
struct parsed_name {
  bool is_interface;
  enum annotation annotation;
  struct bytes label;   /* the name, after the annotation; of a method or static function: of the resource */
  struct bytes member;  /* method, static: after the dot */
  struct bytes version; /* interface: after the "@" */
  bool has_version;
};

static bool is_lower(uint8_t c) { return c >= 'a' && c <= 'z'; }
static bool is_upper(uint8_t c) { return c >= 'A' && c <= 'Z'; }
static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* `fragment ::= <word> | <acronym>`; the first one of a label starts with a letter */
static bool is_fragment(struct bytes text, bool is_first) {
  bool has_lower = false, has_upper = false;
  if (!text.size || (is_first && is_digit(text.at[0])))
    return false;
  for (size_t i = 0; i < text.size; i++) {
    has_lower |= is_lower(text.at[i]);
    has_upper |= is_upper(text.at[i]);
    if (!is_lower(text.at[i]) && !is_upper(text.at[i]) && !is_digit(text.at[i]))
      return false;
  }
  return !has_lower || !has_upper;
}

/* Cuts off what is before the first `separator`, and the separator; all of it if there is none. */
static struct bytes cut(struct bytes *rest, char separator, bool *was_there) {
  const uint8_t *end = rest->size ? memchr(rest->at, separator, rest->size) : NULL;
  const struct bytes part = {rest->at, end ? (size_t)(end - rest->at) : rest->size};
  *was_there = end != NULL;
  *rest = (struct bytes){part.at + part.size + *was_there, rest->size - part.size - *was_there};
  return part;
}

/* `label ::= <first-fragment> ( '-' <fragment> )*` */
bool is_label(struct bytes name) {
  bool is_first = true, is_more = true;
  while (is_more) {
    if (!is_fragment(cut(&name, '-', &is_more), is_first))
      return false;
    is_first = false;
  }
  return true;
}

/* `words ::= <first-word> ( '-' <word> )*` */
static bool is_words(struct bytes name) {
  for (size_t i = 0; i < name.size; i++)
    if (is_upper(name.at[i]))
      return false;
  return is_label(name);
}

struct bytes lowercase(struct check *check, struct bytes name) {
  size_t size = 0;
  while (size < name.size && !is_upper(name.at[size]))
    size++;
  if (size == name.size)
    return name;
  uint8_t *lower = ALLOCATE(check->context, uint8_t, name.size);
  spend(check, name.size / 64);
  for (size_t i = 0; i < name.size; i++)
    lower[i] = is_upper(name.at[i]) ? (uint8_t)(name.at[i] + ('a' - 'A')) : name.at[i];
  return (struct bytes){lower, name.size};
}

/* What a name is the name of, for diagnostics: `import name "a"`. */
struct naming {
  struct check *check;
  const char *role;  /* "import", "export"; of an attribute: "implements" */
  struct bytes name; /* all of it */
};

#define REFUSE_NAME(naming, ...) refuse_name((naming), format_bytes((naming)->check->context, __VA_ARGS__))

_Noreturn static void refuse_name(const struct naming *naming, struct bytes why) {
  REFUSE(naming->check, "the %s name \"%.*s\" is not a valid extern name: %.*s", naming->role, SHOW(naming->name),
         SHOW(why));
}

static void expect_label(const struct naming *naming, struct bytes label) {
  if (!is_label(label))
    REFUSE_NAME(naming, "\"%.*s\" is not in kebab case", SHOW(label));
}

/* Semantic versions. */

static bool is_identifier_character(uint8_t c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '-'; }

static bool is_number(struct bytes text) {
  for (size_t i = 0; i < text.size; i++)
    if (!is_digit(text.at[i]))
      return false;
  return text.size > 0;
}

/* Dot-separated identifiers; a number among those of a pre-release must not start with 0. */
static const char *check_identifiers(struct bytes text, bool is_prerelease) {
  bool is_more = true;
  while (is_more) {
    const struct bytes identifier = cut(&text, '.', &is_more);
    if (!identifier.size)
      return "has an empty identifier after \"-\" or \"+\"";
    for (size_t i = 0; i < identifier.size; i++)
      if (!is_identifier_character(identifier.at[i]))
        return "has a character that is not allowed after \"-\" or \"+\"";
    if (is_prerelease && identifier.size > 1 && identifier.at[0] == '0' && is_number(identifier))
      return "has a number with a leading zero after \"-\"";
  }
  return NULL;
}

static bool fits_64_bits(struct bytes number) {
  static const char most[] = "18446744073709551615";
  const size_t digits = sizeof most - 1;
  return number.size < digits || (number.size == digits && memcmp(number.at, most, digits) <= 0);
}

/* Why `version` is no semantic version; null: it is one. */
static const char *check_version(struct bytes version) {
  bool is_more, has_build, has_prerelease;
  struct bytes rest = version;
  const struct bytes without_build = cut(&rest, '+', &has_build);
  const struct bytes build = rest;
  rest = without_build;
  struct bytes core = cut(&rest, '-', &has_prerelease);
  if (!version.size)
    return "is empty; a semantic version is three numbers, as in 1.0.0";
  for (int i = 0; i < VERSION_NUMBERS; i++) {
    const struct bytes number = cut(&core, '.', &is_more);
    if (!number.size)
      return "ends or has a \".\" where a number has to be";
    if (!is_number(number))
      return "has a character where a digit has to be";
    if (number.size > 1 && number.at[0] == '0')
      return "has a number with a leading zero";
    if (!fits_64_bits(number))
      return "has a number over 2^64";
    if (is_more != (i < VERSION_NUMBERS - 1))
      return is_more ? "has more than three numbers" : "ends before its third number";
  }
  const char *why = has_prerelease ? check_identifiers(rest, true) : NULL;
  return !why && has_build ? check_identifiers(build, false) : why;
}

/* Where canonversion ends in `version`, a semantic version. */
static size_t canonical_size(struct bytes version) {
  bool is_more;
  struct bytes rest = version;
  const struct bytes major = cut(&rest, '.', &is_more);
  if (!(major.size == 1 && major.at[0] == '0'))
    return major.size;
  const struct bytes minor = cut(&rest, '.', &is_more);
  if (!(minor.size == 1 && minor.at[0] == '0'))
    return major.size + 1 + minor.size;
  size_t patch = 0;
  while (patch < rest.size && is_digit(rest.at[patch]))
    patch++;
  return major.size + 1 + minor.size + 1 + patch;
}

/* `interfaceversion ::= '@' <valid semver> | '@' <canonversion>`, the latter with a suffix that completes it */
static void check_interface_version(const struct naming *naming, const struct parsed_name *name, struct bytes suffix) {
  if (suffix.size && !name->has_version)
    REFUSE_NAME(naming, "there is a version suffix \"%.*s\", but no version that it completes", SHOW(suffix));
  if (!name->has_version)
    return;
  const struct bytes whole = format_bytes(naming->check->context, "%.*s%.*s", SHOW(name->version), SHOW(suffix));
  const char *why = check_version(whole);
  if (why)
    REFUSE_NAME(naming, "the version \"%.*s\" %s", SHOW(whole), why);
  if (suffix.size && canonical_size(whole) != name->version.size)
    REFUSE_NAME(naming, "\"%.*s\" is not the canonical version of \"%.*s\", which ends after %zu characters",
                SHOW(name->version), SHOW(whole), canonical_size(whole));
}

/* `interfacename ::= <namespace> <words> <projection> <interfaceversion>?` */
static void parse_interface_name(const struct naming *naming, struct parsed_name *parsed) {
  bool is_more, has_projection;
  struct bytes rest = naming->name;
  struct bytes path = cut(&rest, '@', &parsed->has_version);
  parsed->version = rest;
  parsed->is_interface = true;
  const struct bytes before_slash = cut(&path, '/', &has_projection);
  rest = before_slash;
  const struct bytes space = cut(&rest, ':', &is_more);
  if (!is_words(space))
    REFUSE_NAME(naming, "the namespace \"%.*s\" is not in lower kebab case", SHOW(space));
  if (memchr(rest.at, ':', rest.size))
    REFUSE_NAME(naming, "a \"/\" was expected after the package name; nested namespaces are not supported");
  if (!is_words(rest))
    REFUSE_NAME(naming, "the package \"%.*s\" is not in lower kebab case", SHOW(rest));
  if (!has_projection)
    REFUSE_NAME(naming, "a \"/\" and the name of an interface were expected after the package name");
  const struct bytes interface = cut(&path, '/', &is_more);
  expect_label(naming, interface);
  if (is_more)
    REFUSE_NAME(naming, "there is more after the interface, \"/%.*s\"; nested packages are not supported", SHOW(path));
}

/* `plainname ::= <label> | '[constructor]' <label> | '[method]' <label> '.' <label> | '[static]' <label> '.' <label>`
 */
static void parse_plain_name(const struct naming *naming, struct parsed_name *parsed) {
  struct bytes rest = naming->name;
  for (int i = ANNOTATION_CONSTRUCTOR; i <= ANNOTATION_STATIC; i++) {
    const size_t size = strlen(annotations[i]);
    if (rest.size < size || memcmp(rest.at, annotations[i], size) != 0)
      continue;
    parsed->annotation = (enum annotation)i;
    rest = (struct bytes){rest.at + size, rest.size - size};
    break;
  }
  parsed->label = rest;
  if (parsed->annotation >= ANNOTATION_METHOD) {
    bool has_dot;
    parsed->label = cut(&rest, '.', &has_dot);
    parsed->member = rest;
    if (!has_dot)
      REFUSE_NAME(naming, "there is no \".\" between the resource and its function");
    expect_label(naming, parsed->member);
  }
  expect_label(naming, parsed->label);
}

static struct parsed_name parse_name(const struct naming *naming) {
  struct parsed_name parsed = {0};
  if (naming->name.size && memchr(naming->name.at, ':', naming->name.size))
    parse_interface_name(naming, &parsed);
  else
    parse_plain_name(naming, &parsed);
  return parsed;
}

/* Which items may have the name. */

/* "label matches the plainname of a preceding resource import or export", by the type that has that name. */
static void expect_resource(const struct naming *naming, const struct externs *externs,
                            const struct parsed_name *parsed, const struct typing *resource) {
  const uint32_t index = map_get(&externs->resources, id_key(&resource->id));
  if (index == NOT_FOUND)
    REFUSE_NAME(naming, "the resource used in the function does not have a name among the %ss before it",
                externs->role);
  const struct bytes known = externs->resource_names.items[index];
  if (!bytes_equal(known, parsed->label))
    REFUSE_NAME(naming, "the function does not match the resource \"%.*s\": its type is of the resource \"%.*s\"",
                SHOW(parsed->label), SHOW(known));
}

static bool is_handle(const struct typing *typing, enum type_kind kind) {
  return typing && typing->is.value.kind == kind;
}

/* "result type is either (own $R) or (result (own $R) E?)" */
static void check_constructor(const struct naming *naming, const struct externs *externs,
                              const struct parsed_name *parsed, const struct typing *type) {
  const struct typing *result = type->is.func.result;
  if (type->is.func.is_async)
    REFUSE_NAME(naming, "a constructor can't be async");
  if (!result)
    REFUSE_NAME(naming, "a constructor should return one value, the new resource");
  if (result->is.value.kind == TYPE_RESULT && result->is.value.parts[0].type)
    result = result->is.value.parts[0].type;
  if (!is_handle(result, TYPE_OWN))
    REFUSE_NAME(naming, "a constructor should return (own $T) or (result (own $T)), but this one returns %.*s",
                SHOW(show_short(naming->check, type->is.func.result)));
  expect_resource(naming, externs, parsed, result->is.value.resource);
}

/* "the first parameter of the function to be (param "self" (borrow $R))" */
static void check_method(const struct naming *naming, const struct externs *externs, const struct parsed_name *parsed,
                         const struct typing *type) {
  if (!type->is.func.count)
    REFUSE_NAME(naming, "a method should have at least one parameter, \"self\"");
  const struct part *self = &type->is.func.params[0];
  if (!bytes_equal(self->label, bytes_of("self")))
    REFUSE_NAME(naming, "the first parameter of a method should be called \"self\", not \"%.*s\"", SHOW(self->label));
  if (!is_handle(self->type, TYPE_BORROW))
    REFUSE_NAME(naming, "the first parameter of a method should be of type (borrow $T), but it is of type %.*s",
                SHOW(show_short(naming->check, self->type)));
  expect_resource(naming, externs, parsed, self->type->is.value.resource);
}

static void check_static(const struct naming *naming, const struct externs *externs, const struct parsed_name *parsed) {
  for (uint32_t i = 0; i < externs->resource_names.count; i++)
    if (bytes_equal(externs->resource_names.items[i], parsed->label))
      return;
  REFUSE_NAME(naming, "the resource \"%.*s\" of the static function is not known: no %s before it has that name",
              SHOW(parsed->label), externs->role);
}

static void check_annotation(const struct naming *naming, const struct externs *externs,
                             const struct parsed_name *parsed, const struct item *item) {
  if (parsed->annotation == ANNOTATION_NONE)
    return;
  spend(naming->check, externs->resource_names.count / 16);
  if (item->sort != SORT_FUNC)
    REFUSE_NAME(naming, "the item is not a func but %s; only functions are annotated with %s", sort_words(item->sort),
                annotations[parsed->annotation]);
  if (parsed->annotation == ANNOTATION_CONSTRUCTOR)
    check_constructor(naming, externs, parsed, item->type);
  else if (parsed->annotation == ANNOTATION_METHOD)
    check_method(naming, externs, parsed, item->type);
  else
    check_static(naming, externs, parsed);
}

/* "implements-annotated imports or exports are instance-typed and have a plainname name" */
static void check_implements(const struct naming *naming, const struct parsed_name *parsed,
                             const struct extern_name *name, const struct item *item) {
  if (parsed->is_interface || parsed->annotation != ANNOTATION_NONE)
    REFUSE(naming->check, "the name \"%.*s\" is not valid with implements, which is for plain names", SHOW(name->name));
  if (item->sort != SORT_INSTANCE)
    REFUSE(naming->check, "the %s \"%.*s\" is %s; only instances can have implements", naming->role, SHOW(name->name),
           sort_words(item->sort));
  const struct naming attribute = {naming->check, "implements", name->implements};
  const struct parsed_name interface = parse_name(&attribute);
  if (!interface.is_interface)
    REFUSE(naming->check, "implements of \"%.*s\" is \"%.*s\", which must be an interface name such as a:b/c",
           SHOW(name->name), SHOW(name->implements));
  check_interface_version(&attribute, &interface, name->version_suffix);
}

static void check_attributes(const struct naming *naming, const struct parsed_name *parsed,
                             const struct extern_name *name, const struct item *item) {
  if (name->has_version_suffix) {
    if (item->sort != SORT_INSTANCE)
      REFUSE(naming->check, "the %s \"%.*s\" is %s; only instances can have a version suffix", naming->role,
             SHOW(name->name), sort_words(item->sort));
    if (!name->version_suffix.size)
      REFUSE(naming->check, "the version suffix of the %s \"%.*s\" is empty", naming->role, SHOW(name->name));
    if (!name->has_implements && !parsed->is_interface)
      REFUSE(naming->check, "the version suffix of the %s \"%.*s\" needs an interface name or implements", naming->role,
             SHOW(name->name));
  }
  if (name->has_implements)
    check_implements(naming, parsed, name, item);
  if (parsed->is_interface)
    check_interface_version(naming, parsed, name->version_suffix);
}

/* Uniqueness. */

/* "Canonicalize each name": case of a version does count. */
static struct bytes canonicalize(struct check *check, const struct parsed_name *parsed, struct bytes name) {
  if (parsed->is_interface) {
    const size_t size = name.size - (parsed->has_version ? parsed->version.size : 0);
    const struct bytes path = lowercase(check, (struct bytes){name.at, size});
    return parsed->has_version ? format_bytes(check->context, "%.*s%.*s", SHOW(path), SHOW(parsed->version)) : path;
  }
  const struct bytes label = lowercase(check, parsed->label), member = lowercase(check, parsed->member);
  if (parsed->annotation == ANNOTATION_CONSTRUCTOR)
    return format_bytes(check->context, "%s%.*s", annotations[parsed->annotation], SHOW(label));
  if (parsed->annotation == ANNOTATION_NONE || bytes_equal(label, member))
    return label;
  return format_bytes(check->context, "%.*s.%.*s", SHOW(label), SHOW(member));
}

void add_named_extern(struct check *check, struct externs *externs, const struct extern_name *name,
                      const struct item *item) {
  const struct naming naming = {check, externs->role, name->name};
  const struct parsed_name parsed = parse_name(&naming);
  check_attributes(&naming, &parsed, name, item);
  check_annotation(&naming, externs, &parsed, item);
  const uint32_t index = externs->items.items.count;
  const uint32_t first = map_add(check->context, &externs->canonical, canonicalize(check, &parsed, name->name), index);
  if (first != index)
    REFUSE(check, "the %s name \"%.*s\" conflicts with \"%.*s\" before it%s", externs->role, SHOW(name->name),
           SHOW(externs->items.items.items[first].name),
           bytes_equal(name->name, externs->items.items.items[first].name)
               ? ""
               : ": names have to differ by more than case and annotations");
  const bool is_new = add_named(check, &externs->items, name->name, item);
  assert(is_new);
  (void)is_new;
}
