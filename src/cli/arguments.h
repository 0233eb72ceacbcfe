/* arguments.h -- what the command line asks for. */
#ifndef MELD_CLI_ARGUMENTS_H
#define MELD_CLI_ARGUMENTS_H

#include "cli/help.h"
#include "cli/message.h"

/* Exit codes of the command, as docs/cli.md says. */
enum exit_code { EXIT_DONE = 0, EXIT_INPUT = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 3 };

enum action { ACTION_FUSE, ACTION_VALIDATE, ACTION_INSPECT, ACTION_HELP, ACTION_VERSION };

struct arguments {
  enum action action;
  struct help help; /* of ACTION_HELP */
  char **inputs;    /* "-": standard input; one or more */
  int input_count;
  const char **aliases; /* of the inputs; null: the name of the file says */
  meld_wire *wires;
  int wire_count;
  const char *deps_dir; /* null: "deps" */
  const char *output;   /* "-": standard output */
  meld_options options;
  meld_inspection form; /* of ACTION_INSPECT */
  struct messages messages;
};

static inline bool is_dash(const char *name) { return name[0] == '-' && name[1] == '\0'; }

/* True, or false after a sentence about it on standard error. Strings are borrowed from `argv`, whose pointers are put
 * in another order. */
bool parse_arguments(int argc, char **argv, struct arguments *arguments);

/* Frees what parse_arguments() allocated. */
void free_arguments(struct arguments *arguments);

#endif
