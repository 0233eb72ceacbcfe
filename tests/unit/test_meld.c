/* test_meld.c -- the public interface, as a program that uses the library sees it: what it refuses, that it owns and
 * gives back its memory, that each failing allocation is reported, for each kind of scenario, that threads don't meet,
 * and that their number, and where the output goes, makes no difference.
 */
#include "check.h"
#include "meld.h"
#include "wasm/module.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPONENT_PREAMBLE 0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00
#define MODULE_PREAMBLE 0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00

/* (component
 *   (core module (func (export "f") (result i32) i32.const 42))
 *   (core instance (instantiate 0))
 *   (type (func (result u32)))
 *   (alias core export 0 "f" (core func))
 *   (func (type 0) (canon lift (core func 0)))
 *   (export "f" (func 0)))
 */
static const uint8_t answer[] = {
    COMPONENT_PREAMBLE,
    0x01,
    0x22,
    MODULE_PREAMBLE,
    0x01,
    0x05,
    0x01,
    0x60,
    0x00,
    0x01,
    0x7f,
    0x03,
    0x02,
    0x01,
    0x00,
    0x07,
    0x05,
    0x01,
    0x01,
    'f',
    0x00,
    0x00,
    0x0a,
    0x06,
    0x01,
    0x04,
    0x00,
    0x41,
    0x2a,
    0x0b,
    0x02,
    0x04,
    0x01,
    0x00,
    0x00,
    0x00,
    0x07,
    0x05,
    0x01,
    0x40,
    0x00,
    0x00,
    0x79,
    0x06,
    0x07,
    0x01,
    0x00,
    0x00,
    0x01,
    0x00,
    0x01,
    'f',
    0x08,
    0x06,
    0x01,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x0b,
    0x07,
    0x01,
    0x00,
    0x01,
    'f',
    0x01,
    0x00,
    0x00,
};

static void refuse(const void *input, size_t size, const char *message) {
  meld_result result;
  CHECK(meld_fuse(NULL, input, size, &result) == MELD_INPUT);
  CHECK(result.status == MELD_INPUT && result.data == NULL && result.size == 0);
  CHECK(strstr(result.message, message));
  CHECK(result.message[strlen(result.message) - 1] != '.');
  meld_result_free(&result);
}

static void test_refusals(void) {
  static const uint8_t module[] = {MODULE_PREAMBLE};
  refuse(NULL, 0, "is empty");
  refuse("", 0, "is empty");
  refuse("(component)", 11, "text format");
  refuse(module, sizeof(module), "core module");
  refuse("PK\3\4 and so on", 14, "");
  /* No prefix is a component, but where a section ends. */
  for (size_t size = 1; size < sizeof(answer); size++) {
    meld_result result;
    const meld_status status = meld_fuse(NULL, answer, size, &result);
    CHECK(status == MELD_DONE || (status == MELD_INPUT && result.message[0]));
    meld_result_free(&result);
  }
}

static void test_options(void) {
  meld_options options = meld_default_options();
  meld_result result;
  options.output = (meld_output)77;
  CHECK(meld_fuse(&options, answer, sizeof(answer), &result) == MELD_USAGE && result.message[0]);
  meld_result_free(&result);
  options = meld_default_options();
  options.allocate = (void *(*)(void *, size_t))abort;
  CHECK(meld_fuse(&options, answer, sizeof(answer), &result) == MELD_USAGE && result.message[0]);
  meld_result_free(&result);
}

static void fuse_answer(meld_output output, meld_result *result) {
  meld_options options = meld_default_options();
  options.output = output;
  if (meld_fuse(&options, answer, sizeof(answer), result) != MELD_DONE)
    fprintf(stderr, "%s\n", result->message);
  CHECK(result->status == MELD_DONE && result->data);
}

static void test_outputs(void) {
  meld_result result;
  fuse_answer(MELD_OUTPUT_CORE, &result);
  CHECK(memcmp(result.data, (uint8_t[]){MODULE_PREAMBLE}, 8) == 0);
  meld_result_free(&result);
  CHECK(result.data == NULL);
  meld_result_free(&result); /* harmless */
  fuse_answer(MELD_OUTPUT_COMPONENT, &result);
  CHECK(memcmp(result.data, (uint8_t[]){COMPONENT_PREAMBLE}, 8) == 0);
  meld_result_free(&result);
  fuse_answer(MELD_OUTPUT_DUMP_COMPONENT, &result);
  CHECK(result.size > 0);
  meld_result_free(&result);
  fuse_answer(MELD_OUTPUT_DUMP_PLAN, &result);
  CHECK(result.size > 0);
  meld_result_free(&result);
}

/* Memory that runs out at the n-th allocation, and counts what is not given back. */
struct scarce {
  unsigned left, live;
};

static pthread_mutex_t scarce_lock = PTHREAD_MUTEX_INITIALIZER; /* several threads may ask */

static void *allocate_scarce(void *user, size_t size) {
  struct scarce *scarce = user;
  pthread_mutex_lock(&scarce_lock);
  const bool is_there = scarce->left > 0;
  scarce->left -= is_there;
  scarce->live += is_there;
  pthread_mutex_unlock(&scarce_lock);
  return is_there ? malloc(size) : NULL;
}

static void release_scarce(void *user, void *block) {
  struct scarce *scarce = user;
  pthread_mutex_lock(&scarce_lock);
  scarce->live--;
  pthread_mutex_unlock(&scarce_lock);
  free(block);
}

struct input {
  const uint8_t *data;
  size_t size;
};

/* What is done with an input: a meld_output, to validate it, or to inspect it in a form. */
#define VALIDATE (-1)
#define INSPECT(form) (-2 - (int)(form))

static meld_status run(int what, struct scarce *scarce, struct input input, meld_result *result) {
  const meld_options options = {.output = what < 0 ? MELD_OUTPUT_CORE : (meld_output)what,
                                .allocate = allocate_scarce,
                                .release = release_scarce,
                                .user = scarce};
  if (what == VALIDATE)
    return meld_validate(&options, input.data, input.size, result);
  if (what < VALIDATE)
    return meld_inspect(&options, (meld_inspection)(INSPECT(0) - what), input.data, input.size, result);
  return meld_fuse(&options, input.data, input.size, result);
}

/* Without its first allocation, its second, ... until there are enough; returns how many that is. `expected` is what it
 * ends with when there are. */
static unsigned fail_each_allocation(int what, struct input input, meld_status expected) {
  for (unsigned n = 0;; n++) {
    struct scarce scarce = {.left = n};
    meld_result result;
    const meld_status status = run(what, &scarce, input, &result);
    CHECK(scarce.live == (result.data ? 1 : 0));
    CHECK(!result.data == (status != MELD_DONE || what == VALIDATE));
    meld_result_free(&result);
    CHECK(scarce.live == 0);
    if (status == expected)
      return n;
    CHECK(status == MELD_SYSTEM && strcmp(result.message, "out of memory") == 0);
  }
}

/* A function of the host that the root exports again has the signature of an export: its result is a pointer that it
 * returns, not one that it is given. */
static void check_passed_on(struct context *c, void *argument) {
  const meld_result *result = argument;
  const struct module *m = read_module(c, (struct bytes){result->data, result->size}, result->data);
  CHECK(m->imports.count == 1 && m->types.items[m->imports.items[0].type.type].func.param_count == 3);
  uint32_t function = NO_INDEX;
  for (uint32_t i = 0; i < m->exports.count; i++)
    if (bytes_equal(m->exports.items[i].name, bytes_of("m1")))
      function = m->exports.items[i].index;
  CHECK(function != NO_INDEX && function >= m->imported[CORE_FUNC]);
  const struct core_functype *type = &m->types.items[m->functions.items[function - m->imported[CORE_FUNC]].type].func;
  CHECK(type->param_count == 2 && type->result_count == 1 && type->results[0].code == CORE_I32);
}

static void test_passing_on(void) {
  /* (import "b1" (instance $b (export "m" (func (param "x" string) (result string))))) (export "m1" (func $b "m")) */
  static const uint8_t component[] =
      "\0asm\x0d\0\1\0\7\x11\1\x42\2\1\x40\1\1\x78\x73\0\x73\4\0\1m\1\0\x0a\7\1\0\2b1\5\0\6\6\1"
      "\1\0\0\1m\x0b\x08\1\0\2m1\1\0";
  meld_options options = meld_default_options();
  meld_result result;
  CHECK(meld_fuse(&options, component, sizeof(component), &result) == MELD_DONE);
  struct context *context = calloc(1, sizeof *context);
  CHECK(context && run_guarded(context, check_passed_on, &result));
  context_free(context);
  free(context);
  meld_result_free(&result);
}

/* (component (import "f" (func (type 0)))), whose import the answer serves. */
static const uint8_t asker[] = {
    COMPONENT_PREAMBLE, 0x07, 0x05, 0x01, 0x40, 0x00, 0x00, 0x79, 0x0a, 0x06, 0x01, 0x00, 0x01, 'f', 0x01, 0x00};

static const meld_input two_inputs[] = {{"test:asker", asker, sizeof(asker)}, {"test:answer", answer, sizeof(answer)}};
static const char script[] = "package a:b; let a = new test:answer {}; let b = new test:asker { f: a.f }; export a...;";

static void test_composition(void) {
  const meld_input inputs[] = {{"asker", asker, sizeof(asker)}, {"answer", answer, sizeof(answer)}};
  const meld_wire wires[] = {{MELD_LINK, "asker:f=answer"}, {MELD_EXPORT, "answer:f"}, {MELD_CLOSED, NULL}};
  const meld_composition wired = {.inputs = inputs, .input_count = 2, .wires = wires, .wire_count = 3};
  const meld_composition scripted = {
      .inputs = two_inputs, .input_count = 2, .script = script, .script_size = strlen(script)};
  const meld_options options = {.output = MELD_OUTPUT_COMPOSED};
  meld_result first, second;
  CHECK(meld_fuse_all(&options, &wired, &first) == MELD_DONE);
  CHECK(meld_fuse_all(&options, &scripted, &second) == MELD_DONE);
  CHECK(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
  meld_result_free(&first);
  meld_result_free(&second);
  CHECK(meld_list_packages(NULL, script, strlen(script), &first) == MELD_DONE);
  CHECK(first.size == 23 && memcmp(first.data, "test:answer\ntest:asker\n", 23) == 0);
  meld_result_free(&first);
  CHECK(meld_fuse_all(NULL, &wired, &first) == MELD_DONE);
  meld_result_free(&first);
}

static void test_refused_compositions(void) {
  const meld_input inputs[] = {{"asker", asker, sizeof(asker)}, {NULL, NULL, 0}};
  const meld_wire wire = {(meld_wire_kind)99, "f"}, open = {MELD_CLOSED, "g"};
  meld_composition composition = {.inputs = inputs};
  meld_result result;
  CHECK(meld_fuse_all(NULL, &composition, &result) == MELD_USAGE);
  composition.input_count = 1;
  composition.wires = &wire;
  composition.wire_count = 1;
  CHECK(meld_fuse_all(NULL, &composition, &result) == MELD_USAGE);
  composition.wires = &open;
  CHECK(meld_fuse_all(NULL, &composition, &result) == MELD_INPUT && result.input == MELD_NO_INDEX);
  composition.input_count = 2;
  CHECK(meld_fuse_all(NULL, &composition, &result) == MELD_INPUT && result.input == 1);
  composition.script = "package a:b; let x = new";
  composition.script_size = strlen(composition.script);
  composition.input_count = 1;
  CHECK(meld_fuse_all(NULL, &composition, &result) == MELD_INPUT && strcmp(result.path, "line 1") == 0);
  CHECK(meld_list_packages(NULL, composition.script, composition.script_size, &result) == MELD_INPUT);
  CHECK(meld_list_packages(NULL, NULL, 0, &result) == MELD_INPUT);
}

static void test_each_allocation_of_a_composition_failing(const meld_composition *composition) {
  for (unsigned n = 0;; n++) {
    struct scarce scarce = {.left = n};
    const meld_options options = {.allocate = allocate_scarce, .release = release_scarce, .user = &scarce};
    meld_result result;
    const meld_status status = meld_fuse_all(&options, composition, &result);
    meld_result_free(&result);
    CHECK(scarce.live == 0);
    if (status == MELD_DONE)
      break;
    CHECK(status == MELD_SYSTEM && strcmp(result.message, "out of memory") == 0);
  }
}

static void fail_allocations_of_all(struct input input, meld_status expected, unsigned least) {
  for (int what = INSPECT(MELD_INSPECT_HTML); what <= MELD_OUTPUT_DUMP_PLAN; what++)
    CHECK(fail_each_allocation(what, input, expected) >= least);
}

static struct input read_seed(const char *name) {
  char path[512];
  CHECK(snprintf(path, sizeof(path), "fuzz/seeds/%s", name) < (int)sizeof(path));
  FILE *file = fopen(path, "rb");
  CHECK(file && fseek(file, 0, SEEK_END) == 0);
  const long size = ftell(file);
  CHECK(size > 0 && fseek(file, 0, SEEK_SET) == 0);
  uint8_t *data = malloc((size_t)size);
  CHECK(data && fread(data, 1, (size_t)size, file) == (size_t)size);
  fclose(file);
  return (struct input){data, (size_t)size};
}

static void test_each_allocation_failing(void) {
  static const uint8_t broken[] = {COMPONENT_PREAMBLE, 0x00, 0x05, 0x01};
  fail_allocations_of_all((struct input){answer, sizeof(answer)}, MELD_DONE, 1);
  fail_allocations_of_all((struct input){broken, sizeof(broken)}, MELD_INPUT, 1);
  struct dirent **entries;
  const int count = scandir("fuzz/seeds", &entries, NULL, alphasort);
  CHECK(count > 10);
  for (int i = 0; i < count; i++) {
    if (entries[i]->d_name[0] != '.') {
      const struct input input = read_seed(entries[i]->d_name);
      fail_allocations_of_all(input, MELD_DONE, 1);
      CHECK(fail_each_allocation(MELD_OUTPUT_CORE, input, MELD_DONE) >= 2);
      free((void *)input.data);
    }
    free(entries[i]);
  }
  free(entries);
}

static void test_validate(void) {
  static const uint8_t module[] = {MODULE_PREAMBLE};
  meld_result result;
  CHECK(meld_validate(NULL, answer, sizeof(answer), &result) == MELD_DONE && !result.data && !result.size);
  meld_result_free(&result);
  CHECK(meld_validate(NULL, module, sizeof(module), &result) == MELD_DONE);
  CHECK(meld_validate(NULL, NULL, 0, &result) == MELD_INPUT && result.message[0]);
  CHECK(meld_validate(NULL, module, 7, &result) == MELD_INPUT && result.message[0]);
  const meld_options half = {.allocate = allocate_scarce};
  CHECK(meld_validate(&half, module, sizeof(module), &result) == MELD_USAGE);
}

static void test_inspect(void) {
  static const uint8_t module[] = {MODULE_PREAMBLE},
                       no_such_type[] = {COMPONENT_PREAMBLE, 0x0a, 0x06, 0x01, 0x00, 0x01, 'f', 0x01, 0x07};
  meld_result result;
  for (int form = MELD_INSPECT_TEXT; form <= MELD_INSPECT_HTML; form++) {
    CHECK(meld_inspect(NULL, (meld_inspection)form, answer, sizeof(answer), &result) == MELD_DONE && result.size);
    meld_result_free(&result);
    CHECK(meld_inspect(NULL, (meld_inspection)form, module, sizeof(module), &result) == MELD_DONE && result.size);
    meld_result_free(&result);
    CHECK(meld_inspect(NULL, (meld_inspection)form, no_such_type, sizeof(no_such_type), &result) == MELD_INPUT);
    CHECK(strstr(result.message, "there is no type 7"));
    CHECK(meld_inspect(NULL, (meld_inspection)form, NULL, 0, &result) == MELD_INPUT);
  }
  CHECK(meld_inspect(NULL, (meld_inspection)99, module, sizeof(module), &result) == MELD_USAGE);
}

/* What is wrong comes in parts: the way to it, the sentence, and what to do. */
static void test_diagnostics(void) {
  /* (component (component (core module (func (call 7))))) */
  static const uint8_t nested[] = {
      COMPONENT_PREAMBLE,
      0x04,
      0x24,
      COMPONENT_PREAMBLE,
      0x01,
      0x1a,
      MODULE_PREAMBLE,
      0x01,
      0x04,
      0x01,
      0x60,
      0x00,
      0x00,
      0x03,
      0x02,
      0x01,
      0x00,
      0x0a,
      0x06,
      0x01,
      0x04,
      0x00,
      0x10,
      0x07,
      0x0b,
  };
  static const uint8_t module[] = {MODULE_PREAMBLE};
  meld_result result;
  CHECK(meld_validate(NULL, nested, sizeof(nested), &result) == MELD_INPUT);
  CHECK(result.place_count == 3 && result.offset == sizeof(nested) - 2);
  CHECK(strcmp(result.places[0].what, "component") == 0 && result.places[0].index == 0);
  CHECK(strcmp(result.places[1].what, "core module") == 0 && result.places[1].index == 0);
  CHECK(strcmp(result.path, "component 0, core module 0, function 0") == 0 && !result.hint[0]);
  CHECK(meld_fuse(NULL, module, sizeof(module), &result) == MELD_INPUT);
  CHECK(result.place_count == 0 && strstr(result.hint, "wasm-tools component embed"));
  CHECK(strcmp(meld_status_name(MELD_INPUT), "input") == 0 && strcmp(meld_status_name((meld_status)9), "unknown") == 0);
  char shown[16];
  CHECK(meld_escape(shown, sizeof(shown), "a\n\xff", 3) == 10 && strcmp(shown, "a\\u{a}\\xff") == 0);
}

/* What a sink is given, and after how many bytes it takes no more. */
struct collected {
  uint8_t *data;
  size_t size, limit, pieces;
};

static bool collect(void *user, const uint8_t *data, size_t size) {
  struct collected *collected = user;
  if (collected->size + size > collected->limit)
    return false;
  collected->data = realloc(collected->data, collected->size + size);
  CHECK(collected->data && size > 0);
  memcpy(collected->data + collected->size, data, size);
  collected->size += size;
  collected->pieces++;
  return true;
}

/* A component with a module of which each function calls the next; `faults` of them call what is not there. */
struct large {
  uint32_t functions, faults[3];
  struct bytes made;
};

#define LARGE_FUNCTIONS 3000
#define LARGE_STEPS 40 /* of three bytes, in each function */

static bool has_fault(const struct large *large, uint32_t function) {
  for (int i = 0; i < 3; i++)
    if (large->faults[i] && large->faults[i] == function)
      return true;
  return false;
}

static void make_large(struct context *c, void *argument) {
  struct large *large = argument;
  struct module *m = ALLOCATE(c, struct module, 1);
  const uint32_t type = add_functype(c, m, NULL, 0, NULL, 0);
  m->start = 0;
  for (uint32_t i = 0; i < large->functions; i++) {
    struct buffer body = new_buffer(c);
    put_byte(&body, 0x00);
    for (uint32_t step = 0; step < LARGE_STEPS; step++)
      put_raw(&body, (const uint8_t[]){0x41, (uint8_t)(i & 0x3f), 0x1a}, 3); /* i32.const, drop */
    put_byte(&body, 0x10);                                                   /* call */
    put_u32(&body, has_fault(large, i) ? large->functions : i + 1 < large->functions ? i + 1 : 0);
    put_byte(&body, 0x0b);
    add_function(c, m, type, buffer_bytes(&body));
  }
  const struct bytes module = write_module(c, m);
  struct buffer component = new_buffer(c);
  put_raw(&component, (const uint8_t[]){COMPONENT_PREAMBLE, 0x01}, 9);
  put_name(&component, module);
  put_raw(&component, (const uint8_t[]){0x02, 0x04, 0x01, 0x00, 0x00, 0x00}, 6); /* (core instance (instantiate 0)) */
  large->made = buffer_bytes(&component);
}

/* Given `size` bytes at most, it fails; given all, it has the same bytes. */
static void test_writing_as(meld_output output, const meld_composition *composition) {
  meld_options options = {.output = output};
  meld_result expected, result;
  CHECK(meld_fuse_all(&options, composition, &expected) == MELD_DONE);
  struct collected collected = {.limit = SIZE_MAX};
  options.write = collect;
  options.user = &collected;
  CHECK(meld_fuse_all(&options, composition, &result) == MELD_DONE && !result.data);
  CHECK(result.size == expected.size && collected.size == expected.size);
  CHECK(memcmp(collected.data, expected.data, expected.size) == 0);
  CHECK(output > MELD_OUTPUT_COMPONENT || expected.size < 300000 || collected.pieces > 1);
  meld_result_free(&result);
  free(collected.data);
  for (size_t limit = 0; limit < expected.size; limit = limit * 2 + 1) {
    collected = (struct collected){.limit = limit};
    CHECK(meld_fuse_all(&options, composition, &result) == MELD_SYSTEM && !result.data && !result.size);
    CHECK(strcmp(result.message, "the output can't be written") == 0);
    free(collected.data);
  }
  meld_result_free(&expected);
}

static void test_writing(struct input input) {
  const meld_input inputs[] = {{"one", input.data, input.size}, {"two", answer, sizeof(answer)}};
  const meld_wire hide = {MELD_HIDE, "two:*"};
  for (meld_output output = MELD_OUTPUT_CORE; output <= MELD_OUTPUT_DUMP_PLAN; output++) {
    test_writing_as(output, &(meld_composition){.inputs = inputs, .input_count = 1});
    test_writing_as(output, &(meld_composition){.inputs = inputs, .input_count = 2, .wires = &hide, .wire_count = 1});
  }
}

/* What is looked at can be written too. */
static void test_writing_of_inspections(void) {
  for (meld_inspection form = MELD_INSPECT_TEXT; form <= MELD_INSPECT_HTML; form++) {
    struct collected collected = {.limit = SIZE_MAX};
    const meld_options options = {.write = collect, .user = &collected};
    meld_result expected, result;
    CHECK(meld_inspect(NULL, form, answer, sizeof(answer), &expected) == MELD_DONE);
    CHECK(meld_inspect(&options, form, answer, sizeof(answer), &result) == MELD_DONE && !result.data);
    CHECK(collected.size == expected.size && memcmp(collected.data, expected.data, expected.size) == 0);
    meld_result_free(&expected);
    free(collected.data);
  }
}

/* An input that is only composed is given as it is, and not as a copy. */
static bool note_borrowed(void *user, const uint8_t *data, size_t size) {
  struct input *input = user;
  if (input->data == data && input->size == size)
    input->data = NULL;
  return true;
}

static void test_writing_of_large_parts(struct input input) {
  const meld_input inputs[] = {{"one", input.data, input.size}, {"two", answer, sizeof(answer)}};
  const meld_composition composition = {.inputs = inputs, .input_count = 2};
  struct input awaited = input;
  const meld_options options = {.output = MELD_OUTPUT_COMPOSED, .write = note_borrowed, .user = &awaited};
  meld_result result;
  CHECK(input.size > 300000);
  CHECK(meld_fuse_all(&options, &composition, &result) == MELD_DONE && !awaited.data);
  meld_result_free(&result);
}

/* The same bytes, and the same fault, whatever the number of threads. */
static void test_several_threads(struct input input, const struct large *large) {
  for (int validate = 0; validate < 2; validate++) {
    meld_result first = {0};
    for (unsigned threads = 1; threads <= 17; threads += threads < 4 ? 1 : 13) {
      const meld_options options = {.validate = validate, .threads = threads};
      meld_result result;
      meld_fuse(&options, input.data, input.size, &result);
      CHECK(result.status == (large->faults[0] ? MELD_INPUT : MELD_DONE));
      if (threads == 1) {
        first = result;
        continue;
      }
      CHECK(result.size == first.size && (!result.size || memcmp(result.data, first.data, first.size) == 0));
      CHECK(result.offset == first.offset && strcmp(result.message, first.message) == 0);
      CHECK(strcmp(result.path, first.path) == 0 && result.place_count == first.place_count);
      meld_result_free(&result);
    }
    char path[64];
    snprintf(path, sizeof path, "core module 0, function %u", large->faults[0]);
    CHECK(strcmp(first.path, large->faults[0] ? path : "") == 0);
    meld_result_free(&first);
  }
}

/* What threads allocate is given back too, and that there is none left is told of. */
static void test_threads_without_memory(struct input input) {
  for (unsigned n = 0;; n++) {
    struct scarce scarce = {.left = n};
    const meld_options options = {
        .threads = 2, .allocate = allocate_scarce, .release = release_scarce, .user = &scarce};
    meld_result result;
    const meld_status status = meld_fuse(&options, input.data, input.size, &result);
    meld_result_free(&result);
    CHECK(scarce.live == 0);
    if (status == MELD_DONE)
      break;
    CHECK(status == MELD_SYSTEM);
  }
}

static void test_large(void) {
  static const uint32_t faults[][3] = {{0}, {2999}, {63, 64, 2999}, {1000, 1001, 2000}, {1}};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    struct context *context = calloc(1, sizeof *context);
    struct large large = {.functions = LARGE_FUNCTIONS};
    memcpy(large.faults, faults[i], sizeof large.faults);
    CHECK(context && run_guarded(context, make_large, &large));
    const struct input input = {large.made.at, large.made.size};
    test_several_threads(input, &large);
    if (i == 0) {
      test_writing(input);
      test_writing_of_large_parts(input);
      test_threads_without_memory(input);
    }
    context_free(context);
    free(context);
  }
}

static void *fuse_often(void *expected) {
  const meld_result *first = expected;
  for (int i = 0; i < 50; i++) {
    meld_result result;
    fuse_answer(MELD_OUTPUT_CORE, &result);
    CHECK(result.size == first->size && memcmp(result.data, first->data, first->size) == 0);
    meld_result_free(&result);
  }
  return NULL;
}

static void test_threads(void) {
  meld_result first;
  fuse_answer(MELD_OUTPUT_CORE, &first);
  pthread_t threads[2];
  for (int i = 0; i < 2; i++)
    CHECK(pthread_create(&threads[i], NULL, fuse_often, &first) == 0);
  for (int i = 0; i < 2; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  meld_result_free(&first);
}

int main(void) {
  CHECK(strlen(meld_version()) >= 5);
  test_refusals();
  test_options();
  test_outputs();
  test_validate();
  test_inspect();
  test_diagnostics();
  test_passing_on();
  test_each_allocation_failing();
  test_composition();
  test_refused_compositions();
  test_each_allocation_of_a_composition_failing(
      &(meld_composition){.inputs = two_inputs, .input_count = 2, .script = script, .script_size = strlen(script)});
  test_threads();
  test_writing((struct input){answer, sizeof(answer)});
  test_writing_of_inspections();
  test_large();
  return failures != 0;
}
