/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "emit_json.h"
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "spec_priv.h"
#include "str.h"

enum {
	DEVICES_MAX = 8192, /* limit per host */
	DEVICES_DEPTH = 8,
};

/* Directories and links that the container has its own of, or that the runtime creates. */
static const char *const not_copied[] = { "pts",  "shm",  "fd",		 "mqueue", "console",
					  "ptmx", ".lxc", ".lxd-mounts", ".udev" };

static bool is_copied(const char *name, unsigned depth)
{
	if (streq(name, ".") || streq(name, ".."))
		return false;
	for (size_t i = 0; depth == 0 && i < ARRAY_SIZE(not_copied); i++)
		if (streq(name, not_copied[i]))
			return false;
	return true;
}

static void emit_device(struct jemit *j, const char *path, const struct stat *st)
{
	const struct {
		const char *key;
		int64_t value;
	} numbers[] = {
		{ "major", major(st->st_rdev) },
		{ "minor", minor(st->st_rdev) },
		{ "fileMode", st->st_mode & 07777 },
		{ "uid", st->st_uid },
		{ "gid", st->st_gid },
	};

	jemit_object(j);
	jemit_key(j, "path");
	jemit_str(j, path);
	jemit_key(j, "type");
	jemit_str(j, S_ISBLK(st->st_mode) ? "b" : "c");
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		jemit_key(j, numbers[i].key);
		jemit_i64(j, numbers[i].value);
	}
	jemit_object_end(j);
}

static void closedir_p(DIR **d)
{
	if (*d != NULL)
		(void) closedir(*d);
}

static int walk(int owned_fd, const char *path, unsigned depth, size_t *left, struct jemit *j,
		struct kerr *err);

static int visit(int dirfd, const char *dir, const char *name, unsigned depth, size_t *left,
		 struct jemit *j, struct kerr *err)
{
	cleanup_free char *path = path_join(dir, name, NULL);
	struct stat st;
	int fd;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : kerr_set(err, -errno, "stat '%s'", path);
	if (S_ISDIR(st.st_mode) && depth < DEVICES_DEPTH) {
		fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return errno == ENOENT ? 0 : kerr_set(err, -errno, "open '%s'", path);
		return walk(fd, path, depth + 1, left, j, err);
	}
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return 0;
	if (st.st_rdev == 0) /* 0:0 is an overlayfs whiteout, not a device */
		return 0;
	if ((*left)-- == 0)
		return kerr_plain(err, -E2BIG, "more than %d devices in /dev", DEVICES_MAX);
	emit_device(j, path, &st);
	return 0;
}

static int walk(int owned_fd, const char *path, unsigned depth, size_t *left, struct jemit *j,
		struct kerr *err)
{
	cleanup_(closedir_p) DIR *d = fdopendir(owned_fd);
	const struct dirent *e;
	int r = 0;

	if (d == NULL) {
		r = kerr_set(err, -errno, "read '%s'", path);
		fd_close_p(&owned_fd);
		return r;
	}
	for (errno = 0; r == 0 && (e = readdir(d)) != NULL; errno = 0)
		if (is_copied(e->d_name, depth))
			r = visit(dirfd(d), path, e->d_name, depth, left, j, err);
	if (r == 0 && errno != 0)
		r = kerr_set(err, -errno, "read '%s'", path);
	return r;
}

/*
 * Open pid 1's /dev, which has the host's devices: a daemon in a container has fewer in
 * its own. Without permission for that, use our own /dev.
 */
static int open_dev(struct kerr *err)
{
	int fd = open("/proc/1/root/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && (errno == EACCES || errno == ENOENT))
		fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? kerr_set(err, -errno, "open '/dev'") : fd;
}

int spec_host_devices(struct jemit *j, struct kerr *err)
{
	size_t left = DEVICES_MAX;
	int fd, r;

	fd = open_dev(err);
	if (fd < 0)
		return fd;
	jemit_array(j);
	r = walk(fd, "/dev", 0, &left, j, err);
	jemit_array_end(j);
	return r;
}
