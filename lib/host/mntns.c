/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "mntns.h"
#include "mount.h"
#include "str.h"

#define OWN_NAMESPACE "/proc/self/ns/mnt"

static int open_to_stay(const char *path, int flags, struct kerr *err)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? kerr_set(err, -errno, "open '%s'", path) : fd;
}

static void forget(struct mntns_visit *visit)
{
	fd_close_p(&visit->home);
	fd_close_p(&visit->root);
	fd_close_p(&visit->cwd);
}

int mntns_enter(int ns, struct mntns_visit *visit, struct kerr *err)
{
	struct mntns_visit v = MNTNS_VISIT_INIT;
	int r;

	v.home = r = open_to_stay(OWN_NAMESPACE, O_RDONLY, err);
	if (r >= 0)
		v.root = r = open_to_stay("/", O_PATH | O_DIRECTORY, err);
	if (r >= 0)
		v.cwd = r = open_to_stay(".", O_PATH | O_DIRECTORY, err);
	if (r >= 0 && ns >= 0 && setns(ns, CLONE_NEWNS) < 0)
		r = kerr_set(err, -errno, "enter a mount namespace");
	if (r < 0) {
		forget(&v);
		return r;
	}
	*visit = v;
	return 0;
}

void mntns_leave(struct mntns_visit *visit)
{
	if (visit->home < 0)
		return;
	if (setns(visit->home, CLONE_NEWNS) < 0 || fchdir(visit->root) < 0 || chroot(".") < 0 ||
	    fchdir(visit->cwd) < 0) {
		/* Continuing would change the wrong mounts. */
		log_err("cannot return from another mount namespace");
		abort();
	}
	forget(visit);
}

int mntns_copy(struct kerr *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return kerr_set(err, -errno, "make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return kerr_set(err, -errno, "make mounts private");
	return open_to_stay(OWN_NAMESPACE, O_RDONLY, err);
}

/* ---- what is kept ---- */

struct keep {
	struct strlist paths;
	const char *const *fstypes;
	struct strlist drop;
};

static void keep_clear(struct keep *k)
{
	strlist_clear(&k->paths);
	strlist_clear(&k->drop);
}

/* Whether path is place or below it. */
static bool is_within(const char *path, const char *place)
{
	size_t n = streq(place, "/") ? 0 : strlen(place);

	return strncmp(path, place, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static int add_by_type(void *ctx, const struct mount_info *mi)
{
	struct keep *k = ctx;

	for (size_t i = 0; k->fstypes[i] != NULL; i++)
		if (streq(mi->fstype, k->fstypes[i]))
			strlist_add(&k->paths, mi->point);
	return 0;
}

static int sort_out(void *ctx, const struct mount_info *mi)
{
	struct keep *k = ctx;

	for (size_t i = 0; i < k->paths.n; i++)
		if (is_within(k->paths.v[i], mi->point))
			return 0;
	strlist_add(&k->drop, mi->point);
	return 0;
}

int mntns_keep_only(const struct strlist *paths, const char *const *fstypes, struct kerr *err)
{
	cleanup_(keep_clear) struct keep k = { .fstypes = fstypes };
	int r;

	for (size_t i = 0; i < paths->n; i++) {
		char *path = realpath(paths->v[i], NULL);

		if (path == NULL && errno != ENOENT)
			return kerr_set(err, -errno, "look at '%s'", paths->v[i]);
		if (path != NULL)
			strlist_add_owned(&k.paths, path);
	}
	r = mount_each(NULL, add_by_type, &k, err);
	if (r == 0)
		r = mount_each(NULL, sort_out, &k, err);
	/* The newest first. What is below a detached one has gone with it. */
	for (size_t i = k.drop.n; r == 0 && i-- > 0;)
		if (umount2(k.drop.v[i], MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL &&
		    errno != ENOENT)
			r = kerr_set(err, -errno, "unmount '%s'", k.drop.v[i]);
	return r;
}

static int tmpfs_root(struct kerr *err)
{
	cleanup_fd int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int r;

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0700", 0) < 0 ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return kerr_set(err, -errno, "make a tmpfs");
	r = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return r < 0 ? kerr_set(err, -errno, "mount a tmpfs") : r;
}

int mntns_empty(struct kerr *err)
{
	cleanup_fd int root = tmpfs_root(err);
	int r;

	if (root < 0)
		return root;
	if (move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(root) < 0)
		return kerr_set(err, -errno, "mount the new root");
	r = (int) syscall(SYS_pivot_root, ".", ".");
	if (r == 0)
		r = umount2(".", MNT_DETACH);
	else if (errno == EINVAL) /* an initramfs cannot be pivoted: stay mounted over it */
		r = chroot(".");
	return r < 0 ? kerr_set(err, -errno, "change the root") : 0;
}

/* ---- pins ---- */

/* The file may be there already, without a mount. */
static int make_file(int dirfd, const char *name, struct kerr *err)
{
	cleanup_fd int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? kerr_set(err, -errno, "create the pin '%s'", name) : 0;
}

int mntns_pin(int dirfd, const char *name, int ns, struct kerr *err)
{
	cleanup_fd int mnt = -EBADF;
	int r = make_file(dirfd, name, err);

	if (r < 0)
		return r;
	mnt = open_tree(ns, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (mnt < 0)
		return kerr_set(err, -errno, "open a namespace to pin it");
	if (move_mount(mnt, "", dirfd, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return kerr_set(err, -errno, "pin a namespace as '%s'", name);
	return 0;
}

static int use_up_numbers(struct kerr *err)
{
	const int block = 4096; /* COOKIE_LOCAL_BATCH of the kernel */
	cleanup_fd int own = open_to_stay("/proc/self/ns/uts", O_RDONLY, err);
	int r = 0;

	if (own < 0)
		return own;
	for (int i = 0; r == 0 && i < block; i++) /* the cheapest kind */
		r = unshare(CLONE_NEWUTS) < 0 ? -errno : 0;
	if (setns(own, CLONE_NEWUTS) < 0) {
		log_err("cannot return from a new namespace");
		abort();
	}
	return r < 0 ? kerr_set(err, r, "make a namespace") : 0;
}

int mntns_pin_new(mntns_pin_fn *fn, void *ctx, struct kerr *err)
{
	const int tries = 8;
	int r = fn(ctx, err);

	for (int i = 1; r == -ELOOP && i < tries; i++) {
		r = use_up_numbers(err);
		if (r == 0)
			r = fn(ctx, err);
	}
	return r;
}

/* umount(2) takes no descriptor, and there need not be a /proc. */
int mntns_unpin(int dirfd, const char *name, struct kerr *err)
{
	cleanup_fd int cwd = open_to_stay(".", O_PATH | O_DIRECTORY, err);
	int r;

	if (cwd < 0)
		return cwd;
	if (fchdir(dirfd) < 0)
		return kerr_set(err, -errno, "enter the directory of the pin '%s'", name);
	do
		r = umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
	while (r == 0);
	if (r == -EINVAL || r == -ENOENT)
		r = 0;
	if (r < 0)
		(void) kerr_set(err, r, "unmount the pin '%s'", name);
	else if (unlink(name) < 0 && errno != ENOENT)
		r = kerr_set(err, -errno, "remove the pin '%s'", name);
	if (fchdir(cwd) < 0)
		abort(); /* a directory we came from: cannot fail */
	return r;
}

int mntns_open(int dirfd, const char *name, struct kerr *err)
{
	cleanup_fd int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return kerr_set(err, -errno, "open the pin '%s'", name);
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNS)
		return -ENOENT; /* the file of a pin that is not mounted */
	return take_fd(fd);
}
