/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "history.h"

enum {
	FILE_NAME_SIZE = HISTORY_NAME_MAX + 16,
};

static void file_name(const struct history *h, int number, char ret[FILE_NAME_SIZE])
{
	if (number == 0)
		(void) snprintf(ret, FILE_NAME_SIZE, "%s", h->how.name);
	else
		(void) snprintf(ret, FILE_NAME_SIZE, "%s.%d", h->how.name, number);
}

static int open_file(const struct history *h, int number, int flags, struct stat *ret)
{
	cleanup_fd int fd = -EBADF;
	char name[FILE_NAME_SIZE];

	file_name(h, number, name);
	fd = openat(h->how.dir, name, O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags, 0600);
	if (fd < 0 || fstat(fd, ret) < 0)
		return -errno;
	return S_ISREG(ret->st_mode) ? take_fd(fd) : -EBADF;
}

/* A file that is ours alone, in place of whatever has its name. */
static int create_file(const struct history *h, struct stat *ret)
{
	int fd;

	(void) unlinkat(h->how.dir, h->how.name, 0); /* usually there is none */
	fd = open_file(h, 0, O_RDWR | O_APPEND | O_CREAT | O_EXCL, ret);
	if (fd < 0)
		return fd;
	(void) fchmod(fd, h->how.mode); /* independent of the umask */
	/* failing that it has the directory's, which usually is the same */
	if (h->how.gid >= 0 && fchown(fd, (uid_t) -1, (gid_t) h->how.gid) < 0)
		return fd;
	return fd;
}

static void drop_files(struct history *h)
{
	for (size_t i = 0; i < h->n_files; i++)
		fd_close_p(&h->file[i].fd);
	h->n_files = 0;
}

/* Go on in a file, of which st is known; the bytes in it are not counted. */
static void begin_file(struct history *h, int fd, const struct stat *st)
{
	h->file[0] = (struct history_file){ .fd = fd, .start = h->head, .offset = st->st_size };
	h->n_files = 1;
}

/* Go on in the file that is there, else in a new one. Older places are lost. */
static void restart_files(struct history *h)
{
	struct stat st = { 0 };
	int fd;

	drop_files(h);
	fd = open_file(h, 0, O_RDWR | O_APPEND, &st);
	if (fd < 0)
		fd = create_file(h, &st);
	if (fd >= 0)
		begin_file(h, fd, &st);
}

/* Count what an older file has; the next newer one follows. */
static void take_old(struct history *h, int number)
{
	struct stat st = { 0 };
	int fd = open_file(h, number, O_RDONLY, &st);

	if (fd < 0)
		return;
	memmove(&h->file[1], &h->file[0], h->n_files * sizeof(h->file[0]));
	h->file[0] = (struct history_file){ fd, h->head, 0, (uint64_t) st.st_size };
	h->n_files++;
	h->head += (uint64_t) st.st_size;
}

void history_open(struct history *h, const struct history_options *how)
{
	struct stat st = { 0 };
	int fd;

	h->how = *how;
	h->head = 0;
	h->n_files = 0;
	for (int i = how->files - 1; i > 0; i--)
		take_old(h, i);
	fd = open_file(h, 0, O_RDWR | O_APPEND, &st);
	if (fd < 0)
		fd = create_file(h, &st);
	if (fd >= 0) {
		memmove(&h->file[1], &h->file[0], h->n_files * sizeof(h->file[0]));
		h->file[0] = (struct history_file){ fd, h->head, 0, (uint64_t) st.st_size };
		h->n_files++;
		h->head += (uint64_t) st.st_size;
	} else
		drop_files(h);
	h->ring_from = h->head;
}

void history_close(struct history *h)
{
	drop_files(h);
}

static void rotate(struct history *h)
{
	char from[FILE_NAME_SIZE], to[FILE_NAME_SIZE];
	struct stat st = { 0 };
	int fd;

	for (int i = h->how.files - 2; i >= 0; i--) {
		file_name(h, i, from);
		file_name(h, i + 1, to);
		(void) renameat(h->how.dir, from, h->how.dir, to); /* it may not exist yet */
	}
	fd = create_file(h, &st);
	if (fd < 0) {
		drop_files(h);
		return;
	}
	if (h->n_files == (size_t) h->how.files)
		fd_close_p(&h->file[--h->n_files].fd);
	memmove(&h->file[1], &h->file[0], h->n_files * sizeof(h->file[0]));
	h->file[0] = (struct history_file){ .fd = fd, .start = h->head };
	h->n_files++;
}

/* The file may have been removed, replaced or truncated, or could not be made before. */
static void check_file(struct history *h)
{
	const struct history_file *f = &h->file[0];
	struct stat mine, there;

	if (h->n_files > 0 && fstat(f->fd, &mine) == 0 &&
	    fstatat(h->how.dir, h->how.name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    mine.st_dev == there.st_dev && mine.st_ino == there.st_ino &&
	    mine.st_size == f->offset + (int64_t) f->len)
		return;
	restart_files(h);
}

static void write_file(struct history *h, const char *p, size_t n)
{
	struct history_file *f = &h->file[0];

	check_file(h);
	if (h->n_files == 0)
		return;
	if (f->offset + (int64_t) f->len >= h->how.max_bytes)
		rotate(h);
	if (h->n_files == 0)
		return;
	if (fd_write_all(f->fd, p, n) < 0)
		drop_files(h); /* no space; the next one tries again */
	else
		f->len += n;
}

static void add_part(struct history *h, const char *p, size_t n)
{
	size_t at = (size_t) (h->head % HISTORY_RING);
	size_t first = n < HISTORY_RING - at ? n : HISTORY_RING - at;

	write_file(h, p, n);
	memcpy(h->ring + at, p, first);
	memcpy(h->ring, p + first, n - first);
	h->head += n;
	if (h->head - h->ring_from > HISTORY_RING)
		h->ring_from = h->head - HISTORY_RING;
}

void history_add(struct history *h, const char *p, size_t n)
{
	size_t part;

	for (; n > 0; p += part, n -= part) {
		part = n < HISTORY_RING ? n : HISTORY_RING;
		add_part(h, p, part);
	}
}

static ssize_t read_file(const struct history_file *f, uint64_t at, char *ret, size_t n)
{
	uint64_t left = f->start + f->len - at;
	ssize_t k;

	if (n > left)
		n = (size_t) left;
	do {
		k = pread(f->fd, ret, n, f->offset + (off_t) (at - f->start));
	} while (k < 0 && errno == EINTR);
	return k > 0 ? k : -ENODATA; /* the file was truncated */
}

ssize_t history_read(const struct history *h, uint64_t at, char *ret, size_t n)
{
	size_t from = (size_t) (at % HISTORY_RING);

	if (at >= h->head)
		return 0;
	if (at >= h->ring_from) {
		if (n > h->head - at)
			n = (size_t) (h->head - at);
		if (n > HISTORY_RING - from)
			n = HISTORY_RING - from;
		memcpy(ret, h->ring + from, n);
		return (ssize_t) n;
	}
	for (size_t i = 0; i < h->n_files; i++)
		if (at >= h->file[i].start && at < h->file[i].start + h->file[i].len)
			return read_file(&h->file[i], at, ret, n);
	return -ENODATA;
}

uint64_t history_oldest(const struct history *h)
{
	uint64_t oldest = h->ring_from;

	for (size_t i = 0; i < h->n_files; i++) {
		const struct history_file *f = &h->file[i];

		if (f->start + f->len < oldest) /* a gap: older ones do not count */
			break;
		if (f->start < oldest)
			oldest = f->start;
	}
	return oldest;
}
