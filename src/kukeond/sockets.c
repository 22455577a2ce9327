/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "mem.h"
#include "path.h"
#include "sockets.h"
#include "str.h"

enum {
	LISTEN_BACKLOG = 128
};

static int make_addr(const char *path, struct sockaddr_un *ret, struct kerr *err)
{
	size_t n = strlen(path);

	if (n >= sizeof(ret->sun_path))
		return kerr_plain(err, -ENAMETOOLONG, "socket path '%s' is longer than %zu bytes",
				  path, sizeof(ret->sun_path) - 1);
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret->sun_path, path, n + 1);
	return 0;
}

/* Remove a stale socket at path: one without a listener. */
static int clear_stale(const char *path, const struct sockaddr_un *addr, struct kerr *err)
{
	cleanup_fd int probe = -EBADF;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : kerr_set(err, -errno, "stat '%s'", path);
	if (!S_ISSOCK(st.st_mode))
		return kerr_plain(err, -EEXIST, "'%s' exists and is not a socket", path);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return kerr_set(err, -errno, "make a socket");
	if (connect(probe, (const struct sockaddr *) addr, sizeof(*addr)) == 0 || errno == EAGAIN)
		return kerr_plain(err, -EADDRINUSE, "another daemon listens on '%s'", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return kerr_set(err, -errno, "remove stale socket '%s'", path);
	return 0;
}

/* bind(2); the socket has mode 0600 from the start. */
static int bind_private(int fd, const struct sockaddr_un *addr, const char *path, struct kerr *err)
{
	mode_t saved = umask(0177);
	int r = bind(fd, (const struct sockaddr *) addr, sizeof(*addr)) < 0 ? -errno : 0;

	(void) umask(saved);
	return r < 0 ? kerr_set(err, r, "bind '%s'", path) : 0;
}

static int open_to_group(const char *path, gid_t gid, struct kerr *err)
{
	if (chown(path, 0, gid) < 0) {
		char why[128];

		log_wrn("chown socket failed", "path", path, "error",
			errno_text(errno, why, sizeof(why)));
	}
	if (chmod(path, 0660) < 0)
		return kerr_set(err, -errno, "chmod '%s'", path);
	return 0;
}

int socket_bind(const char *path, gid_t gid, struct kerr *err)
{
	cleanup_free char *dir = path_dirname(path);
	cleanup_fd int fd = -EBADF;
	struct sockaddr_un addr;
	int r;

	r = make_addr(path, &addr, err);
	if (r >= 0)
		r = mkdir_p(dir, 0755, err);
	if (r >= 0)
		r = clear_stale(path, &addr, err);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return kerr_set(err, -errno, "make a socket");
	r = bind_private(fd, &addr, path, err);
	if (r >= 0 && gid > 0)
		r = open_to_group(path, gid, err);
	return r < 0 ? r : take_fd(fd);
}

int socket_listen(int fd, const char *path, struct kerr *err)
{
	return listen(fd, LISTEN_BACKLOG) < 0 ? kerr_set(err, -errno, "listen on '%s'", path) : 0;
}

int socket_wake(const char *path, const char *dir, struct kerr *err)
{
	cleanup_fd int fd = -EBADF;
	struct sockaddr_un addr;
	int r;

	r = make_addr(path, &addr, err);
	if (r >= 0)
		r = mkdir_p(dir, 0700, err);
	if (r < 0)
		return r;
	/* We hold the instance lock, so an existing socket is a leftover. */
	if (unlink(path) < 0 && errno != ENOENT)
		return kerr_set(err, -errno, "remove '%s'", path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return kerr_set(err, -errno, "make a socket");
	r = bind_private(fd, &addr, path, err);
	return r < 0 ? r : take_fd(fd);
}

void notify_init(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	cleanup_fd int fd = -EBADF;
	size_t n = path ? strlen(path) : 0;

	if (n == 0 || n >= sizeof(addr.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(addr.sun_path, path, n);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Errors are ignored: the init system has its own time limit. */
	(void) sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
		      (struct sockaddr *) &addr,
		      (socklen_t) (offsetof(struct sockaddr_un, sun_path) + n));
}
