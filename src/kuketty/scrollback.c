/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "scrollback.h"

enum {
	HEAD = 2, /* bytes of the length before each line */
	WRAPPED = 1 << 15, /* in the length */
};

static void copy_in(struct scrollback *b, uint64_t at, const char *p, size_t n)
{
	size_t from = (size_t) (at % SCROLLBACK_BYTES);
	size_t first = n < SCROLLBACK_BYTES - from ? n : SCROLLBACK_BYTES - from;

	memcpy(b->ring + from, p, first);
	memcpy(b->ring, p + first, n - first);
}

static void copy_out(const struct scrollback *b, uint64_t at, char *p, size_t n)
{
	size_t from = (size_t) (at % SCROLLBACK_BYTES);
	size_t first = n < SCROLLBACK_BYTES - from ? n : SCROLLBACK_BYTES - from;

	memcpy(p, b->ring + from, first);
	memcpy(p + first, b->ring, n - first);
}

static uint16_t head_at(const struct scrollback *b, uint64_t at)
{
	uint16_t head;

	copy_out(b, at, (char *) &head, HEAD);
	return head;
}

static void drop_oldest(struct scrollback *b)
{
	b->from += HEAD + (head_at(b, b->from) & (WRAPPED - 1));
	b->lines--;
}

void scrollback_clear(struct scrollback *b)
{
	b->from = b->to;
	b->lines = 0;
}

void scrollback_add(struct scrollback *b, const char *p, size_t n, bool wrapped)
{
	uint16_t head = (uint16_t) (n | (wrapped ? WRAPPED : 0));

	while (b->lines == SCROLLBACK_LINES || b->to + HEAD + n - b->from > SCROLLBACK_BYTES)
		drop_oldest(b);
	copy_in(b, b->to, (const char *) &head, HEAD);
	copy_in(b, b->to + HEAD, p, n);
	b->to += HEAD + n;
	b->lines++;
}

ssize_t scrollback_read(const struct scrollback *b, uint64_t *at, char ret[SCROLLBACK_LINE_MAX],
			bool *ret_wrapped)
{
	uint16_t head;
	size_t n;

	if (*at < b->from)
		*at = b->from;
	if (*at >= b->to)
		return -ENODATA;
	head = head_at(b, *at);
	n = head & (WRAPPED - 1);
	copy_out(b, *at + HEAD, ret, n);
	*ret_wrapped = (head & WRAPPED) != 0;
	*at += HEAD + n;
	return (ssize_t) n;
}
