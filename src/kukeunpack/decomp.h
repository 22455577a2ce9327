/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CODEC_H
#define KUKEON_CODEC_H

#include "defs.h"
#include "err.h"

/* Input and output of one decompression step; run advances the pointers. */
struct codec_io {
	const uint8_t *in;
	size_t in_n;
	uint8_t *out;
	size_t out_n;
};

enum codec_status {
	CODEC_MORE = 0, /* inside a member or frame */
	CODEC_BOUNDARY = 1, /* between two, where the input may end */
};

/*
 * A decompressor. A stream may have several members. run consumes input until it is used
 * up or the output is full; returns a codec_status or -errno.
 */
struct codec {
	const char *name;
	void *(*init)(void);
	int (*run)(void *state, struct codec_io *io, struct kerr *err);
	void (*fini)(void *state);
};

extern const struct codec codec_gzip;
extern const struct codec codec_zstd;

#endif
