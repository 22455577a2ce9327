/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
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
#include "str.h"
#include "term.h"
#include "vec.h"

#define BLOCK (64 << 10)
#define SAFE_MAX (1 << 20)
#define KEPT_MAX 1000 /* the most that a monitor keeps */
#define ASK_MS 1000 /* interval of polling while the writer waits: its end causes no event */

/* Bytes held back until the next ones decide their meaning: a CR, part of a character. */
#define HELD_MAX 4

struct view {
	const char *path;
	const struct logview_opts *opts;
	char *dir;
	int fd; /* the open log; -EBADF between two files */
	off_t at;
	int notify;
	int signals;
	char *block;
	bool escape; /* standard output is a terminal */
	char held[HELD_MAX];
	size_t n_held;
	bool closed; /* a writer closed the log since the last check */
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

/* ---- printing ---- */

/* Number of bytes at the end of p that may belong to a longer sequence. */
static size_t incomplete_tail(const char *p, size_t n)
{
	if (n > 0 && p[n - 1] == '\r')
		return 1;
	for (size_t k = 1; k < HELD_MAX && k <= n; k++) {
		unsigned char c = (unsigned char) p[n - k];
		size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if (c < 0x80)
			return 0;
		if (c >= 0xc0)
			return len > k ? k : 0;
	}
	return 0;
}

/* Output of a terminal ends lines with CR LF: do not escape that CR. */
static void escape(struct buf *out, const char *p, size_t n)
{
	const char *end;

	while (n > 0) {
		end = memmem(p, n, "\r\n", 2);
		term_escape(out, p, end ? (size_t) (end - p) : n);
		if (!end)
			return;
		n -= (size_t) (end - p) + 1;
		p = end + 1;
	}
}

static int write_out(const char *p, size_t n, struct kerr *err)
{
	int r = fd_write_all(STDOUT_FILENO, p, n);

	return r < 0 && r != -EPIPE ? kerr_set(err, r, "write standard output") : r;
}

/* last: no more bytes follow; hold none back. */
static int print(struct view *v, const char *p, size_t n, bool last, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(BLOCK + HELD_MAX);
	cleanup_buf struct buf safe = BUF_INIT(SAFE_MAX);

	if (!v->escape)
		return write_out(p, n, err);
	buf_add(&text, v->held, v->n_held);
	buf_add(&text, p, n);
	v->n_held = last ? 0 : incomplete_tail(buf_str(&text), text.len);
	memcpy(v->held, buf_str(&text) + text.len - v->n_held, v->n_held);
	escape(&safe, buf_str(&text), text.len - v->n_held);
	return write_out(buf_str(&safe), safe.len, err);
}

/* Print from the current offset to the end of the file. -EPIPE: the reader is gone. */
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
		r = print(v, v->block, (size_t) n, false, err);
		if (r < 0)
			return r;
		v->at += n;
	}
	return 0;
}

/* ---- rotated files ---- */

struct kept {
	int number; /* the file is log.NUMBER */
	int fd;
};

static int by_number(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return y->number - x->number;
}

/* List the rotated files, the oldest (highest number) first. */
static size_t list_kept(const struct view *v, struct kept *ret)
{
	const char *name = strrchr(v->path, '/') ? strrchr(v->path, '/') + 1 : v->path;
	size_t n = 0, len = strlen(name);
	DIR *d = opendir(v->dir);
	struct dirent *e;
	uint64_t number;

	while (d && n < KEPT_MAX && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, name, len) == 0 && e->d_name[len] == '.' &&
		    str_to_u64(e->d_name + len + 1, 1, INT_MAX, &number) == 0)
			ret[n++] = (struct kept){ .number = (int) number, .fd = -EBADF };
	if (d)
		(void) closedir(d);
	qsort(ret, n, sizeof(*ret), by_number);
	return n;
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}

/*
 * Open from the newest to the oldest, the log itself first: if a rotation in between moves an
 * open file to the next number, it is recognised there and skipped.
 */
static void open_kept(const struct view *v, struct kept *k, size_t n)
{
	int newer = v->fd;

	for (size_t i = n; i > 0; i--) {
		cleanup_free char *path = xasprintf("%s.%d", v->path, k[i - 1].number);
		cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0 || same_file(fd, newer))
			continue;
		newer = k[i - 1].fd = take_fd(fd);
	}
}

/* Print the rotated files, the oldest first. */
static int print_kept(struct view *v, struct kerr *err)
{
	cleanup_free struct kept *k = xcalloc(KEPT_MAX, sizeof(*k));
	size_t n = list_kept(v, k);
	int log = v->fd;
	int r = 0;

	open_kept(v, k, n);
	for (size_t i = 0; i < n; i++) {
		if (r == 0 && k[i].fd >= 0) {
			v->fd = k[i].fd;
			v->at = 0;
			r = drain(v, err);
		}
		fd_close_p(&k[i].fd);
	}
	v->fd = log;
	v->at = 0;
	return r;
}

/* ---- following ---- */

/* Whether the name belongs to another file than the open one. */
static bool rotated(const struct view *v)
{
	struct stat now, open_one;

	if (fstat(v->fd, &open_one) < 0)
		return true;
	if (stat(v->path, &now) < 0)
		return false; /* between two files: an event of the directory follows */
	return now.st_ino != open_one.st_ino || now.st_dev != open_one.st_dev;
}

/* Print the rest of this file and all files that replaced it. */
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
	/* Watching the directory reports writes, close, truncation, renames and new files. */
	if (inotify_add_watch(v->notify, v->dir,
			      IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_DELETE |
				      IN_DELETE_SELF) < 0)
		return kerr_set(err, -errno, "watch '%s'", v->dir);
	return 0;
}

/* The container was deleted, its directory with it. */
static bool log_deleted(const struct view *v)
{
	struct stat st;

	return stat(v->dir, &st) < 0;
}

/*
 * Poll timeout: no event tells that a waiting writer will not run again; that the directory
 * was removed may go unnoticed too.
 */
static int poll_timeout(const struct view *v, enum logview_writer writer)
{
	struct stat st;

	return writer == LOGVIEW_WAITS || stat(v->path, &st) < 0 ? ASK_MS : -1;
}

static void read_events(struct view *v)
{
	ssize_t n;

	while ((n = read(v->notify, v->block, BLOCK)) > 0)
		for (char *p = v->block; p < v->block + n;) {
			const struct inotify_event *e = (const void *) p;

			v->closed |= (e->mask & (IN_CLOSE_WRITE | IN_Q_OVERFLOW)) != 0;
			p += sizeof(*e) + e->len;
		}
}

/* 1: go on; 0: end, for a signal, a reader that is gone or a deleted container. */
static int wait_change(struct view *v, int timeout_ms, struct kerr *err)
{
	struct pollfd p[] = {
		{ .fd = v->signals, .events = POLLIN },
		{ .fd = v->notify, .events = POLLIN },
		{ .fd = STDOUT_FILENO, .events = 0 }, /* POLLERR: the pipe's reader is gone */
	};

	if (poll(p, ARRAY_SIZE(p), timeout_ms) < 0)
		return errno == EINTR ? 1 : kerr_set(err, -errno, "poll");
	if (p[0].revents || p[2].revents & POLLERR)
		return 0;
	read_events(v);
	return log_deleted(v) ? 0 : 1;
}

static enum logview_writer ask_writer(struct view *v)
{
	v->closed = false;
	return v->opts->writer ? v->opts->writer(v->opts->ctx) : LOGVIEW_WRITES;
}

/* A writer that ends closes the log: ask the daemon about it only then. */
static int follow(struct view *v, struct kerr *err)
{
	enum logview_writer writer = LOGVIEW_WAITS;
	int r = 1;

	while (r > 0) {
		if (v->closed || writer == LOGVIEW_WAITS)
			writer = ask_writer(v);
		r = catch_up(v, err);
		if (r == 0 && writer == LOGVIEW_ENDED)
			return 0;
		if (r == 0)
			r = wait_change(v, poll_timeout(v, writer), err);
	}
	return r;
}

int logview(const char *path, const struct logview_opts *opts, struct kerr *err)
{
	cleanup_(view_clear) struct view v = {
		.path = path, .opts = opts, .fd = -EBADF, .notify = -EBADF, .signals = -EBADF
	};
	bool following = opts->flags & LOGVIEW_FOLLOW;
	int r;

	v.block = xmalloc(BLOCK);
	v.dir = path_dirname(path);
	v.escape = !(opts->flags & LOGVIEW_RAW) && isatty(STDOUT_FILENO) == 1;
	(void) fflush(stdout);
	r = open_log(&v, err);
	if (r == 0 && following)
		r = watch(&v, err);
	if (r < 0)
		return r;
	r = print_kept(&v, err);
	if (r == 0)
		r = following ? follow(&v, err) : drain(&v, err);
	if (r == 0)
		r = print(&v, "", 0, true, err);
	return r == -EPIPE ? 0 : r;
}
