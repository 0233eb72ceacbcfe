/* main.c -- the command: a file in, the library, a file out.
 *
 * Requires  meld.h alone; nothing of the library's inside.
 */
#include "cli/arguments.h"
#include "cli/files.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* meld: app.wasm:0x1a4f: in component $auth, core instance 3: what is wrong */
static void print_diagnostic(const char *input, const meld_result *result) {
  fprintf(stderr, "meld: %s:", is_dash(input) ? "<standard input>" : input);
  if (result->offset != MELD_NO_OFFSET)
    fprintf(stderr, "0x%zx:", result->offset);
  if (result->path[0])
    fprintf(stderr, " in %s:", result->path);
  fprintf(stderr, " %s\n", result->message);
}

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

static bool is_binary(meld_output output) { return output == MELD_OUTPUT_CORE || output == MELD_OUTPUT_COMPONENT; }

static enum exit_code fuse(const struct arguments *arguments) {
  if (is_dash(arguments->output) && is_binary(arguments->options.output) && isatty(STDOUT_FILENO)) {
    fputs("meld: standard output is a terminal, which a binary would upset; \"-o FILE\" writes to a file\n", stderr);
    return EXIT_USAGE;
  }
  struct file input;
  enum exit_code code = EXIT_SYSTEM;
  if (read_file(arguments->input, &input)) {
    meld_result result;
    code = exit_code_of(meld_fuse(&arguments->options, input.data, input.size, &result));
    if (code != EXIT_DONE)
      print_diagnostic(arguments->input, &result);
    else if (!write_file(arguments->output, result.data, result.size))
      code = EXIT_SYSTEM;
    meld_result_free(&result);
  }
  free(input.data);
  return code;
}

/* What was asked for has been printed; did it get there? */
static enum exit_code finish_output(void) {
  if (fflush(stdout) == 0 && !ferror(stdout))
    return EXIT_DONE;
  perror("meld: <standard output>: cannot write");
  return EXIT_SYSTEM;
}

int main(int argc, char **argv) {
  /* A closed pipe and a file at its size limit are then errors of write(), and reported. */
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  struct arguments arguments;
  if (!parse_arguments(argc, argv, &arguments))
    return EXIT_USAGE;
  switch (arguments.action) {
  case ACTION_FUSE:
    return (int)fuse(&arguments);
  case ACTION_HELP:
    print_help(stdout);
    return (int)finish_output();
  case ACTION_VERSION:
    printf("meld %s\n", meld_version());
    return (int)finish_output();
  }
  return EXIT_USAGE;
}
