/* files.h -- inputs as memory. */
#ifndef MELD_CLI_FILES_H
#define MELD_CLI_FILES_H

#include "cli/message.h"

#include <sys/stat.h>

#define INPUT_LIMIT ((size_t)1 << 30) /* bytes of one input */
#define INPUT_LIMIT_TEXT "1 GiB"

struct file {
  uint8_t *data;
  size_t size;
  bool is_mapped;     /* else from malloc */
  struct stat status; /* of one that is mapped, when that was done */
};

/* Reads the file `name`, or standard input if it is "-"; of what cannot be WebAssembly, only the start. MELD_DONE, or
 * what is at fault, after a sentence about it on standard error. */
meld_status read_file(const struct messages *messages, const char *name, struct file *file);

/* Reads a whole file of text in the same way. */
meld_status read_text_file(const struct messages *messages, const char *name, struct file *file);

/* Has nobody changed the file `name` since it was mapped? False after a sentence on standard error. */
bool check_unchanged(const struct messages *messages, const char *name, const struct file *file);

void free_file(struct file *file);

/* A closed standard stream would let a file that is opened take its number; now what is written to it fails. */
void open_standard_streams(void);

#endif
