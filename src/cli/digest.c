/* digest.c -- SHA-256, by libcrypto.
 *
 * The library is loaded when a digest is asked for, and not when the command starts: that would double the time in
 * which a small component is fused.
 *
 * Requires  OpenSSL's headers and MELD_HAS_LIBCRYPTO, where it is built in; see docs/dependencies.md.
 * Provides  find_digest, add_to_digest, end_digest.
 */
#include "cli/digest.h"

#ifdef MELD_HAS_LIBCRYPTO
#include <dlfcn.h>
#include <openssl/evp.h>
#include <stdio.h>

#define TEXT_OF(number) #number
#define FILE_NAME(version) "libcrypto.so." TEXT_OF(version)

/* Of <openssl/evp.h>. It stays loaded. */
static struct {
  __typeof__(&EVP_MD_CTX_new) new_state;
  __typeof__(&EVP_MD_CTX_free) free_state;
  __typeof__(&EVP_DigestInit_ex) begin;
  __typeof__(&EVP_DigestUpdate) add;
  __typeof__(&EVP_DigestFinal_ex) end;
  __typeof__(&EVP_sha256) sha256;
} libcrypto;

/* False: it is not there. */
static bool load_libcrypto(void) {
  void *library = dlopen(FILE_NAME(OPENSSL_SHLIB_VERSION), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return false;
  /* As POSIX has it: a pointer to a function that is one to data at first. */
  *(void **)&libcrypto.new_state = dlsym(library, "EVP_MD_CTX_new");
  *(void **)&libcrypto.free_state = dlsym(library, "EVP_MD_CTX_free");
  *(void **)&libcrypto.begin = dlsym(library, "EVP_DigestInit_ex");
  *(void **)&libcrypto.add = dlsym(library, "EVP_DigestUpdate");
  *(void **)&libcrypto.end = dlsym(library, "EVP_DigestFinal_ex");
  *(void **)&libcrypto.sha256 = dlsym(library, "EVP_sha256");
  return libcrypto.new_state && libcrypto.free_state && libcrypto.begin && libcrypto.add && libcrypto.end &&
         libcrypto.sha256;
}

const char *find_digest(void) {
  return load_libcrypto() ? NULL
                          : "--attest needs " FILE_NAME(OPENSSL_SHLIB_VERSION) " of OpenSSL, which is not installed";
}

static void begin_digest(struct digest *digest) {
  digest->state = libcrypto.new_state();
  digest->has_failed = !digest->state || !libcrypto.begin(digest->state, libcrypto.sha256(), NULL);
}

void add_to_digest(struct digest *digest, const void *data, size_t size) {
  if (!digest->state && !digest->has_failed)
    begin_digest(digest);
  if (!digest->has_failed && size)
    digest->has_failed = !libcrypto.add(digest->state, data, size);
}

bool end_digest(struct digest *digest, char text[DIGEST_TEXT]) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  add_to_digest(digest, NULL, 0);
  const bool is_good = !digest->has_failed && libcrypto.end(digest->state, bytes, &size) && size * 2 + 1 == DIGEST_TEXT;
  for (unsigned int i = 0; i < size && is_good; i++)
    sprintf(text + i * 2, "%02x", bytes[i]);
  if (digest->state)
    libcrypto.free_state(digest->state);
  *digest = (struct digest){0};
  return is_good;
}
#else
const char *find_digest(void) {
  return "--attest is not built in; it is where CMake finds OpenSSL's headers (\"libssl-dev\" in Debian) and "
         "MELD_ATTEST "
         "is not off";
}

void add_to_digest(struct digest *digest, const void *data, size_t size) {
  (void)data;
  (void)size;
  digest->has_failed = true;
}

bool end_digest(struct digest *digest, char text[DIGEST_TEXT]) {
  (void)digest;
  text[0] = '\0';
  return false;
}
#endif
