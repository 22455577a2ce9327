/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "kukeshim.h"
#include "path.h"

/*
 * log contains the output, log.idx when and from which stream it came. Both are rotated
 * together: log -> log.1 -> log.2, each log before its index. A crash between two renames
 * leaves a gap in the numbers, which the next rotation closes, or an index under the name
 * that its log had before, which mend_indexes finds.
 */
enum {
	INDEX_STEP_US = 1000, /* output of one stream within this time shares an entry */
	LINE_SLACK = 4096, /* bytes beyond max_bytes to complete a line */
	NAME_SIZE = 32,
};

static void log_name(char name[NAME_SIZE], int number, const char *suffix)
{
	if (number == 0)
		(void) snprintf(name, NAME_SIZE, SHIM_FILE_LOG "%s", suffix);
	else
		(void) snprintf(name, NAME_SIZE, SHIM_FILE_LOG ".%d%s", number, suffix);
}

static int open_append(int dir, const char *name, struct stat *st)
{
	cleanup_fd int fd = openat(
		dir, name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0)
		return -errno;
	if (!S_ISREG(st->st_mode))
		return -EBADF;
	(void) fchmod(fd, 0644); /* independent of the umask */
	return take_fd(fd);
}

static bool ends_mid_line(int fd, int64_t size)
{
	char last;

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

/* The index ends where we know it to; one that cannot be cut is of no use. */
static void cut_index(struct logfile *l)
{
	if (ftruncate(l->index, l->index_size) < 0)
		fd_close_p(&l->index);
}

/* The last entry is about output that the log does not have: lost with the power. */
static bool is_beyond(const struct logfile *l)
{
	struct log_index_entry e;

	return pread(l->index, &e, sizeof(e), l->index_size - LOG_INDEX_ENTRY) != sizeof(e) ||
	       le64toh(e.offset) >= (uint64_t) l->size;
}

static int open_files(struct logfile *l)
{
	struct stat st = { 0 };

	fd_close_p(&l->fd);
	fd_close_p(&l->index);
	l->last_us = 0;
	l->index_size = 0;
	l->fd = open_append(l->dir, SHIM_FILE_LOG, &st);
	if (l->fd < 0)
		return l->fd;
	l->size = st.st_size;
	l->mid_line = ends_mid_line(l->fd, l->size);
	/* The output matters more than its times: without a usable index, go on without. */
	l->index = open_append(l->dir, SHIM_FILE_LOG ".idx", &st);
	if (l->index < 0)
		return 0;
	l->index_size = st.st_size - st.st_size % LOG_INDEX_ENTRY; /* without an incomplete one */
	while (l->index_size > 0 && is_beyond(l))
		l->index_size -= LOG_INDEX_ENTRY;
	cut_index(l);
	return 0;
}

static bool is_there(const struct logfile *l, int number, const char *suffix)
{
	char name[NAME_SIZE];
	struct stat st;

	log_name(name, number, suffix);
	return fstatat(l->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Give this log or index the next number. */
static int move_up(const struct logfile *l, int number, const char *suffix)
{
	char from[NAME_SIZE], to[NAME_SIZE];

	log_name(from, number, suffix);
	log_name(to, number + 1, suffix);
	return renameat(l->dir, from, l->dir, to) < 0 ? -errno : 0;
}

static void drop(const struct logfile *l, int number, const char *suffix)
{
	char name[NAME_SIZE];

	log_name(name, number, suffix);
	(void) unlinkat(l->dir, name, 0);
}

/* Indexes without a log: of the next one where a rotation was interrupted, else of none. */
static void mend_indexes(const struct logfile *l)
{
	for (int i = 0; i < l->files; i++) {
		if (is_there(l, i, "") || !is_there(l, i, ".idx"))
			continue;
		if (i + 1 < l->files && is_there(l, i + 1, "") && !is_there(l, i + 1, ".idx"))
			(void) move_up(l, i, ".idx");
		else
			drop(l, i, ".idx");
	}
}

int logfile_open(struct logfile *l, const char *dir, int64_t max_bytes, int files, struct kerr *err)
{
	int r;

	*l = (struct logfile){
		.dir = -EBADF,
		.fd = -EBADF,
		.index = -EBADF,
		.max_bytes = max_bytes,
		.files = files,
	};
	if (dir == NULL)
		return 0;
	r = mkdir_p(dir, 0750, err);
	if (r < 0)
		return r;
	l->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (l->dir < 0)
		return kerr_set(err, -errno, "open '%s'", dir);
	mend_indexes(l);
	r = open_files(l);
	if (r < 0)
		return kerr_set(err, r, "open '%s/" SHIM_FILE_LOG "'", dir);
	return 0;
}

static void rotate(struct logfile *l)
{
	int r;

	/* The index of the oldest log goes first, so that no log gets that of another one. */
	drop(l, l->files - 1, ".idx");
	if (l->files <= 1)
		drop(l, 0, "");
	for (int i = l->files - 2; i >= 0; i--) {
		r = move_up(l, i, "");
		if (r == 0)
			(void) move_up(l, i, ".idx"); /* an older log has none */
		else if (r == -ENOENT || i == 0)
			drop(l, i, ".idx");
		if (r < 0 && i == 0) /* something is in the way: new output matters more */
			drop(l, 0, "");
	}
	(void) open_files(l); /* on failure, output is counted as dropped */
}

/* An index has no more bytes than its log may have: lines of a few bytes fill it first. */
static bool index_is_full(const struct logfile *l)
{
	return l->index >= 0 && l->index_size > 0 && l->index_size > l->max_bytes - LOG_INDEX_ENTRY;
}

static void write_index(struct logfile *l, enum log_stream stream)
{
	struct ktime now = ktime_now();
	uint64_t us = (uint64_t) now.sec * 1000000 + (uint64_t) now.nsec / 1000;
	struct log_index_entry e;

	if (l->last_us != 0 && stream == l->last_stream && us >= l->last_us &&
	    us - l->last_us < INDEX_STEP_US)
		return;
	if (l->index < 0 || index_is_full(l))
		return;
	e.offset = htole64((uint64_t) l->size);
	e.stamp = htole64(us << 1 | (stream == LOG_STREAM_ERR));
	if (fd_write_all(l->index, &e, sizeof(e)) < 0) {
		cut_index(l); /* of a part of an entry; the output matters more than its times */
		return;
	}
	l->index_size += (int64_t) sizeof(e);
	l->last_us = us;
	l->last_stream = stream;
}

static void write_bytes(struct logfile *l, enum log_stream stream, const char *p, size_t n)
{
	ssize_t put_n;

	if (n == 0)
		return;
	if (l->fd < 0) {
		l->dropped += (int64_t) n;
		return;
	}
	write_index(l, stream);
	while (n > 0) {
		put_n = write(l->fd, p, n);
		if (put_n < 0 && errno == EINTR)
			continue;
		if (put_n <= 0) {
			l->dropped += (int64_t) n;
			return;
		}
		l->size += put_n;
		l->mid_line = p[put_n - 1] != '\n';
		l->stream = stream;
		p += put_n;
		n -= (size_t) put_n;
	}
}

/*
 * How many bytes of p still go into this file. A file ends at the end of a line, for
 * which it may exceed its limit a little.
 */
static size_t cut_at(const struct logfile *l, const char *p, size_t n)
{
	size_t room = l->size < l->max_bytes ? (size_t) (l->max_bytes - l->size) : 0;
	int64_t slack = l->max_bytes + LINE_SLACK - l->size;
	const char *end;

	if (n <= room)
		return n;
	end = memrchr(p, '\n', room);
	if (end != NULL)
		return (size_t) (end - p) + 1;
	if (!l->mid_line || slack <= 0)
		return 0;
	if ((uint64_t) slack < n)
		n = (size_t) slack;
	end = memchr(p, '\n', n);
	return end != NULL ? (size_t) (end - p) + 1 : n;
}

/*
 * If the log was removed or renamed, create a new one; if it was truncated, take over
 * its size: the times of what is left in it are lost.
 */
static void check_file(struct logfile *l)
{
	struct stat mine, there;

	if (l->fd >= 0 && fstat(l->fd, &mine) == 0 &&
	    fstatat(l->dir, SHIM_FILE_LOG, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    mine.st_dev == there.st_dev && mine.st_ino == there.st_ino) {
		if (mine.st_size < l->size) {
			l->size = mine.st_size;
			l->mid_line = ends_mid_line(l->fd, l->size);
			l->index_size = 0;
			l->last_us = 0;
			cut_index(l);
		}
		return;
	}
	/* Also retries after a rotation failed, as there may be space again. */
	if (l->fd >= 0) /* the index belongs to the output that is gone */
		(void) unlinkat(l->dir, SHIM_FILE_LOG ".idx", 0);
	(void) open_files(l);
}

void logfile_write(struct logfile *l, enum log_stream stream, const char *p, size_t n)
{
	size_t part;

	if (l->dir < 0)
		return;
	check_file(l);
	while (n > 0) {
		if (index_is_full(l) && !l->mid_line)
			rotate(l);
		part = cut_at(l, p, n);
		if (part == 0 && l->size == 0)
			part = n < (size_t) l->max_bytes ? n : (size_t) l->max_bytes;
		write_bytes(l, stream, p, part);
		p += part;
		n -= part;
		if (n > 0)
			rotate(l);
		if (l->fd < 0 || (n > 0 && l->size > 0)) { /* no new file */
			l->dropped += (int64_t) n;
			return;
		}
	}
}
