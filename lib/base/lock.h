/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOCK_H
#define KUKEON_LOCK_H

#include "defs.h"
#include "err.h"

enum lock_mode {
	LOCK_FILE_WAIT = 1, /* block until it is ours */
	LOCK_FILE_TRY = 2, /* -EWOULDBLOCK when another holds it */
	LOCK_FILE_SHARED = 4, /* or-ed to one of them: with other sharers */
};

/*
 * Open (create 0600) and flock(2) a file, exclusively unless LOCK_FILE_SHARED
 * is given. Returns the descriptor
 * that holds the lock, or -errno. A file that was replaced while we waited is
 * opened again. The lock goes with the last copy of the descriptor.
 */
int lock_file_at(int dirfd, const char *path, enum lock_mode mode, struct kerr *err);

/*
 * Whether another open file holds the lock: 1 held, 0 free or no such file, -errno.
 * The test uses a descriptor of its own, whose shared lock lasts for microseconds:
 * LOCK_FILE_TRY outwaits one, but a lock that must not be missed is taken with
 * LOCK_FILE_WAIT.
 */
int lock_file_held(int dirfd, const char *path);

#endif
