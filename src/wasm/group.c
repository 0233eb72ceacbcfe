/* group.c -- recursion groups as keys, so that equality of types becomes equality of bytes.
 *
 * Types are equal when their recursion groups are, a place in the group for a place. In the key, references to earlier
 * groups are indices of types that are one for all equal ones, and references within the group are relative to its
 * start:
 *
 *     (rec (type $list (struct (ref null $list))))    01 5f 01 00 00 00 01 63 00 02 00 00, wherever $list stands
 *
 * Requires  types in order: references lead to earlier groups or stay inside.
 * Provides  put_group_key.
 * Spec      WebAssembly core, "Types / Recursive Types", "Validation / Conventions / Rolling and Unrolling".
 */
#include "wasm/module.h"

#include <assert.h>

enum reference { REFERENCE_ABSTRACT, REFERENCE_EARLIER, REFERENCE_INSIDE };

struct key {
  struct buffer *bytes;
  uint32_t group;
  const uint32_t *to;
};

static void put_reference(const struct key *key, uint32_t type) {
  if (type >= key->group) {
    put_byte(key->bytes, REFERENCE_INSIDE);
    put_u32(key->bytes, type - key->group);
  } else {
    assert(key->to[type] != NO_INDEX);
    put_byte(key->bytes, REFERENCE_EARLIER);
    put_u32(key->bytes, key->to[type]);
  }
}

static void put_key_valtype(const struct key *key, struct core_valtype type) {
  put_byte(key->bytes, type.code);
  if (type.code != CORE_REF && type.code != CORE_REF_NULL)
    return;
  put_byte(key->bytes, (uint8_t)(type.exact | type.shared << 1));
  if (type.heap >= 0) {
    put_reference(key, (uint32_t)type.heap);
  } else {
    put_byte(key->bytes, REFERENCE_ABSTRACT);
    put_s33(key->bytes, type.heap);
  }
}

static void put_key_type(const struct key *key, const struct core_type *type) {
  put_byte(key->bytes, (uint8_t)type->composite);
  put_byte(key->bytes, (uint8_t)(type->is_final | type->is_shared << 1));
  put_u32(key->bytes, type->supertype_count);
  for (uint32_t i = 0; i < type->supertype_count; i++)
    put_reference(key, type->supertypes[i]);
  put_u32(key->bytes, type->func.param_count);
  for (uint32_t i = 0; i < type->func.param_count; i++)
    put_key_valtype(key, type->func.params[i]);
  put_u32(key->bytes, type->func.result_count);
  for (uint32_t i = 0; i < type->func.result_count; i++)
    put_key_valtype(key, type->func.results[i]);
  put_u32(key->bytes, type->field_count);
  for (uint32_t i = 0; i < type->field_count; i++) {
    put_key_valtype(key, type->fields[i].type);
    put_byte(key->bytes, type->fields[i].is_mutable);
  }
}

void put_group_key(struct buffer *out, const struct core_type *types, uint32_t first, uint32_t count,
                   const uint32_t *to) {
  const struct key key = {.bytes = out, .group = first, .to = to};
  put_u32(out, count);
  for (uint32_t i = 0; i < count; i++)
    put_key_type(&key, &types[first + i]);
}
