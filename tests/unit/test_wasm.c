/* test_wasm.c -- bytes, core modules, and every instruction there is.
 *
 * A module of one function per row of opcodes.def is read, its code copied with exchanged indices and back again, and
 * written: what comes out is what went in. Element and data segments go through each of their forms; malformed modules
 * are refused with the right sentence; types are compared across modules.
 */
#include "base/map.h"
#include "check.h"
#include "hex.h"
#include "wasm/notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs a test that has to get to its end. */
static void run(const char *name, void (*test)(struct context *, void *)) {
  struct context *c = calloc(1, sizeof *c);
  if (!c || !run_guarded(c, test, NULL)) {
    fprintf(stderr, "%s: %s\n", name, c ? c->message : "out of memory");
    failures++;
  }
  if (c)
    context_free(c);
  free(c);
}

/* Bytes. */

static void test_numbers(struct context *c, void *unused) {
  (void)unused;
  static const int64_t values[] = {0, 1, -1, 63, 64, -64, -65, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
  const size_t count = sizeof values / sizeof values[0];
  struct buffer b = new_buffer(c);
  for (size_t i = 0; i < count; i++) {
    put_s64(&b, values[i]);
    put_u64(&b, (uint64_t)values[i]);
    put_s32(&b, (int32_t)values[i]);
    put_u32(&b, (uint32_t)values[i]);
  }
  put_s33(&b, UINT32_MAX);
  put_text(&b, "na\xc3\xafve");
  struct reader r = reader_of(c, buffer_bytes(&b), b.data);
  for (size_t i = 0; i < count; i++) {
    CHECK(read_s64(&r, "a number") == values[i]);
    CHECK(read_u64(&r, "a number") == (uint64_t)values[i]);
    CHECK(read_s32(&r, "a number") == (int32_t)values[i]);
    CHECK(read_u32(&r, "a number") == (uint32_t)values[i]);
  }
  CHECK(read_s33(&r, "a number") == UINT32_MAX);
  CHECK(bytes_equal(read_name(&r, "a name"), bytes_of("na\xc3\xafve")));
  expect_end(&r, "test");
}

static void test_utf8(struct context *c, void *unused) {
  (void)c, (void)unused;
  static const char *const good[] = {
      "", "a", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
  static const char *const bad[] = {"\x80",
                                    "\xc1\x80",
                                    "\xc2",
                                    "\xe0\x9f\x80",
                                    "\xed\xa0\x80",
                                    "\xf0\x8f\x80\x80",
                                    "\xf4\x90\x80\x80",
                                    "\xf5\x80\x80\x80",
                                    "\xe2\x28\xa1"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    CHECK(is_utf8(bytes_of(good[i])));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    CHECK(!is_utf8(bytes_of(bad[i])));
}

static void test_map(struct context *c, void *unused) {
  (void)unused;
  struct map map = {0};
  CHECK(map_get(&map, bytes_of("k1")) == NOT_FOUND);
  char key[16];
  for (unsigned i = 0; i < 3000; i++) {
    snprintf(key, sizeof key, "k%u", i % 1000);
    CHECK(map_intern(c, &map, bytes_of(key)) == i % 1000);
  }
  CHECK(map.entries.count == 1000);
  CHECK(map_get(&map, bytes_of("k999")) == 999);
  CHECK(map_add(c, &map, bytes_of("k7"), 5) == 7);
  CHECK(map_add(c, &map, bytes_of("new"), 5) == 5);
  CHECK(map.entries.count == 1001);
}

static void fail_deep_inside(struct context *c, void *unused) {
  (void)unused;
  push_identified_place(c, "component", 3, bytes_of("a"));
  push_identified_place(c, "component", 5, (struct bytes){0});
  push_place(c, "core instance", 4, (struct bytes){0});
  push_place(c, "import", UINT32_MAX, bytes_of("say \"\\\xe2\x80\xae\""));
  set_hint(c, "\x1b[31mdo %s", "that");
  fail(c, FAILURE_INPUT, 17, "a line\nbreak in %s", "it");
}

static void test_failure(void) {
  struct context c = {0};
  CHECK(!run_guarded(&c, fail_deep_inside, NULL));
  CHECK(c.failure == FAILURE_INPUT && c.offset == 17);
  CHECK(!strcmp(c.message, "a line\\u{a}break in it"));
  CHECK(!strcmp(c.hint, "\\u{1b}[31mdo that"));
  CHECK(!strcmp(c.path, "component $a, component 5, core instance 4, import \"say \\\"\\\\\\u{202e}\\\"\""));
  CHECK(c.place_count == 0 && c.failed_place_count == 4);
  context_free(&c);
}

static void test_escapes(void) {
  char text[8];
  CHECK(escape_text(text, sizeof text,
                    bytes_of("a\xff"
                             "b"),
                    "") == 6 &&
        !strcmp(text, "a\\xffb"));
  CHECK(escape_text(text, sizeof text, bytes_of("\xc3\xa4\xc3\xb6"), "") == 4);
  CHECK(escape_text(text, sizeof text, bytes_of("123456\xc3\xa4"), "") == 6); /* no half of a character */
  CHECK(escape_text(text, sizeof text, bytes_of("1234567890"), "") == 7);
  CHECK(escape_text(text, 1, bytes_of("x"), "") == 0 && !*text);
  CHECK(escape_text(text, sizeof text, (struct bytes){0}, "") == 0);
}

/* Every instruction. */

struct row {
  uint8_t prefix;
  uint32_t opcode;
  const char *name, *immediates;
};

static const struct row rows[] = {
#define OPCODE(prefix, opcode, name, immediates, ...) {prefix, opcode, name, immediates},
#include "wasm/opcodes.def"
#undef OPCODE
};
#define ROW_COUNT ((uint32_t)(sizeof rows / sizeof rows[0]))

/* An example of each immediate; an index is always 1. */
static void put_immediate(struct buffer *b, char letter) {
  static const uint8_t zeros[16] = {0};
  switch (letter) {
  case '{':
  case '}':
    return;
  case 'L':
    put_raw(b, "\2\0\0\0", 4);
    return;
  case '4':
    put_raw(b, zeros, 4);
    return;
  case '8':
    put_raw(b, zeros, 8);
    return;
  case 'v':
    put_raw(b, zeros, 16);
    return;
  case 'V':
    put_raw(b, "\2\x7f\x63\1", 4);
    return;
  case 'a':
    put_raw(b, "\x42\1\x90\1", 4);
    return;
  case 'c':
    put_raw(b, "\4\0\1\0\1\1\0\2\0\3\0", 11);
    return;
  case 'r':
    put_raw(b, "\2\0\1\0\1\1", 6);
    return;
  default:
    put_byte(b, 1);
  }
}

/* The instruction, in the blocks that it needs around it. */
static void put_instruction(struct buffer *b, const struct row *row) {
  const bool closes = strchr(row->immediates, '}');
  const bool opens = strchr(row->immediates, '{');
  if (closes)
    put_raw(b, "\x06\x40", 2);
  if (row->prefix) {
    put_byte(b, row->prefix);
    put_u32(b, row->opcode);
  } else {
    put_byte(b, (uint8_t)row->opcode);
  }
  for (const char *letter = row->immediates; *letter; letter++)
    put_immediate(b, *letter);
  if (opens)
    put_byte(b, 0x0b);
}

/* Two of everything, and a function for each row, with so many instructions of one byte behind its own. */
static struct module *every_instruction(struct context *c, unsigned padding) {
  struct module *m = ALLOCATE(c, struct module, 1);
  m->start = NO_INDEX;
  const struct core_valtype i32 = {.code = CORE_I32};
  const struct bytes zero = {(const uint8_t *)"\x41\0\x0b", 3};
  add_functype(c, m, NULL, 0, NULL, 0);
  add_functype(c, m, &i32, 1, NULL, 0);
  for (uint32_t i = 0; i < 2; i++) {
    VEC_ADD(c, &m->tables, ((struct core_table){.type.element = {.code = CORE_REF_NULL, .heap = HEAP_FUNC}}));
    VEC_ADD(c, &m->memories, ((struct core_limits){.minimum = i, .maximum = 7, .has_maximum = true}));
    VEC_ADD(c, &m->tags, 0);
    VEC_ADD(c, &m->globals, ((struct core_global){.type = {.type = i32}, .init = zero}));
    VEC_ADD(c, &m->datas, ((struct core_data){.mode = SEGMENT_PASSIVE, .content = bytes_of("data")}));
    VEC_ADD(c, &m->elements, ((struct core_element){.mode = SEGMENT_PASSIVE, .type = {CORE_REF, .heap = HEAP_FUNC}}));
  }
  m->has_data_count = true;
  for (uint32_t i = 0; i < ROW_COUNT; i++) {
    struct buffer body = new_buffer(c);
    put_raw(&body, "\1\1\x64\1", 4); /* one local of type (ref 1) */
    put_instruction(&body, &rows[i]);
    for (unsigned n = 0; n < padding; n++)
      put_byte(&body, 0x01);
    put_byte(&body, 0x0b);
    add_function(c, m, 0, buffer_bytes(&body));
  }
  return m;
}

static void count_use(void *user, enum index_space space, uint32_t index) {
  uint32_t *uses = user;
  uses[space]++;
  CHECK(index == 1);
}

static uint32_t letters(const struct row *row, const char *which) {
  uint32_t count = 0;
  for (const char *letter = row->immediates; *letter; letter++)
    count += strchr(which, *letter) != NULL;
  return count;
}

static void check_uses(const struct row *row, const uint32_t *uses) {
  CHECK(uses[SPACE_FUNC] == letters(row, "f"));
  CHECK(uses[SPACE_TABLE] == letters(row, "t"));
  CHECK(uses[SPACE_MEMORY] == letters(row, "ma"));
  CHECK(uses[SPACE_GLOBAL] == letters(row, "g"));
  CHECK(uses[SPACE_TAG] == letters(row, "e") + 2 * letters(row, "cr"));
  CHECK(uses[SPACE_TYPE] == 1 + letters(row, "yhbV"));
  CHECK(uses[SPACE_ELEMENT] == letters(row, "E"));
  CHECK(uses[SPACE_DATA] == letters(row, "d"));
}

/* Code is walked in another way near its end, hence the padding. */
static void test_padded_instructions(struct context *c, unsigned padding) {
  const struct bytes bytes = write_module(c, every_instruction(c, padding));
  struct module *m = read_module(c, bytes, bytes.at);
  CHECK(m->functions.count == ROW_COUNT);
  uint32_t exchanged[1000] = {1, 0}; /* of an index that is 1: 0 and back */
  const struct index_maps identity = {0};
  struct index_maps exchange = {0};
  for (int space = 0; space < INDEX_SPACE_COUNT; space++)
    exchange.to[space] = exchanged;
  for (uint32_t i = 0; i < ROW_COUNT; i++) {
    const struct bytes body = m->functions.items[i].body;
    uint32_t uses[INDEX_SPACE_COUNT] = {0};
    visit_function(c, m, i, count_use, uses);
    check_uses(&rows[i], uses);
    struct buffer same = new_buffer(c), there = new_buffer(c), back = new_buffer(c);
    rewrite_body(c, m, &identity, body, &same);
    CHECK(bytes_equal(buffer_bytes(&same), body));
    rewrite_body(c, m, &exchange, body, &there);
    CHECK(!bytes_equal(buffer_bytes(&there), body));
    rewrite_body(c, m, &exchange, buffer_bytes(&there), &back);
    CHECK(bytes_equal(buffer_bytes(&back), body));
    m->functions.items[i].body = buffer_bytes(&back);
  }
  CHECK(bytes_equal(write_module(c, m), bytes));
}

static void test_instructions(struct context *c, void *unused) {
  (void)unused;
  test_padded_instructions(c, 0);
  test_padded_instructions(c, 40);
}

/* Index 300 takes two bytes; an index that was written longer than it had to be gets its shortest form. */
static void test_sizes(struct context *c, void *unused) {
  (void)unused;
  struct module m = {.start = NO_INDEX};
  add_functype(c, &m, NULL, 0, NULL, 0);
  add_function(c, &m, 0, (struct bytes){0});
  const struct bytes body = {(const uint8_t *)"\0\x10\x80\x80\0\x41\7\x1a\x10\0\x0b", 11};
  const uint32_t to = 300, stay = 0;
  struct buffer grown = new_buffer(c), shrunk = new_buffer(c);
  rewrite_body(c, &m, &(struct index_maps){.to[SPACE_FUNC] = &to}, body, &grown);
  CHECK(bytes_equal(buffer_bytes(&grown), (struct bytes){(const uint8_t *)"\0\x10\xac\2\x41\7\x1a\x10\xac\2\x0b", 11}));
  rewrite_body(c, &m, &(struct index_maps){.to[SPACE_FUNC] = &stay}, body, &shrunk);
  CHECK(bytes_equal(buffer_bytes(&shrunk), (struct bytes){(const uint8_t *)"\0\x10\0\x41\7\x1a\x10\0\x0b", 9}));
}

#define FUNCTION "01[01 600000] 03[01 00]"
#define TABLES "04[02 700005 700005]"
#define MEMORIES "05[02 0000 0000]"
#define BODY "0a[01 [00 0b]]"

/* A module, and what it is once written again where that is not the same. */
static const struct {
  const char *module, *written;
} round_trips[] = {
    {"", NULL},
    {"01[01 600000] 00[[61] ff]", NULL}, /* custom sections after the types, and before all */
    {"00[[61]] 00[[62]] 01[01 600000]", NULL},
    {"01[03 4e01 5f00 4e00 600000]", "01[02 4e01 5f00 600000]"}, /* recursion groups of one and of none */
    {"01[01 4e02 5000 5e7800 4f0100 5e7800]", NULL},             /* subtypes */
    {"01[02 600000 5d00]", NULL},                                /* a continuation */
    {"01[01 6000 02 636f 6b]", "01[01 6000 02 6f 6b]"},
    {"01[01 6000 02 646f 656e]", NULL},
    {"05[01 0f 01 02 00]", NULL}, /* a shared 64-bit memory with a page size */
    {"05[01 04 ffffffff1f]", NULL},
    {"04[01 4000 700005 d0700b]", NULL}, /* a table with an initialiser */
    {"06[01 7f01 41000b]", NULL},
    {"05[00]", ""}, /* a section without content */
    /* The eight forms of element segments, and those that have a shorter one. */
    {FUNCTION TABLES "09[01 00 41000b 0100]" BODY, NULL},
    {FUNCTION TABLES "09[01 01 00 0100]" BODY, NULL},
    {FUNCTION TABLES "09[01 02 01 41000b 00 0100]" BODY, NULL},
    {FUNCTION TABLES "09[01 02 00 41000b 00 0100]" BODY, FUNCTION TABLES "09[01 00 41000b 0100]" BODY},
    {FUNCTION TABLES "09[01 03 00 0100]" BODY, NULL},
    {FUNCTION TABLES "09[01 04 41000b 01 d2000b]" BODY, NULL},
    {FUNCTION TABLES "09[01 05 70 01 d2000b]" BODY, NULL},
    {FUNCTION TABLES "09[01 06 01 41000b 70 01 d2000b]" BODY, NULL},
    {FUNCTION TABLES "09[01 06 00 41000b 70 01 d2000b]" BODY, FUNCTION TABLES "09[01 04 41000b 01 d2000b]" BODY},
    {FUNCTION TABLES "09[01 06 00 41000b 6470 01 d2000b]" BODY, NULL},
    {FUNCTION TABLES "09[01 07 70 01 d0700b]" BODY, NULL},
    /* Data segments: active, passive, in another memory. */
    {MEMORIES "0b[03 00 41000b [aa] 01 [bb] 02 01 41000b [cc]]", NULL},
    {MEMORIES "0c[01] 0b[01 02 00 41000b [aa]]", MEMORIES "0c[01] 0b[01 00 41000b [aa]]"},
};

static void test_round_trips(struct context *c, void *unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof round_trips / sizeof round_trips[0]; i++) {
    const struct bytes input = module_bytes(c, round_trips[i].module);
    const char *written = round_trips[i].written ? round_trips[i].written : round_trips[i].module;
    const struct bytes output = write_module(c, read_module(c, input, input.at));
    if (bytes_equal(output, module_bytes(c, written)))
      continue;
    fprintf(stderr, "round trip of %s gives ", round_trips[i].module);
    for (size_t at = 8; at < output.size; at++)
      fprintf(stderr, "%02x", output.at[at]);
    fprintf(stderr, "\n");
    failures++;
  }
}

static const struct {
  const char *module, *message;
} malformed[] = {
    {"0e[]", "unknown section 14"},
    {"03[]", "unexpected end where the number of functions should be"},
    {"03[00] 01[00]", "the type section comes twice or out of order"},
    {"01[00] 01[00]", "the type section comes twice or out of order"},
    {"01[00 00]", "the section has 1 byte more than its content"},
    {"0105 01", "the section should have 5 bytes, but only 1 remain"},
    {"01[7f]", "the number of types is 127, more than the 0 bytes that are left can hold"},
    {"01[01 610000]", "unknown composite type 0x61"},
    {"01[01 60 0141 00]", "unknown value type 0x41"},
    {"01[01 60 0181 00]", "unknown value type 0x81"},
    {"01[01 60 016305 00]", "type index 5 is out of range: there is 1"},
    {"01[01 500100 600000]", "supertype index 0 is out of range: there are 0"},
    {"03[01 00]", "type index 0 is out of range: there are 0"},
    {"03[808080808000]", "the number of functions is not a LEB128 number of at most 32 bits"},
    {FUNCTION, "there is no code section for 1 function"},
    {BODY, "the number of function bodies is 1, that of functions is 0"},
    {"05[01 1000]", "unknown limits flags 0x10"},
    {"05[01 01 02 01]", "the maximum is less than the minimum"},
    {"04[01 7f0000]", "a reference type was expected, not value type 0x7f"},
    {"06[01 7f04 41000b]", "the mutability is 0x04, which is unknown"},
    {"06[01 7f00 23000b]", "global.get: global index 0 is out of range: there are 0"},
    {"06[01 7f00 4100]", "unexpected end where the instruction should be"},
    {"06[01 7f00 1800 0b]", "delegate: there is no block that this could close"},
    {"06[01 7f00 fc7f0b]", "unknown instruction 0xfc 0x7f"},
    {"07[01 [61] 0000]", "function index 0 is out of range: there are 0"},
    {MEMORIES "07[02 [61] 0200 [61] 0200]", "there are two exports named \"a\""},
    {"08[00]", "function index 0 is out of range: there are 0"},
    {"0c[01]", "the data count section announces 1 data segments, but there are 0"},
    {"00[01 ff]", "the custom section's name is not valid UTF-8"},
};

struct reading_case {
  struct module *module;
  const char *hex;
};

static void read_hex(struct context *c, void *argument) {
  struct reading_case *reading = argument;
  const struct bytes input = module_bytes(c, reading->hex);
  reading->module = read_module(c, input, input.at);
}

static void test_malformed(void) {
  for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
    struct context c = {0};
    struct reading_case reading = {.hex = malformed[i].module};
    const bool accepted = run_guarded(&c, read_hex, &reading);
    if (accepted || c.failure != FAILURE_INPUT || strcmp(c.message, malformed[i].message) != 0) {
      fprintf(stderr, "%s: %s\n", malformed[i].module, accepted ? "accepted" : c.message);
      failures++;
    }
    context_free(&c);
  }
}

static void visit_hex(struct context *c, void *argument) {
  struct reading_case *reading = argument;
  read_hex(c, reading);
  uint32_t uses[INDEX_SPACE_COUNT] = {0};
  visit_function(c, reading->module, 0, count_use, uses);
}

static void test_bodies(void) {
  static const struct {
    const char *body, *message;
  } bodies[] = {
      {"00 00", "unexpected end where the instruction should be"},
      {"00 0b 01", "the function body has 1 byte more than its content"},
      {"00 1005 0b", "call: function index 5 is out of range: there is 1"},
      {"00 280000 0b", "i32.load: memory index 0 is out of range: there are 0"},
      {"00 0240 0b", "unexpected end where the instruction should be"},
      {"00 0205 0b 0b", "block: type index 5 is out of range: there is 1"},
      {"00 fc0900 0b", "data.drop: data segment index 0 is out of range: there are 0"},
      {"00 ff 0b", "unknown instruction 0xff"},
      {"05 017f", "the number of local declarations is 5, more than the 2 bytes that are left can hold"},
      {"02 ffffffff0f7f 017f 0b", "too many locals"},
  };
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    struct context c = {0};
    char hex[200];
    snprintf(hex, sizeof hex, "%s 0a[01 [%s]]", FUNCTION, bodies[i].body);
    struct reading_case reading = {.hex = hex};
    CHECK(!run_guarded(&c, visit_hex, &reading));
    if (strcmp(c.message, bodies[i].message) != 0) {
      fprintf(stderr, "%s: %s\n", hex, c.message);
      failures++;
    }
    context_free(&c);
  }
}

/* As linkers write numbers that they fill in later: as long as they can be. They become as short as they can be. */
#define NOPS " 01010101 01010101 01010101 01010101 01010101"

static struct bytes hex_bytes(struct context *c, const char *hex) {
  struct buffer b = new_buffer(c);
  put_hex(&b, &hex);
  return buffer_bytes(&b);
}

struct noted_case {
  const char *body, *rewritten; /* null: as it was; or the message */
  bool is_same;
};

static void note_and_rewrite(struct context *c, void *argument) {
  struct noted_case *noted = argument;
  char hex[300];
  snprintf(hex, sizeof hex, "%s " MEMORIES " 0a[01 [%s]]", FUNCTION, noted->body);
  const struct bytes input = module_bytes(c, hex);
  struct module *m = read_module(c, input, input.at);
  const struct index_maps identity = {0};
  check_structure(c, m);
  struct buffer out = new_buffer(c);
  rewrite_function(c, m, &identity, 0, &out);
  const size_t size = rewritten_size(m, &identity, 0);
  CHECK(size == out.size || (size == 0 && strstr(noted->body, " 28 42 ")));
  noted->is_same = bytes_equal(buffer_bytes(&out), hex_bytes(c, noted->rewritten ? noted->rewritten : noted->body));
}

static void test_long_numbers(void) {
  static const struct {
    const char *body, *rewritten;
  } cases[] = {
      {"00 10 8080808000 41 8080808000 1a" NOPS " 0b", "00 10 00 41 00 1a" NOPS " 0b"},
      {"00 41 8080848000 1a 41 c080808000 1a 41 c0ffffff7f 1a 41 ffffffff7f 1a" NOPS " 0b",
       "00 41 808004 1a 41 c000 1a 41 40 1a 41 7f 1a" NOPS " 0b"},
      {"00 42 ffffffffffffffffff7f 1a 42 80808080808080807f 1a 42 8180808080808080808000 1a" NOPS " 0b",
       "the constant is not a signed LEB128 number of at most 64 bits"},
      {"00 42 ffffffffffffffffff7f 1a 42 80808080808080807f 1a 42 81808080808080808000 1a" NOPS " 0b",
       "00 42 7f 1a 42 80808080808080807f 1a 42 01 1a" NOPS " 0b"},
      {"00 41 00 28 02 c080808000 1a 41 00 28 02 8080808001 1a" NOPS " 0b",
       "00 41 00 28 02 40 1a 41 00 28 02 8080808001 1a" NOPS " 0b"},
      {"00 41 8880808000 28 42 00 c080808000 1a 10 8080808000" NOPS " 0b", "00 41 08 28 42 00 40 1a 10 00" NOPS " 0b"},
      {"00 41 8880808000 28 42 01 c080808000 1a 10 8080808000" NOPS " 0b", "00 41 08 28 42 01 40 1a 10 00" NOPS " 0b"},
      {"00 10 808000 10 00 10 8000" NOPS " 0b", "00 10 00 10 00 10 00" NOPS " 0b"},
      {"00 41 ffffffff07 1a 41 8080808078 1a 41 ffffffbf7f 1a" NOPS " 0b", NULL},
      {"00 0c 8080808000" NOPS " 0b", NULL},
      {"00 41 8080808008 1a" NOPS " 0b", "the constant is not a signed LEB128 number of at most 32 bits"},
      {"00 41 ffffffff6f 1a" NOPS " 0b", "the constant is not a signed LEB128 number of at most 32 bits"},
      {"00 41 808080808000 1a" NOPS " 0b", "the constant is not a signed LEB128 number of at most 32 bits"},
      {"00 10 8080808010" NOPS " 0b", "the index is not a LEB128 number of at most 32 bits"},
      {"00 10 ffffffff0f" NOPS " 0b", "call: function index 4294967295 is out of range: there is 1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct context c = {0};
    struct noted_case noted = {cases[i].body, cases[i].rewritten, false};
    const bool is_fine = run_guarded(&c, note_and_rewrite, &noted);
    if (is_fine ? !noted.is_same : !cases[i].rewritten || strcmp(c.message, cases[i].rewritten) != 0) {
      fprintf(stderr, "%s: %s\n", cases[i].body, is_fine ? "it is rewritten as something else" : c.message);
      failures++;
    }
    context_free(&c);
  }
}

/* An integer alone, as short as it can be. */
static void test_constants(struct context *c, void *unused) {
  (void)unused;
  static const struct {
    const char *hex;
    size_t size;
  } cases[] = {
      {"41 00 0b", 3},         {"42 7f 0b", 3},       {"41 8001 0b", 4},
      {"41 ff00 0b", 4},       {"41 80808001 0b", 6}, {"42 8080808080808001 0b", 10},
      {"41 00 0b 0b", 3}, /* and something else */
      {"41 8000 0b", 0},  /* 0 */
      {"41 ff7f 0b", 0},  /* -1 */
      {"41 00 6a", 0},    /* goes on */
      {"41 8080808001 0b", 0}, {"41 00", 0},          {"41", 0},
      {"42 8080", 0},          {"23 00 0b", 0},       {"0b", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    CHECK(size_of_constant(hex_bytes(c, cases[i].hex)) == cases[i].size);
  }
}

/* Types across modules. */

static struct module *read_types(struct context *c, const char *hex) {
  const struct bytes input = module_bytes(c, hex);
  return read_module(c, input, input.at);
}

static void test_types(struct context *c, void *unused) {
  (void)unused;
  struct matching matching = {0};
  /* (rec (struct (ref null 0))) behind another type, and alone; then with the reference leading out of the group. */
  const struct module *a = read_types(c, "01[02 600000 4e01 5f01 6301 00]");
  const struct module *b = read_types(c, "01[01 4e01 5f01 6300 00]");
  const struct module *other = read_types(c, "01[02 600000 4e01 5f01 6300 00]");
  CHECK(same_type(&matching, a, 1, b, 0));
  CHECK(!same_type(&matching, a, 0, b, 0));
  CHECK(!same_type(&matching, a, 1, other, 1));
  CHECK(same_type(&matching, a, 0, other, 0));
  CHECK(!same_type(&matching, a, 9, other, 9));
  /* 1 is a subtype of 0: (sub (func)) (sub 0 (func)) */
  const struct module *subtypes = read_types(c, "01[02 5000 600000 500100 600000]");
  const struct core_extern upper = {.kind = CORE_FUNC, .type = 0}, lower = {.kind = CORE_FUNC, .type = 1};
  CHECK(extern_matches(&matching, subtypes, &lower, subtypes, &upper));
  CHECK(!extern_matches(&matching, subtypes, &upper, subtypes, &lower));
}

/* Each type has two references to the type before it: 2^40 paths, and one comparison a type. */
static void test_many_paths(struct context *c, void *unused) {
  (void)unused;
  struct module *m[2];
  struct matching matching = {0};
  for (uint32_t which = 0; which < 2; which++) {
    m[which] = ALLOCATE(c, struct module, 1);
    add_functype(c, m[which], NULL, 0, NULL, 0);
    for (uint32_t i = 0; i < 40; i++) {
      const struct core_valtype type = {.code = CORE_REF, .heap = i};
      const struct core_valtype params[] = {type, type};
      CHECK(add_functype(c, m[which], params, 2, NULL, 0) == i + 1);
      CHECK(add_functype(c, m[which], params, 2, NULL, 0) == i + 1);
    }
  }
  CHECK(same_type(&matching, m[0], 40, m[1], 40));
  const uint64_t work = matching.work;
  CHECK(work < 1000);
  CHECK(same_type(&matching, m[0], 40, m[1], 40)); /* remembered */
  CHECK(matching.work == work);
  CHECK(!same_type(&matching, m[0], 40, m[1], 39));
}

static bool memories_match(struct core_limits item, struct core_limits wanted) {
  struct matching matching = {0};
  const struct module none = {.start = NO_INDEX};
  const struct core_extern a = {.kind = CORE_MEMORY, .memory = item}, b = {.kind = CORE_MEMORY, .memory = wanted};
  return extern_matches(&matching, &none, &a, &none, &b);
}

static bool globals_match(int64_t heap, uint8_t code, int64_t wanted_heap, uint8_t wanted_code, bool is_mutable) {
  struct matching matching = {0};
  const struct module none = {.start = NO_INDEX};
  const struct core_extern a = {.kind = CORE_GLOBAL,
                                .global = {.type = {.code = code, .heap = heap}, .is_mutable = is_mutable}};
  const struct core_extern b = {
      .kind = CORE_GLOBAL, .global = {.type = {.code = wanted_code, .heap = wanted_heap}, .is_mutable = is_mutable}};
  return extern_matches(&matching, &none, &a, &none, &b);
}

static void test_matching(struct context *c, void *unused) {
  (void)c, (void)unused;
  CHECK(memories_match((struct core_limits){.minimum = 2}, (struct core_limits){.minimum = 1}));
  CHECK(!memories_match((struct core_limits){.minimum = 1}, (struct core_limits){.minimum = 2}));
  CHECK(!memories_match((struct core_limits){.minimum = 1},
                        (struct core_limits){.minimum = 1, .has_maximum = true, .maximum = 9}));
  CHECK(!memories_match((struct core_limits){.is_64 = true}, (struct core_limits){.is_64 = false}));
  CHECK(!memories_match((struct core_limits){.has_page_size = true}, (struct core_limits){0}));
  CHECK(memories_match((struct core_limits){.has_page_size = true, .page_size_log2 = 16}, (struct core_limits){0}));
  CHECK(globals_match(-0x0d, CORE_REF, HEAP_FUNC, CORE_REF_NULL, false)); /* nofunc for (ref null func) */
  CHECK(!globals_match(-0x0d, CORE_REF, HEAP_FUNC, CORE_REF_NULL, true));
  CHECK(!globals_match(HEAP_FUNC, CORE_REF_NULL, HEAP_FUNC, CORE_REF, false));
  CHECK(!globals_match(HEAP_FUNC, CORE_REF, HEAP_EXTERN, CORE_REF, false));
  CHECK(globals_match(-0x14, CORE_REF, -0x12, CORE_REF, false)); /* i31 for any */
}

/* Memory that runs out, whenever it does, is a failure like any other. */

static void *allocate_some(void *user, size_t size) {
  uint32_t *left = user;
  return *left && (*left)-- ? malloc(size) : NULL;
}

static void release(void *user, void *block) {
  (void)user;
  free(block);
}

static void read_and_write(struct context *c, void *unused) {
  (void)unused;
  const struct bytes bytes = write_module(c, every_instruction(c, 0));
  read_module(c, bytes, bytes.at);
  allocate(c, 1, 1 << 20);
}

static void test_out_of_memory(void) {
  bool finished = false;
  for (uint32_t blocks = 0; !finished && blocks < 100; blocks++) {
    uint32_t left = blocks;
    struct context c = {.allocate = allocate_some, .release = release, .user = &left};
    finished = run_guarded(&c, read_and_write, NULL);
    CHECK(finished || (c.failure == FAILURE_SYSTEM && !strcmp(c.message, "out of memory")));
    context_free(&c);
  }
  CHECK(finished);
}

int main(void) {
  run("numbers", test_numbers);
  run("utf8", test_utf8);
  run("map", test_map);
  test_failure();
  test_escapes();
  run("instructions", test_instructions);
  run("sizes", test_sizes);
  run("round trips", test_round_trips);
  test_malformed();
  test_bodies();
  test_long_numbers();
  run("constants", test_constants);
  run("types", test_types);
  run("many paths", test_many_paths);
  run("matching", test_matching);
  test_out_of_memory();
  return failures != 0;
}
