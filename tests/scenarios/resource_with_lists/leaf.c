/* A resource that holds bytes. */
#include "../guest.h"

#define THINGS "test:lists/things"

struct thing {
  u8 bytes[64];
  u32 size;
};

IMPORT("[export]" THINGS, "[resource-new]thing") handle thing_new(struct thing *rep);

static u32 dropped;
static struct slice result;

static void append(struct thing *self, const u8 *bytes, u32 size) {
  REQUIRE(size <= sizeof self->bytes - self->size);
  memcpy(self->bytes + self->size, bytes, size);
  self->size += size;
}

EXPORT(THINGS "#[constructor]thing") handle constructor(const u8 *bytes, u32 size) {
  struct thing *self = allocate(sizeof *self);
  self->size = 0;
  append(self, bytes, size);
  return thing_new(self);
}

EXPORT(THINGS "#[method]thing.get") struct slice *get(struct thing *self) {
  result.data = self->bytes;
  result.size = self->size;
  return &result;
}

EXPORT(THINGS "#[method]thing.append") void method_append(struct thing *self, const u8 *bytes, u32 size) {
  append(self, bytes, size);
}

EXPORT(THINGS "#[static]thing.join") struct slice *join(const struct slice *parts, u32 count) {
  static struct thing joined;
  joined.size = 0;
  for (u32 i = 0; i < count; i++)
    append(&joined, parts[i].data, parts[i].size);
  return get(&joined);
}

EXPORT(THINGS "#[dtor]thing") void dtor(struct thing *self) {
  REQUIRE(self->size <= sizeof self->bytes);
  self->size = 1000;
  dropped++;
}

EXPORT("test:lists/counts#dropped") u32 count(void) { return dropped; }
