/* output.h -- a file that is written, which is either complete or as it was before. */
#ifndef MELD_CLI_OUTPUT_H
#define MELD_CLI_OUTPUT_H

#include "cli/message.h"

#include <limits.h>
#include <signal.h>
#include <sys/types.h>

struct output {
  const char *name; /* "-": standard output */
  int descriptor;
  bool is_open;
  char *target;             /* of a file: its name behind symbolic links */
  char temporary[PATH_MAX]; /* the file that takes that name; empty: there is none */
  struct output *next;      /* that has one too */
  sigset_t before;
  int error; /* errno of the first thing that went wrong; 0: nothing did */
};

/* `output` has its name, and is zeroed. The file is opened when something is written. For meld_options.write, with the
 * output as `user`. */
bool write_piece(void *output, const uint8_t *data, size_t size);

/* Puts the file in its place; or, if it is not complete, leaves all as it was. False after a sentence on standard
 * error: it could not be written. */
bool finish_output(const struct messages *messages, struct output *output, bool is_complete);

/* For a handler of a signal that ends the program at once: removes what is not complete. */
void remove_temporaries(void);

#endif
