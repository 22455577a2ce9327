/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "digest.h"

#define PREFIX "sha256:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

int digest_parse(const char *s, struct digest *ret)
{
	size_t i;

	if (!s || strncmp(s, PREFIX, PREFIX_LEN) != 0)
		return -EINVAL;
	for (i = PREFIX_LEN; i < PREFIX_LEN + DIGEST_HEX; i++)
		if (!(s[i] >= '0' && s[i] <= '9') && !(s[i] >= 'a' && s[i] <= 'f'))
			return -EINVAL;
	if (s[i])
		return -EINVAL;
	memcpy(ret->text, s, i + 1);
	return 0;
}

void digest_from_hex(const char *hex, struct digest *ret)
{
	assert(strlen(hex) == DIGEST_HEX);
	(void) snprintf(ret->text, sizeof(ret->text), PREFIX "%s", hex);
}

void digest_of(const void *p, size_t n, struct digest *ret)
{
	char hex[SHA256_HEX];

	sha256_hex_of(p, n, hex);
	digest_from_hex(hex, ret);
}

const char *digest_hex(const struct digest *d)
{
	assert(digest_is_set(d));
	return d->text + PREFIX_LEN;
}

void digest_chain(const struct digest *parent, const struct digest *diff, struct digest *ret)
{
	char text[2 * DIGEST_TEXT_MAX];
	int n;

	if (!parent) {
		*ret = *diff;
		return;
	}
	n = snprintf(text, sizeof(text), "%s %s", parent->text, diff->text);
	digest_of(text, (size_t) n, ret);
}
