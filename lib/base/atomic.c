/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "atomic.h"
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "str.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1 << 0)
#endif

enum {
	NAME_TRIES = 64
};

static int open_parent(int dirfd, const char *path, struct kerr *err)
{
	cleanup_free char *dir = path_dirname(path);
	int fd = openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? kerr_set(err, -errno, "open '%s'", dir) : fd;
}

static int sync_dir(int dir, const char *path, struct kerr *err)
{
	if (fsync(dir) < 0)
		return kerr_set(err, -errno, "sync the directory of '%s'", path);
	return 0;
}

/* A new file in dir; *ret_name is owned by the caller. The descriptor, or -errno. */
static int create_temp(int dir, char **ret_name)
{
	uint64_t random;
	int tries;
	int fd;

	for (tries = 0; tries < NAME_TRIES; tries++) {
		cleanup_free char *name = NULL;

		if (getrandom(&random, sizeof(random), 0) != (ssize_t) sizeof(random))
			return -EIO;
		name = xasprintf(".tmp-%016llx", (unsigned long long) random);
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd >= 0) {
			*ret_name = take_ptr(name);
			return fd;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* Give the file its name where none is yet, by whichever call the file system knows. */
static int rename_new(int dir, const char *from, const char *to)
{
	if (syscall(SYS_renameat2, dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (linkat(dir, from, dir, to, 0) < 0)
		return -errno;
	(void) unlinkat(dir, from, 0); /* a second name of a good file: sweeping finds it */
	return 0;
}

static int fill(int fd, const void *data, size_t n, mode_t mode, enum atomic_write_flags flags)
{
	int r;

	r = fd_write_all(fd, data, n);
	if (r < 0)
		return r;
	if (fchmod(fd, mode) < 0)
		return -errno;
	if ((flags & ATOMIC_WRITE_NOSYNC) == 0 && fsync(fd) < 0)
		return -errno;
	return 0;
}

int atomic_write_at(int dirfd, const char *path, const void *data, size_t n, mode_t mode,
		    enum atomic_write_flags flags, struct kerr *err)
{
	cleanup_fd int dir = -EBADF;
	cleanup_fd int fd = -EBADF;
	cleanup_free char *temp = NULL;
	const char *base = path_basename(path);
	int r;

	if (base[0] == '\0')
		return kerr_plain(err, -EINVAL, "write '%s': not a file name", path);
	dir = open_parent(dirfd, path, err);
	if (dir < 0)
		return kerr_wrap(err, dir, "write '%s'", path);
	fd = create_temp(dir, &temp);
	if (fd < 0)
		return kerr_set(err, fd, "write '%s'", path);
	r = fill(fd, data, n, mode, flags);
	if (r == 0 && (flags & ATOMIC_WRITE_EXCL) != 0)
		r = rename_new(dir, temp, base);
	else if (r == 0)
		r = renameat(dir, temp, dir, base) < 0 ? -errno : 0;
	if (r < 0) {
		(void) unlinkat(dir, temp, 0); /* the first error counts */
		return kerr_set(err, r, "write '%s'", path);
	}
	return (flags & ATOMIC_WRITE_NOSYNC) != 0 ? 0 : sync_dir(dir, path, err);
}

int fsync_parent(int dirfd, const char *path, struct kerr *err)
{
	cleanup_fd int dir = open_parent(dirfd, path, err);

	return dir < 0 ? dir : sync_dir(dir, path, err);
}

int atomic_unlink_at(int dirfd, const char *path, struct kerr *err)
{
	if (unlinkat(dirfd, path, 0) < 0)
		return errno == ENOENT ? 0 : kerr_set(err, -errno, "remove '%s'", path);
	return fsync_parent(dirfd, path, err);
}
