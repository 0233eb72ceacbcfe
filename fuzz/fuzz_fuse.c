/* fuzz_fuse.c -- any bytes at all are fused, or refused with a sentence; see oracle.c. */
#include "fuzz.h"
#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  expect_fused(data, size);
  return 0;
}
