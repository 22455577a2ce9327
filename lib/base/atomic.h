/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ATOMIC_H
#define KUKEON_ATOMIC_H

#include "defs.h"
#include "err.h"

enum atomic_write_flags {
	ATOMIC_WRITE_NOSYNC = 1 << 0, /* for trees that do not outlive a reboot */
	ATOMIC_WRITE_EXCL = 1 << 1, /* -EEXIST when the file is there (link instead of rename) */
	ATOMIC_WRITE_OVER_DIR = 1 << 3, /* a directory in its place is damage: it goes */
	ATOMIC_WRITE_SUM = 1 << 2, /* with a checksum for state_read_at (statefile.h) */
};

/*
 * Replace a file below dirfd in one step: a temporary file without a name where
 * the file system has such, write, fsync, fchmod, a name (".tmp-…"), rename, fsync
 * of the directory. A reader sees the old content or the new; a failure leaves
 * the old one and no temporary file, a kill at most one until the next write.
 * path may have directories in front; they must be there.
 */
int atomic_write_at(int dirfd, const char *path, const void *data, size_t n, mode_t mode,
		    enum atomic_write_flags flags, struct kerr *err);

/* fsync the directory that holds path. */
int fsync_parent(int dirfd, const char *path, struct kerr *err);

/* unlink and fsync of the directory. A missing file is success. */
int atomic_unlink_at(int dirfd, const char *path, struct kerr *err);

#endif
