/* test_tidy.c -- what src/fuse/code_tidy.c takes out of a function, and what it has to leave. */
#include "check.h"
#include "fuse/code.h"
#include "hex.h"

#include <string.h>

/* Functions of (i32, i32) -> i32, as instructions without their last `end`. */
struct tidy_case {
  const char *what;
  uint32_t locals; /* i32, behind the parameters */
  const char *before, *after;
};

static const struct tidy_case cases[] = {
    {"a copy of a parameter", 1, "2000 2102 2002", "2000"},
    {"a copy of a copy", 2, "2000 2102 2002 2103 2003", "2000"},
    {"a copy of what is set meanwhile", 1, "2000 2102 4101 2100 2002 2000 6a", "2000 2102 4101 2100 2002 2000 6a"},
    {"a copy that is set meanwhile", 1, "2000 2102 4101 2102 2002", "4101"},
    {"a copy made in a block", 1, "0240 2000 2102 0b 2002", "0240 2000 2102 0b 2002"},
    {"a copy made in one branch", 1, "2001 0440 2000 2102 05 4107 2102 0b 2002",
     "2001 0440 2000 2102 05 4107 2102 0b 2002"},
    {"a copy made before an if that sets what it is of", 1, "2000 2102 2001 0440 4101 2100 0b 2002 2000 6a",
     "2000 2102 2001 0440 4101 2100 0b 2002 2000 6a"},
    {"a copy made before an if that sets it", 1, "2000 2102 2001 0440 4101 2102 0b 2002",
     "2000 2102 2001 0440 4101 2102 0b 2002"},
    {"a copy made before a loop that sets what it is of", 1, "2000 2102 0340 2000 4101 6b 2200 0d00 0b 2002",
     "2000 2102 0340 2000 4101 6b 2200 0d00 0b 2002"},
    {"a local that a loop gets in the next round", 1, "0340 2002 2100 4101 2102 2001 0d00 0b 2000",
     "0340 2002 2100 4101 2102 2001 0d00 0b 2000"},
    {"a local that is got behind a block that is left early", 1, "4107 2102 0240 2001 0d00 4108 2102 0b 2002",
     "4107 2102 0240 2001 0d00 4108 2102 0b 2002"},
    {"one that is got where a table branches to", 1, "4107 2102 0240 0240 2001 0e01 00 01 0b 4108 2102 0b 2002",
     "4107 2102 0240 0240 2001 0e01 00 01 0b 4108 2102 0b 2002"},
    {"one that is set again everywhere", 1, "4107 2102 2001 0440 4108 2102 05 4109 2102 0b 2002",
     "2001 0440 4108 2102 05 4109 2102 0b 2002"},
    {"one that is set before a return", 1, "4107 2102 2001 0440 4108 2102 4101 0f 0b 2002",
     "4107 2102 2001 0440 4101 0f 0b 2002"},
    {"a tee at the end", 2, "2000 2001 6a 2202 2203", "2000 2001 6a"},
    {"a set that nothing gets", 1, "2000 2d0000 2102 2001", "2000 2d0000 1a 2001"},
    {"two values that are set and got", 2, "2000 2001 2103 2102 2002 2003 6a", "2000 2001 6a"},
    {"a value that is stored", 1, "2000 2d0003 2102 2001 2002 3a0004 4101", "2001 2000 2d0003 3a0004 4101"},
    {"a value that is stored and got", 1, "2000 2d0003 2102 2001 2002 3a0004 2002",
     "2001 2000 2d0003 2202 3a0004 2002"},
    {"a value behind which a call comes", 1, "2000 2d0003 2102 10ffffffff00 2001 2002 3a0004 2002",
     "2000 2d0003 2102 10ffffffff00 2001 2002 3a0004 2002"},
    {"a branch to where control goes", 0, "0240 2000 0d00 0c00 0b 2001", "0240 2000 0d00 0b 2001"},
    {"a branch back", 0, "0340 2000 0440 0b 0c00 0b 00", "0340 2000 0440 0b 0c00 0b 00"},
    {"what is not reached", 0, "2000 0440 00 4101 1a 0240 0b 0b 2001", "2000 0440 00 0b 2001"},
    {"a block with a type that is not left early", 1, "027f 2000 2102 2002 0b", "027f 2000 0b"},
    {"a branch of another kind", 1, "4107 2102 0240 d070 d500 1a 4108 2102 0b 2002",
     "4107 2102 0240 d070 d500 1a 4108 2102 0b 2002"},
    {"exceptions", 1, "2000 2102 0240 1f40 01 02 00 0b 0b 2002", "2000 2102 0240 1f40 01 02 00 0b 0b 2002"},
    {"65 locals", 63, "2000 2102 2002", "2000 2102 2002"},
    {"64 locals", 62, "2000 2102 2002", "2000"},
};

static struct bytes hex_bytes(struct context *c, const char *hex) {
  struct buffer b = new_buffer(c);
  put_hex(&b, &hex);
  return buffer_bytes(&b);
}

static struct code_module new_code_module(struct context *c) {
  struct code_module m = {.context = c};
  const struct core_valtype i32 = {.code = CORE_I32}, two[] = {i32, i32};
  m.module = ALLOCATE(c, struct module, 1);
  add_functype(c, m.module, two, 2, &i32, 1);
  return m;
}

/* The instructions may have a call, whose reference is the number of the function that is written. */
static void tidy(struct context *c, void *argument) {
  const struct tidy_case *tidied = argument;
  struct code_module m = new_code_module(c);
  struct code f = begin_function(&m, declare_function(&m, 0, bytes_of("f")));
  for (uint32_t i = 0; i < tidied->locals; i++)
    take_local(&f, CORE_I32);
  put_bytes(&f.out, hex_bytes(c, tidied->before));
  const uint8_t *call = f.out.size > 9 ? memchr(f.out.data, OP_CALL, f.out.size) : NULL;
  if (call)
    VEC_ADD(c, &f.calls, ((struct code_call){(uint32_t)(call - f.out.data) + 1}));
  put_op(&f, OP_END);
  tidy_function(&f);
  const struct bytes got = buffer_bytes(&f.out), wanted = hex_bytes(c, tidied->after);
  if (got.size != wanted.size + 1 || memcmp(got.at, wanted.at, wanted.size) != 0) {
    fprintf(stderr, "%s:", tidied->what);
    for (size_t i = 0; i < got.size; i++)
      fprintf(stderr, " %02x", got.at[i]);
    fprintf(stderr, "\n");
    failures++;
  }
  CHECK(f.calls.count == (call ? 1u : 0u));
  CHECK(!call || f.out.data[f.calls.items[0].at - 1] == OP_CALL);
}

/* Locals of one type come to lie side by side, and those that nobody names are gone. */
static void test_locals(struct context *c, void *unused) {
  (void)unused;
  struct code_module m = new_code_module(c);
  struct code f = begin_function(&m, declare_function(&m, 0, bytes_of("f")));
  const uint8_t types[] = {CORE_I32, CORE_I64, CORE_F32, CORE_I32};
  for (size_t i = 0; i < sizeof types; i++)
    take_local(&f, types[i]);
  put_bytes(&f.out, hex_bytes(c, "0340 2000 2d0000 2102 2000 ad 2103 2002 2005 6a 2003 a7 6a 2105 2005 0d00 0b 2002"));
  end_function(&f);
  const struct bytes body = buffer_bytes(&m.bodies.items[0].out);
  const struct bytes wanted =
      hex_bytes(c, "02 027f 017e 0340 2000 2d0000 2102 2000 ad 2104 2002 2003 6a 2004 a7 6a 2203 0d00 0b 2002 0b");
  CHECK(bytes_equal(body, wanted));
}

static void run(void (*test)(struct context *, void *), const void *argument) {
  struct context c = {0};
  if (!run_guarded(&c, test, (void *)(uintptr_t)argument)) {
    fprintf(stderr, "%s\n", c.message);
    failures++;
  }
  context_free(&c);
}

int main(void) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    run(tidy, &cases[i]);
  run(test_locals, NULL);
  return failures != 0;
}
