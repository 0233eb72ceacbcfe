/* utf8.h -- which bytes are UTF-8, and which characters they are. */
#ifndef MELD_BASE_UTF8_H
#define MELD_BASE_UTF8_H

#include "base/context.h"

/* The size of the sequence at the start of `at`, where `left` bytes are, at least one; 0: it is none. */
size_t utf8_sequence(const uint8_t *at, size_t left);
/* The code point at the start of `text`, which is not empty, and its size; 0 bytes where it is not UTF-8. */
uint32_t decode_character(struct bytes text, size_t *size);
/* Is it a control character, a line or paragraph separator, or does it change the direction of the text around it? */
bool disturbs_text(uint32_t character);

#endif
