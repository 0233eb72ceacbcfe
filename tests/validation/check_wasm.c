/* check_wasm.c -- says of core modules whether they are valid, a line for each: "valid", or "invalid" and why.
 *
 *     printf '%s\n' a.wasm b.wasm | check_wasm
 *     check_wasm --stream <modules        each one after its size, four bytes, the lowest first
 *
 * One process does for thousands of modules.
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

static void judge(struct bytes input) {
  static struct context c;
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

static void judge_files(void) {
  char name[4096];
  while (fgets(name, sizeof name, stdin)) {
    name[strcspn(name, "\n")] = '\0';
    judge(read_file(name));
  }
}

static void judge_stream(void) {
  uint8_t size_bytes[4];
  while (fread(size_bytes, 1, 4, stdin) == 4) {
    size_t size = 0;
    for (int i = 4; i-- > 0;)
      size = size << 8 | size_bytes[i];
    uint8_t *data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, stdin) != size) {
      fputs("check_wasm: the stream ends inside a module\n", stderr);
      exit(2);
    }
    judge((struct bytes){data, size});
  }
}

int main(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "--stream") == 0)
    judge_stream();
  else
    judge_files();
  return ferror(stdin) || fflush(stdout) != 0 ? 2 : 0;
}
