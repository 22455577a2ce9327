/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdarg.h>

#include "ink.h"

enum {
	BRIGHT = 8, /* colours from here on have numbers of their own */
	NAMED = 16,
};

static void add_bytes(struct ink *k, const char *p, size_t n)
{
	if (n > k->max - k->n)
		return;
	memcpy(k->p + k->n, p, n);
	k->n += n;
}

void ink_add(struct ink *k, const char *text)
{
	add_bytes(k, text, strlen(text));
}

void ink_addf(struct ink *k, const char *fmt, ...)
{
	char text[INK_CELL_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t) n < sizeof(text))
		add_bytes(k, text, (size_t) n);
}

static void add_colour(struct ink *k, uint32_t c, unsigned int base)
{
	unsigned int v = c & PEN_VALUE;

	if ((c & PEN_KIND) == PEN_RGB)
		ink_addf(k, ";%u;2;%u;%u;%u", base + 8, v >> 16, v >> 8 & 0xff, v & 0xff);
	else if ((c & PEN_KIND) != PEN_INDEXED)
		return;
	else if (v < BRIGHT)
		ink_addf(k, ";%u", base + v);
	else if (v < NAMED)
		ink_addf(k, ";%u", base + 60 + v - BRIGHT);
	else
		ink_addf(k, ";%u;5;%u", base + 8, v);
}

static bool same_pen(struct pen a, struct pen b)
{
	return a.fg == b.fg && a.bg == b.bg;
}

void ink_pen(struct ink *k, struct pen pen)
{
	static const struct {
		uint32_t bit;
		const char *text;
	} of_fg[] = { { PEN_BOLD, ";1" },  { PEN_DIM, ";2" },	  { PEN_ITALIC, ";3" },
		      { PEN_BLINK, ";5" }, { PEN_REVERSE, ";7" }, { PEN_HIDDEN, ";8" } };
	unsigned int underline = (pen.bg & PEN_UNDERLINE) >> PEN_UNDERLINE_SHIFT;

	if (k->plain || same_pen(k->pen, pen))
		return;
	k->pen = pen;
	ink_add(k, "\x1b[0");
	for (size_t i = 0; i < ARRAY_SIZE(of_fg); i++)
		if ((pen.fg & of_fg[i].bit) != 0)
			ink_add(k, of_fg[i].text);
	if (underline == 1)
		ink_add(k, ";4");
	else if (underline > 1)
		ink_addf(k, ";4:%u", underline);
	if ((pen.bg & PEN_STRIKE) != 0)
		ink_add(k, ";9");
	if ((pen.bg & PEN_OVERLINE) != 0)
		ink_add(k, ";53");
	add_colour(k, pen.fg, 30);
	add_colour(k, pen.bg, 40);
	ink_add(k, "m");
}

static bool is_blank(const struct cell *c)
{
	uint32_t ch = c->ch & CELL_CHAR;

	return (c->ch & (CELL_CLUSTER | CELL_TAIL)) == 0 && (ch == 0 || ch == ' ') &&
	       c->pen.bg == 0 && (c->pen.fg & PEN_REVERSE) == 0;
}

uint16_t ink_length(const struct cell *row, uint16_t cols)
{
	while (cols > 0 && is_blank(&row[cols - 1]))
		cols--;
	return cols;
}

static void add_char(struct ink *k, uint32_t c)
{
	char b[4];

	if (c < 0x80) {
		b[0] = (char) (c == 0 ? ' ' : c);
		add_bytes(k, b, 1);
	} else if (c < 0x800) {
		b[0] = (char) (0xc0 | c >> 6);
		b[1] = (char) (0x80 | (c & 0x3f));
		add_bytes(k, b, 2);
	} else if (c < 0x10000) {
		b[0] = (char) (0xe0 | c >> 12);
		b[1] = (char) (0x80 | (c >> 6 & 0x3f));
		b[2] = (char) (0x80 | (c & 0x3f));
		add_bytes(k, b, 3);
	} else {
		b[0] = (char) (0xf0 | c >> 18);
		b[1] = (char) (0x80 | (c >> 12 & 0x3f));
		b[2] = (char) (0x80 | (c >> 6 & 0x3f));
		b[3] = (char) (0x80 | (c & 0x3f));
		add_bytes(k, b, 4);
	}
}

static void add_cluster(struct ink *k, const struct cluster *c)
{
	add_char(k, c->base);
	for (size_t i = 0; i < SCREEN_MARKS_MAX && c->mark[i] != 0; i++)
		add_char(k, c->mark[i]);
}

uint16_t ink_cells(struct ink *k, const struct screen *s, const struct cell *row, uint16_t from,
		   uint16_t to)
{
	for (; from < to; from++) {
		const struct cell *c = &row[from];

		if ((c->ch & CELL_TAIL) != 0)
			continue;
		if (k->max - k->n < INK_CELL_MAX)
			break;
		if (c->ch < 0x80 && (k->plain || same_pen(k->pen, c->pen))) { /* most are */
			k->p[k->n++] = (char) (c->ch == 0 ? ' ' : c->ch);
			continue;
		}
		ink_pen(k, c->pen);
		if ((c->ch & CELL_WIDE) != 0 && from + 1 == to)
			add_char(k, ' '); /* half of it has no room */
		else if ((c->ch & CELL_CLUSTER) != 0)
			add_cluster(k, &s->cluster[c->ch & CELL_CHAR]);
		else
			add_char(k, c->ch & CELL_CHAR);
	}
	return from;
}
