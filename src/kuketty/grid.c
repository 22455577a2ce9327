/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <sys/mman.h>
#include <unistd.h>

#include "ink.h"
#include "screen.h"

enum {
	INK_END = 8, /* bytes for the pen at the end of a line */
};

static struct grid *shown(struct screen *s)
{
	return &s->grid[s->on];
}

static struct cell *line_of(const struct screen *s, int grid, uint16_t row)
{
	const struct grid *g = &s->grid[grid];

	return g->cells + (size_t) g->line[row] * s->cols;
}

const struct cell *screen_row(const struct screen *s, int grid, uint16_t row)
{
	return line_of(s, grid, row);
}

uint64_t screen_changed(const struct screen *s, int grid, uint16_t row)
{
	const struct grid *g = &s->grid[grid];

	return g->changed[row] > g->all_changed ? g->changed[row] : g->all_changed;
}

struct cell *grid_row(struct screen *s, uint16_t row)
{
	return line_of(s, s->on, row);
}

void grid_touch(struct screen *s, uint16_t row)
{
	shown(s)->changed[row] = s->now;
}

static struct cell blank(const struct screen *s)
{
	return (struct cell){ 0, { 0, s->cursor.pen.bg & PEN_COLOUR } };
}

static void fill(struct cell *to, size_t n, struct cell with)
{
	for (size_t i = 0; i < n; i++)
		to[i] = with;
}

void grid_mend(struct screen *s, uint16_t row, uint16_t col)
{
	struct cell *c = grid_row(s, row) + col;

	if ((c->ch & CELL_TAIL) != 0 && col > 0)
		c[-1].ch = ' ';
	else if ((c->ch & CELL_WIDE) != 0 && col + 1 < s->cols)
		c[1].ch = ' ';
}

void grid_erase(struct screen *s, uint16_t row, uint16_t from, uint16_t to)
{
	if (from >= to)
		return;
	grid_mend(s, row, from);
	grid_mend(s, row, (uint16_t) (to - 1));
	fill(grid_row(s, row) + from, to - from, blank(s));
	if (to == s->cols)
		shown(s)->wrapped[row] = false;
	grid_touch(s, row);
}

static void touch_rows(struct screen *s, uint16_t top, uint16_t bottom)
{
	if (top == 0 && bottom + 1 == s->rows) {
		shown(s)->all_changed = s->now;
		return;
	}
	for (uint16_t r = top; r <= bottom; r++)
		grid_touch(s, r);
}

/* A line that leaves the normal screen at its top. */
static void keep(struct screen *s, const struct cell *row, uint16_t cols, bool wrapped)
{
	char text[SCROLLBACK_LINE_MAX];
	struct ink k = { .p = text, .max = sizeof(text) - INK_END };

	(void) ink_cells(&k, s, row, 0, wrapped ? cols : ink_length(row, cols));
	k.max = sizeof(text);
	ink_pen(&k, (struct pen){ 0, 0 });
	scrollback_add(&s->back, k.p, k.n, wrapped);
}

static void rotate_up(struct grid *g, uint16_t top, uint16_t bottom)
{
	uint16_t line = g->line[top];
	size_t n = (size_t) (bottom - top);

	memmove(&g->line[top], &g->line[top + 1], n * sizeof(g->line[0]));
	memmove(&g->wrapped[top], &g->wrapped[top + 1], n * sizeof(g->wrapped[0]));
	g->line[bottom] = line;
	g->wrapped[bottom] = false;
}

static void rotate_down(struct grid *g, uint16_t top, uint16_t bottom)
{
	uint16_t line = g->line[bottom];
	size_t n = (size_t) (bottom - top);

	memmove(&g->line[top + 1], &g->line[top], n * sizeof(g->line[0]));
	memmove(&g->wrapped[top + 1], &g->wrapped[top], n * sizeof(g->wrapped[0]));
	g->line[top] = line;
	g->wrapped[top] = false;
}

void grid_up(struct screen *s, uint16_t top, uint16_t bottom, uint16_t n)
{
	struct grid *g = shown(s);

	for (; n > 0; n--) {
		rotate_up(g, top, bottom);
		fill(grid_row(s, bottom), s->cols, blank(s));
	}
	touch_rows(s, top, bottom);
}

void grid_scroll(struct screen *s, uint16_t n)
{
	for (; n > 0; n--) {
		if (s->on == 0 && s->top == 0)
			keep(s, grid_row(s, 0), s->cols, s->grid[0].wrapped[0]);
		grid_up(s, s->top, s->bottom, 1);
	}
}

void grid_down(struct screen *s, uint16_t top, uint16_t bottom, uint16_t n)
{
	for (; n > 0; n--) {
		rotate_down(shown(s), top, bottom);
		fill(grid_row(s, top), s->cols, blank(s));
	}
	touch_rows(s, top, bottom);
}

void grid_insert(struct screen *s, uint16_t row, uint16_t col, uint16_t n)
{
	struct cell *c = grid_row(s, row);
	uint16_t left = (uint16_t) (s->cols - col);

	if (n > left)
		n = left;
	if ((c[col].ch & CELL_TAIL) != 0)
		grid_mend(s, row, col);
	grid_mend(s, row, (uint16_t) (s->cols - n));
	memmove(c + col + n, c + col, (size_t) (left - n) * sizeof(*c));
	fill(c + col, n, blank(s));
	/* a half that had its other one to the left of it */
	if (col + n < s->cols && (c[col + n].ch & CELL_TAIL) != 0)
		c[col + n].ch = ' ';
	if ((c[s->cols - 1].ch & CELL_WIDE) != 0)
		c[s->cols - 1].ch = ' ';
	shown(s)->wrapped[row] = false;
	grid_touch(s, row);
}

void grid_remove(struct screen *s, uint16_t row, uint16_t col, uint16_t n)
{
	struct cell *c = grid_row(s, row);
	uint16_t left = (uint16_t) (s->cols - col);

	if (n > left)
		n = left;
	grid_mend(s, row, col);
	grid_mend(s, row, (uint16_t) (col + n - 1));
	memmove(c + col, c + col + n, (size_t) (left - n) * sizeof(*c));
	fill(c + s->cols - n, n, blank(s));
	shown(s)->wrapped[row] = false;
	grid_touch(s, row);
}

void grid_clear(struct screen *s, int grid)
{
	struct grid *g = &s->grid[grid];

	for (uint16_t r = 0; r < s->rows; r++) {
		g->line[r] = r;
		g->wrapped[r] = false;
	}
	fill(g->cells, (size_t) s->cols * s->rows, (struct cell){ 0 });
	g->all_changed = s->now;
}

/* ---- characters with marks ---- */

static void find_used(const struct screen *s, bool used[SCREEN_CLUSTERS])
{
	for (int g = 0; g < 2; g++)
		for (size_t i = 0; i < (size_t) s->cols * s->rows; i++)
			if ((s->grid[g].cells[i].ch & CELL_CLUSTER) != 0)
				used[s->grid[g].cells[i].ch & CELL_CHAR] = true;
}

/* Those that are on no screen any more are free; it is looked for them rarely. */
static void sweep(struct screen *s)
{
	bool used[SCREEN_CLUSTERS] = { false };

	if (s->swept == s->now)
		return;
	s->swept = s->now;
	find_used(s, used);
	for (size_t i = 0; i < SCREEN_CLUSTERS; i++)
		if (!used[i])
			s->cluster[i].base = 0;
}

static bool same_cluster(const struct cluster *a, const struct cluster *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The number of a cluster like this; -1: there is no room for more. */
static int find_cluster(struct screen *s, const struct cluster *like)
{
	int unused = -1;

	for (size_t i = 0; i < s->n_clusters; i++) {
		if (same_cluster(&s->cluster[i], like))
			return (int) i;
		if (s->cluster[i].base == 0)
			unused = (int) i;
	}
	if (unused < 0 && s->n_clusters < SCREEN_CLUSTERS)
		unused = (int) s->n_clusters++;
	if (unused >= 0)
		s->cluster[unused] = *like;
	return unused;
}

void grid_mark(struct screen *s, struct cell *c, uint32_t mark)
{
	struct cluster with = { .base = c->ch & CELL_CHAR };
	size_t n = 0;
	int i;

	if ((c->ch & CELL_CLUSTER) != 0)
		with = s->cluster[c->ch & CELL_CHAR];
	else if (with.base == 0)
		with.base = ' ';
	while (n < SCREEN_MARKS_MAX && with.mark[n] != 0)
		n++;
	if (n == SCREEN_MARKS_MAX)
		return;
	with.mark[n] = mark;
	i = find_cluster(s, &with);
	if (i < 0) {
		sweep(s);
		i = find_cluster(s, &with);
	}
	if (i >= 0)
		c->ch = (c->ch & CELL_WIDE) | CELL_CLUSTER | (uint32_t) i;
}

/* ---- sizes ---- */

void screen_clamp(uint16_t *cols, uint16_t *rows)
{
	if (*cols == 0)
		*cols = 1;
	if (*rows == 0)
		*rows = 1;
	if (*cols > SCREEN_COLS_MAX)
		*cols = SCREEN_COLS_MAX;
	if (*rows > SCREEN_ROWS_MAX)
		*rows = SCREEN_ROWS_MAX;
	if (*cols * *rows > SCREEN_CELLS_MAX)
		*rows = (uint16_t) (SCREEN_CELLS_MAX / *cols);
}

/* Lines on their way into a grid of another size. */
struct flow {
	struct screen *s;
	struct grid g;
	uint16_t cols, rows;
	uint16_t row, col;
	struct cursor *cursor; /* moves up with its line */
};

static void flow_begin(struct flow *f)
{
	for (uint16_t r = 0; r < f->rows; r++)
		f->g.line[r] = r;
	fill(f->g.cells, (size_t) f->cols * f->rows, (struct cell){ 0 });
}

static struct cell *flow_row(struct flow *f, uint16_t row)
{
	return f->g.cells + (size_t) f->g.line[row] * f->cols;
}

static void flow_newline(struct flow *f, bool wrapped)
{
	f->g.wrapped[f->row] = wrapped;
	f->col = 0;
	if (f->row + 1 < f->rows) {
		f->row++;
		return;
	}
	keep(f->s, flow_row(f, 0), f->cols, f->g.wrapped[0]);
	rotate_up(&f->g, 0, (uint16_t) (f->rows - 1));
	fill(flow_row(f, f->row), f->cols, (struct cell){ 0 });
	if (f->cursor->row > 0)
		f->cursor->row--;
}

static void flow_cell(struct flow *f, const struct cell *c)
{
	int width = (c->ch & CELL_WIDE) != 0 ? 2 : 1;

	if ((c->ch & CELL_TAIL) != 0 || width > f->cols)
		return;
	if (f->col + width > f->cols)
		flow_newline(f, true);
	flow_row(f, f->row)[f->col] = *c;
	if (width == 2)
		flow_row(f, f->row)[f->col + 1] = (struct cell){ CELL_TAIL, c->pen };
	f->col = (uint16_t) (f->col + width);
}

static void place_cursor(struct flow *f)
{
	f->cursor->row = f->row;
	f->cursor->col = f->col < f->cols ? f->col : (uint16_t) (f->cols - 1);
}

/* *placed: the cursor has its new place. */
static void flow_line(struct flow *f, uint16_t row, const struct cursor *was, bool *placed)
{
	const struct screen *s = f->s;
	const struct cell *from = screen_row(s, 0, row);
	uint16_t n = s->grid[0].wrapped[row] ? s->cols : ink_length(from, s->cols);

	for (uint16_t c = 0; c < n; c++) {
		if (row == was->row && c == was->col && !*placed) {
			if (f->col == f->cols)
				flow_newline(f, true);
			place_cursor(f);
			*placed = true;
		}
		flow_cell(f, &from[c]);
	}
	if (row != was->row || *placed)
		return;
	f->col = (uint16_t) (f->col + was->col - n < f->cols ? f->col + was->col - n : f->cols);
	place_cursor(f);
	*placed = true;
}

static uint16_t last_row(const struct screen *s, const struct cursor *c)
{
	uint16_t row = (uint16_t) (s->rows - 1);

	while (row > c->row && ink_length(screen_row(s, 0, row), s->cols) == 0)
		row--;
	return row;
}

static void reflow(struct screen *s, struct grid *ret, uint16_t cols, uint16_t rows,
		   struct cursor *cursor)
{
	struct flow f = { .s = s, .cols = cols, .rows = rows, .cursor = cursor };
	const struct cursor was = *cursor;
	uint16_t last = last_row(s, cursor);
	bool placed = false;

	f.g.cells = s->spare;
	flow_begin(&f);
	cursor->row = 0;
	for (uint16_t r = 0; r <= last; r++) {
		flow_line(&f, r, &was, &placed);
		if (r < last && !s->grid[0].wrapped[r])
			flow_newline(&f, false);
	}
	cursor->pending = false;
	*ret = f.g;
}

static void crop(const struct screen *s, struct grid *ret, uint16_t cols, uint16_t rows)
{
	struct flow f = { .g.cells = s->spare, .cols = cols, .rows = rows };

	flow_begin(&f);
	for (uint16_t r = 0; r < rows && r < s->rows; r++) {
		struct cell *to = flow_row(&f, r);

		memcpy(to, screen_row(s, 1, r),
		       (size_t) (cols < s->cols ? cols : s->cols) * sizeof(*to));
		if ((to[cols - 1].ch & CELL_WIDE) != 0)
			to[cols - 1].ch = ' ';
	}
	*ret = f.g;
}

static void swap_in(struct screen *s, int grid, const struct grid *with)
{
	struct cell *old = s->grid[grid].cells;

	s->grid[grid] = *with;
	s->grid[grid].all_changed = s->now;
	s->spare = old;
}

static void clamp_cursor(const struct screen *s, struct cursor *c)
{
	if (c->row >= s->rows)
		c->row = (uint16_t) (s->rows - 1);
	if (c->col >= s->cols)
		c->col = (uint16_t) (s->cols - 1);
	c->pending = false;
}

/* The memory behind the cells in use; it is there again, blank, when it is used again. */
static void give_back(struct cell *cells, size_t used)
{
	const uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);
	char *p = (char *) (cells + used), *end = (char *) (cells + SCREEN_CELLS_MAX);

	p += (page - (uintptr_t) p % page) % page;
	end -= (uintptr_t) end % page;
	if (p < end)
		(void) madvise(p, (size_t) (end - p), MADV_DONTNEED); /* it stays taken */
}

static void shrink(struct screen *s)
{
	size_t used = (size_t) s->cols * s->rows;

	give_back(s->grid[0].cells, used);
	give_back(s->grid[1].cells, used);
	give_back(s->spare, 0);
}

void screen_resize(struct screen *s, uint16_t cols, uint16_t rows)
{
	bool smaller = cols * rows < s->cols * s->rows;
	struct grid with;

	if (cols == s->cols && rows == s->rows)
		return;
	s->now++;
	reflow(s, &with, cols, rows, s->on == 0 ? &s->cursor : &s->saved[0]);
	swap_in(s, 0, &with);
	crop(s, &with, cols, rows);
	swap_in(s, 1, &with);
	s->cols = cols;
	s->rows = rows;
	s->top = 0;
	s->bottom = (uint16_t) (rows - 1);
	clamp_cursor(s, &s->cursor);
	for (int i = 0; i < 2; i++)
		clamp_cursor(s, &s->saved[i]);
	if (smaller)
		shrink(s);
}
