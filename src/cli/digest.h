/* digest.h -- SHA-256 of what is read and written, by libcrypto, which a build may be without. */
#ifndef MELD_CLI_DIGEST_H
#define MELD_CLI_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_TEXT 65 /* bytes of a digest in hexadecimal, with the zero at its end */

/* Null, or the sentence that says why there are no digests. */
const char *find_digest(void);

/* False: libcrypto would not. Only where find_digest() has found it. */
bool digest_sha256(const void *data, size_t size, char text[DIGEST_TEXT]);

#endif
