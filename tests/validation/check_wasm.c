/* check_wasm.c -- says of core modules whether they are valid, a line for each: "valid", or "invalid" and why.
 *
 *     printf '%s\n' a.wasm b.wasm | check_wasm
 *
 * File names come from standard input, so that one process does for thousands of modules.
 */
#include "wasm/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_and_check(struct context *c, void *argument) {
  const struct bytes *input = argument;
  check_module(c, read_module(c, *input, input->at));
}

/* The whole file; exits when there is none. */
static struct bytes read_file(const char *name) {
  FILE *file = fopen(name, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) {
    perror(name);
    exit(2);
  }
  const long size = ftell(file);
  uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
  rewind(file);
  if (size < 0 || !data || fread(data, 1, (size_t)size, file) != (size_t)size) {
    fprintf(stderr, "%s: cannot be read\n", name);
    exit(2);
  }
  fclose(file);
  return (struct bytes){data, (size_t)size};
}

int main(void) {
  static struct context c;
  char name[4096];
  while (fgets(name, sizeof name, stdin)) {
    name[strcspn(name, "\n")] = '\0';
    struct bytes input = read_file(name);
    memset(&c, 0, sizeof c);
    if (run_guarded(&c, read_and_check, &input))
      puts("valid");
    else if (c.failure == FAILURE_INPUT)
      printf("invalid at 0x%zx%s%s: %s\n", c.offset, *c.path ? ", " : "", c.path, c.message);
    else
      printf("failed: %s\n", c.message);
    context_free(&c);
    free((void *)input.at);
  }
  return ferror(stdin) || fflush(stdout) != 0 ? 2 : 0;
}
