/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fd.h"
#include "mem.h"
#include "str.h"
#include "tarout.h"

enum {
	NAME_ROOM = 100,
	DIGITS_SHORT = 7,
	DIGITS_LONG = 11,
	PAX_MAX = 2 * TAR_EXTRA_MAX,
};

static const char zeros_[2 * TAR_BLOCK];

/* The fields of a ustar header in their order (POSIX pax(1)). */
struct header {
	char name[NAME_ROOM], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type[1];
	char link[NAME_ROOM], magic[6], version[2], uname[32], gname[32], major[8], minor[8];
	char prefix[155], unused[12];
};
_Static_assert(sizeof(struct header) == TAR_BLOCK, "a header is a block");

static void octal(char *ret, int digits, uint64_t v)
{
	for (int i = digits; i-- > 0; v >>= 3)
		ret[i] = (char) ('0' + (v & 7));
}

static bool fits(uint64_t v, int digits)
{
	return v >> (3 * digits) == 0;
}

static int write_header(struct tarout *t, const struct tar_item *i, char type)
{
	struct header h = { .magic = "ustar", .version = { '0', '0' } };
	unsigned sum = 0;

	_Static_assert(sizeof(h.magic) == 6, "with its NUL");
	memcpy(h.name, i->path, strnlen(i->path, sizeof(h.name)));
	memcpy(h.link, i->link, strnlen(i->link, sizeof(h.link)));
	octal(h.mode, DIGITS_SHORT, i->mode);
	octal(h.uid, DIGITS_SHORT, fits(i->uid, DIGITS_SHORT) ? i->uid : 0);
	octal(h.gid, DIGITS_SHORT, fits(i->gid, DIGITS_SHORT) ? i->gid : 0);
	octal(h.size, DIGITS_LONG, fits(i->size, DIGITS_LONG) ? i->size : 0);
	octal(h.mtime, DIGITS_LONG,
	      i->mtime >= 0 && fits((uint64_t) i->mtime, DIGITS_LONG) ? (uint64_t) i->mtime : 0);
	h.type[0] = type;
	memset(h.checksum, ' ', sizeof(h.checksum));
	for (size_t k = 0; k < sizeof(h); k++)
		sum += ((const unsigned char *) &h)[k];
	octal(h.checksum, 6, sum);
	h.checksum[6] = '\0';
	return fd_write_all(t->fd, &h, sizeof(h));
}

static size_t digits(size_t n)
{
	size_t k = 1;

	for (; n >= 10; n /= 10)
		k++;
	return k;
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts its own digits, too. */
static void record(struct buf *b, const char *key, const void *value, size_t n)
{
	size_t rest = strlen(key) + n + 3;
	size_t len = rest + digits(rest);

	len = rest + digits(len);
	buf_addf(b, "%zu %s=", len, key);
	buf_add(b, value, n);
	buf_addc(b, '\n');
}

static void record_number(struct buf *b, const char *key, int64_t v)
{
	char text[32];

	(void) snprintf(text, sizeof(text), "%lld", (long long) v);
	record(b, key, text, strlen(text));
}

/* Digits after the point count away from zero. */
static void record_time(struct buf *b, int64_t s, int64_t ns)
{
	bool back = s < 0 && ns > 0;
	char text[48];

	if (back) {
		s++;
		ns = 1000000000 - ns;
	}
	(void) snprintf(text, sizeof(text), "%s%lld.%09lld", back && s == 0 ? "-" : "",
			(long long) s, (long long) ns);
	record(b, "mtime", text, strlen(text));
}

static void extend(struct buf *b, const struct tar_item *i)
{
	if (strlen(i->path) > NAME_ROOM)
		record(b, "path", i->path, strlen(i->path));
	if (strlen(i->link) > NAME_ROOM)
		record(b, "linkpath", i->link, strlen(i->link));
	if (!fits(i->size, DIGITS_LONG))
		record_number(b, "size", (int64_t) i->size);
	if (!fits(i->uid, DIGITS_SHORT))
		record_number(b, "uid", (int64_t) i->uid);
	if (!fits(i->gid, DIGITS_SHORT))
		record_number(b, "gid", (int64_t) i->gid);
	if (i->mtime < 0 || i->mtime_ns != 0 || !fits((uint64_t) i->mtime, DIGITS_LONG))
		record_time(b, i->mtime, i->mtime_ns);
	for (size_t k = 0; k < i->n_xattrs; k++) {
		cleanup_free char *key = xasprintf("SCHILY.xattr.%s", i->xattrs[k].name);

		record(b, key, i->xattrs[k].value, i->xattrs[k].n);
	}
}

int tarout_entry(struct tarout *t, const struct tar_item *i)
{
	cleanup_buf struct buf extra = BUF_INIT(PAX_MAX);
	char name[] = "pax", none[] = "";
	struct tar_item x = { .path = name, .link = none, .mode = 0644 };
	int r = 0;

	extend(&extra, i);
	if (extra.failed)
		return -E2BIG;
	if (extra.len > 0) {
		x.size = extra.len;
		x.mtime = i->mtime;
		r = write_header(t, &x, 'x');
		if (r == 0)
			r = fd_write_all(t->fd, extra.data, extra.len);
		if (r == 0)
			r = tarout_pad(t, extra.len);
	}
	return r < 0 ? r : write_header(t, i, i->type);
}

int tarout_data(struct tarout *t, const void *p, size_t n)
{
	return fd_write_all(t->fd, p, n);
}

int tarout_pad(struct tarout *t, uint64_t size)
{
	return fd_write_all(t->fd, zeros_, (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

int tarout_end(struct tarout *t)
{
	return fd_write_all(t->fd, zeros_, sizeof(zeros_));
}
