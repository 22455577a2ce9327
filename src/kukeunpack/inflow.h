/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_INFLOW_H
#define KUKEON_INFLOW_H

#include "err.h"
#include "unpack_proto.h"

/*
 * The bytes of a layer (or of a whole archive) on their way in: read, hashed,
 * decompressed (gzip, zstd or as they are), hashed again, counted and held against
 * the limits.
 */
struct inflow;

/*
 * offset >= 0: size bytes of a file from there. Else fd is read as a stream to its
 * end, which must come after size bytes when that is >= 0.
 */
struct inflow_source {
	const char *what; /* in messages: "layer" */
	bool unhashed; /* digests are not asked for */
	int fd;
	int64_t offset;
	int64_t size;
};

struct inflow *inflow_new(const struct inflow_source *src, const struct unpack_limits *limits);
struct inflow *inflow_free(struct inflow *f);
/* The next bytes of the tar, valid until the next call: their number, 0 at the end, -errno. */
ssize_t inflow_next(struct inflow *f, const void **ret, struct kerr *err);
/* Read what is left, then fill in digests and byte counts. */
int inflow_finish(struct inflow *f, struct unpack_result *ret, struct kerr *err);

static inline void inflow_freep(struct inflow **f)
{
	*f = inflow_free(*f);
}

#endif
