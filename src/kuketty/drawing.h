/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DRAWING_H
#define KUKEON_DRAWING_H

#include "ink.h"
#include "screen.h"

/*
 * The screen as what has to be written to a client's terminal, so that this shows it too. It
 * is made piece by piece, as the client reads, while the screen goes on changing; a drawing
 * that has come to its end is exact, and the program's own output may follow it. A client
 * with a terminal of another size gets the part of the screen around the cursor, again and
 * again.
 */
enum {
	DRAWING_PIECE = 16 << 10, /* bytes that a piece may need */
};

enum drawing_how {
	DRAWING_NEW, /* below what it shows, with the lines that have scrolled away */
	DRAWING_CLEAR, /* the same on a cleared screen */
	DRAWING_AGAIN, /* in place of what it shows, whatever that is */
};

enum drawing_phase {
	DRAWING_BEGIN,
	DRAWING_BACK,
	DRAWING_NORMAL,
	DRAWING_ROWS,
	DRAWING_STATE,
	DRAWING_IDLE,
};

struct drawing {
	enum drawing_how how;
	enum drawing_phase phase;
	uint16_t cols, rows; /* of the client; 0: those of the screen */
	bool alternate; /* its terminal shows that */
	bool joined; /* the last row goes on */
	bool all; /* rows are drawn whether changed or not */
	uint16_t first; /* row of the screen at its top */
	uint16_t row, col; /* what comes next */
	uint64_t back; /* place in the scrollback */
	uint64_t began; /* when this pass over the rows did */
	uint64_t seen; /* what was changed until then is drawn */
	uint64_t done; /* when it was exact */
	struct pen pen; /* of its terminal */
};

void drawing_begin(struct drawing *d, const struct screen *s, enum drawing_how how);

/* Whether its terminal does not show the screen as it is now. */
bool drawing_due(const struct drawing *d, const struct screen *s);

/* The next piece, of at most DRAWING_PIECE bytes; 0: it is exact. */
size_t drawing_next(struct drawing *d, const struct screen *s, char ret[DRAWING_PIECE]);

#endif
