/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "screen_check.h"

enum {
	AT_ONCE = 4096,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Its memory is taken once. */
static void begin(struct screen *s, uint16_t cols, uint16_t rows)
{
	static struct screen fresh;
	struct cell *cells[3];

	if (fresh.spare == NULL)
		screen_init(&fresh);
	if (s->spare == NULL)
		screen_init(s);
	cells[0] = s->grid[0].cells;
	cells[1] = s->grid[1].cells;
	cells[2] = s->spare;
	*s = fresh;
	s->grid[0].cells = cells[0];
	s->grid[1].cells = cells[1];
	s->spare = cells[2];
	screen_reset(s);
	screen_resize(s, cols, rows);
}

static void check(const struct screen *a, const struct screen *b)
{
	const char *r = screen_check_same(a, b);

	if (r == NULL)
		return;
	(void) fprintf(stderr, "%s\n", r);
	abort();
}

/*
 * What a program may write: the model keeps its bounds, and what is drawn of it on another
 * terminal makes that show the same. The first bytes are sizes.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct screen a, b;
	uint16_t cols, rows;

	if (size < 4)
		return 0;
	cols = (uint16_t) (1 + data[0] % 40);
	rows = (uint16_t) (1 + data[1] % 20);
	begin(&a, cols, rows);
	begin(&b, cols, rows);
	for (size_t i = 4; i < size; i += AT_ONCE)
		screen_feed(&a, (const char *) data + i, size - i < AT_ONCE ? size - i : AT_ONCE);
	if (vtparse_idle(&a.parse)) {
		screen_check_draw(&a, &b, DRAWING_NEW);
		check(&a, &b);
	}
	cols = (uint16_t) (1 + data[2] % 40);
	rows = (uint16_t) (1 + data[3] % 20);
	screen_resize(&a, cols, rows);
	begin(&b, cols, rows);
	if (vtparse_idle(&a.parse)) {
		screen_check_draw(&a, &b, DRAWING_AGAIN);
		check(&a, &b);
	}
	return 0;
}
