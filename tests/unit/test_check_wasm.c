/* test_check_wasm.c -- small core modules, good and bad: what check_module says of each.
 *
 * The public test suite and mutants of modules (tests/validation) say whether the answers are right; here is, for each
 * rule, that there is an answer, its sentence, and where it says the fault is.
 */
#include "check.h"
#include "hex.h"
#include "wasm/check.h"
#include "wasm/limits.h"

#include <stdio.h>
#include <string.h>

static void check_bytes(struct context *c, void *argument) {
  const struct bytes *input = argument;
  check_module(c, read_module(c, *input, input->at));
}

static void check_hex(struct context *c, void *argument) {
  struct bytes input = module_bytes(c, argument);
  check_bytes(c, &input);
}

/* A null message: the module is valid. */
static void expect(const char *hex, const char *message) {
  static struct context c;
  memset(&c, 0, sizeof c);
  const bool accepted = run_guarded(&c, check_hex, (void *)(uintptr_t)hex);
  const bool as_expected = message ? !accepted && c.failure == FAILURE_INPUT && !strcmp(c.message, message) : accepted;
  if (!as_expected) {
    fprintf(stderr, "%s: %s\n", hex, accepted ? "accepted" : c.message);
    failures++;
  }
  context_free(&c);
}

/* Bodies, in a module with some of everything. */

/* Types  0 (func)  1 (func (param i32) (result i64))  2 (sub (struct (field i32) (field (mut i8))))
 *        3 (sub 2 (struct (field i32) (field (mut i8)) (field (ref 0))))  4 (array (mut i32))  5 (array i16)
 *        6 (cont 1)  7 (shared (struct (field (mut i32))))  8 (func (result i64 i32))  9 (func (param f32) (result
 * f64)) 10 (func (result i64)) Functions  0 (type 1), imported   1 the body, a local of each number type and (ref null
 * 2), (ref 2) Tables  0 funcref   1 externref, 64-bit       Memories  0   1 64-bit Tags  0 (param i32) (result i64)   1
 * nothing   2 (param f32) (result f64) Globals  0 i32, constant   1 i64, a variable */
#define TYPES                                                                                                          \
  "01[0b 600000 60017f017e 50005f027f007801 5001025f037f007801640000 5e7f01 5e7700 5d01 655f017f01 6000027e7f"         \
  " 60017d017c 6000017e]"
#define BEFORE                                                                                                         \
  TYPES "02[01 [61] [62] 00 01] 03[01 00] 04[02 700005 6f0405] 05[02 0001 0401] 0d[03 0001 0000 0009]"                 \
        "06[02 7f00 41070b 7e01 42000b] 09[01 0100 01 00] 0c[01]"
#define LOCALS "06 017f 017e 017d 017c 016302 016402"
#define AFTER "0b[01 01 [61]]"

static const struct {
  const char *body, *message;
} bodies[] = {
    /* numbers */
    {"4101 4102 6a 1a", NULL},
    {"4101 4202 6a 1a", "i32.add: i32 is expected, but the operand is i64"},
    {"4101 6a 1a", "i32.add: i32 is expected, but there is no operand in the block"},
    {"4101", "end: the block has 1 operand more than its results"},
    {"00 6a 1a", NULL},
    {"00 4201 6a 1a", "i32.add: i32 is expected, but the operand is i64"},
    {"00 6a", "end: the block has 1 operand more than its results"},
    /* memories and tables */
    {"4100 280200 1a", NULL},
    {"4100 280300 1a", "i32.load: the alignment is 2^3, but has to be at most 2^2"},
    {"4200 28420100 1a", NULL},
    {"4100 28420100 1a", "i32.load: i64 is expected, but the operand is i32"},
    {"4100 2802808080801000 1a", "i32.load: the offset has more than 32 bits"},
    {"4200 28420180808080101a", NULL},
    {"4100 28420200 1a", "i32.load: memory index 2 is out of range: there are 2"},
    {"4100 fe100200 1a", NULL},
    {"4100 fe100100 1a", "i32.atomic.load: the alignment is 2^1, but has to be 2^2"},
    {"4200 4100 4101 fc0a0100", NULL},
    {"4200 4100 4201 fc0a0100", "memory.copy: i32 is expected, but the operand is i64"},
    {"4100 4100 4101 fc080000", NULL},
    {"fc0901", "data.drop: data segment index 1 is out of range: there is 1"},
    {"fe0300", NULL},
    {"fe0301", "atomic.fence: the immediate is 1, but has to be less than 1"},
    {"4200 2501 1a", NULL},
    {"4100 d06f 2600", "table.set: (ref null func) is expected, but the operand is (ref null extern)"},
    {"4100 4100 4100 fc0c0000", NULL},
    {"4200 4100 4100 fc0c0001", "table.init: (ref null extern) is expected, but the elements are (ref func)"},
    {"4100 4200 4100 fc0e0001", "table.copy: (ref null func) is expected, but the elements are (ref null extern)"},
    /* vectors */
    {"4100 fd0f fd150f 1a", NULL},
    {"4100 fd0f fd1510 1a", "i8x16.extract_lane_s: the immediate is 16, but has to be less than 16"},
    {"4100 4100 fd0f fd54000010 1a", "v128.load8_lane: the immediate is 16, but has to be less than 16"},
    {"00 fd0d 000102030405060708090a0b0c0d0e1f 1a", NULL},
    {"00 fd0d 000102030405060708090a0b0c0d0e20 1a", "i8x16.shuffle: lane 32 is out of range: there are 32"},
    /* locals and globals */
    {"2000 2200 2100", NULL},
    {"2006 1a", "local.get: local index 6 is out of range: there are 6"},
    {"2000 2101", "local.set: i64 is expected, but the operand is i32"},
    {"2005 1a", "local.get: local 5 has no value yet"},
    {"fb0102 2105 2005 1a", NULL},
    {"0240 fb0102 2105 0b 2005 1a", "local.get: local 5 has no value yet"},
    {"fb0102 2105 0240 2005 1a 0b", NULL},
    {"4101 0440 fb0102 2105 05 2005 1a 0b", "local.get: local 5 has no value yet"},
    {"2301 2401 2300 1a", NULL},
    {"4100 2400", "global.set: the global is not a variable"},
    /* blocks and branches */
    {"0240 0c00 0b", NULL},
    {"0c00", NULL},
    {"0c01", "br: label index 1 is out of range: there is 1"},
    {"027f 4100 0b 1a", NULL},
    {"027f 4200 0b 1a", "end: i32 is expected, but the operand is i64"},
    {"4100 0201 a7 ac 0b 1a", "i32.wrap_i64: i64 is expected, but the operand is i32"},
    {"4100 0201 ac 0b 1a", NULL},
    {"0202 0b", "block: type 2 is not a type of a function"},
    {"020b 0b", "block: type index 11 is out of range: there are 11"},
    {"4101 047f 4101 05 4102 0b 1a", NULL},
    {"4101 047f 4101 0b 1a", "end: an if without an else has 0 parameters, but 1 results"},
    {"05", "else: there is no if that this could belong to"},
    {"4101 0440 05 05 0b", "else: there is no if that this could belong to"},
    {"4100 0301 ac 0b 1a", NULL},
    {"0208 4201 4102 0d00 0c00 0b 1a 1a", "br_if: i32 is expected, but the operand is i64"},
    {"0208 4201 4102 4103 0d00 0b 1a 1a", NULL},
    {"027f 027f 4101 4102 0e010001 0b 0b 1a", NULL},
    {"027f 0240 4101 4102 0e010001 0b 4103 0b 1a", "br_table: one label takes 0 operands, another 1"},
    {"027e 027f 4101 4102 0e010001 0b ac 0b 1a", "br_table: i64 is expected, but the operand is i32"},
    {"027e 027f 00 4102 0e010001 0b ac 0b 1a", NULL},
    {"4101 4102 4103 1b 1a", NULL},
    {"4101 4202 4103 1b 1a", "select: the operands are i32 and i64"},
    {"d070 d070 4103 1b 1a", "select: references need the form that has a type"},
    {"d070 d070 4103 1c0170 1a", NULL},
    {"1c00", "select: there are 0 types, but has to be one"},
    /* calls */
    {"4101 1000 1a", NULL},
    {"4201 1000 1a", "call: i32 is expected, but the operand is i64"},
    {"4101 1200", "return_call: the callee has 1 results, but the function 0"},
    {"1201", NULL},
    {"4101 4100 110100 1a", NULL},
    {"4101 4200 110101 1a", "call_indirect: the table has elements of type (ref null extern), not functions"},
    {"4101 d06f 1401 1a", "call_ref: (ref null 1) is expected, but the operand is (ref null extern)"},
    {"4101 d200 1401 1a", NULL},
    {"d201 1a", "ref.func: function 1 is not declared by any element segment, global or export"},
    /* references */
    {"d002 d5 00 1a", NULL},
    {"4100 d1 1a", "ref.is_null: a reference is expected, but the operand is i32"},
    {"d071 d071 d3 1a", NULL},
    {"d070 d071 d3 1a", "ref.eq: (ref null eq) is expected, but the operand is (ref null func)"},
    {"d06571 d071 d3 1a", "ref.eq: one operand is shared, the other is not"},
    {"d002 fb1603 1a", NULL},
    {"d002 fb1600 1a", "ref.cast: (ref null func) is expected, but the operand is (ref null 2)"},
    {"d006 fb1606 1a", "ref.cast: there are no casts to continuations"},
    {"026402 d002 fb18030002 03 1a 00 0b 1a", "br_on_cast: the label takes (ref 2), but the branch has (ref null 3)"},
    {"026402 d002 fb18010002 03 1a 00 0b 1a", NULL},
    {"026402 d002 fb18040002 03 1a 00 0b 1a", "br_on_cast: the immediate is 4, but has to be less than 4"},
    {"0240 d002 fb18010002 03 1a 0b", "br_on_cast: the label does not take a reference at the end"},
    {"d06f fb1a 1a", NULL},
    {"00 fb1a fb1b fb1a 1a", NULL},
    {"00 fb1a fb1a 1a", "any.convert_extern: (ref null extern) is expected, but the operand is (ref any)"},
    /* structures and arrays */
    {"4101 4102 fb0002 1a", NULL},
    {"fb0103 1a", "struct.new_default: field 2 has no default value"},
    {"fb0004 1a", "struct.new: type 4 is not a type of a structure"},
    {"fb0102 fb020200 1a", NULL},
    {"fb0102 fb020202 1a", "struct.get: field index 2 is out of range: there are 2"},
    {"fb0102 fb020201 1a",
     "struct.get: an i8 or i16 is read by the instruction that extends it, and not changed in one step"},
    {"fb0102 fb030200 1a", "struct.get_s: only an i8 or i16 can be extended"},
    {"fb0102 4101 fb050200", "struct.set: what is written is not a variable"},
    {"d003 4101 fb050201", NULL},
    {"4101 4102 fb0604 fb0f 1a", NULL},
    {"4101 4102 fb080402 1a", NULL},
    {"4101 fb080402 1a", "array.new_fixed: i32 is expected, but there is no operand in the block"},
    {"00 fb0804ffffffff0f 1a", NULL},
    {"d004 4100 d005 4100 4101 fb110405", "array.copy: the elements of type 5 do not match those of type 4"},
    {"4100 4100 fb0a0400 1a", "array.new_elem: i32 is expected, but the elements are (ref func)"},
    {"4100 4100 fb090400 1a", NULL},
    {"d007 4101 fe60000700 1a", NULL},
    {"d007 4101 fe60020700 1a", "struct.atomic.rmw.add: the immediate is 2, but has to be less than 2"},
    {"4201 fe560001 1a", NULL},
    {"4101 fe560000 1a", "global.atomic.rmw.xchg: what is written is not a variable"},
    {"d070 fe590000", "table.atomic.set: there is no such access to (ref null func)"},
    /* exceptions */
    {"0801", NULL},
    {"4101 0800", "throw: the tag has results, which an exception can't have"},
    {"0240 1f40 01 0001 00 0b 0b", NULL},
    {"0269 1f40 01 0300 0b 00 0b 1a", NULL},
    {"0269 1f40 01 0200 0b 00 0b 1a", "try_table: the label of a catch clause takes 1 operands, but the clause has 0"},
    {"1f40 01 0401 00 0b", "try_table: unknown catch clause 0x04"},
    {"0640 0701 0901 19 0b", "rethrow: the label is not that of a catch"},
    {"0640 0701 0900 19 0b", NULL},
    {"0640 19 0701 0b", "catch: there is no try that this could belong to"},
    {"0640 1800", NULL},
    {"0240 1800", "delegate: there is no try that this could belong to"},
    /* stack switching */
    {"d200 e006 1a", NULL},
    {"4201 d006 e30600 1a", "resume: i32 is expected, but the operand is i64"},
    {"4101 d006 e30600 1a", NULL},
    {"e10606 1a", "cont.bind: (ref null 6) is expected, but there is no operand in the block"},
    {"4101 d006 e306 01 0101 1a", "resume: the type of the tag is not that of the continuation's results"},
    {"4101 e200 1a", NULL},
    {"4101 d006 e60601 1a", "switch: a reference to a continuation is expected, not i32"},
};

static void test_bodies(void) {
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    char hex[2000];
    snprintf(hex, sizeof hex, "%s 0a[01 [" LOCALS "%s 0b]] %s", BEFORE, bodies[i].body, AFTER);
    expect(hex, bodies[i].message);
  }
}

/* The rest of a module. */

static const struct {
  const char *module, *message;
} modules[] = {
    {"", NULL},
    /* types */
    {"01[02 600000 500100 600000]", "type 1 has a supertype that is final"},
    {"01[02 5000 5f017f00 500100 5f017e00]", "type 1 does not match its supertype"},
    {"01[02 5000 5f017f00 500100 5f027f007e00]", NULL},
    {"01[02 5000 5f017f01 500100 5f017f00]", "type 1 does not match its supertype"},
    {"01[02 5000 5f01 6300 00 500100 5f01 6400 00]", NULL},
    {"01[02 5000 6001 6471 00 500100 6001 6371 00]", NULL},
    {"01[02 5000 6001 6371 00 500100 6001 6471 00]", "type 1 does not match its supertype"},
    {"01[01 655f01 6f 00]", "type 0 is shared, but holds what is not"},
    {"01[02 5f00 5d00]", "type 1 is a continuation of what is no function type"},
    {"01[02 4e01 600000 600000] 03[01 01] 06[01 6400 00 d2000b] 0a[01 [00 0b]]", NULL}, /* equal types */
    {"01[02 4e02 600000 600000 600000] 03[01 01] 06[01 6402 00 d2000b] 0a[01 [00 0b]]", /* and not */
     "end: (ref 2) is expected, but the operand is (ref (exact 1))"},
    /* constant expressions */
    {"06[01 7f00 4101 4102 6c 0b]", NULL},
    {"06[01 7f00 4101 67 0b]", "i32.clz: this can't be in a constant expression"},
    {"06[01 7f00 4201 0b]", "end: i32 is expected, but the operand is i64"},
    {"06[01 7f00 0b]", "end: i32 is expected, but there is no operand in the block"},
    {"06[02 7f01 41010b 7f00 23000b]", "global.get: a constant expression can't use a variable"},
    {"06[02 7f00 41010b 7f00 23000b]", NULL},
    /* tables, segments */
    {"04[01 647000 01]", "a table of references that can't be null needs an initial value"},
    {"04[01 4000 7000 01 d06f 0b]", "end: (ref null func) is expected, but the operand is (ref null extern)"},
    {"04[01 6f0001] 09[01 00 41000b 00]",
     "the segment's elements are (ref func), those of the table (ref null extern)"},
    {"04[01 700001] 09[01 00 42000b 00]", "end: i32 is expected, but the operand is i64"},
    {"04[01 700401] 09[01 00 42000b 00]", NULL},
    {"09[01 05 70 01 d06f0b]", "end: (ref null func) is expected, but the operand is (ref null extern)"},
    {"05[01 0001] 0b[01 00 42000b 00]", "end: i32 is expected, but the operand is i64"},
    {"05[01 0401] 0b[01 00 42000b 00]", NULL},
    /* sizes */
    {"05[01 00 818004]", "the memory has a size of 65537, but may have 65536 at most"},
    {"05[01 00 808004]", NULL},
    {"05[01 08 ffffffff0f 00]", NULL},
    {"05[01 08 01 01]", "the page size is 2^1, neither 1 nor 2^16"},
    {"05[01 04 80808080808040]", NULL},
    {"05[01 05 00 818080808080808001]",
     "the memory has a size of 72057594037927937, but may have 281474976710656 at most"},
    {"05[01 02 01]", "a shared memory needs a maximum"},
    {"04[01 70 00 8080808010]", "the table has a size of 4294967296, but may have 4294967295 at most"},
    {"04[01 70 03 01 02]", "a shared table needs a shared type"},
    {"06[01 6f02 d06f0b]", "a shared global needs a shared type"},
    /* the start function */
    {"01[01 60017f00] 03[01 00] 08[00] 0a[01 [00 0b]]", "the start function has parameters or results"},
    {"01[01 600000] 03[01 00] 08[00] 0a[01 [00 0b]]", NULL},
    /* bodies from outside */
    {"01[01 600000] 03[01 00] 0a[01 [00 0b 0b]]", "the function body has 1 byte more than its content"},
    {"01[01 600000] 03[01 00] 0a[01 [00 02 40 0b]]", "unexpected end where the instruction should be"},
    {"01[01 600000] 03[01 00] 0a[01 [01 d086037f 0b]]", NULL},
    {"01[01 600000] 03[01 00] 0a[01 [01 d186037f 0b]]",
     "local declarations: there are more locals than the limit of 50000"},
    {"01[01 600000] 03[01 00] 0a[01 [03 b0ea017f 017e 017d 20b0ea01 a7 1a 20b1ea01 1a 2000 1a 0b]]", NULL},
    {"01[01 600000] 03[01 00] 0a[01 [01 016405 0b]]", "local declarations: type index 5 is out of range: there is 1"},
};

static void test_modules(void) {
  for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++)
    expect(modules[i].module, modules[i].message);
}

/* A diagnostic says where. */
static void test_place(void) {
  struct context c = {0};
  CHECK(!run_guarded(&c, check_hex, "01[01 600000] 03[02 00 00] 0a[02 [00 0b] [00 01 6a 0b]]"));
  CHECK(!strcmp(c.path, "function 1"));
  CHECK(c.offset == 28);
  context_free(&c);
  CHECK(!run_guarded(&c, check_hex, "01[02 600000 500100 600000]"));
  CHECK(c.offset == 14);
  context_free(&c);
}

/* Every plain row: good where anything is good, and not without its operands. */

struct row {
  uint8_t prefix;
  uint16_t opcode;
  const char *name, *immediates, *family, *operands;
  uint8_t limit;
};

static const struct row rows[] = {
#define OPCODE(prefix, opcode, name, immediates, family, operands, results, limit, constant)                           \
  {prefix, opcode, name, immediates, #family, operands, limit},
#include "wasm/opcodes.def"
#undef OPCODE
};

static void put_row(struct buffer *b, const struct row *row) {
  if (row->prefix)
    put_byte(b, row->prefix);
  if (row->prefix)
    put_u32(b, row->opcode);
  else
    put_byte(b, (uint8_t)row->opcode);
  for (const char *letter = row->immediates; *letter; letter++) {
    const size_t size = *letter == 'v' ? 16 : *letter == '8' ? 8 : *letter == '4' ? 4 : *letter == 'a' ? 2 : 1;
    for (size_t i = 0; i < size; i++)
      put_byte(b, *letter == 'a' && i == 0 ? row->limit : 0);
  }
}

/* BEFORE, a body with the row, AFTER. */
static struct bytes module_with_row(struct context *c, const struct row *row, bool is_reached) {
  struct buffer module = new_buffer(c), section = new_buffer(c), body = new_buffer(c);
  put_byte(&body, 0);
  if (!is_reached)
    put_byte(&body, 0x00);
  put_row(&body, row);
  put_raw(&body, "\0\x0b", 2);
  put_byte(&section, 1);
  put_sized(&section, &body);
  put_bytes(&module, module_bytes(c, BEFORE));
  put_section(&module, 10, &section);
  put_raw(&module, "\x0b\4\1\1\1a", 6);
  return buffer_bytes(&module);
}

static bool accepts(const struct row *row, bool is_reached) {
  struct context outer = {0}, c = {0};
  struct bytes input;
  jmp_buf never;
  outer.escape = &never;
  input = module_with_row(&outer, row, is_reached);
  const bool accepted = run_guarded(&c, check_bytes, &input);
  context_free(&c);
  context_free(&outer);
  return accepted;
}

static void test_rows(void) {
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(rows[i].family, "plain") != 0)
      continue;
    const bool is_good = accepts(&rows[i], false) && accepts(&rows[i], true) == (*rows[i].operands == 0);
    if (!is_good) {
      fprintf(stderr, "%s: not as its row says\n", rows[i].name);
      failures++;
    }
  }
}

/* Sizes that C recursion or an array on its stack would not survive. */

static void check_deep(struct context *c, void *unused) {
  (void)unused;
  const uint32_t depth = 1000000;
  struct buffer module = new_buffer(c), section = new_buffer(c), body = new_buffer(c);
  put_byte(&body, 0);
  for (uint32_t i = 0; i < depth; i++)
    put_raw(&body, "\2\x40", 2);
  for (uint32_t i = 0; i <= depth; i++)
    put_byte(&body, 0x0b);
  put_byte(&section, 1);
  put_sized(&section, &body);
  put_bytes(&module, module_bytes(c, "01[01 600000] 03[01 00]"));
  put_section(&module, 10, &section);
  struct bytes input = buffer_bytes(&module);
  check_bytes(c, &input);
}

/* One call leaves 1000 results; enough of them are over the limit before they are over the memory. */
static void check_many_operands(struct context *c, void *unused) {
  (void)unused;
  struct buffer module = new_buffer(c), types = new_buffer(c), section = new_buffer(c), body = new_buffer(c);
  put_raw(&types, "\2\x60\0\0\x60\0\xe8\7", 8);
  for (uint32_t i = 0; i < 1000; i++)
    put_byte(&types, CORE_I32);
  put_byte(&body, 0);
  for (uint32_t i = 0; i <= OPERAND_LIMIT / 1000; i++)
    put_raw(&body, "\x10\0", 2);
  put_raw(&body, "\0\x0b", 2);
  put_byte(&section, 1);
  put_sized(&section, &body);
  put_bytes(&module, module_bytes(c, ""));
  put_section(&module, 1, &types);
  put_raw(&module, "\2\5\1\0\0\0\1", 7); /* function 0, imported */
  put_raw(&module, "\3\2\1\0", 4);
  put_section(&module, 10, &section);
  struct bytes input = buffer_bytes(&module);
  check_bytes(c, &input);
}

static void test_large(void) {
  struct context c = {0};
  CHECK(run_guarded(&c, check_deep, NULL));
  context_free(&c);
  CHECK(!run_guarded(&c, check_many_operands, NULL));
  CHECK(!strcmp(c.message, "call: there are more operands than the limit of 10000000"));
  context_free(&c);
}

int main(void) {
  test_bodies();
  test_modules();
  test_place();
  test_rows();
  test_large();
  return failures != 0;
}
