/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "drawing.h"
#include "str.h"

enum {
	STEP_MAX = 512, /* bytes of what is written in one step, but for a row's cells */
	STATE_MAX = 14 << 10, /* with a stop at each column */
};

#define CLEAR "\x1b[H\x1b[2J\x1b[3J"
/* Whatever state it is in: a sequence that was cut is ended, the normal screen shown. */
#define AGAIN "\x18\x1b[?1049l"
/* How rows can be drawn; it moves the cursor. */
#define NEUTRAL "\x1b[?25l\x1b[0m\x1b[?6l\x1b[r\x1b[4l\x1b[?7h\x0f\x1b(B"

static bool same_size(const struct drawing *d, const struct screen *s)
{
	return d->cols == 0 || (d->cols == s->cols && d->rows == s->rows);
}

static uint16_t width(const struct drawing *d, const struct screen *s)
{
	return d->cols != 0 && d->cols < s->cols ? d->cols : s->cols;
}

static uint16_t height(const struct drawing *d, const struct screen *s)
{
	return d->cols != 0 && d->rows < s->rows ? d->rows : s->rows;
}

void drawing_begin(struct drawing *d, const struct screen *s, enum drawing_how how)
{
	*d = (struct drawing){
		.how = how, .cols = d->cols, .rows = d->rows, .all = true, .seen = s->now
	};
}

bool drawing_due(const struct drawing *d, const struct screen *s)
{
	return d->phase != DRAWING_IDLE || d->done != s->now;
}

static void neutral(struct drawing *d, struct ink *k)
{
	ink_add(k, NEUTRAL);
	k->pen = (struct pen){ 0 };
	d->joined = false;
}

static void begin(struct drawing *d, struct ink *k)
{
	if (d->how == DRAWING_AGAIN) {
		ink_add(k, AGAIN);
		neutral(d, k);
		d->phase = DRAWING_NORMAL;
		return;
	}
	if (d->how == DRAWING_CLEAR)
		ink_add(k, CLEAR);
	ink_add(k, "\x1b[0m");
	k->pen = (struct pen){ 0 };
	d->phase = DRAWING_BACK;
}

/* What is on the client's screen moves up, out of it. */
static void make_room(struct drawing *d, struct ink *k)
{
	for (uint16_t i = 1; i < d->rows && i < SCREEN_ROWS_MAX; i++)
		ink_add(k, "\r\n");
	neutral(d, k);
	d->how = DRAWING_AGAIN;
}

/* A line of the scrollback; the next call has more room if there is too little. */
static bool back(struct drawing *d, const struct screen *s, struct ink *k)
{
	char line[SCROLLBACK_LINE_MAX + 1];
	uint64_t at = d->back;
	bool wrapped = false;
	ssize_t n = scrollback_read(&s->back, &at, line, &wrapped);

	if (n < 0) {
		d->phase = DRAWING_NORMAL;
		if (d->joined) /* it need not end at the last column */
			ink_add(k, "\r\n");
		d->joined = false;
		if (!same_size(d, s))
			make_room(d, k);
		return true;
	}
	if ((size_t) n + STEP_MAX > k->max - k->n)
		return false;
	line[n] = '\0';
	ink_add(k, line);
	d->joined = wrapped && same_size(d, s);
	if (!d->joined)
		ink_add(k, "\r\n");
	d->back = at;
	return true;
}

/* ---- rows ---- */

/*
 * Whether a row and the next one can be written as one line. A colour that begins the next one
 * would be that of the line which scrolls in.
 */
static bool goes_on(const struct screen *s, uint16_t row)
{
	return s->grid[0].wrapped[row] && row + 1 < s->rows &&
	       screen_row(s, 0, (uint16_t) (row + 1))->pen.bg == 0;
}

/* As part of the text that scrolls: true: all of it is written. */
static bool flow_row(struct drawing *d, const struct screen *s, struct ink *k)
{
	const struct cell *row = screen_row(s, 0, d->row);
	bool join = goes_on(s, d->row);
	uint16_t n = join ? s->cols : ink_length(row, s->cols);

	if (n == 0 && d->joined) /* else it would not be on a row of its own */
		n = 1;
	d->col = ink_cells(k, s, row, d->col, n);
	if (d->col < n)
		return false;
	ink_pen(k, (struct pen){ 0 });
	if (!join && d->row + 1 < s->rows)
		ink_add(k, "\r\n");
	d->joined = join;
	return true;
}

/* At its place. */
static bool place_row(struct drawing *d, const struct screen *s, int grid, struct ink *k)
{
	uint16_t from = (uint16_t) (d->first + d->row), end = width(d, s);
	const struct cell *row = screen_row(s, grid, from);
	uint16_t n = ink_length(row, end);

	ink_addf(k, "\x1b[%d;%dH", d->row + 1, d->col + 1);
	d->col = ink_cells(k, s, row, d->col, n);
	if (d->col < n)
		return false;
	ink_pen(k, (struct pen){ 0 });
	if (n < end || d->cols > end)
		ink_add(k, "\x1b[K");
	if (d->row + 1 == height(d, s) && d->rows > d->row + 1)
		ink_addf(k, "\x1b[%d;1H\x1b[J", d->row + 2);
	return true;
}

static void next_row(struct drawing *d)
{
	d->row++;
	d->col = 0;
}

static void restart_rows(struct drawing *d, const struct screen *s)
{
	d->row = d->col = 0;
	d->began = s->now;
	d->phase = DRAWING_ROWS;
}

/* Where the cursor is has to be in sight. */
static uint16_t first_row(const struct drawing *d, const struct screen *s)
{
	uint16_t n = height(d, s);

	return s->cursor.row < n ? 0 : (uint16_t) (s->cursor.row - n + 1);
}

static void add_place(struct ink *k, const struct screen *s, const struct cursor *c)
{
	int row = c->origin ? c->row - s->top : c->row;

	ink_addf(k, "\x1b[?6%c\x1b[%d;%dH", c->origin ? 'h' : 'l', row < 0 ? 1 : row + 1,
		 c->col + 1);
}

static void add_pen(struct ink *k, const struct cursor *c)
{
	ink_addf(k, "\x1b(%c\x1b)%c%c", c->drawing[0] ? '0' : 'B', c->drawing[1] ? '0' : 'B',
		 c->shift == 1 ? '\x0e' : '\x0f');
	ink_pen(k, c->pen);
}

/* The rows of the normal screen, also if it is not the one that is shown. */
static bool normal(struct drawing *d, const struct screen *s, struct ink *k)
{
	bool flow = d->how != DRAWING_AGAIN;
	uint16_t rows = flow ? s->rows : height(d, s);

	if (d->row >= rows) {
		if (flow)
			neutral(d, k);
		restart_rows(d, s);
		d->all = false;
		return true;
	}
	d->first = !flow && !screen_alternate(s) ? first_row(d, s) : 0;
	if (flow ? !flow_row(d, s, k) : !place_row(d, s, 0, k))
		return false;
	next_row(d);
	return true;
}

static void switch_screen(struct drawing *d, const struct screen *s, struct ink *k)
{
	d->alternate = screen_alternate(s);
	if (d->alternate && same_size(d, s)) { /* what it comes back to */
		add_place(k, s, &s->saved[0]);
		add_pen(k, &s->saved[0]);
	}
	ink_add(k, d->alternate ? "\x1b[?1049h" : "\x1b[?1049l");
	neutral(d, k);
	d->all = true;
	restart_rows(d, s);
}

/* What has changed; then what has changed since. */
static bool rows(struct drawing *d, const struct screen *s, struct ink *k)
{
	if (d->alternate != screen_alternate(s))
		switch_screen(d, s, k);
	if (d->first != first_row(d, s)) {
		d->first = first_row(d, s);
		d->all = true;
		restart_rows(d, s);
	}
	if (d->row >= height(d, s)) {
		d->seen = d->began;
		d->all = false;
		if (d->began == s->now)
			d->phase = DRAWING_STATE;
		else
			restart_rows(d, s);
		return true;
	}
	if ((d->all || d->col > 0 ||
	     screen_changed(s, s->on, (uint16_t) (d->first + d->row)) > d->seen) &&
	    !place_row(d, s, s->on, k))
		return false;
	next_row(d);
	return true;
}

/* ---- everything but the cells ---- */

static void add_tabs(struct ink *k, const struct screen *s)
{
	ink_add(k, "\x1b[3g");
	for (uint16_t i = 0; i < s->cols; i++)
		if (s->tab[i])
			ink_addf(k, "\x1b[1;%dH\x1bH", i + 1);
}

static void add_title(struct ink *k, const char *title)
{
	size_t len;

	ink_add(k, "\x1b]2;");
	for (const char *p = title; *p != '\0'; p += len) {
		len = utf8_len(p, strlen(p));
		if (len > 0)
			ink_addf(k, "%.*s", (int) len, p);
		else
			len = 1;
	}
	ink_add(k, "\x1b\\");
}

/* The modes that are on, or those that are off. */
static void add_modes(struct ink *k, const struct screen *s, bool on)
{
	for (int i = 0; i < _MODE_MAX; i++) {
		enum screen_mode mode = (enum screen_mode) i;

		if (mode == MODE_CURSOR || (s->touched >> i & 1) == 0 || screen_mode(s, mode) != on)
			continue;
		if (mode == MODE_KEYPAD)
			ink_add(k, on ? "\x1b=" : "\x1b>");
		else
			ink_addf(k, "\x1b[%s%d%c", mode < MODE_INSERT ? "?" : "",
				 screen_mode_number(mode), on ? 'h' : 'l');
	}
}

/* What a terminal of the same size has as well, so that what the program writes next fits. */
static void add_exact(struct ink *k, const struct screen *s)
{
	const struct cursor *c = &s->cursor;
	uint16_t col = c->col;

	if (s->tabs_set)
		add_tabs(k, s);
	if (s->top > 0 || s->bottom + 1 < s->rows)
		ink_addf(k, "\x1b[%d;%dr", s->top + 1, s->bottom + 1);
	add_place(k, s, &s->saved[s->on]);
	add_pen(k, &s->saved[s->on]);
	ink_add(k, "\x1b"
		   "7\x0f\x1b(B");
	add_place(k, s, c);
	if (c->pending) { /* written once more, the last column has the cursor where it was */
		if ((screen_row(s, s->on, c->row)[col].ch & CELL_TAIL) != 0 && col > 0) {
			ink_add(k, "\b");
			col--;
		}
		(void) ink_cells(k, s, screen_row(s, s->on, c->row), col, s->cols);
	}
	add_pen(k, c);
}

static void state(struct drawing *d, const struct screen *s, struct ink *k)
{
	const struct cursor *c = &s->cursor;
	uint16_t end = width(d, s);

	add_modes(k, s, false);
	add_modes(k, s, true);
	if (s->cursor_style >= 0)
		ink_addf(k, "\x1b[%d q", s->cursor_style);
	if (s->modify_keys >= 0)
		ink_addf(k, "\x1b[>4;%dm", s->modify_keys);
	if (s->titled > d->done)
		add_title(k, s->title);
	if (same_size(d, s))
		add_exact(k, s);
	else
		ink_addf(k, "\x1b[%d;%dH", c->row - d->first + 1,
			 (c->col < end ? c->col : end - 1) + 1);
	ink_add(k, screen_mode(s, MODE_CURSOR) ? "\x1b[?25h" : "\x1b[?25l");
	d->done = s->now;
	d->phase = DRAWING_IDLE;
}

static bool step(struct drawing *d, const struct screen *s, struct ink *k)
{
	switch (d->phase) {
	case DRAWING_BEGIN:
		begin(d, k);
		return true;
	case DRAWING_BACK:
		return back(d, s, k);
	case DRAWING_NORMAL:
		return normal(d, s, k);
	case DRAWING_ROWS:
		return rows(d, s, k);
	case DRAWING_STATE:
		if (k->max - k->n < STATE_MAX)
			return false;
		if (d->began == s->now)
			state(d, s, k);
		else
			restart_rows(d, s);
		return true;
	case DRAWING_IDLE:
		neutral(d, k);
		restart_rows(d, s);
		return true;
	}
	return false;
}

size_t drawing_next(struct drawing *d, const struct screen *s, char ret[DRAWING_PIECE])
{
	struct ink k = { .p = ret, .max = DRAWING_PIECE, .pen = d->pen };

	while (drawing_due(d, s) && k.max - k.n >= STEP_MAX + SCREEN_ROWS_MAX * 2)
		if (!step(d, s, &k))
			break;
	d->pen = k.pen;
	return k.n;
}
