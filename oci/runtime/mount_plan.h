/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MOUNT_PLAN_H
#define KUKEON_MOUNT_PLAN_H

#include "spec.h"
#include "vec.h"

/*
 * What is mounted in a container beside the runtime's own (/proc, /dev and below it,
 * /sys): volumes, tmpfs, secrets, the cell's files in /etc, and /run. Parents come
 * before what is mounted in them, whatever list they stand in.
 *
 * The runtime binds what lies in the root itself, where nobody else is and each place
 * has been looked at (rootfs_guard). What is mounted in another mount, every tmpfs and
 * /run are composed here, by descriptors, in a directory of the start; the runtime gets
 * a bind of the whole. So nothing depends on how a runtime makes a mount point or
 * treats a mode, and no volume that another cell changes at the same time can lead it
 * anywhere.
 */
enum mount_entry_type {
	MOUNT_ENTRY_BIND = 1,
	MOUNT_ENTRY_TMPFS,
};

struct mount_entry {
	char *target; /* clean; resolved: without a link in the container's root */
	char *asked; /* the target as it was asked for, clean */
	char *what; /* how messages speak of it: volume "/x" */
	enum mount_entry_type type;
	char *source; /* of a bind */
	bool file; /* the source is no directory */
	bool read_only;
	bool own; /* of the cell or the runtime, not of the manifest */
	bool copy; /* a tmpfs: begins with what the image has there */
	bool skip; /* not mounted: another one stands there */
	struct strlist options; /* of a tmpfs: single words */
	size_t parent; /* index of the entry it is mounted in; MOUNT_PLAN_NONE */
	char *composed; /* where its tree is made; NULL: the runtime mounts it */
	int fd; /* the mount, while it is composed */
};

#define MOUNT_PLAN_NONE SIZE_MAX

struct mount_plan {
	struct mount_entry *v;
	size_t n;
	char *dir; /* where trees are composed; exists between compose and detach */
};

void mount_plan_clear(struct mount_plan *p);
#define cleanup_mount_plan cleanup_(mount_plan_clear)

/*
 * Collect and sort. dir is where trees are to be composed, below a mount that is
 * private. Refuses what no start can do: a bind source that is not there, two mounts
 * at one place.
 */
int mount_plan_make(const struct spec_input *in, const char *dir, struct mount_plan *ret,
		    struct kerr *err);

/*
 * Look at every place in the container's mounted root (O_PATH) and make it; what the
 * runtime prepares by path (/dev, /proc, /sys) too. Nothing runs in the root.
 */
int mount_plan_prepare(struct mount_plan *p, int root, struct kerr *err);

/*
 * Whether a working directory is one of the container's own, wherever the links of the
 * root lead: below /proc it may be a directory of the runtime's. After prepare.
 */
int mount_plan_cwd(const struct mount_plan *p, int root, const char *cwd, struct kerr *err);

/* Make the trees, when sources are in place. root is the same. */
int mount_plan_compose(struct mount_plan *p, int root, struct kerr *err);

/* The container has its own copies, or the start failed: take the trees away. */
void mount_plan_detach(struct mount_plan *p);

/* The entry at this place; NULL: none. */
const struct mount_entry *mount_plan_at(const struct mount_plan *p, const char *target);

#endif
