/* utf8.c -- which bytes are UTF-8: no surrogates, nothing overlong, nothing above U+10FFFF.
 *
 * Provides  utf8_sequence, is_utf8, decode_character, disturbs_text.
 * Spec      Unicode, table 3-7.
 */
#include "base/utf8.h"
#include "base/reader.h"

#include <string.h>

size_t utf8_sequence(const uint8_t *at, size_t left) {
  const uint8_t first = at[0];
  if (first < 0x80)
    return 1;
  const size_t size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (!size || size > left)
    return 0;
  const uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const uint8_t most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (at[1] < least || at[1] > most)
    return 0;
  for (size_t i = 2; i < size; i++)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  return size;
}

bool is_utf8(struct bytes text) {
  for (size_t i = 0; i < text.size;) {
    uint64_t word;
    if (text.size - i >= sizeof word) {
      memcpy(&word, text.at + i, sizeof word);
      if (!(word & 0x8080808080808080)) {
        i += sizeof word;
        continue;
      }
    }
    const size_t size = text.at[i] < 0x80 ? 1 : utf8_sequence(text.at + i, text.size - i);
    if (!size)
      return false;
    i += size;
  }
  return true;
}

uint32_t decode_character(struct bytes text, size_t *size) {
  static const uint8_t lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  *size = utf8_sequence(text.at, text.size);
  uint32_t character = text.at[0] & lead_bits[*size];
  for (size_t i = 1; i < *size; i++)
    character = character << 6 | (text.at[i] & 0x3f);
  return character;
}

bool disturbs_text(uint32_t character) {
  return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x200e || character == 0x200f ||
         (character >= 0x2028 && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}
