/* message.h -- what the command says on standard error: lines for people, or JSON for programs. */
#ifndef MELD_CLI_MESSAGE_H
#define MELD_CLI_MESSAGE_H

#include "meld.h"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* How messages are given. */
struct messages {
  bool is_json;
  bool is_quiet; /* nothing but what is wrong with the command line */
  enum color color;
};

/* The sentence `format` about the file `name` ("-": standard input), or about none if it is null. Returns false. */
bool complain(const struct messages *messages, meld_status status, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What the library says of the input `name`. */
void print_diagnostic(const struct messages *messages, const char *name, const meld_result *result);

#endif
