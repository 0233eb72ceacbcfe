/* meld.c -- the table of contents: which passes there are, in which order, and what comes out.
 *
 *     bytes --read--> component --check--> component --link--> plan --adapt--> plan --merge--> module --write--> bytes
 *       ^                                                                           [wrap: the bytes around it]
 *     bytes of a core module --make_component
 *
 *     bytes x n --read, compose--> component
 *
 * Each pass fails by leaving through the context, so that this page shows the way of a component that is good.
 *
 * Requires  nothing: any bytes at all.
 * Provides  the functions of meld.h.
 */
#include "meld.h"

#include "base/parallel.h"
#include "base/version.h"
#include "component/write.h"
#include "fuse/compose.h"
#include "fuse/guest.h"
#include "fuse/metadata.h"
#include "fuse/report.h"
#include "inspect/inspect.h"
#include "wasm/check.h"
#include "wasm/notes.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_SIZE 4096                /* bytes of the input that are looked at in one go */
#define CACHE_LINE 64                 /* bytes */
#define LAST_SECTION 11               /* data */
#define COMPOSE_LIMIT 10000           /* inputs, wires */
#define LARGE_INPUT ((size_t)4 << 20) /* bytes */

/* Values of meld.h are those of context.h, so that a status is a failure and back. */
_Static_assert((int)MELD_INPUT == FAILURE_INPUT && (int)MELD_USAGE == FAILURE_USAGE &&
                   (int)MELD_SYSTEM == FAILURE_SYSTEM && MELD_NO_OFFSET == NO_OFFSET && MELD_NO_INDEX == NO_INDEX &&
                   MELD_PLACE_LIMIT == PLACE_LIMIT,
               "meld.h and context.h agree");

_Static_assert((int)MELD_LINK == WIRE_LINK && (int)MELD_HOST == WIRE_HOST && (int)MELD_EXPORT == WIRE_EXPORT &&
                   (int)MELD_HIDE == WIRE_HIDE && (int)MELD_CLOSED == WIRE_CLOSED,
               "meld.h and compose.h agree");

_Static_assert((int)MELD_INSPECT_TEXT == INSPECT_TEXT && (int)MELD_INSPECT_JSON == INSPECT_JSON &&
                   (int)MELD_INSPECT_DOT == INSPECT_DOT && (int)MELD_INSPECT_HTML == INSPECT_HTML,
               "meld.h and inspect.h agree");

_Static_assert((int)MELD_PRODUCERS_ALL == PRODUCERS_ALL && (int)MELD_PRODUCERS_OWN == PRODUCERS_OWN &&
                   (int)MELD_PRODUCERS_NONE == PRODUCERS_NONE,
               "meld.h and plan.h agree");

_Static_assert((int)MELD_REPORT_COUNT == REPORT_KIND_COUNT && (int)MELD_REPORT_STATS == REPORT_STATS &&
                   (int)MELD_REPORT_EXPLAIN == REPORT_EXPLAIN && (int)MELD_REPORT_MAP == REPORT_MAP &&
                   (int)MELD_REPORT_WHY == REPORT_WHY && (int)MELD_FORM_TEXT == REPORT_TEXT &&
                   (int)MELD_FORM_JSON == REPORT_JSON,
               "meld.h and report.h agree");

struct run {
  const meld_options *options;
  const meld_composition *composition; /* null: one input */
  struct bytes input;                  /* if there is one */
  struct parted_component composed;    /* of several; no parts: there is one */
  meld_inspection inspection;
  struct adapter_input *adapters;
  bool *is_made; /* of each input: it was a core module, so that offsets are not those of the file */
  struct bytes output;
  struct sink sink; /* where the output goes; its `write` is null: nowhere */
  bool is_checking; /* what fails from here on is our own fault */
  bool has_report;
  struct report report;
  uint64_t since; /* when the pass that runs began, in nanoseconds; only with MELD_REPORT_STATS */
};

static bool is_composed(const struct run *run) { return run->composed.bytes.size > 0; }

static bool has_preamble(struct bytes input, const char *preamble) {
  return input.size >= 8 && memcmp(input.at, preamble, 8) == 0;
}

/* What people give to meld by mistake, named for what it is. */
static void refuse_other_formats(struct context *c, struct bytes input) {
  if (input.size == 0)
    fail(c, FAILURE_INPUT, NO_OFFSET, "the input is empty; a component was expected");
  if (input.at[0] == '(') {
    set_hint(c, "\"wasm-tools parse\" makes a binary of it");
    fail(c, FAILURE_INPUT, 0, "this is the text format");
  }
}

/* The input as a component: a core module becomes one. */
static struct bytes component_of(struct context *c, struct run *run, uint32_t number, struct bytes input) {
  const uint32_t adapter_count = run->composition ? (uint32_t)run->composition->adapter_count : 0;
  refuse_other_formats(c, input);
  if (!has_preamble(input, "\0asm\1\0\0\0"))
    return input;
  const struct bytes component = make_component(c, input, run->adapters, adapter_count, run->options->validate);
  run->is_made[number] = true;
  return component;
}

struct core_modules {
  VEC(struct placed_module) placed;
  bool has_vectors; /* some that has been checked before uses them */
};

static void collect_core_module(struct context *c, struct module *module, struct core_modules *into) {
  if (module->is_checked)
    into->has_vectors |= module->has_vectors;
  else
    VEC_ADD(c, &into->placed, ((struct placed_module){module, keep_path(c)}));
}

/* The core modules in `component` that have not been checked, as deep as the reader lets components be nested. */
static void collect_core_modules(struct context *c, const struct component *component, struct core_modules *into) {
  for (uint32_t i = 0, modules = 0, components = 0; i < component->definitions.count; i++) {
    const struct definition *definition = &component->definitions.items[i];
    if (definition->kind == DEFINE_CORE_MODULE) {
      push_place(c, "core module", modules++, (struct bytes){0});
      collect_core_module(c, definition->of.core_module.module, into);
      pop_place(c);
    } else if (definition->kind == DEFINE_COMPONENT) {
      push_identified_place(c, "component", components++, definition->of.component->name);
      collect_core_modules(c, definition->of.component, into);
      pop_place(c);
    }
  }
}

/* Checks the core modules in `component`; the calling thread does `before` first. Does any use vectors? */
static bool check_core_modules(struct context *c, const struct component *component, bool validate,
                               void (*before)(struct context *, void *), void *argument) {
  struct core_modules modules = {0};
  const struct path path = keep_path(c);
  collect_core_modules(c, component, &modules);
  const bool has_vectors = check_structures(c, modules.placed.items, modules.placed.count, before, argument);
  for (uint32_t i = 0; i < modules.placed.count; i++) {
    struct module *const module = modules.placed.items[i].module;
    set_path(c, modules.placed.items[i].path);
    if (validate)
      check_module(c, module);
    module->is_checked = true;
    module->has_vectors = has_vectors;
  }
  set_path(c, path);
  return has_vectors || modules.has_vectors;
}

/* What has to hold for a component that stands alone. */
static void check_component_input(struct context *c, struct bytes input) {
  const struct component *root = read_component(c, input);
  check_component(c, root);
  check_core_modules(c, root, true, NULL, NULL);
}

static void check_input(struct context *c, void *argument) {
  const struct run *run = argument;
  refuse_other_formats(c, run->input);
  if (has_preamble(run->input, "\0asm\1\0\0\0"))
    check_module(c, read_module(c, run->input, run->input.at));
  else
    check_component_input(c, run->input);
}

/* Where the output is put, of which the size is known. */
static struct buffer begin_output(struct context *c, struct run *run, size_t size) {
  if (run->sink.write)
    return new_buffer_to(c, &run->sink);
  struct buffer out = new_buffer(c);
  reserve(&out, size);
  return out;
}

static void end_output(struct run *run, struct buffer *out) {
  if (run->sink.write)
    flush(out);
  else
    run->output = buffer_bytes(out);
}

/* An output that is in memory. */
static void write_output(struct context *c, struct run *run, struct bytes output) {
  if (!run->sink.write) {
    run->output = output;
    return;
  }
  struct buffer out = begin_output(c, run, output.size);
  put_bytes(&out, output);
  end_output(run, &out);
}

static void run_inspection(struct context *c, void *argument) {
  struct run *run = argument;
  refuse_other_formats(c, run->input);
  write_output(c, run, inspect_input(c, run->input, (enum inspect_form)run->inspection));
}

struct checking {
  struct run *run;
  const struct module *module;
  const struct wrapping *wrapping;
};

/* Reads back the outline of what is written: its structure, its counts, the indices outside of bodies, and the types of
 * a component. Bodies had their structure checked where they came from, and each of their indices is when it is
 * written. */
static void check_outline(struct context *c, void *argument) {
  const struct checking *checking = argument;
  struct buffer outline = new_buffer(c);
  checking->run->is_checking = true;
  put_wrapped(&outline, outline_of(c, checking->module), checking->wrapping);
  const struct bytes output = buffer_bytes(&outline);
  if (is_component(output))
    check_component(c, read_component(c, output));
  else
    read_module(c, output, output.at);
  checking->run->is_checking = false;
}

/* Makes the core output a module that "wasm-tools component new" understands. */
static void add_component_type(struct context *c, struct module *module, const struct plan *plan) {
  const struct bytes world = encode_component_type(c, plan);
  if (world.size)
    VEC_ADD(c, &module->customs, ((struct core_custom){bytes_of("component-type:root"), world, LAST_SECTION}));
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* The pass of that name has ended, and another begins. */
static void end_pass(struct context *c, struct run *run, const char *pass) {
  if (run->report.forms[REPORT_STATS] == REPORT_NONE)
    return;
  const uint64_t time = now();
  VEC_ADD(c, &run->report.times, ((struct pass_time){pass, time - run->since}));
  run->since = time;
}

/* The output is checked before any of it is written, and never in memory as a whole unless it is asked for there. */
static void fuse_plan(struct context *c, struct run *run, struct plan *plan, const struct fuse_options *options) {
  adapt_plan(c, plan, options);
  end_pass(c, run, "adapt");
  struct module *module = merge_plan(c, plan, options);
  end_pass(c, run, "merge");
  struct wrapping wrapping = {0};
  if (options->component) {
    wrapping = wrap_module(c, plan, options, module);
    end_pass(c, run, "wrap");
  } else {
    add_component_type(c, module, plan);
  }
  struct checking checking = {run, module, &wrapping};
  measure_module(c, module, check_outline, &checking);
  end_pass(c, run, "check of the output");
  const size_t size = wrapped_size(module, &wrapping);
  struct buffer out = begin_output(c, run, size);
  put_wrapped(&out, module, &wrapping);
  end_output(run, &out);
  end_pass(c, run, "write");
  run->report.input_size = is_composed(run) ? parted_size(&run->composed) : run->input.size;
  if (run->has_report)
    write_reports(c, &run->report, module, size);
}

static void begin_reports(struct run *run) {
  const meld_options *const options = run->options;
  for (int i = 0; i < MELD_REPORT_COUNT; i++) {
    run->report.forms[i] = (enum report_form)options->reports[i];
    run->has_report = run->has_report || options->reports[i] != MELD_FORM_NONE;
  }
  run->report.symbol = bytes_of(options->why ? options->why : "");
  if (options->reports[MELD_REPORT_STATS] != MELD_FORM_NONE)
    run->since = now();
}

static struct bytes bytes_given(const void *data, size_t size) { return (struct bytes){data, data ? size : 0}; }

static struct bytes text_given(const char *text) { return bytes_of(text ? text : ""); }

static void take_adapters(struct context *c, struct run *run) {
  const meld_composition *const from = run->composition;
  run->adapters = ALLOCATE(c, struct adapter_input, from->adapter_count);
  for (uint32_t i = 0; i < from->adapter_count; i++) {
    const meld_input *given = &from->adapters[i];
    c->input = (uint32_t)from->input_count + i;
    run->adapters[i] = (struct adapter_input){
        .name = text_given(given->name), .bytes = bytes_given(given->data, given->size), .number = c->input};
    refuse_other_formats(c, run->adapters[i].bytes);
    if (is_component(run->adapters[i].bytes))
      fail(c, FAILURE_INPUT, 4, "this is a component; an adapter is a core module");
    for (uint32_t k = 0; k < i; k++)
      if (bytes_equal(run->adapters[k].name, run->adapters[i].name))
        fail(c, FAILURE_USAGE, NO_OFFSET,
             "two adapters have the name \"%.*s\"; \"--adapt NAME=FILE\" gives one another",
             SHOW(run->adapters[i].name));
  }
  c->input = NO_INDEX;
}

static void refuse_idle_adapters(struct context *c, const struct run *run) {
  for (uint32_t i = 0; i < run->composition->adapter_count; i++) {
    c->input = run->adapters[i].number;
    if (!run->adapters[i].is_used)
      fail(c, FAILURE_USAGE, NO_OFFSET, "no input is a core module that imports from the adapter \"%.*s\"",
           SHOW(run->adapters[i].name));
  }
  c->input = NO_INDEX;
}

static void take_inputs(struct context *c, struct run *run, struct composition *to) {
  const meld_composition *const from = run->composition;
  run->is_made = ALLOCATE(c, bool, from->input_count + from->adapter_count);
  take_adapters(c, run);
  for (uint32_t i = 0; i < from->input_count; i++) {
    const meld_input *given = &from->inputs[i];
    struct composed_input *input = VEC_PUSH(c, &to->inputs);
    input->name = text_given(given->name);
    c->input = i;
    input->bytes = component_of(c, run, i, bytes_given(given->data, given->size));
  }
  refuse_idle_adapters(c, run);
}

/* Is it about the input as it is, so that there is nothing to compose? */
static bool is_single(const meld_composition *composition) {
  bool is = composition->input_count == 1 && !composition->script;
  for (size_t i = 0; i < composition->wire_count; i++)
    is = is && composition->wires[i].kind == MELD_CLOSED;
  return is;
}

/* Here, so that what is wrong is told of the input that it is in. */
static void check_inputs_code(struct context *c, const struct composition *composition, bool validate) {
  for (uint32_t i = 0; i < composition->inputs.count; i++)
    if (composition->inputs.items[i].same_as == i) {
      c->input = i;
      check_core_modules(c, composition->inputs.items[i].component, validate, NULL, NULL);
    }
  c->input = NO_INDEX;
}

struct reading {
  struct bytes input;
  const struct component *root;
  atomic_bool is_read;
};

static void read_root(struct context *c, void *argument) {
  struct reading *reading = argument;
  reading->root = read_component(c, reading->input);
  atomic_store(&reading->is_read, true);
}

/* Touches what reading gets to next, until it is done: it leaps from body to body, and would wait at each for a file or
 * memory. */
static void look_ahead(struct context *c, void *argument, struct share *share) {
  struct reading *const reading = argument;
  (void)c;
  for (uint32_t i, end; !atomic_load(&reading->is_read) && take_items(share, &i, &end);)
    for (size_t at = (size_t)i * LOOK_SIZE; at < (size_t)end * LOOK_SIZE; at += CACHE_LINE)
      (void)*(const volatile uint8_t *)(reading->input.at + at);
}

static const struct component *read_input(struct context *c, struct bytes input) {
  struct reading reading = {.input = input};
  run_parallel_beside(c, (uint32_t)(input.size / LOOK_SIZE), input.size, look_ahead, &reading, read_root, &reading);
  return reading.root;
}

/* The one component that the several become. */
static const struct component *compose(struct context *c, struct run *run) {
  const meld_composition *const given = run->composition;
  struct compose_request request = {.wire_count = (uint32_t)given->wire_count,
                                    .script = bytes_given(given->script, given->script_size)};
  take_inputs(c, run, &request.composition);
  struct wire *wires = ALLOCATE(c, struct wire, given->wire_count);
  for (size_t i = 0; i < given->wire_count; i++)
    wires[i] = (struct wire){(enum wire_kind)given->wires[i].kind, text_given(given->wires[i].text)};
  request.wires = wires;
  if (is_single(given)) {
    run->input = request.composition.inputs.items[0].bytes;
    if (given->wire_count > 0)
      compose_inputs(c, &request); /* for its checks */
    c->input = 0;
    end_pass(c, run, "compose");
    return read_input(c, run->input);
  }
  run->composed = compose_inputs(c, &request);
  check_inputs_code(c, &request.composition, run->options->validate);
  end_pass(c, run, "compose");
  return read_parted_component(c, &run->composed);
}

/* What has been composed, and by whom; its parts say the rest themselves. A single input stays as it is. */
static void write_composed(struct context *c, struct run *run) {
  const struct statements nothing = {0};
  if (!is_composed(run)) {
    write_output(c, run, run->input);
    return;
  }
  const struct bytes producers = merge_producers(c, &nothing, (enum producers_kept)run->options->producers);
  struct buffer content = new_buffer(c), section = new_buffer(c);
  put_text(&content, "producers");
  put_bytes(&content, producers);
  if (producers.size > 0)
    put_section(&section, 0, &content);
  struct buffer out = begin_output(c, run, parted_size(&run->composed) + section.size);
  put_parted_component(&out, &run->composed);
  put_bytes(&out, buffer_bytes(&section));
  end_output(run, &out);
}

static const struct component *take_input(struct context *c, struct run *run) {
  if (run->composition)
    return compose(c, run);
  run->is_made = ALLOCATE(c, bool, 1);
  run->input = component_of(c, run, 0, run->input);
  return read_input(c, run->input);
}

struct linking {
  const struct component *root;
  bool is_linked;
  struct plan *plan; /* null: it is not */
};

/* What needs nothing of what is inside of bodies. */
static void check_and_link(struct context *c, void *argument) {
  struct linking *linking = argument;
  check_component(c, linking->root);
  if (linking->is_linked)
    linking->plan = link_component(c, linking->root);
}

static void run_passes(struct context *c, void *argument) {
  struct run *run = argument;
  const meld_options *const options = run->options;
  struct buffer text = new_buffer(c);

  begin_reports(run);
  const struct component *root = take_input(c, run);
  if (options->output == MELD_OUTPUT_DUMP_COMPONENT) {
    dump_component(root, &text);
    write_output(c, run, buffer_bytes(&text));
    return;
  }
  end_pass(c, run, "read");
  struct linking linking = {.root = root, .is_linked = options->output != MELD_OUTPUT_COMPOSED};
  const bool has_vectors = check_core_modules(c, root, options->validate, check_and_link, &linking);
  if (options->output == MELD_OUTPUT_COMPOSED) {
    write_composed(c, run);
    return;
  }
  struct plan *plan = linking.plan;
  if (options->output == MELD_OUTPUT_DUMP_PLAN) {
    dump_plan(plan, &text);
    write_output(c, run, buffer_bytes(&text));
    return;
  }
  end_pass(c, run, "check and link");
  const struct fuse_options fuse_options = {
      .component = options->output == MELD_OUTPUT_COMPONENT,
      .keep_names = !options->strip,
      .keep_debug = options->keep_debug,
      .producers = (enum producers_kept)options->producers,
      .simd = options->simd == MELD_SIMD_AUTO ? has_vectors : options->simd == MELD_SIMD_ON,
      .report = run->has_report ? &run->report : NULL,
  };
  make_calls_direct(c, plan);
  fuse_plan(c, run, plan, &fuse_options);
}

static void release_to_system(void *user, void *block) {
  (void)user;
  free(block);
}

meld_options meld_default_options(void) { return (meld_options){.output = MELD_OUTPUT_CORE}; }

const char *meld_version(void) { return MELD_VERSION; }

static meld_status refuse_options(meld_result *result, const char *message) {
  *result = (meld_result){.offset = MELD_NO_OFFSET, .input = MELD_NO_INDEX};
  result->status = MELD_USAGE;
  snprintf(result->message, sizeof(result->message), "%s", message);
  return MELD_USAGE;
}

static void report_places(meld_result *result, const struct context *c) {
  result->place_count = c->failed_place_count;
  for (uint32_t i = 0; i < c->failed_place_count; i++) {
    const struct place *place = &c->places[i];
    meld_place *shown = &result->places[i];
    *shown = (meld_place){.what = place->what, .index = place->index, .is_identifier = place->is_identifier};
    escape_text(shown->name, sizeof(shown->name), place->name, "");
  }
}

static void report_failure(meld_result *result, const struct context *c, const struct run *run) {
  const bool is_internal = run->is_checking && c->failure == FAILURE_INPUT;
  result->status = is_internal ? MELD_INTERNAL : (meld_status)c->failure;
  result->offset = is_internal ? MELD_NO_OFFSET : c->offset;
  result->input = c->input;
  if (is_composed(run) && result->input == MELD_NO_INDEX)
    result->offset = MELD_NO_OFFSET; /* in what meld made of the inputs */
  const uint32_t number = run->composition ? result->input : 0;
  if (number != MELD_NO_INDEX && run->is_made && run->is_made[number])
    result->offset = MELD_NO_OFFSET;
  memcpy(result->path, c->path, sizeof(result->path));
  memcpy(result->hint, c->hint, sizeof(result->hint));
  report_places(result, c);
  if (is_internal)
    snprintf(result->message, sizeof(result->message), "internal error, at 0x%zx of the output: %.900s", c->offset,
             c->message);
  else
    memcpy(result->message, c->message, sizeof(result->message));
}

static void take_output(meld_result *result, struct context *c, const struct run *run) {
  const struct bytes output = run->output;
  result->status = MELD_DONE;
  result->size = run->sink.size;
  if (run->sink.write)
    return;
  result->data = context_keep(c, output, &result->block);
  if (!result->data) {
    result->status = MELD_SYSTEM;
    snprintf(result->message, sizeof(result->message), "out of memory");
    return;
  }
  result->size = output.size;
}

/* Hooks may know nothing of threads: only who asks for several has them called by several. */
static uint32_t threads_of(const meld_options *options) {
  return options->threads ? options->threads : options->allocate ? 1 : usual_threads();
}

static void take_reports(meld_result *result, struct context *c, const struct run *run) {
  for (int i = 0; i < MELD_REPORT_COUNT && result->status == MELD_DONE; i++) {
    meld_text *const report = &result->reports[i];
    if (run->report.forms[i] == REPORT_NONE)
      continue;
    report->text = (char *)context_keep(c, run->report.texts[i], &report->block);
    report->size = run->report.texts[i].size;
    if (report->text)
      continue;
    meld_result_free(result);
    result->status = MELD_SYSTEM;
    snprintf(result->message, sizeof(result->message), "out of memory");
  }
}

/* Of all inputs, in bytes. */
static size_t size_given(const struct run *run) {
  size_t size = run->input.size;
  for (size_t i = 0; run->composition && i < run->composition->input_count; i++)
    size += run->composition->inputs[i].size;
  return size;
}

/* Runs `body` in a context of its own, and fills in the result. */
static meld_status run_alone(void (*body)(struct context *, void *), const meld_options *options, struct run run,
                             meld_result *result) {
  const meld_options defaults = meld_default_options();
  if (!options)
    options = &defaults;
  *result = (meld_result){.offset = MELD_NO_OFFSET, .input = MELD_NO_INDEX};
  if (!options->allocate != !options->release)
    return refuse_options(result, "the options need both allocate and release, or neither");
  struct team team;
  begin_team(&team, threads_of(options));
  struct context context = {
      .allocate = options->allocate,
      .release = options->release,
      .user = options->user,
      .team = &team,
      .is_large = size_given(&run) >= LARGE_INPUT,
  };
  run.options = options;
  run.sink = (struct sink){.write = options->write, .user = options->user};
  result->release = options->release ? options->release : release_to_system;
  result->user = context.user;
  if (!run_guarded(&context, body, &run))
    report_failure(result, &context, &run);
  else if (body != check_input) {
    take_output(result, &context, &run);
    take_reports(result, &context, &run);
  }
  end_team(&team);
  context_free(&context);
  return result->status;
}

/* Null, or what is wrong with the options. */
static const char *unknown_option(const meld_options *options) {
  if (options && (unsigned)options->output > MELD_OUTPUT_DUMP_PLAN)
    return "the options ask for an output that there is not";
  if (options && (unsigned)options->simd > MELD_SIMD_OFF)
    return "the options ask for a use of vectors that there is not";
  if (options && (unsigned)options->producers > MELD_PRODUCERS_NONE)
    return "the options ask for producers that there are not";
  for (int i = 0; options && i < MELD_REPORT_COUNT; i++) {
    if ((unsigned)options->reports[i] > MELD_FORM_JSON)
      return "the options ask for a form of a report that there is not";
    if (options->reports[i] != MELD_FORM_NONE && options->output > MELD_OUTPUT_COMPONENT)
      return "a report is asked for, but nothing is to be fused";
  }
  return NULL;
}

meld_status meld_fuse(const meld_options *options, const uint8_t *input, size_t size, meld_result *result) {
  if (unknown_option(options))
    return refuse_options(result, unknown_option(options));
  return run_alone(run_passes, options, (struct run){.input = bytes_given(input, size)}, result);
}

meld_status meld_fuse_all(const meld_options *options, const meld_composition *composition, meld_result *result) {
  if (unknown_option(options))
    return refuse_options(result, unknown_option(options));
  if (composition->input_count == 0)
    return refuse_options(result, "there are no inputs");
  if (composition->input_count > COMPOSE_LIMIT || composition->wire_count > COMPOSE_LIMIT ||
      composition->adapter_count > COMPOSE_LIMIT)
    return refuse_options(result, "there are more than 10000 inputs, wires or adapters");
  for (size_t i = 0; i < composition->wire_count; i++)
    if ((unsigned)composition->wires[i].kind > MELD_CLOSED)
      return refuse_options(result, "a wire is of a kind that there is not");
  return run_alone(run_passes, options, (struct run){.composition = composition}, result);
}

static void run_listing(struct context *c, void *argument) {
  struct run *run = argument;
  write_output(c, run, list_packages(c, run->input));
}

meld_status meld_list_packages(const meld_options *options, const char *script, size_t size, meld_result *result) {
  return run_alone(run_listing, options, (struct run){.input = bytes_given(script, size)}, result);
}

meld_status meld_validate(const meld_options *options, const uint8_t *input, size_t size, meld_result *result) {
  return run_alone(check_input, options, (struct run){.input = bytes_given(input, size)}, result);
}

meld_status meld_inspect(const meld_options *options, meld_inspection form, const uint8_t *input, size_t size,
                         meld_result *result) {
  if ((unsigned)form > MELD_INSPECT_HTML)
    return refuse_options(result, "there is no such form of an inspection");
  return run_alone(run_inspection, options, (struct run){.input = bytes_given(input, size), .inspection = form},
                   result);
}

const char *meld_status_name(meld_status status) {
  static const char *const names[] = {"done", "input", "usage", "system", "internal"};
  return (size_t)status < sizeof(names) / sizeof(*names) ? names[status] : "unknown";
}

size_t meld_escape(char *to, size_t capacity, const char *text, size_t size) {
  return escape_text(to, capacity, (struct bytes){(const uint8_t *)text, size}, "");
}

void meld_result_free(meld_result *result) {
  if (result->data)
    result->release(result->user, result->block);
  result->data = NULL;
  result->size = 0;
  for (int i = 0; i < MELD_REPORT_COUNT; i++) {
    if (result->reports[i].text)
      result->release(result->user, result->reports[i].block);
    result->reports[i] = (meld_text){0};
  }
}
