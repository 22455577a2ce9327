/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NS_H
#define KUKEON_NS_H

#include "defs.h"
#include "err.h"

/*
 * The namespaces of a cell, kept alive by bind mounts of their files ("pins", see
 * mntns.h) in a directory that is never reused: every start of a cell has a new one.
 * mntns is the open mount namespace that the directory is in, -1 the current one.
 */
enum ns_kind {
	NS_NET = 1 << 0,
	NS_IPC = 1 << 1,
	NS_UTS = 1 << 2,
};

/* The pin's file name: "net", "ipc", "uts". kind is a single bit. */
const char *ns_name(enum ns_kind kind);

/*
 * Make fresh namespaces of these kinds and pin them as files below dirfd. lo is up in
 * the network namespace; hostname (may be NULL; at most 64 bytes) is set in the uts
 * namespace. The calling process (single-threaded) enters the namespaces during the
 * call and aborts if it cannot return. On failure nothing stays pinned. -EEXIST if a
 * pin exists already.
 */
int ns_pin(int mntns, int dirfd, enum ns_kind kinds, const char *hostname, struct kerr *err);

/*
 * Remove all pins that ns_pin made; missing ones are skipped. A namespace is destroyed
 * with its last process and descriptor. 0 or the first error.
 */
int ns_unpin(int mntns, int dirfd, struct kerr *err);

/*
 * Open a pin for setns(2) or as IFLA_NET_NS_FD. Returns the descriptor; -ENOENT if
 * there is no pin (err untouched); -EINVAL if the file is not a namespace of that kind
 * (it is no longer mounted); -EPERM if it is the caller's own namespace, in which
 * nothing may be torn down.
 */
int ns_open(int dirfd, enum ns_kind kind, struct kerr *err);

/* Whether an open namespace file is the caller's own: 1, 0, -errno. */
int ns_is_own(int nsfd, enum ns_kind kind);

/*
 * Identity of the mount namespace: "<boot id> <dev>:<ino>". Recorded once per boot. If
 * the recorded text differs, this process is in another mount namespace and cannot see
 * the cells' mounts.
 */
#define NS_IDENTITY_MAX 96
int ns_mount_identity(char ret[NS_IDENTITY_MAX], struct kerr *err);

#endif
