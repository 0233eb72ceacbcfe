/* attest.c -- a statement of what was made, of what, how and by what.
 *
 *     {
 *       "_type": "https://in-toto.io/Statement/v1",
 *       "subject": [{"name": "out.wasm", "digest": {"sha256": "..."}}],
 *       "predicateType": "https://slsa.dev/provenance/v1",
 *       "predicate": {"buildDefinition": {...}, "runDetails": {...}}
 *     }
 *
 * It is about what was read and written, not about files as they are after that. Nothing in it depends on when or where
 * it is made, unless SOURCE_DATE_EPOCH says a time: files have their last names alone, options are in the order of the
 * help. Who vouches for it signs it.
 *
 * Requires  meld.h alone.
 * Provides  prepare_attestation, make_attestation, free_attestation.
 * Spec      in-toto Attestation Framework 1.0 "Statement"; SLSA 1.0 "Provenance"; reproducible-builds.org
 *           "SOURCE_DATE_EPOCH".
 */
#include "cli/attest.h"

#include "cli/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Package URLs, which lead to no server. */
#define BUILDER "pkg:generic/wasm-meld"
#define BUILD_TYPE BUILDER "#fuse/v1"

#define LAST_SECOND 253402300799 /* of the year 9999: there is no form for what comes later */
#define ESCAPED_SIZE 6           /* bytes that one becomes at most */
#define OUT_OF_MEMORY "out of memory"

struct statement {
  FILE *to;
  int depth;           /* of the list that is written */
  bool has_items;      /* in it, there is something before */
  const char *problem; /* why it can't be made; null: nothing so far */
};

static bool refuse_date(const struct messages *messages, const char *epoch) {
  return complain(messages, MELD_USAGE, NULL, "SOURCE_DATE_EPOCH is \"%s\", which is no number of seconds since 1970",
                  epoch);
}

bool prepare_attestation(const struct messages *messages, struct attestation *attestation) {
  *attestation = (struct attestation){0};
  const char *problem = find_digest();
  if (problem)
    return complain(messages, MELD_USAGE, NULL, "%s", problem);
  const char *epoch = getenv("SOURCE_DATE_EPOCH");
  if (!epoch || !*epoch)
    return true;
  if (strspn(epoch, "0123456789") != strlen(epoch))
    return refuse_date(messages, epoch);
  errno = 0;
  const long long seconds = strtoll(epoch, NULL, 10);
  if (errno != 0 || seconds > LAST_SECOND)
    return refuse_date(messages, epoch);
  const time_t time = (time_t)seconds;
  struct tm date;
  if (!gmtime_r(&time, &date))
    return refuse_date(messages, epoch);
  strftime(attestation->date, sizeof(attestation->date), "%Y-%m-%dT%H:%M:%SZ", &date);
  return true;
}

/* Any bytes but zero, as a string. */
static void put_text(struct statement *s, const char *text) {
  const size_t size = strlen(text), capacity = size * ESCAPED_SIZE + 1;
  char *escaped = malloc(capacity);
  if (!escaped) {
    s->problem = OUT_OF_MEMORY;
    return;
  }
  meld_escape(escaped, capacity, text, size);
  print_json_string(s->to, escaped);
  free(escaped);
}

static void start_list(struct statement *s, int depth, const char *key) {
  fprintf(s->to, "%*s\"%s\": [", depth * 2, "", key);
  s->depth = depth;
  s->has_items = false;
}

static void start_item(struct statement *s) {
  fprintf(s->to, "%s\n%*s", s->has_items ? "," : "", s->depth * 2 + 2, "");
  s->has_items = true;
}

static void end_list(struct statement *s) {
  if (s->has_items)
    fprintf(s->to, "\n%*s", s->depth * 2, "");
  fputc(']', s->to);
}

static void put_digest(struct statement *s, struct digest *digest) {
  char text[DIGEST_TEXT] = "";
  if (!end_digest(digest, text))
    s->problem = "libcrypto gives no SHA-256";
  fprintf(s->to, "\"digest\": {\"sha256\": \"%s\"}", text);
}

static const char *base_name(const char *file) {
  const char *slash = strrchr(file, '/');
  return slash && slash[1] ? slash + 1 : file;
}

static void put_subject(struct statement *s, const char *output, struct digest *digest) {
  fputs("  \"subject\": [\n    {", s->to);
  if (!is_dash(output)) {
    fputs("\"name\": ", s->to);
    put_text(s, base_name(output));
    fputs(", ", s->to);
  }
  put_digest(s, digest);
  fputs("}\n  ],\n", s->to);
}

/* ResourceDescriptor of something that was read: what it is called, and which file it was. */
static void put_resource(struct statement *s, const char *name, const char *file, const struct file *content) {
  struct digest digest = {0};
  add_to_digest(&digest, content->data, content->size);
  start_item(s);
  fputs("{\"name\": ", s->to);
  put_text(s, name);
  fputs(", ", s->to);
  put_digest(s, &digest);
  if (!is_dash(file)) {
    fputs(", \"annotations\": {\"file\": ", s->to);
    put_text(s, base_name(file));
    fputs("}", s->to);
  }
  fputs("}", s->to);
}

static void put_option(struct statement *s, const struct making_option *option) {
  const size_t size = strlen(option->name) + (option->argument ? strlen(option->argument) : 0) + sizeof("--=");
  char *text = malloc(size);
  if (!text) {
    s->problem = OUT_OF_MEMORY;
    return;
  }
  snprintf(text, size, "--%s%s%s", option->name, option->argument ? "=" : "", option->argument ? option->argument : "");
  start_item(s);
  put_text(s, text);
  free(text);
}

/* What was asked for: all that the output depends on, but for the content of the inputs. */
static void put_parameters(struct statement *s, const struct arguments *arguments, const struct inputs *inputs) {
  struct making_option option = {0};
  fputs("      \"externalParameters\": {\n        \"command\": \"fuse\",\n", s->to);
  start_list(s, 4, "options");
  while (next_making_option(arguments, &option))
    put_option(s, &option);
  end_list(s);
  fputs(",\n", s->to);
  if (inputs->script_name) {
    fputs("        \"script\": ", s->to);
    put_text(s, base_name(inputs->script_name));
    fputs(",\n", s->to);
  }
  start_list(s, 4, "inputs");
  for (int i = 0; i < inputs->count; i++) {
    start_item(s);
    put_text(s, inputs->names[i]);
  }
  end_list(s);
  fputs("\n      },\n", s->to);
}

static void put_dependencies(struct statement *s, const struct inputs *inputs) {
  start_list(s, 3, "resolvedDependencies");
  if (inputs->script_name)
    put_resource(s, base_name(inputs->script_name), inputs->script_name, &inputs->script);
  for (int i = 0; i < inputs->count; i++)
    put_resource(s, inputs->names[i], inputs->file_names[i], &inputs->files[i]);
  end_list(s);
  fputc('\n', s->to);
}

static void put_statement(struct statement *s, const struct arguments *arguments, const struct inputs *inputs,
                          struct attestation *attestation) {
  const char *const date = attestation->date;
  fputs("{\n  \"_type\": \"https://in-toto.io/Statement/v1\",\n", s->to);
  put_subject(s, arguments->output, &attestation->output);
  fputs("  \"predicateType\": \"https://slsa.dev/provenance/v1\",\n  \"predicate\": {\n", s->to);
  fputs("    \"buildDefinition\": {\n      \"buildType\": \"" BUILD_TYPE "\",\n", s->to);
  put_parameters(s, arguments, inputs);
  put_dependencies(s, inputs);
  fputs("    },\n    \"runDetails\": {\n", s->to);
  fprintf(s->to, "      \"builder\": {\"id\": \"" BUILDER "\", \"version\": {\"wasm-meld\": \"%s\"}}", meld_version());
  if (*date)
    fprintf(s->to, ",\n      \"metadata\": {\"startedOn\": \"%s\", \"finishedOn\": \"%s\"}", date, date);
  fputs("\n    }\n  }\n}\n", s->to);
}

bool make_attestation(const struct arguments *arguments, const struct inputs *inputs, struct attestation *attestation) {
  struct statement s = {.to = open_memstream(&attestation->text, &attestation->size)};
  if (!s.to)
    return complain(&arguments->messages, MELD_SYSTEM, NULL, OUT_OF_MEMORY);
  put_statement(&s, arguments, inputs, attestation);
  const bool is_whole = !ferror(s.to);
  if ((fclose(s.to) != 0 || !is_whole) && !s.problem)
    s.problem = OUT_OF_MEMORY;
  if (!s.problem)
    return true;
  free(attestation->text);
  attestation->text = NULL;
  return complain(&arguments->messages, MELD_SYSTEM, NULL, "the statement of --attest cannot be made: %s", s.problem);
}

void free_attestation(struct attestation *attestation) {
  char unused[DIGEST_TEXT];
  if (attestation->output.state)
    end_digest(&attestation->output, unused);
  free(attestation->text);
}
