/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include <nettle/base16.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>

#include "encode.h"
#include "mem.h"
#include "sha256.h"

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

void hex_encode(char *out, const void *p, size_t n)
{
	base16_encode_update(out, n, p);
	out[2 * n] = '\0';
}

void base64_encode(struct buf *out, const void *p, size_t n)
{
	enum {
		STEP = 3 << 10, /* a multiple of 3: only the last step needs padding */
	};
	const uint8_t *u = p;
	char text[BASE64_ENCODE_RAW_LENGTH(STEP)];
	size_t take;

	for (; n > 0; u += take, n -= take) {
		take = n < STEP ? n : STEP;
		base64_encode_raw(text, take, u);
		buf_add(out, text, BASE64_ENCODE_RAW_LENGTH(take));
	}
}

struct base64_decoder {
	struct base64_decode_ctx ctx;
};

struct base64_decoder *base64_decoder_new(void)
{
	struct base64_decoder *d = xcalloc(1, sizeof(*d));

	base64_decode_init(&d->ctx);
	return d;
}

struct base64_decoder *base64_decoder_free(struct base64_decoder *d)
{
	free(d);
	return NULL;
}

int base64_decoder_put(struct base64_decoder *d, unsigned char c, unsigned char *ret)
{
	struct base64_decode_ctx *x = &d->ctx;
	int r;

	switch (c) {
	case '\r':
	case '\n':
		return 0;
	case '\t':
	case '\v':
	case '\f':
	case ' ':
		return -EINVAL; /* nettle skips these as well */
	case '=':
		if (x->bits == 6) /* nettle accepts "A===" */
			return -EINVAL;
		/* nettle requires the unused bits to be zero, Go does not */
		x->word &= (unsigned short) ~((1U << x->bits) - 1);
		break;
	default:
		break;
	}
	r = base64_decode_single(x, ret, (char) c);
	return r < 0 ? -EINVAL : r;
}

bool base64_decoder_complete(const struct base64_decoder *d)
{
	return d->ctx.bits == 0;
}

int base64_decode(struct buf *out, const char *s, size_t n)
{
	struct base64_decoder d;
	unsigned char byte;
	int r;

	base64_decode_init(&d.ctx);
	for (size_t i = 0; i < n; i++) {
		r = base64_decoder_put(&d, (unsigned char) s[i], &byte);
		if (r < 0)
			return r;
		if (r > 0)
			buf_addc(out, (char) byte);
	}
	return base64_decoder_complete(&d) ? 0 : -EINVAL;
}
