/* help.h -- what options.def becomes for readers and for shells. */
#ifndef MELD_CLI_HELP_H
#define MELD_CLI_HELP_H

#include <stdbool.h>
#include <stdio.h>

enum help_format { HELP_TEXT, HELP_BASH, HELP_ZSH, HELP_FISH, HELP_SCDOC };

/* What help is asked for. */
struct help {
  enum help_format format;
  const char *command; /* null: all of them; only where the format is text */
};

bool is_command_name(const char *name);

/* True if `name` is that of a format, which is put into *format. */
bool find_help_format(const char *name, enum help_format *format);

void print_help(FILE *to, const struct help *help);

#endif
