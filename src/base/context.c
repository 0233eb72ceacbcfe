/* context.c -- the arena, the one way out, and the path that a diagnostic carries.
 *
 * Memory is cut from blocks that grow, each chained to the one before; the largest have large pages, where there are
 * such. Nothing is given back before context_free(), so leaving early through fail() needs no clean-up. What an array
 * has outgrown, and what a scratch took, is spare: the next array that grows to such a size has it, and before there is
 * a new block, memory is cut from what is spare.
 *
 * Requires  a zeroed struct context, with or without allocation hooks.
 * Provides  allocate, grow_memory, scratches, fail, run_guarded, places, branches for other threads, and small helpers
 *           on bytes.
 */
#include "base/context.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#define ALIGNMENT _Alignof(max_align_t)
#define FIRST_BLOCK ((size_t)64 << 10)
#define LARGEST_BLOCK (((size_t)4 << 20) - header_size())
#define GROWTH 4                          /* of a block over the one before */
#define LEAST_SPARE ((size_t)64)          /* bytes: less is not worth keeping */
#define LEAST_REUSED ((size_t)128)        /* bytes: for less it is quicker to cut new ones */
#define LEAST_CUT_FROM ((size_t)32 << 10) /* bytes: less is not worth cutting from */
#define LARGE_PAGE ((size_t)2 << 20)      /* bytes, where there are such */

struct arena_block {
  struct arena_block *previous;
  size_t size;    /* of the memory after the header */
  bool is_single; /* it holds one allocation */
  bool is_mapped; /* it is the system's, in large pages */
};

/* At the start of memory that nobody uses. */
struct spare {
  struct spare *next;
  size_t size;
};

/* How it was before a scratch. */
struct mark {
  struct mark *outer;
  struct arena_block *blocks;
  uint8_t *next, *limit;
  bool is_used;
  struct spare *spares[SPARE_CLASSES];
};

/* The address sanitizer is told what is spare, so that it finds who still uses it. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifdef IS_SANITIZED
#include <sanitizer/asan_interface.h>
#define HIDE(memory, size) ASAN_POISON_MEMORY_REGION(memory, size)
#define REVEAL(memory, size) ASAN_UNPOISON_MEMORY_REGION(memory, size)
#else
#define HIDE(memory, size) ((void)(memory), (void)(size))
#define REVEAL(memory, size) ((void)(memory), (void)(size))
#endif

static size_t header_size(void) { return (sizeof(struct arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

#ifdef MADV_HUGEPAGE
/* Zeroed memory that begins at a large page; null: there is none. To touch memory for the first time takes the system a
 * while for each page of it, and less for fewer, larger ones. What is not touched is not there. */
static void *map_large_pages(size_t size) {
  uint8_t *const mapped =
      mmap(NULL, size + LARGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    return NULL;
  const size_t before = LARGE_PAGE - 1 - ((uintptr_t)mapped + LARGE_PAGE - 1) % LARGE_PAGE;
  if (before > 0)
    munmap(mapped, before);
  munmap(mapped + before + size, LARGE_PAGE - before);
  madvise(mapped + before, size, MADV_HUGEPAGE);
  return mapped + before;
}

static void unmap(void *memory, size_t size) {
  REVEAL(memory, size);
  munmap(memory, size);
}
#else
static void *map_large_pages(size_t size) { return (void)size, NULL; }
static void unmap(void *memory, size_t size) { (void)memory, (void)size; }
#endif

static void release_block(struct context *context, struct arena_block *block) {
  if (block->is_mapped)
    unmap(block, header_size() + block->size);
  else if (context->release)
    context->release(context->user, block);
  else
    free(block);
}

bool run_guarded(struct context *context, void (*body)(struct context *, void *), void *argument) {
  jmp_buf here;
  jmp_buf *const outer = context->escape;
  const uint32_t place_count = context->place_count;
  context->failure = FAILURE_NONE;
  context->offset = NO_OFFSET;
  context->message[0] = context->hint[0] = context->path[0] = '\0';
  context->escape = &here;
  if (setjmp(here) == 0)
    body(context, argument);
  context->escape = outer;
  context->place_count = place_count;
  return context->failure == FAILURE_NONE;
}

void context_free(struct context *context) {
  while (context->mark)
    end_scratch(context);
  struct arena_block *block = context->blocks;
  while (block) {
    struct arena_block *previous = block->previous;
    release_block(context, block);
    block = previous;
  }
  context->blocks = NULL;
  context->next = context->limit = NULL;
  memset(context->spares, 0, sizeof context->spares);
}

/* What stands for the character at the start of `text`, which is `size` bytes; its size. */
static size_t escape_character(char out[16], struct bytes text, size_t *size, const char *also) {
  const uint32_t character = decode_character(text, size);
  if (*size == 0) {
    *size = 1;
    return (size_t)snprintf(out, 16, "\\x%02x", text.at[0]);
  }
  if (disturbs_text(character))
    return (size_t)snprintf(out, 16, "\\u{%x}", character);
  size_t used = 0;
  if (character < 0x80 && strchr(also, (int)character))
    out[used++] = '\\';
  memcpy(out + used, text.at, *size);
  return used + *size;
}

size_t escape_text(char *to, size_t capacity, struct bytes text, const char *also) {
  size_t used = 0;
  for (size_t at = 0, size; at < text.size; at += size) {
    char escaped[16];
    const struct bytes rest = {text.at + at, text.size - at};
    const size_t written = escape_character(escaped, rest, &size, also);
    if (written >= capacity - used)
      break;
    memcpy(to + used, escaped, written);
    used += written;
  }
  to[used] = '\0';
  return used;
}

/* A cut in the middle of a UTF-8 sequence would make the diagnostic itself malformed. */
static void drop_partial_character(char *text, size_t size) {
  size_t tail = 0;
  while (tail < size && tail < 3 && ((uint8_t)text[size - 1 - tail] & 0xc0) == 0x80)
    tail++;
  if (tail < size && (uint8_t)text[size - 1 - tail] >= 0xc0)
    text[size - 1 - tail] = '\0';
}

/* Formats into `to` with what came from the input escaped: names may hold line breaks and terminal escapes, which have
 * no place in one line of text. */
static void format_escaped(char *to, size_t capacity, const char *format, va_list arguments) {
  char raw[sizeof(((struct context *)NULL)->message)];
  if (vsnprintf(raw, sizeof(raw), format, arguments) >= (int)sizeof(raw))
    drop_partial_character(raw, sizeof(raw) - 1);
  escape_text(to, capacity, bytes_of(raw), "");
}

/* Appends to the path, which has `used` bytes; returns how many it has then. */
static size_t append_to_path(struct context *context, size_t used, const char *text) {
  return used + escape_text(context->path + used, sizeof(context->path) - used, bytes_of(text), "");
}

static size_t append_name_to_path(struct context *context, size_t used, struct bytes name) {
  return used + escape_text(context->path + used, sizeof(context->path) - used, name, "\"\\");
}

static size_t write_place(struct context *context, size_t used, const struct place *place) {
  const bool is_identified = place->is_identifier && place->name.size;
  char index[16];
  snprintf(index, sizeof(index), " %u", place->index);
  used = append_to_path(context, used, place->what);
  if (!is_identified && place->index != UINT32_MAX)
    used = append_to_path(context, used, index);
  if (!place->name.size)
    return used;
  used = append_to_path(context, used, is_identified ? " $" : " \"");
  used = append_name_to_path(context, used, place->name);
  return is_identified ? used : append_to_path(context, used, "\"");
}

static void write_path(struct context *context) {
  size_t used = 0;
  context->path[0] = '\0';
  for (uint32_t i = 0; i < context->place_count; i++) {
    used = append_to_path(context, used, i ? ", " : "");
    used = write_place(context, used, &context->places[i]);
  }
}

void set_hint(struct context *context, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  format_escaped(context->hint, sizeof(context->hint), format, arguments);
  va_end(arguments);
}

void clear_hint(struct context *context) { context->hint[0] = '\0'; }

void fail(struct context *context, enum failure failure, size_t offset, const char *format, ...) {
  assert(failure != FAILURE_NONE);
  assert(context->escape);
  context->failure = failure;
  context->offset = offset == NO_OFFSET ? NO_OFFSET : context->offset_base + offset;
  va_list arguments;
  va_start(arguments, format);
  format_escaped(context->message, sizeof(context->message), format, arguments);
  va_end(arguments);
  write_path(context);
  context->failed_place_count = context->place_count;
  longjmp(*context->escape, 1);
}

void fail_again(struct context *context, const struct context *branch) {
  assert(branch->failure != FAILURE_NONE);
  if (branch == context)
    longjmp(*context->escape, 1);
  context->failure = branch->failure;
  context->offset = branch->offset;
  memcpy(context->message, branch->message, sizeof(context->message));
  memcpy(context->hint, branch->hint, sizeof(context->hint));
  memcpy(context->path, branch->path, sizeof(context->path));
  memcpy(context->places, branch->places, sizeof(context->places));
  context->failed_place_count = branch->failed_place_count;
  longjmp(*context->escape, 1);
}

/* calloc gets fresh pages without touching them. */
static void *zeroed_memory(struct context *context, size_t size) {
  if (!context->allocate)
    return calloc(1, size);
  void *memory = context->allocate(context->user, size);
  return memory ? memset(memory, 0, size) : NULL;
}

/* Zeroed, so that what is cut from it is: nothing is handed out twice. Null: there is no memory. */
static struct arena_block *find_block(struct context *context, size_t size) {
  const size_t whole = header_size() + size;
  const bool is_large = size == LARGEST_BLOCK && !context->allocate;
  struct arena_block *block = is_large ? map_large_pages(whole) : NULL;
  const bool is_mapped = block != NULL;
  if (!block)
    block = zeroed_memory(context, whole);
  if (block)
    *block = (struct arena_block){.size = size, .is_mapped = is_mapped};
  return block;
}

/* Of at least `size` bytes, and of `usual` if there is memory. */
static struct arena_block *new_block(struct context *context, size_t size, size_t usual) {
  struct arena_block *block = size < usual ? find_block(context, usual) : NULL;
  if (!block && size <= SIZE_MAX - header_size())
    block = find_block(context, size);
  if (!block)
    fail(context, FAILURE_SYSTEM, NO_OFFSET, "out of memory");
  return block;
}

static uint8_t *block_memory(struct arena_block *block) { return (uint8_t *)block + header_size(); }

static uint32_t spare_class(size_t size) {
  const uint32_t class = 63 - (uint32_t)__builtin_clzll((unsigned long long)size | 1);
  return class < SPARE_CLASSES ? class : SPARE_CLASSES - 1;
}

static void add_spare(struct context *context, void *memory, size_t size) {
  if (size < LEAST_SPARE)
    return;
  REVEAL(memory, sizeof(struct spare));
  struct spare *spare = memory;
  const uint32_t class = spare_class(size);
  *spare = (struct spare){context->spares[class], size};
  context->spares[class] = spare;
  HIDE((uint8_t *)memory + sizeof *spare, size - sizeof *spare);
}

/* The newest of a class, which has one. */
static struct spare *take_spare(struct context *context, uint32_t class) {
  struct spare *spare = context->spares[class];
  context->spares[class] = spare->next;
  REVEAL((uint8_t *)spare, spare->size);
  return spare;
}

static size_t round_up(size_t size) { return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

/* What follows `size` bytes, which are used, is spare again. */
static void *use_spare(struct context *context, struct spare *spare, size_t size) {
  size = round_up(size);
  if (size < spare->size)
    add_spare(context, (uint8_t *)spare + size, spare->size - size);
  return spare;
}

/* Spare memory for `size` bytes; null: there is none, of those that are looked at. */
static void *find_spare(struct context *context, size_t size) {
  const uint32_t class = spare_class(size);
  if (context->spares[class] && context->spares[class]->size >= size)
    return use_spare(context, take_spare(context, class), size);
  if (class + 1 < SPARE_CLASSES && context->spares[class + 1])
    return use_spare(context, take_spare(context, class + 1), size);
  return NULL;
}

static size_t memory_left(const struct context *context) { return (size_t)(context->limit - context->next); }

/* From here on, allocate() cuts from this. What is left of the memory before is spare. */
static void cut_from(struct context *context, uint8_t *memory, size_t size, bool is_used) {
  if (memory_left(context) > 0)
    add_spare(context, context->next, memory_left(context));
  context->next = memory;
  context->limit = memory + size;
  context->is_used = is_used;
}

/* A spare that has room for `size` bytes, of the smallest that are worth it: the largest may never have been touched.
 */
static bool cut_from_spare(struct context *context, size_t size) {
  uint32_t class = spare_class(size > LEAST_CUT_FROM ? size : LEAST_CUT_FROM);
  while (class < SPARE_CLASSES && !(context->spares[class] && context->spares[class]->size >= size))
    class ++;
  if (class == SPARE_CLASSES)
    return false;
  struct spare *spare = take_spare(context, class);
  cut_from(context, (uint8_t *)spare, spare->size, true);
  return true;
}

static size_t usual_block(const struct context *context) {
  const size_t newest = context->blocks ? context->blocks->size : FIRST_BLOCK / GROWTH;
  return newest < LARGE_PAGE / GROWTH && !context->is_large ? newest * GROWTH : LARGEST_BLOCK;
}

/* A request that would waste most of what is left gets a block of its own, behind the newest one. */
static uint8_t *allocate_from_new_block(struct context *context, size_t size) {
  const size_t usual = usual_block(context);
  if (size > usual / 4 && context->blocks) {
    struct arena_block *own = new_block(context, size, size);
    own->is_single = true;
    /* Its size must not count as that of the newest block. */
    own->previous = context->blocks->previous;
    context->blocks->previous = own;
    return block_memory(own);
  }
  struct arena_block *block = new_block(context, size < FIRST_BLOCK ? FIRST_BLOCK : size, usual);
  block->previous = context->blocks;
  context->blocks = block;
  cut_from(context, block_memory(block) + size, block->size - size, false);
  return block_memory(block);
}

/* Adds blocks, if any, behind the newest, which is the one that is cut from. */
static void add_blocks(struct context *context, struct arena_block *blocks) {
  struct arena_block *last = blocks;
  if (!context->blocks)
    context->blocks = blocks;
  if (!blocks || context->blocks == blocks)
    return;
  while (last->previous)
    last = last->previous;
  last->previous = context->blocks->previous;
  context->blocks->previous = blocks;
}

void begin_scratch(struct context *context) {
  struct mark *mark = ALLOCATE(context, struct mark, 1);
  *mark = (struct mark){context->mark, context->blocks, context->next, context->limit, context->is_used, {0}};
  memcpy(mark->spares, context->spares, sizeof mark->spares);
  context->mark = mark;
  context->blocks = NULL;
  context->next = context->limit = NULL;
  memset(context->spares, 0, sizeof context->spares);
}

void end_scratch(struct context *context) {
  const struct mark *mark = context->mark;
  struct arena_block *taken = context->blocks;
  context->mark = mark->outer;
  context->blocks = mark->blocks;
  context->next = mark->next;
  context->limit = mark->limit;
  context->is_used = mark->is_used;
  memcpy(context->spares, mark->spares, sizeof context->spares);
  for (struct arena_block *block = taken; block; block = block->previous)
    add_spare(context, block_memory(block), block->size);
  add_blocks(context, taken);
}

/* The block that holds nothing but what is at `memory`, taken out of the arena; null if there is none. */
static struct arena_block *take_block(struct context *context, const uint8_t *memory) {
  struct arena_block *block = context->blocks; /* the newest is the one that is cut from */
  while (block && block->previous && block_memory(block->previous) != memory)
    block = block->previous;
  if (!block || !block->previous || !block->previous->is_single)
    return NULL;
  struct arena_block *taken = block->previous;
  block->previous = taken->previous;
  return taken;
}

uint8_t *context_keep(struct context *context, struct bytes bytes, void **block) {
  if (bytes.size) {
    *block = take_block(context, bytes.at);
    if (*block)
      return block_memory(*block);
  }
  const size_t size = bytes.size ? bytes.size : 1;
  *block = context->allocate ? context->allocate(context->user, size) : malloc(size);
  if (*block && bytes.size)
    memcpy(*block, bytes.at, bytes.size);
  return *block;
}

/* `size` bytes, which is a multiple of the alignment; they can be anything. */
static uint8_t *cut(struct context *context, size_t size) {
  if (size > memory_left(context) && !cut_from_spare(context, size))
    return allocate_from_new_block(context, size);
  context->next += size;
  return context->next - size;
}

void *allocate(struct context *context, size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total) || total > SIZE_MAX - ALIGNMENT)
    fail(context, FAILURE_SYSTEM, NO_OFFSET, "out of memory");
  total = round_up(total ? total : 1);
  uint8_t *memory = cut(context, total);
  return context->is_used ? memset(memory, 0, total) : memory;
}

void *grow_memory(struct context *context, void *outgrown, size_t outgrown_size, size_t used, size_t size) {
  if (size > SIZE_MAX - ALIGNMENT)
    fail(context, FAILURE_SYSTEM, NO_OFFSET, "out of memory");
  void *memory = size < LEAST_REUSED ? NULL : find_spare(context, size);
  if (!memory)
    memory = cut(context, round_up(size ? size : 1));
  if (used)
    memcpy(memory, outgrown, used);
  if (outgrown)
    add_spare(context, outgrown, outgrown_size);
  return memory;
}

/* Many small beginnings would each touch pages of their own. */
static void share_memory(struct context *branch, struct context *context, uint32_t count) {
  const size_t part = memory_left(context) / (count + 1) / ALIGNMENT * ALIGNMENT;
  if (part < FIRST_BLOCK)
    return;
  branch->limit = context->limit;
  branch->next = context->limit -= part;
  branch->is_used = context->is_used;
}

void context_branch(struct context *branch, struct context *context, uint32_t count) {
  *branch = (struct context){.input = context->input,
                             .place_count = context->place_count,
                             .allocate = context->allocate,
                             .release = context->release,
                             .user = context->user};
  memcpy(branch->places, context->places, sizeof(branch->places));
  share_memory(branch, context, count);
}

void context_adopt(struct context *context, struct context *branch) {
  while (branch->mark)
    end_scratch(branch); /* it failed in there */
  add_blocks(context, branch->blocks);
  if (branch->next == context->limit)
    context->limit = branch->limit;
  else if (memory_left(branch) > memory_left(context))
    cut_from(context, branch->next, memory_left(branch), branch->is_used);
  else if (memory_left(branch) > 0)
    add_spare(context, branch->next, memory_left(branch));
  for (uint32_t i = 0; i < SPARE_CLASSES; i++)
    while (branch->spares[i]) {
      struct spare *spare = take_spare(branch, i);
      add_spare(context, spare, spare->size);
    }
  branch->blocks = NULL;
}

static void push(struct context *context, struct place place) {
  if (context->place_count == PLACE_LIMIT)
    fail(context, FAILURE_INPUT, NO_OFFSET, "definitions are nested more than %d deep", PLACE_LIMIT);
  context->places[context->place_count++] = place;
}

void push_place(struct context *context, const char *what, uint32_t index, struct bytes name) {
  push(context, (struct place){.what = what, .index = index, .name = name});
}

void push_identified_place(struct context *context, const char *what, uint32_t index, struct bytes identifier) {
  push(context, (struct place){.what = what, .index = index, .name = identifier, .is_identifier = true});
}

void pop_place(struct context *context) {
  assert(context->place_count > 0);
  context->place_count--;
}

struct path keep_path(struct context *context) {
  struct place *places = ALLOCATE(context, struct place, context->place_count);
  memcpy(places, context->places, context->place_count * sizeof(*places));
  return (struct path){places, context->place_count};
}

void set_path(struct context *context, struct path path) {
  assert(path.count <= PLACE_LIMIT);
  memcpy(context->places, path.places, path.count * sizeof(*path.places));
  context->place_count = path.count;
}

struct bytes format_bytes(struct context *context, const char *format, ...) {
  char beginning[128]; /* most often all of it */
  va_list arguments;
  va_start(arguments, format);
  const int size = vsnprintf(beginning, sizeof(beginning), format, arguments);
  va_end(arguments);
  assert(size >= 0);
  char *text = ALLOCATE(context, char, (size_t)size + 1);
  if ((size_t)size < sizeof(beginning)) {
    memcpy(text, beginning, (size_t)size + 1);
    return (struct bytes){(const uint8_t *)text, (size_t)size};
  }
  va_start(arguments, format);
  vsnprintf(text, (size_t)size + 1, format, arguments);
  va_end(arguments);
  return (struct bytes){(const uint8_t *)text, (size_t)size};
}

struct bytes number_text(uint32_t number, char digits[NUMBER_DIGITS]) {
  char *at = digits + NUMBER_DIGITS;
  do
    *--at = (char)('0' + number % 10);
  while (number /= 10);
  return (struct bytes){(const uint8_t *)at, (size_t)(digits + NUMBER_DIGITS - at)};
}

struct bytes join_bytes(struct context *context, const struct bytes *parts, uint32_t count) {
  size_t size = 0;
  for (uint32_t i = 0; i < count; i++)
    size += parts[i].size;
  uint8_t *joined = ALLOCATE(context, uint8_t, size), *to = joined;
  for (uint32_t i = 0; i < count; i++) {
    if (parts[i].size)
      memcpy(to, parts[i].at, parts[i].size);
    to += parts[i].size;
  }
  return (struct bytes){joined, size};
}

bool bytes_equal(struct bytes a, struct bytes b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

struct bytes bytes_of(const char *text) { return (struct bytes){(const uint8_t *)text, strlen(text)}; }
