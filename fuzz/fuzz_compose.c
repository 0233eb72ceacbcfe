/* fuzz_compose.c -- the components in a component, taken out of it, are inputs that are composed; what begins with
 * "package" is a script.
 *
 * Oracles: what a composition becomes is valid and the same each time, and it is fused or refused with a sentence; the
 * packages of a script are listed, or it is refused as it is when it is used.
 */
#include "fuzz.h"

#include "base/reader.h"

#define INPUTS_LIMIT 6
#define COMPONENT_SECTION 4

/* (component (import "f" (func (type 0))) (export "g" (func 0))) */
static const uint8_t relay[] = {0x00, 'a',  's',  'm',  0x0d, 0x00, 0x01, 0x00, 0x07, 0x05, 0x01,
                                0x40, 0x00, 0x00, 0x79, 0x0a, 0x06, 0x01, 0x00, 0x01, 'f',  0x01,
                                0x00, 0x0b, 0x07, 0x01, 0x00, 0x01, 'g',  0x01, 0x00, 0x00};

struct collection {
  struct bytes input;
  meld_input inputs[INPUTS_LIMIT];
  size_t count;
};

static void collect_components(struct context *c, void *argument) {
  static const char *const names[INPUTS_LIMIT] = {"a", "b", "c", "d", "e", "f"};
  struct collection *to = argument;
  struct reader r = reader_of(c, to->input, to->input.at);
  read_bytes(&r, 8, "preamble");
  while (!at_end(&r) && to->count < INPUTS_LIMIT) {
    const uint8_t id = read_byte(&r, "section");
    const uint32_t size = read_u32(&r, "size");
    const struct bytes content = read_bytes(&r, size, "content");
    if (id != COMPONENT_SECTION)
      continue;
    to->inputs[to->count] = (meld_input){names[to->count], content.at, content.size};
    to->count++;
  }
}

/* Each input alone; its code too, which composing does not look at. */
static bool are_valid(const meld_composition *composition) {
  bool are = true;
  for (size_t i = 0; i < composition->input_count; i++) {
    meld_result result;
    are = meld_validate(NULL, composition->inputs[i].data, composition->inputs[i].size, &result) == MELD_DONE && are;
    meld_result_free(&result);
  }
  return are;
}

static void expect_composed(const meld_composition *composition, size_t size) {
  meld_result first, second, validated, fused;
  meld_options options = meld_default_options();
  options.validate = true;
  options.output = MELD_OUTPUT_COMPOSED;
  meld_fuse_all(&options, composition, &first);
  expect_result(&first, size, "compose");
  meld_fuse_all(&options, composition, &second);
  EXPECT(first.status == second.status && strcmp(first.message, second.message) == 0, "two compositions");
  EXPECT(first.size == second.size && (!first.size || memcmp(first.data, second.data, first.size) == 0), "two results");
  options.output = size % 2 ? MELD_OUTPUT_CORE : MELD_OUTPUT_COMPONENT;
  meld_fuse_all(&options, composition, &fused);
  expect_result(&fused, size, "fuse");
  if (first.status == MELD_DONE && are_valid(composition)) {
    meld_validate(NULL, first.data, first.size, &validated);
    EXPECT(validated.status == MELD_DONE, "composed, but: %s: %s", validated.path, validated.message);
    meld_result_free(&validated);
  }
  meld_result_free(&first);
  meld_result_free(&second);
  meld_result_free(&fused);
}

static void expect_script(const uint8_t *data, size_t size) {
  const meld_input inputs[] = {{"test:a", relay, sizeof(relay)}, {"test:b", relay, sizeof(relay)}};
  const meld_composition composition = {
      .inputs = inputs, .input_count = 2, .script = (const char *)data, .script_size = size};
  meld_result packages;
  meld_list_packages(NULL, (const char *)data, size, &packages);
  expect_result(&packages, size, "packages");
  expect_composed(&composition, size);
  meld_result_free(&packages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct context context = {0};
  struct collection collection = {.input = {data, size}};
  if (size > 7 && memcmp(data, "package", 7) == 0) {
    expect_script(data, size);
    return 0;
  }
  run_guarded(&context, collect_components, &collection); /* as far as it goes */
  context_free(&context);
  if (collection.count > 0)
    expect_composed(&(meld_composition){.inputs = collection.inputs, .input_count = collection.count}, size);
  return 0;
}
