/* hex.h -- core modules as text, for tests: bytes in hexadecimal, after the preamble; [ ] is content that comes after
 * its size.
 *
 *     module_bytes(c, "01[01 600000] 03[01 00] 0a[01 [00 0b]]")      one function that does nothing
 */
#ifndef MELD_TESTS_HEX_H
#define MELD_TESTS_HEX_H

#include "base/buffer.h"

#include <stdlib.h>

static inline void put_hex(struct buffer *b, const char **hex) {
  while (**hex && **hex != ']') {
    const char *at = *hex;
    if (*at == '[') {
      struct buffer content = new_buffer(b->context);
      (*hex)++;
      put_hex(&content, hex);
      put_sized(b, &content);
      (*hex)++;
    } else if (*at == ' ') {
      (*hex)++;
    } else {
      const char digits[3] = {at[0], at[1], 0};
      put_byte(b, (uint8_t)strtoul(digits, NULL, 16));
      *hex += 2;
    }
  }
}

static inline struct bytes module_bytes(struct context *c, const char *hex) {
  struct buffer b = new_buffer(c);
  put_raw(&b, "\0asm\1\0\0\0", 8);
  put_hex(&b, &hex);
  return buffer_bytes(&b);
}

#endif
