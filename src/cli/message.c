/* message.c -- one line for each thing that is wrong, for people or for programs.
 *
 *     meld: app.wat:0x0: this is the text format; "wasm-tools parse" makes a binary of it
 *
 *     {"severity":"error","code":"input","file":"app.wat","offset":0,"path":[],
 *      "message":"this is the text format",
 *      "hint":"\"wasm-tools parse\" makes a binary of it"}
 *
 * the latter on one line. Names of files may be any bytes but zero; they are escaped in both.
 *
 * Provides  complain, print_diagnostic.
 */
#include "cli/message.h"

#include "cli/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_SHOWN 4096 /* bytes of a file's name, escaped */

#define BOLD "1"
#define RED "1;31"
#define CYAN "36"

/* Colours are for a terminal that knows them, unless they are asked for. https://no-color.org */
static bool has_color(const struct messages *messages) {
  if (messages->color != COLOR_AUTO)
    return messages->color == COLOR_ALWAYS;
  const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
  return (!no_color || !*no_color) && isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

static void start_color(bool is_colored, const char *color) {
  if (is_colored)
    fprintf(stderr, "\033[%sm", color);
}

static void end_color(bool is_colored) {
  if (is_colored)
    fputs("\033[0m", stderr);
}

/* A quote in a name is escaped, so that names can stand between quotes. */
static void print_name(const char *escaped) {
  for (; *escaped; escaped++) {
    if (*escaped == '"')
      fputc('\\', stderr);
    fputc(*escaped, stderr);
  }
}

static void print_line(const struct messages *messages, const char *file, const meld_result *result) {
  const bool is_colored = has_color(messages);
  start_color(is_colored, BOLD);
  fputs("meld:", stderr);
  if (file) {
    fputs(" ", stderr);
    print_name(file);
    fputs(":", stderr);
  }
  if (result->offset != MELD_NO_OFFSET)
    fprintf(stderr, "0x%zx:", result->offset);
  end_color(is_colored);
  if (result->path[0])
    fprintf(stderr, " in %s:", result->path);
  fputs(" ", stderr);
  start_color(is_colored, RED);
  fputs(result->message, stderr);
  end_color(is_colored);
  if (result->hint[0]) {
    fputs("; ", stderr);
    start_color(is_colored, CYAN);
    fputs(result->hint, stderr);
    end_color(is_colored);
  }
  fputs("\n", stderr);
}

/* The field `name`, null if `text` is null or empty. */
static void print_json_field(const char *name, const char *text) {
  fprintf(stderr, ",\"%s\":", name);
  if (text && *text)
    print_json_string(stderr, text);
  else
    fputs("null", stderr);
}

static void print_json_place(const meld_place *place) {
  fputs("{\"what\":", stderr);
  print_json_string(stderr, place->what);
  if (place->index == MELD_NO_INDEX)
    fputs(",\"index\":null", stderr);
  else
    fprintf(stderr, ",\"index\":%u", place->index);
  print_json_field("name", place->name);
  fputs("}", stderr);
}

static void print_json(const char *file, const meld_result *result) {
  fputs("{\"severity\":\"error\"", stderr);
  print_json_field("code", meld_status_name(result->status));
  print_json_field("file", file);
  if (result->offset == MELD_NO_OFFSET)
    fputs(",\"offset\":null", stderr);
  else
    fprintf(stderr, ",\"offset\":%zu", result->offset);
  fputs(",\"path\":[", stderr);
  for (uint32_t i = 0; i < result->place_count; i++) {
    fputs(i ? "," : "", stderr);
    print_json_place(&result->places[i]);
  }
  fputs("]", stderr);
  print_json_field("message", result->message);
  print_json_field("hint", result->hint);
  fputs("}\n", stderr);
}

void print_diagnostic(const struct messages *messages, const char *name, const meld_result *result) {
  char escaped[NAME_SHOWN];
  const char *file = name;
  if (messages->is_quiet && result->status != MELD_USAGE)
    return;
  if (name && strcmp(name, "-") == 0)
    file = "<standard input>";
  else if (name) {
    meld_escape(escaped, sizeof(escaped), name, strlen(name));
    file = escaped;
  }
  if (messages->is_json)
    print_json(file, result);
  else
    print_line(messages, file, result);
}

bool complain(const struct messages *messages, meld_status status, const char *name, const char *format, ...) {
  meld_result result = {.status = status, .offset = MELD_NO_OFFSET};
  char sentence[sizeof(result.message)];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(sentence, sizeof(sentence), format, arguments);
  va_end(arguments);
  meld_escape(result.message, sizeof(result.message), sentence, strlen(sentence));
  print_diagnostic(messages, name, &result);
  return false;
}
