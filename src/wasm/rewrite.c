/* rewrite.c -- walks code by opcodes.def: copies it with other indices, or tells which indices it has.
 *
 * There is one walk. It steps over each instruction's immediates, and knows of an immediate only what its letter says.
 * When it rewrites, `copied` marks how far the input has been taken over: a run of bytes is copied at once, up to the
 * next index whose bytes change.
 *
 *     input    local.get 0  call 5  i32.const 7  drop  call 6  end
 *              [----run--->      |  [--------run-------->   |  [run
 *     output   local.get 0  call 9  i32.const 7  drop  call 12 end
 *
 * Branches count blocks, not bytes, so that nothing else has to follow when sizes change.
 *
 * Linkers leave the addresses that they put into code as long as numbers can be. These are written as short as they
 * can be: i32.const 80 80 84 80 00 becomes i32.const 80 80 04.
 *
 * Requires  a module whose index spaces are complete; code that has not been looked at yet.
 * Provides  rewrite_*, visit_*, read_expression; every index found was in its space.
 * Spec      WebAssembly 3.0 core, "Binary Format / Instructions".
 */
#include "wasm/rewrite.h"

#include "base/hash.h"
#include "base/parallel.h"
#include "wasm/opcodes.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

/* The table. */

struct opcode {
  const char *name; /* null: there is no such instruction */
  char immediates[8];
};

#define END 0x0b
#define I32_CONST 0x41
#define I64_CONST 0x42
#define REF_FUNC 0xd2

#define SHORT_U32 4 /* bytes of a number in which all bits count */
#define SHORT_S64 9

static const struct opcode opcodes[OPCODE_ROWS] = {
#define OPCODE(prefix, opcode, name, immediates, ...) [ROW(prefix, opcode)] = {name, immediates},
#include "wasm/opcodes.def"
#undef OPCODE
};

/* Numbers that are longer than they need be. What is noted of one is how many bytes it has, and below that how many it
 * needs. */
typedef VEC(struct code_use) long_numbers;
#define SIZE_SHIFT 8
#define NEEDED_MASK 0xff

/* The walk. */

struct walk {
  struct reader r;
  const uint8_t *start;
  uint32_t counts[INDEX_SPACE_COUNT];
  const char *instruction; /* its name */
  uint64_t depth;          /* of blocks that are open, the outermost included */
  bool has_vectors;        /* an instruction on vectors has been seen */
  size_t index_size;       /* bytes of indices so far, when visiting */
  unsigned longest_step;   /* size of the steps that may be taken, see walk_common() */
  /* When visiting: */
  visit_index *visit;
  void *user;
  const uint8_t *index_at;    /* what is visited stands there alone; null: within something else */
  long_numbers *long_numbers; /* where they are noted; null: they are not */
  /* When rewriting: */
  const struct index_maps *maps;
  struct buffer *out;
  const uint8_t *copied; /* the input before this is in `out` */
};

void count_code_spaces(const struct module *m, uint32_t counts[INDEX_SPACE_COUNT]) {
  for (int kind = 0; kind < CORE_KIND_COUNT; kind++)
    counts[kind] = item_count(m, (enum core_kind)kind);
  counts[SPACE_TYPE] = m->types.count;
  counts[SPACE_ELEMENT] = m->elements.count;
  /* Code may name data segments only where their number comes before it. */
  counts[SPACE_DATA] = m->has_data_count ? m->datas.count : 0;
}

static void begin_walk(struct walk *w, struct reader r) {
  w->r = r;
  w->start = r.at;
  w->instruction = "local declarations";
  w->longest_step = 2;
  w->index_size = 0;
  w->has_vectors = false;
}

static struct walk walk_of(struct reader r, const struct module *m) {
  struct walk w = {0};
  begin_walk(&w, r);
  count_code_spaces(m, w.counts);
  return w;
}

/* Code of a module that was not read from an input has offsets of its own. */
static struct walk walk_of_bytes(struct context *c, const struct module *m, struct bytes code) {
  return walk_of(reader_of(c, code, m->origin ? m->origin : code.at), m);
}

static inline uint32_t next_u32(struct walk *w, const char *field) {
  struct reader *r = &w->r;
  if (r->end - r->at >= 2) {
    const uint32_t low = r->at[0];
    if (low < 0x80) {
      r->at++;
      return low;
    }
    const uint32_t high = r->at[1];
    if (high < 0x80) {
      r->at += 2;
      return (low & 0x7f) | high << 7;
    }
  }
  return read_u32(r, field);
}

/* Copies the input up to `until`, and goes on from where the reader is. */
static inline void copy_run(struct walk *w, const uint8_t *until) {
  put_raw(w->out, w->copied, (size_t)(until - w->copied));
  w->copied = w->r.at;
}

static inline uint32_t mapped(const struct index_maps *maps, enum index_space space, uint32_t index) {
  const uint32_t *map = maps->to[space];
  if (!map)
    return index;
  assert(map[index] != NO_INDEX);
  assert(!maps->limits || map[index] < maps->limits[space]);
  return map[index];
}

/* How many of the bytes of a number it needs: the last ones may only repeat the sign of those before them. */
static size_t needed_size(struct bytes number, bool is_signed) {
  size_t size = number.size;
  for (; size > 1; size--) {
    const uint8_t last = number.at[size - 1] & 0x7f;
    if (last != (is_signed && number.at[size - 2] & 0x40 ? 0x7f : 0))
      break;
  }
  return size;
}

/* As much of it as it needs: the last byte says that no other comes. */
static void put_needed(struct buffer *out, const uint8_t *number, size_t needed) {
  uint8_t bytes[SHORT_S64];
  assert(needed <= sizeof bytes);
  memcpy(bytes, number, needed);
  bytes[needed - 1] &= 0x7f;
  put_raw(out, bytes, needed);
}

static void shorten_number(struct walk *w, struct bytes number, size_t needed) {
  if (w->long_numbers)
    VEC_ADD(w->r.context, w->long_numbers,
            ((struct code_use){(uint32_t)(number.at - w->start), (uint32_t)(number.size << SIZE_SHIFT | needed)}));
  if (!w->out)
    return;
  copy_run(w, number.at);
  put_needed(w->out, number.at, needed);
}

/* A number that stands from `start` to where the reader is. Only those are looked at that are as long as linkers make
 * them. */
static inline void pass_number(struct walk *w, const uint8_t *start, bool is_signed) {
  const struct bytes number = {start, (size_t)(w->r.at - start)};
  if (number.size <= SHORT_U32 || (w->r.at[-1] != 0 && w->r.at[-1] != 0x7f))
    return;
  const size_t needed = needed_size(number, is_signed);
  if (needed < number.size)
    shorten_number(w, number, needed);
}

/* Is `index` in its space? Tells the visitor. */
static inline void use_index(struct walk *w, enum index_space space, const uint8_t *at, uint32_t index) {
  static const char *const names[] = {"function", "table", "memory",          "global",
                                      "tag",      "type",  "element segment", "data segment"};
  if (index >= w->counts[space]) {
    w->r.at = at;
    fail_at(&w->r, "%s: %s index %u is out of range: there %s %u", w->instruction, names[space], index,
            w->counts[space] == 1 ? "is" : "are", w->counts[space]);
  }
  if (w->visit)
    w->visit(w->user, space, index);
}

static void walk_index(struct walk *w, enum index_space space) {
  const uint8_t *start = w->r.at;
  const uint32_t index = next_u32(w, "the index");
  w->index_at = start;
  use_index(w, space, start, index);
  w->index_at = NULL;
  w->index_size += (size_t)(w->r.at - start);
  if (!w->out)
    return;
  const uint32_t to = mapped(w->maps, space, index);
  if (to == index && leb128_size(to) == (size_t)(w->r.at - start))
    return;
  copy_run(w, start);
  put_u32(w->out, to);
}

/* Whether there is such a local is for who types the code. */
static inline void walk_local(struct walk *w) {
  const uint8_t *start = w->r.at;
  const uint32_t index = next_u32(w, "the local");
  if (!w->out || !w->maps->locals)
    return;
  copy_run(w, start);
  put_u32(w->out, w->maps->locals[index]);
}

/* A value type or, with no code, a heap type that was read from `start`. */
static void walk_type(struct walk *w, const uint8_t *start, struct core_valtype type) {
  if (type.heap < 0 || (type.code != 0 && type.code != CORE_REF && type.code != CORE_REF_NULL))
    return;
  use_index(w, SPACE_TYPE, start, (uint32_t)type.heap);
  w->index_size += (size_t)(w->r.at - start);
  if (!w->out)
    return;
  type.heap = mapped(w->maps, SPACE_TYPE, (uint32_t)type.heap);
  copy_run(w, start);
  if (type.code)
    put_core_valtype(w->out, type);
  else
    put_core_heaptype(w->out, type);
}

static void walk_valtype(struct walk *w) {
  const uint8_t *start = w->r.at;
  const struct core_valtype type = read_core_valtype(&w->r);
  walk_type(w, start, type);
}

static void walk_heaptype(struct walk *w) {
  const uint8_t *start = w->r.at;
  struct core_valtype type = {0};
  read_core_heaptype(&w->r, &type);
  walk_type(w, start, type);
}

static void walk_valtypes(struct walk *w) {
  const uint32_t count = read_count(&w->r, 1, "the number of types");
  for (uint32_t i = 0; i < count; i++)
    walk_valtype(w);
}

/* blocktype ::= 0x40 | valtype | x:s33 (if x >= 0) */
static void walk_blocktype(struct walk *w) {
  const uint8_t *start = w->r.at;
  const uint8_t code = peek_byte(&w->r, "the block type");
  if (code == 0x40) {
    w->r.at++;
    return;
  }
  if (code > 0x40 && code < 0x80) {
    walk_valtype(w);
    return;
  }
  const int64_t index = read_s33(&w->r, "the block type");
  if (index < 0) {
    w->r.at = start;
    fail_at(&w->r, "%s: unknown block type", w->instruction);
  }
  use_index(w, SPACE_TYPE, start, (uint32_t)index);
  w->index_size += (size_t)(w->r.at - start);
  if (!w->out)
    return;
  copy_run(w, start);
  put_s33(w->out, mapped(w->maps, SPACE_TYPE, (uint32_t)index));
}

#define MEMARG_HAS_INDEX 0x40

/* memarg ::= flags:u32 (x:memidx)? offset:u64      flags: the alignment, and 0x40 if there is a memory index */
static void walk_memarg(struct walk *w) {
  const uint8_t *start = w->r.at;
  const uint32_t flags = next_u32(w, "the alignment");
  if (flags >= 2 * MEMARG_HAS_INDEX) {
    w->r.at = start;
    fail_at(&w->r, "%s: unknown memory argument flags 0x%x", w->instruction, flags);
  }
  const uint8_t *after_flags = w->r.at;
  const uint32_t index = flags & MEMARG_HAS_INDEX ? next_u32(w, "the memory index") : 0;
  use_index(w, SPACE_MEMORY, start, index);
  if (index) /* 0 that is said although it need not be stays with the flags, where nothing else is rewritten */
    w->index_size += (size_t)(w->r.at - after_flags);
  if (index == 0 && w->longest_step == 2 && (!w->out || mapped(w->maps, SPACE_MEMORY, 0) == 0))
    w->longest_step = 3;
  if (w->out) {
    const uint32_t to = mapped(w->maps, SPACE_MEMORY, index);
    if (to != index || flags & MEMARG_HAS_INDEX) {
      copy_run(w, start);
      put_u32(w->out, (flags & ~(uint32_t)MEMARG_HAS_INDEX) | (to ? MEMARG_HAS_INDEX : 0));
      if (to)
        put_u32(w->out, to);
    }
  }
  const uint8_t *offset = w->r.at;
  if (!at_end(&w->r) && *offset < 0x80) {
    w->r.at++;
    return;
  }
  read_u64(&w->r, "the offset");
  pass_number(w, offset, false);
}

static void walk_constant(struct walk *w, bool is_64) {
  const uint8_t *start = w->r.at;
  if (is_64)
    read_s64(&w->r, "the constant");
  else
    read_s32(&w->r, "the constant");
  pass_number(w, start, true);
}

/* catch ::= 0x00 tagidx labelidx | 0x01 tagidx labelidx | 0x02 labelidx | 0x03 labelidx */
static void walk_catches(struct walk *w) {
  const uint32_t count = read_count(&w->r, 2, "the number of catch clauses");
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t kind = peek_byte(&w->r, "the catch clause");
    if (kind > 3)
      fail_at(&w->r, "%s: unknown catch clause 0x%02x", w->instruction, kind);
    w->r.at++;
    if (kind < 2)
      walk_index(w, SPACE_TAG);
    next_u32(w, "the label");
  }
}

/* hdl ::= 0x00 tagidx labelidx | 0x01 tagidx */
static void walk_handlers(struct walk *w) {
  const uint32_t count = read_count(&w->r, 2, "the number of handlers");
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t kind = peek_byte(&w->r, "the handler");
    if (kind > 1)
      fail_at(&w->r, "%s: unknown handler 0x%02x", w->instruction, kind);
    w->r.at++;
    walk_index(w, SPACE_TAG);
    if (kind == 0)
      next_u32(w, "the label");
  }
}

static void walk_labels(struct walk *w) {
  const uint32_t count = read_count(&w->r, 1, "the number of labels");
  for (uint32_t i = 0; i <= count; i++)
    next_u32(w, "the label");
}

/* One letter of opcodes.def. */
static inline void walk_immediate(struct walk *w, char letter) {
  switch (letter) {
  case 'x':
    walk_local(w);
    return;
  case 'l':
  case 'F':
  case 'n':
    next_u32(w, "the immediate");
    return;
  case 'f':
    walk_index(w, SPACE_FUNC);
    return;
  case 't':
    walk_index(w, SPACE_TABLE);
    return;
  case 'm':
    walk_index(w, SPACE_MEMORY);
    return;
  case 'g':
    walk_index(w, SPACE_GLOBAL);
    return;
  case 'e':
    walk_index(w, SPACE_TAG);
    return;
  case 'y':
    walk_index(w, SPACE_TYPE);
    return;
  case 'E':
    walk_index(w, SPACE_ELEMENT);
    return;
  case 'd':
    walk_index(w, SPACE_DATA);
    return;
  case 'a':
    walk_memarg(w);
    return;
  case 'b':
    walk_blocktype(w);
    return;
  case 'h':
    walk_heaptype(w);
    return;
  case 'V':
    walk_valtypes(w);
    return;
  case 'L':
    walk_labels(w);
    return;
  case 'c':
    walk_catches(w);
    return;
  case 'r':
    walk_handlers(w);
    return;
  case 'i':
  case 'I':
    walk_constant(w, letter == 'I');
    return;
  case '1':
  case 'w':
    read_byte(&w->r, "the immediate");
    return;
  case '4':
    read_bytes(&w->r, 4, "the constant");
    return;
  case '8':
    read_bytes(&w->r, 8, "the constant");
    return;
  case 'v':
    read_bytes(&w->r, 16, "the constant");
    return;
  case '{':
    w->depth++;
    return;
  case '}':
    w->depth--;
    return;
  default:
    assert(false && "a letter of opcodes.def");
  }
}

static const struct opcode *next_prefixed(struct walk *w, uint8_t prefix, const uint8_t *start) {
  w->has_vectors |= prefix == VECTOR_PREFIX;
  const uint32_t code = next_u32(w, "the opcode");
  const struct opcode *opcode = code < PREFIX_ROWS ? &opcodes[ROW(prefix, code)] : NULL;
  if (!opcode || !opcode->name) {
    w->r.at = start;
    fail_at(&w->r, "unknown instruction 0x%02x 0x%02x", prefix, code);
  }
  return opcode;
}

static inline const struct opcode *next_opcode(struct walk *w) {
  const uint8_t *start = w->r.at;
  const uint8_t code = read_byte(&w->r, "the instruction");
  if (code >= FIRST_PREFIX && code <= LAST_PREFIX)
    return next_prefixed(w, code, start);
  if (!opcodes[code].name) {
    w->r.at = start;
    fail_at(&w->r, "unknown instruction 0x%02x", code);
  }
  return &opcodes[code];
}

/* What most code consists of, in one loop. It leaves alone what is rare, and the last bytes, where a number could reach
 * beyond the end: walk_expression() goes on there.
 *
 * The commonest need two looks: instructions whose immediates are numbers of one byte each. A step has, in its lowest
 * three bytes, the bits that the opcode and the two bytes after it may have set if it can be taken; and its size above.
 */
#define STEP_SHIFT 24
#define ONE(letters, letter) (sizeof(letters) == 2 && (letters)[0] == (letter))
#define IS_NUMBER(letters) (ONE(letters, 'x') || ONE(letters, 'l') || ONE(letters, 'i') || ONE(letters, 'I'))
#define STEP(letters)                                                                                                  \
  (sizeof(letters) == 1 ? 1u << STEP_SHIFT | 0xffffff                                                                  \
   : IS_NUMBER(letters) ? 2u << STEP_SHIFT | 0xff7fff                                                                  \
   : ONE(letters, 'a')  ? 3u << STEP_SHIFT | 0x7f3fff                                                                  \
                        : 0) /* no instruction is without a bit */
static const uint32_t steps[OPCODE_ROWS] = {
#define OPCODE(prefix, opcode, name, immediates, ...) [ROW(prefix, opcode)] = STEP(immediates),
#include "wasm/opcodes.def"
#undef OPCODE
};
_Static_assert(MEMARG_HAS_INDEX == 0x40, "a step has no memory index");

#define COMMON_SIZE 16 /* bytes, at least those of any instruction that is read here */

static const uint8_t *after_long_number(const uint8_t *at, unsigned most) {
  for (unsigned i = 1; i < most; i++)
    if (at[i] < 0x80)
      return at + i + 1;
  return NULL;
}

/* After a number of at most `most` bytes; null if it has more. */
static inline const uint8_t *after_number(const uint8_t *at, unsigned most) {
  return *at < 0x80 ? at + 1 : after_long_number(at, most);
}

/* An index, which `*at` is moved over; all bits set if it is no u32. */
static inline uint32_t short_index(const uint8_t **at) {
  const uint8_t *p = *at;
  uint32_t index = 0;
  for (unsigned i = 0; i < SHORT_U32; i++) {
    index |= (p[i] & 0x7fu) << 7 * i;
    if (p[i] < 0x80) {
      *at = p + i + 1;
      return index;
    }
  }
  *at = p + SHORT_U32 + 1;
  return p[SHORT_U32] < 0x10 ? index | (uint32_t)p[SHORT_U32] << 28 : UINT32_MAX;
}

/* An index that stands from `start` to `after` and is in its space. */
static inline void pass_index(struct walk *w, enum index_space space, uint32_t index, const uint8_t *start,
                              const uint8_t *after) {
  if (w->visit) {
    w->index_at = start;
    w->visit(w->user, space, index);
    w->index_at = NULL;
  }
  w->index_size += (size_t)(after - start);
  if (!w->out)
    return;
  const uint32_t to = mapped(w->maps, space, index);
  if (to == index && leb128_size(to) == (size_t)(after - start))
    return;
  put_raw(w->out, w->copied, (size_t)(start - w->copied));
  w->copied = after;
  put_u32(w->out, to);
}

static inline bool is_simple_blocktype(uint8_t code) { return code == 0x40 || (code >= CORE_V128 && code <= CORE_I32); }

static const uint8_t *walk_common_index(struct walk *w, enum index_space space, const uint8_t *at) {
  const uint8_t *after = at + 1;
  const uint32_t index = short_index(&after);
  if (index >= w->counts[space])
    return NULL;
  w->instruction = opcodes[*at].name;
  pass_index(w, space, index, at + 1, after);
  return after;
}

/* After i32.const; null if it has no s32. */
static const uint8_t *walk_common_s32(struct walk *w, const uint8_t *at) {
  const uint8_t *const after = after_number(at + 1, SHORT_U32 + 1);
  if (after != at + 1 + SHORT_U32 + 1)
    return after;
  const uint8_t last = after[-1];
  if (last >= 0x08 && last < 0x78)
    return NULL;
  w->r.at = after;
  pass_number(w, at + 1, true);
  return after;
}

/* After the instruction, if it is common but not of one step. */
static const uint8_t *walk_common_instruction(struct walk *w, const uint8_t *at) {
  const struct opcode *opcode = &opcodes[*at];
  const uint8_t *after;
  switch (opcode->immediates[0]) {
  case 'x':
    return w->longest_step < 2 ? NULL : after_number(at + 1, SHORT_U32);
  case 'l':
    return after_number(at + 1, SHORT_U32);
  case 'i':
    return walk_common_s32(w, at);
  case 'I':
    return after_number(at + 1, SHORT_S64);
  case 'a':
    if (w->longest_step == 3 && at[1] < MEMARG_HAS_INDEX && (after = after_number(at + 2, SHORT_U32)))
      return after;
    w->instruction = opcode->name;
    w->r.at = at + 1;
    walk_memarg(w);
    return w->r.at;
  case 'f':
    return walk_common_index(w, SPACE_FUNC, at);
  case 'g':
    return walk_common_index(w, SPACE_GLOBAL, at);
  case '{':
    if (opcode->immediates[1] != 'b' || opcode->immediates[2] || !is_simple_blocktype(at[1]))
      return NULL;
    w->depth++;
    return at + 2;
  case '}':
    if (opcode->immediates[1] || w->depth == 1)
      return NULL;
    w->depth--;
    return at + 1;
  default:
    return NULL;
  }
}

/* Steps of three bytes are of memory 0, and may be taken once that has been told of, and if it stays memory 0; those of
 * two bytes may be of a local, and may be taken if locals stay. */
static void walk_common(struct walk *w) {
  const uint8_t *at = w->r.at, *const end = w->r.end;
  uint32_t longest = w->longest_step << STEP_SHIFT | 0xffffff;
  while (end - at >= COMMON_SIZE) {
    const uint32_t word = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    const uint32_t step = steps[*at];
    if (step <= longest && !(word & ~step & 0xffffff)) {
      at += step >> STEP_SHIFT;
      continue;
    }
    const uint8_t *const after = walk_common_instruction(w, at);
    if (!after)
      break;
    at = after;
    longest = w->longest_step << STEP_SHIFT | 0xffffff;
  }
  w->r.at = at;
}

/* expr ::= instr* 0x0b, from the first instruction to after the `end` that closes it. */
static void walk_expression(struct walk *w) {
  const struct opcode *opcode = NULL;
  w->depth = 1;
  while (w->depth > 0) {
    walk_common(w);
    opcode = next_opcode(w);
    w->instruction = opcode->name;
    for (const char *letter = opcode->immediates; *letter; letter++)
      walk_immediate(w, *letter);
  }
  if (opcode != &opcodes[END])
    fail_at(&w->r, "%s: there is no block that this could close", w->instruction);
}

/* func ::= list(locals) expr      locals ::= n:u32 valtype */
static void walk_body(struct walk *w) {
  const uint32_t count = read_count(&w->r, 2, "the number of local declarations");
  uint64_t locals = 0;
  for (uint32_t i = 0; i < count; i++) {
    locals += read_u32(&w->r, "the number of locals");
    if (locals > UINT32_MAX)
      fail_at(&w->r, "too many locals");
    walk_valtype(w);
  }
  walk_expression(w);
  expect_end(&w->r, "function body");
}

/* Copies what the walk left to copy. */
static void finish_copy(struct walk *w) { copy_run(w, w->r.at); }

static struct walk rewriting(struct context *c, const struct module *m, const struct index_maps *maps,
                             struct bytes code, struct buffer *out) {
  struct walk w = walk_of_bytes(c, m, code);
  w.maps = maps;
  w.longest_step = maps->locals ? 1 : 2;
  w.out = out;
  w.copied = code.at;
  reserve(out, code.size);
  return w;
}

void rewrite_body(struct context *c, const struct module *m, const struct index_maps *maps, struct bytes body,
                  struct buffer *out) {
  struct walk w = rewriting(c, m, maps, body, out);
  walk_body(&w);
  finish_copy(&w);
}

void rewrite_expression(struct context *c, const struct module *m, const struct index_maps *maps,
                        struct bytes expression, struct buffer *out) {
  struct walk w = rewriting(c, m, maps, expression, out);
  walk_expression(&w);
  expect_end(&w.r, "constant expression");
  finish_copy(&w);
}

struct core_valtype rewrite_valtype(struct core_valtype type, const uint32_t *types) {
  const bool is_reference = type.code == CORE_REF || type.code == CORE_REF_NULL;
  if (is_reference && type.heap >= 0) {
    assert(types[type.heap] != NO_INDEX);
    type.heap = types[type.heap];
  }
  return type;
}

size_t size_of_constant(struct bytes expression) {
  const uint8_t *const at = expression.at;
  const size_t most = *at == I32_CONST ? SHORT_U32 : *at == I64_CONST ? SHORT_S64 : 0;
  const size_t end =
      expression.size > most + 1 ? most + 1 : expression.size - 1; /* where the `end` is, at the latest */
  size_t last = 1;
  while (last < end && at[last] >= 0x80)
    last++;
  if (last >= end || at[last + 1] != END)
    return 0;
  const bool is_longer = last > 1 && at[last] == (at[last - 1] & 0x40 ? 0x7f : 0); /* than it need be */
  return is_longer ? 0 : last + 2;
}

void visit_expression(struct context *c, const struct module *m, struct bytes expression, visit_index *visit,
                      void *user) {
  if (size_of_constant(expression) == expression.size)
    return;
  struct walk w = walk_of_bytes(c, m, expression);
  w.visit = visit;
  w.user = user;
  walk_expression(&w);
  expect_end(&w.r, "constant expression");
}

struct bytes read_expression(struct reader *r, const struct module *m) {
  const uint8_t *start = r->at;
  const size_t size = at_end(r) ? 0 : size_of_constant((struct bytes){start, (size_t)(r->end - start)});
  if (size)
    return read_bytes(r, size, "the constant expression");
  struct walk w = walk_of(*r, m);
  w.instruction = "constant expression";
  walk_expression(&w);
  r->at = w.r.at;
  return (struct bytes){start, (size_t)(r->at - start)};
}

/* What a body refers to is noted in words: the space, and below it the index. A function that ref.func names is in a
 * space of its own. Once the indices are known with their places, nothing in between has to be looked at again. */
#define REFERENCE_SPACE INDEX_SPACE_COUNT
#define SPACE_SHIFT 28

static enum index_space space_of_use(struct code_use use) {
  const uint32_t space = use.what >> SPACE_SHIFT;
  return space == REFERENCE_SPACE ? SPACE_FUNC : (enum index_space)space;
}

static uint32_t index_of_use(struct code_use use) { return use.what & ((1u << SPACE_SHIFT) - 1); }

struct notes {
  struct walk walk;
  VEC(struct code_use) uses; /* of the body */
  long_numbers long_numbers;
  bool is_plain, references;
};

static void note_use(void *user, enum index_space space, uint32_t index) {
  struct notes *notes = user;
  const struct walk *w = &notes->walk;
  const bool is_reference = space == SPACE_FUNC && w->instruction == opcodes[REF_FUNC].name;
  const uint32_t at = w->index_at ? (uint32_t)(w->index_at - w->start) : 0;
  assert(index >> SPACE_SHIFT == 0);
  notes->references |= is_reference;
  notes->is_plain &= w->index_at || (space == SPACE_MEMORY && index == 0);
  const uint32_t what = (is_reference ? (uint32_t)REFERENCE_SPACE : (uint32_t)space) << SPACE_SHIFT | index;
  VEC_ADD(w->r.context, &notes->uses, ((struct code_use){at, what}));
}

/* Uses, and after them the long numbers. */
static const struct code_use *copy_uses(struct context *c, const struct notes *notes) {
  const uint32_t use_count = notes->uses.count, number_count = notes->long_numbers.count;
  if (use_count + number_count == 0)
    return NULL;
  struct code_use *uses = ALLOCATE(c, struct code_use, use_count + number_count);
  if (use_count)
    memcpy(uses, notes->uses.items, use_count * sizeof *uses);
  if (number_count)
    memcpy(uses + use_count, notes->long_numbers.items, number_count * sizeof *uses);
  return uses;
}

static inline const uint8_t *after_index(const uint8_t *at, const uint8_t *end) {
  at++;
  while (at < end && at[-1] >= 0x80)
    at++;
  return at;
}

/* The bytes from `at` to the next index, at most so many. */
#define SAMPLE_SIZE 16
static struct bytes sample(const uint8_t *at, const uint8_t *end) {
  const size_t size = (size_t)(end - at);
  return (struct bytes){at, size < SAMPLE_SIZE ? size : SAMPLE_SIZE};
}

/* Of the bytes before the first index, in the middle, and after the last one: to look at all of them would take longer
 * than it saves. Where an index is within something else, only of how many bytes there are. */
static uint32_t likeness_of(const struct notes *notes, struct bytes body, uint32_t size_without_indices) {
  const uint8_t *const end = body.at + body.size;
  const struct code_use *uses = notes->uses.items;
  uint32_t first = 0, last = notes->uses.count;
  uint64_t hash = size_without_indices;
  if (!notes->is_plain)
    return size_without_indices;
  while (first < last && uses[first].at == 0) /* memory 0 */
    first++;
  while (last > first && uses[last - 1].at == 0)
    last--;
  if (first == last)
    return (uint32_t)(hash_bytes(hash, sample(body.at, end)) >> 32);
  hash = hash_bytes(hash, sample(body.at, body.at + uses[first].at));
  hash = hash_bytes(hash, sample(after_index(body.at + uses[last - 1].at, end), end));
  const uint32_t middle = first + (last - first) / 2;
  if (middle > first && uses[middle].at && uses[middle - 1].at)
    hash = hash_bytes(hash, sample(after_index(body.at + uses[middle - 1].at, end), body.at + uses[middle].at));
  return (uint32_t)(hash >> 32);
}

/* Of all bytes that the long numbers could do without. */
static size_t spare_size(const struct notes *notes) {
  size_t size = 0;
  for (uint32_t i = 0; i < notes->long_numbers.count; i++) {
    const uint32_t sizes = notes->long_numbers.items[i].what;
    size += (sizes >> SIZE_SHIFT) - (sizes & NEEDED_MASK);
  }
  return size;
}

/* Does the body use vectors? */
static bool note_body(struct context *c, const struct module *m, uint32_t function, struct notes *notes) {
  const struct bytes body = m->functions.items[function].body;
  struct walk *w = &notes->walk;
  begin_walk(w, reader_of(c, body, m->origin ? m->origin : body.at));
  notes->uses.count = 0;
  notes->long_numbers.count = 0;
  notes->is_plain = true;
  notes->references = false;
  walk_body(w);
  const uint32_t size = (uint32_t)(body.size - w->index_size - spare_size(notes));
  m->noted[function] = (struct noted_body){.uses = copy_uses(c, notes),
                                           .use_count = notes->uses.count,
                                           .long_number_count = notes->long_numbers.count,
                                           .size_without_indices = size,
                                           .likeness = likeness_of(notes, body, size),
                                           .is_plain = notes->is_plain,
                                           .references = notes->references};
  return w->has_vectors;
}

/* Are only indices mapped that stand alone? */
static bool is_rewritten_by_notes(const struct module *m, const struct index_maps *maps, uint32_t function) {
  if (!m->noted || !m->noted[function].is_plain || maps->locals)
    return false;
  const uint32_t *memories = maps->to[SPACE_MEMORY];
  const struct noted_body *noted = &m->noted[function];
  for (uint32_t i = 0; memories && memories[0] != 0 && i < noted->use_count; i++)
    if (space_of_use(noted->uses[i]) == SPACE_MEMORY)
      return false;
  return true;
}

size_t rewritten_size(const struct module *m, const struct index_maps *maps, uint32_t function) {
  if (!is_rewritten_by_notes(m, maps, function))
    return 0;
  const struct noted_body *noted = &m->noted[function];
  size_t size = noted->size_without_indices;
  for (uint32_t i = 0; i < noted->use_count; i++) {
    const uint32_t *map = maps->to[space_of_use(noted->uses[i])], index = index_of_use(noted->uses[i]);
    if (noted->uses[i].at)
      size += leb128_size(map ? map[index] : index);
  }
  return size;
}

/* A body on its way out, of which the input before `copied` has been taken over. */
struct copying {
  struct buffer *out;
  const uint8_t *start, *copied, *end;
  const struct code_use *uses;
  uint32_t number, number_end; /* the next long number of them */
  const uint8_t *next_number;  /* where it is; the end: there is none */
};

static void find_next_number(struct copying *c) {
  c->next_number = c->number < c->number_end ? c->start + c->uses[c->number].at : c->end;
}

/* Long numbers before `until`, as short as they can be. Where they are long no more, the input was changed, and is
 * refused for its size or for what comes out. */
static void copy_long_numbers(struct copying *c, const uint8_t *until) {
  while (c->next_number < until) {
    const uint8_t *const at = c->next_number;
    const uint32_t sizes = c->uses[c->number].what;
    if (at >= c->copied) {
      put_raw(c->out, c->copied, (size_t)(at - c->copied));
      put_needed(c->out, at, sizes & NEEDED_MASK);
      c->copied = at + (sizes >> SIZE_SHIFT);
    }
    c->number++;
    find_next_number(c);
  }
}

static inline void copy_until(struct copying *c, const uint8_t *until) {
  if (c->next_number < until)
    copy_long_numbers(c, until);
  put_raw(c->out, c->copied, (size_t)(until - c->copied));
}

void rewrite_function(struct context *c, const struct module *m, const struct index_maps *maps, uint32_t function,
                      struct buffer *out) {
  const struct bytes body = m->functions.items[function].body;
  if (!is_rewritten_by_notes(m, maps, function)) {
    rewrite_body(c, m, maps, body, out);
    return;
  }
  const struct noted_body *noted = &m->noted[function];
  const uint8_t *const end = body.at + body.size;
  struct copying copying = {.out = out, .start = body.at, .copied = body.at, .end = end, .uses = noted->uses};
  copying.number = noted->use_count;
  copying.number_end = noted->use_count + noted->long_number_count;
  find_next_number(&copying);
  for (uint32_t i = 0; i < noted->use_count; i++) {
    const struct code_use use = noted->uses[i];
    const uint8_t *at = body.at + use.at;
    if (use.at == 0 || at < copying.copied) /* memory 0, which stays; or the input was changed */
      continue;
    const uint8_t *const after = after_index(at, end);
    const uint32_t index = index_of_use(use), to = mapped(maps, space_of_use(use), index);
    if (to == index && leb128_size(to) == (size_t)(after - at))
      continue;
    copy_until(&copying, at);
    put_u32(out, to);
    copying.copied = after;
  }
  copy_until(&copying, end);
}

struct noting {
  const struct module *module;
  atomic_bool has_vectors;
};

static void note_bodies(struct context *c, void *argument, struct share *share) {
  struct noting *noting = argument;
  const struct module *m = noting->module;
  struct notes notes = {.walk = walk_of(reader_of(c, (struct bytes){0}, NULL), m)};
  notes.walk.visit = note_use;
  notes.walk.user = &notes;
  notes.walk.long_numbers = &notes.long_numbers;
  bool has_vectors = false;
  for (uint32_t i, end; take_items(share, &i, &end);)
    for (; i < end; i++) {
      push_place(c, "function", m->imported[CORE_FUNC] + i, (struct bytes){0});
      has_vectors |= note_body(c, m, i, &notes);
      pop_place(c);
    }
  if (has_vectors)
    atomic_store(&noting->has_vectors, true);
}

bool check_structure(struct context *c, struct module *m) {
  struct noting noting = {.module = m};
  m->noted = ALLOCATE(c, struct noted_body, m->functions.count);
  run_parallel(c, m->functions.count, size_of_bodies(m), note_bodies, &noting);
  return atomic_load(&noting.has_vectors);
}

/* A body that has not been looked at: of a generated module. */
struct passing {
  const struct walk *walk;
  bool only_references;
  visit_index *visit;
  void *user;
};

static void pass_use(void *user, enum index_space space, uint32_t index) {
  const struct passing *p = user;
  if (!p->only_references || (space == SPACE_FUNC && p->walk->instruction == opcodes[REF_FUNC].name))
    p->visit(p->user, space, index);
}

static void visit_body(struct context *c, const struct module *m, uint32_t function, struct passing passing) {
  struct walk w = walk_of_bytes(c, m, m->functions.items[function].body);
  passing.walk = &w;
  w.visit = pass_use;
  w.user = &passing;
  walk_body(&w);
}

static void visit_uses(struct context *c, const struct module *m, uint32_t function, bool only_references,
                       visit_index *visit, void *user) {
  if (!m->noted) {
    visit_body(c, m, function, (struct passing){NULL, only_references, visit, user});
    return;
  }
  const struct noted_body *noted = &m->noted[function];
  if (only_references && !noted->references)
    return;
  for (uint32_t i = 0; i < noted->use_count; i++)
    if (!only_references || noted->uses[i].what >> SPACE_SHIFT == REFERENCE_SPACE)
      visit(user, space_of_use(noted->uses[i]), index_of_use(noted->uses[i]));
}

void visit_function(struct context *c, const struct module *m, uint32_t function, visit_index *visit, void *user) {
  visit_uses(c, m, function, false, visit, user);
}

void visit_references(struct context *c, const struct module *m, uint32_t function, visit_index *visit, void *user) {
  visit_uses(c, m, function, true, visit, user);
}

uint32_t likeness(const struct module *m, uint32_t function) { return m->noted ? m->noted[function].likeness : 0; }
