/* parallel.h -- work on many items that are independent of each other, by several threads.
 *
 *     static void check_some(struct context *c, void *argument, struct share *share) {
 *       for (uint32_t i, end; take_items(share, &i, &end);)
 *         for (; i < end; i++) check(c, &items[i]);
 *     }
 *     run_parallel(c, count, bytes, check_some, items);
 *
 * What is shared is only read, but for the items themselves, each of which has one thread to itself. What it allocates
 * lasts as long as the run does. If items fail, the first of them is the one that is reported, as it would be by one
 * thread.
 */
#ifndef MELD_BASE_PARALLEL_H
#define MELD_BASE_PARALLEL_H

#include "base/context.h"

#include <pthread.h>

#define MOST_THREADS 16

struct worker;

/* The threads that work for a context, its `team`; of none, or of a single one, all work is done by the caller. */
struct team {
  uint32_t count; /* with the calling thread */
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  struct worker *workers;         /* of the run that goes on */
  uint32_t waiting, begun, ended; /* how many threads may begin with that run in all, have, and are done */
  bool is_over;
  uint32_t started;
  pthread_t threads[MOST_THREADS];
};

/* Of up to so many threads, which are started when there is work for them. */
void begin_team(struct team *team, uint32_t threads);
/* While no run goes on, and before the context that had it is freed. */
void end_team(struct team *team);

struct share;

/* The next items that nobody has taken, of which there is at least one; false: there are none. */
bool take_items(struct share *share, uint32_t *first, uint32_t *end);

/* Calls body() on each of some threads, each with a context of its own, until all `count` items are done. `size` says
 * how large they are in bytes: a thread has to be worth it. */
void run_parallel(struct context *context, uint32_t count, size_t size,
                  void (*body)(struct context *, void *, struct share *), void *argument);

/* The same; the calling thread does something else first, whose failure is told before that of any item. */
void run_parallel_beside(struct context *context, uint32_t count, size_t size,
                         void (*body)(struct context *, void *, struct share *), void *argument,
                         void (*before)(struct context *, void *), void *before_argument);

/* Makes `count` items by several threads, and has the calling thread take them, in order, while later ones are made.
 * Between the two an item has a slot to itself, of IN_ORDER_SLOTS. */
#define IN_ORDER_SLOTS (2 * MOST_THREADS)
struct in_order {
  uint32_t count;
  size_t size; /* of all items, in bytes */
  void (*make)(struct context *, void *argument, uint32_t item, uint32_t slot);
  void (*take)(struct context *, void *argument, uint32_t item, uint32_t slot);
  void *argument;
};
void run_parallel_in_order(struct context *context, const struct in_order *in_order);

/* As many as there are processors. */
uint32_t usual_threads(void);

#endif
