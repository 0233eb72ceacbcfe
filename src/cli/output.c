/* output.c -- a file that is written piece by piece.
 *
 * It goes to a temporary file beside it, which takes its name when it is complete: a full disk or a signal leaves the
 * old file as it was. What is not a file (a device, a pipe) is written to directly.
 *
 * Provides  write_piece, finish_output, remove_temporaries.
 */
#include "cli/output.h"
#include "cli/arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_WRITE ((size_t)1 << 30) /* bytes in one call */
#define TEMPORARY_NAMES 100             /* tried before giving up */

static struct output *first_temporary; /* for a handler of signals */

void remove_temporaries(void) {
  for (const struct output *output = first_temporary; output; output = output->next)
    unlink(output->temporary);
}

/* Opens a new file in the folder of the target. */
static int open_temporary(struct output *output) {
  const char *target = output->target;
  const char *slash = strrchr(target, '/');
  const int folder = slash ? (int)(slash - target + 1) : 0;
  for (int i = 0; i < TEMPORARY_NAMES; i++) {
    char *const name = output->temporary;
    const int size =
        snprintf(name, sizeof(output->temporary), "%.*s.meld-%ld-%d.tmp", folder, target, (long)getpid(), i);
    if (size < 0 || (size_t)size >= sizeof(output->temporary)) {
      errno = ENAMETOOLONG;
      break;
    }
    const int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0) {
      output->next = first_temporary;
      first_temporary = output;
      return descriptor;
    }
    if (errno != EEXIST)
      break;
  }
  output->temporary[0] = '\0';
  return -1;
}

/* A signal that ends the program waits until there is no temporary file to leave behind. */
static void hold_signals(struct output *output) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGHUP);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGQUIT);
  sigaddset(&ending, SIGTERM);
  sigprocmask(SIG_BLOCK, &ending, &output->before);
}

/* `mode`: that of the file to be replaced, or 0. */
static int open_beside(struct output *output, mode_t mode) {
  if (!output->target)
    return -1;
  hold_signals(output);
  const int descriptor = open_temporary(output);
  if (descriptor >= 0 && mode && fchmod(descriptor, mode) != 0)
    output->error = errno;
  return descriptor;
}

static int open_output(struct output *output) {
  const char *const name = output->name;
  struct stat status;
  if (is_dash(name))
    return STDOUT_FILENO;
  if (stat(name, &status) != 0) {
    if (errno != ENOENT || lstat(name, &status) == 0) /* a link that leads to nothing */
      return -1;
    output->target = strdup(name);
    return open_beside(output, 0);
  }
  if (!S_ISREG(status.st_mode))
    return open(name, O_WRONLY | O_CLOEXEC); /* of a directory: fails with EISDIR */
  if (access(name, W_OK) != 0)
    return -1;
  output->target = realpath(name, NULL);
  return open_beside(output, status.st_mode & 07777);
}

static bool open_once(struct output *output) {
  if (!output->is_open && !output->error) {
    output->descriptor = open_output(output);
    output->is_open = output->descriptor >= 0;
    if (!output->is_open)
      output->error = errno;
  }
  return output->is_open && !output->error;
}

bool write_piece(void *user, const uint8_t *data, size_t size) {
  struct output *output = user;
  if (!open_once(output))
    return false;
  while (size > 0) {
    const ssize_t count = write(output->descriptor, data, size < LARGEST_WRITE ? size : LARGEST_WRITE);
    if (count < 0 && errno != EINTR) {
      output->error = errno;
      return false;
    }
    if (count > 0) {
      data += count;
      size -= (size_t)count;
    }
  }
  return true;
}

/* A full disk may show only when a file is closed. */
static void close_output(struct output *output) {
  if (output->is_open && close(output->descriptor) != 0 && !output->error)
    output->error = errno;
}

bool finish_output(const struct messages *messages, struct output *output, bool is_complete) {
  if (is_complete)
    open_once(output);
  close_output(output);
  const bool is_good = is_complete && !output->error;
  if (output->temporary[0]) {
    first_temporary = output->next; /* the one that was opened last is finished first */
    if (is_good && rename(output->temporary, output->target) != 0)
      output->error = errno;
    if (!is_good || output->error)
      unlink(output->temporary);
  }
  if (output->target)
    sigprocmask(SIG_SETMASK, &output->before, NULL);
  free(output->target);
  return !output->error || complain(messages, MELD_SYSTEM, is_dash(output->name) ? "<standard output>" : output->name,
                                    "cannot write: %s", strerror(output->error));
}
