/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "kuketty.h"

/* A row as part of a string; it is made piece by piece, as it can be long. */
static void add_row(struct buf *out, const struct screen *s, uint16_t row, struct ink *k)
{
	const struct cell *cells = screen_row(s, s->on, row);
	uint16_t n = ink_length(cells, s->cols), from = 0;

	while (from < n) {
		k->n = 0;
		from = ink_cells(k, s, cells, from, n);
		tty_add_text(out, k->p, k->n);
	}
	k->n = 0;
	ink_pen(k, (struct pen){ 0 });
	tty_add_text(out, k->p, k->n);
}

static void add_rows(struct buf *out, const struct screen *s, bool plain)
{
	char piece[CHUNK];
	struct ink k = { .p = piece, .max = sizeof(piece), .plain = plain };

	buf_addc(out, '"');
	for (uint16_t r = 0; r < s->rows && !out->failed; r++) {
		if (r > 0)
			buf_adds(out, "\\n");
		add_row(out, s, r, &k);
	}
	buf_addc(out, '"');
}

void screenshot_add(struct buf *out, const struct tty *t)
{
	const struct screen *s = &t->screen;

	buf_addf(out,
		 "{\"cols\":%d,\"rows\":%d,\"cursorX\":%d,\"cursorY\":%d,\"cursorVisible\":%s,"
		 "\"altScreen\":%s,\"text\":",
		 s->cols, s->rows, s->cursor.col, s->cursor.row,
		 screen_mode(s, MODE_CURSOR) ? "true" : "false",
		 screen_alternate(s) ? "true" : "false");
	add_rows(out, s, true);
	buf_adds(out, ",\"ansi\":");
	add_rows(out, s, false);
	buf_addc(out, '}');
}
