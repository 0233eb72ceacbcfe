/* Defines the things: it is given representations where it is lent, handles where it is given. */
#include "things.h"

IMPORT("[export]" THINGS, "[resource-new]thing") handle thing_new(u32 *rep);
IMPORT("[export]" THINGS, "[resource-rep]thing") u32 *thing_rep(handle self);
IMPORT("[export]" THINGS, "[resource-drop]thing") void thing_drop(handle self);

static u32 dropped;

EXPORT(THINGS "#[constructor]thing") handle constructor(u32 value) {
  u32 *rep = allocate(sizeof *rep);
  *rep = value;
  return thing_new(rep);
}
EXPORT(THINGS "#[method]thing.get") u32 get(u32 *rep) { return *rep; }
EXPORT(THINGS "#[dtor]thing") void dtor(u32 *rep) {
  REQUIRE(*rep != 0xdead);
  *rep = 0xdead;
  dropped++;
}
EXPORT(THINGS "#dropped") u32 count(void) { return dropped; }

static u32 lent(u32 rep) { return *(u32 *)rep; }

static u32 taken(handle self) {
  u32 value = *thing_rep(self);
  thing_drop(self);
  return value;
}

EXPORT(THINGS "#weigh") u32 weigh(struct weigh *all) {
  REQUIRE(all->a.before == 9 && all->a.after == 1ull << 40);
  u32 sum = taken(all->a.it) + lent(all->b.it) * all->b.weight + taken(all->c.holder.it);
  const handle *others = all->c.others.data;
  for (u32 i = 0; i < all->c.others.size; i++)
    sum += taken(others[i]) * (i + 1);
  if (all->d.kind == CHOICE_ONE)
    sum += taken(all->d.as.one);
  else if (all->d.kind == CHOICE_NUMBER)
    sum += (u32)(all->d.as.number >> 32);
  else if (all->d.kind == CHOICE_TWO)
    sum += taken(all->d.as.two[0]) + taken(all->d.as.two[1]);
  if (all->e.kind)
    sum += lent(all->e.one);
  const handle *f = all->f.data, *g = all->g.data;
  for (u32 i = 0; i < all->f.size; i++)
    sum += taken(f[i]) * (i + 1);
  for (u32 i = 0; i < all->g.size; i++)
    sum += lent(g[i]) * (i + 1);
  if (all->h.discriminant)
    sum += taken(all->h.it);
  if (all->i.discriminant)
    sum += lent(all->i.it);
  sum += all->j.discriminant ? all->j.it : taken(all->j.it);
  sum += all->k.discriminant ? lent(all->k.it) : all->k.it;
  return sum + taken(all->l[0]) + lent(all->l[1]);
}

EXPORT(THINGS "#make") struct nested *make(u32 n) {
  static struct nested made;
  static handle others[16];
  made.holder.before = 9;
  made.holder.it = constructor(1);
  made.holder.after = 1ull << 40;
  made.others.data = others;
  made.others.size = n - 1;
  for (u32 i = 1; i < n; i++)
    others[i - 1] = constructor(i + 1);
  return &made;
}

EXPORT(THINGS "#choose") struct choice *choose(u32 n) {
  static struct choice chosen;
  chosen.kind = (u8)n;
  if (n == CHOICE_ONE)
    chosen.as.one = constructor(50);
  else if (n == CHOICE_NUMBER)
    chosen.as.number = 51ull << 32;
  else if (n == CHOICE_TWO) {
    chosen.as.two[0] = constructor(52);
    chosen.as.two[1] = constructor(53);
  }
  return &chosen;
}

static struct one_of one;

EXPORT(THINGS "#maybe") struct one_of *maybe(u32 n) {
  one.discriminant = n != 0;
  one.it = n ? constructor(n) : 0;
  return &one;
}

EXPORT(THINGS "#attempt") struct one_of *attempt(u32 n) {
  one.discriminant = n & 1;
  one.it = constructor(n);
  return &one;
}
