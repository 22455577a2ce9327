/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_INFLATE_H
#define KUKEON_INFLATE_H

#include "err.h"
#include "imgstore.h"
#include "unpack.h"

/*
 * Decompresses an archive through kukeunpack. Also used for any stream, as it may be
 * compressed.
 */
struct inflate {
	int fd; /* the decompressed archive is read from here */
	char *cell; /* an empty directory in staging/ to which kukeunpack is confined */
	struct unpack_job job;
};

#define INFLATE_INIT                                 \
	{                                            \
		.fd = -EBADF, .job = UNPACK_JOB_INIT \
	}

/*
 * Whether the input must be decompressed first: a compressed file, or anything but a
 * regular file.
 */
bool inflate_needed(int fd);
int inflate_start(struct image_store *s, int fd, struct inflate *f, struct kerr *err);
/*
 * Call after reading the archive, with the result r of that. Reads the rest, since only
 * at the end it is known whether the input is complete. A failure of the decompressor
 * replaces that of the reader.
 */
int inflate_finish(struct inflate *f, int r, struct kerr *err);
void inflate_clear(struct inflate *f); /* kills kukeunpack if it is running */

#endif
