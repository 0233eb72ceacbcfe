/* fuzz_read.c -- any bytes at all are read, or refused with a sentence.
 *
 * Oracles: what is read is printed the same each time, and validation refuses at least what the reader does; what is
 * valid can be looked at in each form, unless that would take more than its limits; a core module that is read is
 * written as one that is read again, and written from that as the same bytes.
 */
#include "fuzz.h"

#include "wasm/module.h"

static meld_status dump(const uint8_t *data, size_t size, meld_result *result) {
  meld_options options = meld_default_options();
  options.output = MELD_OUTPUT_DUMP_COMPONENT;
  const meld_status status = meld_fuse(&options, data, size, result);
  expect_result(result, size, "dump");
  return status;
}

static void inspect(const uint8_t *data, size_t size, bool is_valid) {
  for (int form = 0; form <= MELD_INSPECT_HTML; form++) {
    meld_result result;
    meld_inspect(NULL, (meld_inspection)form, data, size, &result);
    expect_result(&result, size, "inspect");
    const bool is_over = strstr(result.message, "64 MiB as text") || strstr(result.message, "too many for a graph");
    EXPECT(!is_valid || result.status == MELD_DONE || is_over, "valid, but: %s", result.message);
    meld_result_free(&result);
  }
}

static void read_twice(const uint8_t *data, size_t size) {
  meld_result first, second, validated;
  dump(data, size, &first);
  dump(data, size, &second);
  EXPECT(first.status == second.status && strcmp(first.message, second.message) == 0, "two readings");
  EXPECT(first.size == second.size && (!first.size || memcmp(first.data, second.data, first.size) == 0), "two dumps");
  meld_validate(NULL, data, size, &validated);
  expect_result(&validated, size, "validate");
  const bool is_module = size >= 8 && memcmp(data, "\0asm\1\0\0\0", 8) == 0;
  EXPECT(is_module || first.status == MELD_DONE || validated.status != MELD_DONE, "valid, but: %s", first.message);
  inspect(data, size, validated.status == MELD_DONE);
  meld_result_free(&first);
  meld_result_free(&second);
  meld_result_free(&validated);
}

struct rewriting {
  struct bytes input, written, again;
};

static void read_module_again(struct context *c, void *argument) {
  struct rewriting *rewriting = argument;
  const struct module *again = read_module(c, rewriting->written, rewriting->written.at);
  rewriting->again = write_module(c, again);
}

static void write_read_module(struct context *c, void *argument) {
  struct rewriting *rewriting = argument;
  rewriting->written = write_module(c, read_module(c, rewriting->input, rewriting->input.at));
}

static void rewrite_module(const uint8_t *data, size_t size) {
  struct context context = {0};
  struct rewriting rewriting = {.input = {data, size}};
  if (run_guarded(&context, write_read_module, &rewriting)) {
    EXPECT(run_guarded(&context, read_module_again, &rewriting), "%s", context.message);
    EXPECT(bytes_equal(rewriting.written, rewriting.again), "a module's second writing differs");
  }
  context_free(&context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  read_twice(data, size);
  rewrite_module(data, size);
  return 0;
}
