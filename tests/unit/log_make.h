/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logs with indexes, made by hand, and what a reader makes of them. Needs lib/logs.
 */
#ifndef LOG_MAKE_H
#define LOG_MAKE_H

#include <endian.h>

#include "log_reader.h"
#include "str.h"
#include "tempdir.h"

#define T0 1700000000000000ULL /* microseconds */

static inline int log_open_file(const struct tempdir *d, const char *name)
{
	int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static inline void log_append(const struct tempdir *d, const char *name, const void *p, size_t n)
{
	int fd cleanup_fd = log_open_file(d, name);

	ck_assert_int_eq(fd_write_all(fd, p, n), 0);
}

/* Text with its entry in the index: us after T0, from stderr if err. */
static inline void log_write(const struct tempdir *d, const char *name, uint64_t us, bool err,
			     const char *text)
{
	char *idx cleanup_free = xasprintf("%s.idx", name);
	int fd cleanup_fd = log_open_file(d, name);
	struct log_index_entry e;
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	e.offset = htole64((uint64_t) st.st_size);
	e.stamp = htole64((T0 + us) << 1 | err);
	log_append(d, idx, &e, sizeof(e));
	log_append(d, name, text, strlen(text));
}

static inline struct log_reader *log_reader_of(const struct tempdir *d, const struct log_want *w,
					       const struct log_place *from)
{
	struct log_reader *r = NULL;
	struct kerr err = { 0 };
	int dir = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_msg(log_reader_new(dir, "log", "/d/log", w, from, &r, &err) == 0, "%s", err.msg);
	return r;
}

/* All that is there, each line as "TIME:text"; TIME is after T0, "-" not known. */
static inline void log_dump(struct log_reader *r, struct buf *out)
{
	struct log_piece p;
	int k;

	while ((k = log_reader_next(r, &p, NULL)) > 0) {
		const char *at = p.p, *end = p.p + p.n, *next;
		bool begins = p.begins;

		for (; at < end; at = next, begins = true) {
			next = memchr(at, '\n', (size_t) (end - at));
			next = next ? next + 1 : end;
			if (begins && p.mark.us)
				buf_addf(out, "%llu:", (unsigned long long) (p.mark.us - T0));
			else if (begins)
				buf_adds(out, "-:");
			buf_add(out, at, (size_t) (next - at));
		}
	}
	ck_assert_int_eq(k, 0);
}

#endif
