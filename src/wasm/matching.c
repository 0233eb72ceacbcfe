/* matching.c -- when types of two modules are the same, and when an item may stand for an import.
 *
 * Types are equal by structure, a recursion group at a time: inside the group a reference is compared by its position
 * in the group, and a reference out of it, which can only lead to an earlier group, by comparing that group in turn.
 *
 *     (rec (type $list (struct (ref null $list))))    equal in any two modules, wherever $list stands
 *
 * One difference anywhere makes the whole answer false, so only equal pairs are worth remembering: a small table of
 * them keeps a type that is reached over many paths, or by many imports, from being compared along each. Its size and a
 * limit on depth and work bound what a hostile module can ask for; a comparison that goes over a limit answers "not the
 * same", and the caller is told of the work, to limit that of all comparisons.
 *
 * Requires  two modules as read.c makes them.
 * Provides  same_type, extern_matches; what is known of abstract heap types.
 * Spec      WebAssembly 3.0 core, "Validation / Types / Defined Types" and "Matching".
 */
#include "wasm/module.h"

#define GROUP_DEPTH_LIMIT 1000   /* of recursion groups that refer to earlier ones */
#define GROUP_WORK_LIMIT 4000000 /* members of groups and their parts compared for one answer */

struct comparison {
  struct matching *matching;
  const struct module *a, *b;
  uint64_t most_work; /* of matching->work */
  uint32_t depth;
};

static bool same_type_index(struct comparison *c, uint32_t type_a, uint32_t type_b);

static bool is_reference(struct core_valtype type) { return type.code == CORE_REF || type.code == CORE_REF_NULL; }

/* References from within two groups: equal positions in them, or equal types before them. */
static bool same_reference(struct comparison *c, const struct core_type *from_a, const struct core_type *from_b,
                           uint32_t to_a, uint32_t to_b) {
  const bool inside_a = to_a >= from_a->group;
  const bool inside_b = to_b >= from_b->group;
  if (inside_a || inside_b)
    return inside_a && inside_b && to_a - from_a->group == to_b - from_b->group;
  return same_type_index(c, to_a, to_b);
}

static bool same_valtype(struct comparison *c, const struct core_type *from_a, const struct core_type *from_b,
                         struct core_valtype a, struct core_valtype b) {
  if (a.code != b.code)
    return false;
  if (!is_reference(a))
    return true;
  if (a.exact != b.exact || a.shared != b.shared)
    return false;
  if (a.heap < 0 || b.heap < 0)
    return a.heap == b.heap;
  return same_reference(c, from_a, from_b, (uint32_t)a.heap, (uint32_t)b.heap);
}

static bool same_valtypes(struct comparison *c, const struct core_type *from_a, const struct core_type *from_b,
                          const struct core_valtype *a, const struct core_valtype *b, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (!same_valtype(c, from_a, from_b, a[i], b[i]))
      return false;
  return true;
}

static bool same_member(struct comparison *c, const struct core_type *a, const struct core_type *b) {
  if (a->composite != b->composite || a->is_final != b->is_final || a->is_shared != b->is_shared ||
      a->supertype_count != b->supertype_count || a->func.param_count != b->func.param_count ||
      a->func.result_count != b->func.result_count || a->field_count != b->field_count)
    return false;
  c->matching->work += (uint64_t)1 + a->func.param_count + a->func.result_count + a->field_count;
  if (c->matching->work > c->most_work)
    return false;
  for (uint32_t i = 0; i < a->supertype_count; i++)
    if (!same_reference(c, a, b, a->supertypes[i], b->supertypes[i]))
      return false;
  for (uint32_t i = 0; i < a->field_count; i++)
    if (a->fields[i].is_mutable != b->fields[i].is_mutable ||
        !same_valtype(c, a, b, a->fields[i].type, b->fields[i].type))
      return false;
  return same_valtypes(c, a, b, a->func.params, b->func.params, a->func.param_count) &&
         same_valtypes(c, a, b, a->func.results, b->func.results, a->func.result_count);
}

static bool same_members(struct comparison *c, uint32_t group_a, uint32_t group_b, uint32_t size) {
  for (uint32_t i = 0; i < size; i++)
    if (!same_member(c, &c->a->types.items[group_a + i], &c->b->types.items[group_b + i]))
      return false;
  return true;
}

static uint32_t slot_of(const struct comparison *c, uint32_t group_a, uint32_t group_b) {
  return (group_a * 31 + group_b) % (sizeof c->matching->known / sizeof *c->matching->known);
}

static bool is_known(const struct comparison *c, uint32_t group_a, uint32_t group_b) {
  const uint32_t slot = slot_of(c, group_a, group_b);
  return c->matching->known[slot].a == c->a && c->matching->known[slot].b == c->b &&
         c->matching->known[slot].group_a == group_a && c->matching->known[slot].group_b == group_b;
}

static void note_known(const struct comparison *c, uint32_t group_a, uint32_t group_b) {
  const uint32_t slot = slot_of(c, group_a, group_b);
  c->matching->known[slot].a = c->a;
  c->matching->known[slot].b = c->b;
  c->matching->known[slot].group_a = group_a;
  c->matching->known[slot].group_b = group_b;
}

static bool same_type_index(struct comparison *c, uint32_t type_a, uint32_t type_b) {
  if (type_a >= c->a->types.count || type_b >= c->b->types.count)
    return false;
  const struct core_type *a = &c->a->types.items[type_a];
  const struct core_type *b = &c->b->types.items[type_b];
  if (type_a - a->group != type_b - b->group || a->group_size != b->group_size)
    return false;
  if (c->a == c->b && a->group == b->group)
    return true;
  if (is_known(c, a->group, b->group))
    return true;
  if (c->depth == GROUP_DEPTH_LIMIT)
    return false;
  c->depth++;
  const bool same = same_members(c, a->group, b->group, a->group_size);
  c->depth--;
  if (same)
    note_known(c, a->group, b->group);
  return same;
}

bool same_type(struct matching *matching, const struct module *a, uint32_t type_a, const struct module *b,
               uint32_t type_b) {
  struct comparison c = {matching, a, b, matching->work + GROUP_WORK_LIMIT, 0};
  return same_type_index(&c, type_a, type_b);
}

/* deftype <: deftype: the same, or a declared supertype is. */
static bool is_subtype(struct matching *matching, const struct module *a, uint32_t type, const struct module *b,
                       uint32_t wanted) {
  for (;;) {
    if (same_type(matching, a, type, b, wanted))
      return true;
    if (type >= a->types.count || a->types.items[type].supertype_count == 0)
      return false;
    const uint32_t supertype = a->types.items[type].supertypes[0];
    if (supertype >= type)
      return false;
    type = supertype;
  }
}

int64_t heap_of_composite(enum core_composite composite) {
  switch (composite) {
  case COMPOSITE_FUNC:
    return HEAP_FUNC;
  case COMPOSITE_STRUCT:
    return HEAP_STRUCT;
  case COMPOSITE_ARRAY:
    return HEAP_ARRAY;
  case COMPOSITE_CONT:
    break;
  }
  return HEAP_CONT;
}

int64_t bottom_heap(int64_t heap) {
  switch (heap) {
  case HEAP_FUNC:
  case HEAP_NO_FUNC:
    return HEAP_NO_FUNC;
  case HEAP_EXTERN:
  case HEAP_NO_EXTERN:
    return HEAP_NO_EXTERN;
  case HEAP_EXN:
  case HEAP_NO_EXN:
    return HEAP_NO_EXN;
  case HEAP_CONT:
  case HEAP_NO_CONT:
    return HEAP_NO_CONT;
  default:
    return HEAP_NONE;
  }
}

/* absheaptype <: absheaptype */
bool abstract_heap_matches(int64_t heap, int64_t wanted) {
  if (heap == wanted || heap == bottom_heap(wanted))
    return true;
  const bool is_below_eq = heap == HEAP_I31 || heap == HEAP_STRUCT || heap == HEAP_ARRAY;
  return (wanted == HEAP_ANY && (is_below_eq || heap == HEAP_EQ)) || (wanted == HEAP_EQ && is_below_eq);
}

/* heaptype <: heaptype */
static bool heap_matches(struct matching *matching, const struct module *a, struct core_valtype type,
                         const struct module *b, struct core_valtype wanted) {
  if (type.heap >= 0 && wanted.heap >= 0)
    return wanted.exact ? type.exact && same_type(matching, a, (uint32_t)type.heap, b, (uint32_t)wanted.heap)
                        : is_subtype(matching, a, (uint32_t)type.heap, b, (uint32_t)wanted.heap);
  if (type.heap >= 0) {
    if (type.heap >= a->types.count)
      return false;
    const struct core_type *defined = &a->types.items[type.heap];
    return defined->is_shared == wanted.shared &&
           abstract_heap_matches(heap_of_composite(defined->composite), wanted.heap);
  }
  if (wanted.heap >= 0) {
    if (wanted.heap >= b->types.count)
      return false;
    const struct core_type *defined = &b->types.items[wanted.heap];
    return defined->is_shared == type.shared && type.heap == bottom_heap(heap_of_composite(defined->composite));
  }
  return type.shared == wanted.shared && abstract_heap_matches(type.heap, wanted.heap);
}

/* valtype <: valtype */
static bool valtype_matches(struct matching *matching, const struct module *a, struct core_valtype type,
                            const struct module *b, struct core_valtype wanted) {
  if (!is_reference(type) || !is_reference(wanted))
    return type.code == wanted.code;
  if (type.code == CORE_REF_NULL && wanted.code == CORE_REF)
    return false;
  return heap_matches(matching, a, type, b, wanted);
}

static bool equivalent_valtypes(struct matching *matching, const struct module *a, struct core_valtype type,
                                const struct module *b, struct core_valtype other) {
  return valtype_matches(matching, a, type, b, other) && valtype_matches(matching, b, other, a, type);
}

/* limits <: limits */
static bool limits_match(const struct core_limits *limits, const struct core_limits *wanted) {
  if (limits->is_64 != wanted->is_64 || limits->is_shared != wanted->is_shared ||
      page_size_log2(limits) != page_size_log2(wanted))
    return false;
  if (limits->minimum < wanted->minimum)
    return false;
  return !wanted->has_maximum || (limits->has_maximum && limits->maximum <= wanted->maximum);
}

/* globaltype <: globaltype: a variable is written too, so that its type has to be equal. */
static bool global_matches(struct matching *matching, const struct module *a, const struct core_global_type *global,
                           const struct module *b, const struct core_global_type *wanted) {
  if (global->is_mutable != wanted->is_mutable || global->is_shared != wanted->is_shared)
    return false;
  return wanted->is_mutable ? equivalent_valtypes(matching, a, global->type, b, wanted->type)
                            : valtype_matches(matching, a, global->type, b, wanted->type);
}

bool extern_matches(struct matching *matching, const struct module *a, const struct core_extern *item,
                    const struct module *b, const struct core_extern *wanted) {
  if (item->kind != wanted->kind)
    return false;
  switch (item->kind) {
  case CORE_FUNC:
    return wanted->exact ? same_type(matching, a, item->type, b, wanted->type)
                         : is_subtype(matching, a, item->type, b, wanted->type);
  case CORE_TABLE:
    return limits_match(&item->table.limits, &wanted->table.limits) &&
           equivalent_valtypes(matching, a, item->table.element, b, wanted->table.element);
  case CORE_MEMORY:
    return limits_match(&item->memory, &wanted->memory);
  case CORE_GLOBAL:
    return global_matches(matching, a, &item->global, b, &wanted->global);
  case CORE_TAG:
    return same_type(matching, a, item->type, b, wanted->type);
  case CORE_KIND_COUNT:
    break;
  }
  return false;
}
