/* files.h -- whole files into memory and back. */
#ifndef MELD_CLI_FILES_H
#define MELD_CLI_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INPUT_LIMIT UINT32_MAX /* bytes; no section of a component can be larger */

struct file {
  uint8_t *data; /* from malloc */
  size_t size;
};

/* Reads the file `name`, or standard input if it is "-". False after a sentence about it on standard error. */
bool read_file(const char *name, struct file *file);

/* Writes the file `name`, or standard output if it is "-". A file is either complete or as it was before. False after
 * a sentence about it on standard error. */
bool write_file(const char *name, const uint8_t *data, size_t size);

#endif
