/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_INK_H
#define KUKEON_INK_H

#include "screen.h"

/* Cells as text, with sequences for their colours or without. */
struct ink {
	char *p; /* where to; never more than max bytes */
	size_t n, max;
	bool plain; /* no sequences */
	struct pen pen; /* what the text written so far ends with */
};

enum {
	INK_CELL_MAX = 128, /* bytes of one cell and a change of the pen */
};

void ink_add(struct ink *k, const char *text);
void ink_addf(struct ink *k, const char *fmt, ...) printf_like(2, 3);
void ink_pen(struct ink *k, struct pen pen);

/* How many cells of a row are not blank at its end; a coloured one is not. */
uint16_t ink_length(const struct cell *row, uint16_t cols);

/* Write the cells [from, to), as far as there is room; where it has come to. */
uint16_t ink_cells(struct ink *k, const struct screen *s, const struct cell *row, uint16_t from,
		   uint16_t to);

#endif
