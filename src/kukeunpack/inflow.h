/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_INFLOW_H
#define KUKEON_INFLOW_H

#include "err.h"
#include "unpack_proto.h"

/*
 * Reads a layer or an archive: hashes the input, decompresses it (gzip, zstd or none),
 * hashes and counts the output, and enforces the limits.
 */
struct inflow;

/*
 * With offset >= 0: size bytes of a file from there. Otherwise fd is read as a stream to
 * its end; if size is >= 0, the stream must have that length.
 */
struct inflow_source {
	const char *what; /* name for messages: "layer" */
	bool unhashed; /* compute no digests */
	int fd;
	int64_t offset;
	int64_t size;
};

struct inflow *inflow_new(const struct inflow_source *src, const struct unpack_limits *limits);
struct inflow *inflow_free(struct inflow *f);
/*
 * Get the next bytes of the tar, valid until the next call. Returns their number, 0 at
 * the end, -errno.
 */
ssize_t inflow_next(struct inflow *f, const void **ret, struct kerr *err);
/* Read the rest of the input, then set digests and byte counts. */
int inflow_finish(struct inflow *f, struct unpack_result *ret, struct kerr *err);

static inline void inflow_freep(struct inflow **f)
{
	*f = inflow_free(*f);
}

#endif
