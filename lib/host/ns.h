/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NS_H
#define KUKEON_NS_H

#include "defs.h"
#include "err.h"

/*
 * The namespaces of a cell, kept alive by bind mounts of their nsfs files
 * ("pins") in a directory of the runtime dir. The directory must be a private
 * mount (mount_private_dir), or the pins would spread into other mount
 * namespaces. A directory of pins is never used twice: every start of a cell
 * takes a new name.
 */
enum ns_kind {
	NS_NET = 1 << 0,
	NS_IPC = 1 << 1,
	NS_UTS = 1 << 2,
};

/* The pin's file name: "net", "ipc", "uts". kind is a single bit. */
const char *ns_name(enum ns_kind kind);

/*
 * Make fresh namespaces of these kinds and pin them as files below dirfd. lo is
 * up in the network namespace; hostname (may be NULL; at most 64 bytes) is set
 * in the uts namespace. The caller, a process without threads, visits them for the
 * time of the call; when it cannot come back it aborts. On failure nothing stays
 * pinned. -EEXIST when a pin is there already.
 */
int ns_pin(int dirfd, enum ns_kind kinds, const char *hostname, struct kerr *err);

/*
 * Take away what ns_pin made, all kinds, whatever part of it is there. The
 * namespaces go when their last process and descriptor do. 0 or the first error.
 */
int ns_unpin(int dirfd, struct kerr *err);

/*
 * Open a pin for setns(2) or as IFLA_NET_NS_FD. Returns the descriptor; -ENOENT
 * when there is none (err untouched); -EINVAL when the file is not a namespace
 * of that kind (the mount is gone, or never was); -EPERM when it is the caller's
 * own namespace: nothing is ever torn down in there.
 */
int ns_open(int dirfd, enum ns_kind kind, struct kerr *err);

/* Whether an open namespace file is the caller's own: 1, 0, -errno. */
int ns_is_own(int nsfd, enum ns_kind kind);

/*
 * Who we are as far as mounts go: "<boot id> <dev>:<ino>" of the mount
 * namespace. Recorded once per boot; an engine that finds another text runs
 * where its mounts cannot be seen.
 */
#define NS_IDENTITY_MAX 96
int ns_mount_identity(char ret[NS_IDENTITY_MAX], struct kerr *err);

#endif
