/* test_notes.c -- bodies that are looked at side by side: random ones, by one thread and by several, against the same
 * bodies gone through one after the other; steps against a close look at each instruction; and of many bodies that are
 * wrong, the first is the one that is told.
 */
#include "base/parallel.h"
#include "check.h"
#include "hex.h"
#include "wasm/notes.h"
#include "wasm/opcodes.h"
#include "wasm/steps.h"
#include "wasm/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTIONS 1500u
#define GLOBALS 3u
#define ROUNDS 8

static uint64_t state;

static uint32_t below(uint32_t limit) {
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(state >> 33) % limit;
}

/* A number in more bytes than it needs, up to `most`. */
static void put_padded(struct buffer *b, uint64_t value, unsigned most) {
  unsigned size = (unsigned)leb128_size(value);
  size += size < most ? below(most - size + 1) : 0;
  for (unsigned i = 0; i + 1 < size; i++, value >>= 7)
    put_byte(b, (uint8_t)(value | 0x80));
  put_byte(b, (uint8_t)value);
}

static void put_signed_number(struct buffer *b, bool is_long) {
  const uint32_t low = below(2) ? below(200) : below(UINT32_MAX);
  if (is_long)
    put_s64(b, (int64_t)low << below(32));
  else
    put_s32(b, (int32_t)low);
}

struct opcode {
  uint32_t prefix, code;
  const char *immediates;
};

static const struct opcode opcodes[] = {
#define OPCODE(prefix, opcode, name, immediates, ...) {prefix, opcode, immediates},
#include "wasm/opcodes.def"
#undef OPCODE
};
#define OPCODE_COUNT (sizeof opcodes / sizeof opcodes[0])

/* One immediate of a random module: whatever reads like one, with each index in its space. */
static void put_immediate(struct buffer *b, char letter) {
  switch (letter) {
  case 'x':
  case 'l':
  case 'n':
  case 'F':
    put_padded(b, below(3) ? below(100) : below(UINT32_MAX), 5);
    break;
  case 'f':
    put_padded(b, below(FUNCTIONS), 5);
    break;
  case 'g':
    put_padded(b, below(GLOBALS), 5);
    break;
  case 'm':
  case 't':
  case 'y':
    put_padded(b, 0, 5);
    break;
  case 'a':
    put_padded(b, below(4), below(4) ? 1 : 5);
    put_padded(b, below(2) ? below(300) : below(UINT32_MAX), 10);
    break;
  case 'b':
    put_byte(b, below(2) ? 0x40 : below(2) ? 0x7f : 0); /* nothing, i32, type 0 */
    break;
  case 'i':
    put_signed_number(b, false);
    break;
  case 'I':
    put_signed_number(b, true);
    break;
  case 'L': {
    const uint32_t count = below(5);
    put_u32(b, count);
    for (uint32_t i = 0; i <= count; i++)
      put_padded(b, below(1000), 5);
    break;
  }
  case 'v':
  case '8':
  case '4':
    for (int i = letter == 'v' ? 16 : letter - '0'; i > 0; i--)
      put_byte(b, (uint8_t)below(256));
    break;
  default:
    break;
  }
}

/* Has it only immediates that put_immediate() makes, and leaves it the blocks as they are? */
static bool is_flat(const struct opcode *opcode) {
  return strspn(opcode->immediates, "xlnFfgmtyaiILv84") == strlen(opcode->immediates);
}

static void put_opcode(struct buffer *b, const struct opcode *opcode) {
  if (opcode->prefix)
    put_byte(b, (uint8_t)opcode->prefix);
  if (opcode->prefix)
    put_padded(b, opcode->code, 5);
  else
    put_byte(b, (uint8_t)opcode->code);
}

static void put_random_instruction(struct buffer *b) {
  /* What most code consists of comes up as often as all the rest. */
  static const struct opcode common[] = {{0, 0x20, "x"}, {0, 0x28, "a"}, {0, 0x41, "i"}, {0, 0x10, "f"},
                                         {0, 0x6a, ""},  {0, 0x23, "g"}, {0, 0x42, "I"}, {0, 0x0c, "l"}};
  const struct opcode *opcode = &common[below(8)];
  if (below(2))
    do
      opcode = &opcodes[below(OPCODE_COUNT)];
    while (!is_flat(opcode));
  put_opcode(b, opcode);
  for (const char *letter = opcode->immediates; *letter; letter++)
    put_immediate(b, *letter);
}

static void put_random_code(struct buffer *b, unsigned depth) {
  for (uint32_t i = below(12); i > 0; i--) {
    if (depth > 0 && below(6) == 0) {
      put_byte(b, (uint8_t)(2 + below(2))); /* block, loop */
      put_immediate(b, 'b');
      put_random_code(b, depth - 1);
      put_byte(b, 0x0b);
    } else {
      put_random_instruction(b);
    }
  }
}

static void put_random_body(struct buffer *b) {
  struct buffer body = new_buffer(b->context);
  if (below(3) == 0)
    put_raw(&body, "\1\2\x7e", 3); /* two locals of i64 */
  else
    put_byte(&body, 0);
  if (below(8))
    put_random_code(&body, 4);
  put_byte(&body, 0x0b);
  put_sized(b, &body);
}

/* Of type 0, FUNCTIONS functions, a table, a memory, globals; `bodies` is the content of the code section. */
static struct bytes module_with(struct context *c, const struct buffer *bodies) {
  struct buffer b = new_buffer(c), section = new_buffer(c);
  put_bytes(&b, module_bytes(c, "01 [01 60 00 00]"));
  put_u32(&section, FUNCTIONS);
  for (uint32_t i = 0; i < FUNCTIONS; i++)
    put_byte(&section, 0);
  put_section(&b, 3, &section);
  const struct bytes rest =
      module_bytes(c, "04 [01 70 00 01] 05 [01 00 01] 06 [03 7f 00 41 00 0b 7f 00 41 00 0b 7f 00 41 00 0b]");
  put_raw(&b, rest.at + 8, rest.size - 8);
  struct buffer code = new_buffer(c);
  put_u32(&code, FUNCTIONS);
  put_bytes(&code, buffer_bytes(bodies));
  put_section(&b, 10, &code);
  return buffer_bytes(&b);
}

static struct bytes random_module(struct context *c) {
  struct buffer bodies = new_buffer(c);
  for (uint32_t i = 0; i < FUNCTIONS; i++)
    put_random_body(&bodies);
  return module_with(c, &bodies);
}

/* What one body refers to, memory 0 by a memory argument at the end. */
struct listing {
  struct buffer text;
  bool has_memory_arguments;
  const struct walk *walk; /* null: notes are visited */
};

static void list_use(void *user, enum index_space space, uint32_t index) {
  struct listing *l = user;
  put_formatted(&l->text, "%d:%u ", (int)space, index);
}

static void list_looked_at(void *user, enum index_space space, uint32_t index) {
  struct listing *l = user;
  if (space == SPACE_MEMORY && index == 0 && !l->walk->index_at)
    l->has_memory_arguments = true;
  else
    list_use(user, space, index);
}

/* One body gone through alone, without a step. */
static struct bytes list_alone(struct context *c, const struct module *m, uint32_t function) {
  struct listing l = {.text = new_buffer(c)};
  struct walk w = walk_of_bytes(c, m, m->functions.items[function].body);
  l.walk = &w;
  w.visit = list_looked_at;
  w.user = &l;
  w.takes_steps = false;
  walk_body(&w);
  if (l.has_memory_arguments)
    list_use(&l, SPACE_MEMORY, 0);
  return buffer_bytes(&l.text);
}

static void compare_notes(struct context *c, void *unused) {
  (void)unused;
  const struct bytes made = random_module(c);
  uint8_t *const copy = malloc(made.size); /* so that a sanitizer sees what is read after the end */
  CHECK(copy);
  if (!copy)
    return;
  memcpy(copy, made.at, made.size);
  struct module *m = read_module(c, (struct bytes){copy, made.size}, copy);
  check_structure(c, m);
  for (uint32_t i = 0; i < FUNCTIONS; i++) {
    struct listing l = {.text = new_buffer(c)};
    visit_function(c, m, i, list_use, &l);
    CHECK(bytes_equal(buffer_bytes(&l.text), list_alone(c, m, i)));
  }
  free(copy);
}

/* Each instruction with random immediates: a step is as large as a look says, and says the same of blocks. */
static void compare_steps(struct context *c, void *unused) {
  (void)unused;
  uint32_t taken = 0;
  const struct module *m = read_module(c, random_module(c), NULL);
  for (uint32_t i = 0; i < 200 * OPCODE_COUNT; i++) {
    const struct opcode *opcode = &opcodes[i % OPCODE_COUNT];
    struct buffer b = new_buffer(c);
    put_opcode(&b, opcode);
    for (const char *letter = opcode->immediates; *letter; letter++)
      put_immediate(&b, *letter);
    const size_t size = b.size;
    for (int n = 0; n < STEP_READS; n++)
      put_byte(&b, (uint8_t)below(256));
    const unsigned step = step_size(b.data);
    if (step == 0)
      continue;
    CHECK(step == size);
    struct walk w = walk_of_bytes(c, m, (struct bytes){b.data, size});
    w.depth = 5;
    const uint64_t tally = w.depth + steps.tally[b.data[0]];
    walk_instruction(&w);
    CHECK(w.r.at == b.data + step && w.depth == OPEN_BLOCKS(tally));
    CHECK(MEMORY_ARGUMENTS(tally) == (strcmp(opcode->immediates, "a") == 0));
    taken++;
  }
  CHECK(taken > 20 * OPCODE_COUNT);
}

/* What can be wrong with a body, as its content. */
static const char *const wrong_bodies[] = {
    "00 01",                      /* no end */
    "00 0b 01",                   /* more after it */
    "00 0b 0b",                   /* an end without a block */
    "00 02 40 0b",                /* a block without an end */
    "00 10 ff ff 7f 0b",          /* no such function */
    "00 23 03 0b",                /* no such global */
    "00 28 80 00 0b",             /* cut off in a number */
    "00 41 80 80 80 80 80 00 0b", /* a number of six bytes */
    "00 28 40 07 00 0b",          /* no such memory */
    "00 fc 7f 0b",                /* no such instruction */
    "00 ff 0b",
    "01 01 00 0b",                /* no such type */
    "00 42 80 80 80 80 80 80 80", /* cut off in a long number */
    "00 41",
    "00 02 7e",
    "",
};
#define WRONG_COUNT (sizeof wrong_bodies / sizeof wrong_bodies[0])

struct wrong {
  uint32_t first;
  unsigned number;
};

static void read_wrong(struct context *c, void *argument) {
  const struct wrong *wrong = argument;
  struct buffer bodies = new_buffer(c);
  char hex[64];
  for (uint32_t i = 0; i < FUNCTIONS; i++) {
    if (i < wrong->first || (i != wrong->first && below(3))) {
      put_random_body(&bodies);
      continue;
    }
    const unsigned number = i == wrong->first ? wrong->number : below(WRONG_COUNT);
    snprintf(hex, sizeof hex, "[%s]", wrong_bodies[number]);
    const struct bytes body = module_bytes(c, hex);
    put_raw(&bodies, body.at + 8, body.size - 8);
  }
  const struct bytes input = module_with(c, &bodies);
  check_structure(c, read_module(c, input, input.at));
}

static void test_wrong_bodies(uint32_t threads) {
  for (unsigned number = 0; number < WRONG_COUNT; number++) {
    struct context *c = calloc(1, sizeof *c);
    struct wrong wrong = {below(2) ? below(FUNCTIONS) : FUNCTIONS - 1 - below(3), number};
    char path[32];
    snprintf(path, sizeof path, "function %u", wrong.first);
    struct team team;
    begin_team(&team, threads);
    if (c)
      c->team = &team;
    CHECK(c && !run_guarded(c, read_wrong, &wrong));
    end_team(&team);
    if (!c)
      continue;
    CHECK(c->failure == FAILURE_INPUT && c->offset != NO_OFFSET && strcmp(c->path, path) == 0);
    context_free(c);
    free(c);
  }
}

static void run(void (*test)(struct context *, void *), uint32_t threads) {
  struct context *c = calloc(1, sizeof *c);
  struct team team;
  begin_team(&team, threads);
  if (c)
    c->team = &team;
  if (!c || !run_guarded(c, test, NULL)) {
    fprintf(stderr, "%s\n", c ? c->message : "out of memory");
    failures++;
  }
  end_team(&team);
  if (c)
    context_free(c);
  free(c);
}

int main(void) {
  for (state = 1; state <= ROUNDS; state++) {
    const uint64_t seed = state;
    run(compare_notes, seed % 2 ? 1 : 3);
    run(compare_steps, 1);
    test_wrong_bodies(seed % 2 ? 1 : 3);
    state = seed;
  }
  return failures ? 1 : 0;
}
