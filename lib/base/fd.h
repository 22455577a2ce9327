/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FD_H
#define KUKEON_FD_H

#include <fcntl.h>
#include <sys/stat.h>

#include "buf.h"
#include "defs.h"
#include "err.h"

/* Close *fd if it is one, keep errno, set it to -EBADF. */
void fd_close_p(int *fd);
#define cleanup_fd cleanup_(fd_close_p)
#define take_fd(fd)                  \
	({                           \
		int take_fd_ = (fd); \
		(fd) = -EBADF;       \
		take_fd_;            \
	})

/*
 * Write or read exactly n bytes, over several calls if needed. 0 or -errno; read:
 * -EPIPE if the input ends early.
 */
int fd_write_all(int fd, const void *p, size_t n);
int fd_read_all(int fd, void *p, size_t n);

/*
 * Read a whole file below dirfd (or AT_FDCWD), at most max bytes. O_NOFOLLOW
 * and O_NONBLOCK, regular files only (-EBADF otherwise). -ENOENT is returned
 * without touching err, so callers can tolerate a missing file.
 */
int file_read_at(int dirfd, const char *path, size_t max, struct buf *ret, struct kerr *err);
/* The same, but returns the descriptor, open for reading; the caller closes it. */
int file_read_open_at(int dirfd, const char *path, size_t max, struct buf *ret, struct kerr *err);
/* The two steps of that: open as above (-errno), and read from the start, once. */
int file_open_at(int dirfd, const char *path);
int file_read_fd(int fd, const char *path, size_t max, struct buf *ret, struct kerr *err);

/* Files of the kernel (proc, sysfs, cgroups): one open, one read or write. No err. */
int sys_read(int dirfd, const char *path, struct buf *ret);
/*
 * Up to size - 1 bytes and a NUL, by one read(2): for attributes, which the kernel gives
 * in one piece. 0 or -errno.
 */
int sys_read_line(int dirfd, const char *path, char *ret, size_t size);
int sys_write(int dirfd, const char *path, const char *text);

/*
 * openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS below rootfd: for
 * every path that comes from an image, an archive or a container. Returns the
 * descriptor (O_CLOEXEC always) or -errno.
 */
int open_in_root(int rootfd, const char *path, int flags, mode_t mode);

/*
 * The same for paths that must not lead through a symbolic link: -ELOOP where one
 * does. With O_PATH | O_NOFOLLOW a link at the end is opened as itself.
 */
int open_no_links(int rootfd, const char *path, int flags, mode_t mode);

/* poll(2) for readable, timeout in ms (-1: none). 1 ready, 0 timeout, -errno. EINTR is retried. */
int fd_wait_readable(int fd, int timeout_ms);

/* Pass n descriptors with one byte (n <= 8), and take them. recv returns their number. */
int fd_send(int sock, const int *fds, size_t n);
int fd_recv(int sock, int *fds, size_t max);

#endif
