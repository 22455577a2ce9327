/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_UNPACK_H
#define KUKEON_UNPACK_H

#include <errno.h>

#include "buf.h"
#include "err.h"
#include "unpack_proto.h"

/*
 * Where the bytes of a layer are: size bytes of a file from offset on, or with
 * offset -1 what is left of a pipe or file, size bytes when that is not -1.
 */
struct layer_source {
	int fd; /* borrowed */
	int64_t offset;
	int64_t size;
};

/* A kukeunpack at work. */
struct unpack_job {
	pid_t pid; /* 0: none */
	int fd; /* becomes readable when it has an answer, or has ended without one */
	bool inflate;
};

#define UNPACK_JOB_INIT      \
	{                    \
		.fd = -EBADF \
	}

/*
 * Start kukeunpack on a layer: its files into the empty directory targetfd, the list
 * of them (filelist.h) into listfd. All descriptors may be closed afterwards.
 */
int unpack_start(const struct layer_source *src, int targetfd, int listfd,
		 const struct unpack_limits *limits, struct unpack_job *ret, struct kerr *err);

/*
 * Start kukeunpack on an archive as a whole: decompressed to outfd (a pipe), without
 * files and without digests. targetfd is an empty directory to be confined in.
 */
int unpack_start_inflate(const struct layer_source *src, int targetfd, int outfd,
			 const struct unpack_limits *limits, struct unpack_job *ret,
			 struct kerr *err);

/*
 * Wait for it and take its answer: ret has digests and counts, notes the notes of
 * unpack_proto.h; both come from a program that has read hostile input and are to
 * be used as such. A failure leaves whatever was written.
 */
int unpack_finish(struct unpack_job *job, struct unpack_result *ret, struct buf *notes,
		  struct kerr *err);

/* End it, if it runs. */
void unpack_abort(struct unpack_job *job);

#endif
