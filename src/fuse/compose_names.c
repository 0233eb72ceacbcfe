/* compose_names.c -- the names of imports and exports, and which versions serve which.
 *
 *     wasi:io/streams@0.2.1    is served by 0.2.1 itself, then by 0.2.3, then by 0.2.0; never by 0.3.0
 *     wasi:io/streams@0.3.0-rc is served by exactly that
 *
 * Two versions are compatible if their first numbers other than 0 are the same and stand in the same place, as
 * component tools and engines have it. Compatible versions promise that names keep their meaning, not that all names
 * are there: whether an older one has all that is wanted shows when types are compared.
 *
 * Spec: Explainer.md "Import and Export Definitions"; semver.org.
 */
#include "fuse/compose.h"

#include <string.h>

#define LISTED_LIMIT 700 /* bytes; a diagnostic has 1024 */

/* "1.2.3", "0.2", "1"; false for anything else. A build number after + says nothing. */
static bool parse_version(struct bytes text, struct version *version) {
  uint32_t part = 0;
  size_t digits = 0;
  for (size_t i = 0; i < text.size && text.at[i] != '+'; i++) {
    const uint8_t character = text.at[i];
    if (character == '.') {
      if (digits == 0 || ++part == 3)
        return false;
      digits = 0;
      continue;
    }
    if (character < '0' || character > '9' || ++digits > 18)
      return false;
    version->part[part] = version->part[part] * 10 + (uint64_t)(character - '0');
  }
  return digits > 0;
}

struct item_name parse_item_name(struct context *c, const struct extern_name *name) {
  const uint8_t *at = name->name.size ? memchr(name->name.at, '@', name->name.size) : NULL;
  struct item_name item = {.base = name->name};
  if (!at)
    return item;
  item.base.size = (size_t)(at - name->name.at);
  item.version = (struct bytes){at + 1, name->name.size - item.base.size - 1};
  if (name->version_suffix.size)
    item.version = format_bytes(c, "%.*s%.*s", SHOW(item.version), SHOW(name->version_suffix));
  item.parsed.is_release = parse_version(item.version, &item.parsed);
  return item;
}

int compare_versions(const struct item_name *a, const struct item_name *b) {
  for (int i = 0; i < 3; i++)
    if (a->parsed.part[i] != b->parsed.part[i])
      return a->parsed.part[i] < b->parsed.part[i] ? -1 : 1;
  return 0;
}

static bool are_compatible(const struct version *a, const struct version *b) {
  for (int i = 0; i < 3; i++)
    if (a->part[i] || b->part[i])
      return a->part[i] == b->part[i];
  return true;
}

struct bytes version_track(struct context *c, const struct item_name *name) {
  const uint64_t *part = name->parsed.part;
  if (!name->parsed.is_release)
    return format_bytes(c, "%.*s@%.*s", SHOW(name->base), SHOW(name->version));
  const int first = part[0] ? 0 : part[1] ? 1 : 2;
  return format_bytes(c, "%.*s@ %d %llu", SHOW(name->base), first, (unsigned long long)part[first]);
}

enum match_rank rank_match(const struct item_name *import, const struct item_name *export_) {
  if (!bytes_equal(import->base, export_->base))
    return MATCH_NONE;
  if (bytes_equal(import->version, export_->version))
    return MATCH_EXACT;
  if (!import->parsed.is_release || !export_->parsed.is_release || !are_compatible(&import->parsed, &export_->parsed))
    return MATCH_OTHER_VERSION;
  const int order = compare_versions(export_, import);
  return order < 0 ? MATCH_OLDER : order > 0 ? MATCH_NEWER : MATCH_EXACT;
}

bool starts_with(struct bytes text, struct bytes start) {
  return text.size >= start.size && (start.size == 0 || memcmp(text.at, start.at, start.size) == 0);
}

bool matches_pattern(struct bytes pattern, const struct extern_name *name) {
  if (pattern.size && pattern.at[pattern.size - 1] == '*')
    return starts_with(name->name, (struct bytes){pattern.at, pattern.size - 1});
  if (bytes_equal(pattern, name->name))
    return true;
  return pattern.size > 0 && pattern.size < name->name.size && starts_with(name->name, pattern) &&
         name->name.at[pattern.size] == '@';
}

void add_listed(struct context *c, struct listing *list, struct bytes item) {
  if (list->is_cut)
    return;
  list->is_cut = list->text.size + item.size > LISTED_LIMIT;
  const char *comma = list->text.size ? ", " : "";
  if (list->is_cut)
    list->text = format_bytes(c, "%.*s%s...", SHOW(list->text), comma);
  else
    list->text = format_bytes(c, "%.*s%s\"%.*s\"", SHOW(list->text), comma, SHOW(item));
}

struct bytes end_listing(const struct listing *list) { return list->text.size ? list->text : bytes_of("none"); }
