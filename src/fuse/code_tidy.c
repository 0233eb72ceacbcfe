/* code_tidy.c -- takes out of a generated body what it does without.
 *
 * Adapters are put together of parts that know nothing of each other: each takes locals, sets them and gets them. What
 * is left over at the seams is taken out here, so that nobody has to think of it there:
 *
 *     (local.set 5 (local.get 0)) ... (local.get 5)                ->  ... (local.get 0)
 *     (local.set 4 (call $f)) (local.set 2 (local.get 4))          ->  (local.set 2 (call $f))
 *     (local.tee 3 (local.get 2)) (end)                            ->  (local.get 2) (end)
 *     (br 0) (end)                                                 ->  (end)
 *
 * A copy is known from where it is made to where it or what it is of is set, to the end of the block around it, or
 * to a loop.  A local is live where a get of it can come before a set; at a loop, each local is that the function gets.
 * What sets a local that is not live is dropped.  Each of these can make room for another, so all are done in turn
 * until nothing changes.  In the end locals that nobody names are gone, and those of one type lie side by side.
 *
 * Bodies with exceptions, with more than 64 locals, or with instructions that adapters have no use for stay as they
 * are.
 *
 * Requires  all instructions of the body, with the `end` of the function, and its calls by reference.
 * Provides  the same function in fewer bytes.
 * Spec      WebAssembly core, "Execution / Instructions / Variable Instructions", "... / Control Instructions".
 */
#include "fuse/code.h"
#include "fuse/proofs.h"
#include "wasm/opcodes.h"

#include <assert.h>
#include <string.h>

#define LOCAL_LIMIT 64 /* locals of a function fit into a word */
#define ROUND_LIMIT 8
#define PREFIX_BYTE(code) ((code) >= FIRST_PREFIX && (code) <= LAST_PREFIX)

static const char *const immediates_of[OPCODE_ROWS] = {
#define OPCODE(prefix, opcode, name, immediates, ...) [ROW(prefix, opcode)] = immediates,
#include "wasm/opcodes.def"
#undef OPCODE
};

/* One instruction. */
struct step {
  uint32_t at, size; /* in the body */
  uint32_t operand;  /* the local or label, where it has one; of an end, the first byte of what begins the block */
  uint8_t op;        /* the first byte */
  bool is_gone;
};

/* A block that is open while the body is read backwards. */
struct open_block {
  uint64_t live_after, live_else; /* behind its end; at its else */
  bool is_loop, has_else;
};

struct tidying {
  struct code *code;
  VEC(struct step) steps;
  VEC(struct open_block) blocks;
  uint64_t copies; /* the locals that are known to be copies */
  uint8_t copy_of[LOCAL_LIMIT];
  uint32_t copy_depth[LOCAL_LIMIT]; /* of the block in which it was copied */
  bool has_changed, has_gone;
};

/* Reading. */

/* Passes over the immediates; false: it has some that are not known here. */
static bool pass_immediates(struct reader *r, const char *immediates, uint32_t *operand) {
  for (; *immediates; immediates++)
    switch (*immediates) {
    case '{':
    case '}':
      break;
    case 'x':
    case 'l':
      *operand = read_u32(r, "the local or label");
      break;
    case 'L':
      for (uint32_t count = read_u32(r, "the number of labels") + 1; count; count--)
        read_u32(r, "the label");
      break;
    case 'f':
    case 'g':
    case 'm':
    case 't':
    case 'y':
    case 'n':
      read_u32(r, "the index");
      break;
    case 'a':
      if (read_u32(r, "the alignment") & 0x40)
        read_u32(r, "the memory index");
      read_u64(r, "the offset");
      break;
    case 'b':
      read_s33(r, "the block type");
      break;
    case 'i':
    case 'I':
      read_s64(r, "the constant");
      break;
    case '1':
      read_byte(r, "the immediate");
      break;
    case '4':
    case '8':
    case 'v':
      read_bytes(r, *immediates == '4' ? 4 : *immediates == '8' ? 8 : 16, "the constant");
      break;
    default:
      return false;
    }
  return true;
}

static bool opens_block(const struct step *step) {
  return step->op == OP_BLOCK || step->op == OP_LOOP || step->op == OP_IF;
}

/* False: there are instructions that this file has no use for. */
static bool read_steps(struct tidying *t) {
  struct context *c = t->code->module->context;
  const struct bytes body = buffer_bytes(&t->code->out);
  struct reader r = reader_of(c, body, body.at);
  VEC(uint8_t) kinds = {0}; /* of the blocks that are open: their first byte */
  while (!at_end(&r)) {
    struct step step = {.at = (uint32_t)reader_offset(&r), .op = read_byte(&r, "the instruction")};
    const uint32_t row = PREFIX_BYTE(step.op) ? ROW(step.op, read_u32(&r, "the opcode")) : step.op;
    assert(row < OPCODE_ROWS && immediates_of[row]);
    const bool is_branch = step.op == OP_BR || step.op == OP_BR_IF;
    if (!pass_immediates(&r, immediates_of[row], &step.operand) || (strchr(immediates_of[row], 'l') && !is_branch))
      return false;
    if (opens_block(&step))
      VEC_ADD(c, &kinds, step.op);
    if (step.op == OP_END && kinds.count)
      step.operand = kinds.items[--kinds.count];
    step.size = (uint32_t)reader_offset(&r) - step.at;
    VEC_ADD(c, &t->steps, step);
  }
  return true;
}

static bool names_local(const struct step *step) {
  return step->op == OP_LOCAL_GET || step->op == OP_LOCAL_SET || step->op == OP_LOCAL_TEE;
}

static void take_out(struct tidying *t, struct step *step) {
  step->is_gone = true;
  t->has_changed = t->has_gone = true;
}

static void forget_gone(struct tidying *t) {
  uint32_t count = 0;
  if (!t->has_gone)
    return;
  t->has_gone = false;
  for (uint32_t i = 0; i < t->steps.count; i++)
    if (!t->steps.items[i].is_gone)
      t->steps.items[count++] = t->steps.items[i];
  t->steps.count = count;
}

/* Copies. */

/* The locals of a set, the lowest first. */
static uint32_t next_local(uint64_t *locals) {
  const uint32_t local = (uint32_t)__builtin_ctzll(*locals);
  *locals &= *locals - 1;
  return local;
}

static uint64_t bit_of(uint32_t local) { return (uint64_t)1 << local; }

static void forget_copies_from(struct tidying *t, uint32_t depth) {
  for (uint64_t left = t->copies; left;) {
    const uint32_t local = next_local(&left);
    if (t->copy_depth[local] >= depth)
      t->copies &= ~bit_of(local);
  }
}

/* `local` is set, to what `before` is if that is a local. */
static void note_set(struct tidying *t, uint32_t local, const struct step *before, uint32_t depth) {
  const bool is_copy = before && (before->op == OP_LOCAL_GET || before->op == OP_LOCAL_TEE) && before->operand != local;
  t->copies &= ~bit_of(local);
  for (uint64_t left = t->copies; left;) {
    const uint32_t copy = next_local(&left);
    if (t->copy_of[copy] == local)
      t->copies &= ~bit_of(copy);
  }
  if (!is_copy)
    return;
  t->copies |= bit_of(local);
  t->copy_of[local] = (uint8_t)before->operand;
  t->copy_depth[local] = depth;
}

/* Gets of copies become gets of what they are copies of. */
static void follow_copies(struct tidying *t) {
  const struct step *before = NULL;
  uint32_t depth = 0;
  t->copies = 0;
  for (struct step *step = t->steps.items, *end = step + t->steps.count; step < end; before = step++)
    switch (step->op) {
    case OP_BLOCK:
    case OP_IF:
      depth++;
      break;
    case OP_LOOP:
      depth++;
      t->copies = 0;
      break;
    case OP_ELSE:
      forget_copies_from(t, depth);
      break;
    case OP_END:
      forget_copies_from(t, depth--);
      break;
    case OP_LOCAL_GET:
      if (t->copies & bit_of(step->operand)) {
        step->operand = t->copy_of[step->operand];
        t->has_changed = true;
      }
      break;
    case OP_LOCAL_SET:
    case OP_LOCAL_TEE:
      note_set(t, step->operand, before, depth);
      break;
    default:
      break;
    }
}

/* Neighbours. */

static bool is_pure(const struct step *step) {
  return step->op == OP_LOCAL_GET || step->op == OP_GLOBAL_GET ||
         (step->op >= OP_I32_CONST && step->op <= OP_F64_CONST);
}

static bool is_load(const struct step *step) { return step->op >= OP_I32_LOAD && step->op < OP_I32_STORE; }

static bool gets_local(const struct step *step, uint32_t local) {
  return step->op == OP_LOCAL_GET && step->operand == local;
}

/* What comes after the end of control in the same block; but calls stay, for who knows them by number. */
static void take_out_unreached(struct tidying *t, uint32_t from) {
  uint32_t depth = 0, end = from;
  for (; end < t->steps.count; end++) {
    const struct step *step = &t->steps.items[end];
    if (step->op == OP_CALL)
      return;
    if (depth == 0 && (step->op == OP_ELSE || step->op == OP_END))
      break;
    depth += opens_block(step);
    depth -= step->op == OP_END;
  }
  for (uint32_t i = from; i < end; i++)
    take_out(t, &t->steps.items[i]);
}

/* What is read from memory into a local, and got from there behind others that are pushed first, comes behind them:
 * (local.set x (i32.load (local.get a))) (local.get b) (local.get x)  ->  (local.get b) (local.tee x (i32.load
 * (local.get a))).  `set` is the number of the step that sets the local. */
static void push_later(struct tidying *t, uint32_t set) {
  struct step *steps = t->steps.items;
  const uint32_t local = steps[set].operand;
  uint32_t get = set + 1;
  if (set < 2 || steps[set - 2].op != OP_LOCAL_GET || !is_load(&steps[set - 1]) || steps[set - 2].is_gone)
    return;
  while (get < t->steps.count && !steps[get].is_gone && is_pure(&steps[get]) && !gets_local(&steps[get], local))
    get++;
  if (get == set + 1 || get == t->steps.count || steps[get].is_gone || !gets_local(&steps[get], local))
    return;
  const struct step address = steps[set - 2], load = steps[set - 1];
  memmove(&steps[set - 2], &steps[set + 1], (get - set - 1) * sizeof *steps);
  steps[get - 3] = address;
  steps[get - 2] = load;
  steps[get - 1] = (struct step){.op = OP_LOCAL_TEE, .operand = local};
  take_out(t, &steps[get]);
}

static void match_set(struct tidying *t, uint32_t i) {
  struct step *step = &t->steps.items[i], *next = step + 1;
  if (gets_local(next, step->operand)) {
    step->op = OP_LOCAL_TEE;
    take_out(t, next);
  } else {
    push_later(t, i);
  }
}

static void match_get(struct tidying *t, struct step *step) {
  struct step *next = step + 1;
  if (next->op != OP_DROP && !(next->op == OP_LOCAL_SET && gets_local(step, next->operand)))
    return;
  take_out(t, step);
  take_out(t, next);
}

static void match_neighbours(struct tidying *t) {
  for (uint32_t i = 0; i + 1 < t->steps.count; i++) {
    struct step *step = &t->steps.items[i], *next = step + 1;
    if (step->is_gone)
      continue;
    switch (step->op) {
    case OP_BR:
    case OP_BR_TABLE:
    case OP_RETURN:
    case OP_UNREACHABLE:
      take_out_unreached(t, i + 1);
      if (step->op == OP_BR && step->operand == 0 && next->op == OP_END && next->operand && next->operand != OP_LOOP)
        take_out(t, step);
      break;
    case OP_LOCAL_SET:
      match_set(t, i);
      break;
    case OP_LOCAL_TEE:
      if (next->op != OP_DROP)
        break;
      step->op = OP_LOCAL_SET;
      take_out(t, next);
      break;
    case OP_LOCAL_GET:
    case OP_GLOBAL_GET:
    case OP_I32_CONST:
    case OP_I64_CONST:
    case OP_F32_CONST:
    case OP_F64_CONST:
      match_get(t, step);
      break;
    default:
      break;
    }
  }
  forget_gone(t);
}

/* Liveness. */

static uint64_t live_at_label(const struct tidying *t, uint32_t depth, uint64_t all) {
  if (depth >= t->blocks.count)
    return 0; /* the function's own */
  const struct open_block *block = &t->blocks.items[t->blocks.count - 1 - depth];
  return block->is_loop ? all : block->live_after;
}

static uint64_t live_at_labels(const struct tidying *t, const struct step *step, uint64_t all) {
  const uint8_t *at = t->code->out.data + step->at + 1;
  struct reader r = reader_of(t->code->module->context, (struct bytes){at, step->size - 1}, at);
  uint64_t live = 0;
  for (uint32_t count = read_u32(&r, "the number of labels") + 1; count; count--)
    live |= live_at_label(t, read_u32(&r, "the label"), all);
  return live;
}

static void drop_value(struct tidying *t, struct step *step) {
  t->has_changed = true;
  if (step->op == OP_LOCAL_TEE)
    take_out(t, step);
  else
    step->op = OP_DROP;
}

static uint64_t live_before(struct tidying *t, struct step *step, uint64_t live, uint64_t all) {
  struct open_block *block = t->blocks.count ? &t->blocks.items[t->blocks.count - 1] : NULL;
  switch (step->op) {
  case OP_LOCAL_GET:
    return live | bit_of(step->operand);
  case OP_LOCAL_SET:
  case OP_LOCAL_TEE:
    if (!(live & bit_of(step->operand)))
      drop_value(t, step);
    return live & ~bit_of(step->operand);
  case OP_ELSE:
    block->has_else = true;
    block->live_else = live;
    return block->live_after;
  case OP_IF:
    t->blocks.count--;
    return live | (block->has_else ? block->live_else : block->live_after);
  case OP_BLOCK:
  case OP_LOOP:
    t->blocks.count--;
    return step->op == OP_LOOP ? all : live;
  case OP_BR:
    return live_at_label(t, step->operand, all);
  case OP_BR_IF:
    return live | live_at_label(t, step->operand, all);
  case OP_BR_TABLE:
    return live_at_labels(t, step, all);
  case OP_RETURN:
  case OP_UNREACHABLE:
    return 0;
  default:
    return live;
  }
}

/* Sets of locals that are not live become drops. */
static void drop_dead(struct tidying *t) {
  uint64_t all = 0, live = 0;
  for (uint32_t i = 0; i < t->steps.count; i++)
    if (t->steps.items[i].op == OP_LOCAL_GET)
      all |= bit_of(t->steps.items[i].operand);
  t->blocks.count = 0;
  for (uint32_t i = t->steps.count - 1; i-- > 0;) { /* but for the end of the function */
    struct step *step = &t->steps.items[i];
    if (step->op == OP_END)
      VEC_ADD(t->code->module->context, &t->blocks,
              ((struct open_block){.live_after = live, .is_loop = step->operand == OP_LOOP}));
    else
      live = live_before(t, step, live, all);
  }
  forget_gone(t);
}

/* Writing. */

/* The locals that are left, by type in the order in which these come; parameters stay. */
static void number_locals(struct tidying *t, uint32_t *to) {
  struct code *f = t->code;
  bool is_named[LOCAL_LIMIT] = {false};
  uint8_t types[LOCAL_LIMIT];
  uint32_t count = f->param_count;
  for (uint32_t i = 0; i < t->steps.count; i++)
    if (names_local(&t->steps.items[i]))
      is_named[t->steps.items[i].operand] = true;
  for (uint32_t i = 0; i < f->locals.count; i++) {
    to[i] = i;
    types[i] = f->locals.items[i];
  }
  for (uint32_t first = f->param_count; first < f->locals.count; first++)
    for (uint32_t i = first; i < f->locals.count; i++)
      if (is_named[i] && types[i] == types[first]) {
        f->locals.items[count] = types[i];
        to[i] = count++;
        is_named[i] = false;
      }
  f->locals.count = count;
}

static void write_steps(struct tidying *t) {
  struct code *f = t->code;
  uint32_t to[LOCAL_LIMIT], call = 0;
  number_locals(t, to);
  struct buffer out = new_buffer(f->module->context);
  for (uint32_t i = 0; i < t->steps.count; i++) {
    const struct step *step = &t->steps.items[i];
    if (step->op == OP_CALL) {
      assert(call < f->calls.count && f->calls.items[call].at == step->at + 1);
      f->calls.items[call++].at = (uint32_t)out.size + 1;
    }
    put_byte(&out, step->op);
    if (names_local(step))
      put_u32(&out, to[step->operand]);
    else if (step->op != OP_DROP)
      put_raw(&out, f->out.data + step->at + 1, step->size - 1);
  }
  assert(call == f->calls.count);
  f->out = out;
}

void tidy_function(struct code *f) {
  struct tidying t = {.code = f, .has_changed = true};
  if (!uses_proof(PROOF_TIDY) || f->locals.count > LOCAL_LIMIT || !read_steps(&t))
    return;
  for (uint32_t round = 0; t.has_changed && round < ROUND_LIMIT; round++) {
    t.has_changed = false;
    follow_copies(&t);
    drop_dead(&t);
    match_neighbours(&t);
  }
  write_steps(&t);
}
