/* json.c -- strings of JSON, to a stream.
 *
 * Provides  print_json_string.
 * Spec      RFC 8259 "Strings".
 */
#include "cli/json.h"

void print_json_string(FILE *to, const char *text) {
  fputc('"', to);
  for (; *text; text++) {
    const unsigned char byte = (unsigned char)*text;
    if (byte < 0x20)
      fprintf(to, "\\u%04x", byte);
    else if (byte == '"' || byte == '\\')
      fprintf(to, "\\%c", byte);
    else
      fputc(byte, to);
  }
  fputc('"', to);
}
