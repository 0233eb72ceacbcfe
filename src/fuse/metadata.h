/* metadata.h -- what the custom sections of the inputs say of them, and what is said of the output.
 *
 *     metadata.c            collects the sections; the rule for each is in metadata.def
 *     metadata_producers.c  the tools
 *     metadata_licenses.c   the licences
 *
 * A section that is malformed says nothing, and is no error.
 */
#ifndef MELD_FUSE_METADATA_H
#define MELD_FUSE_METADATA_H

#include "base/buffer.h"
#include "fuse/plan.h"

/* The contents of sections of one name. */
struct statements {
  VEC(struct bytes) contents;
};

struct metadata {
  VEC(struct core_custom) sections;
};

/* What is said of the output, be it a module or a component. */
struct metadata merge_metadata(struct context *c, const struct plan *plan, const struct fuse_options *options);

/* The content of one section for all of them; size 0: none. */
struct bytes merge_producers(struct context *c, const struct statements *given, enum producers_kept kept);
struct bytes merge_licenses(struct context *c, const struct statements *given);

#endif
