/* proofs.h -- which proofs of proofs.def are used: all.
 *
 * A build with MELD_SAVINGS defined leaves out the one that the environment variable MELD_WITHOUT names, so that what
 * it saves can be measured (bench/savings.py). There is no such choice in any other build.
 */
#ifndef MELD_FUSE_PROOFS_H
#define MELD_FUSE_PROOFS_H

#include <stdbool.h>

enum proof {
#define PROOF(id, name, words) PROOF_##id,
#include "fuse/proofs.def"
#undef PROOF
  PROOF_COUNT
};

#ifdef MELD_SAVINGS
bool uses_proof(enum proof proof);
#else
static inline bool uses_proof(enum proof proof) {
  (void)proof;
  return true;
}
#endif

#endif
