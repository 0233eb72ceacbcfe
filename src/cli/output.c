/* output.c -- files that are written piece by piece.
 *
 * Each goes to a temporary file beside it, which takes its name when it is complete: a full disk or a signal leaves the
 * old file as it was. Those that belong together take their names when all are complete. What is not a file (a device,
 * a pipe) is written to directly.
 *
 * A signal that ends the program does so at once, also while it waits for a pipe: its handler removes what is not
 * complete. It waits only while a temporary file is made or put in its place.
 *
 * Provides  is_file_output, open_output, write_piece, finish_outputs, write_file, remove_temporaries.
 */
#include "cli/output.h"
#include "cli/arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_WRITE ((size_t)1 << 30) /* bytes in one call */
#define TEMPORARY_NAMES 100             /* tried before giving up */

static struct output *volatile first_temporary; /* for handlers of signals */

void remove_temporaries(void) {
  for (const struct output *output = first_temporary; output; output = output->next)
    unlink(output->temporary);
}

/* Signals. */

static const int ending_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
#define ENDING_SIGNAL_COUNT (sizeof ending_signals / sizeof *ending_signals)

static void end_by_signal(int number) {
  remove_temporaries();
  raise(number); /* by now it has its default action again, for which it waits until this returns */
}

/* Those that are ignored stay so. */
static void handle_signals(void) {
  static bool are_handled;
  for (size_t i = 0; i < ENDING_SIGNAL_COUNT && !are_handled; i++) {
    struct sigaction action = {.sa_handler = end_by_signal, .sa_flags = (int)SA_RESETHAND}, before;
    if (sigaction(ending_signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
      sigaction(ending_signals[i], &action, NULL);
  }
  are_handled = true;
}

static sigset_t hold_signals(void) {
  sigset_t ending, before;
  sigemptyset(&ending);
  for (size_t i = 0; i < ENDING_SIGNAL_COUNT; i++)
    sigaddset(&ending, ending_signals[i]);
  sigprocmask(SIG_BLOCK, &ending, &before);
  return before;
}

/* Files. */

/* Opens a new file in the folder of the target. */
static int create_temporary(struct output *output) {
  const int folder = (int)(strrchr(output->target, '/') - output->target + 1);
  char *const name = output->temporary;
  for (int i = 0; i < TEMPORARY_NAMES; i++) {
    const int size =
        snprintf(name, sizeof output->temporary, "%.*s.meld-%ld-%d.tmp", folder, output->target, (long)getpid(), i);
    if (size < 0 || (size_t)size >= sizeof output->temporary) {
      errno = ENAMETOOLONG;
      break;
    }
    const int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0)
      return descriptor;
    if (errno != EEXIST)
      break;
  }
  name[0] = '\0';
  return -1;
}

/* `mode`: that of the file to be replaced, or 0. */
static int open_temporary(struct output *output, mode_t mode) {
  handle_signals();
  const sigset_t before = hold_signals();
  const int descriptor = create_temporary(output);
  if (descriptor >= 0) {
    output->next = first_temporary;
    first_temporary = output;
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (descriptor >= 0 && mode && fchmod(descriptor, mode) != 0)
    output->error = errno;
  return descriptor;
}

/* It has been renamed or removed. */
static void forget_temporary(struct output *output) {
  if (first_temporary == output) {
    first_temporary = output->next;
    return;
  }
  struct output *before = first_temporary;
  while (before->next != output)
    before = before->next;
  before->next = output->next;
}

/* "FOLDER/NAME" of a file that is not there yet, without links on the way. Null: errno says why. */
static char *resolve_new_file(const char *name) {
  const char *slash = strrchr(name, '/');
  char *folder = slash ? strndup(name, (size_t)(slash - name) + 1) : strdup(".");
  char *resolved = folder ? realpath(folder, NULL) : NULL;
  free(folder);
  if (!resolved)
    return NULL;
  const char *base = slash ? slash + 1 : name;
  char *target = malloc(strlen(resolved) + strlen(base) + 2);
  if (target)
    sprintf(target, "%s/%s", resolved, base);
  free(resolved);
  return target;
}

static int open_beside(struct output *output, char *target, mode_t mode) {
  output->target = target;
  if (!target)
    return -1;
  for (const struct output *other = first_temporary; other; other = other->next)
    output->has_rival = output->has_rival || strcmp(other->target, target) == 0;
  if (!output->has_rival)
    return open_temporary(output, mode);
  errno = EBUSY;
  return -1;
}

static int open_named(struct output *output) {
  const char *const name = output->name;
  struct stat status;
  if (is_dash(name))
    return STDOUT_FILENO;
  if (stat(name, &status) != 0) {
    if (errno != ENOENT || lstat(name, &status) == 0) /* a link that leads to nothing */
      return -1;
    return open_beside(output, resolve_new_file(name), 0);
  }
  if (!S_ISREG(status.st_mode))
    return open(name, O_WRONLY | O_CLOEXEC); /* of a directory: fails with EISDIR */
  if (access(name, W_OK) != 0)
    return -1;
  return open_beside(output, realpath(name, NULL), status.st_mode & 07777);
}

bool is_file_output(const char *name) {
  struct stat status;
  return !is_dash(name) && (stat(name, &status) != 0 || S_ISREG(status.st_mode));
}

bool open_output(struct output *output) {
  if (!output->is_open && !output->error) {
    output->descriptor = open_named(output);
    output->is_open = output->descriptor >= 0;
    if (!output->is_open)
      output->error = errno;
  }
  return output->is_open && !output->error;
}

bool write_piece(void *user, const uint8_t *data, size_t size) {
  struct output *output = user;
  if (!open_output(output))
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

/* Puts the temporary file in its place, or removes it. */
static bool place_output(struct output *output, bool is_good) {
  if (output->temporary[0]) {
    if (is_good && rename(output->temporary, output->target) != 0)
      output->error = errno;
    if (!is_good || output->error)
      unlink(output->temporary);
    forget_temporary(output);
  }
  free(output->target);
  return !output->error;
}

static bool complain_of(const struct messages *messages, const struct output *output) {
  return complain(messages, MELD_SYSTEM, is_dash(output->name) ? "<standard output>" : output->name, "cannot write: %s",
                  output->has_rival ? "another output goes to the same file" : strerror(output->error));
}

bool finish_outputs(const struct messages *messages, struct output *outputs, size_t count, bool are_complete) {
  bool is_good = are_complete;
  for (size_t i = 0; i < count && is_good; i++)
    is_good = open_output(&outputs[i]);
  for (size_t i = 0; i < count; i++) {
    close_output(&outputs[i]);
    is_good = is_good && !outputs[i].error;
  }
  const sigset_t before = hold_signals();
  for (size_t i = 0; i < count; i++)
    is_good = place_output(&outputs[i], is_good) && is_good;
  sigprocmask(SIG_SETMASK, &before, NULL);
  for (size_t i = 0; i < count; i++)
    if (outputs[i].error)
      return complain_of(messages, &outputs[i]);
  return true;
}

bool write_file(const struct messages *messages, const char *name, const uint8_t *data, size_t size) {
  struct output output = {.name = name};
  return finish_outputs(messages, &output, 1, write_piece(&output, data, size));
}
