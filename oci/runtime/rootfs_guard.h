/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ROOTFS_GUARD_H
#define KUKEON_ROOTFS_GUARD_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/*
 * Places in a container's root file system, before anything is mounted there. What
 * stands in the root was written by an image or by the container's last run, and a
 * runtime that prepares a place by its path follows what links stand on the way, on
 * the host. So each place is looked up here first, part by part below the root's
 * descriptor; what comes out has no link in it and exists.
 *
 * The caller sees to it that nothing runs in the root meanwhile.
 */
enum guard_flags {
	GUARD_FILE = 1 << 0, /* the place is a file, else a directory */
	GUARD_REPLACE = 1 << 1, /* a file where a directory is needed gives way to one */
	GUARD_NO_LINK = 1 << 2, /* a link at the end gives way to the place itself */
};

/*
 * A directory right below the root (`dev`), as nothing else: whatever stands there
 * instead is removed. mode: what it gets where it has another one; 0: leave it.
 */
int guard_top_dir(int root, const char *name, mode_t mode, struct kerr *err);

/*
 * Where the absolute, clean path leads inside the root: links are followed and never
 * leave it. Missing directories are made, and at the end what flags say. covered are
 * the places (clean) where something else will be mounted first: below them nothing
 * is looked up. *ret is owned by the caller. Refuses what leads to the root itself,
 * to /dev, or to the kernel's own file systems.
 */
int guard_resolve(int root, const char *path, const struct strlist *covered, enum guard_flags flags,
		  char **ret, struct kerr *err);

/* The same for a path that need not exist, where nothing is made (a working directory). */
int guard_follow(int root, const char *path, const struct strlist *covered, char **ret,
		 struct kerr *err);

/*
 * The place rel below a directory that others may change at the same time (a volume):
 * O_PATH descriptor, made where it is missing, without following any link. what names
 * the directory in messages.
 */
int guard_below(int dir, const char *rel, enum guard_flags flags, const char *what,
		struct kerr *err);

#endif
