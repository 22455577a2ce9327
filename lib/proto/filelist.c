/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "fd.h"
#include "filelist.h"
#include "str.h"

enum {
	FILELIST_BLOCK = 64 << 10, /* bytes collected before a write */
	FILELIST_RECORD_MAX = 16 << 10, /* bytes of one record, which may hold two paths */
};

#define FILELIST_TYPES "fldcbpiw-h"

void filelist_writer_init(struct filelist_writer *w, int fd)
{
	*w = (struct filelist_writer){ .fd = fd };
	buf_init(&w->buf, FILELIST_BLOCK + FILELIST_RECORD_MAX);
}

void filelist_writer_clear(struct filelist_writer *w)
{
	buf_clear(&w->buf);
}

static void flush(struct filelist_writer *w)
{
	if (w->error == 0)
		w->error = fd_write_all(w->fd, w->buf.data, w->buf.len);
	buf_reset(&w->buf);
}

void filelist_add(struct filelist_writer *w, const struct filelist_entry *e)
{
	if (w->fd < 0)
		return;
	buf_addf(&w->buf, "%c %o %u %u %llu %x %s", e->type, e->mode, e->uid, e->gid,
		 (unsigned long long) e->size, e->crc, e->path);
	buf_addc(&w->buf, '\0');
	if (e->type == 'h')
		buf_add(&w->buf, e->target, strlen(e->target) + 1);
	if (w->buf.failed)
		w->error = -E2BIG;
	if (w->buf.len >= FILELIST_BLOCK)
		flush(w);
}

int filelist_finish(struct filelist_writer *w, struct kerr *err)
{
	if (w->fd < 0)
		return 0;
	flush(w);
	return w->error < 0 ? kerr_set(err, w->error, "write the list of files") : 0;
}

/* A NUL-terminated string at *at. */
static const char *next_string(const char **at, const char *end)
{
	const char *s = *at, *nul = memchr(s, '\0', (size_t) (end - s));

	if (!nul)
		return NULL;
	*at = nul + 1;
	return s;
}

/* Read digits up to a blank, and skip the blank. */
static int number(const char **p, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	const char *s = *p;
	unsigned digit;

	for (; *s != ' '; s++) {
		if (*s >= '0' && *s <= '9')
			digit = (unsigned) (*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			digit = (unsigned) (*s - 'a') + 10;
		else
			return -EBADMSG;
		if (digit >= base || v > (max - digit) / base)
			return -EBADMSG;
		v = v * base + digit;
	}
	if (s == *p)
		return -EBADMSG;
	*p = s + 1;
	*ret = v;
	return 0;
}

int filelist_next(const char **at, const char *end, struct filelist_entry *ret)
{
	uint64_t mode, uid, gid, size, crc;
	const char *p;

	if (*at >= end)
		return 0;
	p = next_string(at, end);
	if (!p || !*p || !strchr(FILELIST_TYPES, *p) || p[1] != ' ')
		return -EBADMSG;
	*ret = (struct filelist_entry){ .type = *p };
	p += 2;
	if (number(&p, 8, 07777, &mode) < 0 || number(&p, 10, UINT32_MAX, &uid) < 0 ||
	    number(&p, 10, UINT32_MAX, &gid) < 0 || number(&p, 10, UINT64_MAX, &size) < 0 ||
	    number(&p, 16, UINT32_MAX, &crc) < 0)
		return -EBADMSG;
	ret->mode = (unsigned) mode;
	ret->uid = (uint32_t) uid;
	ret->gid = (uint32_t) gid;
	ret->size = size;
	ret->crc = (uint32_t) crc;
	ret->path = p;
	if (ret->type == 'h')
		ret->target = next_string(at, end);
	return ret->type == 'h' && !ret->target ? -EBADMSG : 1;
}
