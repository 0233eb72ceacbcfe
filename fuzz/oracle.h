/* oracle.h -- what has to hold for anything that is given to meld to be fused. */
#ifndef MELD_FUZZ_ORACLE_H
#define MELD_FUZZ_ORACLE_H

#include <stddef.h>
#include <stdint.h>

void expect_fused(const uint8_t *data, size_t size);

#endif
