/* parallel.c -- threads, each with an arena and a way out of its own; the calling thread keeps those it has.
 *
 * They are started once for all runs of a context: a thread that waits begins at once, and a new one may be put on the
 * processor of the one that made it, where it has to wait for as long as that works. A run does not wait for threads
 * that come late: nobody begins when all items have been taken.
 *
 * Items are handed out in order, a few at a time, so that a thread whose items take longer gets fewer. When one fails,
 * no more are handed out; those before it have been, and are worked on until the end or until they fail too: of all
 * failures the one of the first item is left.
 *
 * The calling thread is one of the workers. Where no other can be had it does all the work, so that there is no failure
 * of that kind.
 *
 * Items that are taken in order are handed out one by one, and no more of them than there are slots for: who finds
 * neither an item to make nor, in the calling thread, one to take waits for another thread.
 *
 * Requires  items that are independent of each other.
 * Provides  begin_team, end_team, run_parallel, run_parallel_beside, run_parallel_in_order, take_items, usual_threads.
 */
#include "base/parallel.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#define MOST_AT_ONCE 256                    /* items */
#define TURNS 8                             /* of a thread, about, so that all end at about the same time */
#define SIZE_PER_THREAD ((size_t)128 << 10) /* bytes: what takes longer than to start a thread */

struct common {
  uint32_t count, at_once;
  atomic_uint next; /* the first item that nobody has taken */
  atomic_bool has_failed;
  void (*body)(struct context *, void *, struct share *);
  void *argument;
};

struct share {
  struct common *common;
  uint32_t first; /* of the items that were taken last */
};

struct worker {
  struct share share;
  void (*before)(struct context *, void *); /* what the calling thread does first; null: nothing */
  void *before_argument;
  struct context *context; /* its own, or that of the calling thread */
  struct context own;
  bool has_failed;
};

bool take_items(struct share *share, uint32_t *first, uint32_t *end) {
  struct common *const common = share->common;
  if (atomic_load(&common->has_failed))
    return false;
  *first = share->first = atomic_fetch_add(&common->next, common->at_once);
  if (*first >= common->count)
    return false;
  *end = common->count - *first < common->at_once ? common->count : *first + common->at_once;
  return true;
}

static void work(struct context *context, void *argument) {
  struct worker *worker = argument;
  struct common *const common = worker->share.common;
  if (worker->before)
    worker->before(context, worker->before_argument);
  common->body(context, common->argument, &worker->share);
}

static void run_worker(struct worker *worker) {
  worker->has_failed = !run_guarded(worker->context, work, worker);
  if (worker->has_failed)
    atomic_store(&worker->share.common->has_failed, true);
}

/* The failure of the first item that failed; null: none did. */
static const struct worker *first_failure(const struct worker *workers, uint32_t count) {
  const struct worker *first = NULL;
  for (uint32_t i = 0; i < count; i++)
    if (workers[i].has_failed && (!first || workers[i].share.first < first->share.first))
      first = &workers[i];
  return first;
}

static uint32_t threads_for(const struct context *context, size_t size) {
  const size_t worth = size / SIZE_PER_THREAD;
  const size_t most = context->team ? context->team->count : 1;
  return (uint32_t)(worth < most ? worth : most);
}

static uint32_t items_at_once(uint32_t count, uint32_t threads) {
  const uint32_t items = threads ? count / (threads * TURNS) : count;
  return items < 1 ? 1 : items < MOST_AT_ONCE ? items : MOST_AT_ONCE;
}

/* The team. */

void begin_team(struct team *team, uint32_t threads) {
  *team = (struct team){.count = threads < MOST_THREADS ? threads : MOST_THREADS,
                        .mutex = PTHREAD_MUTEX_INITIALIZER,
                        .changed = PTHREAD_COND_INITIALIZER};
}

void end_team(struct team *team) {
  pthread_mutex_lock(&team->mutex);
  team->is_over = true;
  pthread_cond_broadcast(&team->changed);
  pthread_mutex_unlock(&team->mutex);
  for (uint32_t i = 0; i < team->started; i++)
    pthread_join(team->threads[i], NULL);
}

/* What a thread of the team does all its life: one worker of each run that it comes to in time. */
static void *serve(void *argument) {
  struct team *const team = argument;
  pthread_mutex_lock(&team->mutex);
  while (!team->is_over) {
    if (team->begun == team->waiting) {
      pthread_cond_wait(&team->changed, &team->mutex);
      continue;
    }
    struct worker *const worker = &team->workers[++team->begun];
    pthread_mutex_unlock(&team->mutex);
    run_worker(worker);
    pthread_mutex_lock(&team->mutex);
    team->ended++;
    pthread_cond_broadcast(&team->changed);
  }
  pthread_mutex_unlock(&team->mutex);
  return NULL;
}

/* Signals that are meant for the program are left to its own threads: who holds them back expects that they are. */
static void start_threads(struct team *team, uint32_t count) {
  static const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL}; /* of what a thread does itself */
  sigset_t others, before;
  sigfillset(&others);
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    sigdelset(&others, own[i]);
  pthread_sigmask(SIG_BLOCK, &others, &before);
  while (team->started < count && pthread_create(&team->threads[team->started], NULL, serve, team) == 0)
    team->started++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Has the threads begin with the workers behind the first. */
static void call_team(struct team *team, struct worker *workers, uint32_t count) {
  pthread_mutex_lock(&team->mutex);
  team->workers = workers;
  team->waiting = count - 1;
  pthread_cond_broadcast(&team->changed);
  pthread_mutex_unlock(&team->mutex);
  start_threads(team, count - 1);
}

/* No thread begins any more; waits for those that have. */
static void dismiss_team(struct team *team) {
  pthread_mutex_lock(&team->mutex);
  team->waiting = team->begun;
  while (team->ended < team->begun)
    pthread_cond_wait(&team->changed, &team->mutex);
  team->waiting = team->begun = team->ended = 0;
  pthread_mutex_unlock(&team->mutex);
}

/* The calling thread does its part meanwhile, alone: what it calls has no team. */
static void work_beside(struct context *context, struct worker *worker) {
  struct team *const team = context->team;
  context->team = NULL;
  run_worker(worker);
  context->team = team;
}

static void take_back(struct context *context, struct worker *workers, uint32_t count) {
  for (uint32_t i = count - 1; i > 0; i--)
    context_adopt(context, &workers[i].own);
  const struct worker *failed = first_failure(workers, count);
  if (failed)
    fail_again(context, failed->context);
}

void run_parallel_beside(struct context *context, uint32_t count, size_t size,
                         void (*body)(struct context *, void *, struct share *), void *argument,
                         void (*before)(struct context *, void *), void *before_argument) {
  const uint32_t threads = threads_for(context, size);
  struct common common = {.count = count, .at_once = items_at_once(count, threads), .body = body, .argument = argument};
  assert(count <= UINT32_MAX - (MOST_THREADS + 1) * MOST_AT_ONCE);
  if (threads < 2) {
    if (before)
      before(context, before_argument);
    body(context, argument, &(struct share){&common, 0});
    return;
  }
  struct worker *workers = ALLOCATE(context, struct worker, threads);
  workers[0] = (struct worker){
      .share.common = &common, .context = context, .before = before, .before_argument = before_argument};
  for (uint32_t i = 1; i < threads; i++) {
    workers[i].share.common = &common;
    workers[i].context = &workers[i].own;
    context_branch(&workers[i].own, context, threads - i);
  }
  call_team(context->team, workers, threads);
  work_beside(context, &workers[0]);
  dismiss_team(context->team);
  take_back(context, workers, threads);
}

void run_parallel(struct context *context, uint32_t count, size_t size,
                  void (*body)(struct context *, void *, struct share *), void *argument) {
  run_parallel_beside(context, count, size, body, argument, NULL, NULL);
}

/* Items between those that make them and the one that takes them. */
struct row {
  const struct in_order *of;
  const struct context *taker;
  uint32_t slots;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  uint32_t made, taken; /* items, of which those that are being made count as made */
  bool is_ready[IN_ORDER_SLOTS];
  bool has_failed;
};

/* What a thread does next. */
struct turn {
  const struct in_order *of;
  bool is_taken; /* else it is made */
  uint32_t item, slot;
};

static void take_turn(struct context *context, void *argument) {
  const struct turn *turn = argument;
  (turn->is_taken ? turn->of->take : turn->of->make)(context, turn->of->argument, turn->item, turn->slot);
}

/* Waits for something to do; false: there is nothing left. */
static bool next_turn(struct row *row, bool is_taker, struct turn *turn) {
  const uint32_t count = row->of->count;
  while (!row->has_failed && (is_taker ? row->taken : row->made) < count) {
    turn->is_taken = is_taker && row->is_ready[row->taken % row->slots];
    if (turn->is_taken || (row->made < count && row->made - row->taken < row->slots)) {
      turn->item = turn->is_taken ? row->taken : row->made++;
      turn->slot = turn->item % row->slots;
      return true;
    }
    pthread_cond_wait(&row->changed, &row->mutex);
  }
  return false;
}

static void end_turn(struct row *row, const struct turn *turn, bool is_done) {
  row->has_failed = row->has_failed || !is_done;
  row->is_ready[turn->slot] = !turn->is_taken;
  row->taken += turn->is_taken;
  pthread_cond_broadcast(&row->changed);
}

static void work_in_order(struct context *context, void *argument, struct share *share) {
  struct row *const row = argument;
  struct turn turn = {.of = row->of};
  bool is_done = true;
  pthread_mutex_lock(&row->mutex);
  while (is_done && next_turn(row, context == row->taker, &turn)) {
    pthread_mutex_unlock(&row->mutex);
    share->first = turn.item;
    is_done = run_guarded(context, take_turn, &turn);
    pthread_mutex_lock(&row->mutex);
    end_turn(row, &turn, is_done);
  }
  pthread_mutex_unlock(&row->mutex);
  if (!is_done)
    fail_again(context, context);
}

void run_parallel_in_order(struct context *context, const struct in_order *in_order) {
  const uint32_t threads = threads_for(context, in_order->size);
  struct row *const row = ALLOCATE(context, struct row, 1);
  *row = (struct row){.of = in_order,
                      .taker = context,
                      .slots = threads < 2 ? 1 : 2 * threads,
                      .mutex = PTHREAD_MUTEX_INITIALIZER,
                      .changed = PTHREAD_COND_INITIALIZER};
  run_parallel(context, in_order->count, in_order->size, work_in_order, row);
}

uint32_t usual_threads(void) {
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  return processors < 1 ? 1 : processors < MOST_THREADS ? (uint32_t)processors : MOST_THREADS;
}
