#include "../guest.h"

#define THINGS "test:third/things"

IMPORT("[export]" THINGS, "[resource-new]thing") handle thing_new(u32 rep);

static u32 dropped;

EXPORT(THINGS "#[constructor]thing") handle constructor(u32 value) { return thing_new(value); }
EXPORT(THINGS "#[method]thing.get") u32 get(u32 rep) { return rep; }
EXPORT(THINGS "#[dtor]thing") void dtor(u32 rep) { dropped = dropped * 10 + rep; }
EXPORT(THINGS "#dropped") u32 order_of_dropped(void) { return dropped; }
