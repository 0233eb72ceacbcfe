/* judge.c -- which components are valid, and where their definitions are; many in one process.
 *
 *     find . -name '*.wasm' | judge
 *
 *     accept a.wasm
 *     reject b.wasm 0x2f in component 0: there is no type 7: 3 are defined before this
 *     skip c.wasm 0x0a start definitions are not supported
 *
 * Judged as `meld validate` does. What meld does not support at all is no judgement, and said apart.
 * With the argument "--definitions" it is read alone, and the line has the offsets of all definitions, in nested
 * components too: what a mutation can take out and put in elsewhere.
 *
 *     definitions a.wasm 11 15 29
 *
 * Requires  names of files, one a line, on standard input.
 * Provides  one line for each, in their order. Status 0, or 3 where a file can't be read.
 */
#include "meld.h"

#include "component/component.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LIMIT 4096

/* As deep as NESTING_LIMIT. */
static void print_offsets(const struct component *component) {
  for (uint32_t i = 0; i < component->definitions.count; i++) {
    const struct definition *definition = &component->definitions.items[i];
    printf(" %zu", definition->offset);
    if (definition->kind == DEFINE_COMPONENT)
      print_offsets(definition->of.component);
  }
}

static void list_definitions(struct context *c, void *argument) {
  const struct bytes *input = argument;
  print_offsets(read_component(c, *input));
}

/* Null: the file can't be read. */
static uint8_t *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END))
    return NULL;
  const long end = ftell(file);
  uint8_t *data = end < 0 ? NULL : malloc((size_t)end + 1);
  rewind(file);
  if (data && fread(data, 1, (size_t)end, file) != (size_t)end) {
    free(data);
    data = NULL;
  }
  fclose(file);
  *size = (size_t)end;
  return data;
}

static void print_definitions(const char *path, struct bytes input) {
  struct context context = {0};
  printf("definitions %s", path);
  run_guarded(&context, list_definitions, &input); /* none of one that can't be read */
  printf("\n");
  context_free(&context);
}

static void print_judgement(const char *path, struct bytes input) {
  meld_result result;
  if (meld_validate(NULL, input.at, input.size, &result) == MELD_DONE)
    printf("accept %s\n", path);
  else
    printf("%s %s 0x%zx %s%s%s%s\n", strstr(result.message, "definitions are not supported") ? "skip" : "reject", path,
           result.offset, result.path[0] ? "in " : "", result.path, result.path[0] ? ": " : "", result.message);
  meld_result_free(&result);
}

static int judge_file(const char *path, bool is_list) {
  size_t size;
  uint8_t *data = read_file(path, &size);
  if (!data) {
    fprintf(stderr, "judge: cannot read %s\n", path);
    return 3;
  }
  if (is_list)
    print_definitions(path, (struct bytes){data, size});
  else
    print_judgement(path, (struct bytes){data, size});
  free(data);
  return 0;
}

int main(int argc, char **argv) {
  const bool is_list = argc > 1 && !strcmp(argv[1], "--definitions");
  char path[PATH_LIMIT];
  while (fgets(path, sizeof path, stdin)) {
    path[strcspn(path, "\n")] = '\0';
    const int status = judge_file(path, is_list);
    if (status)
      return status;
  }
  return 0;
}
