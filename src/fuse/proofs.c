/* proofs.c -- which proof is left out, in a build that measures what each saves. */
#include "fuse/proofs.h"

#ifdef MELD_SAVINGS

#include <stdlib.h>
#include <string.h>

bool uses_proof(enum proof proof) {
  static const char *const names[] = {
#define PROOF(id, name, words) name,
#include "fuse/proofs.def"
#undef PROOF
  };
  const char *const without = getenv("MELD_WITHOUT");
  return !without || strcmp(without, names[proof]) != 0;
}

#endif
