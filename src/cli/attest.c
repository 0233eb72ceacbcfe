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
 * Provides  prepare_attestation, make_attestation.
 * Spec      in-toto Attestation Framework 1.0 "Statement"; SLSA 1.0 "Provenance"; reproducible-builds.org
 *           "SOURCE_DATE_EPOCH".
 */
#include "cli/attest.h"

#include "base/json.h"
#include "cli/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Package URLs, which lead to no server. */
#define BUILDER "pkg:generic/wasm-meld"
#define BUILD_TYPE BUILDER "#fuse/v1"

#define LAST_SECOND 253402300799 /* of the year 9999: there is no form for what comes later */
#define OUT_OF_MEMORY "out of memory"

struct statement {
  struct json json;
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

static void put_digest(struct statement *s, const void *data, size_t size) {
  char digest[DIGEST_TEXT] = "";
  if (!digest_sha256(data, size, digest))
    s->problem = "libcrypto gives no SHA-256";
  json_open(&s->json, "digest", '{');
  json_string(&s->json, "sha256", bytes_of(digest));
  json_close(&s->json, '}');
}

static struct bytes base_name(const char *file) {
  const char *slash = strrchr(file, '/');
  return bytes_of(slash && slash[1] ? slash + 1 : file);
}

static void put_subject(struct statement *s, const char *output, const uint8_t *data, size_t size) {
  struct json *const j = &s->json;
  json_open(j, "subject", '[');
  json_open_line(j, NULL, '{');
  if (!is_dash(output))
    json_string(j, "name", base_name(output));
  put_digest(s, data, size);
  json_close(j, '}');
  json_close(j, ']');
}

/* ResourceDescriptor of something that was read: what it is called, and which file it was. */
static void put_resource(struct statement *s, struct bytes name, const char *file, const struct file *content) {
  struct json *const j = &s->json;
  json_open_line(j, NULL, '{');
  json_string(j, "name", name);
  put_digest(s, content->data, content->size);
  if (!is_dash(file)) {
    json_open(j, "annotations", '{');
    json_string(j, "file", base_name(file));
    json_close(j, '}');
  }
  json_close(j, '}');
}

static void put_option(struct statement *s, const struct making_option *option) {
  const size_t size = strlen(option->name) + (option->argument ? strlen(option->argument) : 0) + sizeof("--=");
  char *text = malloc(size);
  if (!text) {
    s->problem = OUT_OF_MEMORY;
    return;
  }
  snprintf(text, size, "--%s%s%s", option->name, option->argument ? "=" : "", option->argument ? option->argument : "");
  json_string(&s->json, NULL, bytes_of(text));
  free(text);
}

/* What was asked for: all that the output depends on, but for the content of the inputs. */
static void put_parameters(struct statement *s, const struct arguments *arguments, const struct inputs *inputs) {
  struct json *const j = &s->json;
  struct making_option option = {0};
  json_open(j, "externalParameters", '{');
  json_string(j, "command", bytes_of("fuse"));
  json_open(j, "options", '[');
  while (next_making_option(arguments, &option))
    put_option(s, &option);
  json_close(j, ']');
  if (inputs->script_name)
    json_string(j, "script", base_name(inputs->script_name));
  json_open(j, "inputs", '[');
  for (int i = 0; i < inputs->count; i++)
    json_string(j, NULL, bytes_of(inputs->names[i]));
  json_close(j, ']');
  json_close(j, '}');
}

static void put_dependencies(struct statement *s, const struct inputs *inputs) {
  json_open(&s->json, "resolvedDependencies", '[');
  if (inputs->script_name)
    put_resource(s, base_name(inputs->script_name), inputs->script_name, &inputs->script);
  for (int i = 0; i < inputs->count; i++)
    put_resource(s, bytes_of(inputs->names[i]), inputs->file_names[i], &inputs->files[i]);
  json_close(&s->json, ']');
}

static void put_run(struct json *j, const char *date) {
  json_open(j, "runDetails", '{');
  json_open(j, "builder", '{');
  json_string(j, "id", bytes_of(BUILDER));
  json_open_line(j, "version", '{');
  json_string(j, "wasm-meld", bytes_of(meld_version()));
  json_close(j, '}');
  json_close(j, '}');
  if (*date) {
    json_open_line(j, "metadata", '{');
    json_string(j, "startedOn", bytes_of(date));
    json_string(j, "finishedOn", bytes_of(date));
    json_close(j, '}');
  }
  json_close(j, '}');
}

static void put_statement(struct statement *s, const struct arguments *arguments, const struct inputs *inputs,
                          const uint8_t *data, size_t size, const char *date) {
  struct json *const j = &s->json;
  json_open(j, NULL, '{');
  json_string(j, "_type", bytes_of("https://in-toto.io/Statement/v1"));
  put_subject(s, arguments->output, data, size);
  json_string(j, "predicateType", bytes_of("https://slsa.dev/provenance/v1"));
  json_open(j, "predicate", '{');
  json_open(j, "buildDefinition", '{');
  json_string(j, "buildType", bytes_of(BUILD_TYPE));
  put_parameters(s, arguments, inputs);
  put_dependencies(s, inputs);
  json_close(j, '}');
  put_run(j, date);
  json_close(j, '}');
  json_close(j, '}');
}

bool make_attestation(const struct arguments *arguments, const struct inputs *inputs, const uint8_t *data, size_t size,
                      struct attestation *attestation) {
  FILE *const to = open_memstream(&attestation->text, &attestation->size);
  if (!to)
    return complain(&arguments->messages, MELD_SYSTEM, NULL, OUT_OF_MEMORY);
  struct statement s = {.json = json_to_stream(to)};
  put_statement(&s, arguments, inputs, data, size, attestation->date);
  const bool is_whole = !ferror(to);
  if ((fclose(to) != 0 || !is_whole) && !s.problem)
    s.problem = OUT_OF_MEMORY;
  if (!s.problem)
    return true;
  free(attestation->text);
  attestation->text = NULL;
  return complain(&arguments->messages, MELD_SYSTEM, NULL, "the statement of --attest cannot be made: %s", s.problem);
}
