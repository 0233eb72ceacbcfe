/* walk.c -- goes through code, one instruction after the other, by opcodes.def.
 *
 * It steps over each instruction's immediates, and knows of an immediate only what its letter says. What has no index
 * in it is passed over, see steps.h. When it rewrites, `copied` marks how far the input has been taken over: a run of
 * bytes is copied at once, up to the next index whose bytes change.
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
 * Provides  walk_*, count_code_spaces; every index found was in its space.
 * Spec      WebAssembly 3.0 core, "Binary Format / Instructions".
 */
#include "wasm/walk.h"

#include "wasm/steps.h"

#include <assert.h>
#include <string.h>

/* The table. */

struct opcode {
  const char *name; /* null: there is no such instruction */
  char immediates[8];
};

#define END 0x0b

static const struct opcode opcodes[OPCODE_ROWS] = {
#define OPCODE(prefix, opcode, name, immediates, ...) [ROW(prefix, opcode)] = {name, immediates},
#include "wasm/opcodes.def"
#undef OPCODE
};

bool is_ref_func(const struct walk *w) { return w->instruction == opcodes[REF_FUNC].name; }

/* The walk. */

void count_code_spaces(const struct module *m, uint32_t counts[INDEX_SPACE_COUNT]) {
  for (int kind = 0; kind < CORE_KIND_COUNT; kind++)
    counts[kind] = item_count(m, (enum core_kind)kind);
  counts[SPACE_TYPE] = m->types.count;
  counts[SPACE_ELEMENT] = m->elements.count;
  /* Code may name data segments only where their number comes before it. */
  counts[SPACE_DATA] = m->has_data_count ? m->datas.count : 0;
}

void begin_walk(struct walk *w, struct reader r) {
  w->r = r;
  w->start = r.at;
  w->instruction = "local declarations";
  w->index_size = 0;
  w->has_vectors = false;
}

struct walk walk_of(struct reader r, const struct module *m) {
  struct walk w = {.takes_steps = true};
  begin_walk(&w, r);
  count_code_spaces(m, w.counts);
  w.takes_memory_steps = w.counts[SPACE_MEMORY] > 0;
  return w;
}

struct walk walk_of_bytes(struct context *c, const struct module *m, struct bytes code) {
  return walk_of(reader_of(c, code, m->origin ? m->origin : code.at), m);
}

void copy_run(struct walk *w, const uint8_t *until) {
  put_raw(w->out, w->copied, (size_t)(until - w->copied));
  w->copied = w->r.at;
}

#define SHORT_NUMBER 4 /* bytes of the longest numbers that no linker has made longer */
#define NEEDED_LIMIT 9 /* of a number of 64 bits, which has 10 bytes */

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

void put_needed(struct buffer *out, const uint8_t *number, size_t needed) {
  uint8_t bytes[NEEDED_LIMIT];
  assert(needed <= sizeof bytes);
  memcpy(bytes, number, needed);
  bytes[needed - 1] &= 0x7f;
  put_raw(out, bytes, needed);
}

static void shorten_number(struct walk *w, struct bytes number, size_t needed) {
  const uint32_t sizes = (uint32_t)(number.size << SIZE_SHIFT | needed);
  if (w->long_numbers)
    VEC_ADD(w->r.context, w->long_numbers, ((struct code_use){(uint32_t)(number.at - w->start), sizes}));
  if (!w->out)
    return;
  copy_run(w, number.at);
  put_needed(w->out, number.at, needed);
}

/* A number that stands from `start` to where the reader is. Only those are looked at that are as long as linkers make
 * them. */
static inline void pass_number(struct walk *w, const uint8_t *start, bool is_signed) {
  const struct bytes number = {start, (size_t)(w->r.at - start)};
  if (number.size <= SHORT_NUMBER || (w->r.at[-1] != 0 && w->r.at[-1] != 0x7f))
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
  const uint32_t index = read_u32(&w->r, "the index");
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
  const uint32_t index = read_u32(&w->r, "the local");
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
  const uint32_t flags = read_u32(&w->r, "the alignment");
  if (flags >= 2 * MEMARG_HAS_INDEX) {
    w->r.at = start;
    fail_at(&w->r, "%s: unknown memory argument flags 0x%x", w->instruction, flags);
  }
  const uint8_t *after_flags = w->r.at;
  const uint32_t index = flags & MEMARG_HAS_INDEX ? read_u32(&w->r, "the memory index") : 0;
  use_index(w, SPACE_MEMORY, start, index);
  if (index) /* 0 that is said although it need not be stays with the flags, where nothing else is rewritten */
    w->index_size += (size_t)(w->r.at - after_flags);
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
    read_u32(&w->r, "the label");
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
      read_u32(&w->r, "the label");
  }
}

static void walk_labels(struct walk *w) {
  const uint32_t count = read_count(&w->r, 1, "the number of labels");
  for (uint32_t i = 0; i <= count; i++)
    read_u32(&w->r, "the label");
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
    read_u32(&w->r, "the immediate");
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
    if (w->depth == 0 && w->instruction != opcodes[END].name)
      fail_at(&w->r, "%s: there is no block that this could close", w->instruction);
    return;
  default:
    assert(false && "a letter of opcodes.def");
  }
}

static const struct opcode *next_prefixed(struct walk *w, uint8_t prefix, const uint8_t *start) {
  w->has_vectors |= prefix == VECTOR_PREFIX;
  const uint32_t code = read_u32(&w->r, "the opcode");
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

void walk_instruction(struct walk *w) {
  const struct opcode *opcode = next_opcode(w);
  w->instruction = opcode->name;
  for (const char *letter = opcode->immediates; *letter; letter++)
    walk_immediate(w, *letter);
}

/* As many as there are, up to where one could be seen that is not whole. Memory 0 is told of afterwards. */
static void take_steps(struct walk *w) {
  const uint8_t *at = w->r.at, *const end = w->r.end;
  const bool with_memory = w->takes_memory_steps;
  uint64_t tally = w->depth;
  while (end - at >= STEP_READS && OPEN_BLOCKS(tally) > 0) {
    const unsigned size = step_size(at);
    const uint64_t adds = steps.tally[*at];
    if (size == 0 || (MEMORY_ARGUMENTS(adds) == 1 && !with_memory))
      break;
    at += size;
    tally += adds;
  }
  w->r.at = at;
  w->depth = OPEN_BLOCKS(tally);
  if (MEMORY_ARGUMENTS(tally) > 0)
    use_index(w, SPACE_MEMORY, at, 0);
}

/* expr ::= instr* 0x0b */
void walk_expression(struct walk *w) {
  w->depth = 1;
  while (w->depth > 0) {
    if (w->takes_steps)
      take_steps(w);
    if (w->depth > 0)
      walk_instruction(w);
  }
}

/* func ::= list(locals) expr      locals ::= n:u32 valtype */
void walk_declarations(struct walk *w) {
  const uint32_t count = read_count(&w->r, 2, "the number of local declarations");
  uint64_t locals = 0;
  for (uint32_t i = 0; i < count; i++) {
    locals += read_u32(&w->r, "the number of locals");
    if (locals > UINT32_MAX)
      fail_at(&w->r, "too many locals");
    walk_valtype(w);
  }
}

void walk_body(struct walk *w) {
  walk_declarations(w);
  walk_expression(w);
  expect_end(&w->r, "function body");
}
