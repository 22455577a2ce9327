/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "screen.h"

/* The sequences of the model; they have the names of xterm's document. */

static const uint16_t mode_numbers[_MODE_MAX] = {
	[MODE_CURSOR_KEYS] = 1,	   [MODE_KEYPAD] = 66,	       [MODE_REVERSE] = 5,
	[MODE_WRAP] = 7,	   [MODE_REVERSE_WRAP] = 45,   [MODE_CURSOR_BLINK] = 12,
	[MODE_CURSOR] = 25,	   [MODE_MOUSE_X10] = 9,       [MODE_MOUSE_CLICK] = 1000,
	[MODE_MOUSE_DRAG] = 1002,  [MODE_MOUSE_MOVE] = 1003,   [MODE_FOCUS] = 1004,
	[MODE_MOUSE_UTF8] = 1005,  [MODE_MOUSE_SGR] = 1006,    [MODE_ALTERNATE_SCROLL] = 1007,
	[MODE_MOUSE_URXVT] = 1015, [MODE_MOUSE_PIXELS] = 1016, [MODE_PASTE] = 2004,
	[MODE_INSERT] = 4,	   [MODE_NEWLINE] = 20,
};

int screen_mode_number(enum screen_mode mode)
{
	return mode_numbers[mode];
}

/* ---- parameters ---- */

static uint16_t value(const struct screen *s, size_t i)
{
	return i < s->parse.n_params ? s->parse.param[i] : 0;
}

/* A count: none and 0 are 1, more than max is max. */
static uint16_t count(const struct screen *s, uint16_t max)
{
	uint16_t n = value(s, 0) == 0 ? 1 : value(s, 0);

	return n < max ? n : max;
}

/* ---- the cursor ---- */

static void move_to(struct screen *s, int row, int col)
{
	struct cursor *c = &s->cursor;
	int first = c->origin ? s->top : 0, last = c->origin ? s->bottom : s->rows - 1;

	c->row = (uint16_t) (row < first ? first : row > last ? last : row);
	c->col = (uint16_t) (col < 0 ? 0 : col >= s->cols ? s->cols - 1 : col);
	c->pending = false;
}

/* To a place that counts from 1, and from the margin if so set. */
static void go_to(struct screen *s, int row, int col)
{
	move_to(s, (row > 0 ? row - 1 : 0) + (s->cursor.origin ? s->top : 0), col - 1);
}

/* Up and down stop at a margin that the cursor is within. */
static void move_rows(struct screen *s, int n)
{
	struct cursor *c = &s->cursor;
	int row = c->row + n;

	if (c->row >= s->top && row < s->top)
		row = s->top;
	if (c->row <= s->bottom && row > s->bottom)
		row = s->bottom;
	c->row = (uint16_t) (row < 0 ? 0 : row >= s->rows ? s->rows - 1 : row);
	c->pending = false;
}

static void move_cols(struct screen *s, int n)
{
	int col = s->cursor.col + n;

	s->cursor.col = (uint16_t) (col < 0 ? 0 : col >= s->cols ? s->cols - 1 : col);
	s->cursor.pending = false;
}

static void tabs(struct screen *s, int n)
{
	struct cursor *c = &s->cursor;

	for (; n > 0 && c->col + 1 < s->cols; n--)
		while (c->col + 1 < s->cols && !s->tab[++c->col])
			;
	for (; n < 0 && c->col > 0; n++)
		while (c->col > 0 && !s->tab[--c->col])
			;
	c->pending = false;
}

static void clear_tabs(struct screen *s)
{
	s->tabs_set = true;
	if (value(s, 0) == 0)
		s->tab[s->cursor.col] = false;
	else if (value(s, 0) == 3)
		memset(s->tab, 0, sizeof(s->tab));
}

static void save_cursor(struct screen *s)
{
	s->saved[s->on] = s->cursor;
}

static void restore_cursor(struct screen *s)
{
	const struct cursor *from = &s->saved[s->on];

	s->cursor = *from;
	move_to(s, from->row, from->col);
}

/* ---- erasing, inserting ---- */

static void erase_rows(struct screen *s, uint16_t from, uint16_t to)
{
	for (uint16_t r = from; r < to; r++)
		grid_erase(s, r, 0, s->cols);
}

static void erase_line(struct screen *s)
{
	const struct cursor *c = &s->cursor;

	switch (value(s, 0)) {
	case 0:
		grid_erase(s, c->row, c->col, s->cols);
		break;
	case 1:
		grid_erase(s, c->row, 0, (uint16_t) (c->col + 1));
		break;
	case 2:
		grid_erase(s, c->row, 0, s->cols);
		break;
	default:
		break;
	}
}

static void erase_screen(struct screen *s)
{
	const struct cursor *c = &s->cursor;

	switch (value(s, 0)) {
	case 0:
		erase_line(s);
		erase_rows(s, (uint16_t) (c->row + 1), s->rows);
		break;
	case 1:
		erase_line(s);
		erase_rows(s, 0, c->row);
		break;
	case 2:
		erase_rows(s, 0, s->rows);
		break;
	case 3:
		scrollback_clear(&s->back);
		break;
	default:
		break;
	}
}

static void change_lines(struct screen *s, bool insert)
{
	struct cursor *c = &s->cursor;
	uint16_t n;

	if (c->row < s->top || c->row > s->bottom)
		return;
	n = count(s, (uint16_t) (s->bottom - c->row + 1));
	if (insert)
		grid_down(s, c->row, s->bottom, n);
	else
		grid_up(s, c->row, s->bottom, n);
	c->col = 0;
	c->pending = false;
}

static void erase_chars(struct screen *s)
{
	struct cursor *c = &s->cursor;

	grid_erase(s, c->row, c->col,
		   (uint16_t) (c->col + count(s, (uint16_t) (s->cols - c->col))));
	c->pending = false;
}

static void repeat(struct screen *s)
{
	int n = value(s, 0) == 0 ? 1 : value(s, 0);

	/* what is more than a screen has cells changes nothing more */
	if (n > s->cols * s->rows)
		n = s->cols * s->rows;
	for (; n > 0 && s->last != 0; n--)
		screen_put(s, s->last);
}

static void scroll(struct screen *s, bool up)
{
	uint16_t n = count(s, (uint16_t) (s->bottom - s->top + 1));

	if (up)
		grid_scroll(s, n);
	else
		grid_down(s, s->top, s->bottom, n);
}

static void set_margins(struct screen *s)
{
	int top = value(s, 0) == 0 ? 1 : value(s, 0);
	int bottom = value(s, 1) == 0 || value(s, 1) > s->rows ? s->rows : value(s, 1);

	if (top >= bottom)
		return;
	s->top = (uint16_t) (top - 1);
	s->bottom = (uint16_t) (bottom - 1);
	go_to(s, 1, 1);
}

/* ---- modes ---- */

/* The alternate screen: of 1049 with the cursor saved and a new screen, of 1047 and 47 without. */
static void alternate(struct screen *s, bool on, bool full)
{
	if (on == (s->on == 1)) {
		if (!on && full)
			restore_cursor(s);
		return;
	}
	if (on && full)
		save_cursor(s);
	s->on = on;
	if (on && full)
		erase_rows(s, 0, s->rows);
	if (!on && full)
		restore_cursor(s);
	s->grid[s->on].all_changed = s->now;
}

static void set_mode_bit(struct screen *s, enum screen_mode mode, bool on)
{
	if (on)
		s->modes |= 1U << mode;
	else
		s->modes &= ~(1U << mode);
	s->touched |= 1U << mode;
}

static void set_known(struct screen *s, uint16_t number, bool private, bool on)
{
	for (int i = 0; i < _MODE_MAX; i++)
		if (mode_numbers[i] == number && private == (i < MODE_INSERT))
			set_mode_bit(s, (enum screen_mode) i, on);
}

static void set_mode(struct screen *s, uint16_t number, bool private, bool on)
{
	set_known(s, number, private, on);
	if (!private)
		return;
	switch (number) {
	case 6:
		s->cursor.origin = on;
		go_to(s, 1, 1);
		break;
	case 47:
	case 1047:
		alternate(s, on, false);
		break;
	case 1048:
		if (on)
			save_cursor(s);
		else
			restore_cursor(s);
		break;
	case 1049:
		alternate(s, on, true);
		break;
	default:
		break;
	}
}

static void set_modes(struct screen *s, bool on)
{
	bool private = s->parse.prefix == '?';

	if (s->parse.prefix != '\0' && !private)
		return;
	for (size_t i = 0; i < s->parse.n_params; i++)
		set_mode(s, s->parse.param[i], private, on);
}

static void soft_reset(struct screen *s)
{
	set_known(s, 25, true, true);
	set_known(s, 7, true, true);
	set_known(s, 1, true, false);
	set_known(s, 66, true, false);
	set_known(s, 4, false, false);
	s->top = 0;
	s->bottom = (uint16_t) (s->rows - 1);
	s->saved[s->on] = (struct cursor){ 0 };
	s->cursor = (struct cursor){ .row = s->cursor.row, .col = s->cursor.col };
}

/* ---- SGR ---- */

/* A colour from parameter *i on (38 and 48), with semicolons or colons; *i is moved to its end. */
static void extended_colour(const struct screen *s, size_t *i, uint32_t *ret)
{
	const struct vtparse *v = &s->parse;
	size_t at = *i + 1, n;
	bool colons = at < v->n_params && v->sub[at];

	for (n = 0; colons && at + n < v->n_params && v->sub[at + n]; n++)
		;
	if (colons)
		*i += n;
	else
		*i += value(s, at) == 5 ? 2 : value(s, at) == 2 ? 4 : 1;
	if (value(s, at) == 5) {
		*ret = (*ret & ~(uint32_t) PEN_COLOUR) | PEN_INDEXED | (value(s, at + 1) & 0xff);
	} else if (value(s, at) == 2) {
		at += colons && n > 4; /* the colour space */
		*ret = (*ret & ~(uint32_t) PEN_COLOUR) | PEN_RGB |
		       (uint32_t) (value(s, at + 1) & 0xff) << 16 |
		       (uint32_t) (value(s, at + 2) & 0xff) << 8 | (value(s, at + 3) & 0xff);
	}
}

static void set_colour(uint32_t *c, uint32_t kind, uint32_t v)
{
	*c = (*c & ~(uint32_t) PEN_COLOUR) | kind | v;
}

static void underline(const struct screen *s, struct pen *p, size_t *i)
{
	uint32_t style = 1;

	if (*i + 1 < s->parse.n_params && s->parse.sub[*i + 1])
		style = s->parse.param[++*i];
	p->bg = (p->bg & ~PEN_UNDERLINE) | (style <= 5 ? style : 1) << PEN_UNDERLINE_SHIFT;
}

/* What turns attributes on and off. */
static bool attribute(struct pen *p, uint16_t n)
{
	static const struct {
		uint16_t number;
		uint32_t fg_off, fg_on, bg_off, bg_on;
	} all[] = {
		{ 1, 0, PEN_BOLD, 0, 0 },
		{ 2, 0, PEN_DIM, 0, 0 },
		{ 3, 0, PEN_ITALIC, 0, 0 },
		{ 5, 0, PEN_BLINK, 0, 0 },
		{ 6, 0, PEN_BLINK, 0, 0 },
		{ 7, 0, PEN_REVERSE, 0, 0 },
		{ 8, 0, PEN_HIDDEN, 0, 0 },
		{ 9, 0, 0, 0, PEN_STRIKE },
		{ 21, 0, 0, PEN_UNDERLINE, 2U << PEN_UNDERLINE_SHIFT },
		{ 22, PEN_BOLD | PEN_DIM, 0, 0, 0 },
		{ 23, PEN_ITALIC, 0, 0, 0 },
		{ 24, 0, 0, PEN_UNDERLINE, 0 },
		{ 25, PEN_BLINK, 0, 0, 0 },
		{ 27, PEN_REVERSE, 0, 0, 0 },
		{ 28, PEN_HIDDEN, 0, 0, 0 },
		{ 29, 0, 0, PEN_STRIKE, 0 },
		{ 39, PEN_COLOUR, 0, 0, 0 },
		{ 49, 0, 0, PEN_COLOUR, 0 },
		{ 53, 0, 0, 0, PEN_OVERLINE },
		{ 55, 0, 0, PEN_OVERLINE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i].number != n)
			continue;
		p->fg = (p->fg & ~all[i].fg_off) | all[i].fg_on;
		p->bg = (p->bg & ~all[i].bg_off) | all[i].bg_on;
		return true;
	}
	return false;
}

static void sgr(struct screen *s)
{
	struct pen *p = &s->cursor.pen;
	uint32_t ignored = 0;

	if (s->parse.prefix == '>' && value(s, 0) == 4) {
		s->modify_keys = value(s, 1);
		return;
	}
	if (s->parse.prefix != '\0')
		return;
	for (size_t i = 0; i < s->parse.n_params; i++) {
		uint16_t n = s->parse.param[i];

		if (s->parse.sub[i])
			continue;
		if (n == 0)
			*p = (struct pen){ 0 };
		else if (n == 4)
			underline(s, p, &i);
		else if (n == 38 || n == 48 || n == 58)
			extended_colour(s, &i, n == 38 ? &p->fg : n == 48 ? &p->bg : &ignored);
		else if (n >= 30 && n < 38)
			set_colour(&p->fg, PEN_INDEXED, n - 30U);
		else if (n >= 40 && n < 48)
			set_colour(&p->bg, PEN_INDEXED, n - 40U);
		else if (n >= 90 && n < 98)
			set_colour(&p->fg, PEN_INDEXED, n - 90U + 8);
		else if (n >= 100 && n < 108)
			set_colour(&p->bg, PEN_INDEXED, n - 100U + 8);
		else
			(void) attribute(p, n);
	}
}

/* ---- dispatch ---- */

static void with_inter(struct screen *s)
{
	const struct vtparse *v = &s->parse;

	if (v->inter == ' ' && v->final == 'q' && v->prefix == '\0')
		s->cursor_style = value(s, 0) <= 6 ? value(s, 0) : 0;
	else if (v->inter == '!' && v->final == 'p' && v->prefix == '\0')
		soft_reset(s);
}

static void moves(struct screen *s, char final)
{
	int n = count(s, SCREEN_COLS_MAX);
	struct cursor *c = &s->cursor;

	switch (final) {
	case 'A':
	case 'F':
		move_rows(s, -n);
		break;
	case 'B':
	case 'E':
	case 'e':
		move_rows(s, n);
		break;
	case 'C':
	case 'a':
		move_cols(s, n);
		break;
	case 'D':
		move_cols(s, -n);
		break;
	case 'G':
	case '`':
		move_to(s, c->row, n - 1);
		break;
	case 'H':
	case 'f':
		go_to(s, value(s, 0), value(s, 1) == 0 ? 1 : value(s, 1));
		break;
	case 'I':
		tabs(s, n);
		break;
	case 'Z':
		tabs(s, -n);
		break;
	case 'd':
		go_to(s, value(s, 0), c->col + 1);
		break;
	default:
		break;
	}
	if (final == 'E' || final == 'F')
		c->col = 0;
}

static void changes(struct screen *s, char final)
{
	struct cursor *c = &s->cursor;

	switch (final) {
	case '@':
		grid_insert(s, c->row, c->col, count(s, s->cols));
		c->pending = false;
		break;
	case 'J':
		erase_screen(s);
		break;
	case 'K':
		erase_line(s);
		break;
	case 'L':
	case 'M':
		change_lines(s, final == 'L');
		break;
	case 'P':
		grid_remove(s, c->row, c->col, count(s, s->cols));
		c->pending = false;
		break;
	case 'S':
	case 'T':
		if (final == 'S' || s->parse.n_params == 1)
			scroll(s, final == 'S');
		break;
	case 'X':
		erase_chars(s);
		break;
	case 'b':
		repeat(s);
		break;
	default:
		break;
	}
}

void screen_csi(struct screen *s)
{
	char final = s->parse.final;

	if (s->parse.inter != '\0') {
		with_inter(s);
		return;
	}
	if (final == 'h' || final == 'l') {
		set_modes(s, final == 'h');
		return;
	}
	if (final == 'm') {
		sgr(s);
		return;
	}
	if (s->parse.prefix != '\0' && !(s->parse.prefix == '?' && strchr("JK", final) != NULL))
		return;
	switch (final) {
	case 'g':
		clear_tabs(s);
		break;
	case 'r':
		set_margins(s);
		break;
	case 's':
		save_cursor(s);
		break;
	case 'u':
		restore_cursor(s);
		break;
	default:
		moves(s, final);
		changes(s, final);
		break;
	}
}

/* DECALN: a screen full of E. */
static void fill_screen(struct screen *s)
{
	for (uint16_t r = 0; r < s->rows; r++) {
		struct cell *row = grid_row(s, r);

		for (uint16_t c = 0; c < s->cols; c++)
			row[c] = (struct cell){ 'E', { 0, 0 } };
		grid_touch(s, r);
		s->grid[s->on].wrapped[r] = false;
	}
	s->top = 0;
	s->bottom = (uint16_t) (s->rows - 1);
	s->cursor.row = s->cursor.col = 0;
	s->cursor.pending = false;
}

static void reverse_index(struct screen *s)
{
	struct cursor *c = &s->cursor;

	c->pending = false;
	if (c->row == s->top)
		grid_down(s, s->top, s->bottom, 1);
	else if (c->row > 0)
		c->row--;
}

static void esc_inter(struct screen *s)
{
	const struct vtparse *v = &s->parse;

	if (v->inter == '(' || v->inter == ')')
		s->cursor.drawing[v->inter == ')'] = v->final == '0';
	else if (v->inter == '#' && v->final == '8')
		fill_screen(s);
}

void screen_esc(struct screen *s)
{
	if (s->parse.inter != '\0') {
		esc_inter(s);
		return;
	}
	switch (s->parse.final) {
	case '7':
		save_cursor(s);
		break;
	case '8':
		restore_cursor(s);
		break;
	case 'D':
		screen_linefeed(s);
		break;
	case 'E':
		s->cursor.col = 0;
		screen_linefeed(s);
		break;
	case 'H':
		s->tab[s->cursor.col] = true;
		s->tabs_set = true;
		break;
	case 'M':
		reverse_index(s);
		break;
	case 'c':
		screen_reset(s);
		s->touched = (1U << _MODE_MAX) - 1; /* others may have other defaults */
		break;
	case '=':
	case '>':
		set_known(s, 66, true, s->parse.final == '=');
		break;
	default:
		break;
	}
}
