/* arguments.c -- from the command line to what it asks for; and the help, from the same table.
 *
 *     meld fuse --component app.wasm -o app.fused.wasm
 *
 * An option's argument follows it or is joined to it: `-o FILE`, `-oFILE`, `--output FILE`, `--output=FILE`. Options
 * and inputs come in any order; `--` ends the options.
 *
 * Provides  parse_arguments, print_help.
 */
#include "cli/arguments.h"

#include <stdarg.h>
#include <string.h>

enum option_id {
#define OPTION(id, letter, name, argument, help) OPTION_##id,
#include "cli/options.def"
#undef OPTION
  OPTION_COUNT
};

struct option {
  char letter; /* 0: none */
  const char *name;
  const char *argument; /* null: takes none */
  const char *help;
};

static const struct option option_table[OPTION_COUNT] = {
#define OPTION(id, letter, name, argument, help) [OPTION_##id] = {letter, name, argument, help},
#include "cli/options.def"
#undef OPTION
};

/* What is left of the command line. */
struct words {
  char **next, **end;
};

static bool complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static bool complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("meld: ", stderr);
  vfprintf(stderr, format, arguments);
  fputs("\n", stderr);
  va_end(arguments);
  return false;
}

static void print_option(FILE *to, const struct option *option) {
  char left[64] = "";
  const char *argument = option->argument ? option->argument : "";
  const char *equals = option->argument ? "=" : "";
  if (option->letter)
    snprintf(left, sizeof(left), "-%c, --%s%s%s", option->letter, option->name, equals, argument);
  else
    snprintf(left, sizeof(left), "    --%s%s%s", option->name, equals, argument);
  fprintf(to, "  %-20s  %s\n", left, option->help);
}

void print_help(FILE *to) {
  fputs("Usage: meld fuse [OPTION]... INPUT -o OUTPUT\n"
        "\n"
        "Fuses the WebAssembly component INPUT, with all the components and modules\n"
        "inside, into one core module. INPUT is a file, or \"-\" for standard input.\n"
        "\n"
        "Options:\n",
        to);
  for (int i = 0; i < OPTION_COUNT; i++)
    print_option(to, &option_table[i]);
  fputs("\n"
        "Examples:\n"
        "  meld fuse app.wasm -o app.core.wasm\n"
        "  meld fuse --component app.wasm -o app.fused.wasm\n"
        "  meld fuse --dump=plan app.wasm\n"
        "\n"
        "Exit status: 0 done; 1 the input is at fault; 2 the command line is; 3 files,\n"
        "memory or meld itself.\n",
        to);
}

static bool parse_dump(const char *pass, struct arguments *arguments) {
  if (strcmp(pass, "component") == 0)
    arguments->options.output = MELD_OUTPUT_DUMP_COMPONENT;
  else if (strcmp(pass, "plan") == 0)
    arguments->options.output = MELD_OUTPUT_DUMP_PLAN;
  else
    return complain("--dump=%s names no pass; there are \"component\" and \"plan\"", pass);
  return true;
}

static bool parse_features(const char *features, struct arguments *arguments) {
  if (strcmp(features, "+simd") == 0)
    arguments->options.simd = MELD_SIMD_ON;
  else if (strcmp(features, "-simd") == 0)
    arguments->options.simd = MELD_SIMD_OFF;
  else
    return complain("--features=%s names no feature; there are \"+simd\" and \"-simd\"", features);
  return true;
}

static bool apply_option(enum option_id id, const char *argument, struct arguments *arguments) {
  switch (id) {
  case OPTION_OUTPUT:
    if (arguments->output)
      return complain("the output is given twice: \"%s\" and \"%s\"", arguments->output, argument);
    if (!*argument)
      return complain("the name of the output is empty");
    arguments->output = argument;
    return true;
  case OPTION_COMPONENT:
    if (arguments->options.output == MELD_OUTPUT_CORE) /* a dump that is asked for too comes first */
      arguments->options.output = MELD_OUTPUT_COMPONENT;
    return true;
  case OPTION_STRIP:
    arguments->options.strip = true;
    return true;
  case OPTION_KEEP_DEBUG:
    arguments->options.keep_debug = true;
    return true;
  case OPTION_FEATURES:
    return parse_features(argument, arguments);
  case OPTION_DUMP:
    return parse_dump(argument, arguments);
  case OPTION_HELP:
    arguments->action = ACTION_HELP;
    return true;
  case OPTION_VERSION:
    arguments->action = ACTION_VERSION;
    return true;
  case OPTION_COUNT:
    break;
  }
  return false;
}

/* The option that `text` ("-oFILE", "--output=FILE") names; *joined is the argument joined to it, or null. */
static enum option_id find_option(const char *text, const char **joined) {
  *joined = NULL;
  if (text[1] != '-') {
    for (int i = 0; i < OPTION_COUNT; i++)
      if (option_table[i].letter && option_table[i].letter == text[1]) {
        *joined = text[2] ? text + 2 : NULL;
        return (enum option_id)i;
      }
    return OPTION_COUNT;
  }
  const char *name = text + 2;
  const size_t size = strcspn(name, "=");
  for (int i = 0; i < OPTION_COUNT; i++)
    if (strlen(option_table[i].name) == size && strncmp(option_table[i].name, name, size) == 0) {
      *joined = name[size] ? name + size + 1 : NULL;
      return (enum option_id)i;
    }
  return OPTION_COUNT;
}

/* Takes the option `text`, and its argument, which may be the word after it. */
static bool parse_option(const char *text, struct words *words, struct arguments *arguments) {
  const char *argument;
  const enum option_id id = find_option(text, &argument);
  if (id == OPTION_COUNT)
    return complain("there is no option \"%s\"; \"meld --help\" lists them", text);
  const struct option *option = &option_table[id];
  if (!option->argument && argument)
    return complain("option \"%s\" takes no argument", text);
  if (option->argument && !argument) {
    if (words->next == words->end)
      return complain("option \"%s\" needs an argument: %s", text, option->argument);
    argument = *words->next++;
  }
  return apply_option(id, argument, arguments);
}

static bool take_input(const char *text, struct arguments *arguments) {
  if (arguments->input)
    return complain("there is more than one input, \"%s\" and \"%s\"; compose them first, with \"wac plug\"",
                    arguments->input, text);
  arguments->input = text;
  return true;
}

/* What has to be given once all has been read. */
static bool complete_arguments(struct arguments *arguments) {
  if (arguments->action != ACTION_FUSE)
    return true;
  if (!arguments->input)
    return complain("there is no input; the way to call it is \"meld fuse INPUT -o OUTPUT\"");
  const bool is_text = arguments->options.output >= MELD_OUTPUT_DUMP_COMPONENT;
  if (!arguments->output && is_text)
    arguments->output = "-";
  if (!arguments->output)
    return complain("there is no output; \"-o FILE\" names one, \"-o -\" is standard output");
  return true;
}

/* The first word: a command, or an option that stands without one. */
static bool parse_command(const char *word, struct arguments *arguments) {
  if (strcmp(word, "fuse") == 0)
    arguments->action = ACTION_FUSE;
  else if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
    arguments->action = ACTION_HELP;
  else if (strcmp(word, "version") == 0 || strcmp(word, "--version") == 0)
    arguments->action = ACTION_VERSION;
  else if (word[0] == '-')
    return complain("option \"%s\" comes before the command; the way to call it is \"meld fuse %s ...\"", word, word);
  else
    return complain("there is no command \"%s\"; \"meld fuse INPUT -o OUTPUT\" is the one", word);
  return true;
}

bool parse_arguments(int argc, char **argv, struct arguments *arguments) {
  *arguments = (struct arguments){.options = meld_default_options()};
  if (argc < 2)
    return complain("there is nothing to do; \"meld --help\" says what there is");
  if (!parse_command(argv[1], arguments))
    return false;
  struct words words = {argv + 2, argv + argc};
  bool in_options = true;
  while (arguments->action == ACTION_FUSE && words.next < words.end) {
    const char *text = *words.next++;
    if (in_options && strcmp(text, "--") == 0)
      in_options = false;
    else if (in_options && text[0] == '-' && text[1]) {
      if (!parse_option(text, &words, arguments))
        return false;
    } else if (!take_input(text, arguments))
      return false;
  }
  return complete_arguments(arguments);
}
