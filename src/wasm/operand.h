/* operand.h -- value types as words, and what a module's types are to each other.
 *
 * A checker compares types more often than it does anything else, so that here a value type is one word, and equal
 * types are equal words. For that, a type index is replaced by that of the first type of the module that is equal:
 *
 *     (type $a (func)) (type $b (func))      (ref $a) and (ref $b) are both the word of (ref $a)
 *
 * Spec: WebAssembly 3.0 core, "Validation / Types" and "Matching".
 */
#ifndef MELD_WASM_OPERAND_H
#define MELD_WASM_OPERAND_H

#include "wasm/module.h"

/* From the lowest bit: the code (8 bits), flags, from bit 32 the heap: a type index, or the byte of an abstract one. */
typedef uint64_t operand;

enum operand_flag {
  OPERAND_EXACT = 1 << 8,
  OPERAND_SHARED = 1 << 9,   /* of an abstract heap type */
  OPERAND_DEFINED = 1 << 10, /* the heap is a type index */
  OPERAND_OPEN = 1 << 11,    /* shared or not: comes from code that is never reached */
};

#define OPERAND_BOTTOM ((operand)0)                                    /* of any type at all */
#define OPERAND_REF_BOTTOM ((operand)CORE_REF | (operand)OPERAND_OPEN) /* of any reference type */
#define OPERAND_HEAP_SHIFT 32

static inline uint8_t operand_code(operand type) { return (uint8_t)type; }
static inline bool is_reference(operand type) {
  return operand_code(type) == CORE_REF || operand_code(type) == CORE_REF_NULL;
}
static inline bool is_defined(operand type) { return (type & OPERAND_DEFINED) != 0; }
static inline uint32_t operand_index(operand type) { return (uint32_t)(type >> OPERAND_HEAP_SHIFT); }
/* Of one that is not defined. */
static inline int64_t operand_heap(operand type) { return (int64_t)operand_index(type) - 0x80; }
static inline operand abstract_operand(enum core_code code, int64_t heap, bool shared) {
  return (operand)code | (operand)(shared ? OPERAND_SHARED : 0) | (operand)(heap + 0x80) << OPERAND_HEAP_SHIFT;
}
static inline operand with_code(operand type, enum core_code code) { return (type & ~(operand)0xff) | (operand)code; }
/* Has it a value to begin with? */
static inline bool is_defaultable(operand type) { return operand_code(type) != CORE_REF; }

struct signature {
  const operand *parameters, *results;
  uint32_t parameter_count, result_count;
};

/* The types of a module, each standing for itself or for the first one that is equal to it. */
struct type_space {
  const struct module *module;
  const uint32_t *canonical;
  const struct signature *signatures; /* of function types */
};

/* wasm/check_types.c. Checks the types of a module that read.c has read, declared supertypes above all. */
struct type_space check_types(struct context *c, const struct module *m);
operand operand_of(const struct type_space *types, struct core_valtype type);
operand defined_operand(const struct type_space *types, enum core_code code, uint32_t type);
bool operand_matches(const struct type_space *types, operand type, operand wanted);
bool operand_is_shared(const struct type_space *types, operand type);
/* `type` <: `wanted`, of functions. */
bool signature_matches(const struct type_space *types, const struct signature *type, const struct signature *wanted);

/* For a diagnostic: "i32", "(ref null func)", "(ref 5)". */
struct operand_text {
  char text[48];
};
struct operand_text show_operand(operand type);

#endif
