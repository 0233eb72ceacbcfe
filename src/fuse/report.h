/* report.h -- what was done, told: texts for people, JSON for programs.
 *
 *     report.c          which reports there are; what they share: names of things
 *     report_stats.c    sizes by origin, counts, time by pass
 *     report_explain.c  each boundary: who calls whom, through what, what is checked and what need not be
 *     report_map.c      each item of the output and where it comes from
 *     report_why.c      what keeps an item in
 *     report_like.c     names that are like one that there is not
 *
 * A report only reads: what the passes decided is in the plan and in the state of the merge, which stay until the run
 * ends. What would cost something is noted by them only where a report asks for it.
 */
#ifndef MELD_FUSE_REPORT_H
#define MELD_FUSE_REPORT_H

#include "base/json.h"
#include "fuse/merge.h"

enum report_kind { REPORT_STATS, REPORT_EXPLAIN, REPORT_MAP, REPORT_WHY, REPORT_KIND_COUNT };
enum report_form { REPORT_NONE, REPORT_TEXT, REPORT_JSON };

struct pass_time {
  const char *pass;
  uint64_t nanoseconds;
};

/* What is asked for, and what is noted for it on the way. */
struct report {
  enum report_form forms[REPORT_KIND_COUNT];
  struct bytes symbol; /* REPORT_WHY: of what */
  VEC(struct pass_time) times;
  const struct merge *merge; /* by merge.c */
  size_t input_size;
  struct bytes texts[REPORT_KIND_COUNT]; /* by write_reports */
};

/* Writes the texts that are asked for. `fused` is the module, `output_size` what becomes of it with a wrapper. */
void write_reports(struct context *c, struct report *report, struct bytes fused, size_t output_size);

void report_stats(const struct report *report, const struct module *fused, struct bytes bytes, size_t output_size,
                  struct buffer *out);
void report_explain(const struct report *report, struct buffer *out);
void report_map(const struct report *report, const struct module *fused, struct buffer *out);
void report_why(const struct report *report, struct buffer *out);

const char *space_name(enum index_space space); /* "func", "memory", "data", ... */

/* Where an index of the output comes from. */
struct origin {
  enum { ORIGIN_MADE, ORIGIN_IMPORT, ORIGIN_INSTANCE } source; /* by the merge itself; imported; of an instance */
  uint32_t instance, index;  /* ORIGIN_INSTANCE: of a core instance; ORIGIN_IMPORT: of the boundary imports */
  struct bytes name;         /* in its module: of the name section, or as it is exported; size 0: none */
  const struct origin *also; /* an equal function that is folded into it, and so on; null: none */
};

struct origins {
  struct origin *of[INDEX_SPACE_COUNT]; /* null: of types */
  uint32_t count[INDEX_SPACE_COUNT];
};
struct origins find_origins(struct context *c, const struct merge *m);

/* report_like.c: up to three names of the output that are like `name`, `"a", "b"`; size 0: none. */
struct bytes names_like(struct context *c, const struct origins *origins, const struct module *out, struct bytes name);

/* Bytes that the item takes in the output: of code, initialiser or content; `fused` is the output as read back. */
size_t item_size(const struct module *fused, enum index_space space, uint32_t index);

#endif
