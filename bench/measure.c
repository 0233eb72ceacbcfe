/* measure.c -- runs a command and says what it took: `measure SECONDS COMMAND ARGUMENT...` prints
 *
 *     nanoseconds  nanoseconds of processor time  peak of resident memory in KiB  status
 *
 * It is a program of its own, and small, because a process inherits the peak of the one that it is forked from. What
 * the command prints is thrown away. After SECONDS it is ended by a signal, SIGALRM.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t of_timeval(struct timeval time) {
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

static void run_child(unsigned seconds, char **command) {
  alarm(seconds);
  int nothing = open("/dev/null", O_RDWR);
  if (nothing < 0 || dup2(nothing, STDOUT_FILENO) < 0 || dup2(nothing, STDERR_FILENO) < 0)
    _exit(127);
  execvp(command[0], command);
  _exit(127);
}

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "the way to call it is: measure SECONDS COMMAND ARGUMENT...\n");
    return 2;
  }
  uint64_t start = nanoseconds();
  pid_t child = fork();
  if (child == 0)
    run_child((unsigned)strtoul(arguments[1], NULL, 10), arguments + 2);
  struct rusage usage;
  int status = 0;
  if (child < 0 || wait4(child, &status, 0, &usage) != child) {
    fprintf(stderr, "%s: %s\n", arguments[2], strerror(errno));
    return 1;
  }
  uint64_t end = nanoseconds();
  printf("%" PRIu64 " %" PRIu64 " %ld %d\n", end - start, of_timeval(usage.ru_utime) + of_timeval(usage.ru_stime),
         usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
