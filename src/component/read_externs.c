/* read_externs.c -- what is common to all that crosses a boundary: sorts, names, aliases, imports and exports.
 *
 * Provides  the second part of read.h.
 * Spec      Binary.md "Instance Definitions" (sorts), "Alias Definitions", "Type Definitions" (externtype), "Import and
 *           Export Definitions".
 */
#include "component/read.h"

_Noreturn void fail_byte(struct reader *r, const char *field) {
  const uint8_t byte = *--r->at;
  fail_at(r, "%s cannot be 0x%02x", field, byte);
}

bool read_flag(struct reader *r, const char *field) {
  const uint8_t byte = read_byte(r, field);
  if (byte > 1)
    fail_byte(r, field);
  return byte;
}

void expect_byte(struct reader *r, uint8_t expected, const char *field) {
  if (read_byte(r, field) != expected)
    fail_byte(r, field);
}

struct sort_row {
  enum sort sort;
  bool is_core;
  uint8_t code;
};

static const struct sort_row sort_rows[] = {
#define SORT(id, is_core, code, name) {SORT_##id, is_core, code},
#include "component/sorts.def"
#undef SORT
};

/* The sort of the code just read. */
static enum sort find_sort(struct reader *r, bool is_core, uint8_t code, const char *field) {
  for (size_t i = 0; i < sizeof sort_rows / sizeof *sort_rows; i++)
    if (sort_rows[i].is_core == is_core && sort_rows[i].code == code)
      return sort_rows[i].sort;
  fail_byte(r, field);
}

/* `core:sort ::= 0x00 => func | 0x01 => table | ...` */
enum sort read_core_sort(struct reader *r) {
  return find_sort(r, true, read_byte(r, "the core sort"), "the core sort");
}

/* `sort ::= 0x00 cs:<core:sort> | 0x01 => func | 0x02 => value | ...` */
enum sort read_sort(struct reader *r) {
  const uint8_t code = read_byte(r, "the sort");
  if (code == 0x00)
    return read_core_sort(r);
  const enum sort sort = find_sort(r, false, code, "the sort");
  if (sort == SORT_VALUE) {
    r->at--;
    fail_at(r, "value definitions are not supported");
  }
  return sort;
}

/* `sortidx ::= sort:<sort> idx:<u32>` */
struct sort_index read_sort_index(struct reader *r) {
  const enum sort sort = read_sort(r);
  return (struct sort_index){sort, read_u32(r, "the index of an item")};
}

static struct bytes read_attribute_once(struct reader *r, bool *has, const char *name) {
  if (*has)
    fail_at(r, "the attribute `%s` is given twice", name);
  *has = true;
  return read_name(r, "the value of a name attribute");
}

/* `attribute ::= 0x00 len:<u32> in:<interfacename> | 0x01 len:<u32> vs:<semversuffix> | 0x02 n:<name>` */
static void read_attribute(struct reader *r, struct extern_name *name) {
  switch (read_byte(r, "the kind of a name attribute")) {
  case 0x00:
    name->implements = read_attribute_once(r, &name->has_implements, "implements");
    return;
  case 0x01:
    name->version_suffix = read_attribute_once(r, &name->has_version_suffix, "versionsuffix");
    return;
  case 0x02:
    name->external_id = read_attribute_once(r, &name->has_external_id, "external-id");
    return;
  default:
    fail_byte(r, "the kind of a name attribute");
  }
}

/* `nameattributes ::= 0x00 len:<u32> en:<externname> | 0x01 len:<u32> en:<externname>
 *                   | 0x02 len:<u32> en:<externname> a*:vec(<attribute>)` */
struct extern_name read_extern_name(struct reader *r) {
  struct extern_name name = {.raw.at = r->at};
  const uint8_t form = read_byte(r, "the form of a name");
  if (form > 0x02)
    fail_byte(r, "the form of a name");
  name.name = read_name(r, "the name of an import or export");
  if (form == 0x02) {
    const uint32_t count = read_count(r, 2, "the count of name attributes");
    for (uint32_t i = 0; i < count; i++)
      read_attribute(r, &name);
  }
  name.raw.size = (size_t)(r->at - name.raw.at);
  return name;
}

/* `typebound ::= 0x00 i:<typeidx> => (eq i) | 0x01 => (sub resource)` */
static struct extern_type read_type_bound(struct reader *r) {
  struct extern_type type = {.sort = SORT_TYPE};
  switch (read_byte(r, "the type bound")) {
  case 0x00:
    type.bound = BOUND_EQ;
    type.index = read_u32(r, "the type index of a bound");
    return type;
  case 0x01:
    type.bound = BOUND_SUB_RESOURCE;
    return type;
  default:
    fail_byte(r, "the type bound");
  }
}

/* `externtype ::= 0x00 0x11 i:<core:typeidx> => (core module (type i)) | 0x01 i:<typeidx> => (func (type i))
 *               | 0x02 b:<valuebound> => (value b) | 0x03 b:<typebound> => (type b)
 *               | 0x04 i:<typeidx> => (component (type i)) | 0x05 i:<typeidx> => (instance (type i))` */
struct extern_type read_extern_type(struct reader *r) {
  const enum sort sort = read_sort(r);
  if (sort == SORT_TYPE)
    return read_type_bound(r);
  if (sort >= SORT_CORE_FUNC && sort != SORT_CORE_MODULE)
    fail_at(r, "a %s cannot be imported or exported by a component; of the core sorts, only a module can",
            sort_name(sort));
  return (struct extern_type){.sort = sort, .index = read_u32(r, "the type index of an import or export")};
}

static void check_alias_sort(struct reader *r, bool is_allowed, const char *kind, enum sort sort) {
  if (!is_allowed)
    fail_at(r, "%s cannot be of sort %s", kind, sort_name(sort));
}

/* `alias ::= s:<sort> 0x00 i:<instanceidx> n:<name> | s:<sort> 0x01 i:<core:instanceidx> n:<core:name>
 *          | s:<sort> 0x02 ct:<u32> idx:<u32> (if s in outeraliassort)` */
void read_alias(struct reader *r, struct reading *reading, struct definition *into) {
  (void)reading;
  struct alias alias = {.sort = read_sort(r)};
  const enum sort sort = alias.sort;
  switch (read_byte(r, "the target of an alias")) {
  case 0x00:
    alias.kind = ALIAS_EXPORT;
    check_alias_sort(r, sort < SORT_CORE_FUNC || sort == SORT_CORE_MODULE, "an alias of an instance's export", sort);
    alias.instance = read_u32(r, "the instance index of an alias");
    alias.name = read_name(r, "the name of an aliased export");
    break;
  case 0x01:
    alias.kind = ALIAS_CORE_EXPORT;
    check_alias_sort(r, sort >= SORT_CORE_FUNC && sort <= SORT_CORE_TAG, "an alias of a core instance's export", sort);
    alias.instance = read_u32(r, "the core instance index of an alias");
    alias.name = read_name(r, "the name of an aliased core export");
    break;
  case 0x02:
    alias.kind = ALIAS_OUTER;
    check_alias_sort(r,
                     sort == SORT_CORE_MODULE || sort == SORT_CORE_TYPE || sort == SORT_TYPE || sort == SORT_COMPONENT,
                     "an outer alias", sort);
    alias.count = read_u32(r, "the scope count of an outer alias");
    alias.index = read_u32(r, "the index of an outer alias");
    break;
  default:
    fail_byte(r, "the target of an alias");
  }
  into->kind = DEFINE_ALIAS;
  into->of.alias = alias;
}

/* `import ::= na:<nameattributes> et:<externtype>` */
void read_import(struct reader *r, struct reading *reading, struct definition *into) {
  (void)reading;
  into->kind = DEFINE_IMPORT;
  into->of.import.name = read_extern_name(r);
  into->of.import.type = read_extern_type(r);
}

/* `export ::= na:<nameattributes> si:<sortidx> et?:<externtype>?` */
void read_export(struct reader *r, struct reading *reading, struct definition *into) {
  (void)reading;
  struct export_definition export_ = {.name = read_extern_name(r)};
  export_.item = read_sort_index(r);
  export_.has_type = read_flag(r, "the type flag of an export");
  if (export_.has_type)
    export_.type = read_extern_type(r);
  into->kind = DEFINE_EXPORT;
  into->of.export_ = export_;
}

/* `exportdecl ::= na:<nameattributes> et:<externtype>` */
void read_export_declaration(struct reader *r, struct definition *into) {
  struct export_definition export_ = {.name = read_extern_name(r), .has_type = true};
  export_.type = read_extern_type(r);
  export_.item = (struct sort_index){export_.type.sort, NO_INDEX};
  into->kind = DEFINE_EXPORT;
  into->of.export_ = export_;
}
