/* native.c -- runs one core module that wasm2c has translated, with the answers that v8.mjs gives: for each line
 * `NAME N` of standard input, nanoseconds of processor time and the result of run(N).
 *
 * Requires  HEADER, the header that wasm2c made with the module name `timed`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include HEADER

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int main(void) {
  static w2c_timed instance;
  char line[256];
  wasm_rt_init();
  wasm2c_timed_instantiate(&instance);
  while (fgets(line, sizeof(line), stdin)) {
    uint32_t count = 0;
    if (sscanf(line, "%*s %" SCNu32, &count) != 1) {
      fprintf(stderr, "not a request: %s", line);
      return EXIT_FAILURE;
    }
    uint64_t start = nanoseconds();
    uint32_t sum = w2c_timed_run(&instance, count);
    uint64_t end = nanoseconds();
    printf("%" PRIu64 " %" PRIu32 "\n", end - start, sum);
    fflush(stdout);
  }
  wasm2c_timed_free(&instance);
  wasm_rt_free();
  return EXIT_SUCCESS;
}
