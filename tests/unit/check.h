/* check.h -- what a test of a single file expects: each thing that does not hold is told, with its line, and counted.
 */
#ifndef MELD_TESTS_CHECK_H
#define MELD_TESTS_CHECK_H

#include <stdbool.h>
#include <stdio.h>

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)

static int failures; /* what main() has to return */

static inline void check(bool holds, const char *what, const char *file, int line) {
  if (holds)
    return;
  fprintf(stderr, "%s:%d: not true: %s\n", file, line, what);
  failures++;
}

#endif
