/* oracle.c -- what has to hold for anything that is given to meld to be fused.
 *
 * In both forms of output, an input is refused with a sentence or gives the same bytes each time, and meld finds these
 * valid, and the input too. A fused component is a component like any other: it can be fused in turn.
 *
 * Provides  expect_fused.
 */
#include "oracle.h"
#include "fuzz.h"

static void fuse(const uint8_t *data, size_t size, meld_output output, meld_result *result) {
  meld_options options = meld_default_options();
  options.validate = true;
  options.output = output;
  meld_fuse(&options, data, size, result);
  expect_result(result, size, "fuse");
}

static void expect_valid(const uint8_t *data, size_t size, const char *what) {
  meld_result result;
  meld_validate(NULL, data, size, &result);
  EXPECT(result.status == MELD_DONE, "the %s is not valid: at 0x%zx: %s: %s", what, result.offset, result.path,
         result.message);
  meld_result_free(&result);
}

static void expect_fused_again(const meld_result *component) {
  meld_result again;
  fuse(component->data, component->size, MELD_OUTPUT_COMPONENT, &again);
  EXPECT(again.status == MELD_DONE, "fused once, but not again: %s: %s", again.path, again.message);
  meld_result_free(&again);
}

static void expect_fused_as(const uint8_t *data, size_t size, meld_output output) {
  meld_result first, second, plan;
  fuse(data, size, output, &first);
  fuse(data, size, output, &second);
  fuse(data, size, MELD_OUTPUT_DUMP_PLAN, &plan);
  EXPECT(first.status == second.status && strcmp(first.message, second.message) == 0, "two runs");
  EXPECT(first.size == second.size && (!first.size || memcmp(first.data, second.data, first.size) == 0), "two runs");
  EXPECT(first.status != MELD_DONE || plan.status == MELD_DONE, "fused, but: %s", plan.message);
  if (first.status == MELD_DONE) {
    expect_valid(data, size, "input");
    expect_valid(first.data, first.size, "output");
  }
  if (first.status == MELD_DONE && output == MELD_OUTPUT_COMPONENT)
    expect_fused_again(&first);
  meld_result_free(&first);
  meld_result_free(&second);
  meld_result_free(&plan);
}

void expect_fused(const uint8_t *data, size_t size) {
  expect_fused_as(data, size, MELD_OUTPUT_CORE);
  expect_fused_as(data, size, MELD_OUTPUT_COMPONENT);
}
