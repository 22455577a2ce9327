/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include <zstd.h>

#include "decomp.h"
#include "mem.h"

enum {
	ZSTD_WINDOW_LOG = 27 /* 128 MiB: what the zstd program accepts by default */
};

struct zstd {
	ZSTD_DCtx *ctx;
	bool boundary; /* between two frames */
};

static void *zstd_init(void)
{
	struct zstd *z = xcalloc(1, sizeof(*z));

	z->ctx = ZSTD_createDCtx();
	if (!z->ctx)
		abort(); /* out of memory */
	(void) ZSTD_DCtx_setParameter(z->ctx, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	return z;
}

static int zstd_run(void *state, struct codec_io *io, struct kerr *err)
{
	ZSTD_inBuffer in = { io->in, io->in_n, 0 };
	ZSTD_outBuffer out = { io->out, io->out_n, 0 };
	struct zstd *z = state;
	size_t r = 0, before;

	if (z->boundary && in.size == 0)
		/* otherwise zstd would report that the header of another frame is missing */
		return CODEC_BOUNDARY;
	do {
		before = in.pos + out.pos;
		r = ZSTD_decompressStream(z->ctx, &out, &in);
		if (ZSTD_isError(r))
			return kerr_plain(err, -EBADMSG, "zstd: %s", ZSTD_getErrorName(r));
	} while (out.pos < out.size && in.pos < in.size && before != in.pos + out.pos);
	io->in += in.pos;
	io->in_n -= in.pos;
	io->out += out.pos;
	io->out_n -= out.pos;
	z->boundary = r == 0;
	return z->boundary ? CODEC_BOUNDARY : CODEC_MORE;
}

static void zstd_fini(void *state)
{
	struct zstd *z = state;

	(void) ZSTD_freeDCtx(z->ctx);
	free(z);
}

const struct codec codec_zstd = { "zstd", zstd_init, zstd_run, zstd_fini };
