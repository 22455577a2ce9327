/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ROOTFS_GUARD_H
#define KUKEON_ROOTFS_GUARD_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/*
 * Checks and creates mount targets in a container's root file system before anything is
 * mounted there. The content of the root comes from an image or from the container's
 * last run. A runtime that prepares a target by its path would follow links in it, on
 * the host. So each target is resolved here first, part by part below the root's
 * descriptor; the result exists and has no links in it.
 *
 * The caller makes sure that no process runs in the root meanwhile.
 */
enum guard_flags {
	GUARD_FILE = 1 << 0, /* the target is a file; otherwise a directory */
	GUARD_REPLACE = 1 << 1, /* replace a file by a directory where one is needed */
	GUARD_NO_LINK = 1 << 2, /* replace a link at the end by the target itself */
};

/*
 * Make sure that name, directly below the root ("dev"), is a directory; anything else
 * with that name is removed. mode: set if it differs; 0: leave it.
 */
int guard_top_dir(int root, const char *name, mode_t mode, struct kerr *err);

/*
 * Resolve the absolute, clean path inside the root: links are followed but never lead
 * out of it. Missing directories are created, and the last part according to flags.
 * covered are the targets (clean) of earlier mounts; nothing is checked below them. *ret
 * is owned by the caller. Fails when the path resolves to the root itself, to /dev, or
 * to a kernel file system.
 */
int guard_resolve(int root, const char *path, const struct strlist *covered, enum guard_flags flags,
		  char **ret, struct kerr *err);

/* The same without creating anything, for a path that need not exist (a working directory). */
int guard_follow(int root, const char *path, const struct strlist *covered, char **ret,
		 struct kerr *err);

/*
 * Open the path rel below a directory that other processes may change at the same time
 * (a volume), without following any link. Missing parts are created. Returns an O_PATH
 * descriptor. what names the directory in messages.
 */
int guard_below(int dir, const char *rel, enum guard_flags flags, const char *what,
		struct kerr *err);

#endif
