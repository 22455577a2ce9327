/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MOUNT_PLAN_H
#define KUKEON_MOUNT_PLAN_H

#include "spec.h"
#include "vec.h"

/*
 * Plans the mounts of a container apart from the runtime's own (/proc, /dev and what is
 * below it, /sys): volumes, tmpfs, secrets, the cell's files in /etc, and /run. They are
 * sorted so that a parent comes before the mounts inside it.
 *
 * The runtime only makes bind mounts on targets in the root itself, where no other
 * process runs and each target has been checked (rootfs_guard). Volumes, every tmpfs,
 * /run, and mounts inside other mounts are composed here, through descriptors, in a
 * directory of this start; the runtime binds the result as a whole. So nothing depends on
 * how a runtime creates mount points or handles modes, the runtime needs no path of the
 * host's to a volume, and another cell that changes a shared volume at the same time
 * cannot redirect a mount.
 */
enum mount_entry_type {
	MOUNT_ENTRY_BIND = 1,
	MOUNT_ENTRY_TMPFS,
};

struct mount_entry {
	char *target; /* clean absolute path; after prepare without links in the container's root */
	char *asked; /* target as written in the manifest, clean */
	char *what; /* how messages name the entry: volume "/x" */
	enum mount_entry_type type;
	char *source; /* of a bind */
	bool file; /* source is not a directory */
	bool read_only;
	bool own; /* from the cell or the runtime, not from the manifest */
	bool host; /* a volume, whose source may be anywhere on the host */
	bool copy; /* tmpfs that starts with a copy of the image's directory */
	bool skip; /* not mounted, as another entry has the same target */
	struct strlist options; /* for a tmpfs, one option each */
	size_t parent; /* index of the entry it is mounted inside; or MOUNT_PLAN_NONE */
	char *composed; /* where its tree is composed; NULL: mounted by the runtime */
	int fd; /* the mount, while it is composed */
};

#define MOUNT_PLAN_NONE SIZE_MAX

struct mount_plan {
	struct mount_entry *v;
	size_t n;
	char *dir; /* for composed trees; exists between compose and remove_dirs */
};

void mount_plan_clear(struct mount_plan *p);
#define cleanup_mount_plan cleanup_(mount_plan_clear)

/*
 * Collect and sort the mounts. dir is where trees will be composed. Fails for a missing
 * bind source and for two mounts with the same target.
 */
int mount_plan_make(const struct spec_input *in, const char *dir, struct mount_plan *ret,
		    struct kerr *err);

/*
 * Check every target in the container's mounted root (O_PATH) and create missing ones,
 * also for the mounts that the runtime makes by path (/dev, /proc, /sys). No process may
 * run in the root.
 */
int mount_plan_prepare(struct mount_plan *p, int root, struct kerr *err);

/*
 * Check that the working directory is a directory of the container after following the
 * links in the root. Below /proc it could be one of the runtime's. Call after prepare.
 */
int mount_plan_cwd(const struct mount_plan *p, int root, const char *cwd, struct kerr *err);

/* The entry with this target; NULL: none. */
const struct mount_entry *mount_plan_at(const struct mount_plan *p, const char *target);

#endif
