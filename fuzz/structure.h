/* structure.h -- components changed as components. */
#ifndef MELD_FUZZ_STRUCTURE_H
#define MELD_FUZZ_STRUCTURE_H

#include "base/context.h"

/* Changes the component `input` in a few ways that depend on `seed` alone, some of them with definitions of the
 * component `other`, which may be empty. Writes at most `capacity` bytes to `out`, which may be where the input is.
 * Returns how many; 0 if the input is no component that can be read, or the outcome has no room. */
size_t mutate_structure(struct bytes input, struct bytes other, uint8_t *out, size_t capacity, unsigned seed);

#endif
