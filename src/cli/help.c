/* help.c -- the help, from the table of options; in the same way what shells complete, and the manual's options.
 *
 *     meld help fuse
 *     meld help --format=bash >/usr/share/bash-completion/completions/meld
 *
 * What an argument can be is seen from how the table calls it: FILE, FOLDER, one of `this|that`, or something that
 * nobody can guess. An argument in brackets is only ever joined to its option, `--option=ARGUMENT`.
 *
 * Provides  print_help.
 */
#include "cli/help.h"

#include "cli/options.h"

#include <string.h>

/* A title, or an option below the last one. */
struct row {
  const char *section; /* null: this is an option */
  struct option option;
};

static const struct row rows[] = {
#define SECTION(title) {.section = title},
#define OPTION(id, commands, letter, name, argument, help)                                                             \
  {.option = {OPTION_OF_##commands, letter, name, argument, help}},
#include "cli/options.def"
#undef OPTION
#undef SECTION
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

struct command {
  enum option_commands options;
  const char *name, *usage, *summary, *about, *examples;
};

static const struct command commands[] = {
    {OPTION_OF_FUSE, "fuse", "fuse [OPTION]... INPUT... -o OUTPUT", "make one core module of components",
     "\"meld fuse\" makes one core module of WebAssembly components, with all\n"
     "the components and modules inside.",
     "  meld fuse app.wasm -o app.core.wasm\n"
     "  meld fuse app.wasm auth.wasm store.wasm -o app.core.wasm\n"
     "  meld fuse --component app.wasm -o app.fused.wasm\n"
     "  meld fuse --dump=plan app.wasm\n"},
    {OPTION_OF_INSPECT, "inspect", "inspect [OPTION]... INPUT", "show what a component or core module consists of",
     "\"meld inspect\" shows what a component or core module consists of: its\n"
     "world, what is nested in it, its instances, and how large all that is.",
     "  meld inspect app.wasm\n"
     "  meld inspect --format=json app.wasm -o app.json\n"
     "  meld inspect --format=html app.wasm -o app.html\n"},
    {OPTION_OF_VALIDATE, "validate", "validate [OPTION]... INPUT...", "check components and core modules",
     "\"meld validate\" checks components and core modules, each alone.", "  meld validate app.wasm\n"},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const char *const format_names[] = {
    [HELP_TEXT] = "text", [HELP_BASH] = "bash", [HELP_ZSH] = "zsh", [HELP_FISH] = "fish", [HELP_SCDOC] = "scdoc",
};

static const struct command *find_command(const char *name) {
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    if (strcmp(commands[i].name, name) == 0)
      return &commands[i];
  return NULL;
}

bool is_command_name(const char *name) { return find_command(name) != NULL; }

bool find_help_format(const char *name, enum help_format *format) {
  for (size_t i = 0; i < sizeof(format_names) / sizeof(format_names[0]); i++)
    if (strcmp(format_names[i], name) == 0) {
      *format = (enum help_format)i;
      return true;
    }
  return false;
}

/* Does the command have the option? A null command has all. */
static bool has_option(const struct command *command, const struct row *row) {
  return !row->section && (!command || (row->option.commands & command->options));
}

/* Has the section at rows[at] an option of the command? */
static bool has_section(const struct command *command, size_t at) {
  for (size_t i = at + 1; i < ROW_COUNT && !rows[i].section; i++)
    if (has_option(command, &rows[i]))
      return true;
  return false;
}

static bool is_choice(const struct option *option) { return option->argument && strchr(option->argument, '|'); }

static bool ends_with(const char *text, const char *end) {
  const size_t size = strlen(text), end_size = strlen(end);
  return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* FILE, and ALIAS=FILE, which shells complete after the "=". */
static bool is_file(const struct option *option) { return option->argument && ends_with(option->argument, "FILE"); }

static bool is_folder(const struct option *option) {
  return option->argument && strcmp(option->argument, "FOLDER") == 0;
}

/* Prints `text` with each character `from` of it as `to`. */
static void print_replaced(FILE *file, const char *text, char from, const char *to) {
  for (; *text; text++)
    if (*text == from)
      fputs(to, file);
    else
      fputc(*text, file);
}

/* Prints `text` with a backslash before each character that is in `special`. */
static void print_escaped(FILE *file, const char *text, const char *special) {
  for (; *text; text++) {
    if (strchr(special, *text))
      fputc('\\', file);
    fputc(*text, file);
  }
}

static void print_option(FILE *to, const struct option *option) {
  char left[96] = "", argument[48] = "";
  const char *equals = option->argument && !is_argument_optional(option) ? "=" : "";
  if (is_argument_optional(option))
    snprintf(argument, sizeof(argument), "[=%s", option->argument + 1);
  else if (option->argument)
    snprintf(argument, sizeof(argument), "%s", option->argument);
  if (option->letter)
    snprintf(left, sizeof(left), "-%c, --%s%s%s", option->letter, option->name, equals, argument);
  else
    snprintf(left, sizeof(left), "    --%s%s%s", option->name, equals, argument);
  if (strlen(left) > 27)
    fprintf(to, "  %s\n  %-27s  %s\n", left, "", option->help);
  else
    fprintf(to, "  %-27s  %s\n", left, option->help);
}

static void print_text(FILE *to, const struct command *only) {
  const struct command *const first = only ? only : commands, *const end = only ? only + 1 : commands + COMMAND_COUNT;
  for (const struct command *command = first; command < end; command++)
    fprintf(to, "%s meld %s\n", command == first ? "Usage:" : "      ", command->usage);
  if (!only)
    fputs("       meld help [COMMAND]\n       meld version\n", to);
  fputc('\n', to);
  for (const struct command *command = first; command < end; command++)
    fprintf(to, "%s\n", command->about);
  fputs("INPUT is a file, or \"-\" for standard input.\n", to);
  for (size_t i = 0; i < ROW_COUNT; i++)
    if (rows[i].section && has_section(only, i))
      fprintf(to, "\n%s:\n", rows[i].section);
    else if (has_option(only, &rows[i]))
      print_option(to, &rows[i].option);
  fputs("\nExamples:\n", to);
  for (const struct command *command = first; command < end; command++)
    fputs(command->examples, to);
  fputs("\n"
        "Exit status: 0 done; 1 the input is at fault; 2 the command line is; 3 files,\n"
        "memory or meld itself.\n",
        to);
}

/* The options of a command as words. */
static void print_bash_words(FILE *to, const struct command *command) {
  for (size_t i = 0; i < ROW_COUNT; i++)
    if (has_option(command, &rows[i])) {
      if (rows[i].option.letter)
        fprintf(to, " -%c", rows[i].option.letter);
      fprintf(to, " --%s", rows[i].option.name);
    }
}

/* After which option what is completed. */
static void print_bash_argument(FILE *to, const struct option *option) {
  if (!option->argument)
    return;
  fputs("    ", to);
  if (option->letter)
    fprintf(to, "-%c|", option->letter);
  fprintf(to, "--%s) ", option->name);
  if (is_argument_optional(option))
    fputs("[[ -z $joined ]] || return 0 ;;\n", to);
  else if (is_choice(option)) {
    fputs("_meld_words '", to);
    print_replaced(to, option->argument, '|', " ");
    fputs("'; return 0 ;;\n", to);
  } else if (is_folder(option))
    fputs("_meld_files -d; return 0 ;;\n", to);
  else if (is_file(option))
    fputs("_meld_files -f; return 0 ;;\n", to);
  else
    fputs("return 0 ;;\n", to);
}

static void print_bash(FILE *to) {
  fputs("# Completion of bash for meld, which is wasm-meld too.\n"
        "_meld_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$word\"); }\n"
        "_meld_files() { compopt -o filenames 2>/dev/null || :; mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$word\"); "
        "}\n"
        "_meld() {\n"
        "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} joined=\n"
        "  COMPREPLY=()\n"
        "  if ((COMP_CWORD == 1)); then\n"
        "    _meld_words '",
        to);
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    fprintf(to, "%s ", commands[i].name);
  fputs("help version --help --version'\n"
        "    return 0\n"
        "  fi\n"
        "  if [[ $word == '=' ]]; then\n"
        "    joined=1 word=\n"
        "  elif [[ $before == '=' ]]; then\n"
        "    joined=1 before=${COMP_WORDS[COMP_CWORD-2]}\n"
        "  fi\n"
        "  case $before in\n",
        to);
  for (size_t i = 0; i < ROW_COUNT; i++)
    if (!rows[i].section)
      print_bash_argument(to, &rows[i].option);
  fputs("  esac\n"
        "  case ${COMP_WORDS[1]}:$word in\n",
        to);
  for (size_t i = 0; i < COMMAND_COUNT; i++) {
    fprintf(to, "    %s:-*) _meld_words '", commands[i].name);
    print_bash_words(to, &commands[i]);
    fputs("' ;;\n", to);
  }
  fputs("    help:*) _meld_words '", to);
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    fprintf(to, " %s", commands[i].name);
  fputs("' ;;\n"
        "    version:*) ;;\n"
        "    *) _meld_files -f ;;\n"
        "  esac\n"
        "}\n"
        "complete -F _meld meld wasm-meld\n",
        to);
}

static void print_zsh_option(FILE *to, const struct option *option) {
  const char *sign = is_argument_optional(option) ? "=-" : option->argument ? "=" : "";
  if (option->letter)
    fprintf(to, "      '(-%c --%s)'{-%c%s,--%s%s}'[", option->letter, option->name, option->letter,
            option->argument ? "+" : "", option->name, sign);
  else
    fprintf(to, "      '%s--%s%s[", is_file(option) || strstr(option->help, "ITEM") ? "*" : "", option->name, sign);
  for (const char *c = option->help; *c; c++)
    if (*c == '\'')
      fputs("'\\''", to); /* the quotes end, one stands for itself, and they begin again */
    else
      fprintf(to, strchr("[]\\", *c) ? "\\%c" : "%c", *c);
  fputc(']', to);
  if (option->argument) {
    fputs(is_argument_optional(option) ? "::" : ":", to);
    fputs(is_choice(option)   ? "choice:("
          : is_folder(option) ? "folder:_files -/"
          : is_file(option)   ? "file:_files"
                              : "item:",
          to);
    if (is_choice(option)) {
      print_replaced(to, option->argument, '|', " ");
      fputc(')', to);
    }
  }
  fputs("' \\\n", to);
}

static void print_zsh(FILE *to) {
  fputs("#compdef meld wasm-meld\n"
        "# Completion of zsh for meld, which is wasm-meld too.\n"
        "_meld() {\n"
        "  local -a commands=(\n",
        to);
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    fprintf(to, "    '%s:%s'\n", commands[i].name, commands[i].summary);
  fputs("    'help:print the help'\n"
        "    'version:print the version'\n"
        "  )\n"
        "  if ((CURRENT == 2)); then\n"
        "    _describe command commands\n"
        "    return\n"
        "  fi\n"
        "  local command=$words[2]\n"
        "  shift words\n"
        "  ((CURRENT--))\n"
        "  case $command in\n",
        to);
  for (size_t c = 0; c < COMMAND_COUNT; c++) {
    fprintf(to, "  %s)\n    _arguments -s \\\n", commands[c].name);
    for (size_t i = 0; i < ROW_COUNT; i++)
      if (has_option(&commands[c], &rows[i]))
        print_zsh_option(to, &rows[i].option);
    fputs("      '*:input:_files'\n    ;;\n", to);
  }
  fputs("  help) _describe command commands ;;\n"
        "  esac\n"
        "}\n"
        "if [[ $funcstack[1] == _(|wasm-)meld ]]; then\n"
        "  _meld \"$@\"\n"
        "else\n"
        "  compdef _meld meld wasm-meld\n"
        "fi\n",
        to);
}

static void print_fish_option(FILE *to, const struct option *option) {
  fputs("  complete -c $program -n '__fish_seen_subcommand_from ", to);
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    if (option->commands & commands[i].options)
      fprintf(to, "%s ", commands[i].name);
  fputc('\'', to);
  if (option->letter)
    fprintf(to, " -s %c", option->letter);
  fprintf(to, " -l %s", option->name);
  if (is_choice(option)) {
    fputs(" -x -a '", to);
    print_replaced(to, option->argument, '|', " ");
    fputc('\'', to);
  } else if (is_folder(option))
    fputs(" -x -a '(__fish_complete_directories)'", to);
  else if (is_file(option))
    fputs(" -r -F", to);
  else if (option->argument && !is_argument_optional(option))
    fputs(" -x", to);
  fputs(" -d '", to);
  print_escaped(to, option->help, "'\\");
  fputs("'\n", to);
}

static void print_fish(FILE *to) {
  fputs("# Completion of fish for meld, which is wasm-meld too.\n"
        "for program in meld wasm-meld\n",
        to);
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    fprintf(to, "  complete -c $program -n __fish_use_subcommand -f -a %s -d '%s'\n", commands[i].name,
            commands[i].summary);
  fputs("  complete -c $program -n __fish_use_subcommand -f -a help -d 'print the help'\n"
        "  complete -c $program -n __fish_use_subcommand -f -a version -d 'print the version'\n",
        to);
  for (size_t i = 0; i < ROW_COUNT; i++)
    if (!rows[i].section)
      print_fish_option(to, &rows[i].option);
  fputs("end\n", to);
}

static void print_scdoc(FILE *to) {
  static const char special[] = "*_\\";
  for (size_t i = 0; i < ROW_COUNT; i++) {
    const struct option *const option = &rows[i].option;
    if (rows[i].section) {
      fprintf(to, "## %s\n\n", rows[i].section);
      continue;
    }
    if (option->letter)
      fprintf(to, "*-%c*, ", option->letter);
    fprintf(to, "*--%s*", option->name);
    if (is_argument_optional(option))
      fprintf(to, "[=_%.*s_]", (int)strlen(option->argument) - 2, option->argument + 1);
    else if (option->argument)
      fprintf(to, "=_%s_", option->argument);
    fputs("\n\t", to);
    print_escaped(to, option->help, special);
    fputs("\n\n", to);
  }
}

void print_help(FILE *to, const struct help *help) {
  switch (help->format) {
  case HELP_TEXT:
    print_text(to, help->command ? find_command(help->command) : NULL);
    return;
  case HELP_BASH:
    print_bash(to);
    return;
  case HELP_ZSH:
    print_zsh(to);
    return;
  case HELP_FISH:
    print_fish(to);
    return;
  case HELP_SCDOC:
    print_scdoc(to);
    return;
  }
}
