/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "denied_log.h"
#include "emit_json.h"
#include "fd.h"
#include "ipnet.h"
#include "jscan.h"
#include "lock.h"
#include "mem.h"
#include "str.h"

#define LINE_MAX_BYTES 16384 /* of one line; escaping makes six bytes of one */
#define NAME_TEXT_MAX (4 * DENIED_NAME_MAX + 1) /* as it is stored: \xff for a byte */
#define PROTOCOL_MAX 16

/* ---- a line ---- */

static void add_printable(struct jemit *j, const char *key, const char *s, size_t max)
{
	cleanup_buf struct buf text = BUF_INIT(LINE_MAX_BYTES);

	if (!str_empty(s))
		str_vis(&text, s, strnlen(s, max));
	jemit_key(j, key);
	jemit_str(j, buf_str(&text));
}

static void add_address(struct jemit *j, const char *key, const char *s)
{
	char text[IPNET_TEXT_MAX];
	struct ipnet addr;

	jemit_key(j, key);
	jemit_str(j, !str_empty(s) && ipnet_parse_addr(s, &addr) == 0 ? ipnet_addr_text(&addr, text)
								      : "");
}

static bool is_protocol(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	return n > 0 && n < PROTOCOL_MAX && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789") == n;
}

void denied_log_line(const struct denied *d, struct buf *out)
{
	struct ktime first = d->time.set ? d->time : ktime_now();
	struct ktime last = d->last.set ? d->last : first;
	struct jemit j;

	jemit_init(&j, out, 0);
	jemit_object(&j);
	jemit_key(&j, "time");
	jemit_time(&j, &first);
	jemit_key(&j, "last");
	jemit_time(&j, &last);
	add_printable(&j, "cell", d->cell, (DENIED_CELL_MAX - 1) / 4);
	add_address(&j, "address", d->address);
	add_printable(&j, "name", d->name, DENIED_NAME_MAX);
	add_address(&j, "destination", d->destination);
	jemit_key(&j, "port");
	jemit_i64(&j, d->port > 0 && d->port <= UINT16_MAX ? d->port : 0);
	jemit_key(&j, "protocol");
	jemit_str(&j, is_protocol(d->protocol) ? d->protocol : "");
	jemit_key(&j, "count");
	jemit_i64(&j, d->count > 0 ? d->count : 1);
	jemit_object_end(&j);
	buf_addc(out, '\n');
}

enum member {
	TIME,
	LAST,
	CELL,
	ADDRESS,
	NAME,
	DESTINATION,
	PORT,
	PROTOCOL,
	COUNT,
	_MEMBER_MAX
};

static int read_time(const struct jscan_member *m, struct ktime *ret)
{
	char text[KTIME_TEXT_MAX];
	int r = jscan_member_str(m, text, sizeof(text));

	return r < 0 ? r : ktime_parse(text, ret);
}

static bool read_line(const char *line, size_t n, denied_fn *fn, void *ctx)
{
	struct jscan_member m[_MEMBER_MAX] = {
		[TIME] = { .key = "time" },   [LAST] = { .key = "last" },
		[CELL] = { .key = "cell" },   [ADDRESS] = { .key = "address" },
		[NAME] = { .key = "name" },   [DESTINATION] = { .key = "destination" },
		[PORT] = { .key = "port" },   [PROTOCOL] = { .key = "protocol" },
		[COUNT] = { .key = "count" },
	};
	char cell[DENIED_CELL_MAX], name[NAME_TEXT_MAX], protocol[PROTOCOL_MAX];
	char address[IPNET_TEXT_MAX], destination[IPNET_TEXT_MAX];
	struct denied d = { .cell = cell,
			    .address = address,
			    .name = name,
			    .destination = destination,
			    .protocol = protocol };

	if (jscan_members(line, n, m, _MEMBER_MAX) < 0 || read_time(&m[TIME], &d.time) < 0 ||
	    read_time(&m[LAST], &d.last) < 0 ||
	    jscan_member_str(&m[CELL], cell, sizeof(cell)) < 0 ||
	    jscan_member_str(&m[ADDRESS], address, sizeof(address)) < 0 ||
	    jscan_member_str(&m[NAME], name, sizeof(name)) < 0 ||
	    jscan_member_str(&m[DESTINATION], destination, sizeof(destination)) < 0 ||
	    jscan_member_i64(&m[PORT], &d.port) < 0 ||
	    jscan_member_str(&m[PROTOCOL], protocol, sizeof(protocol)) < 0 ||
	    jscan_member_i64(&m[COUNT], &d.count) < 0 || d.port < 0 || d.port > UINT16_MAX ||
	    d.count < 1)
		return false;
	fn(ctx, &d);
	return true;
}

/* Returns up to where there are whole lines. */
size_t denied_log_parse(const char *text, size_t n, denied_fn *fn, void *ctx)
{
	size_t at = 0;

	while (at < n) {
		const char *end = memchr(text + at, '\n', n - at);

		if (!end)
			return at;
		(void) read_line(text + at, (size_t) (end - (text + at)), fn, ctx);
		at = (size_t) (end - text) + 1;
	}
	return at;
}

/* ---- writing ---- */

/* A writer that was killed may have left half a line. */
static bool ends_line(int fd, off_t size)
{
	char last;

	return size == 0 || (pread(fd, &last, 1, size - 1) == 1 && last == '\n');
}

static int write_at_end(int fd, const char *file, off_t size, struct buf *line, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(LINE_MAX_BYTES + 1);
	ssize_t n;

	if (!ends_line(fd, size))
		buf_addc(&text, '\n');
	buf_add(&text, line->data, line->len);
	n = pwrite(fd, text.data, text.len, size);
	if (n == (ssize_t) text.len)
		return 0;
	if (n >= 0)
		errno = ftruncate(fd, size) < 0 ? errno : ENOSPC;
	return kerr_set(err, -errno, "write '%s'", file);
}

/* The locked log, with room for n bytes: the full one becomes the old one. */
static int open_log(const char *file, const char *old, size_t n, struct stat *ret_st,
		    struct kerr *err)
{
	for (int tries = 0; tries < 2; tries++) {
		cleanup_fd int fd = lock_file_at(AT_FDCWD, file, LOCK_FILE_WAIT, err);

		if (fd < 0)
			return fd;
		if (fstat(fd, ret_st) < 0)
			return kerr_set(err, -errno, "stat '%s'", file);
		if (ret_st->st_size == 0 || (size_t) ret_st->st_size + n <= DENIED_LOG_MAX)
			return take_fd(fd);
		if (rename(file, old) < 0)
			return kerr_set(err, -errno, "rename '%s'", file);
	}
	return kerr_plain(err, -EBUSY, "'%s' fills up faster than it is written", file);
}

int denied_log_append(struct engine *e, const struct addr *space, const struct denied *d,
		      struct kerr *err)
{
	cleanup_free char *doc = layout_object(&e->layout, space, OBJECT_METADATA);
	cleanup_free char *file = layout_object(&e->layout, space, SPACE_DENIED);
	cleanup_free char *old = layout_object(&e->layout, space, SPACE_DENIED_OLD);
	cleanup_buf struct buf line = BUF_INIT(LINE_MAX_BYTES);
	cleanup_fd int fd = -EBADF;
	struct stat st;
	int r;

	denied_log_line(d, &line);
	r = buf_check(&line, "entry of denied.log", err);
	if (r < 0)
		return r;
	if (faccessat(AT_FDCWD, doc, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return kerr_set(err, -errno, "'%s'", doc);
	fd = open_log(file, old, line.len + 1, &st, err);
	return fd < 0 ? fd : write_at_end(fd, file, st.st_size, &line, err);
}

/* ---- reading ---- */

/* -ENOENT: there is no such file. */
static int open_part(const char *file, struct stat *ret_st, struct kerr *err)
{
	cleanup_fd int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? -ENOENT
			       : kerr_set(err, -errno, "open '%s'", file);
	if (fstat(fd, ret_st) < 0)
		return kerr_set(err, -errno, "stat '%s'", file);
	return S_ISREG(ret_st->st_mode) ? take_fd(fd) : -ENOENT;
}

/* From *at, if that is in this file, else from its beginning. */
static int read_part(int fd, const char *file, const struct stat *st, struct denied_at *at,
		     denied_fn *fn, void *ctx, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(2 * DENIED_LOG_MAX);
	int r;

	if (at->ino != st->st_ino || at->offset > (uint64_t) st->st_size)
		*at = (struct denied_at){ .ino = st->st_ino };
	/* One that is longer than any of ours: its end. */
	if ((uint64_t) st->st_size - at->offset > DENIED_LOG_MAX)
		at->offset = (uint64_t) st->st_size - DENIED_LOG_MAX;
	if (lseek(fd, (off_t) at->offset, SEEK_SET) < 0)
		return kerr_set(err, -errno, "read '%s'", file);
	r = buf_read_fd(&text, fd, err);
	if (r < 0)
		return r;
	at->offset += denied_log_parse(buf_str(&text), text.len, fn, ctx);
	return 0;
}

/*
 * The newer file is opened first: when it becomes the old one meanwhile, it is read once, and
 * what it replaces is lost only to who is late by a whole file.
 */
int denied_log_read(struct engine *e, const struct addr *space, struct denied_at *at, denied_fn *fn,
		    void *ctx, struct kerr *err)
{
	cleanup_free char *file = layout_object(&e->layout, space, SPACE_DENIED);
	cleanup_free char *old = layout_object(&e->layout, space, SPACE_DENIED_OLD);
	cleanup_fd int new_fd = -EBADF, old_fd = -EBADF;
	struct stat new_st = { 0 }, old_st = { 0 };
	int r = 0;

	new_fd = open_part(file, &new_st, err);
	if (new_fd < 0 && new_fd != -ENOENT)
		return new_fd;
	if (new_fd >= 0 && at->ino == new_st.st_ino)
		return read_part(new_fd, file, &new_st, at, fn, ctx, err);
	old_fd = open_part(old, &old_st, err);
	if (old_fd < 0 && old_fd != -ENOENT)
		return old_fd;
	if (old_fd >= 0 && (new_fd < 0 || old_st.st_ino != new_st.st_ino))
		r = read_part(old_fd, old, &old_st, at, fn, ctx, err);
	if (r == 0 && new_fd >= 0)
		r = read_part(new_fd, file, &new_st, at, fn, ctx, err);
	return r;
}
