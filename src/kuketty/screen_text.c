/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "charwidth.h"
#include "screen.h"

enum {
	TAB = 8,
	DRAWING_FIRST = 0x5f, /* where the line drawing characters are */
};

/* As the VT100 has them from 0x5f on. */
static const uint16_t drawing[] = {
	0x20,	0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0xb0,	0xb1,	0x2424, 0x240b,
	0x2518, 0x2510, 0x250c, 0x2514, 0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c,
	0x2524, 0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x3c0,	0x2260, 0xa3,	0xb7,
};

void screen_reset(struct screen *s)
{
	s->on = 0;
	s->cursor = s->saved[0] = s->saved[1] = (struct cursor){ 0 };
	s->top = 0;
	s->bottom = (uint16_t) (s->rows - 1);
	s->modes = 1U << MODE_WRAP | 1U << MODE_CURSOR | 1U << MODE_ALTERNATE_SCROLL;
	s->last = 0;
	s->tabs_set = false;
	for (size_t i = 0; i < SCREEN_COLS_MAX; i++)
		s->tab[i] = i % TAB == 0;
	grid_clear(s, 0);
	grid_clear(s, 1);
}

void screen_linefeed(struct screen *s)
{
	struct cursor *c = &s->cursor;

	c->pending = false;
	if (c->row == s->bottom)
		grid_scroll(s, 1);
	else if (c->row + 1 < s->rows)
		c->row++;
}

static void wrap(struct screen *s)
{
	s->grid[s->on].wrapped[s->cursor.row] = true;
	s->cursor.col = 0;
	screen_linefeed(s);
}

static void advance(struct screen *s, uint16_t n)
{
	struct cursor *c = &s->cursor;

	c->col = (uint16_t) (c->col + n);
	if (c->col < s->cols)
		return;
	c->col = (uint16_t) (s->cols - 1);
	c->pending = screen_mode(s, MODE_WRAP);
	s->grid[s->on].wrapped[c->row] = false;
}

/* A mark goes to the character before the cursor. */
static void put_mark(struct screen *s, uint32_t mark)
{
	const struct cursor *c = &s->cursor;
	struct cell *row = grid_row(s, c->row);
	uint16_t col = c->col;

	if (!c->pending) {
		if (col == 0)
			return;
		col--;
	}
	if ((row[col].ch & CELL_TAIL) != 0 && col > 0)
		col--;
	grid_mark(s, &row[col], mark);
	grid_touch(s, c->row);
}

void screen_put(struct screen *s, uint32_t ch)
{
	struct cursor *c = &s->cursor;
	uint16_t width = (uint16_t) charwidth(ch);
	struct cell *to;

	if (width == 0) {
		put_mark(s, ch);
		return;
	}
	if (width > s->cols)
		return;
	if (c->pending)
		wrap(s);
	if (c->col + width > s->cols) {
		if (screen_mode(s, MODE_WRAP))
			wrap(s);
		else
			c->col = (uint16_t) (s->cols - width);
	}
	if (screen_mode(s, MODE_INSERT))
		grid_insert(s, c->row, c->col, width);
	grid_mend(s, c->row, c->col);
	grid_mend(s, c->row, (uint16_t) (c->col + width - 1));
	to = grid_row(s, c->row) + c->col;
	to[0] = (struct cell){ width == 2 ? ch | CELL_WIDE : ch, c->pen };
	if (width == 2)
		to[1] = (struct cell){ CELL_TAIL, c->pen };
	grid_touch(s, c->row);
	s->last = ch;
	advance(s, width);
}

static uint32_t translate(const struct screen *s, unsigned char b)
{
	if (!s->cursor.drawing[s->cursor.shift] || b < DRAWING_FIRST ||
	    (size_t) (b - DRAWING_FIRST) >= ARRAY_SIZE(drawing))
		return b;
	return drawing[b - DRAWING_FIRST];
}

/* A part of a run that fits on the row; how much was taken. */
static size_t put_part(struct screen *s, const char *p, size_t n)
{
	struct cursor *c = &s->cursor;
	struct cell *to;
	size_t left;

	if (c->pending)
		wrap(s);
	left = (size_t) (s->cols - c->col);
	if (n > left)
		n = left;
	grid_mend(s, c->row, c->col);
	grid_mend(s, c->row, (uint16_t) (c->col + n - 1));
	to = grid_row(s, c->row) + c->col;
	for (size_t i = 0; i < n; i++)
		to[i] = (struct cell){ (unsigned char) p[i], c->pen };
	grid_touch(s, c->row);
	s->last = (unsigned char) p[n - 1];
	advance(s, (uint16_t) n);
	return n;
}

void screen_put_text(struct screen *s, const char *p, size_t n)
{
	size_t k;

	if (screen_mode(s, MODE_INSERT) || s->cursor.drawing[s->cursor.shift]) {
		for (size_t i = 0; i < n; i++)
			screen_put(s, translate(s, (unsigned char) p[i]));
		return;
	}
	for (; n > 0; p += k, n -= k)
		k = put_part(s, p, n);
}
