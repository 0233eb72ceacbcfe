/* test_component.c -- components as bytes: what is read, printed, and what is refused where.
 *
 * A case is the bytes after the preamble in hexadecimal, and either the dump without its first line, or the message of
 * the failure. A vertical bar ends a section's content: `07 | 01 7f |` is section 7, its size, and 01 7f.
 *
 * Spec: Binary.md.
 */
#include "check.h"
#include "component/component.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREAMBLE "00 61 73 6d 0d 00 01 00 "
#define MODULE "00 61 73 6d 01 00 00 00 "

struct reading_case {
  const char *bytes;
  const char *expected;
};

static const struct reading_case readable[] = {
    {"", ""},
    /* Instances. */
    {"01 |" MODULE "| 02 | 02 00 00 00 01 02 01 61 11 00 00 00 00 |",
     "  core module 0: 0 types, 0 imports, 0 functions, 0 exports\n"
     "  core instance 0: instantiate core module 0\n"
     "  core instance 1: exports \"a\" = core module 0, \"\" = core func 0\n"},
    {"02 | 01 00 00 01 01 6d 12 05 |", "  core instance 0: instantiate core module 0 with \"m\" = core instance 5\n"},
    {"05 | 02 00 03 02 01 66 01 02 01 6d 00 11 04 01 01 02 01 74 01 00 01 61 03 06 |",
     "  instance 0: instantiate component 3 with \"f\" = func 2, \"m\" = core module 4\n"
     "  instance 1: exports \"t\" implements \"a\" = type 6\n"},
    /* Aliases. */
    {"06 | 05 01 00 07 01 66 00 02 01 08 00 03 02 01 09 00 10 02 00 03 04 02 01 02 |",
     "  func 0: alias export of instance 7 \"f\"\n"
     "  core memory 0: alias export of core instance 8 \"\"\n"
     "  type 0: alias outer 1 9\n"
     "  core type 0: alias outer 0 3\n"
     "  component 0: alias outer 1 2\n"},
    /* Core types. */
    {"03 | 03 60 01 7f 01 7e 00 50 00 60 00 00 50 04 01 60 00 00 02 10 01 01 00 00 01 61 01 62 00 00 03 01 65 02 00 01 "
     "|",
     "  core type 0: func(i32) -> (i64)\n"
     "  core type 1: func() -> ()\n"
     "  core type 2: module\n"
     "    core type 0: func() -> ()\n"
     "    core type 1: alias outer 1 0\n"
     "    import \"a\" \"b\" func of type 0\n"
     "    export \"e\" memory 1\n"},
    {"03 | 02 4e 02 60 00 00 60 00 00 60 00 00 |", "  core type 0..1: func() -> (), func() -> ()\n"
                                                   "  core type 2: func() -> ()\n"},
    /* Value types; a type index of two bytes. */
    {"07 | 08 7f 72 01 01 61 73 71 02 01 61 01 7d 00 01 62 00 00 6f 02 c0 00 64 6e 01 01 61 6d 01 01 62 67 7d 05 "
     "63 73 79 |",
     "  type 0: bool\n"
     "  type 1: record(\"a\" string)\n"
     "  type 2: variant(\"a\" u8, \"b\")\n"
     "  type 3: tuple(type 64, error-context)\n"
     "  type 4: flags(\"a\")\n"
     "  type 5: enum(\"b\")\n"
     "  type 6: fixed-length list(u8) of length 5\n"
     "  type 7: map(string, u32)\n"},
    {"07 | 08 70 7d 6b 00 6a 00 01 73 69 02 68 02 66 00 65 01 7d 43 01 01 61 7d 01 00 |",
     "  type 0: list(u8)\n"
     "  type 1: option(type 0)\n"
     "  type 2: result(_, string)\n"
     "  type 3: own(type 2)\n"
     "  type 4: borrow(type 2)\n"
     "  type 5: stream(_)\n"
     "  type 6: future(u8)\n"
     "  type 7: async func(\"a\" u8) -> _\n"},
    {"07 | 02 3f 7f 00 3f 7e 01 09 |", "  type 0: resource rep i32\n"
                                       "  type 1: resource rep i64 dtor core func 9\n"},
    /* Component and instance types, and names with attributes. */
    {"07 | 01 41 05 00 60 00 00 01 42 01 04 00 01 72 03 01 02 03 02 01 00 03 01 01 69 05 00 04 00 01 66 01 00 |",
     "  type 0: component\n"
     "    core type 0: func() -> ()\n"
     "    type 0: instance\n"
     "      type 0: export \"r\" as type sub resource\n"
     "    type 1: alias outer 1 0\n"
     "    instance 0: import \"i\" instance of type 0\n"
     "    func 0: export \"f\" as func of type 0\n"},
    {"0a | 04 02 01 61 02 00 01 69 02 00 05 00 02 01 62 01 01 02 2e 31 01 01 00 01 63 03 00 00 00 01 64 00 11 02 |",
     "  instance 0: import \"a\" implements \"i\" external-id \"\" instance of type 0\n"
     "  func 0: import \"b\" versionsuffix \".1\" func of type 1\n"
     "  type 0: import \"c\" type eq 0\n"
     "  core module 0: import \"d\" core module of core type 2\n"},
    {"0b | 02 00 01 61 01 00 00 00 02 22 0a 03 01 01 03 01 |",
     "  func 0: export \"a\" = func 0\n"
     "  type 0: export \"\\22\\0a\" = type 1 as type sub resource\n"},
    /* Canonical functions with options. */
    {"08 | 04 00 00 01 03 00 03 02 05 04 07 01 00 06 02 01 04 03 03 09 04 00 |",
     "  func 0: canon lift core func 1 string-encoding=utf8 memory 2 post-return 4 type 7\n"
     "  core func 0: canon lower func 6 string-encoding=utf16 realloc 3\n"
     "  core func 1: canon resource.drop type 9\n"
     "  core func 2: canon resource.rep type 0\n"},
    /* Nested components with names, and a broken name section, which is no reason to refuse. */
    {"04 |" PREAMBLE "00 14 0e 63 6f 6d 70 6f 6e 65 6e 74 2d 6e 61 6d 65 00 03 02 68 69 | 04 |" PREAMBLE
     "00 11 0e 63 6f 6d 70 6f 6e 65 6e 74 2d 6e 61 6d 65 00 09 |",
     "  component 0 \"hi\"\n"
     "  component 1\n"},
};

static const struct reading_case refused[] = {
    {"0d 00", "8: the section id cannot be 0x0d"},
    {"09 00", "8: start definitions are not supported"},
    {"0c 00", "8: value definitions are not supported"},
    {"07", "9: unexpected end where the size of a section should be"},
    {"07 05 00", "10: the content of a section should have 5 bytes, but only 1 remain"},
    {"07 | 00 00 |", "11: the type section has 1 byte more than its content"},
    {"07 | 02 7f |", "10: the count of types is 2, more than the 1 bytes that are left can hold"},
    {"07 | 01 62 |", "11: the opcode of a type definition cannot be 0x62"},
    {"07 | 01 70 72 |", "12: the opcode of a primitive value type cannot be 0x72"},
    {"07 | 01 70 80 7f |", "12: the element type is neither a type index nor a primitive value type"},
    {"07 | 01 72 00 |", "12: the record type is empty; it must have at least one field"},
    {"07 | 01 67 7d 00 |", "14: a fixed-length list has length 0; it must have at least one element"},
    {"07 | 01 72 01 01 ff 7d |", "14: the label of a record field is not valid UTF-8"},
    {"07 | 01 71 01 00 00 01 |", "15: the end of a variant case cannot be 0x01"},
    {"07 | 01 42 01 03 00 00 01 00 |", "13: the kind of a declaration in an instance type cannot be 0x03"},
    {"03 | 01 00 60 00 00 |", "12: a core type that starts with 0x00 must be a subtype, 0x50"},
    {"06 | 01 01 02 00 00 |", "13: an outer alias cannot be of sort func"},
    {"06 | 01 01 01 00 00 |", "13: an alias of a core instance's export cannot be of sort func"},
    {"06 | 01 00 00 00 00 00 |", "14: an alias of an instance's export cannot be of sort core func"},
    {"06 | 01 02 00 00 00 |", "11: value definitions are not supported"},
    {"0a | 01 00 00 02 00 |", "13: value definitions are not supported"},
    {"0a | 01 02 00 02 02 00 02 00 |", "17: the attribute `external-id` is given twice"},
    {"08 | 01 2e |", "11: the opcode of a canonical function cannot be 0x2e"},
    {"08 | 01 01 00 00 02 03 00 03 00 |", "18: the canonical option `memory` is given twice"},
    {"08 | 01 01 00 00 02 00 02 |",
     "17: the canonical option `string-encoding=latin1+utf16` conflicts with `string-encoding=utf8` before it"},
    {"08 | 01 01 00 00 01 08 |", "15: the opcode of a canonical option cannot be 0x08"},
    {"04 | |", "10: the nested component is empty"},
    {"04 |" MODULE "|",
     "10: the nested component is a core module, not a component; `wasm-tools component new` makes a "
     "component of it"},
};

/* Hexadecimal to bytes; a section's size is put in where its content starts. */
static void put_hex(struct buffer *out, const char *text) {
  while (*text) {
    if (*text == ' ') {
      text++;
    } else if (*text == '|') {
      struct buffer content = new_buffer(out->context);
      const char *end = strchr(text + 1, '|');
      char *inner = ALLOCATE(out->context, char, (size_t)(end - text));
      memcpy(inner, text + 1, (size_t)(end - text - 1));
      put_hex(&content, inner);
      put_sized(out, &content);
      text = end + 1;
    } else {
      char digits[3] = {text[0], text[1], 0};
      put_byte(out, (uint8_t)strtoul(digits, NULL, 16));
      text += 2;
    }
  }
}

static struct bytes component_of(struct context *c, const char *text) {
  struct buffer out = new_buffer(c);
  put_hex(&out, PREAMBLE);
  put_hex(&out, text);
  return buffer_bytes(&out);
}

/* A run of its own: reads a component, prints it, and notes how that went. */
struct run {
  struct context context;
  const char *text;   /* bytes after the preamble ... */
  struct bytes input; /* ... or all of them */
  char dump[8192];
  char message[2048];
};

static void read_and_dump(struct context *c, void *argument) {
  struct run *run = argument;
  if (run->text)
    run->input = component_of(c, run->text);
  struct buffer out = new_buffer(c);
  dump_component(read_component(c, run->input), &out);
  const uint8_t *line = memchr(out.data, '\n', out.size);
  snprintf(run->dump, sizeof run->dump, "%.*s", (int)(out.data + out.size - line) - 1, (const char *)line + 1);
}

/* True if it was read. */
static bool read_case(struct run *run) {
  const bool is_read = run_guarded(&run->context, read_and_dump, run);
  snprintf(run->message, sizeof run->message, "%zu: %s", run->context.offset, run->context.message);
  context_free(&run->context);
  return is_read;
}

static void test_readable(void) {
  for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
    struct run run = {.text = readable[i].bytes};
    if (read_case(&run) && !strcmp(run.dump, readable[i].expected))
      continue;
    fprintf(stderr, "test_component.c: %s\nexpected\n%sfound\n%s%s\n", run.text, readable[i].expected, run.dump,
            run.message);
    failures++;
  }
}

static void test_refused(void) {
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    struct run run = {.text = refused[i].bytes};
    if (!read_case(&run) && run.context.failure == FAILURE_INPUT && !strcmp(run.message, refused[i].expected))
      continue;
    fprintf(stderr, "test_component.c: %s\n  expected %s\n  found    %s\n", run.text, refused[i].expected, run.message);
    failures++;
  }
}

static bool fails_with(struct bytes input, const char *message) {
  struct run run = {.input = input};
  const bool is_read = read_case(&run);
  if (is_read || strcmp(run.message, message))
    fprintf(stderr, "test_component.c: found %s\n", run.message);
  return !is_read && !strcmp(run.message, message);
}

static void test_preamble(void) {
  static const uint8_t module[] = "\0asm\1\0\0", old[] = "\0asm\14\0\1", odd[] = "\0asm\15\0\2";
  CHECK(fails_with((struct bytes){0}, "0: the input is empty"));
  CHECK(fails_with(bytes_of("(component)"),
                   "0: the input is not WebAssembly: it does not start with \"\\0asm\"; text has "
                   "to be assembled first"));
  CHECK(fails_with((struct bytes){module, 6}, "0: the input ends inside of its preamble"));
  CHECK(fails_with((struct bytes){module, 8}, "0: the input is a core module, not a component; `wasm-tools component "
                                              "new` makes a component of it"));
  CHECK(fails_with((struct bytes){old, 8},
                   "0: the input has version 0x0c of the component format; only 0x0d is supported"));
  CHECK(fails_with((struct bytes){odd, 8}, "0: the input is neither a core module nor a component: its layer is 2"));
  CHECK(!is_component((struct bytes){0}));
  CHECK(!is_component((struct bytes){module, 8}));
  CHECK(!is_component((struct bytes){old, 7}));
  CHECK(is_component((struct bytes){old, 8}));
}

struct canon_row {
  uint8_t opcode;
  const char *name, *immediates;
};

static const struct canon_row canon_rows[] = {
#define CANON(id, opcode, name, immediates, signature) {opcode, name, immediates},
#include "component/canon.def"
#undef CANON
};

/* Each row of canon.def, with the immediates that it says. */
static void test_canon_rows(void) {
  static const struct {
    char letter;
    const char *bytes, *dump;
  } immediates[] = {
      {'L', " 00 01 00 02", " core func 1 type 2"},
      {'W', " 00 03 01 06", " func 3 async"},
      {'t', " 04", " type 4"},
      {'v', " 7e", " i64"},
      {'i', " 01", " 1"},
      {'r', " 00 73", " result string"},
      {'o', " 01 07 05", " callback 5"},
      {'a', " 01", " async"},
      {'c', " 01", " cancellable"},
      {'s', " 01", " shared"},
      {'m', " 06", " memory 6"},
      {'y', " 07", " core type 7"},
      {'b', " 08", " core table 8"},
  };
  for (size_t i = 0; i < sizeof canon_rows / sizeof *canon_rows; i++) {
    char bytes[256], dump[256];
    int size = sprintf(bytes, "08 | 01 %02x", canon_rows[i].opcode);
    int length = sprintf(dump, "  %s 0: canon %s", canon_rows[i].opcode ? "core func" : "func", canon_rows[i].name);
    for (const char *letter = canon_rows[i].immediates; *letter; letter++)
      for (size_t k = 0; k < sizeof immediates / sizeof *immediates; k++)
        if (immediates[k].letter == *letter) {
          size += sprintf(bytes + size, "%s", immediates[k].bytes);
          length += sprintf(dump + length, "%s", immediates[k].dump);
        }
    sprintf(bytes + size, " |");
    sprintf(dump + length, "\n");
    struct run run = {.text = bytes};
    if (read_case(&run) && !strcmp(run.dump, dump))
      continue;
    fprintf(stderr, "test_component.c: %s\n  expected %s  found %s%s\n", bytes, dump, run.dump, run.message);
    failures++;
  }
}

/* Components in one another, or instance types, `depth` of them. */
static bool reads_nested(uint32_t depth, bool are_types) {
  struct run run = {0};
  struct context builder = {0};
  struct buffer inner = new_buffer(&builder);
  /* Nothing here can fail but for memory, and then the test crashes, which is as good as failing. */
  for (uint32_t i = 0; i < depth; i++) {
    struct buffer outer = new_buffer(&builder);
    if (are_types) {
      put_raw(&outer, i ? "\x42\x01\x01" : "\x42", i ? 3 : 1);
      if (!i)
        put_byte(&outer, 0);
      put_bytes(&outer, buffer_bytes(&inner));
    } else {
      put_hex(&outer, PREAMBLE);
      if (i)
        put_section(&outer, 4, &inner);
    }
    inner = outer;
  }
  if (are_types) {
    struct buffer section = new_buffer(&builder), outer = new_buffer(&builder);
    put_byte(&section, 1);
    put_bytes(&section, buffer_bytes(&inner));
    put_hex(&outer, PREAMBLE);
    put_section(&outer, 7, &section);
    inner = outer;
  }
  run.input = buffer_bytes(&inner);
  const bool is_read = read_case(&run);
  CHECK(is_read || strstr(run.message, "nested more than"));
  context_free(&builder);
  return is_read;
}

static void test_nesting(void) {
  CHECK(reads_nested(NESTING_LIMIT, false));
  CHECK(!reads_nested(NESTING_LIMIT + 1, false));
  CHECK(reads_nested(NESTING_LIMIT - 1, true));
  CHECK(!reads_nested(NESTING_LIMIT, true));
}

static void read_parts_of_component(struct context *c, void *argument) {
  (void)argument;
  const struct bytes input = component_of(
      c, "00 | 03 61 62 63 01 02 | 00 | 0e 63 6f 6d 70 6f 6e 65 6e 74 2d 6e 61 6d 65 00 03 02 68 69 | 0a | 01 02 01 61 "
         "01 00 01 69 05 00 |");
  const struct component *component = read_component(c, input);
  CHECK(component->offset == 0 && component->size == input.size && component->origin == input.at);
  CHECK(bytes_equal(component->name, bytes_of("hi")));
  CHECK(component->customs.count == 2);
  CHECK(bytes_equal(component->customs.items[0].name, bytes_of("abc")));
  CHECK(bytes_equal(component->customs.items[0].content, bytes_of("\1\2")));
  CHECK(component->customs.items[0].offset == 8);
  CHECK(component->definitions.count == 1);
  const struct definition *import = &component->definitions.items[0];
  CHECK(import->offset == input.size - 9);
  CHECK(bytes_equal(import->of.import.name.raw, (struct bytes){input.at + input.size - 9, 7}));
}

int main(void) {
  test_readable();
  test_refused();
  test_preamble();
  test_canon_rows();
  test_nesting();
  struct context context = {0};
  CHECK(run_guarded(&context, read_parts_of_component, NULL));
  context_free(&context);
  return failures ? 1 : 0;
}
