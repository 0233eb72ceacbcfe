/* fuse.c -- libmeld in C: components in, one core module out.
 *
 *     cc fuse.c $(pkg-config --cflags --libs meld) -o fuse
 *     ./fuse shop.wasm store.wasm out.wasm
 *
 * Each input is called by the name of its file; an import of one is met by an export of another.
 */
#include <meld.h>

#include <stdio.h>
#include <stdlib.h>

/* The content of a file, from malloc(). */
static uint8_t *read_file(const char *name, size_t *size) {
  FILE *file = fopen(name, "rb");
  if (!file) {
    perror(name);
    exit(3);
  }
  uint8_t *data = NULL;
  size_t capacity = 0;
  *size = 0;
  do {
    capacity += (size_t)1 << 20;
    data = realloc(data, capacity);
    if (!data) {
      perror(name);
      exit(3);
    }
    *size += fread(data + *size, 1, capacity - *size, file);
  } while (*size == capacity);
  if (ferror(file)) {
    perror(name);
    exit(3);
  }
  fclose(file);
  return data;
}

static void write_file(const char *name, const uint8_t *data, size_t size) {
  FILE *file = fopen(name, "wb");
  if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
    perror(name);
    exit(3);
  }
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s INPUT... OUTPUT\n", argv[0]);
    return 2;
  }
  const size_t count = (size_t)argc - 2;
  meld_input *inputs = calloc(count, sizeof(*inputs));
  uint8_t **contents = calloc(count, sizeof(*contents));
  if (!inputs || !contents)
    return 3;
  for (size_t i = 0; i < count; i++) {
    inputs[i].name = argv[i + 1];
    inputs[i].data = contents[i] = read_file(argv[i + 1], &inputs[i].size);
  }

  meld_options options = meld_default_options();
  options.strip = true;
  const meld_composition composition = {.inputs = inputs, .input_count = count};
  meld_result result;
  if (meld_fuse_all(&options, &composition, &result) == MELD_DONE)
    write_file(argv[argc - 1], result.data, result.size);
  else
    fprintf(stderr, "%s: %s error: %s\n", result.input == MELD_NO_INDEX ? argv[0] : inputs[result.input].name,
            meld_status_name(result.status), result.message);

  const int code = (int)result.status;
  meld_result_free(&result);
  for (size_t i = 0; i < count; i++)
    free(contents[i]);
  free(contents);
  free(inputs);
  return code;
}
