/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOCK_H
#define KUKEON_LOCK_H

#include "defs.h"
#include "err.h"

enum lock_mode {
	LOCK_FILE_WAIT = 1, /* block until the lock is free */
	LOCK_FILE_TRY = 2, /* -EWOULDBLOCK if it is held elsewhere */
	LOCK_FILE_SHARED = 4, /* or-ed to one of them: a shared lock */
};

/*
 * Open (create 0600) and flock(2) a file, exclusively unless LOCK_FILE_SHARED is given.
 * Returns the descriptor that holds the lock, or -errno. If the file was replaced
 * during the wait, the new one is opened and locked. The lock is released when the last
 * copy of the descriptor is closed.
 */
int lock_file_at(int dirfd, const char *path, enum lock_mode mode, struct kerr *err);

/*
 * Whether the lock is held through another open file: 1 held, 0 free or no such file,
 * -errno. The check itself takes a shared lock for microseconds. LOCK_FILE_TRY retries
 * long enough for one such check; where a false -EWOULDBLOCK would do harm, use
 * LOCK_FILE_WAIT.
 */
int lock_file_held(int dirfd, const char *path);
/* The same of a file that is open and not locked through this descriptor. 1, 0, -errno. */
int lock_fd_held(int fd);

#endif
