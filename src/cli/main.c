/* main.c -- the command: files in, the library, a file out.
 *
 * Requires  meld.h alone; nothing of the library's inside.
 */
#include "cli/arguments.h"
#include "cli/attest.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "cli/reports.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum exit_code exit_code_of(meld_status status) {
  switch (status) {
  case MELD_DONE:
    return EXIT_DONE;
  case MELD_INPUT:
    return EXIT_INPUT;
  case MELD_USAGE:
    return EXIT_USAGE;
  case MELD_SYSTEM:
  case MELD_INTERNAL:
    break;
  }
  return EXIT_SYSTEM;
}

static bool is_binary(meld_output output) { return output < MELD_OUTPUT_DUMP_COMPONENT; }

/* What is written of what was made: the output last, so that it is there only if all the others are. */
static bool write_others(const struct arguments *arguments, const struct inputs *inputs, const meld_result *result) {
  if (!print_reports(arguments, result))
    return false;
  return arguments->is_dry || !arguments->depfile || write_depfile(arguments, inputs);
}

/* What is made, on its way out: the output, and a statement about it, of which there are both or neither. */
struct making {
  const struct arguments *arguments;
  const struct inputs *inputs;
  struct attestation attestation;
  struct output outputs[2]; /* the statement, the output */
};

/* For meld_options.write. The statement is opened first: what can't be taken back need not be given then. */
static bool take_piece(void *user, const uint8_t *data, size_t size) {
  struct making *const making = user;
  if (making->arguments->is_dry)
    return true;
  if (making->arguments->attest && !open_output(&making->outputs[0]))
    return false;
  if (making->arguments->attest)
    add_to_digest(&making->attestation.output, data, size);
  return write_piece(&making->outputs[1], data, size);
}

/* An output that has not been written as it was made, `data`, is written behind its statement. */
static bool write_statement(struct making *making, const meld_result *result) {
  struct attestation *const attestation = &making->attestation;
  if (result->data)
    add_to_digest(&attestation->output, result->data, result->size);
  return make_attestation(making->arguments, making->inputs, attestation) &&
         write_piece(&making->outputs[0], (const uint8_t *)attestation->text, attestation->size) &&
         (!result->data || write_piece(&making->outputs[1], result->data, result->size));
}

/* All that belongs to what was made: the output last, so that it is there only if all the others are. */
static bool complete(struct making *making, const meld_result *result) {
  const struct arguments *const arguments = making->arguments;
  return write_others(arguments, making->inputs, result) &&
         (arguments->is_dry || !arguments->attest || write_statement(making, result));
}

/* The output is written as it is made, unless there is a statement that has to come first, since what is not a file
 * can't be taken back. */
static enum exit_code fuse_inputs(struct making *making) {
  const struct arguments *const arguments = making->arguments;
  meld_options options = arguments->options;
  options.write = arguments->is_dry || !arguments->attest || is_file_output(arguments->output) ? take_piece : NULL;
  options.user = making;
  meld_result result;
  const meld_status status = meld_fuse_all(&options, &making->inputs->composition, &result);
  const bool is_unchanged = check_inputs_unchanged(arguments, making->inputs);
  const bool is_complete = status == MELD_DONE && is_unchanged && complete(making, &result);
  const size_t first = arguments->attest ? 0 : 1;
  const bool is_written =
      arguments->is_dry || finish_outputs(&arguments->messages, making->outputs + first, 2 - first, is_complete);
  enum exit_code code = is_complete && is_written ? EXIT_DONE : EXIT_SYSTEM;
  if (status != MELD_DONE && is_unchanged && is_written) {
    print_diagnostic(&arguments->messages, name_at_fault(arguments, making->inputs, &result), &result);
    code = exit_code_of(status);
  }
  meld_result_free(&result);
  return code;
}

static enum exit_code fuse(const struct arguments *arguments) {
  const struct messages *const messages = &arguments->messages;
  if (!arguments->is_dry && is_dash(arguments->output) && is_binary(arguments->options.output) &&
      isatty(STDOUT_FILENO)) {
    complain(messages, MELD_USAGE, NULL,
             "standard output is a terminal, which a binary would upset; \"-o FILE\" writes to a file");
    return EXIT_USAGE;
  }
  struct inputs inputs;
  struct making making = {
      .arguments = arguments, .inputs = &inputs, .outputs = {{.name = arguments->attest}, {.name = arguments->output}}};
  if (arguments->attest && !prepare_attestation(messages, &making.attestation))
    return EXIT_USAGE;
  enum exit_code code = exit_code_of(read_inputs(arguments, &inputs));
  if (code == EXIT_DONE && arguments->reproduce && !write_reproduction(arguments, &inputs))
    code = EXIT_SYSTEM;
  if (code == EXIT_DONE)
    code = fuse_inputs(&making);
  free_attestation(&making.attestation);
  free_inputs(&inputs);
  return code;
}

static enum exit_code validate_file(const struct arguments *arguments, const char *name) {
  struct file input;
  enum exit_code code = exit_code_of(read_file(&arguments->messages, name, &input));
  if (code == EXIT_DONE) {
    meld_result result;
    code = exit_code_of(meld_validate(&arguments->options, input.data, input.size, &result));
    if (!check_unchanged(&arguments->messages, name, &input))
      code = EXIT_SYSTEM;
    else if (code != EXIT_DONE)
      print_diagnostic(&arguments->messages, name, &result);
    meld_result_free(&result);
  }
  free_file(&input);
  return code;
}

static enum exit_code inspect(const struct arguments *arguments) {
  const char *const name = arguments->inputs[0];
  struct file input;
  enum exit_code code = exit_code_of(read_file(&arguments->messages, name, &input));
  if (code == EXIT_DONE) {
    meld_result result;
    code = exit_code_of(meld_inspect(&arguments->options, arguments->form, input.data, input.size, &result));
    if (!check_unchanged(&arguments->messages, name, &input))
      code = EXIT_SYSTEM;
    else if (code != EXIT_DONE)
      print_diagnostic(&arguments->messages, name, &result);
    else if (!write_file(&arguments->messages, arguments->output, result.data, result.size))
      code = EXIT_SYSTEM;
    meld_result_free(&result);
  }
  free_file(&input);
  return code;
}

/* Each input, also after one that is not valid; the worst of what they give. */
static enum exit_code validate(const struct arguments *arguments) {
  enum exit_code worst = EXIT_DONE;
  for (int i = 0; i < arguments->input_count; i++) {
    const enum exit_code code = validate_file(arguments, arguments->inputs[i]);
    worst = code > worst ? code : worst;
  }
  return worst;
}

/* What was asked for has been printed; did it get there? */
static enum exit_code finish_printing(const struct messages *messages) {
  if (fflush(stdout) == 0 && !ferror(stdout))
    return EXIT_DONE;
  complain(messages, MELD_SYSTEM, "<standard output>", "cannot write: %s", strerror(errno));
  return EXIT_SYSTEM;
}

static enum exit_code run(const struct arguments *arguments) {
  switch (arguments->action) {
  case ACTION_FUSE:
    return fuse(arguments);
  case ACTION_VALIDATE:
    return validate(arguments);
  case ACTION_INSPECT:
    return inspect(arguments);
  case ACTION_HELP:
    print_help(stdout, &arguments->help);
    return finish_printing(&arguments->messages);
  case ACTION_VERSION:
    printf("meld %s\n", meld_version());
    return finish_printing(&arguments->messages);
  }
  return EXIT_USAGE;
}

int main(int argc, char **argv) {
  /* A closed pipe and a file at its size limit are then errors of write(), and reported. */
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  open_standard_streams();
  setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* a message is one write, also when several commands share a terminal */
  struct arguments arguments;
  const enum exit_code code = parse_arguments(argc, argv, &arguments) ? run(&arguments) : EXIT_USAGE;
  free_arguments(&arguments);
  return (int)code;
}
