/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SCREEN_H
#define KUKEON_SCREEN_H

#include "scrollback.h"
#include "vtparse.h"

/*
 * What a terminal shows that a program has written to: a model of xterm, as far as programs
 * use it (its "Control Sequences" document; ECMA-48). It has a fixed size, whatever comes:
 * sizes are clamped, cells beyond those in use are never touched. Rows and columns count
 * from 0 here. Questions of the program are not answered, as who is attached does that.
 */
enum {
	SCREEN_COLS_MAX = 1024,
	SCREEN_ROWS_MAX = 512,
	SCREEN_CELLS_MAX = 1 << 18, /* columns times rows */
	SCREEN_CLUSTERS = 512, /* different characters with marks on a screen */
	SCREEN_MARKS_MAX = 6, /* on one character */
	SCREEN_TITLE_MAX = 256,
};

/* Parts of cell.ch: a code point, or the number of a cluster. 0: nothing was written there. */
enum {
	CELL_CHAR = 0x1fffff,
	CELL_CLUSTER = 1 << 28,
	CELL_WIDE = 1 << 29, /* the next cell is its right half */
	CELL_TAIL = 1 << 30, /* the right half */
};

/* Parts of a pen: 24 bits of colour, its kind, attributes. */
enum {
	PEN_VALUE = 0xffffff,
	PEN_KIND = 3 << 24,
	PEN_DEFAULT = 0 << 24,
	PEN_INDEXED = 1 << 24,
	PEN_RGB = 2 << 24,
	PEN_COLOUR = PEN_VALUE | PEN_KIND,
};

/* In the foreground … */
#define PEN_BOLD (1U << 26)
#define PEN_DIM (1U << 27)
#define PEN_ITALIC (1U << 28)
#define PEN_BLINK (1U << 29)
#define PEN_REVERSE (1U << 30)
#define PEN_HIDDEN (1U << 31)
/* … and in the background. */
#define PEN_UNDERLINE_SHIFT 26
#define PEN_UNDERLINE (7U << PEN_UNDERLINE_SHIFT) /* 1 single, 2 double, 3 curly, … */
#define PEN_STRIKE (1U << 29)
#define PEN_OVERLINE (1U << 30)

struct pen {
	uint32_t fg, bg;
};

struct cell {
	uint32_t ch;
	struct pen pen;
};

struct cluster {
	uint32_t base;
	uint32_t mark[SCREEN_MARKS_MAX]; /* the unused ones are 0 */
};

struct grid {
	struct cell *cells; /* SCREEN_CELLS_MAX */
	uint16_t line[SCREEN_ROWS_MAX]; /* which line of cells a row is */
	bool wrapped[SCREEN_ROWS_MAX]; /* by row: the next one goes on with it */
	uint64_t changed[SCREEN_ROWS_MAX]; /* by row: when */
	uint64_t all_changed;
};

struct cursor {
	uint16_t row, col;
	bool pending; /* the last column was written: the next character wraps */
	struct pen pen;
	bool drawing[2]; /* G0 and G1 are the line drawing characters */
	uint8_t shift; /* which of them is in use */
	bool origin; /* rows count from the margin */
};

/* Modes that a client's terminal has to have as well. */
enum screen_mode {
	MODE_CURSOR_KEYS,
	MODE_KEYPAD,
	MODE_REVERSE,
	MODE_WRAP,
	MODE_REVERSE_WRAP,
	MODE_CURSOR_BLINK,
	MODE_CURSOR,
	MODE_MOUSE_X10,
	MODE_MOUSE_CLICK,
	MODE_MOUSE_DRAG,
	MODE_MOUSE_MOVE,
	MODE_FOCUS,
	MODE_MOUSE_UTF8,
	MODE_MOUSE_SGR,
	MODE_ALTERNATE_SCROLL,
	MODE_MOUSE_URXVT,
	MODE_MOUSE_PIXELS,
	MODE_PASTE,
	MODE_INSERT, /* from here on not with a question mark */
	MODE_NEWLINE,
	_MODE_MAX,
};

struct screen {
	struct vtparse parse;
	uint16_t cols, rows;
	struct grid grid[2]; /* normal, alternate */
	struct cell *spare; /* for a change of size */
	int on; /* which of them is shown */
	struct cursor cursor;
	struct cursor saved[2]; /* by DECSC, and by mode 1049 */
	uint16_t top, bottom; /* the margins, both within */
	uint32_t modes; /* bits by enum screen_mode */
	uint32_t touched; /* those that the program has set to something */
	int cursor_style; /* DECSCUSR; -1: never set */
	int modify_keys; /* of modifyOtherKeys; -1: never set */
	bool tabs_set; /* other than each eighth */
	bool tab[SCREEN_COLS_MAX];
	uint32_t last; /* the character that REP repeats */
	uint64_t now; /* counts what was fed */
	uint64_t swept; /* when clusters were swept */
	char title[SCREEN_TITLE_MAX];
	uint64_t titled; /* when */
	struct scrollback back;
	size_t n_clusters;
	struct cluster cluster[SCREEN_CLUSTERS];
};

/* Empty, of 80 by 24. The memory is taken once, and stays. */
void screen_init(struct screen *s);
void screen_free(struct screen *s);

void screen_feed(struct screen *s, const char *p, size_t n);

/* What a size is clamped to. */
void screen_clamp(uint16_t *cols, uint16_t *rows);
/* To a size that is clamped. Lines of the normal screen are wrapped anew. */
void screen_resize(struct screen *s, uint16_t cols, uint16_t rows);

static inline bool screen_mode(const struct screen *s, enum screen_mode mode)
{
	return (s->modes >> mode & 1) != 0;
}

static inline bool screen_alternate(const struct screen *s)
{
	return s->on == 1;
}

/* The cells of a row, of which there are cols. */
const struct cell *screen_row(const struct screen *s, int grid, uint16_t row);
/* When a row was changed, to be compared with screen.now. */
uint64_t screen_changed(const struct screen *s, int grid, uint16_t row);

/* The number of a private or, with MODE_INSERT and MODE_NEWLINE, an ANSI mode. */
int screen_mode_number(enum screen_mode mode);

/* ---- for the files of the model ---- */

struct cell *grid_row(struct screen *s, uint16_t row);
void grid_touch(struct screen *s, uint16_t row);
/* Erase the cells [from, to) of a row, with the pen's background. */
void grid_erase(struct screen *s, uint16_t row, uint16_t from, uint16_t to);
/* Move the rows [top, bottom] up or down by n; what comes in is erased. */
void grid_up(struct screen *s, uint16_t top, uint16_t bottom, uint16_t n);
void grid_down(struct screen *s, uint16_t top, uint16_t bottom, uint16_t n);
/* Move all within the margins up, as a line feed at the bottom does; lines at the top are kept. */
void grid_scroll(struct screen *s, uint16_t n);
/* Insert or remove n cells in a row at a column. */
void grid_insert(struct screen *s, uint16_t row, uint16_t col, uint16_t n);
void grid_remove(struct screen *s, uint16_t row, uint16_t col, uint16_t n);
void grid_clear(struct screen *s, int grid);
/* A wide character of which one half was overwritten goes. */
void grid_mend(struct screen *s, uint16_t row, uint16_t col);
/* Put a mark on a cell. */
void grid_mark(struct screen *s, struct cell *c, uint32_t mark);

void screen_put(struct screen *s, uint32_t c);
/* Printable ASCII. */
void screen_put_text(struct screen *s, const char *p, size_t n);
void screen_linefeed(struct screen *s);
void screen_csi(struct screen *s);
void screen_esc(struct screen *s);
void screen_reset(struct screen *s);

#endif
