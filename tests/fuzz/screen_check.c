/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "screen_check.h"

static char difference[256];

static const char *differ(const char *what, long a, long b)
{
	(void) snprintf(difference, sizeof(difference), "%s: %ld, drawn as %ld", what, a, b);
	return difference;
}

static bool same_text(const struct screen *sa, const struct cell *a, const struct screen *sb,
		      const struct cell *b)
{
	uint32_t ca = a->ch == 0 ? ' ' : a->ch, cb = b->ch == 0 ? ' ' : b->ch;

	if ((ca & CELL_CLUSTER) == 0 || (cb & CELL_CLUSTER) == 0)
		return ca == cb;
	return (ca & CELL_WIDE) == (cb & CELL_WIDE) &&
	       memcmp(&sa->cluster[ca & CELL_CHAR], &sb->cluster[cb & CELL_CHAR],
		      sizeof(struct cluster)) == 0;
}

static bool same_cell(const struct screen *sa, const struct cell *a, const struct screen *sb,
		      const struct cell *b)
{
	if (ink_length(a, 1) == 0 && ink_length(b, 1) == 0)
		return true;
	return same_text(sa, a, sb, b) && a->pen.fg == b->pen.fg && a->pen.bg == b->pen.bg;
}

static const char *same_grid(const struct screen *a, const struct screen *b, int grid)
{
	for (uint16_t r = 0; r < a->rows; r++) {
		const struct cell *ra = screen_row(a, grid, r), *rb = screen_row(b, grid, r);

		for (uint16_t c = 0; c < a->cols; c++) {
			if (same_cell(a, &ra[c], b, &rb[c]))
				continue;
			(void) snprintf(difference, sizeof(difference),
					"grid %d, row %d, column %d: %x %08x %08x, drawn as "
					"%x %08x %08x",
					grid, r, c, ra[c].ch, ra[c].pen.fg, ra[c].pen.bg, rb[c].ch,
					rb[c].pen.fg, rb[c].pen.bg);
			return difference;
		}
	}
	return NULL;
}

static const char *same_cursor(const struct cursor *a, const struct cursor *b)
{
	if (a->row != b->row)
		return differ("cursor's row", a->row, b->row);
	if (a->col != b->col)
		return differ("cursor's column", a->col, b->col);
	if (a->pen.fg != b->pen.fg || a->pen.bg != b->pen.bg)
		return differ("pen", a->pen.fg, b->pen.fg);
	if (a->drawing[0] != b->drawing[0] || a->drawing[1] != b->drawing[1] ||
	    a->shift != b->shift)
		return differ("character sets", a->drawing[0], b->drawing[0]);
	return a->origin != b->origin ? differ("origin", a->origin, b->origin) : NULL;
}

const char *screen_check_same(const struct screen *a, const struct screen *b)
{
	const char *r = same_grid(a, b, 0);

	if (a->on != b->on)
		return differ("alternate screen", a->on, b->on);
	if (r == NULL && a->on == 1)
		r = same_grid(a, b, 1);
	if (r == NULL)
		r = same_cursor(&a->cursor, &b->cursor);
	if (r != NULL)
		return r;
	if (a->cursor.pending != b->cursor.pending)
		return differ("pending", a->cursor.pending, b->cursor.pending);
	if (a->top != b->top || a->bottom != b->bottom)
		return differ("bottom margin", a->bottom, b->bottom);
	if (a->modes != b->modes)
		return differ("modes", a->modes, b->modes);
	if (memcmp(a->tab, b->tab, a->cols) != 0)
		return differ("tabs", 0, 0);
	if (a->cursor_style > 0 && a->cursor_style != b->cursor_style)
		return differ("cursor's style", a->cursor_style, b->cursor_style);
	return NULL;
}

void screen_check_draw(const struct screen *a, struct screen *b, enum drawing_how how)
{
	static char piece[DRAWING_PIECE];
	struct drawing d = { 0 };
	size_t n;

	drawing_begin(&d, a, how);
	while ((n = drawing_next(&d, a, piece)) > 0)
		screen_feed(b, piece, n);
}
