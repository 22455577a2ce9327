/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_UNPACK_H
#define KUKEON_UNPACK_H

#include <errno.h>

#include "buf.h"
#include "err.h"
#include "unpack_proto.h"

/*
 * Where the bytes of a layer are: `size` bytes of a file from `offset` on; or, with
 * offset -1, the rest of a pipe or file, of which `size` bytes are expected unless size
 * is -1.
 */
struct layer_source {
	int fd; /* borrowed */
	int64_t offset;
	int64_t size;
};

/* A running kukeunpack. */
struct unpack_job {
	pid_t pid; /* 0: none */
	int fd; /* readable when it has replied, or ended without a reply */
	bool inflate;
};

#define UNPACK_JOB_INIT      \
	{                    \
		.fd = -EBADF \
	}

/*
 * Start kukeunpack for a layer. The files are put into the empty directory targetfd, the
 * list of files (filelist.h) is written to listfd. All descriptors may be closed
 * afterwards.
 */
int unpack_start(const struct layer_source *src, int targetfd, int listfd,
		 const struct unpack_limits *limits, struct unpack_job *ret, struct kerr *err);

/*
 * Start kukeunpack to decompress an archive to outfd, a pipe. No files are unpacked and
 * no digests computed. targetfd is an empty directory to which it is confined.
 */
int unpack_start_inflate(const struct layer_source *src, int targetfd, int outfd,
			 const struct unpack_limits *limits, struct unpack_job *ret,
			 struct kerr *err);

/*
 * Wait for kukeunpack and read its reply: *ret has digests and counts, notes the notes
 * of unpack_proto.h. Neither is trusted, as kukeunpack has read hostile input. On
 * failure, files written so far stay.
 */
int unpack_finish(struct unpack_job *job, struct unpack_result *ret, struct buf *notes,
		  struct kerr *err);

/* Kill it, if it is running. */
void unpack_abort(struct unpack_job *job);

#endif
