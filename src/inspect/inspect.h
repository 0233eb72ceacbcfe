/* inspect.h -- a file shown as what it consists of; the rest of this folder is its own. */
#ifndef MELD_INSPECT_INSPECT_H
#define MELD_INSPECT_INSPECT_H

#include "base/context.h"

/* As meld.h has them. */
enum inspect_form { INSPECT_TEXT, INSPECT_JSON, INSPECT_DOT, INSPECT_HTML };

/* inspect.c. The text of a component, which has to be valid, or of a core module. */
struct bytes inspect_input(struct context *c, struct bytes input, enum inspect_form form);

#endif
