/* context.h -- one run of the library: its memory, its one way out, where we are.
 *
 * Every function that can fail takes the context first.  Failing does not
 * return: fail() records a diagnostic and leaves through `escape`, which only
 * run_guarded() sets.  All memory of a run comes from the context and is freed
 * at once, so that leaving early leaks nothing.
 *
 * `place` is a stack of what is being worked on; a diagnostic carries it as the
 * path "in component $auth, instance 3".
 */
#ifndef MELD_BASE_CONTEXT_H
#define MELD_BASE_CONTEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes; never owned, never changed. */
struct bytes {
  const uint8_t *at;
  size_t size;
};

/* What went wrong, by who has to act. The values are the exit codes of the command. */
enum failure {
  FAILURE_NONE = 0,
  FAILURE_INPUT = 1,  /* the input is at fault: malformed, invalid, over a limit, not supported */
  FAILURE_USAGE = 2,  /* the caller's options are at fault */
  FAILURE_SYSTEM = 3, /* files or memory */
};

#define NO_OFFSET SIZE_MAX
#define PLACE_LIMIT 128

struct place {
  const char *what;   /* "component", "core instance", ... a string constant */
  uint32_t index;     /* UINT32_MAX: none */
  struct bytes name;  /* size 0: none */
  bool is_identifier; /* of the name section, shown as $name; else a name of the text, shown as "name" */
};

struct arena_block;
struct spare;
struct team;
struct mark;
#define SPARE_CLASSES 48 /* by the logarithm of the size */

struct context {
  struct arena_block *blocks;
  uint8_t *next, *limit;               /* what memory is cut from: what is left of the newest block, or of a spare */
  bool is_used;                        /* it was used before, and is not zero */
  struct spare *spares[SPARE_CLASSES]; /* memory that was outgrown, by size */
  struct mark *mark;                   /* where the innermost scratch began; null: there is none */
  jmp_buf *escape;
  enum failure failure;
  size_t offset;      /* of the failure, in bytes from the start of the input; NO_OFFSET: none */
  size_t offset_base; /* where in the input that is which offsets count from: a section that is read on its own */
  uint32_t input;     /* which input is being worked on, where there are several; UINT32_MAX: none of them */
  char message[1024];
  char hint[512];
  char path[1024];
  struct place places[PLACE_LIMIT];
  uint32_t place_count;
  uint32_t failed_place_count; /* places around the failure, still in `places`, whose names last until context_free() */
  /* Allocation hooks, so that a test can make the n-th one fail. */
  void *(*allocate)(void *user, size_t size);
  void (*release)(void *user, void *block);
  void *user;
  struct team *team; /* threads that work for it, see parallel.h; null: none */
  bool is_large;     /* it works on much, so that its first block is as large as any */
};

/* Runs body(context, argument). True if it returned, false if it failed. */
bool run_guarded(struct context *context, void (*body)(struct context *, void *), void *argument);

/* Frees all memory of the run. The diagnostic stays readable. */
void context_free(struct context *context);
/* Memory that outlives the context: `bytes`, of the arena, or a copy of them, in `*block`, which is released as blocks
 * are. Null where there is no memory. */
uint8_t *context_keep(struct context *context, struct bytes bytes, void **block);

/* Makes `branch` a context for a thread that works beside the one of `context`, at the same place: one of `count` that
 * are still to be made, each of which gets a part of the memory that `context` has left. */
void context_branch(struct context *branch, struct context *context, uint32_t count);
/* Takes over all memory of a branch. */
void context_adopt(struct context *context, struct context *branch);
/* Leaves with the diagnostic of a branch that failed, or with its own. */
_Noreturn void fail_again(struct context *context, const struct context *branch);

/* Records a diagnostic and leaves. `offset` is absolute in the input, or NO_OFFSET. One sentence:
 * what is wrong, and what to do where that is not obvious. No newline, no full stop. */
_Noreturn void fail(struct context *context, enum failure failure, size_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What to do about it: a clause that goes with the next failure. */
void set_hint(struct context *context, const char *format, ...) __attribute__((format(printf, 2, 3)));
void clear_hint(struct context *context);

/* Zeroed memory for `count` items of `size` bytes each, aligned for any type. Never null. */
void *allocate(struct context *context, size_t count, size_t size);

#define ALLOCATE(context, type, count) ((type *)allocate((context), (count), sizeof(type)))

/* Room for `size` bytes, of which the first `used` are those at `outgrown`. Memory that was outgrown is used again: who
 * else has a pointer to it must not use that any more. The bytes behind `used` can be anything. */
void *grow_memory(struct context *context, void *outgrown, size_t outgrown_size, size_t used, size_t size);

/* What is allocated between the two is spare after the second. They come in pairs, one in another; a failure in between
 * leaves all to context_free(). */
void begin_scratch(struct context *context);
void end_scratch(struct context *context);

/* `import "write"`, `instance 3 "wasi:io/streams@0.2.0"`, `core module 2`. */
void push_place(struct context *context, const char *what, uint32_t index, struct bytes name);
/* `component $auth`, or `component 3` where there is no identifier. */
void push_identified_place(struct context *context, const char *what, uint32_t index, struct bytes identifier);
void pop_place(struct context *context);

/* Where we are, to come back to. */
struct path {
  const struct place *places;
  uint32_t count;
};
struct path keep_path(struct context *context);
void set_path(struct context *context, struct path path);

/* A copy in the arena of a formatted string. */
struct bytes format_bytes(struct context *context, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One behind the other, in the arena. */
struct bytes join_bytes(struct context *context, const struct bytes *parts, uint32_t count);
#define JOIN(context, ...)                                                                                             \
  join_bytes((context), (const struct bytes[]){__VA_ARGS__},                                                           \
             sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes))

/* A number in decimal digits, in `digits`. */
#define NUMBER_DIGITS 10
struct bytes number_text(uint32_t number, char digits[NUMBER_DIGITS]);

/* Copies `text` to `to`, in which it ends with a zero, and as much of it as there is room for. What would disturb a
 * line of text stands as an escape: control characters and changes of direction as \u{1b}, bytes that are not UTF-8 as
 * \x1b, and each of the characters `also` with a \ before it. Returns the size. */
size_t escape_text(char *to, size_t capacity, struct bytes text, const char *also);

bool bytes_equal(struct bytes a, struct bytes b);
struct bytes bytes_of(const char *text);

/* For printf's "%.*s". Uses its argument twice: no call in it that does work. */
#define SHOW(b) (int)(b).size, (const char *)(b).at

#endif
