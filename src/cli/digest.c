/* digest.c -- SHA-256, by libcrypto.
 *
 * The library is loaded when a digest is asked for, and not when the command starts: that would double the time in
 * which a small component is fused.
 *
 * Requires  OpenSSL's headers and MELD_HAS_LIBCRYPTO, where it is built in; see docs/dependencies.md.
 * Provides  find_digest, digest_sha256.
 */
#include "cli/digest.h"

#ifdef MELD_HAS_LIBCRYPTO
#include <dlfcn.h>
#include <openssl/evp.h>
#include <stdio.h>

#define TEXT_OF(number) #number
#define FILE_NAME(version) "libcrypto.so." TEXT_OF(version)

/* Of <openssl/evp.h>. */
struct libcrypto {
  __typeof__(&EVP_Digest) digest;
  __typeof__(&EVP_sha256) sha256;
};

/* False: it is not there. It stays loaded. */
static bool load_libcrypto(struct libcrypto *libcrypto) {
  void *library = dlopen(FILE_NAME(OPENSSL_SHLIB_VERSION), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return false;
  /* As POSIX has it: a pointer to a function that is one to data at first. */
  *(void **)&libcrypto->digest = dlsym(library, "EVP_Digest");
  *(void **)&libcrypto->sha256 = dlsym(library, "EVP_sha256");
  return libcrypto->digest && libcrypto->sha256;
}

const char *find_digest(void) {
  struct libcrypto libcrypto;
  return load_libcrypto(&libcrypto)
             ? NULL
             : "--attest needs " FILE_NAME(OPENSSL_SHLIB_VERSION) " of OpenSSL, which is not installed";
}

bool digest_sha256(const void *data, size_t size, char text[DIGEST_TEXT]) {
  struct libcrypto libcrypto;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int digest_size = 0;
  if (!load_libcrypto(&libcrypto) ||
      !libcrypto.digest(size ? data : "", size, digest, &digest_size, libcrypto.sha256(), NULL) ||
      digest_size * 2 + 1 != DIGEST_TEXT)
    return false;
  for (unsigned int i = 0; i < digest_size; i++)
    sprintf(text + i * 2, "%02x", digest[i]);
  return true;
}
#else
const char *find_digest(void) {
  return "--attest is not built in; it is where CMake finds OpenSSL's headers (\"libssl-dev\" in Debian) and "
         "MELD_ATTEST "
         "is not off";
}

bool digest_sha256(const void *data, size_t size, char text[DIGEST_TEXT]) {
  (void)data;
  (void)size;
  text[0] = '\0';
  return false;
}
#endif
