/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MNTNS_H
#define KUKEON_MNTNS_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/*
 * Mount namespaces (mount_namespaces(7)) that a process enters for a while. Every runtime
 * copies the whole mount table it is started in, so mounts that only few processes need
 * are kept out of the host's table, in namespaces of their own. A namespace lives as long
 * as a process, a descriptor or a pin (a bind mount of its file in another namespace)
 * refers to it. For single-threaded processes with CAP_SYS_ADMIN and CAP_SYS_CHROOT.
 */

/* Where the process was before: namespace, root and working directory. */
struct mntns_visit {
	int home, root, cwd; /* -EBADF: not visiting */
};

#define MNTNS_VISIT_INIT               \
	{                              \
		-EBADF, -EBADF, -EBADF \
	}

/*
 * Enter an open mount namespace; -1: stay, but remember where this is. On failure the
 * process is where it was. mntns_leave must follow, also through the cleanup attribute.
 */
int mntns_enter(int ns, struct mntns_visit *visit, struct kerr *err);

/* Return home; nothing to do if not visiting. Aborts the process if it cannot return. */
void mntns_leave(struct mntns_visit *visit);
#define cleanup_mntns_visit cleanup_(mntns_leave)

/*
 * During a visit: go on in a copy of the namespace, all of whose mounts are private, and
 * open it. Returns the descriptor.
 */
int mntns_copy(struct kerr *err);

/*
 * During a visit of a copy: unmount everything but the mounts through which one of the
 * paths (absolute, links followed) or a mount of one of the types is reached.
 */
int mntns_keep_only(const struct strlist *paths, const char *const *fstypes, struct kerr *err);

/* During a visit of a copy: replace everything by one new tmpfs, mode 0700. */
int mntns_empty(struct kerr *err);

/*
 * Pin an open namespace as the file name in dirfd, which is created. The mount that dirfd
 * is on must be private and in the current namespace. -ELOOP: ns is a mount namespace
 * with a number below that of the current one; with such an order the kernel prevents
 * circles.
 */
int mntns_pin(int dirfd, const char *name, int ns, struct kerr *err);

/*
 * Call a function that makes a mount namespace and pins it, again while it returns the -ELOOP
 * of mntns_pin: the kernel pins a namespace only on mounts of one with a smaller number. Since
 * Linux 6.18 each processor hands out numbers of a block of its own, and a newer namespace may
 * have a smaller one; so numbers are used up in between, which takes some milliseconds. Returns
 * what the last call did; after eight that is -ELOOP.
 */
typedef int mntns_pin_fn(void *ctx, struct kerr *err);
int mntns_pin_new(mntns_pin_fn *fn, void *ctx, struct kerr *err);

/* Remove a pin and its file, also if only one of them is there. Missing: 0. */
int mntns_unpin(int dirfd, const char *name, struct kerr *err);

/* Open a pinned mount namespace. -ENOENT without a message if nothing is pinned there. */
int mntns_open(int dirfd, const char *name, struct kerr *err);

#endif
