#include "things.h"

IMPORT(THINGS, "[constructor]thing") handle constructor(u32 value);
IMPORT(THINGS, "[method]thing.get") u32 get(handle self);
IMPORT(THINGS, "[resource-drop]thing") void drop(handle self);
IMPORT(THINGS, "weigh") u32 weigh(const struct weigh *all);
IMPORT(THINGS, "make") void make(u32 n, struct nested *result);
IMPORT(THINGS, "choose") void choose(u32 n, struct choice *result);
IMPORT(THINGS, "maybe") void maybe(u32 n, struct one_of *result);
IMPORT(THINGS, "attempt") void attempt(u32 n, struct one_of *result);
IMPORT(THINGS, "dropped") u32 dropped(void);

static handle lent;

static void fill(struct weigh *all, handle *others, handle *f, handle *g) {
  others[0] = constructor(300);
  others[1] = constructor(400);
  f[0] = constructor(5);
  g[0] = g[1] = lent;
  all->a = (struct holder){9, constructor(100), 1ull << 40};
  all->b = (struct lender){lent, 3};
  all->c.holder = (struct holder){9, constructor(200), 1ull << 40};
  all->c.others = (struct slice){others, 2};
  all->d.kind = CHOICE_TWO;
  all->d.as.two[0] = constructor(1000);
  all->d.as.two[1] = constructor(2000);
  all->e = (struct lent_choice){1, lent};
  all->f = (struct slice){f, 1};
  all->g = (struct slice){g, 2};
  all->h = (struct one_of){1, constructor(10000)};
  all->i = (struct one_of){1, lent};
  all->j = (struct one_of){0, constructor(20000)};
  all->k = (struct one_of){1, lent};
  all->l[0] = constructor(50000);
  all->l[1] = lent;
}

static u32 run_parameters(void) {
  struct weigh all;
  handle others[2], f[1], g[2];
  lent = constructor(1);
  fill(&all, others, f, g);
  u32 owned = 100 + 200 + 300 + 2 * 400 + 1000 + 2000 + 5 + 10000 + 20000 + 50000;
  CHECK(weigh(&all) == owned + 3 + 1 + 3 + 1 + 1 + 1);
  CHECK(dropped() == 10);
  CHECK(get(lent) == 1);
  fill(&all, others, f, g);
  drop(all.d.as.two[0]);
  drop(all.d.as.two[1]);
  all.d.kind = CHOICE_NUMBER;
  all.d.as.number = 7ull << 32;
  all.e.kind = 0;
  drop(all.h.it);
  all.h.discriminant = all.i.discriminant = 0;
  drop(all.j.it);
  all.j = (struct one_of){1, 13};
  all.k = (struct one_of){0, 17};
  all.g.size = 0;
  CHECK(weigh(&all) == 100 + 200 + 300 + 2 * 400 + 5 + 50000 + 3 + 7 + 13 + 17 + 1);
  CHECK(dropped() == 20);
  drop(lent);
  CHECK(dropped() == 21);
  return 0;
}

static u32 run_results(void) {
  struct nested nested;
  make(4, &nested);
  CHECK(nested.holder.before == 9 && nested.holder.after == 1ull << 40 && nested.others.size == 3);
  CHECK(get(nested.holder.it) == 1);
  drop(nested.holder.it);
  for (u32 i = 0; i < 3; i++) {
    handle it = ((handle *)nested.others.data)[i];
    CHECK(get(it) == i + 2);
    drop(it);
  }
  CHECK(dropped() == 25);
  struct choice choice;
  choose(CHOICE_NONE, &choice);
  CHECK(choice.kind == CHOICE_NONE);
  choose(CHOICE_ONE, &choice);
  CHECK(choice.kind == CHOICE_ONE && get(choice.as.one) == 50);
  drop(choice.as.one);
  choose(CHOICE_NUMBER, &choice);
  CHECK(choice.kind == CHOICE_NUMBER && choice.as.number == 51ull << 32);
  choose(CHOICE_TWO, &choice);
  CHECK(choice.kind == CHOICE_TWO && get(choice.as.two[0]) == 52 && get(choice.as.two[1]) == 53);
  drop(choice.as.two[0]);
  drop(choice.as.two[1]);
  struct one_of one;
  maybe(0, &one);
  CHECK(one.discriminant == 0);
  maybe(6, &one);
  CHECK(one.discriminant == 1 && get(one.it) == 6);
  drop(one.it);
  attempt(8, &one);
  CHECK(one.discriminant == 0 && get(one.it) == 8);
  drop(one.it);
  attempt(9, &one);
  CHECK(one.discriminant == 1 && get(one.it) == 9);
  drop(one.it);
  CHECK(dropped() == 31);
  return 0;
}

EXPORT("run") u32 run(void) {
  u32 failed = run_parameters();
  return failed ? failed : run_results();
}
