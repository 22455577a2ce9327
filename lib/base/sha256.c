/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <nettle/sha2.h>

#include "mem.h"
#include "sha256.h"
#include "str.h"

struct sha256 {
	struct sha256_ctx ctx;
};

struct sha256 *sha256_new(void)
{
	struct sha256 *s = xcalloc(1, sizeof(*s));

	sha256_init(&s->ctx);
	return s;
}

struct sha256 *sha256_free(struct sha256 *s)
{
	free(s);
	return NULL;
}

void sha256_add(struct sha256 *s, const void *p, size_t n)
{
	if (n > 0)
		sha256_update(&s->ctx, n, p);
}

void sha256_hex(struct sha256 *s, char ret[SHA256_HEX])
{
	uint8_t digest[SHA256_SIZE];

	sha256_digest(&s->ctx, sizeof(digest), digest); /* and starts anew */
	hex_encode(ret, digest, sizeof(digest));
}

void sha256_hex_of(const void *p, size_t n, char ret[SHA256_HEX])
{
	struct sha256 s;

	sha256_init(&s.ctx);
	sha256_add(&s, p, n);
	sha256_hex(&s, ret);
}
