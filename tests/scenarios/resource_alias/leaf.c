#include "../guest.h"

#define FIRST "test:alias/first"

IMPORT("[export]" FIRST, "[resource-new]thing") handle thing_new(u32 rep);

static u32 dropped;

EXPORT(FIRST "#[constructor]thing") handle constructor(u32 value) { return thing_new(~value); }
EXPORT(FIRST "#[method]thing.get") u32 get(u32 rep) { return ~rep; }
EXPORT(FIRST "#[dtor]thing") void dtor(u32 rep) { dropped += ~rep; }
EXPORT(FIRST "#dropped") u32 sum_of_dropped(void) { return dropped; }
