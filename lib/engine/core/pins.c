/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "lock.h"
#include "mem.h"
#include "mount.h"
#include "path.h"
#include "pins.h"

#define PINS_FILE "pins"

/* ---- the namespace of the pins ---- */

void pins_close(struct engine *e)
{
	fd_close_p(&e->pins_ns);
	fd_close_p(&e->pins_root);
}

/* Open the pinned namespace and its root. */
static int open_pins(struct engine *e, int dirfd, struct kerr *err)
{
	cleanup_mntns_visit struct mntns_visit visit = MNTNS_VISIT_INIT;
	cleanup_fd int ns = mntns_open(dirfd, PINS_FILE, err);
	int root, r;

	if (ns < 0)
		return ns;
	r = mntns_enter(ns, &visit, err);
	if (r < 0)
		return r;
	root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return kerr_set(err, -errno, "open the directory of pinned namespaces");
	e->pins_root = root;
	e->pins_ns = take_fd(ns);
	return 0;
}

/* A new namespace with an empty root. Returns its descriptor. */
static int make_empty(struct kerr *err)
{
	cleanup_mntns_visit struct mntns_visit visit = MNTNS_VISIT_INIT;
	cleanup_fd int ns = -EBADF;
	int r = mntns_enter(-1, &visit, err);

	if (r == 0)
		ns = r = mntns_copy(err);
	if (r >= 0)
		r = mntns_empty(err);
	return r < 0 ? r : take_fd(ns);
}

static int make_and_pin(void *ctx, struct kerr *err)
{
	const int *dirfd = ctx;
	cleanup_fd int ns = make_empty(err);

	return ns < 0 ? ns : mntns_pin(*dirfd, PINS_FILE, ns, err);
}

static int open_dir(const char *dir, struct kerr *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? kerr_set(err, -errno, "open '%s'", dir) : fd;
}

/* Namespaces can only be pinned on a private mount. */
static int make_pins(struct engine *e, const char *dir, struct kerr *err)
{
	cleanup_fd int lock = -EBADF, dirfd = -EBADF;
	int r = mkdir_p(dir, 0700, err);

	if (r == 0)
		dirfd = r = open_dir(dir, err);
	if (r < 0)
		return r;
	lock = lock_file_at(dirfd, PINS_LOCK, LOCK_FILE_WAIT, err);
	if (lock < 0)
		return lock;
	r = mount_private_dir(dir, err);
	if (r < 0)
		return r;
	fd_close_p(&dirfd); /* it may be the directory below the mount */
	dirfd = r = open_dir(dir, err);
	if (r >= 0)
		r = open_pins(e, dirfd, err);
	if (r != -ENOENT)
		return r;
	r = mntns_pin_new(make_and_pin, &dirfd, err);
	return r < 0 ? r : open_pins(e, dirfd, err);
}

/* -ENOENT without a message if nothing has been pinned since the boot. */
static int find_pins(struct engine *e, struct kerr *err)
{
	cleanup_free char *dir = layout_rt(&e->layout, RT_MOUNTS);
	cleanup_fd int dirfd = -EBADF;

	if (e->pins_root >= 0)
		return 0;
	dirfd = open(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd < 0)
		return errno == ENOENT ? -ENOENT : kerr_set(err, -errno, "open '%s'", dir);
	return open_pins(e, dirfd, err);
}

int pins_prepare(struct engine *e, struct kerr *err)
{
	cleanup_free char *dir = layout_rt(&e->layout, RT_MOUNTS);
	int r = find_pins(e, err);

	return r == -ENOENT ? make_pins(e, dir, err) : r;
}

/* ---- the namespaces of cells ---- */

/* The directory of a cell. Names have no "_" and at most 63 bytes, so it is a file name. */
static char *cell_name(const struct addr *cell)
{
	return xasprintf("%s_%s_%s_%s", cell->realm, cell->space, cell->stack, cell->cell);
}

static int open_below(int dirfd, const char *name, struct kerr *err)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	return fd < 0 ? kerr_set(err, -errno, "open the pins '%s'", name) : fd;
}

/* make: create it. */
static int open_start(struct engine *e, const struct addr *cell, const char *start_id, bool make,
		      struct kerr *err)
{
	cleanup_free char *name = cell_name(cell);
	cleanup_fd int dirfd = -EBADF;

	if (make && mkdirat(e->pins_root, name, 0700) < 0 && errno != EEXIST)
		return kerr_set(err, -errno, "make the pins '%s'", name);
	dirfd = open_below(e->pins_root, name, err);
	if (dirfd < 0)
		return dirfd;
	if (make && mkdirat(dirfd, start_id, 0700) < 0 && errno != EEXIST)
		return kerr_set(err, -errno, "make the pins '%s/%s'", name, start_id);
	return open_below(dirfd, start_id, err);
}

/* Whether what is open is still what is pinned. */
static bool is_current(const struct engine *e, const char *dir)
{
	cleanup_free char *file = path_join(dir, PINS_FILE, NULL);
	struct stat open, pinned;

	return fstat(e->pins_ns, &open) == 0 && stat(file, &pinned) == 0 &&
	       open.st_dev == pinned.st_dev && open.st_ino == pinned.st_ino;
}

/*
 * Open the pins and prevent their release, until the descriptor returned is closed. What
 * was opened before may have been released since.
 */
static int hold(struct engine *e, struct kerr *err)
{
	cleanup_free char *dir = layout_rt(&e->layout, RT_MOUNTS);
	cleanup_free char *file = path_join(dir, PINS_LOCK, NULL);

	for (;;) {
		cleanup_fd int lock = -EBADF;
		int r = pins_prepare(e, err);

		if (r == 0)
			lock = r = lock_file_at(AT_FDCWD, file, LOCK_FILE_WAIT | LOCK_FILE_SHARED,
						err);
		if (r < 0)
			return r;
		if (is_current(e, dir))
			return take_fd(lock);
		pins_close(e);
	}
}

int pins_make(struct engine *e, const struct addr *cell, const char *start_id, enum ns_kind kinds,
	      const char *hostname, struct kerr *err)
{
	cleanup_fd int held = hold(e, err);
	cleanup_fd int dirfd = -EBADF;
	int r = held;

	if (r >= 0)
		dirfd = r = open_start(e, cell, start_id, true, err);
	if (r < 0)
		return r;
	r = ns_pin(e->pins_ns, dirfd, kinds, hostname, err);
	if (r < 0)
		(void) pins_drop(e, cell, NULL); /* the first error is reported */
	return r;
}

int pins_open(struct engine *e, const struct addr *cell, const char *start_id, enum ns_kind kind,
	      struct kerr *err)
{
	cleanup_fd int dirfd = -EBADF;
	int r = find_pins(e, err);

	if (r == 0)
		dirfd = r = open_start(e, cell, start_id, false, err);
	return r < 0 ? r : ns_open(dirfd, kind, err);
}

/* Names in an open directory, of a type. */
static int names_in(int dirfd, unsigned char type, struct strlist *ret, struct kerr *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *all = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	int r;

	if (!all) {
		r = kerr_set(err, -errno, "list the pinned namespaces");
		fd_close_p(&fd);
		return r;
	}
	while ((d = readdir(all)) != NULL)
		if (d->d_type == type && d->d_name[0] != '.')
			strlist_add(ret, d->d_name);
	(void) closedir(all);
	return 0;
}

static int drop_start(struct engine *e, int dirfd, const char *start_id, struct kerr *err)
{
	cleanup_fd int start = open_below(dirfd, start_id, err);
	int r = start < 0 ? start : ns_unpin(e->pins_ns, start, err);

	if (r < 0)
		return r;
	if (unlinkat(dirfd, start_id, AT_REMOVEDIR) < 0)
		return kerr_set(err, -errno, "remove the pins '%s'", start_id);
	return 0;
}

int pins_drop(struct engine *e, const struct addr *cell, struct kerr *err)
{
	cleanup_free char *name = cell_name(cell);
	cleanup_strlist struct strlist starts = { 0 };
	cleanup_fd int dirfd = -EBADF;
	int r = find_pins(e, err);

	if (r == 0)
		dirfd = r = open_below(e->pins_root, name, err);
	if (r >= 0)
		r = names_in(dirfd, DT_DIR, &starts, err);
	for (size_t i = 0; r == 0 && i < starts.n; i++)
		r = drop_start(e, dirfd, starts.v[i], err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (unlinkat(e->pins_root, name, AT_REMOVEDIR) < 0)
		return kerr_set(err, -errno, "remove the pins '%s'", name);
	return 0;
}

int pins_list(struct engine *e, enum pins_kind kind, struct strlist *ret, struct kerr *err)
{
	int r = find_pins(e, err);

	return r < 0 ? (r == -ENOENT ? 0 : r) : names_in(e->pins_root, kind, ret, err);
}

/* What is mounted at mounts/, and below it. */
static int unmount_all(const char *dir, struct kerr *err)
{
	int r = 0;

	while (r == 0 && mount_is_point(dir) > 0)
		r = umount2(dir, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
	return r < 0 ? kerr_set(err, r, "unmount '%s'", dir) : 0;
}

int pins_release(struct engine *e, struct kerr *err)
{
	cleanup_free char *dir = layout_rt(&e->layout, RT_MOUNTS);
	cleanup_free char *file = path_join(dir, PINS_LOCK, NULL);
	cleanup_strlist struct strlist cells = { 0 };
	cleanup_fd int lock = -EBADF;
	int r = find_pins(e, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	lock = lock_file_at(AT_FDCWD, file, LOCK_FILE_WAIT, err);
	if (lock < 0)
		return lock;
	pins_close(e);
	r = pins_list(e, PINS_CELLS, &cells, err);
	if (r == 0 && cells.n == 0) {
		pins_close(e);
		r = unmount_all(dir, err);
	}
	return r == -ENOENT ? 0 : r;
}
