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
#include "statefile.h"
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

/* A new file with a name in dir; *ret_name is owned by the caller. The descriptor, or -errno. */
static int create_named(int dir, char **ret_name)
{
	uint64_t random;
	int fd;

	for (int tries = 0; tries < NAME_TRIES; tries++) {
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

/*
 * Create the temporary file. With O_TMPFILE it has no name until its content is
 * complete, so a killed writer leaves nothing behind, and *ret_name stays NULL. File
 * systems without O_TMPFILE get a named file.
 */
static int create_temp(int dir, char **ret_name)
{
	int fd = openat(dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd >= 0 ? fd : -errno;
	return create_named(dir, ret_name);
}

static int give_name(int fd, int dir, const char *name)
{
	cleanup_free char *self = NULL;

	if (linkat(fd, "", dir, name, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != ENOENT) /* the error without CAP_DAC_READ_SEARCH */
		return -errno;
	self = xasprintf("/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/*
 * Temporary name used while base is replaced; derived from base, so the next writer
 * finds a leftover.
 */
static char *temp_name(const char *base)
{
	uint64_t h = 14695981039346656037ULL; /* FNV-1a */

	for (; *base; base++)
		h = (h ^ (unsigned char) *base) * 1099511628211ULL;
	return xasprintf(".tmp-%016llx", (unsigned long long) h);
}

/*
 * No system call replaces a file by a nameless one, so the file is linked under a
 * temporary name and then renamed. If the writer is killed in between, the next writer
 * removes that name.
 */
static int replace_by(int fd, int dir, const char *base)
{
	cleanup_free char *name = temp_name(base);
	int r;

	r = give_name(fd, dir, name);
	if (r == -EEXIST) {
		(void) unlinkat(dir, name, 0);
		r = give_name(fd, dir, name);
	}
	if (r < 0)
		return r;
	if (renameat(dir, name, dir, base) == 0)
		return 0;
	r = -errno;
	(void) unlinkat(dir, name, 0); /* the first error counts */
	return r;
}

/*
 * Rename, but fail with -EEXIST if the target exists; link(2) for file systems without
 * RENAME_NOREPLACE.
 */
static int rename_new(int dir, const char *from, const char *to)
{
	if (syscall(SYS_renameat2, dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (linkat(dir, from, dir, to, 0) < 0)
		return -errno;
	(void) unlinkat(dir, from, 0); /* a second name that stays is swept later */
	return 0;
}

static int fill(int fd, const void *data, size_t n, mode_t mode, enum atomic_write_flags flags)
{
	int r;

	r = fd_write_all(fd, data, n);
	if (r < 0)
		return r;
	if ((flags & ATOMIC_WRITE_SUM) != 0)
		state_sum_set(fd, data, n);
	if (fchmod(fd, mode) < 0)
		return -errno;
	if ((flags & ATOMIC_WRITE_NOSYNC) == 0 && fsync(fd) < 0)
		return -errno;
	return 0;
}

/* Remove a directory at the target: rename(2) cannot replace it by a file. */
static int remove_dir_at_target(int dir, const char *base)
{
	struct stat st;

	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	return remove_tree_at(dir, base, REMOVE_TREE_SAME_FS, NULL);
}

/* Put the file in its final place; temp is its temporary name, NULL for a nameless file. */
static int place(int fd, int dir, const char *temp, const char *base, bool exclusive)
{
	int r;

	if (temp == NULL)
		return exclusive ? give_name(fd, dir, base) : replace_by(fd, dir, base);
	if (exclusive)
		r = rename_new(dir, temp, base);
	else
		r = renameat(dir, temp, dir, base) < 0 ? -errno : 0;
	if (r < 0)
		(void) unlinkat(dir, temp, 0); /* the first error counts */
	return r;
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
	if (r == 0 && (flags & ATOMIC_WRITE_OVER_DIR) != 0)
		r = remove_dir_at_target(dir, base);
	if (r == 0)
		r = place(fd, dir, temp, base, (flags & ATOMIC_WRITE_EXCL) != 0);
	else if (temp != NULL)
		(void) unlinkat(dir, temp, 0); /* the first error counts */
	if (r < 0)
		return kerr_set(err, r, "write '%s'", path);
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
