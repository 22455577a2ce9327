/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MOUNTFD_H
#define KUKEON_MOUNTFD_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/*
 * Mounts as descriptors: created detached, then attached at a target that is a
 * descriptor too. No path is resolved twice, so a process that renames entries below a
 * shared directory cannot redirect a mount. All descriptors are owned by the caller.
 */

/*
 * A new tmpfs. options are single words as in fstab(5) (`nosuid`, `size=1m`); of
 * contradicting ones the last counts, propagation options are ignored. If the kernel
 * refuses an option, err names it.
 */
int mountfd_tmpfs(const struct strlist *options, struct kerr *err);

/*
 * Clone the mount at source with all mounts below it, as a slave: later mounts below
 * the source appear in the copy, mounts below the copy do not appear at the source.
 */
int mountfd_clone(const char *source, struct kerr *err);

/* Attach mnt at path below dirfd; "": at dirfd itself. */
int mountfd_attach(int mnt, int dirfd, const char *path, struct kerr *err);

enum mountfd_flags {
	MOUNTFD_RECURSIVE = 1 << 0, /* with all mounts below, if the kernel supports it (5.12) */
};
/* Make an attached mount read-only. */
int mountfd_readonly(int mnt, enum mountfd_flags flags, struct kerr *err);

#endif
