/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SCREEN_MODES_H
#define KUKEON_SCREEN_MODES_H

#include "buf.h"
#include "defs.h"

/*
 * Which modes of a terminal a program has switched on, from the bytes that it writes, in
 * pieces: so that they can be switched off when one leaves it, and on again. A pure
 * function; what it does not know it does not touch.
 */
struct screen_modes {
	uint32_t on; /* a bit per row of the table in screen_modes.c */
	unsigned state;
	bool private; /* the sequence under way began with ESC [ ? */
	unsigned number; /* of it, the one under way */
	uint32_t named; /* rows that it has named */
};

void screen_modes_feed(struct screen_modes *m, const char *p, size_t n);

/* Sequences that bring a terminal back to what shells expect, and the other way. */
void screen_modes_off(const struct screen_modes *m, struct buf *out);
void screen_modes_on(const struct screen_modes *m, struct buf *out);

#endif
