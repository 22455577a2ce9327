/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DIGEST_H
#define KUKEON_DIGEST_H

#include "defs.h"
#include "sha256.h"
#include "str.h"

enum {
	DIGEST_HEX = 64, /* digits */
	DIGEST_TEXT_MAX = 72, /* "sha256:", the digits, NUL */
};

/* "sha256:" and 64 lower-case hex digits. The empty string means "not set". */
struct digest {
	char text[DIGEST_TEXT_MAX];
};

/* Accept the strict form only; -EINVAL for everything else. *ret is set on success only. */
int digest_parse(const char *s, struct digest *ret);
/* From the 64 hex digits that sha256_hex() writes. */
void digest_from_hex(const char *hex, struct digest *ret);
void digest_of(const void *p, size_t n, struct digest *ret);
/* The hex digits without "sha256:"; blobs and snapshots are named by them. */
const char *digest_hex(const struct digest *d);

static inline bool digest_eq(const struct digest *a, const struct digest *b)
{
	return streq(a->text, b->text);
}

static inline bool digest_is_set(const struct digest *d)
{
	return d->text[0] != '\0';
}

/*
 * The chain id of a layer (OCI image-spec, "Layer ChainID"): the diff id itself for the
 * lowest one (parent NULL), else sha256("<parent> <diff id>").
 */
void digest_chain(const struct digest *parent, const struct digest *diff, struct digest *ret);

#endif
