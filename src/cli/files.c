/* files.c -- whole files into memory and back.
 *
 * An input that is a file is mapped, not read: nothing is copied, and large ones need no memory besides. It must not be
 * changed meanwhile. One that becomes shorter is told of by a signal, which ends the program. What is no file, such as a
 * pipe, is read from beginning to end. An input has at most INPUT_LIMIT bytes. A source without end, such as a device,
 * is most often no WebAssembly, which shows in its first bytes: the rest is not read. An output goes to a temporary file beside it, which takes its name when it
 * is complete: a full disk or a signal leaves the old file as it was. What is not a file (a device, a pipe) is written
 * to directly.
 *
 * Provides  read_file, read_text_file, free_file, write_file, open_standard_streams.
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
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_READ ((size_t)64 << 10)
#define LARGEST_WRITE ((size_t)1 << 30) /* bytes in one call */
#define TEMPORARY_NAMES 100             /* tried before giving up */

static meld_status refuse_system(const struct messages *messages, const char *name, const char *what) {
  complain(messages, MELD_SYSTEM, name, "%s: %s", what, strerror(errno));
  return MELD_SYSTEM;
}

static meld_status refuse_size(const struct messages *messages, const char *name) {
  complain(messages, MELD_INPUT, name, "the input is larger than %s, the most that meld reads", INPUT_LIMIT_TEXT);
  return MELD_INPUT;
}

/* Makes room for at least one byte more; false: there is none. */
static bool grow(struct file *file, size_t *capacity) {
  if (file->size < *capacity)
    return true;
  const size_t wanted = *capacity ? *capacity * 2 : FIRST_READ;
  uint8_t *data = realloc(file->data, wanted);
  if (!data)
    return false;
  file->data = data;
  *capacity = wanted;
  return true;
}

static bool cannot_be_wasm(const struct file *file) { return file->size >= 4 && memcmp(file->data, "\0asm", 4) != 0; }

static meld_status read_all(const struct messages *messages, int descriptor, const char *name, bool is_text,
                            struct file *file) {
  size_t capacity = 0;
  while (is_text || !cannot_be_wasm(file)) {
    if (file->size > INPUT_LIMIT)
      return refuse_size(messages, name);
    if (!grow(file, &capacity))
      return refuse_system(messages, name, "cannot read");
    const ssize_t count = read(descriptor, file->data + file->size, capacity - file->size);
    if (count == 0)
      break;
    if (count > 0)
      file->size += (size_t)count;
    else if (errno != EINTR)
      return refuse_system(messages, name, "cannot read");
  }
  return MELD_DONE;
}

/* What is written if a mapped file becomes shorter; null: nothing. */
static const char *shrunk_message;

static void end_of_shrunk(int signal) {
  (void)signal;
  if (shrunk_message) {
    const ssize_t written = write(STDERR_FILENO, shrunk_message, strlen(shrunk_message));
    (void)written;
  }
  _exit(EXIT_SYSTEM);
}

#define SHRUNK "cannot read: an input became shorter while it was read"

/* False: it has to be read, whatever it is. */
static bool map_file(const struct messages *messages, int descriptor, size_t size, struct file *file) {
  void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (data == MAP_FAILED)
    return false;
  *file = (struct file){data, size, true};
  if (!messages->is_quiet)
    shrunk_message = messages->is_json ? "{\"severity\":\"error\",\"code\":\"system\",\"file\":null,\"offset\":null,"
                                         "\"path\":[],\"message\":\"" SHRUNK "\",\"hint\":null}\n"
                                       : "meld: " SHRUNK "\n";
  signal(SIGBUS, end_of_shrunk);
  return true;
}

void free_file(struct file *file) {
  if (file->is_mapped)
    munmap(file->data, file->size);
  else
    free(file->data);
}

static meld_status read_open_file(const struct messages *messages, int descriptor, const char *name, bool is_text,
                                  struct file *file) {
  struct stat status;
  if (fstat(descriptor, &status) != 0)
    return refuse_system(messages, name, "cannot read");
  if (S_ISDIR(status.st_mode)) {
    complain(messages, MELD_SYSTEM, name, "cannot read: it is a directory");
    return MELD_SYSTEM;
  }
  if (S_ISREG(status.st_mode) && (uint64_t)status.st_size > INPUT_LIMIT)
    return refuse_size(messages, name);
  if (!is_text && S_ISREG(status.st_mode) && status.st_size > 0 && lseek(descriptor, 0, SEEK_CUR) == 0 &&
      map_file(messages, descriptor, (size_t)status.st_size, file))
    return MELD_DONE;
  return read_all(messages, descriptor, name, is_text, file);
}

static meld_status read_named_file(const struct messages *messages, const char *name, bool is_text, struct file *file) {
  *file = (struct file){0};
  const int descriptor = is_dash(name) ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0)
    return refuse_system(messages, name, "cannot open");
  const meld_status status = read_open_file(messages, descriptor, name, is_text, file);
  if (descriptor != STDIN_FILENO)
    close(descriptor);
  return status;
}

meld_status read_file(const struct messages *messages, const char *name, struct file *file) {
  return read_named_file(messages, name, false, file);
}

meld_status read_text_file(const struct messages *messages, const char *name, struct file *file) {
  return read_named_file(messages, name, true, file);
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
  sigaddset(&ending, SIGQUIT);
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
  if (stat(name, &status) != 0) {
    const bool is_new = errno == ENOENT && lstat(name, &status) != 0; /* and not a link that leads to nothing */
    return is_new && replace_file_undisturbed(name, 0, data, size);
  }
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

bool write_file(const struct messages *messages, const char *name, const uint8_t *data, size_t size) {
  const bool ok = is_dash(name) ? write_and_close(STDOUT_FILENO, data, size) : write_to_file(name, data, size);
  return ok || complain(messages, MELD_SYSTEM, is_dash(name) ? "<standard output>" : name, "cannot write: %s",
                        strerror(errno));
}

void open_standard_streams(void) {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
    if (fcntl(stream, F_GETFD) < 0 && errno == EBADF) {
      /* The lowest number that is free. The wrong way round, so that reading or writing it is an error. */
      const int opened = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
      (void)opened; /* if there is no /dev/null, nothing can be done about it */
    }
}
