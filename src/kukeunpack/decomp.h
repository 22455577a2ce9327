/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CODEC_H
#define KUKEON_CODEC_H

#include "defs.h"
#include "err.h"

/* One step of a decompressor: what is left to read and to fill, moved on by run. */
struct codec_io {
	const uint8_t *in;
	size_t in_n;
	uint8_t *out;
	size_t out_n;
};

enum codec_status {
	CODEC_MORE = 0, /* inside a member or frame */
	CODEC_BOUNDARY = 1, /* between two: an end of input here is a good one */
};

/*
 * A decompressor of a stream that may have several members. run takes input
 * until it is used up or the output is full; it returns a codec_status or -errno.
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
