/* utf8.h -- which bytes are UTF-8. */
#ifndef MELD_BASE_UTF8_H
#define MELD_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The size of the sequence at the start of `at`, where `left` bytes are, at least one; 0: it is none. */
size_t utf8_sequence(const uint8_t *at, size_t left);

#endif
