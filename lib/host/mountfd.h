/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MOUNTFD_H
#define KUKEON_MOUNTFD_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/*
 * Mounts as descriptors: made beside every tree, then attached at a place that is a
 * descriptor too. No path is looked up twice, so nobody who renames things below a
 * shared directory can lead a mount elsewhere. All descriptors are the caller's.
 */

/*
 * A new tmpfs. options are single words as in fstab (`nosuid`, `size=1m`), the last
 * one counts; words about propagation are nothing here. An option that this kernel
 * does not take is named in err.
 */
int mountfd_tmpfs(const struct strlist *options, struct kerr *err);

/*
 * A copy of what source is, with all mounts below it. It gets what is mounted below
 * the source later, and gives nothing back: nothing that is attached below the copy
 * shows at the source.
 */
int mountfd_clone(const char *source, struct kerr *err);

/* Attach mnt at path below dirfd; "": at what dirfd itself is. */
int mountfd_attach(int mnt, int dirfd, const char *path, struct kerr *err);

enum mountfd_flags {
	MOUNTFD_RECURSIVE = 1 << 0, /* with all below, where the kernel can (5.12) */
};
/* Make an attached mount read-only. */
int mountfd_readonly(int mnt, enum mountfd_flags flags, struct kerr *err);

#endif
