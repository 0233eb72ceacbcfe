/* arguments.h -- what the command line asks for. */
#ifndef MELD_CLI_ARGUMENTS_H
#define MELD_CLI_ARGUMENTS_H

#include "cli/help.h"
#include "cli/message.h"

/* Exit codes of the command, as docs/cli.md says. */
enum exit_code { EXIT_DONE = 0, EXIT_INPUT = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 3 };

enum action { ACTION_FUSE, ACTION_VALIDATE, ACTION_INSPECT, ACTION_HELP, ACTION_VERSION };

struct given_option;

struct arguments {
  enum action action;
  struct help help; /* of ACTION_HELP */
  char **inputs;    /* "-": standard input; one or more */
  int input_count;
  const char **aliases; /* of the inputs; null: the name of the file says */
  meld_wire *wires;
  int wire_count;
  const char **adapter_files, **adapter_names; /* names may be null: the name of the file says */
  int adapter_count;
  const char *deps_dir;                        /* null: "deps" */
  const char *output;                          /* "-": standard output; null: none, with is_dry */
  bool is_dry;                                 /* write no output */
  const char *report_files[MELD_REPORT_COUNT]; /* null: standard error */
  const char *depfile;                         /* null: none */
  const char *attest;                          /* a file, "-": standard output; null: none */
  const char *reproduce;                       /* a folder; null: none */
  int word_count;                              /* the command line as it was given */
  char **words;
  struct given_option *given; /* its options, in order */
  int given_count;
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

/* The options on which it depends what is made, as words for a shell: not those that name files. */
void print_making_options(FILE *to, const struct arguments *arguments);

/* An option on which it depends what is made; to begin with, all zero. */
struct making_option {
  int row, next; /* of options.def; of the command line */
  const char *name;
  const char *argument; /* null: none */
};

/* Goes on to the next one, in the order of options.def, and of the command line where that has several of a kind.
 * False: there are no more. Those that name files are left out here too. */
bool next_making_option(const struct arguments *arguments, struct making_option *option);

/* A word for a shell, after a space. */
void print_word(FILE *to, const char *word);

#endif
