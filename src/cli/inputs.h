/* inputs.h -- the files that are fused, with what they are called. */
#ifndef MELD_CLI_INPUTS_H
#define MELD_CLI_INPUTS_H

#include "cli/arguments.h"
#include "cli/files.h"

struct inputs {
  meld_composition composition;
  struct file script;
  const char *script_name; /* null: no script */
  /* Of each input, and of each adapter after them; from malloc, as the names are. */
  int count, adapter_count;
  char **file_names;
  char **names;
  struct file *files;
  meld_input *given;
};

/* Reads all the files that the arguments name. MELD_DONE, or what is at fault, after a sentence about it on standard
 * error; either way, free_inputs() frees it. */
meld_status read_inputs(const struct arguments *arguments, struct inputs *inputs);
/* False after a sentence on standard error: some file is not as it was when it was read. */
bool check_inputs_unchanged(const struct arguments *arguments, const struct inputs *inputs);

void free_inputs(struct inputs *inputs);

/* The file that a failure is about; null: none in particular. */
const char *name_at_fault(const struct arguments *arguments, const struct inputs *inputs, const meld_result *result);

#endif
