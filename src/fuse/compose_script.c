/* compose_script.c -- a composition in the .wac language.
 *
 *     package test:shop;
 *     let left = new test:store { ... };                                 what is not given is left open
 *     let right = new test:store { ... };
 *     let app = new test:app { store: left.store, "other": right.store, ...left };
 *     export app.run;
 *     export left.store as "first-store";
 *     export app...;                                                     all that is not exported yet
 *
 * It is the language of the `wac` command, all that says what is instantiated, with what, and what comes out of it;
 * names are found as it finds them. What declares types, and imports of declared types, is refused by name: a fuser
 * makes nothing of types that no component has.
 *
 * The text is read once from beginning to end; a name denotes a source, and each `new` adds an instance.
 *
 * Requires  inputs, named as packages.
 * Provides  instances and exports; the list of packages.
 * Spec      LANGUAGE.md of https://github.com/bytecodealliance/wac.
 */
#include "base/buffer.h"
#include "fuse/compose.h"

#include <string.h>

enum token_kind { TOKEN_END, TOKEN_ID, TOKEN_STRING, TOKEN_ELLIPSIS, TOKEN_SIGN };
struct token {
  enum token_kind kind;
  struct bytes text; /* of a string, without quotes; of an id, without % */
  uint32_t line;
};

/* What an expression denotes. */
struct value {
  struct source source;
  struct bytes name; /* as what it was exported; size 0: an instance of a package */
};

struct local {
  struct bytes name;
  struct value value;
};

struct parser {
  struct context *context;
  struct composition *composition; /* null: only the packages are wanted */
  const uint8_t *at, *end;
  uint32_t line;
  uint32_t depth;
  struct token token; /* the next one */
  VEC(struct local) locals;
  struct map local_names;  /* to index into locals */
  struct map export_names; /* of the composition */
  struct map packages;     /* that were named */
};

#define REFUSE(p, ...) fail((p)->context, FAILURE_INPUT, NO_OFFSET, __VA_ARGS__)

/* Tokens. */

static bool is_letter(uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_word(uint8_t c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; }

static void set_line(struct parser *p, uint32_t line) {
  pop_place(p->context);
  push_place(p->context, "line", line, (struct bytes){0});
}

static bool looking_at(const struct parser *p, const char *text) {
  return starts_with((struct bytes){p->at, (size_t)(p->end - p->at)}, bytes_of(text));
}

static void skip_block_comment(struct parser *p) {
  const uint32_t line = p->line;
  uint32_t depth = 0;
  do {
    if (p->at == p->end) {
      set_line(p, line);
      REFUSE(p, "a comment does not end");
    }
    const bool opens = looking_at(p, "/*"), closes = looking_at(p, "*/");
    depth += opens;
    depth -= closes;
    p->line += *p->at == '\n';
    p->at += opens || closes ? 2 : 1;
  } while (depth > 0);
}

static void skip_space(struct parser *p) {
  for (; p->at < p->end;) {
    if (looking_at(p, "//"))
      while (p->at < p->end && *p->at != '\n')
        p->at++;
    else if (looking_at(p, "/*"))
      skip_block_comment(p);
    else if (memchr(" \t\r\n", *p->at, 4))
      p->line += *p->at++ == '\n';
    else
      return;
  }
}

static void read_string(struct parser *p) {
  const uint8_t *start = ++p->at;
  while (p->at < p->end && *p->at != '"' && *p->at != '\n')
    p->at++;
  if (p->at == p->end || *p->at != '"')
    REFUSE(p, "a string does not end");
  p->token.kind = TOKEN_STRING;
  p->token.text = (struct bytes){start, (size_t)(p->at++ - start)};
}

/* Makes the next token the present one. */
static void advance(struct parser *p) {
  skip_space(p);
  set_line(p, p->line);
  p->token = (struct token){.kind = TOKEN_END, .text = bytes_of("the end"), .line = p->line};
  if (p->at == p->end)
    return;
  const uint8_t *start = p->at;
  if (*p->at == '"') {
    read_string(p);
    return;
  }
  if (looking_at(p, "...")) {
    p->token.kind = TOKEN_ELLIPSIS;
    p->at += 3;
  } else if (*p->at == '%' || is_letter(*p->at)) {
    p->token.kind = TOKEN_ID;
    start += *p->at++ == '%';
    while (p->at < p->end && is_word(*p->at))
      p->at++;
  } else {
    p->token.kind = TOKEN_SIGN;
    p->at++;
  }
  p->token.text = (struct bytes){start, (size_t)(p->at - start)};
}

static bool is_sign(const struct parser *p, const char *sign) {
  return p->token.kind == TOKEN_SIGN && bytes_equal(p->token.text, bytes_of(sign));
}

static bool is_keyword(const struct parser *p, const char *word) {
  return p->token.kind == TOKEN_ID && bytes_equal(p->token.text, bytes_of(word));
}

static bool take_sign(struct parser *p, const char *sign) {
  if (!is_sign(p, sign))
    return false;
  advance(p);
  return true;
}

static _Noreturn void refuse_token(struct parser *p, const char *wanted) {
  REFUSE(p, "%s was expected, but \"%.*s\" is there", wanted, SHOW(p->token.text));
}

static void expect_sign(struct parser *p, const char *sign) {
  if (!take_sign(p, sign))
    REFUSE(p, "\"%s\" was expected, but \"%.*s\" is there", sign, SHOW(p->token.text));
}

static struct bytes take_id(struct parser *p, const char *what) {
  if (p->token.kind != TOKEN_ID || p->token.text.size == 0)
    refuse_token(p, what);
  const struct bytes id = p->token.text;
  advance(p);
  return id;
}

/* package-name ::= id (':' id)+ ('@' version)? */
static struct bytes take_package(struct parser *p) {
  struct bytes name = take_id(p, "the name of a package");
  if (!is_sign(p, ":"))
    refuse_token(p, "the \":\" of the name of a package");
  while (take_sign(p, ":")) {
    const struct bytes part = take_id(p, "the name of a package");
    name = format_bytes(p->context, "%.*s:%.*s", SHOW(name), SHOW(part));
  }
  if (!is_sign(p, "@"))
    return name;
  const uint8_t *start = p->at; /* a version is no token */
  while (p->at < p->end && (is_word(*p->at) || *p->at == '.' || *p->at == '+'))
    p->at++;
  name = format_bytes(p->context, "%.*s@%.*s", SHOW(name), (int)(p->at - start), (const char *)start);
  advance(p);
  return name;
}

/* Names. */

static uint32_t find_input(struct parser *p, struct bytes package) {
  const uint8_t *at = memchr(package.at, '@', package.size);
  const struct bytes unversioned = {package.at, at ? (size_t)(at - package.at) : package.size};
  uint32_t found = NO_INDEX;
  for (uint32_t i = p->composition->inputs.count; i-- > 0;) {
    const struct bytes name = p->composition->inputs.items[i].name;
    if (bytes_equal(name, package))
      return i;
    if (bytes_equal(name, unversioned))
      found = i;
  }
  if (found == NO_INDEX)
    REFUSE(p, "the package \"%.*s\" is not given", SHOW(package));
  return found;
}

/* Is `name` an interface "ns:pkg/ID@version"? */
static bool ends_in(struct bytes name, struct bytes id) {
  size_t start = name.size, end = name.size;
  while (start > 0 && name.at[start - 1] != '/')
    start--;
  const uint8_t *at = memchr(name.at + start, '@', name.size - start);
  if (at)
    end = (size_t)(at - name.at);
  return start > 0 && bytes_equal((struct bytes){name.at + start, end - start}, id);
}

static uint32_t find_import(const struct composed_input *input, struct bytes name) {
  for (uint32_t i = 0; i < input->imports.count; i++)
    if (bytes_equal(input->imports.items[i]->name.name, name))
      return i;
  return NO_INDEX;
}

/* The import of this name, else the one interface that ends in it. */
static uint32_t find_import_of_id(const struct composed_input *input, struct bytes id) {
  uint32_t found = find_import(input, id), count = 0;
  if (found != NO_INDEX)
    return found;
  for (uint32_t i = 0; i < input->imports.count; i++)
    if (ends_in(input->imports.items[i]->name.name, id)) {
      found = i;
      count++;
    }
  return count == 1 ? found : NO_INDEX;
}

static const struct composed_input *input_of(const struct parser *p, const struct value *value) {
  return &p->composition->inputs.items[p->composition->instances.items[value->source.instance].input];
}

static const struct export_definition *input_export(const struct composed_input *input, struct bytes name) {
  for (uint32_t i = 0; i < input->exports.count; i++)
    if (bytes_equal(input->exports.items[i]->name.name, name))
      return input->exports.items[i];
  return NULL;
}

static struct bytes export_name_of_id(const struct composed_input *input, struct bytes id) {
  uint32_t count = 0;
  struct bytes found = id;
  if (input_export(input, id))
    return id;
  for (uint32_t i = 0; i < input->exports.count; i++)
    if (ends_in(input->exports.items[i]->name.name, id)) {
      found = input->exports.items[i]->name.name;
      count++;
    }
  return count == 1 ? found : id;
}

/* Expressions. */

static struct value take_expression(struct parser *p);

static const struct value *find_local(struct parser *p, struct bytes name) {
  const uint32_t at = map_get(&p->local_names, name);
  if (at == NOT_FOUND)
    REFUSE(p, "nothing is called \"%.*s\"", SHOW(name));
  return &p->locals.items[at].value;
}

static struct value access_export(struct parser *p, const struct value *of, struct bytes name, bool is_exact) {
  const bool is_package = of->source.path_count == 0;
  if (is_package && !is_exact)
    name = export_name_of_id(input_of(p, of), name);
  if (is_package && !input_export(input_of(p, of), name))
    REFUSE(p, "\"%.*s\" has no export \"%.*s\"", SHOW(input_of(p, of)->name), SHOW(name));
  if (of->source.path_count == NESTING_LIMIT)
    REFUSE(p, "more than %d exports stand in one another", NESTING_LIMIT);
  struct bytes *path = ALLOCATE(p->context, struct bytes, of->source.path_count + 1);
  for (uint32_t i = 0; i < of->source.path_count; i++)
    path[i] = of->source.path[i];
  path[of->source.path_count] = name;
  return (struct value){{of->source.instance, of->source.path_count + 1, path}, name};
}

/* An instantiation while its arguments are read. */
struct creation {
  struct composed_instance instance;
  const struct composed_input *input;
  bool *is_given;
  VEC(struct value) spreads;
};

static void give(struct parser *p, struct creation *to, uint32_t import, const struct value *value, struct bytes name) {
  if (import == NO_INDEX)
    REFUSE(p, "\"%.*s\" has no import \"%.*s\"", SHOW(to->input->name), SHOW(name));
  if (to->is_given[import])
    REFUSE(p, "the import \"%.*s\" is given twice", SHOW(to->input->imports.items[import]->name.name));
  to->is_given[import] = true;
  to->instance.arguments[import] = value->source;
}

static void give_spread(struct parser *p, struct creation *to, const struct value *from) {
  bool is_used = false;
  if (from->source.path_count > 0)
    REFUSE(p, "only an instance of a package can be spread");
  for (uint32_t i = 0; i < to->input->imports.count; i++) {
    const struct bytes name = to->input->imports.items[i]->name.name;
    if (to->is_given[i] || !input_export(input_of(p, from), name))
      continue;
    const struct value value = access_export(p, from, name, true);
    give(p, to, i, &value, name);
    is_used = true;
  }
  if (!is_used)
    REFUSE(p, "what is spread has no export that \"%.*s\" imports and is not given yet", SHOW(to->input->name));
}

/* A local name as an argument: which import it is for. */
static void give_inferred(struct parser *p, struct creation *to, struct bytes id) {
  const struct value *value = find_local(p, id);
  uint32_t import = value->name.size ? find_import(to->input, value->name) : NO_INDEX;
  if (import == NO_INDEX)
    import = find_import_of_id(to->input, id);
  give(p, to, import, value, id);
}

/* instantiation-arg ::= id | '...' id | (id | string) ':' expr. Gives whether it was the '...' at the end. */
static bool take_argument(struct parser *p, struct creation *to) {
  const struct token first = p->token;
  if (first.kind != TOKEN_ID && first.kind != TOKEN_STRING && first.kind != TOKEN_ELLIPSIS)
    refuse_token(p, "an argument");
  advance(p);
  if (first.kind == TOKEN_ELLIPSIS) {
    if (p->token.kind != TOKEN_ID)
      return true;
    const struct bytes id = take_id(p, "a name");
    if (p->composition)
      VEC_ADD(p->context, &to->spreads, *find_local(p, id));
    return false;
  }
  if (take_sign(p, ":")) {
    const struct value value = take_expression(p);
    if (p->composition)
      give(p, to,
           first.kind == TOKEN_STRING ? find_import(to->input, first.text) : find_import_of_id(to->input, first.text),
           &value, first.text);
  } else if (first.kind == TOKEN_STRING) {
    refuse_token(p, "\":\"");
  } else if (p->composition) {
    give_inferred(p, to, first.text);
  }
  return false;
}

static void start_creation(struct parser *p, struct creation *creation, struct bytes package) {
  const uint32_t input = find_input(p, package);
  creation->input = &p->composition->inputs.items[input];
  const uint32_t count = creation->input->imports.count;
  creation->instance.input = input;
  creation->instance.name = creation->input->name;
  creation->instance.arguments = ALLOCATE(p->context, struct source, count);
  creation->is_given = ALLOCATE(p->context, bool, count);
  for (uint32_t i = 0; i < count; i++)
    creation->instance.arguments[i].instance = NO_INDEX;
}

static struct value finish_creation(struct parser *p, struct creation *creation, bool is_open) {
  for (uint32_t i = 0; i < creation->spreads.count; i++)
    give_spread(p, creation, &creation->spreads.items[i]);
  for (uint32_t i = 0; i < creation->input->imports.count; i++)
    if (!creation->is_given[i] && !is_open) {
      set_hint(p->context, "\"...\" as the last argument leaves open what is not given");
      REFUSE(p, "\"%.*s\" is not given its import \"%.*s\"", SHOW(creation->input->name),
             SHOW(creation->input->imports.items[i]->name.name));
    }
  VEC_ADD(p->context, &p->composition->instances, creation->instance);
  return (struct value){.source = {.instance = p->composition->instances.count - 1}};
}

/* new-expr ::= 'new' package-name '{' instantiation-args '}' */
static struct value take_new(struct parser *p) {
  struct creation creation = {0};
  const struct bytes package = take_package(p);
  bool is_open = false;
  map_add(p->context, &p->packages, package, 0);
  if (p->composition)
    start_creation(p, &creation, package);
  expect_sign(p, "{");
  while (!is_sign(p, "}")) {
    is_open = take_argument(p, &creation);
    if (!take_sign(p, ",") || is_open)
      break;
  }
  expect_sign(p, "}");
  return p->composition ? finish_creation(p, &creation, is_open) : (struct value){0};
}

/* primary-expr ::= new-expr | '(' expr ')' | id */
static struct value take_primary(struct parser *p) {
  struct value value = {0};
  if (p->depth == NESTING_LIMIT)
    REFUSE(p, "expressions are nested more than %d deep", NESTING_LIMIT);
  p->depth++;
  if (take_sign(p, "(")) {
    value = take_expression(p);
    expect_sign(p, ")");
  } else if (is_keyword(p, "new")) {
    advance(p);
    value = take_new(p);
  } else {
    const struct bytes id = take_id(p, "an expression");
    if (p->composition)
      value = *find_local(p, id);
  }
  p->depth--;
  return value;
}

/* expr ::= primary-expr ('.' id | '[' string ']')* */
static struct value take_expression(struct parser *p) {
  struct value value = take_primary(p);
  for (;;) {
    const bool is_exact = is_sign(p, "[");
    if (!is_exact && !is_sign(p, "."))
      return value;
    advance(p);
    const struct bytes name = p->token.text;
    if (p->token.kind != (is_exact ? TOKEN_STRING : TOKEN_ID))
      refuse_token(p, "the name of an export");
    advance(p);
    if (is_exact)
      expect_sign(p, "]");
    if (p->composition)
      value = access_export(p, &value, name, is_exact);
  }
}

/* Statements. */

/* let-statement ::= 'let' id '=' expr ';' */
static void take_let(struct parser *p) {
  const struct bytes name = take_id(p, "a name");
  expect_sign(p, "=");
  const uint32_t before = p->composition ? p->composition->instances.count : 0;
  const struct value value = take_expression(p);
  if (map_add(p->context, &p->local_names, name, p->locals.count) != p->locals.count)
    REFUSE(p, "the name \"%.*s\" is taken already", SHOW(name));
  VEC_ADD(p->context, &p->locals, ((struct local){name, value}));
  /* What diagnostics call it. */
  if (p->composition && value.source.path_count == 0 && value.source.instance >= before)
    p->composition->instances.items[value.source.instance].name = name;
}

static bool export_value(struct parser *p, const struct value *value, struct bytes name) {
  if (map_add(p->context, &p->export_names, name, p->composition->exports.count) != p->composition->exports.count)
    return false;
  struct extern_name *extern_name = ALLOCATE(p->context, struct extern_name, 1);
  extern_name->name = name;
  if (value->source.path_count == 1 && bytes_equal(name, value->name))
    *extern_name = input_export(input_of(p, value), name)->name;
  VEC_ADD(p->context, &p->composition->exports,
          ((struct composed_export){.name = extern_name, .source = value->source}));
  return true;
}

static void export_all(struct parser *p, const struct value *value) {
  if (value->source.path_count > 0)
    REFUSE(p, "only an instance of a package can be spread");
  bool is_used = false;
  const struct composed_input *input = input_of(p, value);
  for (uint32_t i = 0; i < input->exports.count; i++) {
    const struct bytes name = input->exports.items[i]->name.name;
    const struct value part = access_export(p, value, name, true);
    is_used = export_value(p, &part, name) || is_used;
  }
  if (!is_used)
    REFUSE(p, "what is spread has no export that is not exported already");
}

/* export-statement ::= 'export' expr ('...' | 'as' (id | string))? ';' */
static void take_export(struct parser *p) {
  const struct value value = take_expression(p);
  if (p->token.kind == TOKEN_ELLIPSIS) {
    advance(p);
    if (p->composition)
      export_all(p, &value);
    return;
  }
  struct bytes name = value.name;
  if (is_keyword(p, "as")) {
    advance(p);
    name = p->token.text;
    if (p->token.kind != TOKEN_ID && p->token.kind != TOKEN_STRING)
      refuse_token(p, "the name of an export");
    advance(p);
  }
  if (p->composition && name.size == 0)
    REFUSE(p, "what is exported has no name; \"as\" gives it one");
  if (p->composition && !export_value(p, &value, name))
    REFUSE(p, "the name \"%.*s\" is exported twice", SHOW(name));
}

static void take_statement(struct parser *p) {
  const struct bytes keyword = take_id(p, "a statement");
  if (bytes_equal(keyword, bytes_of("let")))
    take_let(p);
  else if (bytes_equal(keyword, bytes_of("export")))
    take_export(p);
  else
    REFUSE(p, "statements of \"%.*s\" are not supported, those of \"let\" and \"export\" are", SHOW(keyword));
  expect_sign(p, ";");
}

/* document ::= package-decl statement*; package-decl ::= `package` package-name (`targets` package-path)? `;` */
static void take_document(struct parser *p) {
  push_place(p->context, "line", 1, (struct bytes){0});
  advance(p);
  if (!is_keyword(p, "package"))
    refuse_token(p, "\"package\"");
  advance(p);
  take_package(p);
  if (is_keyword(p, "targets"))
    REFUSE(p, "a script that targets a world is not supported");
  expect_sign(p, ";");
  while (p->token.kind != TOKEN_END)
    take_statement(p);
  pop_place(p->context);
}

void read_script(struct context *c, struct composition *composition, struct bytes script) {
  struct parser p = {
      .context = c, .composition = composition, .at = script.at, .end = script.at + script.size, .line = 1};
  take_document(&p);
}

struct bytes list_packages(struct context *c, struct bytes script) {
  struct parser p = {.context = c, .at = script.at, .end = script.at + script.size, .line = 1};
  struct buffer lines = new_buffer(c);
  take_document(&p);
  for (uint32_t i = 0; i < p.packages.entries.count; i++) {
    put_bytes(&lines, p.packages.entries.items[i].key);
    put_byte(&lines, '\n');
  }
  return buffer_bytes(&lines);
}
