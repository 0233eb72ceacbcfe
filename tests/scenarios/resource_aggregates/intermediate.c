/* Wraps each thing in one of its own; its representation is the handle of what it wraps. */
#include "things.h"

IMPORT(THINGS, "[constructor]thing") handle inner_constructor(u32 value);
IMPORT(THINGS, "[method]thing.get") u32 inner_get(handle self);
IMPORT(THINGS, "[resource-drop]thing") void inner_drop(handle self);
IMPORT(THINGS, "weigh") u32 inner_weigh(struct weigh *all);
IMPORT(THINGS, "make") void inner_make(u32 n, struct nested *result);
IMPORT(THINGS, "choose") void inner_choose(u32 n, struct choice *result);
IMPORT(THINGS, "maybe") void inner_maybe(u32 n, struct one_of *result);
IMPORT(THINGS, "attempt") void inner_attempt(u32 n, struct one_of *result);
IMPORT(THINGS, "dropped") u32 inner_dropped(void);
IMPORT("[export]" THINGS, "[resource-new]thing") handle outer_new(u32 rep);
IMPORT("[export]" THINGS, "[resource-rep]thing") u32 outer_rep(handle self);
IMPORT("[export]" THINGS, "[resource-drop]thing") void outer_drop(handle self);

static handle wrapped[64];
static u32 made = 1;

static void wrap(handle *self) {
  wrapped[made] = *self;
  *self = outer_new(made++);
}

static void lend(handle *rep) { *rep = wrapped[*rep]; }

static void take(handle *self) {
  u32 rep = outer_rep(*self);
  handle inner = wrapped[rep];
  wrapped[rep] = 0;
  outer_drop(*self);
  *self = inner;
}

static void each(struct slice list, void (*change)(handle *)) {
  handle *all = list.data;
  for (u32 i = 0; i < list.size; i++)
    change(all + i);
}

static void each_choice(struct choice *choice, void (*change)(handle *)) {
  if (choice->kind == CHOICE_ONE)
    change(&choice->as.one);
  if (choice->kind == CHOICE_TWO) {
    change(&choice->as.two[0]);
    change(&choice->as.two[1]);
  }
}

EXPORT(THINGS "#[constructor]thing") handle constructor(u32 value) {
  handle self = inner_constructor(value);
  wrap(&self);
  return self;
}
EXPORT(THINGS "#[method]thing.get") u32 get(u32 rep) { return inner_get(wrapped[rep]); }
EXPORT(THINGS "#[dtor]thing") void dtor(u32 rep) {
  if (wrapped[rep])
    inner_drop(wrapped[rep]);
}
EXPORT(THINGS "#dropped") u32 count(void) { return inner_dropped(); }

EXPORT(THINGS "#weigh") u32 weigh(struct weigh *all) {
  take(&all->a.it);
  lend(&all->b.it);
  take(&all->c.holder.it);
  each(all->c.others, take);
  each_choice(&all->d, take);
  if (all->e.kind)
    lend(&all->e.one);
  each(all->f, take);
  each(all->g, lend);
  if (all->h.discriminant)
    take(&all->h.it);
  if (all->i.discriminant)
    lend(&all->i.it);
  if (!all->j.discriminant)
    take(&all->j.it);
  if (all->k.discriminant)
    lend(&all->k.it);
  take(&all->l[0]);
  lend(&all->l[1]);
  return inner_weigh(all);
}

EXPORT(THINGS "#make") struct nested *make(u32 n) {
  static struct nested result;
  inner_make(n, &result);
  wrap(&result.holder.it);
  each(result.others, wrap);
  return &result;
}

EXPORT(THINGS "#choose") struct choice *choose(u32 n) {
  static struct choice result;
  inner_choose(n, &result);
  each_choice(&result, wrap);
  return &result;
}

static struct one_of one;

EXPORT(THINGS "#maybe") struct one_of *maybe(u32 n) {
  inner_maybe(n, &one);
  if (one.discriminant)
    wrap(&one.it);
  return &one;
}

EXPORT(THINGS "#attempt") struct one_of *attempt(u32 n) {
  inner_attempt(n, &one);
  wrap(&one.it);
  return &one;
}
