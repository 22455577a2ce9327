/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "fd.h"
#include "logview.h"
#include "mem.h"
#include "path.h"

#define BLOCK (64 << 10)

struct view {
	const char *path;
	char *dir;
	int fd; /* of the log; -EBADF between two files */
	off_t at;
	int notify;
	int signals;
	char *block;
};

static void view_clear(struct view *v)
{
	fd_close_p(&v->fd);
	fd_close_p(&v->notify);
	fd_close_p(&v->signals);
	free(v->dir);
	free(v->block);
}

static int open_log(struct view *v, struct kerr *err)
{
	int fd = open(v->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return kerr_set(err, -errno, "open '%s'", v->path);
	fd_close_p(&v->fd);
	v->fd = fd;
	v->at = 0;
	return 0;
}

/* All there is from where we are. -EPIPE: standard output was closed. */
static int drain(struct view *v, struct kerr *err)
{
	struct stat st;
	ssize_t n;
	int r;

	if (fstat(v->fd, &st) == 0 && st.st_size < v->at)
		v->at = 0;
	while ((n = pread(v->fd, v->block, BLOCK, v->at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kerr_set(err, -errno, "read '%s'", v->path);
		r = fd_write_all(STDOUT_FILENO, v->block, (size_t) n);
		if (r == -EPIPE)
			return r;
		if (r < 0)
			return kerr_set(err, r, "write standard output");
		v->at += n;
	}
	return 0;
}

/* Whether the name now leads to another file than the open one (or to none). */
static bool rotated(const struct view *v)
{
	struct stat now, open_one;

	if (fstat(v->fd, &open_one) < 0)
		return true;
	if (stat(v->path, &now) < 0)
		return false; /* a moment between two files: the directory will tell */
	return now.st_ino != open_one.st_ino || now.st_dev != open_one.st_dev;
}

/* What is there, of this file and of those that came after it. */
static int catch_up(struct view *v, struct kerr *err)
{
	int r = drain(v, err);

	while (r == 0 && rotated(v)) {
		r = drain(v, err); /* written between the last read and the rename */
		if (r == 0)
			r = open_log(v, err);
		if (r == -ENOENT)
			return 0;
		if (r == 0)
			r = drain(v, err);
	}
	return r;
}

static int watch(struct view *v, struct kerr *err)
{
	sigset_t set;

	(void) sigemptyset(&set);
	(void) sigaddset(&set, SIGINT);
	(void) sigaddset(&set, SIGTERM);
	(void) sigprocmask(SIG_BLOCK, &set, NULL);
	v->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	v->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (v->signals < 0 || v->notify < 0)
		return kerr_set(err, -errno, "follow '%s'", v->path);
	v->dir = path_dirname(v->path);
	/* One watch on the directory sees the file being written, cut, moved and made anew. */
	if (inotify_add_watch(v->notify, v->dir,
			      IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF) < 0)
		return kerr_set(err, -errno, "watch '%s'", v->dir);
	return 0;
}

/* The file was deleted, not rotated: no name leads to it, and none to a new one. */
static bool gone(const struct view *v)
{
	struct stat st;

	return fstat(v->fd, &st) == 0 && st.st_nlink == 0 && stat(v->path, &st) < 0;
}

/* 1 to go on, 0 when it is over: a signal, a reader that left, the container deleted. */
static int wait_change(struct view *v, struct kerr *err)
{
	struct pollfd p[] = {
		{ .fd = v->signals, .events = POLLIN },
		{ .fd = v->notify, .events = POLLIN },
		{ .fd = STDOUT_FILENO, .events = 0 }, /* POLLERR: the pipe's reader is gone */
	};
	ssize_t n;

	if (poll(p, ARRAY_SIZE(p), -1) < 0)
		return errno == EINTR ? 1 : kerr_set(err, -errno, "poll");
	if (p[0].revents || p[2].revents & POLLERR)
		return 0;
	do { /* what happened does not matter, only that something did */
		n = read(v->notify, v->block, BLOCK);
	} while (n > 0);
	return gone(v) ? 0 : 1;
}

static int follow(struct view *v, struct kerr *err)
{
	int r = 1;

	while (r > 0) {
		r = catch_up(v, err);
		if (r == 0)
			r = wait_change(v, err);
	}
	return r == -EPIPE ? 0 : r;
}

int logview(const char *path, enum logview_flags flags, struct kerr *err)
{
	struct view v cleanup_(
		view_clear) = { .path = path, .fd = -EBADF, .notify = -EBADF, .signals = -EBADF };
	int r;

	v.block = xmalloc(BLOCK);
	(void) fflush(stdout);
	r = open_log(&v, err);
	if (r == 0 && flags & LOGVIEW_FOLLOW)
		r = watch(&v, err);
	if (r < 0)
		return r;
	if (flags & LOGVIEW_FOLLOW)
		return follow(&v, err);
	r = drain(&v, err);
	return r == -EPIPE ? 0 : r;
}
