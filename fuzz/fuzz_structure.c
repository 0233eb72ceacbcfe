/* fuzz_structure.c -- components changed as components: by their definitions, not by their bytes; see structure.c for
 * the mutations and oracle.c for what has to hold.
 */
#include "fuzz.h"
#include "oracle.h"
#include "structure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  expect_fused(data, size);
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed) {
  const size_t changed = mutate_structure((struct bytes){data, size}, (struct bytes){0}, data, capacity, seed);
  return changed ? changed : LLVMFuzzerMutate(data, size, capacity);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t capacity, unsigned seed) {
  return mutate_structure((struct bytes){a, a_size}, (struct bytes){b, b_size}, out, capacity, seed);
}
