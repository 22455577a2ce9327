/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "mntns.h"
#include "ns.h"
#include "procinfo.h"
#include "str.h"

#define NS_HOSTNAME_MAX 64 /* __NEW_UTS_LEN */

static const struct ns_row {
	enum ns_kind kind;
	int clone_flag;
	const char *name;
	const char *self;
} ns_rows[] = {
	{ NS_NET, CLONE_NEWNET, "net", "/proc/self/ns/net" },
	{ NS_IPC, CLONE_NEWIPC, "ipc", "/proc/self/ns/ipc" },
	{ NS_UTS, CLONE_NEWUTS, "uts", "/proc/self/ns/uts" },
};

/* Open namespaces, in the order of the rows; -EBADF: none of this kind. */
struct ns_set {
	int fd[ARRAY_SIZE(ns_rows)];
};

#define NS_SET_INIT                            \
	{                                      \
		{                              \
			-EBADF, -EBADF, -EBADF \
		}                              \
	}

static const struct ns_row *ns_row(enum ns_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(ns_rows); i++)
		if (ns_rows[i].kind == kind)
			return &ns_rows[i];
	abort(); /* invalid kind: a bug in the caller */
}

const char *ns_name(enum ns_kind kind)
{
	return ns_row(kind)->name;
}

static int ns_lo_up(struct kerr *err)
{
	cleanup_fd int fd = -EBADF;
	struct ifreq req = { .ifr_name = "lo" };

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return kerr_set(err, -errno, "open a socket for 'lo'");
	req.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &req) < 0)
		return kerr_set(err, -errno, "bring 'lo' up");
	return 0;
}

/* Runs in the new namespaces, but in the mount namespace of the caller. */
static int ns_fill(enum ns_kind kinds, const char *hostname, struct kerr *err)
{
	if (hostname && (kinds & NS_UTS) && sethostname(hostname, strlen(hostname)) < 0)
		return kerr_set(err, -errno, "set the hostname '%s'", hostname);
	return kinds & NS_NET ? ns_lo_up(err) : 0;
}

static void ns_close_all(struct ns_set *set)
{
	for (size_t i = 0; i < ARRAY_SIZE(set->fd); i++)
		fd_close_p(&set->fd[i]);
}

static int ns_open_own(enum ns_kind kinds, struct ns_set *ret, struct kerr *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(ns_rows); i++) {
		if (!(kinds & ns_rows[i].kind))
			continue;
		ret->fd[i] = open(ns_rows[i].self, O_RDONLY | O_CLOEXEC);
		if (ret->fd[i] < 0)
			return kerr_set(err, -errno, "open '%s'", ns_rows[i].self);
	}
	return 0;
}

/*
 * Enter new namespaces, fill and open them, and return to the old ones. Done in this
 * process because a child would cost a fork, an exit and two context switches.
 */
static int ns_make(enum ns_kind kinds, const char *hostname, struct ns_set *ret, struct kerr *err)
{
	cleanup_(ns_close_all) struct ns_set own = NS_SET_INIT;
	int flags = 0;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(ns_rows); i++)
		if (kinds & ns_rows[i].kind)
			flags |= ns_rows[i].clone_flag;
	r = ns_open_own(kinds, &own, err);
	if (r < 0)
		return r;
	if (unshare(flags) < 0)
		return kerr_set(err, -errno, "make new namespaces");
	r = ns_fill(kinds, hostname, err);
	if (r == 0)
		r = ns_open_own(kinds, ret, err);
	for (size_t i = 0; i < ARRAY_SIZE(ns_rows); i++) {
		if (own.fd[i] < 0 || setns(own.fd[i], ns_rows[i].clone_flag) == 0)
			continue;
		/* Continuing would change the wrong network. */
		log_err("cannot return from new namespaces");
		abort();
	}
	return r;
}

static int ns_unpin_here(int dirfd, struct kerr *err)
{
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ns_rows); i++) {
		int r = mntns_unpin(dirfd, ns_rows[i].name, ret == 0 ? err : NULL);

		ret = ret < 0 ? ret : r;
	}
	return ret;
}

static int ns_refuse_pinned(int dirfd, enum ns_kind kinds, struct kerr *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(ns_rows); i++)
		if (kinds & ns_rows[i].kind &&
		    faccessat(dirfd, ns_rows[i].name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return kerr_set(err, -EEXIST, "create the pin '%s'", ns_rows[i].name);
	return 0;
}

int ns_pin(int mntns, int dirfd, enum ns_kind kinds, const char *hostname, struct kerr *err)
{
	cleanup_mntns_visit struct mntns_visit visit = MNTNS_VISIT_INIT;
	cleanup_(ns_close_all) struct ns_set set = NS_SET_INIT;
	int r;

	if (hostname && strlen(hostname) > NS_HOSTNAME_MAX)
		return kerr_plain(err, -EINVAL, "hostname '%s' is longer than %d bytes", hostname,
				  NS_HOSTNAME_MAX);
	r = ns_refuse_pinned(dirfd, kinds, err);
	if (r == 0)
		r = ns_make(kinds, hostname, &set, err);
	if (r == 0)
		r = mntns_enter(mntns, &visit, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ns_rows); i++)
		if (set.fd[i] >= 0)
			r = mntns_pin(dirfd, ns_rows[i].name, set.fd[i], err);
	if (r < 0)
		(void) ns_unpin_here(dirfd, NULL); /* the first error is reported */
	return r;
}

int ns_unpin(int mntns, int dirfd, struct kerr *err)
{
	cleanup_mntns_visit struct mntns_visit visit = MNTNS_VISIT_INIT;
	int r = mntns_enter(mntns, &visit, err);

	return r < 0 ? r : ns_unpin_here(dirfd, err);
}

int ns_is_own(int nsfd, enum ns_kind kind)
{
	struct stat own, other;

	if (fstat(nsfd, &other) < 0 || stat(ns_row(kind)->self, &own) < 0)
		return -errno;
	return own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

int ns_open(int dirfd, enum ns_kind kind, struct kerr *err)
{
	const struct ns_row *row = ns_row(kind);
	cleanup_fd int fd = -EBADF;
	int r;

	fd = openat(dirfd, row->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return kerr_set(err, -errno, "open the pin '%s'", row->name);
	r = ioctl(fd, NS_GET_NSTYPE);
	if (r != row->clone_flag)
		return kerr_plain(err, -EINVAL, "the pin '%s' is no longer a %s namespace",
				  row->name, row->name);
	r = ns_is_own(fd, kind);
	if (r < 0)
		return kerr_set(err, r, "look at the pin '%s'", row->name);
	if (r > 0)
		return kerr_plain(err, -EPERM, "the pin '%s' is our own %s namespace", row->name,
				  row->name);
	return take_fd(fd);
}

int ns_mount_identity(char ret[NS_IDENTITY_MAX], struct kerr *err)
{
	struct stat st;
	char boot[37];
	int r;

	r = boot_id(boot, err);
	if (r < 0)
		return r;
	if (stat("/proc/self/ns/mnt", &st) < 0)
		return kerr_set(err, -errno, "look at '/proc/self/ns/mnt'");
	(void) snprintf(ret, NS_IDENTITY_MAX, "%s %u:%llu", boot, (unsigned) st.st_dev,
			(unsigned long long) st.st_ino);
	return 0;
}
