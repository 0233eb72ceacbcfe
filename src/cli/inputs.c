/* inputs.c -- the files that are fused, with what they are called.
 *
 *     meld fuse app.wasm --name left=store.wasm --name right=store.wasm     "app", "left", "right"
 *     meld fuse app.wac --name test:store=store.wasm                        "test:store", and deps/NS/PKG.wasm
 *
 * A file is called by its name without folder and ".wasm", unless --name says otherwise. A file "*.wac" is a script;
 * the inputs are then the packages that it instantiates.
 *
 * Requires  meld.h alone.
 * Provides  read_inputs, check_inputs_unchanged, free_inputs, name_at_fault.
 */
#include "cli/inputs.h"

#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *text, const char *end) {
  const size_t size = strlen(text), end_size = strlen(end);
  return size > end_size && strcmp(text + size - end_size, end) == 0;
}

static bool is_script(const char *name) { return ends_with(name, ".wac"); }

static char *copy_text(const char *text, size_t size) {
  char *copy = malloc(size + 1);
  if (!copy)
    return NULL;
  memcpy(copy, text, size);
  copy[size] = '\0';
  return copy;
}

/* "store" of "parts/store.wasm"; null: out of memory. */
static char *name_of_file(const char *file) {
  const char *slash = strrchr(file, '/');
  const char *name = slash && slash[1] ? slash + 1 : file;
  if (is_dash(file))
    name = "stdin";
  return copy_text(name, strlen(name) - (ends_with(name, ".wasm") ? strlen(".wasm") : 0));
}

/* FOLDER/NS/PKG.wasm of the package NS:PKG, whose version does not count. */
static char *file_of_package(const char *folder, const char *package) {
  const size_t size = strcspn(package, "@");
  char *file = malloc(strlen(folder) + size + sizeof("/.wasm"));
  if (!file)
    return NULL;
  char *end = stpcpy(stpcpy(file, folder), "/");
  for (size_t i = 0; i < size; i++)
    *end++ = package[i] == ':' ? '/' : package[i];
  strcpy(end, ".wasm");
  return file;
}

/* "wasi_snapshot_preview1" of "lib/wasi_snapshot_preview1.command.wasm"; null: out of memory. */
static char *name_of_adapter(const char *file) {
  const char *slash = strrchr(file, '/');
  const char *name = slash && slash[1] ? slash + 1 : file;
  return copy_text(name, strcspn(name, "."));
}

static meld_status refuse_memory(const struct arguments *arguments) {
  complain(&arguments->messages, MELD_SYSTEM, NULL, "out of memory");
  return MELD_SYSTEM;
}

/* Makes room for `count` inputs. */
static bool reserve_inputs(struct inputs *inputs, size_t count) {
  inputs->file_names = calloc(count + 1, sizeof(*inputs->file_names));
  inputs->names = calloc(count + 1, sizeof(*inputs->names));
  inputs->files = calloc(count + 1, sizeof(*inputs->files));
  inputs->given = calloc(count + 1, sizeof(*inputs->given));
  return inputs->file_names && inputs->names && inputs->files && inputs->given;
}

/* Takes over `file` and `name`; null: there was no memory for them. */
static meld_status add_input(const struct arguments *arguments, struct inputs *inputs, char *file, char *name) {
  const int index = inputs->count++;
  inputs->file_names[index] = file;
  inputs->names[index] = name;
  if (!file || !name)
    return refuse_memory(arguments);
  const meld_status status = read_file(&arguments->messages, file, &inputs->files[index]);
  inputs->given[index] = (meld_input){name, inputs->files[index].data, inputs->files[index].size};
  return status;
}

/* Standard input can be read once. */
static meld_status check_dashes(const struct arguments *arguments) {
  int dashes = 0;
  for (int i = 0; i < arguments->adapter_count; i++)
    dashes += is_dash(arguments->adapter_files[i]);
  for (int i = 0; i < arguments->input_count; i++)
    dashes += is_dash(arguments->inputs[i]);
  if (dashes <= 1)
    return MELD_DONE;
  complain(&arguments->messages, MELD_USAGE, NULL, "standard input is given as more than one input");
  return MELD_USAGE;
}

static meld_status read_adapters(const struct arguments *arguments, struct inputs *inputs) {
  for (int i = 0; i < arguments->adapter_count; i++) {
    const char *file = arguments->adapter_files[i], *name = arguments->adapter_names[i];
    const meld_status status = add_input(arguments, inputs, copy_text(file, strlen(file)),
                                         name ? copy_text(name, strlen(name)) : name_of_adapter(file));
    if (status != MELD_DONE)
      return status;
    inputs->adapter_count++;
  }
  return MELD_DONE;
}

static meld_status read_components(const struct arguments *arguments, struct inputs *inputs) {
  if (!reserve_inputs(inputs, (size_t)arguments->input_count + (size_t)arguments->adapter_count))
    return refuse_memory(arguments);
  for (int i = 0; i < arguments->input_count; i++) {
    const char *file = arguments->inputs[i], *alias = arguments->aliases[i];
    const meld_status status = add_input(arguments, inputs, copy_text(file, strlen(file)),
                                         alias ? copy_text(alias, strlen(alias)) : name_of_file(file));
    if (status != MELD_DONE)
      return status;
  }
  return MELD_DONE;
}

/* The packages of a script, one a line: each is an input. */
static meld_status read_packages(const struct arguments *arguments, struct inputs *inputs, const char *lines,
                                 size_t size) {
  size_t count = 0;
  for (size_t i = 0; i < size; i++)
    count += lines[i] == '\n';
  if (!reserve_inputs(inputs, count + (size_t)arguments->adapter_count))
    return refuse_memory(arguments);
  for (const char *line = lines; line < lines + size; line = strchr(line, '\n') + 1) {
    char *name = copy_text(line, strcspn(line, "\n"));
    char *file = NULL;
    for (int i = 0; name && i < arguments->input_count; i++)
      if (arguments->aliases[i] && strcmp(arguments->aliases[i], name) == 0)
        file = copy_text(arguments->inputs[i], strlen(arguments->inputs[i]));
    if (name && !file)
      file = file_of_package(arguments->deps_dir ? arguments->deps_dir : "deps", name);
    const meld_status status = add_input(arguments, inputs, file, name);
    if (status != MELD_DONE)
      return status;
  }
  return MELD_DONE;
}

/* What stands beside a script are its packages. */
static meld_status check_script_arguments(const struct arguments *arguments, int script) {
  for (int i = 0; i < arguments->input_count; i++)
    if (i != script && !arguments->aliases[i]) {
      complain(&arguments->messages, MELD_USAGE, NULL,
               "the input \"%s\" stands beside the script \"%s\"; \"--name NS:PKG=FILE\" gives a package of a script",
               arguments->inputs[i], arguments->inputs[script]);
      return MELD_USAGE;
    }
  for (int i = 0; i < arguments->wire_count; i++)
    if (arguments->wires[i].kind != MELD_CLOSED) {
      complain(
          &arguments->messages, MELD_USAGE, NULL,
          "a script says what is linked and exported; --link, --host, --export and --hide have no meaning with it");
      return MELD_USAGE;
    }
  return MELD_DONE;
}

static meld_status read_scripted(const struct arguments *arguments, int script, struct inputs *inputs) {
  meld_status status = check_script_arguments(arguments, script);
  if (status == MELD_DONE)
    status = read_text_file(&arguments->messages, arguments->inputs[script], &inputs->script);
  if (status != MELD_DONE)
    return status;
  inputs->script_name = arguments->inputs[script];
  inputs->composition.script = inputs->script.size ? (const char *)inputs->script.data : "";
  inputs->composition.script_size = inputs->script.size;
  meld_result packages;
  status = meld_list_packages(&arguments->options, inputs->composition.script, inputs->script.size, &packages);
  if (status == MELD_DONE)
    status = read_packages(arguments, inputs, (const char *)packages.data, packages.size);
  else
    print_diagnostic(&arguments->messages, arguments->inputs[script], &packages);
  meld_result_free(&packages);
  return status;
}

static int find_script(const struct arguments *arguments) {
  for (int i = 0; i < arguments->input_count; i++)
    if (is_script(arguments->inputs[i]))
      return i;
  return -1;
}

meld_status read_inputs(const struct arguments *arguments, struct inputs *inputs) {
  *inputs = (struct inputs){0};
  const int script = find_script(arguments);
  meld_status status = check_dashes(arguments);
  if (status == MELD_DONE)
    status = script >= 0 ? read_scripted(arguments, script, inputs) : read_components(arguments, inputs);
  if (status == MELD_DONE)
    status = read_adapters(arguments, inputs);
  const size_t count = (size_t)(inputs->count - inputs->adapter_count);
  inputs->composition.inputs = inputs->given;
  inputs->composition.input_count = count;
  if (inputs->adapter_count)
    inputs->composition.adapters = inputs->given + count;
  inputs->composition.adapter_count = (size_t)inputs->adapter_count;
  inputs->composition.wires = arguments->wires;
  inputs->composition.wire_count = (size_t)arguments->wire_count;
  return status;
}

bool check_inputs_unchanged(const struct arguments *arguments, const struct inputs *inputs) {
  bool is_unchanged = true;
  for (int i = 0; i < inputs->count && is_unchanged; i++)
    is_unchanged = check_unchanged(&arguments->messages, inputs->file_names[i], &inputs->files[i]);
  return is_unchanged;
}

void free_inputs(struct inputs *inputs) {
  for (int i = 0; i < inputs->count; i++) {
    free(inputs->file_names[i]);
    free(inputs->names[i]);
    free_file(&inputs->files[i]);
  }
  free(inputs->file_names);
  free(inputs->names);
  free(inputs->files);
  free(inputs->given);
  free_file(&inputs->script);
}

const char *name_at_fault(const struct arguments *arguments, const struct inputs *inputs, const meld_result *result) {
  const int script = find_script(arguments);
  if (result->input != MELD_NO_INDEX)
    return inputs->file_names[result->input];
  if (script >= 0)
    return arguments->inputs[script];
  return inputs->composition.input_count == 1 ? inputs->file_names[0] : NULL;
}
