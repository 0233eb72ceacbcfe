/* attest.h -- what was made, of what, how and by what, for who wants to prove it. */
#ifndef MELD_CLI_ATTEST_H
#define MELD_CLI_ATTEST_H

#include "cli/arguments.h"
#include "cli/digest.h"
#include "cli/inputs.h"

struct attestation {
  struct digest output; /* of what has been made so far */
  char date[32];        /* of SOURCE_DATE_EPOCH; empty: it is not set */
  char *text;           /* the statement, from malloc; null: not made yet */
  size_t size;
};

/* Can there be one? Before anything is made. False after a sentence about it on standard error. */
bool prepare_attestation(const struct messages *messages, struct attestation *attestation);

/* Makes the statement, when all of the output has been added to the digest. False after a sentence about it on standard
 * error. */
bool make_attestation(const struct arguments *arguments, const struct inputs *inputs, struct attestation *attestation);

void free_attestation(struct attestation *attestation);

#endif
