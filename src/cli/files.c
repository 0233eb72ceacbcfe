/* files.c -- whole files into memory and back.
 *
 * An input is read once from beginning to end, so that pipes do as well as files and nothing changes under the fuser.
 * An output goes to a temporary file beside it, which takes its name when it is complete: a full disk or a signal
 * leaves the old file as it was. What is not a file (a device, a pipe) is written to directly.
 *
 * Provides  read_file, write_file.
 */
#include "cli/files.h"
#include "cli/arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_READ ((size_t)64 << 10)
#define LARGEST_WRITE ((size_t)1 << 30) /* bytes in one call */
#define TEMPORARY_NAMES 100             /* tried before giving up */

static const char *shown_name(const char *name, const char *dash) { return is_dash(name) ? dash : name; }

static bool complain(const char *name, const char *what, int error) {
  if (error)
    fprintf(stderr, "meld: %s: %s: %s\n", name, what, strerror(error));
  else
    fprintf(stderr, "meld: %s: %s\n", name, what);
  return false;
}

/* Makes room for at least one byte more. */
static bool grow(struct file *file, size_t *capacity, const char *name) {
  if (file->size < *capacity)
    return true;
  if (file->size > INPUT_LIMIT)
    return complain(name, "cannot read: it is larger than 4 GiB, the most that a component can have", 0);
  const size_t wanted = *capacity ? *capacity * 2 : FIRST_READ;
  uint8_t *data = realloc(file->data, wanted);
  if (!data)
    return complain(name, "cannot read: out of memory", 0);
  file->data = data;
  *capacity = wanted;
  return true;
}

static bool read_all(int descriptor, const char *name, size_t expected, struct file *file) {
  size_t capacity = 0;
  if (expected > 0 && expected <= INPUT_LIMIT) {
    file->data = malloc(expected + 1); /* one more, to see the end without growing */
    capacity = file->data ? expected + 1 : 0;
  }
  for (;;) {
    if (!grow(file, &capacity, name))
      return false;
    const ssize_t count = read(descriptor, file->data + file->size, capacity - file->size);
    if (count == 0)
      return true;
    if (count > 0)
      file->size += (size_t)count;
    else if (errno != EINTR)
      return complain(name, "cannot read", errno);
  }
}

bool read_file(const char *name, struct file *file) {
  *file = (struct file){0};
  const char *shown = shown_name(name, "<standard input>");
  const int descriptor = is_dash(name) ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return complain(shown, "cannot open", errno);
  struct stat status;
  bool ok;
  if (fstat(descriptor, &status) != 0)
    ok = complain(shown, "cannot read", errno);
  else if (S_ISDIR(status.st_mode))
    ok = complain(shown, "cannot read: it is a directory", 0);
  else
    ok = read_all(descriptor, shown, S_ISREG(status.st_mode) ? (size_t)status.st_size : 0, file);
  if (descriptor != STDIN_FILENO)
    close(descriptor);
  return ok;
}

static bool write_all(int descriptor, const uint8_t *data, size_t size) {
  while (size > 0) {
    const ssize_t count = write(descriptor, data, size < LARGEST_WRITE ? size : LARGEST_WRITE);
    if (count < 0 && errno != EINTR)
      return false;
    if (count > 0) {
      data += count;
      size -= (size_t)count;
    }
  }
  return true;
}

/* Writes and closes `descriptor`; a full disk may show in either. */
static bool write_and_close(int descriptor, const uint8_t *data, size_t size) {
  const bool written = write_all(descriptor, data, size);
  const int error = errno;
  const bool closed = close(descriptor) == 0;
  if (!written)
    errno = error;
  return written && closed;
}

/* Opens a new file in the folder of `target`; its name goes to `name`. */
static int open_temporary(const char *target, char *name, size_t capacity) {
  const char *slash = strrchr(target, '/');
  const int folder = slash ? (int)(slash - target + 1) : 0;
  for (int i = 0; i < TEMPORARY_NAMES; i++) {
    const int size = snprintf(name, capacity, "%.*s.meld-%ld-%d.tmp", folder, target, (long)getpid(), i);
    if (size < 0 || (size_t)size >= capacity) {
      errno = ENAMETOOLONG;
      return -1;
    }
    const int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EEXIST)
      return descriptor;
  }
  return -1;
}

/* `mode`: that of the file to be replaced, or 0. */
static bool replace_file(const char *target, mode_t mode, const uint8_t *data, size_t size) {
  char temporary[PATH_MAX];
  const int descriptor = open_temporary(target, temporary, sizeof(temporary));
  if (descriptor < 0)
    return false;
  const bool has_mode = !mode || fchmod(descriptor, mode) == 0;
  if (write_and_close(descriptor, data, size) && has_mode && rename(temporary, target) == 0)
    return true;
  const int error = errno;
  unlink(temporary);
  errno = error;
  return false;
}

/* A signal that ends the program waits until there is no temporary file to leave behind. */
static bool replace_file_undisturbed(const char *target, mode_t mode, const uint8_t *data, size_t size) {
  sigset_t ending, before;
  sigemptyset(&ending);
  sigaddset(&ending, SIGHUP);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  sigprocmask(SIG_BLOCK, &ending, &before);
  const bool ok = replace_file(target, mode, data, size);
  const int error = errno;
  sigprocmask(SIG_SETMASK, &before, NULL);
  errno = error;
  return ok;
}

static bool write_to_file(const char *name, const uint8_t *data, size_t size) {
  struct stat status;
  if (stat(name, &status) != 0)
    return replace_file_undisturbed(name, 0, data, size);
  if (!S_ISREG(status.st_mode)) {
    const int descriptor = open(name, O_WRONLY | O_CLOEXEC); /* of a directory: fails with EISDIR */
    return descriptor >= 0 && write_and_close(descriptor, data, size);
  }
  if (access(name, W_OK) != 0)
    return false;
  char *target = realpath(name, NULL); /* behind a symbolic link */
  const bool ok = target && replace_file_undisturbed(target, status.st_mode & 07777, data, size);
  const int error = errno;
  free(target);
  errno = error;
  return ok;
}

bool write_file(const char *name, const uint8_t *data, size_t size) {
  const bool ok = is_dash(name) ? write_and_close(STDOUT_FILENO, data, size) : write_to_file(name, data, size);
  return ok || complain(shown_name(name, "<standard output>"), "cannot write", errno);
}
