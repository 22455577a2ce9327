/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SHA256_H
#define KUKEON_SHA256_H

#include "defs.h"

enum {
	SHA256_SIZE = 32,
	SHA256_HEX = 65
};

/* SHA-256 (FIPS 180-4) by nettle, which uses the processor's instructions. */
struct sha256;

struct sha256 *sha256_new(void);
struct sha256 *sha256_free(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *p, size_t n);
/* The digest of all data added so far, as lower-case hex; s is reset. */
void sha256_hex(struct sha256 *s, char ret[SHA256_HEX]);
/* Digest of n bytes in one call. */
void sha256_hex_of(const void *p, size_t n, char ret[SHA256_HEX]);

static inline void sha256_freep(struct sha256 **s)
{
	*s = sha256_free(*s);
}

#endif
