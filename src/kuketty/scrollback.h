/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SCROLLBACK_H
#define KUKEON_SCROLLBACK_H

#include "defs.h"

/*
 * Lines that have left the screen at its top, drawn: text and SGR sequences, beginning with
 * and ending at the plain pen. Bounded in bytes and in lines; the oldest go. A place is a
 * number of bytes since the first line.
 */
enum {
	SCROLLBACK_BYTES = 96 << 10,
	SCROLLBACK_LINES = 1000,
	SCROLLBACK_LINE_MAX = 12 << 10, /* bytes of one line; it is cut at a character */
};

struct scrollback {
	uint64_t from, to; /* places of the oldest line and after the newest */
	size_t lines;
	char ring[SCROLLBACK_BYTES];
};

void scrollback_clear(struct scrollback *b);
/* A line of at most SCROLLBACK_LINE_MAX bytes; wrapped: the next one goes on with it. */
void scrollback_add(struct scrollback *b, const char *p, size_t n, bool wrapped);
/*
 * Copy the line at *at, or the oldest that is left, and move *at behind it. The length, or
 * -ENODATA: that is the end.
 */
ssize_t scrollback_read(const struct scrollback *b, uint64_t *at, char ret[SCROLLBACK_LINE_MAX],
			bool *ret_wrapped);

#endif
