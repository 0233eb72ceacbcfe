/* replay.c -- gives the files of a corpus to a target, without a fuzzer, and a few mutations of each.
 *
 *     replay_structure fuzz/corpus fuzz/seeds
 *
 * Arguments are files, and folders whose files are given in the order of their names. A file on which the target aborts
 * is the last one named on standard error. With MELD_FUZZ_MUTATIONS=n, targets that have a mutator of their own also
 * get n mutations of each file, the same ones each time.
 */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

#define PATH_SIZE 4096
#define MUTATION_CAPACITY ((size_t)1 << 20)

static unsigned file_count;
static unsigned mutation_count;

#ifndef HAS_MUTATOR
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed) {
  (void)data, (void)size, (void)capacity, (void)seed;
  return 0;
}
#endif

/* The fuzzer's own mutator, which there is none of here. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t capacity) {
  (void)data, (void)size, (void)capacity;
  return 0;
}

static void mutate_file(const uint8_t *data, size_t size) {
  for (unsigned seed = 1; seed <= mutation_count && size <= MUTATION_CAPACITY; seed++) {
    uint8_t *mutated = malloc(MUTATION_CAPACITY);
    EXPECT(mutated, "out of memory");
    memcpy(mutated, data, size);
    size_t mutated_size = size;
    for (unsigned step = 0; step < seed % 4 + 1 && mutated_size; step++)
      mutated_size = LLVMFuzzerCustomMutator(mutated, mutated_size, MUTATION_CAPACITY, seed * 16 + step);
    if (mutated_size)
      LLVMFuzzerTestOneInput(mutated, mutated_size);
    free(mutated);
  }
}

static void replay_file(const char *path) {
  fprintf(stderr, "%s\n", path);
  FILE *file = fopen(path, "rb");
  EXPECT(file && fseek(file, 0, SEEK_END) == 0, "%s cannot be read", path);
  const long end = ftell(file);
  EXPECT(end >= 0 && fseek(file, 0, SEEK_SET) == 0, "%s cannot be read", path);
  const size_t size = (size_t)end;
  uint8_t *data = malloc(size ? size : 1); /* exactly, so that reading past the end shows */
  EXPECT(data && fread(data, 1, size, file) == size, "%s cannot be read", path);
  fclose(file);
  LLVMFuzzerTestOneInput(data, size);
  mutate_file(data, size);
  free(data);
  file_count++;
}

static void replay(const char *path) {
  struct stat status;
  EXPECT(stat(path, &status) == 0, "%s is not there", path);
  if (!S_ISDIR(status.st_mode)) {
    replay_file(path);
    return;
  }
  struct dirent **entries;
  const int count = scandir(path, &entries, NULL, alphasort);
  EXPECT(count >= 0, "%s cannot be read", path);
  for (int i = 0; i < count; i++) {
    char inner[PATH_SIZE];
    const int length = snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
    EXPECT(length > 0 && length < PATH_SIZE, "%s is too long", path);
    if (entries[i]->d_name[0] != '.')
      replay(inner);
    free(entries[i]);
  }
  free(entries);
}

int main(int argc, char **argv) {
  const char *mutations = getenv("MELD_FUZZ_MUTATIONS");
  mutation_count = mutations ? (unsigned)strtoul(mutations, NULL, 10) : 0;
  for (int i = 1; i < argc; i++)
    replay(argv[i]);
  printf("%u files\n", file_count);
  return file_count ? 0 : 1;
}
