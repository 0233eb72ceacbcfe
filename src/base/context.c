/* context.c -- the arena, the one way out, and the path that a diagnostic carries.
 *
 * Memory is cut from blocks that double in size, each block chained to the one before. Nothing is ever given back
 * before context_free(), so leaving early through fail() needs no clean-up.
 *
 * Requires  a zeroed struct context, with or without allocation hooks.
 * Provides  allocate, fail, run_guarded, places, and small helpers on bytes.
 */
#include "base/context.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT _Alignof(max_align_t)
#define FIRST_BLOCK ((size_t)64 << 10)
#define LARGEST_BLOCK ((size_t)8 << 20)

struct arena_block {
  struct arena_block *previous;
  size_t size; /* of the memory after the header */
};

static size_t header_size(void) { return (sizeof(struct arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

bool run_guarded(struct context *context, void (*body)(struct context *, void *), void *argument) {
  jmp_buf here;
  jmp_buf *const outer = context->escape;
  const uint32_t place_count = context->place_count;
  context->failure = FAILURE_NONE;
  context->offset = NO_OFFSET;
  context->message[0] = context->path[0] = '\0';
  context->escape = &here;
  if (setjmp(here) == 0)
    body(context, argument);
  context->escape = outer;
  context->place_count = place_count;
  return context->failure == FAILURE_NONE;
}

void context_free(struct context *context) {
  struct arena_block *block = context->blocks;
  while (block) {
    struct arena_block *previous = block->previous;
    if (context->release)
      context->release(context->user, block);
    else
      free(block);
    block = previous;
  }
  context->blocks = NULL;
  context->next = context->limit = NULL;
}

/* A cut in the middle of a UTF-8 sequence would make the diagnostic itself malformed. */
static void drop_partial_character(char *text, size_t size) {
  size_t tail = 0;
  while (tail < size && tail < 3 && ((uint8_t)text[size - 1 - tail] & 0xc0) == 0x80)
    tail++;
  if (tail < size && (uint8_t)text[size - 1 - tail] >= 0xc0)
    text[size - 1 - tail] = '\0';
}

static size_t append_text(char *to, size_t capacity, size_t used, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static size_t append_text(char *to, size_t capacity, size_t used, const char *format, ...) {
  if (used >= capacity - 1)
    return used;
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(to + used, capacity - used, format, arguments);
  va_end(arguments);
  assert(written >= 0);
  if ((size_t)written < capacity - used)
    return used + (size_t)written;
  drop_partial_character(to, capacity - 1);
  return capacity - 1;
}

static void write_path(struct context *context) {
  const size_t capacity = sizeof(context->path);
  size_t used = 0;
  for (uint32_t i = 0; i < context->place_count; i++) {
    const struct place *place = &context->places[i];
    used = append_text(context->path, capacity, used, "%s%s", i ? ", " : "", place->what);
    if (place->name.size)
      used = append_text(context->path, capacity, used, " %.*s", SHOW(place->name));
    else if (place->index != UINT32_MAX)
      used = append_text(context->path, capacity, used, " %u", place->index);
  }
}

/* Names from the input may hold line breaks and terminal escapes, which have no place in one line of text. */
static void blank_control_characters(char *text) {
  for (; *text; text++)
    if ((uint8_t)*text < 0x20 || *text == 0x7f)
      *text = '?';
}

void fail(struct context *context, enum failure failure, size_t offset, const char *format, ...) {
  assert(failure != FAILURE_NONE);
  assert(context->escape);
  context->failure = failure;
  context->offset = offset;
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(context->message, sizeof(context->message), format, arguments);
  va_end(arguments);
  if (written >= (int)sizeof(context->message))
    drop_partial_character(context->message, sizeof(context->message) - 1);
  context->path[0] = '\0';
  write_path(context);
  blank_control_characters(context->message);
  blank_control_characters(context->path);
  longjmp(*context->escape, 1);
}

/* Zeroed, so that what is cut from it is: nothing is handed out twice. calloc gets fresh pages without touching them.
 */
static struct arena_block *new_block(struct context *context, size_t size) {
  struct arena_block *block = NULL;
  if (size <= SIZE_MAX - header_size())
    block =
        context->allocate ? context->allocate(context->user, header_size() + size) : calloc(1, header_size() + size);
  if (!block)
    fail(context, FAILURE_SYSTEM, NO_OFFSET, "out of memory");
  if (context->allocate)
    memset(block, 0, header_size() + size);
  block->size = size;
  return block;
}

static uint8_t *block_memory(struct arena_block *block) { return (uint8_t *)block + header_size(); }

/* A request that would waste most of what is left gets a block of its own, behind the newest one. */
static uint8_t *allocate_from_new_block(struct context *context, size_t size) {
  const size_t newest = context->blocks ? context->blocks->size : FIRST_BLOCK / 2;
  const size_t usual = newest < LARGEST_BLOCK / 2 ? newest * 2 : LARGEST_BLOCK;
  if (size > usual / 4 && context->blocks) {
    struct arena_block *own = new_block(context, size);
    /* Its size must not count as that of the newest block. */
    own->previous = context->blocks->previous;
    context->blocks->previous = own;
    return block_memory(own);
  }
  struct arena_block *block = new_block(context, size > usual ? size : usual);
  block->previous = context->blocks;
  context->blocks = block;
  context->next = block_memory(block) + size;
  context->limit = block_memory(block) + block->size;
  return block_memory(block);
}

void *allocate(struct context *context, size_t count, size_t size) {
  if (size && count > (SIZE_MAX - ALIGNMENT) / size)
    fail(context, FAILURE_SYSTEM, NO_OFFSET, "out of memory");
  size_t total = count * size;
  if (total == 0)
    total = 1;
  total = (total + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  uint8_t *memory;
  if (total <= (size_t)(context->limit - context->next)) {
    memory = context->next;
    context->next += total;
  } else {
    memory = allocate_from_new_block(context, total);
  }
  return memory;
}

void push_place(struct context *context, const char *what, uint32_t index, struct bytes name) {
  if (context->place_count == PLACE_LIMIT)
    fail(context, FAILURE_INPUT, NO_OFFSET, "definitions are nested more than %d deep", PLACE_LIMIT);
  context->places[context->place_count++] = (struct place){what, index, name};
}

void pop_place(struct context *context) {
  assert(context->place_count > 0);
  context->place_count--;
}

struct bytes format_bytes(struct context *context, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  assert(size >= 0);
  char *text = ALLOCATE(context, char, (size_t)size + 1);
  va_start(arguments, format);
  vsnprintf(text, (size_t)size + 1, format, arguments);
  va_end(arguments);
  return (struct bytes){(const uint8_t *)text, (size_t)size};
}

bool bytes_equal(struct bytes a, struct bytes b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

struct bytes bytes_of(const char *text) { return (struct bytes){(const uint8_t *)text, strlen(text)}; }
