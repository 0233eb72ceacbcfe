#include "../guest.h"

#define COUNTER "test:twice/counter"

IMPORT("[export]" COUNTER, "[resource-new]ticket") handle ticket_new(u32 rep);
IMPORT("[export]" COUNTER, "[resource-rep]ticket") u32 ticket_rep(handle self);
IMPORT("[export]" COUNTER, "[resource-drop]ticket") void ticket_drop(handle self);

static u32 issued, returned;

EXPORT(COUNTER "#[method]ticket.number") u32 number(u32 rep) { return rep; }
EXPORT(COUNTER "#next") handle next(void) { return ticket_new(++issued); }
EXPORT(COUNTER "#returned") u32 give_back(handle a) {
  REQUIRE(ticket_rep(a) <= issued);
  ticket_drop(a);
  return returned;
}
EXPORT(COUNTER "#[dtor]ticket") void dtor(u32 rep) { returned += rep; }
