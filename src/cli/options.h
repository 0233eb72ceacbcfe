/* options.h -- a row of options.def. */
#ifndef MELD_CLI_OPTIONS_H
#define MELD_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Which commands have the option. */
enum option_commands {
  OPTION_OF_FUSE = 1,
  OPTION_OF_VALIDATE = 2,
  OPTION_OF_INSPECT = 4,
  OPTION_OF_MAKING = OPTION_OF_FUSE | OPTION_OF_INSPECT, /* that write an output */
  OPTION_OF_ANY = OPTION_OF_MAKING | OPTION_OF_VALIDATE,
};

struct option {
  enum option_commands commands;
  char letter; /* 0: none */
  const char *name;
  const char *argument; /* null: takes none */
  const char *help;
};

/* In brackets from beginning to end: "[ITEM]", but not "[FORM:]SYMBOL". */
static inline bool is_argument_optional(const struct option *option) {
  return option->argument && option->argument[0] == '[' && option->argument[strlen(option->argument) - 1] == ']';
}

#endif
