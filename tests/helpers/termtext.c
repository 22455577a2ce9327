/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a terminal shows after standard input was written to it, as text without the empty
 * rows at the end.
 *
 *     termtext COLS ROWS
 */
#include "config.h"

#include <unistd.h>

#include "drawing.h"
#include "str.h"

static struct screen screen;

static void print_rows(uint16_t rows)
{
	char text[64 << 10];

	for (uint16_t r = 0; r < rows; r++) {
		struct ink k = { .p = text, .max = sizeof(text), .plain = true };
		const struct cell *row = screen_row(&screen, screen.on, r);

		(void) ink_cells(&k, &screen, row, 0, ink_length(row, screen.cols));
		printf("%.*s\n", (int) k.n, text);
	}
}

int main(int argc, char **argv)
{
	uint64_t cols, rows;
	char piece[4096];
	uint16_t last;
	ssize_t n;

	if (argc != 3 || str_to_u64(argv[1], 1, SCREEN_COLS_MAX, &cols) < 0 ||
	    str_to_u64(argv[2], 1, SCREEN_ROWS_MAX, &rows) < 0)
		return 1;
	screen_init(&screen);
	screen_resize(&screen, (uint16_t) cols, (uint16_t) rows);
	while ((n = read(STDIN_FILENO, piece, sizeof(piece))) > 0)
		screen_feed(&screen, piece, (size_t) n);
	last = (uint16_t) rows;
	while (last > 0 &&
	       ink_length(screen_row(&screen, screen.on, (uint16_t) (last - 1)), screen.cols) == 0)
		last--;
	print_rows(last);
	screen_free(&screen);
	return 0;
}
