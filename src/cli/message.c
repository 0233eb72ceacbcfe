/* message.c -- one line for each thing that is wrong, for people or for programs.
 *
 *     meld: app.wat:0x0: this is the text format; "wasm-tools parse" makes a binary of it
 *
 *     {"severity":"error","code":"input","file":"app.wat","offset":0,"path":[],
 *      "message":"this is the text format",
 *      "hint":"\"wasm-tools parse\" makes a binary of it"}
 *
 * the latter on one line. Names of files may be any bytes but zero.
 *
 * Provides  complain, print_diagnostic.
 */
#include "cli/message.h"

#include "base/json.h"

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
static void print_name(const char *name) {
  char escaped[NAME_SHOWN];
  meld_escape(escaped, sizeof(escaped), name, strlen(name));
  for (const char *at = escaped; *at; at++) {
    if (*at == '"')
      fputc('\\', stderr);
    fputc(*at, stderr);
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

static void print_json(const char *file, const meld_result *result) {
  struct json json = json_to_stream(stderr), *const j = &json;
  json_open_line(j, NULL, '{');
  json_string(j, "severity", bytes_of("error"));
  json_string(j, "code", bytes_of(meld_status_name(result->status)));
  json_optional(j, "file", bytes_of(file ? file : ""));
  if (result->offset == MELD_NO_OFFSET)
    json_null(j, "offset");
  else
    json_number(j, "offset", result->offset);
  json_open(j, "path", '[');
  for (uint32_t i = 0; i < result->place_count; i++) {
    const meld_place *place = &result->places[i];
    json_open(j, NULL, '{');
    json_string(j, "what", bytes_of(place->what));
    json_index(j, "index", place->index);
    json_sentence(j, "name", bytes_of(place->name));
    json_close(j, '}');
  }
  json_close(j, ']');
  json_sentence(j, "message", bytes_of(result->message));
  json_sentence(j, "hint", bytes_of(result->hint));
  json_close(j, '}');
}

void print_diagnostic(const struct messages *messages, const char *name, const meld_result *result) {
  const char *const file = name && strcmp(name, "-") == 0 ? "<standard input>" : name;
  if (messages->is_quiet && result->status != MELD_USAGE)
    return;
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
