/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mem.h"
#include "screen.h"

enum {
	FIRST_COLS = 80,
	FIRST_ROWS = 24,
};

void screen_init(struct screen *s)
{
	for (int i = 0; i < 2; i++)
		s->grid[i].cells = xcalloc(SCREEN_CELLS_MAX, sizeof(struct cell));
	s->spare = xcalloc(SCREEN_CELLS_MAX, sizeof(struct cell));
	s->cursor_style = s->modify_keys = -1;
	s->cols = FIRST_COLS;
	s->rows = FIRST_ROWS;
	screen_reset(s);
}

void screen_free(struct screen *s)
{
	for (int i = 0; i < 2; i++)
		free_p(&s->grid[i].cells);
	free_p(&s->spare);
}

static void tab(struct screen *s)
{
	struct cursor *c = &s->cursor;

	while (c->col + 1 < s->cols && !s->tab[++c->col])
		;
}

static void back(struct screen *s)
{
	struct cursor *c = &s->cursor;

	if (c->col > 0)
		c->col--;
	else if (screen_mode(s, MODE_REVERSE_WRAP) && screen_mode(s, MODE_WRAP) &&
		 c->row > s->top) {
		c->row--;
		c->col = (uint16_t) (s->cols - 1);
	}
	c->pending = false;
}

static void control(struct screen *s, uint32_t c)
{
	switch (c) {
	case '\b':
		back(s);
		break;
	case '\t':
		tab(s);
		break;
	case '\n':
	case '\v':
	case '\f':
		screen_linefeed(s);
		if (screen_mode(s, MODE_NEWLINE))
			s->cursor.col = 0;
		break;
	case '\r':
		s->cursor.col = 0;
		s->cursor.pending = false;
		break;
	case '\x0e':
	case '\x0f':
		s->cursor.shift = c == '\x0e';
		break;
	default:
		break;
	}
}

/* The title, of OSC 0 and 2, without what is no text. */
static void osc(struct screen *s)
{
	const char *p = s->parse.osc;
	size_t n = 0;

	if ((p[0] != '0' && p[0] != '2') || p[1] != ';')
		return;
	for (p += 2; *p != '\0' && n + 1 < sizeof(s->title); p++)
		if ((unsigned char) *p >= 0x20 && *p != 0x7f)
			s->title[n++] = *p;
	s->title[n] = '\0';
	s->titled = s->now;
}

void screen_feed(struct screen *s, const char *p, size_t n)
{
	const char *end = p + n;

	s->now++;
	for (;;) {
		switch (vtparse_next(&s->parse, &p, end)) {
		case VTPARSE_TEXT:
			screen_put_text(s, s->parse.text, s->parse.n_text);
			break;
		case VTPARSE_CHAR:
			if (s->parse.c >= 0xa0)
				screen_put(s, s->parse.c);
			break;
		case VTPARSE_CONTROL:
			control(s, s->parse.c);
			break;
		case VTPARSE_ESC:
			screen_esc(s);
			break;
		case VTPARSE_CSI:
			screen_csi(s);
			break;
		case VTPARSE_OSC:
			osc(s);
			break;
		case VTPARSE_END:
			return;
		}
	}
}
