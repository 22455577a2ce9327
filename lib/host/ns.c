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
#include "ns.h"
#include "procinfo.h"
#include "str.h"

#define NS_HOSTNAME_MAX 64 /* __NEW_UTS_LEN */
#define NS_PIN_PATH_MAX 40

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

/* mount(2) takes no descriptors, so the path goes through /proc/self/fd. */
static const char *ns_pin_path(int dirfd, const struct ns_row *row, char buf[NS_PIN_PATH_MAX])
{
	(void) snprintf(buf, NS_PIN_PATH_MAX, "/proc/self/fd/%d/%s", dirfd, row->name);
	return buf;
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

static int ns_make_file(int dirfd, const struct ns_row *row, struct kerr *err)
{
	cleanup_fd int fd = -EBADF;

	fd = openat(dirfd, row->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return kerr_set(err, -errno, "create the pin '%s'", row->name);
	return 0;
}

/* Runs in the new namespaces, but in the original mount namespace. */
static int ns_fill(int dirfd, enum ns_kind kinds, const char *hostname, struct kerr *err)
{
	char path[NS_PIN_PATH_MAX];
	int r;

	if (hostname && (kinds & NS_UTS) && sethostname(hostname, strlen(hostname)) < 0)
		return kerr_set(err, -errno, "set the hostname '%s'", hostname);
	if (kinds & NS_NET) {
		r = ns_lo_up(err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ns_rows); i++) {
		if (!(kinds & ns_rows[i].kind))
			continue;
		if (mount(ns_rows[i].self, ns_pin_path(dirfd, &ns_rows[i], path), NULL, MS_BIND,
			  NULL) < 0)
			return kerr_set(err, -errno, "pin the namespace '%s'", ns_rows[i].name);
	}
	return 0;
}

static void ns_close_all(int (*fds)[ARRAY_SIZE(ns_rows)])
{
	for (size_t i = 0; i < ARRAY_SIZE(ns_rows); i++)
		fd_close_p(&(*fds)[i]);
}

/*
 * Enter new namespaces, pin them, and return to the old ones. Done in this process
 * because a child would cost a fork, an exit and two context switches.
 */
static int ns_visit(int dirfd, enum ns_kind kinds, const char *hostname, struct kerr *err)
{
	cleanup_(ns_close_all) int own[ARRAY_SIZE(ns_rows)] = { -EBADF, -EBADF, -EBADF };
	int flags = 0;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(ns_rows); i++) {
		if (!(kinds & ns_rows[i].kind))
			continue;
		flags |= ns_rows[i].clone_flag;
		own[i] = open(ns_rows[i].self, O_RDONLY | O_CLOEXEC);
		if (own[i] < 0)
			return kerr_set(err, -errno, "open '%s'", ns_rows[i].self);
	}
	if (unshare(flags) < 0)
		return kerr_set(err, -errno, "make new namespaces");
	r = ns_fill(dirfd, kinds, hostname, err);
	for (size_t i = 0; i < ARRAY_SIZE(ns_rows); i++) {
		if (own[i] < 0 || setns(own[i], ns_rows[i].clone_flag) == 0)
			continue;
		/* Continuing would change the wrong network. */
		log_err("cannot return from new namespaces");
		abort();
	}
	return r;
}

static int ns_unpin_kinds(int dirfd, enum ns_kind kinds, struct kerr *err)
{
	char path[NS_PIN_PATH_MAX];
	int ret = 0;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(ns_rows); i++) {
		if (!(kinds & ns_rows[i].kind))
			continue;
		(void) ns_pin_path(dirfd, &ns_rows[i], path);
		do
			r = umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
		while (r == 0);
		if (r != -EINVAL && r != -ENOENT && ret == 0)
			ret = kerr_set(err, r, "unmount the pin '%s'", ns_rows[i].name);
		if (unlinkat(dirfd, ns_rows[i].name, 0) < 0 && errno != ENOENT && ret == 0)
			ret = kerr_set(err, -errno, "remove the pin '%s'", ns_rows[i].name);
	}
	return ret;
}

int ns_pin(int dirfd, enum ns_kind kinds, const char *hostname, struct kerr *err)
{
	enum ns_kind made = 0;
	int r = 0;

	if (hostname && strlen(hostname) > NS_HOSTNAME_MAX)
		return kerr_plain(err, -EINVAL, "hostname '%s' is longer than %d bytes", hostname,
				  NS_HOSTNAME_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(ns_rows) && r == 0; i++) {
		if (!(kinds & ns_rows[i].kind))
			continue;
		r = ns_make_file(dirfd, &ns_rows[i], err);
		if (r == 0)
			made |= ns_rows[i].kind;
	}
	if (r == 0)
		r = ns_visit(dirfd, kinds, hostname, err);
	if (r < 0)
		(void) ns_unpin_kinds(dirfd, made, NULL); /* the first error is reported */
	return r;
}

int ns_unpin(int dirfd, struct kerr *err)
{
	return ns_unpin_kinds(dirfd, NS_NET | NS_IPC | NS_UTS, err);
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
