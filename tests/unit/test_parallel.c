/* test_parallel.c -- items that several threads share: each is done once, what is allocated stays, and of failures the
 * one of the first item is told, also when it is the last to happen. Taken in order, all of them are, each after it was
 * made, or all before the first that failed.
 */
#include "base/parallel.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                        \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)

#define ITEMS 10007
#define ROUNDS 20
#define LARGE ((size_t)1 << 30)

struct counting {
  struct context *outer;
  uint32_t *marks[ITEMS];
  atomic_uint bodies, outer_bodies;
};

static void mark_items(struct context *c, void *argument, struct share *share) {
  struct counting *counting = argument;
  atomic_fetch_add(&counting->bodies, 1);
  atomic_fetch_add(&counting->outer_bodies, c == counting->outer);
  for (uint32_t i, end; take_items(share, &i, &end);)
    for (; i < end; i++) {
      CHECK(!counting->marks[i]);
      counting->marks[i] = ALLOCATE(c, uint32_t, 100);
      counting->marks[i][99] = i + 1;
    }
}

static void count_with(struct context *c, uint32_t threads, uint32_t items, size_t size, uint32_t bodies) {
  struct counting *counting = ALLOCATE(c, struct counting, 1);
  struct team team;
  begin_team(&team, threads);
  counting->outer = c;
  c->team = &team;
  for (int i = 0; i < ROUNDS; i++) { /* of one team */
    memset(counting->marks, 0, sizeof counting->marks);
    counting->bodies = counting->outer_bodies = 0;
    run_parallel(c, items, size, mark_items, counting);
    CHECK(counting->bodies >= 1 && counting->bodies <= bodies && counting->outer_bodies == 1);
  }
  end_team(&team);
  c->team = NULL;
  for (uint32_t i = 0; i < items; i++)
    CHECK(counting->marks[i] && counting->marks[i][99] == i + 1);
  *ALLOCATE(c, uint32_t, 1) = 1; /* goes on as before */
}

static void test_items(struct context *c, void *argument) {
  (void)argument;
  count_with(c, 0, ITEMS, LARGE, 1);
  count_with(c, 1, ITEMS, LARGE, 1);
  count_with(c, 2, ITEMS, 1000, 1); /* not worth a thread */
  count_with(c, 2, ITEMS, LARGE, 2);
  count_with(c, 5, ITEMS, LARGE, 5);
  count_with(c, 5, 0, LARGE, 5);
  count_with(c, 1000, 3, LARGE, 16);
}

struct failing {
  atomic_bool has_begun, has_failed;
};

/* The one who has the first items fails after the one who has the next. */
static void fail_in_turn(struct context *c, void *argument, struct share *share) {
  struct failing *failing = argument;
  uint32_t i, end;
  CHECK(take_items(share, &i, &end));
  push_place(c, "item", i, (struct bytes){0});
  if (i > 0) {
    while (!atomic_load(&failing->has_begun))
      continue;
    atomic_store(&failing->has_failed, true);
    fail(c, FAILURE_INPUT, i, "a later one, %u", i);
  }
  atomic_store(&failing->has_begun, true);
  while (!atomic_load(&failing->has_failed))
    continue;
  set_hint(c, "see there");
  fail(c, FAILURE_SYSTEM, 7, "the first one");
}

static void run_failing(struct context *c, void *argument) {
  push_place(c, "whole", 5, bytes_of("outside"));
  run_parallel(c, ITEMS, LARGE, fail_in_turn, argument);
  CHECK(c->failure != FAILURE_NONE); /* it does not come back */
}

static void test_failures(void) {
  for (int round = 0; round < 20; round++) {
    struct context *c = calloc(1, sizeof *c);
    struct failing failing = {0};
    CHECK(c);
    struct team team;
    begin_team(&team, 2);
    c->team = &team;
    CHECK(!run_guarded(c, run_failing, &failing));
    end_team(&team);
    CHECK(c->failure == FAILURE_SYSTEM && c->offset == 7 && strcmp(c->message, "the first one") == 0);
    CHECK(strcmp(c->hint, "see there") == 0 && strcmp(c->path, "whole 5 \"outside\", item 0") == 0);
    CHECK(c->failed_place_count == 2 && c->places[1].index == 0 && c->place_count == 0);
    context_free(c);
    free(c);
  }
}

#define NEVER UINT32_MAX

struct line {
  uint32_t in_slot[IN_ORDER_SLOTS]; /* one more than the item */
  uint32_t taken;
  uint32_t fails_made, fails_taken; /* items */
  uint32_t count;
};

static void make_item(struct context *c, void *argument, uint32_t item, uint32_t slot) {
  struct line *line = argument;
  push_place(c, "item", item, (struct bytes){0});
  CHECK(line->in_slot[slot] == 0);
  if (item == line->fails_made)
    fail(c, FAILURE_INPUT, item, "it can't be made");
  line->in_slot[slot] = item + 1;
  pop_place(c);
}

static void take_item(struct context *c, void *argument, uint32_t item, uint32_t slot) {
  struct line *line = argument;
  CHECK(item == line->taken && line->in_slot[slot] == item + 1);
  if (item == line->fails_taken)
    fail(c, FAILURE_SYSTEM, item, "it can't be taken");
  line->in_slot[slot] = 0;
  line->taken++;
}

static void run_line(struct context *c, void *argument) {
  struct line *line = argument;
  const struct in_order in_order = {line->count, LARGE, make_item, take_item, line};
  run_parallel_in_order(c, &in_order);
}

static void test_line(uint32_t threads, struct line line) {
  const uint32_t fails = line.fails_made < line.fails_taken ? line.fails_made : line.fails_taken;
  struct context *c = calloc(1, sizeof *c);
  CHECK(c);
  struct team team;
  begin_team(&team, threads);
  c->team = &team;
  CHECK(run_guarded(c, run_line, &line) == (fails == NEVER));
  end_team(&team);
  if (fails == NEVER) {
    CHECK(line.taken == line.count);
  } else if (line.fails_taken < line.fails_made) {
    /* A later one may have failed before, and then nothing more is taken. */
    CHECK(line.taken <= fails && (c->offset == fails ? line.taken == fails : c->offset == line.fails_made));
  } else {
    CHECK(line.taken <= fails && c->offset == fails && c->failure == FAILURE_INPUT && c->failed_place_count == 1);
  }
  context_free(c);
  free(c);
}

static void test_order(void) {
  for (uint32_t threads = 0; threads < 40; threads = threads * 2 + 1)
    for (uint32_t count = 0; count < 3000; count = count * 7 + 1) {
      test_line(threads, (struct line){.count = count, .fails_made = NEVER, .fails_taken = NEVER});
      for (uint32_t item = 0; item < count; item += 1 + count / 5) {
        test_line(threads, (struct line){.count = count, .fails_made = item, .fails_taken = NEVER});
        test_line(threads, (struct line){.count = count, .fails_made = NEVER, .fails_taken = item});
        test_line(threads, (struct line){.count = count, .fails_made = item + 1, .fails_taken = item});
      }
    }
}

int main(void) {
  struct context *c = calloc(1, sizeof *c);
  CHECK(c && usual_threads() >= 1);
  CHECK(run_guarded(c, test_items, NULL));
  context_free(c);
  free(c);
  test_failures();
  test_order();
  return 0;
}
