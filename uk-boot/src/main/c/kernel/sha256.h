// SHA-256: FIPS 180-4, sections 4.1.2, 5 and 6.2.
#ifndef UK_SHA256_H
#define UK_SHA256_H

#include "base.h"

enum { SHA256_DIGITS = 64 };

struct sha256 {
    uint32_t state[8];
    uint8_t block[64];
    uint64_t bytes;
};

void sha256_start(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *from, size_t bytes);
void sha256_end(struct sha256 *sha, char digits[SHA256_DIGITS + 1]);  // lower-case hexadecimal, with an end mark

#endif
