/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"

enum {
	FIRST_CAP = 64,
	READ_CHUNK = 4096,
	READ_CHUNK_MAX = 1 << 20
};

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf) BUF_INIT(max);
}

void buf_clear(struct buf *b)
{
	int saved = errno;

	free(b->data);
	buf_init(b, b->max);
	errno = saved;
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

/* Make room for n more bytes and the NUL; false, with failed set, if that exceeds the maximum. */
static bool reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap;

	if (b->failed || b->len > b->max || n > b->max - b->len || b->max == SIZE_MAX) {
		b->failed = true;
		return false;
	}
	if (b->len + n < cap)
		return true;
	if (cap < FIRST_CAP)
		cap = FIRST_CAP;
	while (cap <= b->len + n)
		cap = cap > SIZE_MAX / 2 ? b->len + n + 1 : cap * 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	b->data = xreallocarray(b->data, cap, 1);
	b->data[b->len] = '\0';
	b->cap = cap;
	return true;
}

char *buf_room(struct buf *b, size_t n)
{
	return reserve(b, n) ? b->data + b->len : NULL;
}

void buf_commit(struct buf *b, size_t n)
{
	assert(b->data != NULL && n < b->cap - b->len);
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	size_t left = b->max > b->len ? b->max - b->len : 0;
	bool cut = n > left;

	if (b->failed)
		return;
	if (n > 0 && n < b->cap - b->len) { /* cap is at most max + 1 */
		memcpy(b->data + b->len, p, n);
		b->len += n;
		b->data[b->len] = '\0';
		return;
	}
	if (cut)
		n = left;
	if (!reserve(b, n))
		return;
	if (n > 0)
		memcpy(b->data + b->len, p, n);
	buf_commit(b, n);
	b->failed = cut;
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addu(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char) ('0' + v % 10);
	while ((v /= 10) > 0);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_addv(struct buf *b, const char *fmt, va_list ap)
{
	cleanup_free char *big = NULL;
	va_list again;
	int n;

	if (b->failed || !reserve(b, 0))
		return;
	va_copy(again, ap);
	n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, ap);
	if (n >= 0 && (size_t) n < b->cap - b->len) {
		b->len += (size_t) n;
		va_end(again);
		return;
	}
	b->data[b->len] = '\0';
	n = vasprintf(&big, fmt, again);
	va_end(again);
	if (n < 0) {
		big = NULL;
		b->failed = true;
		return;
	}
	buf_add(b, big, (size_t) n);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addv(b, fmt, ap);
	va_end(ap);
}

void buf_cut(struct buf *b, size_t n)
{
	assert(n <= b->len);
	b->len = n;
	b->failed = false;
	if (b->data != NULL)
		b->data[n] = '\0';
}

void buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n + 1);
	b->len -= n;
}

const char *buf_str(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}

char *buf_take(struct buf *b)
{
	char *s = b->data != NULL ? b->data : xstrdup("");

	buf_init(b, b->max);
	return s;
}

int buf_check(const struct buf *b, const char *what, struct kerr *err)
{
	if (!b->failed)
		return 0;
	return kerr_plain(err, -E2BIG, "%s is larger than %zu bytes", what, b->max);
}

static ssize_t read_some(int fd, void *p, size_t n)
{
	ssize_t got;

	do {
		got = read(fd, p, n);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

int buf_read_fd(struct buf *b, int fd, struct kerr *err)
{
	size_t chunk = READ_CHUNK;
	ssize_t got;
	size_t left;
	char probe;

	for (;;) {
		left = b->max > b->len ? b->max - b->len : 0;
		if (left == 0) { /* full: anything but the end of input is too much */
			got = read_some(fd, &probe, 1);
			if (got > 0) {
				b->failed = true;
				return kerr_plain(err, -E2BIG, "input is larger than %zu bytes",
						  b->max);
			}
		} else {
			char *p = buf_room(b, left < chunk ? left : chunk);

			if (p == NULL)
				return kerr_plain(err, -E2BIG, "input is larger than %zu bytes",
						  b->max);
			got = read_some(fd, p, left < chunk ? left : chunk);
			if (got > 0)
				buf_commit(b, (size_t) got);
		}
		if (got < 0)
			return kerr_set(err, (int) got, "read");
		if (got == 0)
			return 0;
		if ((size_t) got == chunk && chunk < READ_CHUNK_MAX)
			chunk *= 2;
	}
}
