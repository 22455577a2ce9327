/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/openat2.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"

enum {
	OPENAT2_TRIES = 32,
	FDS_MAX = 8
};

void fd_close_p(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void) close(*fd); /* no retry on EINTR; data that matters was fsynced before */
	*fd = -EBADF;
	errno = saved;
}

int fd_write_all(int fd, const void *p, size_t n)
{
	const char *s = p;
	ssize_t put;

	while (n > 0) {
		put = write(fd, s, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		if (put == 0)
			return -EIO;
		s += put;
		n -= (size_t) put;
	}
	return 0;
}

int fd_read_all(int fd, void *p, size_t n)
{
	char *s = p;
	ssize_t got;

	while (n > 0) {
		got = read(fd, s, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EPIPE;
		s += got;
		n -= (size_t) got;
	}
	return 0;
}

int file_open_at(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

/*
 * Read a regular file that has size bytes. One more is asked for: if there is none, the
 * file has ended, which else would take a second call. 1 if it may go on.
 */
static int read_sized(int fd, size_t size, struct buf *ret)
{
	char *p = buf_room(ret, size + 1);
	ssize_t got;

	do {
		got = read(fd, p, size + 1);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (got > 0)
		buf_commit(ret, (size_t) got);
	return (size_t) got != size;
}

int file_read_fd(int fd, const char *path, size_t max, struct buf *ret, struct kerr *err)
{
	struct stat st;
	int r = 1;

	buf_clear(ret);
	ret->max = max;
	if (fstat(fd, &st) < 0)
		return kerr_set(err, -errno, "stat '%s'", path);
	if (!S_ISREG(st.st_mode))
		return kerr_plain(err, -EBADF, "'%s' is not a regular file", path);
	if (st.st_size > 0 && (uintmax_t) st.st_size > max)
		return kerr_plain(err, -E2BIG, "'%s' is larger than %zu bytes", path, max);
	if (st.st_size > 0 && (uintmax_t) st.st_size < max) {
		r = read_sized(fd, (size_t) st.st_size, ret);
		if (r < 0)
			return kerr_set(err, r, "'%s': read", path);
	}
	if (r > 0)
		r = buf_read_fd(ret, fd, err);
	return r < 0 ? kerr_wrap(err, r, "'%s'", path) : 0;
}

int file_read_open_at(int dirfd, const char *path, size_t max, struct buf *ret, struct kerr *err)
{
	cleanup_fd int fd = file_open_at(dirfd, path);
	int r;

	if (fd == -ENOENT) {
		buf_clear(ret);
		ret->max = max;
		return -ENOENT;
	}
	if (fd < 0)
		return kerr_set(err, fd, "open '%s'", path);
	r = file_read_fd(fd, path, max, ret, err);
	return r < 0 ? r : take_fd(fd);
}

int file_read_at(int dirfd, const char *path, size_t max, struct buf *ret, struct kerr *err)
{
	cleanup_fd int fd = file_read_open_at(dirfd, path, max, ret, err);

	return fd < 0 ? fd : 0;
}

int sys_read(int dirfd, const char *path, struct buf *ret)
{
	cleanup_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	buf_reset(ret);
	return buf_read_fd(ret, fd, NULL);
}

int sys_read_line(int dirfd, const char *path, char *ret, size_t size)
{
	cleanup_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got;

	if (fd < 0)
		return -errno;
	do {
		got = read(fd, ret, size - 1);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	ret[got] = '\0';
	return 0;
}

int sys_write(int dirfd, const char *path, const char *text)
{
	cleanup_fd int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t n = strlen(text);
	ssize_t put;

	if (fd < 0)
		return -errno;
	do {
		put = write(fd, text, n);
	} while (put < 0 && errno == EINTR);
	if (put < 0)
		return -errno;
	return (size_t) put == n ? 0 : -EIO;
}

static int open_with(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t) (unsigned) (flags | O_CLOEXEC),
		.resolve = resolve,
	};
	long fd = -1;

	if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE)
		how.mode = mode;
	/* EAGAIN: a rename during the lookup; the kernel could not verify a ".." (openat2(2)). */
	for (int tries = 0; tries < OPENAT2_TRIES; tries++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd < 0 ? -errno : (int) fd;
}

int open_in_root(int rootfd, const char *path, int flags, mode_t mode)
{
	return open_with(rootfd, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int open_no_links(int rootfd, const char *path, int flags, mode_t mode)
{
	return open_with(rootfd, path, flags, mode,
			 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
}

int fd_wait_readable(int fd, int timeout_ms)
{
	int64_t deadline = timeout_ms < 0 ? -1 : clock_ms() + timeout_ms;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int r;

	if (fd < 0)
		return -EBADF;
	do {
		r = poll(&p, 1, clock_left(deadline));
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	if (r > 0 && (p.revents & POLLNVAL) != 0)
		return -EBADF;
	return r > 0 ? 1 : 0;
}

union fd_control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(int) * FDS_MAX)];
};

int fd_send(int sock, const int *fds, size_t n)
{
	union fd_control control = { 0 };
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t put;

	if (n > FDS_MAX)
		return -E2BIG;
	if (n > 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
	}
	do {
		put = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (put < 0 && errno == EINTR);
	return put < 0 ? -errno : 0;
}

/*
 * Collect the descriptors of one message in all[FDS_MAX]; the control buffer has no
 * room for more.
 */
static size_t collect(struct msghdr *msg, int *all)
{
	size_t n = 0;
	size_t here;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (here > FDS_MAX - n)
			here = FDS_MAX - n;
		memcpy(all + n, CMSG_DATA(c), here * sizeof(int));
		n += here;
	}
	return n;
}

int fd_recv(int sock, int *fds, size_t max)
{
	union fd_control control = { 0 };
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	int all[FDS_MAX];
	ssize_t got;
	size_t n;

	do {
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	n = collect(&msg, all);
	if (got > 0 && n <= max && (msg.msg_flags & MSG_CTRUNC) == 0) {
		memcpy(fds, all, n * sizeof(int));
		return (int) n;
	}
	for (size_t i = 0; i < n; i++)
		(void) close(all[i]); /* refuse the whole message: an incomplete list is useless */
	return got == 0 ? -EPIPE : -E2BIG;
}
