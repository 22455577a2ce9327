/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "decomp.h"
#include "inflow.h"
#include "mem.h"
#include "sha256.h"

enum {
	INFLOW_IN = 256 << 10,
	INFLOW_OUT = 512 << 10,
	TAR_BLOCK = 512,
};

struct inflow {
	struct inflow_source src;
	const struct unpack_limits *limits;
	const struct codec *codec; /* NULL: plain */
	void *codec_state;
	struct sha256 *blob_sha;
	struct sha256 *tar_sha;
	uint64_t blob_bytes;
	uint64_t tar_bytes;
	bool started; /* the compression was detected */
	bool input_end;
	bool padded; /* the last block of the tar was filled with zeros */
	bool boundary; /* the compressed stream may end here */
	size_t in_at, in_n; /* unread part of in */
	uint8_t in[INFLOW_IN];
	uint8_t out[INFLOW_OUT];
};

struct inflow *inflow_new(const struct inflow_source *src, const struct unpack_limits *limits)
{
	struct inflow *f = xmalloc(sizeof(*f));

	*f = (struct inflow){ .src = *src, .limits = limits };
	f->blob_sha = sha256_new();
	f->tar_sha = sha256_new();
	f->boundary = true;
	return f;
}

struct inflow *inflow_free(struct inflow *f)
{
	if (!f)
		return NULL;
	if (f->codec)
		f->codec->fini(f->codec_state);
	sha256_free(f->blob_sha);
	sha256_free(f->tar_sha);
	free(f);
	return NULL;
}

/* Read up to n bytes of input, count and hash them. 0 at the end. */
static ssize_t read_input(struct inflow *f, uint8_t *p, size_t n, struct kerr *err)
{
	struct inflow_source *s = &f->src;
	ssize_t r;

	if (s->offset >= 0 && (uint64_t) s->size < n)
		n = (size_t) s->size;
	do
		r = n == 0 ? 0 : s->offset >= 0 ? pread(s->fd, p, n, s->offset) : read(s->fd, p, n);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return kerr_set(err, -errno, "read %s", s->what);
	if (s->size >= 0) {
		if (r == 0 && s->size > 0)
			return kerr_plain(err, -EBADMSG, "%s ends early", s->what);
		if (r > s->size)
			return kerr_plain(err, -EBADMSG, "%s is longer than expected", s->what);
		s->size -= r;
	}
	if (s->offset >= 0)
		s->offset += r;
	f->blob_bytes += (uint64_t) r;
	if (!s->unhashed)
		sha256_add(f->blob_sha, p, (size_t) r);
	return r;
}

/* Refill in[] when it is used up. */
static int fill(struct inflow *f, struct kerr *err)
{
	ssize_t r;

	if (f->in_n > 0 || f->input_end)
		return 0;
	f->in_at = 0;
	r = read_input(f, f->in, sizeof(f->in), err);
	if (r < 0)
		return (int) r;
	f->in_n = (size_t) r;
	f->input_end = r == 0;
	return 0;
}

/*
 * The first bytes of compressed streams: RFC 1952, RFC 8878 (a frame or a skippable
 * one), and formats that are not supported.
 */
static const struct magic {
	const char *name;
	const struct codec *codec;
	uint8_t bytes[6];
	uint8_t mask[6];
} magics[] = {
	{ "gzip", &codec_gzip, { 0x1f, 0x8b, 8 }, { 0xff, 0xff, 0xff } },
	{ "zstd", &codec_zstd, { 0x28, 0xb5, 0x2f, 0xfd }, { 0xff, 0xff, 0xff, 0xff } },
	{ "zstd", &codec_zstd, { 0x50, 0x2a, 0x4d, 0x18 }, { 0xf0, 0xff, 0xff, 0xff } },
	{ "xz", NULL, { 0xfd, '7', 'z', 'X', 'Z', 0 }, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
	{ "bzip2", NULL, { 'B', 'Z', 'h', 0, '1', 'A' }, { 0xff, 0xff, 0xff, 0, 0xff, 0xff } },
};

static const struct magic *find_magic(const struct inflow *f)
{
	const struct magic *m;
	size_t k;

	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		m = &magics[i];
		for (k = 0; k < sizeof(m->mask); k++)
			if (m->mask[k] != 0 &&
			    (k >= f->in_n || (f->in[k] & m->mask[k]) != m->bytes[k]))
				break;
		if (k == sizeof(m->mask))
			return m;
	}
	return NULL;
}

static int start(struct inflow *f, struct kerr *err)
{
	const struct magic *m;
	ssize_t r;

	f->started = true;
	while (f->in_n < sizeof(m->bytes) && !f->input_end) {
		r = read_input(f, f->in + f->in_n, sizeof(f->in) - f->in_n, err);
		if (r < 0)
			return (int) r;
		f->in_n += (size_t) r;
		f->input_end = r == 0;
	}
	m = find_magic(f);
	if (m && !m->codec)
		return kerr_plain(err, -EBADMSG,
				  "%s is compressed with %s, which is not supported: "
				  "use gzip or zstd",
				  f->src.what, m->name);
	if (m)
		f->codec = m->codec;
	if (f->codec) {
		f->codec_state = f->codec->init();
		f->boundary = false;
	}
	return 0;
}

static int account(struct inflow *f, const void *p, size_t n, struct kerr *err)
{
	const struct unpack_limits *l = f->limits;
	uint64_t compressed = f->blob_bytes;

	f->tar_bytes += n;
	if (f->tar_bytes > l->max_bytes)
		return kerr_plain(err, -E2BIG,
				  "%s is larger than %llu bytes (imageLimits.maxBytes)",
				  f->src.what, (unsigned long long) l->max_bytes);
	if (f->src.size >= 0)
		compressed += (uint64_t) f->src.size;
	if (f->tar_bytes > l->max_ratio_extra &&
	    (f->tar_bytes - l->max_ratio_extra) / l->max_ratio > compressed)
		return kerr_plain(
			err, -E2BIG,
			"%s unpacks to more than %llu times its size (imageLimits.maxRatio)",
			f->src.what, (unsigned long long) l->max_ratio);
	if (f->codec && !f->src.unhashed)
		sha256_add(f->tar_sha, p, n);
	return 0;
}

/* Decompress until there is output or the input ends. Returns the number of bytes in out[]. */
static ssize_t decompress(struct inflow *f, struct kerr *err)
{
	struct codec_io io;
	int r;

	for (;;) {
		r = fill(f, err);
		if (r < 0)
			return r;
		io = (struct codec_io){ f->in + f->in_at, f->in_n, f->out, sizeof(f->out) };
		r = f->codec->run(f->codec_state, &io, err);
		if (r < 0)
			return r;
		f->in_at += f->in_n - io.in_n;
		f->in_n = io.in_n;
		f->boundary = r == CODEC_BOUNDARY;
		if (io.out_n < sizeof(f->out))
			return (ssize_t) (sizeof(f->out) - io.out_n);
		if (f->input_end && !f->boundary)
			return kerr_plain(err, -EBADMSG, "%s: data ends early", f->codec->name);
		if (f->input_end)
			return 0;
	}
}

/*
 * Some writers (umoci insert) leave out everything after the last byte of content.
 * libarchive needs a complete last block, so zeros are added; they are not part of the
 * digest.
 */
static ssize_t pad(struct inflow *f, const void **ret)
{
	size_t n = -f->tar_bytes & (TAR_BLOCK - 1);

	if (f->padded || n == 0)
		return 0;
	f->padded = true;
	memset(f->out, 0, n);
	*ret = f->out;
	return (ssize_t) n;
}

ssize_t inflow_next(struct inflow *f, const void **ret, struct kerr *err)
{
	ssize_t n;
	int r;

	r = f->started ? 0 : start(f, err);
	if (r < 0)
		return r;
	if (f->codec) {
		n = decompress(f, err);
		*ret = f->out;
	} else {
		r = fill(f, err);
		n = r < 0 ? r : (ssize_t) f->in_n;
		*ret = f->in;
		f->in_n = 0;
	}
	if (n == 0)
		return pad(f, ret);
	r = n < 0 ? 0 : account(f, *ret, (size_t) n, err);
	return r < 0 ? r : n;
}

int inflow_finish(struct inflow *f, struct unpack_result *ret, struct kerr *err)
{
	const void *p;
	ssize_t n;

	do
		n = inflow_next(f, &p, err);
	while (n > 0);
	if (n < 0)
		return (int) n;
	sha256_hex(f->blob_sha, ret->blob_hex);
	if (f->codec)
		sha256_hex(f->tar_sha, ret->diff_hex);
	else
		/* not compressed: the digests are the same */
		memcpy(ret->diff_hex, ret->blob_hex, sizeof(ret->diff_hex));
	ret->blob_bytes = f->blob_bytes;
	ret->tar_bytes = f->tar_bytes;
	return 0;
}
