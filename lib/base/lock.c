/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "lock.h"

enum {
	TRY_AGAIN_MAX = 2 /* lock_file_held in another process holds the lock briefly */
};

static int lock_retrying(int fd, enum lock_mode mode)
{
	const struct timespec moment = { .tv_nsec = 500000 };
	int how = (mode & LOCK_FILE_SHARED) ? LOCK_SH : LOCK_EX;
	int tries = 0;

	if (mode & LOCK_FILE_TRY)
		how |= LOCK_NB;
	for (;;) {
		if (flock(fd, how) == 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK || tries++ >= TRY_AGAIN_MAX)
			return -errno;
		(void) nanosleep(&moment, NULL); /* an interrupted sleep is as good */
	}
}

/* Whether path still names the file behind fd. 1, 0 or -errno. */
static int is_current(int fd, int dirfd, const char *path)
{
	struct stat mine;
	struct stat there;

	if (fstat(fd, &mine) < 0)
		return -errno;
	if (fstatat(dirfd, path, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	return mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

/*
 * flock(2) does not need write access, so an existing lock file still works on a file
 * system that became read-only.
 */
static int open_lock(int dirfd, const char *path)
{
	enum {
		FLAGS = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
	};
	int fd = openat(dirfd, path, O_RDWR | O_CREAT | FLAGS, 0600);

	if (fd < 0 && errno == EROFS) {
		fd = openat(dirfd, path, O_RDONLY | FLAGS);
		if (fd < 0 && errno == ENOENT)
			errno = EROFS;
	}
	return fd < 0 ? -errno : fd;
}

int lock_file_at(int dirfd, const char *path, enum lock_mode mode, struct kerr *err)
{
	int r;

	for (;;) {
		cleanup_fd int fd = open_lock(dirfd, path);

		if (fd < 0)
			return kerr_set(err, fd, "open lock '%s'", path);
		r = lock_retrying(fd, mode);
		if (r < 0)
			return kerr_set(err, r, "lock '%s'", path);
		r = is_current(fd, dirfd, path);
		if (r < 0)
			return kerr_set(err, r, "stat lock '%s'", path);
		if (r > 0)
			return take_fd(fd);
	}
}

int lock_fd_held(int fd)
{
	int r;

	do {
		r = flock(fd, LOCK_SH | LOCK_NB);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == EWOULDBLOCK ? 1 : -errno;
	(void) flock(fd, LOCK_UN);
	return 0;
}

int lock_file_held(int dirfd, const char *path)
{
	cleanup_fd int fd = file_open_at(dirfd, path);

	return fd >= 0 ? lock_fd_held(fd) : fd == -ENOENT ? 0 : fd;
}
