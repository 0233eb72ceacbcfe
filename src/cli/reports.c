/* reports.c -- what is written beside the output.
 *
 *     --map=json:app.map     a file, or standard error
 *     --depfile app.d        app.core.wasm: app.wasm parts/store.wasm
 *     --reproduce bug/       bug/0-app.wasm, bug/1-store.wasm, bug/command, which is a script for a shell
 *
 * The inputs in a folder of --reproduce are what was read, also where the files have changed meanwhile or were a pipe.
 * With a script, the packages are given by --name, so that nothing is looked up elsewhere.
 *
 * Requires  meld.h alone.
 * Provides  print_reports, write_depfile, write_reproduction.
 */
#include "cli/reports.h"

#include "cli/output.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A text that grows; `data` null after an error. */
struct text {
  FILE *stream;
  char *data;
  size_t size;
};

static bool open_text(struct text *text) {
  *text = (struct text){0};
  text->stream = open_memstream(&text->data, &text->size);
  return text->stream != NULL;
}

/* Closes the text and writes it to the file. */
static bool write_text(const struct messages *messages, const char *file, struct text *text) {
  const bool is_whole = fclose(text->stream) == 0;
  const bool ok = is_whole ? write_file(messages, file, (const uint8_t *)text->data, text->size)
                           : complain(messages, MELD_SYSTEM, NULL, "out of memory");
  free(text->data);
  return ok;
}

bool print_reports(const struct arguments *arguments, const meld_result *result) {
  for (int i = 0; i < MELD_REPORT_COUNT; i++) {
    const meld_text *const report = &result->reports[i];
    if (!report->text)
      continue;
    if (arguments->report_files[i]) {
      if (!write_file(&arguments->messages, arguments->report_files[i], (const uint8_t *)report->text, report->size))
        return false;
    } else if (fwrite(report->text, 1, report->size, stderr) != report->size) {
      return complain(&arguments->messages, MELD_SYSTEM, "<standard error>", "cannot write: %s", strerror(errno));
    }
  }
  return true;
}

/* As Ninja and GNU Make both read it. False: the name has a line end or a tab in it, which they do not. */
static bool put_dependency(FILE *to, const char *name) {
  for (const char *at = name; *at; at++) {
    if (strchr("\t\n\r", *at))
      return false;
    if (strchr(" #:", *at)) {
      /* Backslashes before one of these have to be doubled to stand for themselves. */
      for (const char *back = at; back > name && back[-1] == '\\'; back--)
        fputc('\\', to);
      fputc('\\', to);
    } else if (*at == '$') {
      fputc('$', to);
    }
    fputc(*at, to);
  }
  return true;
}

static bool put_dependencies(const struct arguments *arguments, const struct inputs *inputs, FILE *to) {
  bool ok = put_dependency(to, arguments->output);
  fputc(':', to);
  if (inputs->script_name) {
    fputs(" ", to);
    ok = put_dependency(to, inputs->script_name) && ok;
  }
  for (int i = 0; i < inputs->count; i++) {
    if (is_dash(inputs->file_names[i]))
      continue;
    fputs(" ", to);
    ok = put_dependency(to, inputs->file_names[i]) && ok;
  }
  fputc('\n', to);
  return ok;
}

bool write_depfile(const struct arguments *arguments, const struct inputs *inputs) {
  struct text text;
  if (!open_text(&text))
    return complain(&arguments->messages, MELD_SYSTEM, NULL, "out of memory");
  if (put_dependencies(arguments, inputs, text.stream))
    return write_text(&arguments->messages, arguments->depfile, &text);
  fclose(text.stream);
  free(text.data);
  return complain(&arguments->messages, MELD_SYSTEM, arguments->depfile,
                  "cannot write: the name of a file has a line end or a tab in it");
}

/* The base name in the folder: its number keeps files of one name apart. */
static void name_copy(char *to, size_t capacity, int number, const char *file) {
  const char *slash = strrchr(file, '/');
  const char *name = is_dash(file) ? "stdin" : slash && slash[1] ? slash + 1 : file;
  snprintf(to, capacity, "%d-%s", number, name);
}

static bool write_copy(const struct arguments *arguments, const char *name, const struct file *file) {
  char *path = malloc(strlen(arguments->reproduce) + strlen(name) + 2);
  if (!path)
    return complain(&arguments->messages, MELD_SYSTEM, NULL, "out of memory");
  sprintf(path, "%s/%s", arguments->reproduce, name);
  const bool ok = write_file(&arguments->messages, path, file->data, file->size);
  free(path);
  return ok;
}

static bool copy_inputs(const struct arguments *arguments, const struct inputs *inputs, FILE *command) {
  char name[512], named[1024];
  if (inputs->script_name) {
    name_copy(name, sizeof(name), inputs->count, inputs->script_name);
    print_word(command, name);
    if (!write_copy(arguments, name, &inputs->script))
      return false;
  }
  for (int i = 0; i < inputs->count; i++) {
    name_copy(name, sizeof(name), i, inputs->file_names[i]);
    const int count = inputs->count - inputs->adapter_count;
    const bool is_single = i == 0 && count == 1 && !inputs->script_name && !arguments->aliases[0];
    snprintf(named, sizeof(named), "--%s=%s=%s", i < count ? "name" : "adapt", inputs->names[i], name);
    print_word(command, is_single ? name : named);
    if (!write_copy(arguments, name, &inputs->files[i]))
      return false;
  }
  return true;
}

/* Makes the folder, or takes one that is empty: what is there already could be taken for a part of it. */
static bool make_folder(const struct messages *messages, const char *name) {
  if (mkdir(name, 0777) == 0)
    return true;
  if (errno != EEXIST)
    return complain(messages, MELD_SYSTEM, name, "cannot make the folder: %s", strerror(errno));
  DIR *folder = opendir(name);
  if (!folder)
    return complain(messages, MELD_SYSTEM, name, "cannot read the folder: %s", strerror(errno));
  const struct dirent *entry;
  do
    entry = readdir(folder);
  while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
  const bool is_empty = !entry;
  closedir(folder);
  return is_empty || complain(messages, MELD_SYSTEM, name, "the folder to reproduce with is not empty");
}

bool write_reproduction(const struct arguments *arguments, const struct inputs *inputs) {
  const struct messages *const messages = &arguments->messages;
  if (!make_folder(messages, arguments->reproduce))
    return false;
  struct text text;
  if (!open_text(&text))
    return complain(messages, MELD_SYSTEM, NULL, "out of memory");
  fprintf(text.stream, "#!/bin/sh\n# meld %s; the command line was:\n#", meld_version());
  for (int i = 0; i < arguments->word_count; i++) {
    char *end, *word = arguments->words[i];
    while ((end = strchr(word, '\n')) != NULL) { /* a comment ends with its line */
      fprintf(text.stream, " %.*s\n#", (int)(end - word), word);
      word = end + 1;
    }
    print_word(text.stream, word);
  }
  fputs("\nmeld fuse", text.stream);
  print_making_options(text.stream, arguments);
  const bool ok = copy_inputs(arguments, inputs, text.stream);
  fputs(" \"$@\"\n", text.stream);
  struct file command = {0};
  const bool is_whole = fclose(text.stream) == 0;
  command = (struct file){.data = (uint8_t *)text.data, .size = text.size};
  const bool written = ok && is_whole && write_copy(arguments, "command", &command);
  free(text.data);
  return written;
}
