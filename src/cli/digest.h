/* digest.h -- SHA-256 of what is read and written, by libcrypto, which a build may be without. */
#ifndef MELD_CLI_DIGEST_H
#define MELD_CLI_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_TEXT 65 /* bytes of a digest in hexadecimal, with the zero at its end */

/* Null, or the sentence that says why there are no digests. */
const char *find_digest(void);

/* Of bytes that come in pieces. Zeroed at first. Only where find_digest() has found it. */
struct digest {
  void *state; /* null: nothing has come yet */
  bool has_failed;
};

void add_to_digest(struct digest *digest, const void *data, size_t size);
/* The text of all that was added, after which the digest is zeroed again. False: libcrypto would not. */
bool end_digest(struct digest *digest, char text[DIGEST_TEXT]);

#endif
