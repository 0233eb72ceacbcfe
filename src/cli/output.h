/* output.h -- files that are written, which are either complete or as they were before. */
#ifndef MELD_CLI_OUTPUT_H
#define MELD_CLI_OUTPUT_H

#include "cli/message.h"

#include <limits.h>

struct output {
  const char *name; /* "-": standard output */
  int descriptor;
  bool is_open;
  char *target;             /* of a file: its name without links on the way, from malloc; null: it is no file */
  char temporary[PATH_MAX]; /* the file that takes that name; empty: there is none */
  struct output *next;      /* that has one too */
  bool has_rival;           /* another output goes to the same file */
  int error;                /* errno of the first thing that went wrong; 0: nothing did */
};

/* Would it be a file? What is written to anything else can't be taken back. */
bool is_file_output(const char *name);

/* `output` has its name, and is zeroed. Opens it, the first time. False: it could not be opened, or written before. */
bool open_output(struct output *output);

/* Writes to an output, which is opened if need be. For meld_options.write, with the output as `user`. */
bool write_piece(void *output, const uint8_t *data, size_t size);

/* Puts files in their places; or, if not all are complete, leaves all as it was. False after a sentence on standard
 * error: one could not be written. */
bool finish_outputs(const struct messages *messages, struct output *outputs, size_t count, bool are_complete);

/* Writes one that is in memory. False after a sentence on standard error. */
bool write_file(const struct messages *messages, const char *name, const uint8_t *data, size_t size);

/* For a handler of a signal that ends the program at once: removes what is not complete. */
void remove_temporaries(void);

#endif
