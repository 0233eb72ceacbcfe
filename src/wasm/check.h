/* check.h -- is a core module valid? */
#ifndef MELD_WASM_CHECK_H
#define MELD_WASM_CHECK_H

#include "wasm/module.h"

/* wasm/check.c. Fails unless the module, which read_module has made, is valid: types, constant expressions, segments
 * and every function body. */
void check_module(struct context *c, const struct module *m);

#endif
