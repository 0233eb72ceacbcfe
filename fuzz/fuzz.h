/* fuzz.h -- what the fuzz targets share.
 *
 * A target is the one function that libFuzzer calls, here also called by replay.c. It states its oracles with EXPECT:
 * what does not hold ends the process, which is how a fuzzer learns of it.
 */
#ifndef MELD_FUZZ_FUZZ_H
#define MELD_FUZZ_FUZZ_H

#include "meld.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(condition, ...)                                                                                         \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: does not hold: %s: ", __FILE__, __LINE__, #condition);                                   \
      fprintf(stderr, __VA_ARGS__);                                                                                    \
      fputc('\n', stderr);                                                                                             \
      abort();                                                                                                         \
    }                                                                                                                  \
  } while (0)

/* The fuzzer's entry points. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
                                 size_t capacity, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t capacity);

/* What every result owes: DONE, or INPUT with a sentence and an offset inside of the input. Never a fault of meld's
 * own, nor more memory than there is. */
static inline void expect_result(const meld_result *result, size_t size, const char *what) {
  EXPECT(result->status == MELD_DONE || result->status == MELD_INPUT, "%s: %s: %s: %s", what,
         meld_status_name(result->status), result->path, result->message);
  if (result->status == MELD_DONE)
    return;
  EXPECT(!result->data && result->message[0], "%s", what);
  EXPECT(result->offset == MELD_NO_OFFSET || result->offset <= size, "%s: %s", what, result->message);
}

#endif
