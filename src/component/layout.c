/* layout.c -- where a value lies in linear memory, and which core values it is when it is passed flat.
 *
 * Each type gets its layout and its flat types when it is made, from those of its parts, for both sizes of pointer:
 *
 *     record { a: u8, b: string }    32 bit: at 0 and 4, 12 bytes, i32 i32 i32
 *                                    64 bit: at 0 and 8, 24 bytes, i32 i64 i64
 *
 * Sizes and counts saturate, so that no input overflows them; types as large as that are refused by check.c.
 *
 * Requires  parts that are laid out; the number of parts as in types.c.
 * Provides  lay_out_type, and questions about the layout of a type.
 * Spec      CanonicalABI.md "Alignment", "Element Size", "Flattening".
 */
#include "component/types.h"

#include <assert.h>
#include <string.h>

#define SIZE_LIMIT ((uint64_t)1 << 40)
#define FLAT_COUNT_LIMIT ((uint32_t)1 << 20)

static uint64_t limit_size(uint64_t size) { return size < SIZE_LIMIT ? size : SIZE_LIMIT; }

static uint32_t limit_count(uint64_t count) { return count < FLAT_COUNT_LIMIT ? (uint32_t)count : FLAT_COUNT_LIMIT; }

static uint32_t pointer_bytes(enum pointer_size p) { return p == POINTER_32 ? 4 : 8; }

static uint8_t pointer_code(enum pointer_size p) { return p == POINTER_32 ? CORE_I32 : CORE_I64; }

static uint32_t max_u32(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* align_to() */
static uint64_t align_to(uint64_t offset, uint32_t alignment) {
  return limit_size((offset + alignment - 1) / alignment * alignment);
}

/* discriminant_type() */
uint32_t discriminant_size(const struct type *variant) {
  if (variant->kind == TYPE_FLAGS)
    return flags_size(variant);
  assert(is_variant_like(variant));
  return variant->field_count <= 1u << 8 ? 1 : variant->field_count <= 1u << 16 ? 2 : 4;
}

/* alignment_flags(), elem_size_flags() */
uint32_t flags_size(const struct type *flags) {
  assert(flags->kind == TYPE_FLAGS);
  return flags->field_count <= 8 ? 1 : flags->field_count <= 16 ? 2 : 4;
}

/* max_case_alignment() */
static uint32_t max_case_alignment(const struct type *variant, enum pointer_size p) {
  uint32_t alignment = 1;
  for (uint32_t i = 0; i < variant->field_count; i++)
    if (variant->fields[i].type)
      alignment = max_u32(alignment, variant->fields[i].type->layout[p].alignment);
  return alignment;
}

/* alignment_record(), elem_size_record() */
static struct type_layout record_layout(struct type_field *fields, uint32_t count, enum pointer_size p) {
  struct type_layout layout = {.alignment = 1};
  for (uint32_t i = 0; i < count; i++) {
    const struct type_layout field = fields[i].type->layout[p];
    layout.alignment = max_u32(layout.alignment, field.alignment);
    fields[i].offset[p] = align_to(layout.size, field.alignment);
    layout.size = limit_size(fields[i].offset[p] + field.size);
  }
  layout.size = align_to(layout.size, layout.alignment);
  return layout;
}

/* alignment_variant(), elem_size_variant() */
static struct type_layout variant_layout(const struct type *variant, struct type_field *cases, enum pointer_size p) {
  const uint32_t discriminant = discriminant_size(variant);
  const uint32_t payload_alignment = max_case_alignment(variant, p);
  const uint64_t payload = align_to(discriminant, payload_alignment);
  uint64_t payload_size = 0;
  for (uint32_t i = 0; i < variant->field_count; i++) {
    cases[i].offset[p] = payload;
    if (cases[i].type && cases[i].type->layout[p].size > payload_size)
      payload_size = cases[i].type->layout[p].size;
  }
  struct type_layout layout = {.alignment = max_u32(discriminant, payload_alignment)};
  layout.size = align_to(payload + payload_size, layout.alignment);
  return layout;
}

static struct type_layout scalar_layout(uint32_t size) { return (struct type_layout){size, size}; }

/* alignment(), elem_size() */
static struct type_layout layout_of(const struct type *t, struct type_field *fields, enum pointer_size p) {
  switch (t->kind) {
  case TYPE_BOOL:
  case TYPE_S8:
  case TYPE_U8:
    return scalar_layout(1);
  case TYPE_S16:
  case TYPE_U16:
    return scalar_layout(2);
  case TYPE_S32:
  case TYPE_U32:
  case TYPE_F32:
  case TYPE_CHAR:
  case TYPE_ERROR_CONTEXT:
  case TYPE_OWN:
  case TYPE_BORROW:
  case TYPE_STREAM:
  case TYPE_FUTURE:
    return scalar_layout(4);
  case TYPE_S64:
  case TYPE_U64:
  case TYPE_F64:
    return scalar_layout(8);
  case TYPE_STRING:
  case TYPE_LIST:
  case TYPE_MAP:
    return (struct type_layout){pointer_bytes(p), 2 * pointer_bytes(p)};
  case TYPE_FIXED_LIST: {
    const struct type_layout element = t->element->layout[p];
    /* Both are below 2^41 and 2^32; their product must not wrap. */
    const uint64_t size = element.size && t->length > SIZE_LIMIT / element.size ? SIZE_LIMIT : element.size * t->length;
    return (struct type_layout){element.alignment, limit_size(size)};
  }
  case TYPE_FLAGS:
    return scalar_layout(flags_size(t));
  case TYPE_RECORD:
  case TYPE_TUPLE:
    return record_layout(fields, t->field_count, p);
  case TYPE_VARIANT:
  case TYPE_ENUM:
  case TYPE_OPTION:
  case TYPE_RESULT:
    return variant_layout(t, fields, p);
  }
  assert(false);
  return scalar_layout(1);
}

/* How many values flatten_type() gives; the same for both sizes of pointer. */
static uint32_t flat_count_of(const struct type *t) {
  uint64_t count = 0;
  switch (t->kind) {
  case TYPE_STRING:
  case TYPE_LIST:
  case TYPE_MAP:
    return 2;
  case TYPE_FIXED_LIST:
    return limit_count((uint64_t)t->element->flat_count * t->length);
  case TYPE_RECORD:
  case TYPE_TUPLE:
    for (uint32_t i = 0; i < t->field_count; i++)
      count = limit_count(count + t->fields[i].type->flat_count);
    return (uint32_t)count;
  case TYPE_VARIANT:
  case TYPE_ENUM:
  case TYPE_OPTION:
  case TYPE_RESULT:
    for (uint32_t i = 0; i < t->field_count; i++)
      if (t->fields[i].type && t->fields[i].type->flat_count > count)
        count = t->fields[i].type->flat_count;
    return limit_count(1 + count);
  default:
    return 1;
  }
}

/* join() */
uint8_t join_flat(uint8_t a, uint8_t b) {
  if (a == b)
    return a;
  if ((a == CORE_I32 && b == CORE_F32) || (a == CORE_F32 && b == CORE_I32))
    return CORE_I32;
  return CORE_I64;
}

/* flatten_variant() */
static void flatten_variant(const struct type *variant, enum pointer_size p, uint8_t *out) {
  *out++ = CORE_I32;
  uint32_t count = 0;
  for (uint32_t i = 0; i < variant->field_count; i++) {
    const struct type *payload = variant->fields[i].type;
    for (uint32_t n = 0; payload && n < payload->flat_count; n++) {
      if (n < count)
        out[n] = join_flat(out[n], payload->flat[p][n]);
      else
        out[count++] = payload->flat[p][n];
    }
  }
}

/* flatten_type(), of one level: the parts know their own. */
static void flatten_parts(const struct type *t, enum pointer_size p, uint8_t *out) {
  switch (t->kind) {
  case TYPE_S64:
  case TYPE_U64:
    out[0] = CORE_I64;
    return;
  case TYPE_F32:
    out[0] = CORE_F32;
    return;
  case TYPE_F64:
    out[0] = CORE_F64;
    return;
  case TYPE_STRING:
  case TYPE_LIST:
  case TYPE_MAP:
    out[0] = out[1] = pointer_code(p);
    return;
  case TYPE_FIXED_LIST:
    /* No element has no flat values, so that this is bounded by MAX_FLAT_PARAMS. */
    for (uint32_t i = 0; t->element->flat_count && i < t->length; i++)
      out += flatten_type(t->element, p, out);
    return;
  case TYPE_RECORD:
  case TYPE_TUPLE:
    for (uint32_t i = 0; i < t->field_count; i++)
      out += flatten_type(t->fields[i].type, p, out);
    return;
  case TYPE_VARIANT:
  case TYPE_ENUM:
  case TYPE_OPTION:
  case TYPE_RESULT:
    flatten_variant(t, p, out);
    return;
  default:
    out[0] = CORE_I32;
    return;
  }
}

void lay_out_type(struct context *c, struct type *type, struct type_field *fields) {
  assert(type->fields == fields);
  type->flat_count = flat_count_of(type);
  for (enum pointer_size p = POINTER_32; p < POINTER_SIZE_COUNT; p++) {
    type->layout[p] = layout_of(type, fields, p);
    if (type->flat_count > MAX_FLAT_PARAMS)
      continue;
    uint8_t *flat = ALLOCATE(c, uint8_t, type->flat_count);
    flatten_parts(type, p, flat);
    type->flat[p] = flat;
  }
}

uint64_t payload_offset(const struct type *variant, enum pointer_size p) {
  assert(is_variant_like(variant) && variant->field_count > 0);
  return variant->fields[0].offset[p];
}

uint64_t field_offset(const struct type *record, uint32_t field, enum pointer_size p) {
  assert(is_record_like(record) && field < record->field_count);
  return record->fields[field].offset[p];
}

uint32_t flatten_type(const struct type *t, enum pointer_size p, uint8_t *out) {
  assert(t->flat_count <= MAX_FLAT_PARAMS && t->flat[p]);
  memcpy(out, t->flat[p], t->flat_count);
  return t->flat_count;
}

static void flatten_result(struct flat_functype *flat, const struct type *result, enum flat_direction d,
                           enum pointer_size p) {
  const uint32_t count = result ? result->flat_count : 0;
  const bool lowers = d == FLAT_LOWER || d == FLAT_LOWER_ASYNC;
  if (d == FLAT_LIFT || d == FLAT_LOWER)
    flat->result_spilled = count > MAX_FLAT_RESULTS;
  else
    flat->result_spilled = lowers && count > 0;
  if (flat->result_spilled && lowers)
    flat->params[flat->param_count++] = pointer_code(p);
  if (d == FLAT_LIFT_CALLBACK || d == FLAT_LOWER_ASYNC)
    flat->results[flat->result_count++] = CORE_I32;
  else if (flat->result_spilled && !lowers)
    flat->results[flat->result_count++] = pointer_code(p);
  else if (!flat->result_spilled && d != FLAT_LIFT_ASYNC && result)
    flat->result_count = flatten_type(result, p, flat->results);
}

/* flatten_functype() */
struct flat_functype flatten_functype(const struct functype *f, enum flat_direction d, enum pointer_size p) {
  struct flat_functype flat = {0};
  uint64_t count = 0;
  for (uint32_t i = 0; i < f->param_count; i++)
    count += f->params[i].type->flat_count;
  flat.params_spilled = count > (d == FLAT_LOWER_ASYNC ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS);
  if (flat.params_spilled)
    flat.params[flat.param_count++] = pointer_code(p);
  for (uint32_t i = 0; !flat.params_spilled && i < f->param_count; i++)
    flat.param_count += flatten_type(f->params[i].type, p, flat.params + flat.param_count);
  flatten_result(&flat, f->result, d, p);
  return flat;
}

const struct type *params_tuple(struct context *c, struct types *types, const struct functype *f) {
  struct type_field *fields = ALLOCATE(c, struct type_field, f->param_count);
  for (uint32_t i = 0; i < f->param_count; i++)
    fields[i].type = f->params[i].type;
  return intern_type(c, types, &(struct type){.kind = TYPE_TUPLE, .field_count = f->param_count, .fields = fields});
}
