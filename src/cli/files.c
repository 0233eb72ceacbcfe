/* files.c -- whole files as memory.
 *
 * An input that is a file is mapped, not read: nothing is copied, and large ones need no memory besides. It must not be
 * changed meanwhile: one that becomes shorter is told of by a signal, which ends the program; other changes show in the
 * end, before an output takes its place. What is no file, such as
 * a pipe, is read from beginning to end. An input has at most INPUT_LIMIT bytes. A source without end, such as a
 * device, is most often no WebAssembly, which shows in its first bytes: the rest is not read.
 *
 * An output goes to a temporary file beside it, which takes its name when it is complete: a full disk or a signal
 * leaves the old file as it was. Several outputs take their names when all are complete. What is not a file (a device,
 * a pipe) is written to directly, before that. output.c does the same for one that is written in pieces.
 *
 * Provides  read_file, read_text_file, check_unchanged, free_file, write_file, write_files, open_standard_streams.
 */
#include "cli/files.h"
#include "cli/arguments.h"
#include "cli/output.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
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
  remove_temporaries();
  _exit(EXIT_SYSTEM);
}

#define SHRUNK "cannot read: an input became shorter while it was read"

/* False: it has to be read, whatever it is. */
static bool map_file(const struct messages *messages, int descriptor, const struct stat *status, struct file *file) {
  const size_t size = (size_t)status->st_size;
  void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (data == MAP_FAILED)
    return false;
  *file = (struct file){data, size, true, *status};
  if (!messages->is_quiet)
    shrunk_message = messages->is_json ? "{\"severity\":\"error\",\"code\":\"system\",\"file\":null,\"offset\":null,"
                                         "\"path\":[],\"message\":\"" SHRUNK "\",\"hint\":null}\n"
                                       : "meld: " SHRUNK "\n";
  signal(SIGBUS, end_of_shrunk);
  return true;
}

static bool is_same_time(struct timespec a, struct timespec b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool check_unchanged(const struct messages *messages, const char *name, const struct file *file) {
  const struct stat *const before = &file->status;
  struct stat now;
  if (!file->is_mapped || is_dash(name) || stat(name, &now) != 0)
    return true;
  const bool is_other = now.st_dev != before->st_dev || now.st_ino != before->st_ino; /* the mapped one is as it was */
  if (is_other || (now.st_size == before->st_size && is_same_time(now.st_mtim, before->st_mtim)))
    return true;
  return complain(messages, MELD_SYSTEM, name, "cannot read: it was changed meanwhile");
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
      map_file(messages, descriptor, &status, file))
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

/* An output on its way: in a temporary file that takes its place when all of them are written, or written directly. */
struct pending {
  const struct output_file *file;
  char *target;    /* without links on the way; from malloc. Null: it is no file, and written directly */
  char *temporary; /* from malloc; null: there is none yet, or no more */
  mode_t mode;     /* of the file that is replaced; 0: there is none */
};

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

/* Where the output goes. False: it can't, and errno says why. */
static bool find_target(struct pending *pending) {
  const char *name = pending->file->name;
  struct stat status;
  if (is_dash(name))
    return true;
  if (stat(name, &status) != 0) {
    if (errno != ENOENT)
      return false;
    if (lstat(name, &status) == 0) { /* a link that leads to nothing */
      errno = ENOENT;
      return false;
    }
    pending->target = resolve_new_file(name);
    return pending->target != NULL;
  }
  if (!S_ISREG(status.st_mode))
    return true;
  pending->mode = status.st_mode & 07777;
  if (access(name, W_OK) != 0)
    return false;
  pending->target = realpath(name, NULL);
  return pending->target != NULL;
}

/* Opens a new file in the folder of the target; its name becomes `temporary`. */
static int open_temporary(struct pending *pending) {
  const int folder = (int)(strrchr(pending->target, '/') - pending->target + 1);
  const size_t capacity = (size_t)folder + 64;
  char *name = malloc(capacity);
  for (int i = 0; name && i < TEMPORARY_NAMES; i++) {
    snprintf(name, capacity, "%.*s.meld-%ld-%d.tmp", folder, pending->target, (long)getpid(), i);
    const int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0)
      pending->temporary = name;
    if (descriptor >= 0)
      return descriptor;
    if (errno != EEXIST)
      break;
  }
  free(name);
  return -1;
}

static bool write_temporary(struct pending *pending) {
  const int descriptor = open_temporary(pending);
  if (descriptor < 0)
    return false;
  const bool has_mode = !pending->mode || fchmod(descriptor, pending->mode) == 0;
  const int error = errno;
  if (!write_and_close(descriptor, pending->file->data, pending->file->size))
    return false;
  errno = error;
  return has_mode;
}

static bool write_directly(const struct output_file *file) {
  const int descriptor = is_dash(file->name) ? STDOUT_FILENO : open(file->name, O_WRONLY | O_CLOEXEC);
  return descriptor >= 0 && write_and_close(descriptor, file->data, file->size); /* of a directory: EISDIR */
}

static bool replace(struct pending *pending) {
  if (rename(pending->temporary, pending->target) != 0)
    return false;
  free(pending->temporary);
  pending->temporary = NULL;
  return true;
}

/* Does none of those before it go to the same file? */
static bool is_target_new(const struct pending *pending, size_t index) {
  for (size_t i = 0; i < index; i++)
    if (pending[i].target && pending[index].target && strcmp(pending[i].target, pending[index].target) == 0)
      return false;
  return true;
}

/* Null, or the first that could not be written; errno says why, or is 0 where another goes to the same file. */
static const struct pending *write_pending(struct pending *pending, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!find_target(&pending[i]))
      return &pending[i];
    else if (!is_target_new(pending, i)) {
      errno = 0;
      return &pending[i];
    }
  for (size_t i = 0; i < count; i++)
    if (pending[i].target && !write_temporary(&pending[i]))
      return &pending[i];
  for (size_t i = 0; i < count; i++)
    if (!pending[i].target && !write_directly(pending[i].file))
      return &pending[i];
  for (size_t i = 0; i < count; i++)
    if (pending[i].target && !replace(&pending[i]))
      return &pending[i];
  return NULL;
}

static void drop_pending(struct pending *pending, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (pending[i].temporary)
      unlink(pending[i].temporary);
    free(pending[i].temporary);
    free(pending[i].target);
  }
}

/* A signal that ends the program waits until there is no temporary file to leave behind; it does not where there is
 * none, since a pipe can keep the program waiting as long as it likes. */
static void block_ending_signals(const struct output_file *files, size_t count, sigset_t *before) {
  struct stat status;
  sigset_t ending;
  sigemptyset(&ending);
  for (size_t i = 0; i < count; i++)
    if (!is_dash(files[i].name) && (stat(files[i].name, &status) != 0 || S_ISREG(status.st_mode))) {
      sigaddset(&ending, SIGHUP);
      sigaddset(&ending, SIGINT);
      sigaddset(&ending, SIGQUIT);
      sigaddset(&ending, SIGTERM);
    }
  sigprocmask(SIG_BLOCK, &ending, before);
}

bool write_files(const struct messages *messages, const struct output_file *files, size_t count) {
  struct pending pending[OUTPUT_LIMIT] = {0};
  sigset_t before;
  assert(count <= OUTPUT_LIMIT);
  for (size_t i = 0; i < count; i++)
    pending[i].file = &files[i];
  block_ending_signals(files, count, &before);
  const struct pending *failed = write_pending(pending, count);
  const int error = errno;
  const char *name = failed ? failed->file->name : NULL;
  drop_pending(pending, count);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return !failed || complain(messages, MELD_SYSTEM, is_dash(name) ? "<standard output>" : name, "cannot write: %s",
                             error ? strerror(error) : "another output goes to the same file");
}

bool write_file(const struct messages *messages, const char *name, const uint8_t *data, size_t size) {
  const struct output_file file = {name, data, size};
  return write_files(messages, &file, 1);
}

void open_standard_streams(void) {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
    if (fcntl(stream, F_GETFD) < 0 && errno == EBADF) {
      /* The lowest number that is free. The wrong way round, so that reading or writing it is an error. */
      const int opened = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
      (void)opened; /* if there is no /dev/null, nothing can be done about it */
    }
}
