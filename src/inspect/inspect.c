/* inspect.c -- a file, surveyed and shown in the form that is asked for.
 *
 *     bytes --read--> component --survey--> inspection --show--> text
 *                     or core module
 *
 * Nothing is linked, so that whatever is valid can be looked at, also what can't be fused.
 *
 * Requires  nothing: any bytes at all.
 * Provides  inspect_input.
 */
#include "inspect/inspect.h"
#include "inspect/inspection.h"

#include <assert.h>

struct bytes inspect_input(struct context *c, struct bytes input, enum inspect_form form) {
  struct buffer text = new_buffer(c);
  const bool is_core = input.size >= 8 && input.at[4] == 1 && !is_component(input);
  const struct inspection *inspection = is_core ? survey_core_module(c, input, read_module(c, input, input.at))
                                                : survey_component(c, input, read_component(c, input));
  switch (form) {
  case INSPECT_TEXT:
    inspect_text(inspection, &text);
    return buffer_bytes(&text);
  case INSPECT_JSON:
    inspect_json(inspection, &text);
    return buffer_bytes(&text);
  case INSPECT_DOT:
    inspect_dot(inspection, &text);
    return buffer_bytes(&text);
  case INSPECT_HTML:
    inspect_html(inspection, &text);
    return buffer_bytes(&text);
  }
  assert(false);
  return (struct bytes){0};
}
