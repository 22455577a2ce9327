/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#ifdef HAVE_ISAL
#include <isa-l/igzip_lib.h>
#else
#include <zlib.h>
#endif

#include "decomp.h"
#include "mem.h"

/* Position in the stream of gzip members. */
enum gzip_place {
	GZIP_MEMBER = 1, /* inside a member */
	GZIP_BETWEEN, /* after a member: another one, zeros, or the end may follow */
	GZIP_PADDING, /* only zeros up to the end may follow */
};

/*
 * After a member, another one (it starts with 1f) or zeros may follow; tapes and some
 * tools pad with zeros. Returns the new position or -EBADMSG.
 */
static int check_next_member(enum gzip_place place, struct codec_io *io, struct kerr *err)
{
	while (io->in_n > 0 && *io->in == 0) {
		place = GZIP_PADDING;
		io->in++;
		io->in_n--;
	}
	if (io->in_n == 0)
		return place;
	if (place == GZIP_BETWEEN && *io->in == 0x1f)
		return GZIP_MEMBER;
	return kerr_plain(err, -EBADMSG, "gzip: unexpected bytes after the end of the stream");
}

#ifdef HAVE_ISAL

struct gzip {
	enum gzip_place place;
	struct inflate_state z;
};

static void restart(struct gzip *g)
{
	isal_inflate_reset(&g->z);
	g->z.crc_flag = ISAL_GZIP;
	g->place = GZIP_MEMBER;
}

static void *gzip_init(void)
{
	struct gzip *g = xcalloc(1, sizeof(*g));

	isal_inflate_init(&g->z);
	restart(g);
	return g;
}

/* Returns 1 at the end of a member, 0, or -EBADMSG. */
static int inflate_some(struct gzip *g, struct codec_io *io, struct kerr *err)
{
	int r;

	g->z.next_in = (uint8_t *) (uintptr_t) io->in;
	g->z.avail_in = (uint32_t) io->in_n;
	g->z.next_out = io->out;
	g->z.avail_out = (uint32_t) io->out_n;
	r = isal_inflate(&g->z);
	io->in = g->z.next_in;
	io->in_n = g->z.avail_in;
	io->out = g->z.next_out;
	io->out_n = g->z.avail_out;
	if (r == ISAL_INCORRECT_CHECKSUM)
		return kerr_plain(err, -EBADMSG, "gzip: checksum does not match");
	if (r < 0)
		return kerr_plain(err, -EBADMSG, "gzip: data is corrupt");
	return g->z.block_state == ISAL_BLOCK_FINISH;
}

static void gzip_fini(void *state)
{
	free(state);
}

#else

struct gzip {
	enum gzip_place place;
	z_stream z;
};

static void restart(struct gzip *g)
{
	(void) inflateReset(&g->z);
	g->place = GZIP_MEMBER;
}

static void *gzip_init(void)
{
	struct gzip *g = xcalloc(1, sizeof(*g));

	if (inflateInit2(&g->z, 15 + 16) != Z_OK)
		abort(); /* out of memory */
	g->place = GZIP_MEMBER;
	return g;
}

static int inflate_some(struct gzip *g, struct codec_io *io, struct kerr *err)
{
	int r;

	g->z.next_in = (uint8_t *) (uintptr_t) io->in;
	g->z.avail_in = (uInt) io->in_n;
	g->z.next_out = io->out;
	g->z.avail_out = (uInt) io->out_n;
	r = inflate(&g->z, Z_NO_FLUSH);
	io->in = g->z.next_in;
	io->in_n = g->z.avail_in;
	io->out = g->z.next_out;
	io->out_n = g->z.avail_out;
	if (r == Z_OK || r == Z_BUF_ERROR)
		return 0;
	if (r == Z_STREAM_END)
		return 1;
	/* zlib has no error code for a wrong checksum. */
	if (g->z.msg && strstr(g->z.msg, " check"))
		return kerr_plain(err, -EBADMSG, "gzip: checksum does not match");
	return kerr_plain(err, -EBADMSG, "gzip: data is corrupt");
}

static void gzip_fini(void *state)
{
	struct gzip *g = state;

	(void) inflateEnd(&g->z);
	free(g);
}

#endif

static int gzip_run(void *state, struct codec_io *io, struct kerr *err)
{
	struct gzip *g = state;
	size_t before;
	int r;

	while (io->out_n > 0) {
		if (g->place != GZIP_MEMBER) {
			r = check_next_member(g->place, io, err);
			if (r < 0)
				return r;
			g->place = (enum gzip_place) r;
			if (g->place != GZIP_MEMBER)
				return CODEC_BOUNDARY;
			restart(g);
		}
		before = io->in_n + io->out_n;
		r = inflate_some(g, io, err);
		if (r < 0)
			return r;
		if (r > 0)
			g->place = GZIP_BETWEEN;
		else if (before == io->in_n + io->out_n)
			return CODEC_MORE; /* more input is needed */
	}
	return g->place == GZIP_MEMBER ? CODEC_MORE : CODEC_BOUNDARY;
}

const struct codec codec_gzip = { "gzip", gzip_init, gzip_run, gzip_fini };
