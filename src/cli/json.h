/* json.h -- strings of JSON, to a stream. */
#ifndef MELD_CLI_JSON_H
#define MELD_CLI_JSON_H

#include <stdio.h>

/* `text` is UTF-8, as what meld_escape() gives. */
void print_json_string(FILE *to, const char *text);

#endif
