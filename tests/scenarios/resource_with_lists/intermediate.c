/* Exports the interface that it imports. Each thing holds one of the imported ones, and marks what goes through it: 'i'
 * after what is constructed, '<' before what is got. */
#include "../guest.h"

#define THINGS "test:lists/things"

IMPORT(THINGS, "[constructor]thing") handle inner_constructor(const u8 *bytes, u32 size);
IMPORT(THINGS, "[method]thing.get") void inner_get(handle self, struct slice *result);
IMPORT(THINGS, "[method]thing.append") void inner_append(handle self, const u8 *bytes, u32 size);
IMPORT(THINGS, "[static]thing.join") void inner_join(const struct slice *parts, u32 count, struct slice *result);
IMPORT(THINGS, "[resource-drop]thing") void inner_drop(handle self);
IMPORT("[export]" THINGS, "[resource-new]thing") handle outer_new(handle rep);

static struct slice result;

EXPORT(THINGS "#[constructor]thing") handle constructor(const u8 *bytes, u32 size) {
  u8 *marked = allocate(size + 1);
  memcpy(marked, bytes, size);
  marked[size] = 'i';
  return outer_new(inner_constructor(marked, size + 1));
}

EXPORT(THINGS "#[method]thing.get") struct slice *get(handle rep) {
  inner_get(rep, &result);
  u8 *marked = allocate(result.size + 1);
  marked[0] = '<';
  memcpy(marked + 1, result.data, result.size);
  result.data = marked;
  result.size++;
  return &result;
}

EXPORT(THINGS "#[method]thing.append") void append(handle rep, const u8 *bytes, u32 size) {
  inner_append(rep, bytes, size);
}

EXPORT(THINGS "#[static]thing.join") struct slice *join(const struct slice *parts, u32 count) {
  inner_join(parts, count, &result);
  return &result;
}

EXPORT(THINGS "#[dtor]thing") void dtor(handle rep) { inner_drop(rep); }
