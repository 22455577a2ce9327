/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ATOMIC_H
#define KUKEON_ATOMIC_H

#include "defs.h"
#include "err.h"

enum atomic_write_flags {
	ATOMIC_WRITE_NOSYNC = 1 << 0, /* for trees that do not outlive a reboot */
	ATOMIC_WRITE_EXCL = 1 << 1, /* fail with -EEXIST if the file exists */
	ATOMIC_WRITE_OVER_DIR = 1 << 3, /* remove a directory that is in the file's place */
	ATOMIC_WRITE_SUM = 1 << 2, /* with a checksum for state_read_at (statefile.h) */
};

/*
 * Replace a file below dirfd atomically: temporary file (O_TMPFILE where supported),
 * write, fsync, fchmod, link as ".tmp-…", rename, fsync of the directory. A reader sees
 * either the old content or the new. On failure the old file stays and no temporary
 * file is left; a killed writer leaves at most one, which the next write removes. The
 * directories in path must exist.
 */
int atomic_write_at(int dirfd, const char *path, const void *data, size_t n, mode_t mode,
		    enum atomic_write_flags flags, struct kerr *err);

/* fsync the directory that holds path. */
int fsync_parent(int dirfd, const char *path, struct kerr *err);

/* unlink and fsync of the directory. A missing file is success. */
int atomic_unlink_at(int dirfd, const char *path, struct kerr *err);

#endif
