/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_BUF_H
#define KUKEON_BUF_H

#include "defs.h"
#include "err.h"

/*
 * A growing byte buffer with a maximum. data is NUL-terminated whenever it is not NULL
 * (the NUL is not counted in len), so it doubles as a string builder. Growing past max
 * sets failed and drops the rest, so the caller checks once, at the end (buf_check).
 */
struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max;
	bool failed;
};

#define BUF_INIT(maximum)        \
	{                        \
		.max = (maximum) \
	}

void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b); /* frees, keeps max: usable again */
void buf_reset(struct buf *b); /* len = 0, keeps the memory */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addu(struct buf *b, uint64_t v); /* as a decimal number */
void buf_addf(struct buf *b, const char *fmt, ...) printf_like(2, 3);
void buf_addv(struct buf *b, const char *fmt, va_list ap) printf_like(2, 0);
/* Room for n more bytes at the end; NULL when that is past max. Follow with buf_commit. */
char *buf_room(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);
/* Keep the first n bytes; what did not fit before is forgotten. */
void buf_cut(struct buf *b, size_t n);
/* Drop n bytes at the front. */
void buf_consume(struct buf *b, size_t n);
/* The string, never NULL; still owned by b. */
const char *buf_str(const struct buf *b);
/* The string, owned by the caller; b is empty afterwards. */
char *buf_take(struct buf *b) __attribute__((returns_nonnull));
/* 0, or -E2BIG with a message that names what and the maximum. */
int buf_check(const struct buf *b, const char *what, struct kerr *err);

/* Inline: the emitters of JSON and YAML write most of their text byte by byte. */
static inline void buf_addc(struct buf *b, char c)
{
	if (b->failed || b->cap - b->len < 2) { /* the byte and the NUL; cap is at most max + 1 */
		buf_add(b, &c, 1);
		return;
	}
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}

/* Read fd to its end. -E2BIG if it has more than max bytes. */
int buf_read_fd(struct buf *b, int fd, struct kerr *err);

#define cleanup_buf cleanup_(buf_clear)

#endif
