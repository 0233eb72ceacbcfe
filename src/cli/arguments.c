/* arguments.c -- from the command line to what it asks for.
 *
 *     meld fuse --component app.wasm -o app.fused.wasm
 *
 * An option's argument follows it or is joined to it: `-o FILE`, `-oFILE`, `--output FILE`, `--output=FILE`. Options
 * and inputs come in any order; `--` ends the options. How messages are given is read before all else, so that what is
 * wrong with the command line is said in that way too.
 *
 * Provides  parse_arguments.
 */
#include "cli/arguments.h"

#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

enum option_id {
#define OPTION(id, commands, letter, name, argument, help) OPTION_##id,
#include "cli/options.def"
#undef OPTION
  OPTION_COUNT
};

static const struct option option_table[OPTION_COUNT] = {
#define OPTION(id, commands, letter, name, argument, help)                                                             \
  [OPTION_##id] = {OPTION_OF_##commands, letter, name, argument, help},
#include "cli/options.def"
#undef OPTION
};

struct given_option {
  enum option_id id;
  const char *argument; /* null: none */
};

/* What is left of the command line. */
struct words {
  char **next, **end;
};

/* Of the actions that take options. */
static const char *const action_names[] = {
    [ACTION_FUSE] = "fuse", [ACTION_VALIDATE] = "validate", [ACTION_INSPECT] = "inspect"};
static const enum option_commands action_options[] = {
    [ACTION_FUSE] = OPTION_OF_FUSE, [ACTION_VALIDATE] = OPTION_OF_VALIDATE, [ACTION_INSPECT] = OPTION_OF_INSPECT};

#define REFUSE(arguments, ...) complain(&(arguments)->messages, MELD_USAGE, NULL, __VA_ARGS__)

/* In single quotes, of which there may be some in the word. */
static void print_quoted(FILE *to, const char *word) {
  fputc('\'', to);
  for (; *word; word++)
    if (*word == '\'')
      fputs("'\\''", to);
    else
      fputc(*word, to);
  fputc('\'', to);
}

void print_word(FILE *to, const char *word) {
  fputc(' ', to);
  print_quoted(to, word);
}

static bool names_files(enum option_id id) {
  switch (id) {
  case OPTION_OUTPUT:
  case OPTION_ADAPT:
  case OPTION_NAME:
  case OPTION_DEPS_DIR:
  case OPTION_STATS:
  case OPTION_EXPLAIN:
  case OPTION_MAP:
  case OPTION_WHY:
  case OPTION_DRY_RUN:
  case OPTION_DEPFILE:
  case OPTION_REPRODUCE:
  case OPTION_ATTEST:
    return true;
  default:
    return false;
  }
}

void print_making_options(FILE *to, const struct arguments *arguments) {
  for (int i = 0; i < arguments->given_count; i++) {
    const struct given_option *given = &arguments->given[i];
    if (names_files(given->id))
      continue;
    fprintf(to, " --%s", option_table[given->id].name);
    if (given->argument) {
      fputc('=', to);
      print_quoted(to, given->argument);
    }
  }
}

static bool is_about_messages(enum option_id id) {
  return id == OPTION_QUIET || id == OPTION_MESSAGE_FORMAT || id == OPTION_COLOR;
}

bool next_making_option(const struct arguments *arguments, struct making_option *option) {
  for (; option->row < OPTION_COUNT; option->row++, option->next = 0) {
    const enum option_id id = (enum option_id)option->row;
    while (!names_files(id) && !is_about_messages(id) && option->next < arguments->given_count) {
      const struct given_option *given = &arguments->given[option->next++];
      if (given->id != id)
        continue;
      option->name = option_table[id].name;
      option->argument = given->argument;
      return true;
    }
  }
  return false;
}

static bool parse_dump(const char *pass, struct arguments *arguments) {
  if (strcmp(pass, "component") == 0)
    arguments->options.output = MELD_OUTPUT_DUMP_COMPONENT;
  else if (strcmp(pass, "plan") == 0)
    arguments->options.output = MELD_OUTPUT_DUMP_PLAN;
  else
    return REFUSE(arguments, "--dump=%s names no pass; there are \"component\" and \"plan\"", pass);
  return true;
}

static bool parse_form(const char *form, struct arguments *arguments) {
  static const char *const forms[] = {[MELD_INSPECT_TEXT] = "text",
                                      [MELD_INSPECT_JSON] = "json",
                                      [MELD_INSPECT_DOT] = "dot",
                                      [MELD_INSPECT_HTML] = "html"};
  for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
    if (strcmp(form, forms[i]) == 0) {
      arguments->form = (meld_inspection)i;
      return true;
    }
  return REFUSE(arguments, "--format=%s is no form; there are \"text\", \"json\", \"dot\" and \"html\"", form);
}

static bool parse_message_format(const char *form, struct arguments *arguments) {
  if (strcmp(form, "json") != 0 && strcmp(form, "text") != 0)
    return REFUSE(arguments, "--message-format=%s is no form; there are \"text\" and \"json\"", form);
  arguments->messages.is_json = form[0] == 'j';
  return true;
}

static bool parse_color(const char *when, struct arguments *arguments) {
  if (strcmp(when, "auto") == 0)
    arguments->messages.color = COLOR_AUTO;
  else if (strcmp(when, "always") == 0)
    arguments->messages.color = COLOR_ALWAYS;
  else if (strcmp(when, "never") == 0)
    arguments->messages.color = COLOR_NEVER;
  else
    return REFUSE(arguments, "--color=%s says nothing; there are \"auto\", \"always\" and \"never\"", when);
  return true;
}

static bool parse_features(const char *features, struct arguments *arguments) {
  if (strcmp(features, "+simd") == 0)
    arguments->options.simd = MELD_SIMD_ON;
  else if (strcmp(features, "-simd") == 0)
    arguments->options.simd = MELD_SIMD_OFF;
  else
    return REFUSE(arguments, "--features=%s names no feature; there are \"+simd\" and \"-simd\"", features);
  return true;
}

static bool parse_jobs(const char *text, struct arguments *arguments) {
  const size_t digits = strspn(text, "0123456789");
  if (digits == 0 || digits > 6 || text[digits] || atoi(text) == 0)
    return REFUSE(arguments, "--jobs=%s is no number of threads", text);
  arguments->options.threads = (unsigned)atoi(text);
  return true;
}

static bool parse_producers(const char *kept, struct arguments *arguments) {
  if (strcmp(kept, "all") == 0)
    arguments->options.producers = MELD_PRODUCERS_ALL;
  else if (strcmp(kept, "own") == 0)
    arguments->options.producers = MELD_PRODUCERS_OWN;
  else if (strcmp(kept, "none") == 0)
    arguments->options.producers = MELD_PRODUCERS_NONE;
  else
    return REFUSE(arguments, "--producers=%s says nothing; there are \"all\", \"own\" and \"none\"", kept);
  return true;
}

/* ALIAS=FILE. An alias can be the name of a package, with a version: the first "=" is what counts. */
static bool add_named_input(char *argument, struct arguments *arguments) {
  char *equals = strchr(argument, '=');
  if (!equals || equals == argument || !equals[1])
    return REFUSE(arguments, "--name=%s is not of the form ALIAS=FILE", argument);
  *equals = '\0';
  arguments->aliases[arguments->input_count] = argument;
  arguments->inputs[arguments->input_count++] = equals + 1;
  return true;
}

/* [NAME=]FILE. */
static bool add_adapter(char *argument, struct arguments *arguments) {
  char *equals = strchr(argument, '=');
  if (!*argument || equals == argument || (equals && !equals[1]))
    return REFUSE(arguments, "--adapt=%s is not of the form NAME=FILE or FILE", argument);
  if (equals)
    *equals = '\0';
  arguments->adapter_names[arguments->adapter_count] = equals ? argument : NULL;
  arguments->adapter_files[arguments->adapter_count++] = equals ? equals + 1 : argument;
  return true;
}

static bool add_wire(meld_wire_kind kind, const char *text, struct arguments *arguments) {
  arguments->wires[arguments->wire_count++] = (meld_wire){kind, text};
  return true;
}

/* "json", "text:FILE": the form, and what stands behind a colon, or null. False: it is neither. */
static bool split_form(const char *argument, meld_form *form, const char **rest) {
  const size_t size = strcspn(argument, ":");
  *rest = argument[size] ? argument + size + 1 : NULL;
  *form = strncmp(argument, "json", size) == 0 ? MELD_FORM_JSON : MELD_FORM_TEXT;
  return size == 4 && (*form == MELD_FORM_JSON || strncmp(argument, "text", size) == 0);
}

static bool parse_report(meld_report report, const char *name, const char *argument, struct arguments *arguments) {
  const char *file = NULL;
  arguments->options.reports[report] = MELD_FORM_TEXT;
  if (argument && !split_form(argument, &arguments->options.reports[report], &file))
    return REFUSE(arguments, "--%s=%s is no form; there are \"text\", \"json\", and with a file \"json:FILE\"", name,
                  argument);
  if (file && !*file)
    return REFUSE(arguments, "--%s=%s has an empty name of a file", name, argument);
  arguments->report_files[report] = file;
  return true;
}

static bool parse_why(const char *argument, struct arguments *arguments) {
  const char *symbol;
  meld_form form;
  if (!split_form(argument, &form, &symbol)) {
    form = MELD_FORM_TEXT;
    symbol = argument;
  }
  if (!symbol)
    return REFUSE(arguments, "--why=%s names no symbol; it is \"%s:SYMBOL\", and \"text:%s\" for one of that name",
                  argument, argument, argument);
  if (arguments->options.why)
    return REFUSE(arguments, "--why is given twice: \"%s\" and \"%s\"", arguments->options.why, symbol);
  if (!*symbol)
    return REFUSE(arguments, "the symbol of --why is empty");
  arguments->options.reports[MELD_REPORT_WHY] = form;
  arguments->options.why = symbol;
  return true;
}

static bool apply_option(enum option_id id, char *argument, struct arguments *arguments) {
  switch (id) {
  case OPTION_OUTPUT:
    if (arguments->output)
      return REFUSE(arguments, "the output is given twice: \"%s\" and \"%s\"", arguments->output, argument);
    if (!*argument)
      return REFUSE(arguments, "the name of the output is empty");
    arguments->output = argument;
    return true;
  case OPTION_FORM:
    return parse_form(argument, arguments);
  case OPTION_COMPONENT:
    if (arguments->options.output == MELD_OUTPUT_CORE) /* a dump that is asked for too comes first */
      arguments->options.output = MELD_OUTPUT_COMPONENT;
    return true;
  case OPTION_STRIP:
    arguments->options.strip = true;
    return true;
  case OPTION_VALIDATE:
    arguments->options.validate = true;
    return true;
  case OPTION_KEEP_DEBUG:
    arguments->options.keep_debug = true;
    return true;
  case OPTION_FEATURES:
    return parse_features(argument, arguments);
  case OPTION_PRODUCERS:
    return parse_producers(argument, arguments);
  case OPTION_DUMP:
    return parse_dump(argument, arguments);
  case OPTION_ADAPT:
    return add_adapter(argument, arguments);
  case OPTION_NAME:
    return add_named_input(argument, arguments);
  case OPTION_LINK:
    return add_wire(MELD_LINK, argument, arguments);
  case OPTION_HOST:
    return add_wire(MELD_HOST, argument, arguments);
  case OPTION_EXPORT:
    return add_wire(MELD_EXPORT, argument, arguments);
  case OPTION_HIDE:
    return add_wire(MELD_HIDE, argument, arguments);
  case OPTION_REQUIRE_CLOSED:
    return add_wire(MELD_CLOSED, argument ? argument : "", arguments);
  case OPTION_DEPS_DIR:
    arguments->deps_dir = argument;
    return true;
  case OPTION_COMPOSE_ONLY:
    arguments->options.output = MELD_OUTPUT_COMPOSED;
    return true;
  case OPTION_JOBS:
    return parse_jobs(argument, arguments);
  case OPTION_STATS:
    return parse_report(MELD_REPORT_STATS, "stats", argument, arguments);
  case OPTION_EXPLAIN:
    return parse_report(MELD_REPORT_EXPLAIN, "explain", argument, arguments);
  case OPTION_MAP:
    return parse_report(MELD_REPORT_MAP, "map", argument, arguments);
  case OPTION_WHY:
    return parse_why(argument, arguments);
  case OPTION_DRY_RUN:
    arguments->is_dry = true;
    return true;
  case OPTION_DEPFILE:
    if (!*argument)
      return REFUSE(arguments, "the name of the file of dependencies is empty");
    arguments->depfile = argument;
    return true;
  case OPTION_ATTEST:
    if (!*argument)
      return REFUSE(arguments, "the name of the file of the statement is empty");
    arguments->attest = argument;
    return true;
  case OPTION_REPRODUCE:
    if (!*argument)
      return REFUSE(arguments, "the name of the folder to reproduce with is empty");
    arguments->reproduce = argument;
    return true;
  case OPTION_QUIET:
    arguments->messages.is_quiet = true;
    return true;
  case OPTION_MESSAGE_FORMAT:
    return parse_message_format(argument, arguments);
  case OPTION_COLOR:
    return parse_color(argument, arguments);
  case OPTION_HELP:
    arguments->help.command = action_names[arguments->action];
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
static enum option_id find_option(char *text, char **joined) {
  *joined = NULL;
  if (text[1] != '-') {
    for (int i = 0; i < OPTION_COUNT; i++)
      if (option_table[i].letter && option_table[i].letter == text[1]) {
        *joined = text[2] ? text + 2 : NULL;
        return (enum option_id)i;
      }
    return OPTION_COUNT;
  }
  char *name = text + 2;
  const size_t size = strcspn(name, "=");
  for (int i = 0; i < OPTION_COUNT; i++)
    if (strlen(option_table[i].name) == size && strncmp(option_table[i].name, name, size) == 0) {
      *joined = name[size] ? name + size + 1 : NULL;
      return (enum option_id)i;
    }
  return OPTION_COUNT;
}

/* Takes the option `text`, and its argument, which may be the word after it. */
static bool parse_option(char *text, struct words *words, struct arguments *arguments) {
  char *argument;
  const enum option_id id = find_option(text, &argument);
  if (id == OPTION_COUNT)
    return REFUSE(arguments, "there is no option \"%s\"; \"meld --help\" lists them", text);
  const struct option *option = &option_table[id];
  if (!(option->commands & action_options[arguments->action]))
    return REFUSE(arguments, "option \"%s\" is one of %s alone", text,
                  option->commands == OPTION_OF_MAKING    ? "\"meld fuse\" and \"meld inspect\""
                  : option->commands == OPTION_OF_INSPECT ? "\"meld inspect\""
                                                          : "\"meld fuse\"");
  if (!option->argument && argument)
    return REFUSE(arguments, "option \"%s\" takes no argument", text);
  if (option->argument && !argument && !is_argument_optional(option)) {
    if (words->next == words->end)
      return REFUSE(arguments, "option \"%s\" needs an argument: %s", text, option->argument);
    argument = *words->next++;
  }
  arguments->given[arguments->given_count++] = (struct given_option){id, argument};
  return apply_option(id, argument, arguments);
}

static bool complete_inspection(struct arguments *arguments) {
  if (arguments->input_count > 1)
    return REFUSE(arguments, "there is more than one input to inspect: \"%s\" and \"%s\"", arguments->inputs[0],
                  arguments->inputs[1]);
  if (!arguments->output)
    arguments->output = "-";
  return true;
}

/* What is told of the output needs one that is fused; a depfile needs the name of a file. */
static bool complete_reports(struct arguments *arguments) {
  for (int i = 0; i < MELD_REPORT_COUNT; i++)
    if (arguments->options.reports[i] != MELD_FORM_NONE && arguments->options.output > MELD_OUTPUT_COMPONENT)
      return REFUSE(arguments, "--stats, --explain, --map and --why tell of what is fused, and nothing is to be fused");
  if (arguments->depfile && (!arguments->output || is_dash(arguments->output)))
    return REFUSE(arguments, "--depfile needs an output that is a file; \"-o FILE\" names one");
  if (arguments->attest && arguments->options.output >= MELD_OUTPUT_DUMP_COMPONENT)
    return REFUSE(arguments, "--attest is about a module or component, and none is to be made");
  if (arguments->attest && arguments->output && strcmp(arguments->attest, arguments->output) == 0)
    return REFUSE(arguments, "the output and the statement of --attest both go to \"%s\"", arguments->attest);
  return true;
}

/* What has to be given once all has been read. */
static bool complete_arguments(struct arguments *arguments) {
  static const char *const usages[] = {[ACTION_FUSE] = "fuse INPUT... -o OUTPUT",
                                       [ACTION_VALIDATE] = "validate INPUT...",
                                       [ACTION_INSPECT] = "inspect INPUT"};
  if (arguments->action > ACTION_INSPECT)
    return true;
  if (arguments->input_count == 0)
    return REFUSE(arguments, "there is no input; the way to call it is \"meld %s\"", usages[arguments->action]);
  if (arguments->action == ACTION_VALIDATE)
    return true;
  if (arguments->action == ACTION_INSPECT)
    return complete_inspection(arguments);
  const bool is_text = arguments->options.output >= MELD_OUTPUT_DUMP_COMPONENT;
  if (!arguments->output && is_text)
    arguments->output = "-";
  if (!arguments->output && !arguments->is_dry)
    return REFUSE(arguments, "there is no output; \"-o FILE\" names one, \"-o -\" is standard output");
  return complete_reports(arguments);
}

/* The first word: a command, or an option that stands without one. */
static bool parse_command(const char *word, struct arguments *arguments) {
  if (strcmp(word, "fuse") == 0)
    arguments->action = ACTION_FUSE;
  else if (strcmp(word, "validate") == 0)
    arguments->action = ACTION_VALIDATE;
  else if (strcmp(word, "inspect") == 0)
    arguments->action = ACTION_INSPECT;
  else if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
    arguments->action = ACTION_HELP;
  else if (strcmp(word, "version") == 0 || strcmp(word, "--version") == 0)
    arguments->action = ACTION_VERSION;
  else if (word[0] == '-')
    return REFUSE(arguments, "option \"%s\" comes before the command; the way to call it is \"meld fuse %s ...\"", word,
                  word);
  else
    return REFUSE(arguments,
                  "there is no command \"%s\"; there are \"meld fuse INPUT -o OUTPUT\", \"meld inspect INPUT\" and "
                  "\"meld validate INPUT...\"",
                  word);
  return true;
}

/* The form of messages, wherever on the command line it is asked for; a wrong one is refused in its turn. */
static void find_message_form(int argc, char **argv, struct arguments *arguments) {
  static const char json[] = "--message-format=json", split[] = "--message-format";
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (strcmp(argv[i], json) == 0 || (strcmp(argv[i], split) == 0 && i + 1 < argc && strcmp(argv[i + 1], "json") == 0))
      arguments->messages.is_json = true;
}

static bool parse_words(struct words *words, struct arguments *arguments) {
  bool in_options = true;
  while (arguments->action <= ACTION_INSPECT && words->next < words->end) {
    char *text = *words->next++;
    if (in_options && strcmp(text, "--") == 0)
      in_options = false;
    else if (!in_options || text[0] != '-' || !text[1])
      arguments->inputs[arguments->input_count++] = text;
    else if (!parse_option(text, words, arguments))
      return false;
  }
  return complete_arguments(arguments);
}

/* `meld help [COMMAND] [--format=FORMAT]`; formats other than text are for builds and packages. */
static bool parse_help(struct words *words, struct arguments *arguments) {
  static const char format[] = "--format=";
  for (; words->next < words->end; words->next++) {
    const char *word = *words->next;
    if (strncmp(word, format, strlen(format)) == 0) {
      if (!find_help_format(word + strlen(format), &arguments->help.format))
        return REFUSE(arguments, "%s is no format; there are \"text\", \"bash\", \"zsh\", \"fish\" and \"scdoc\"",
                      word);
    } else if (!arguments->help.command && is_command_name(word))
      arguments->help.command = word;
    else
      return REFUSE(arguments, "there is no help on \"%s\"; \"meld help\" lists what there is", word);
  }
  return true;
}

/* In one piece of memory; null: there is none. What is read is cut at "=" and put in another order where it is. */
static char **copy_words(int argc, char **argv) {
  size_t size = (size_t)argc * sizeof(*argv);
  for (int i = 0; i < argc; i++)
    size += strlen(argv[i]) + 1;
  char **const copy = malloc(size);
  if (!copy)
    return NULL;
  char *text = (char *)(copy + argc);
  for (int i = 0; i < argc; i++) {
    copy[i] = text;
    text = stpcpy(text, argv[i]) + 1;
  }
  return copy;
}

bool parse_arguments(int argc, char **argv, struct arguments *arguments) {
  *arguments = (struct arguments){.options = meld_default_options(), .word_count = argc};
  if (argc < 2)
    return REFUSE(arguments, "there is nothing to do; \"meld --help\" says what there is");
  find_message_form(argc, argv, arguments);
  if (!parse_command(argv[1], arguments))
    return false;
  if (arguments->action == ACTION_HELP)
    return parse_help(&(struct words){argv + 2, argv + argc}, arguments);
  arguments->aliases = calloc((size_t)argc, sizeof(*arguments->aliases));
  arguments->wires = calloc((size_t)argc, sizeof(*arguments->wires));
  arguments->words = copy_words(argc, argv);
  arguments->given = calloc((size_t)argc, sizeof(*arguments->given));
  arguments->adapter_files = calloc((size_t)argc, sizeof(*arguments->adapter_files));
  arguments->adapter_names = calloc((size_t)argc, sizeof(*arguments->adapter_names));
  if (!arguments->aliases || !arguments->wires || !arguments->words || !arguments->given || !arguments->adapter_files ||
      !arguments->adapter_names)
    return complain(&arguments->messages, MELD_SYSTEM, NULL, "out of memory");
  arguments->inputs = argv + 1; /* the command's own word is free now, so that inputs stay behind what is read */
  return parse_words(&(struct words){argv + 2, argv + argc}, arguments);
}

void free_arguments(struct arguments *arguments) {
  free(arguments->aliases);
  free(arguments->wires);
  free(arguments->words);
  free(arguments->given);
  free(arguments->adapter_files);
  free(arguments->adapter_names);
}
