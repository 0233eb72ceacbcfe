/* limits.h -- how large the parts of a core module may be.
 *
 * They are those that engines have agreed on, so that a module over one of them runs nowhere, and they keep what a
 * small input can ask a checker to do in proportion to its size.
 *
 * Spec: WebAssembly JavaScript Interface, "Implementation-defined Limits"; the last two are of our own.
 */
#ifndef MELD_WASM_LIMITS_H
#define MELD_WASM_LIMITS_H

#define TYPE_LIMIT 1000000 /* in all recursion groups */
#define ITEM_LIMIT 1000000 /* functions, globals, tags, imports, exports */
#define TABLE_LIMIT 100000
#define MEMORY_LIMIT 100
#define SEGMENT_LIMIT 100000 /* of elements, of data */
#define TABLE_ENTRY_LIMIT 10000000
#define PARAMETER_LIMIT 1000 /* of a function type; as many results */
#define FIELD_LIMIT 10000
#define SUBTYPE_DEPTH_LIMIT 63
#define BODY_SIZE_LIMIT 7654321
#define LOCAL_LIMIT 50000 /* with the parameters */

#define CLAUSE_LIMIT 10000     /* of try_table or resume */
#define OPERAND_LIMIT 10000000 /* on the stack while a body is checked */
#define FIRST_OPERANDS 1024    /* that there is room for from the beginning */

#endif
