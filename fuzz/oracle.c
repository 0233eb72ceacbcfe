/* oracle.c -- what has to hold for anything that is given to meld to be fused.
 *
 * In both forms of output, an input is refused with a sentence or gives the same bytes each time, and meld finds these
 * valid. A fused component is a component, so that it can be fused in turn.
 *
 * Provides  expect_fused.
 */
#include "oracle.h"
#include "fuzz.h"

static void fuse(const uint8_t *data, size_t size, meld_output output, meld_result *result) {
  meld_options options = meld_default_options();
  options.output = output;
  meld_fuse(&options, data, size, result);
  expect_result(result, size, "fuse");
}

static void expect_valid(const meld_result *fused) {
  meld_result result;
  meld_validate(NULL, fused->data, fused->size, &result);
  EXPECT(result.status == MELD_DONE, "the output is not valid: at 0x%zx: %s: %s", result.offset, result.path,
         result.message);
  meld_result_free(&result);
}

static void expect_fused_as(const uint8_t *data, size_t size, meld_output output) {
  meld_result first, second, plan;
  fuse(data, size, output, &first);
  fuse(data, size, output, &second);
  fuse(data, size, MELD_OUTPUT_DUMP_PLAN, &plan);
  EXPECT(first.status == second.status && strcmp(first.message, second.message) == 0, "two runs");
  EXPECT(first.size == second.size && (!first.size || memcmp(first.data, second.data, first.size) == 0), "two runs");
  EXPECT(first.status != MELD_DONE || plan.status == MELD_DONE, "fused, but: %s", plan.message);
  if (first.status == MELD_DONE)
    expect_valid(&first);
  meld_result_free(&first);
  meld_result_free(&second);
  meld_result_free(&plan);
}

void expect_fused(const uint8_t *data, size_t size) {
  expect_fused_as(data, size, MELD_OUTPUT_CORE);
  expect_fused_as(data, size, MELD_OUTPUT_COMPONENT);
}
