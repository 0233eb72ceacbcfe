/* merge_zeros.c -- data segments without the zeros that the memory has anyway.
 *
 * A new memory is zero, so an active segment need not say where it is. What lies between long runs of zeros becomes
 * segments of its own, and zeros at both ends are left out:
 *
 *     (data (i32.const 8) "\00\00ab<40 zeros>cd\00")   ->   (data (i32.const 10) "ab") ... (data (i32.const 52) "cd")
 *
 * That nobody can tell, if the memory is new when the segments are applied, if each of them is certain not to trap, and
 * if no two of one memory overlap: else the zeros may stand over what another one put there. So only a memory is looked
 * at that the program defines, all of whose active segments begin at constants, are inside of it, and lie in ascending
 * order or can be put into it. Segments that the start function applies come later, and stay as they are.
 *
 * Indices stay: the first part of a segment has its place, the others are behind all segments. When code runs, an
 * active segment is dropped, and what it had no longer matters.
 *
 * Requires  the segments of the output.
 * Provides  the same in fewer bytes; data_parts.
 * Spec      WebAssembly core, "Execution / Modules / Instantiation".
 */
#include "base/parallel.h"
#include "fuse/merge.h"
#include "fuse/proofs.h"
#include "wasm/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define OPCODE_END 0x0b
#define OPCODE_I32_CONST 0x41
#define OPCODE_I64_CONST 0x42

#define RUN_LEAST 32 /* zeros that are worth a segment, which takes 12 bytes at most, and more of an engine */
#define WORD_SIZE 8
#define STRIDE (RUN_LEAST - WORD_SIZE) /* a run has a word of zeros at one of these */
#define PART_LIMIT (SEGMENT_LIMIT / 2) /* segments beyond which none is cut into more */

/* An active segment. */
struct placed_data {
  uint32_t data, memory;
  uint64_t start;
  struct bytes content;    /* without the zeros at both ends */
  VEC(struct bytes) zeros; /* runs in it that are worth it */
};

struct leaving_out {
  struct merge *m;
  VEC(struct placed_data) placed;
  size_t placed_size;   /* of what is in them, in bytes */
  bool *is_known;       /* of each memory: its segments may be cut */
  uint64_t *size;       /* of each, at first, in bytes */
  struct buffer offset; /* for one of the moment */
};

static void know_memory(struct leaving_out *l, uint32_t memory, const struct core_limits *limits) {
  l->is_known[memory] = !limits->is_shared;
  l->size[memory] = least_memory_size(limits);
}

static void find_new_memories(struct leaving_out *l) {
  const struct merge *m = l->m;
  const uint32_t count = item_count(m->out, CORE_MEMORY), imported = m->out->imported[CORE_MEMORY];
  l->is_known = ALLOCATE(m->context, bool, count);
  l->size = ALLOCATE(m->context, uint64_t, count);
  for (uint32_t i = imported; i < count; i++)
    know_memory(l, i, &m->out->memories.items[i - imported]);
  for (uint32_t i = 0; i < m->plan->boundary_imports.count; i++) {
    const struct boundary_import *import = &m->plan->boundary_imports.items[i];
    if (import->kind == BOUNDARY_MEMORY && import->memory.source == ITEM_DEFINED && m->is_boundary_live[i])
      know_memory(l, m->boundary_to[i], &import->type.memory);
  }
}

/* Of an expression that is one constant, the number, zero-extended. */
static bool read_start(struct context *c, struct bytes offset, uint64_t *start) {
  if (size_of_constant(offset) != offset.size)
    return false;
  const struct bytes number = {offset.at + 1, offset.size - 1};
  struct reader r = reader_of(c, number, number.at);
  *start = *offset.at == OPCODE_I32_CONST ? (uint32_t)read_s32(&r, "the offset") : (uint64_t)read_s64(&r, "the offset");
  return true;
}

static bool is_inside(uint64_t size, uint64_t start, uint64_t count) { return start <= size && count <= size - start; }

static void find_placed(struct leaving_out *l) {
  struct merge *m = l->m;
  VEC_RESERVE(m->context, &l->placed, m->out->datas.count);
  for (uint32_t i = 0; i < m->out->datas.count; i++) {
    const struct core_data *data = &m->out->datas.items[i];
    struct placed_data placed = {.data = i, .memory = data->memory};
    if (data->mode != SEGMENT_ACTIVE || !l->is_known[data->memory])
      continue;
    if (read_start(m->context, data->offset, &placed.start) &&
        is_inside(l->size[data->memory], placed.start, data->content.size)) {
      VEC_ADD(m->context, &l->placed, placed);
      l->placed_size += data->content.size;
    } else {
      l->is_known[data->memory] = false;
    }
  }
}

static int compare_placed(const void *left, const void *right) {
  const struct placed_data *a = left, *b = right;
  if (a->memory != b->memory)
    return a->memory < b->memory ? -1 : 1;
  if (a->start != b->start)
    return a->start < b->start ? -1 : 1;
  return a->data < b->data ? -1 : a->data > b->data;
}

static bool is_in_order(const struct leaving_out *l) {
  for (uint32_t i = 1; i < l->placed.count; i++)
    if (compare_placed(&l->placed.items[i - 1], &l->placed.items[i]) > 0)
      return false;
  return true;
}

static void refuse_overlaps(struct leaving_out *l) {
  if (!is_in_order(l))
    qsort(l->placed.items, l->placed.count, sizeof *l->placed.items, compare_placed);
  for (uint32_t i = 1; i < l->placed.count; i++) {
    const struct placed_data *before = &l->placed.items[i - 1], *placed = &l->placed.items[i];
    if (before->memory == placed->memory &&
        l->m->out->datas.items[before->data].content.size > placed->start - before->start)
      l->is_known[placed->memory] = false;
  }
}

static uint64_t word_at(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

/* The first run of zeros in `content` that is long enough; false: there is none. It begins and ends with others. */
static bool find_run(struct bytes content, struct bytes *run) {
  for (size_t at = 0; at + WORD_SIZE <= content.size; at += STRIDE) {
    if (word_at(content.at + at) != 0)
      continue;
    size_t first = at, after = at + WORD_SIZE;
    while (first > 0 && content.at[first - 1] == 0)
      first--;
    while (after + WORD_SIZE <= content.size && word_at(content.at + after) == 0)
      after += WORD_SIZE;
    while (after < content.size && content.at[after] == 0)
      after++;
    *run = (struct bytes){content.at + first, after - first};
    if (run->size >= RUN_LEAST)
      return true;
  }
  return false;
}

static void find_zeros(struct context *c, struct bytes content, struct placed_data *placed) {
  struct bytes rest = content, run;
  while (rest.size && rest.at[rest.size - 1] == 0)
    rest.size--;
  while (rest.size && *rest.at == 0)
    rest.at++, rest.size--;
  placed->content = rest;
  while (find_run(rest, &run)) {
    VEC_ADD(c, &placed->zeros, run);
    rest.size -= (size_t)(run.at - rest.at) + run.size;
    rest.at = run.at + run.size;
  }
}

static void find_some_zeros(struct context *c, void *argument, struct share *share) {
  struct leaving_out *l = argument;
  for (uint32_t i, end; take_items(share, &i, &end);)
    for (; i < end; i++) {
      struct placed_data *placed = &l->placed.items[i];
      if (l->is_known[placed->memory])
        find_zeros(c, l->m->out->datas.items[placed->data].content, placed);
    }
}

static struct bytes constant_offset(struct leaving_out *l, bool is_64, uint64_t start) {
  struct buffer *b = &l->offset;
  b->size = 0;
  put_byte(b, is_64 ? OPCODE_I64_CONST : OPCODE_I32_CONST);
  put_s64(b, is_64 ? (int64_t)start : (int32_t)(uint32_t)start);
  put_byte(b, OPCODE_END);
  uint8_t *offset = ALLOCATE(l->m->context, uint8_t, b->size);
  memcpy(offset, b->data, b->size);
  return (struct bytes){offset, b->size};
}

/* The part of a segment at `start`: in the place of the whole, which is still there if it is `whole`, or behind all. */
static void put_part(struct leaving_out *l, const struct placed_data *of, const struct core_data *whole, uint64_t start,
                     struct bytes content) {
  struct merge *m = l->m;
  struct core_data *first = &m->out->datas.items[of->data], part = *whole;
  part.content = content;
  if (start != of->start)
    part.offset = constant_offset(l, *whole->offset.at == OPCODE_I64_CONST, start);
  if (first->content.at == whole->content.at && first->content.size == whole->content.size) {
    *first = part;
    return;
  }
  VEC_ADD(m->context, &m->out->datas, part);
  VEC_ADD(m->context, &m->data_parts, of->data);
}

static void cut(struct leaving_out *l, const struct placed_data *placed) {
  const struct core_data whole = l->m->out->datas.items[placed->data];
  struct bytes rest = placed->content;
  for (uint32_t i = 0; i < placed->zeros.count && l->m->out->datas.count < PART_LIMIT; i++) {
    const struct bytes run = placed->zeros.items[i], part = {rest.at, (size_t)(run.at - rest.at)};
    put_part(l, placed, &whole, placed->start + (uint64_t)(part.at - whole.content.at), part);
    rest.size -= part.size + run.size;
    rest.at = run.at + run.size;
  }
  if (rest.size != whole.content.size)
    put_part(l, placed, &whole, placed->start + (uint64_t)(rest.at - whole.content.at), rest);
}

void leave_out_zeros(struct merge *m) {
  struct leaving_out l = {.m = m, .offset = new_buffer(m->context)};
  if (!uses_proof(PROOF_ZEROS))
    return;
  find_new_memories(&l);
  find_placed(&l);
  refuse_overlaps(&l);
  run_parallel(m->context, l.placed.count, l.placed_size, find_some_zeros, &l);
  for (uint32_t i = 0; i < l.placed.count; i++)
    if (l.is_known[l.placed.items[i].memory])
      cut(&l, &l.placed.items[i]);
}
