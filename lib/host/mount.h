/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MOUNT_H
#define KUKEON_MOUNT_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/* One line of mountinfo (proc(5)), octal escapes decoded. Valid only during the callback. */
struct mount_info {
	unsigned major, minor;
	const char *root; /* which directory of the file system is mounted */
	const char *point; /* where */
	const char *options;
	const char *fstype;
	const char *source;
	const char *super; /* options of the file system */
};

/* Return < 0 to stop with that result, 0 to go on. */
typedef int mount_info_fn(void *ctx, const struct mount_info *mi);

/* All lines of a mountinfo file in order (NULL: /proc/self/mountinfo). */
int mount_each(const char *file, mount_info_fn *fn, void *ctx, struct kerr *err);

/*
 * Bind mount an existing directory onto itself and make the mount private (MS_PRIVATE),
 * so that mounts below it do not propagate to other namespaces. An existing mount point
 * is only made private.
 */
int mount_private_dir(const char *path, struct kerr *err);

enum mount_overlay_flags {
	MOUNT_OVERLAY_BY_PAGE = 1 << 0, /* use mount(2), as before kernel 6.5; for tests */
};

struct mount_overlay {
	const int *lower_fds; /* O_PATH directories, the topmost layer first */
	size_t n_lower; /* 1 to MOUNT_OVERLAY_LOWER_MAX */
	int upper_fd; /* -1 with work_fd -1: read-only, which takes at least two lower layers */
	int work_fd; /* same file system as upper_fd */
	const char *target; /* an existing directory, absolute */
	enum mount_overlay_flags flags;
};

enum {
	MOUNT_OVERLAY_LOWER_MAX = 500
};

/*
 * Mount an overlay with the options we rely on named (index, metacopy and redirect_dir
 * off, xino auto). Layers are passed as descriptors, so the one-page limit of mount(2)
 * does not apply. err includes the kernel's message if there is one. -ENODEV: the
 * kernel has no overlayfs.
 */
int mount_overlay(const struct mount_overlay *how, struct kerr *err);

/* 1 if overlayfs is available or could be loaded, 0 if not, -errno. */
int mount_has_overlay(void);

enum mount_bind_flags {
	MOUNT_BIND_READONLY = 1 << 0,
	MOUNT_BIND_RECURSIVE = 1 << 1, /* include the mounts below, also in read-only */
};

/*
 * Bind mount source_fd (O_PATH) at target, which must exist and have the same type.
 * Needs kernel 5.12.
 */
int mount_bind(int source_fd, const char *target, enum mount_bind_flags flags, struct kerr *err);

/* 1 path is a mount point, 0 it is not or does not exist, -errno. Links are not followed. */
int mount_is_point(const char *path);

/* Mount points at prefix and below (by whole components), in the order they were made. */
int mount_list_below(const char *prefix, struct strlist *ret, struct kerr *err);

/*
 * Detach them all, newest first. Returns how many were detached. Continues after a
 * failure and then returns the -errno.
 */
int mount_detach_below(const char *prefix, struct kerr *err);

#endif
