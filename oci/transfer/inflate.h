/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_INFLATE_H
#define KUKEON_INFLATE_H

#include "err.h"
#include "imgstore.h"
#include "unpack.h"

/* A compressed archive (or any stream, which may be one), decompressed by a kukeunpack. */
struct inflate {
	int fd; /* the archive comes from here */
	char *cell; /* where the kukeunpack is confined: an empty directory in staging/ */
	struct unpack_job job;
};

#define INFLATE_INIT                                 \
	{                                            \
		.fd = -EBADF, .job = UNPACK_JOB_INIT \
	}

/* Whether fd, from its position on, has to go through it: what is no plain file. */
bool inflate_needed(int fd);
int inflate_start(struct image_store *s, int fd, struct inflate *f, struct kerr *err);
/*
 * After the archive was read with result r: read the rest, as only then it is known
 * to be whole. A failure of the decompressor is the reason for one of the reader.
 */
int inflate_finish(struct inflate *f, int r, struct kerr *err);
void inflate_clear(struct inflate *f); /* ends it */

#endif
