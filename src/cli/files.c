/* files.c -- inputs as memory.
 *
 * An input that is a file is mapped, not read: nothing is copied, and large ones need no memory besides. It must not be
 * changed meanwhile: one that becomes shorter is told of by a signal, which ends the program; other changes show in the
 * end, before an output takes its place. What is no file, such as
 * a pipe, is read from beginning to end. An input has at most INPUT_LIMIT bytes. A source without end, such as a
 * device, is most often no WebAssembly, which shows in its first bytes: the rest is not read.
 *
 * Provides  read_file, read_text_file, check_unchanged, free_file, open_standard_streams.
 */
#include "cli/files.h"
#include "cli/arguments.h"
#include "cli/output.h"

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

void open_standard_streams(void) {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
    if (fcntl(stream, F_GETFD) < 0 && errno == EBADF) {
      /* The lowest number that is free. The wrong way round, so that reading or writing it is an error. */
      const int opened = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
      (void)opened; /* if there is no /dev/null, nothing can be done about it */
    }
}
