/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "buf.h"
#include "charwidth.h"
#include "mem.h"
#include "screen_check.h"
#include "unit.h"

static struct screen a, b;

static void begin(uint16_t cols, uint16_t rows)
{
	screen_free(&a);
	screen_free(&b);
	a = b = (struct screen){ 0 };
	screen_init(&a);
	screen_init(&b);
	screen_resize(&a, cols, rows);
	screen_resize(&b, cols, rows);
}

static void feed(const char *text)
{
	screen_feed(&a, text, strlen(text));
}

/* The rows of a as text, '|' between them; without the empty ones at the end. */
static const char *text(const struct screen *s)
{
	static char out[1 << 16];
	struct ink k = { .p = out, .max = sizeof(out) - 1, .plain = true };

	for (uint16_t r = 0; r < s->rows; r++) {
		const struct cell *row = screen_row(s, s->on, r);

		if (r > 0)
			ink_add(&k, "|");
		(void) ink_cells(&k, s, row, 0, ink_length(row, s->cols));
	}
	while (k.n > 0 && k.p[k.n - 1] == '|')
		k.n--;
	k.p[k.n] = '\0';
	return out;
}

/* What 10 columns and 4 rows show after this, and where the cursor is. */
static const struct {
	const char *in, *out;
	int row, col;
} cases[] = {
	{ "abc\r\ndef", "abc|def", 1, 3 },
	{ "0123456789", "0123456789", 0, 9 },
	{ "0123456789x", "0123456789|x", 1, 1 },
	{ "0123456789\rx", "x123456789", 0, 1 },
	{ "\033[?7l0123456789xy", "012345678y", 0, 9 },
	{ "1\r\n2\r\n3\r\n4\r\n5", "2|3|4|5", 3, 1 },
	{ "a\tb\tc", "a       bc", 0, 9 },
	{ "abcdef\033[3D\033[2P", "abcf", 0, 3 },
	{ "abcdef\033[3D\033[2@", "abc  def", 0, 3 },
	{ "abcdef\033[3D\033[2X", "abc  f", 0, 3 },
	{ "abcdef\033[3D\033[K", "abc", 0, 3 },
	{ "abcdef\033[3D\033[1K", "    ef", 0, 3 },
	{ "ab\033[3b", "abbbb", 0, 5 },
	{ "1\r\n2\r\n3\r\n4\033[2;1H\033[L", "1||2|3", 1, 0 },
	{ "1\r\n2\r\n3\r\n4\033[2;1H\033[M", "1|3|4", 1, 0 },
	{ "1\r\n2\r\n3\r\n4\033[2;3r\033[3;1H\nx", "1|3|x|4", 2, 1 },
	{ "1\r\n2\r\n3\r\n4\033[2;3r\033[2;1H\033Mx", "1|x|2|4", 1, 1 },
	{ "1\r\n2\r\n3\r\n4\033[S", "2|3|4", 3, 1 },
	{ "1\r\n2\r\n3\r\n4\033[2T", "||1|2", 3, 1 },
	{ "\033[2;3r\033[?6h\033[2;1Hx\033[9;1Hy", "||y", 2, 1 },
	{ "abc\0337\033[3;3H\0338x", "abcx", 0, 4 },
	{ "abc\033[?1049hx\033[?1049l", "abc", 0, 3 },
	{ "abc\033[?1049h\033[Hxyz", "xyz", 0, 3 },
	{ "\033(0lqk\033(B-\016x", "\342\224\214\342\224\200\342\224\220-x", 0, 5 },
	{ "\033[4habc\rx", "xabc", 0, 1 },
	{ "\346\227\245\346\234\254x", "\346\227\245\346\234\254x", 0, 5 },
	{ "12345678\346\227\245\346\227\245", "12345678\346\227\245|\346\227\245", 1, 2 },
	{ "123456789\346\227\245", "123456789|\346\227\245", 1, 2 },
	{ "\346\227\245\rx", "x", 0, 1 },
	{ "\346\227\245\bx", " x", 0, 2 },
	{ "e\314\201x", "e\314\201x", 0, 2 },
	{ "012345678e\314\201x", "012345678e\314\201|x", 1, 1 },
	{ "a\xff\xe6\x97z", "a\357\277\275\357\277\275z", 0, 4 },
	{ "a\033]0;title\007b\033P1;2q~~~\033\\c\033_x\033\\d", "abcd", 0, 4 },
	{ "a\033[12\0303b\033[<1;;:7xc", "a3bc", 0, 4 },
	{ "\033#8\033[2J", "", 0, 0 },
	{ "ab\033cc", "c", 0, 1 },
	{ "\033[99999999999;99999999999Hx", "|||         x", 3, 9 },
	{ "\033[3gab\tc\033[1;5H\033H\r\td", "ab  d    c", 0, 5 },
	{ "a\033[2Cb\033[Ac\033[2Bd\033[1Ee\033[Ff", "a  bc||f    d|e", 2, 1 },
	{ "\033[20ha\nb", "a|b", 1, 1 },
	{ "abc\033[2Gx\033[3`y\033[2dz", "axy|   z", 1, 4 },
};

START_TEST(sequences)
{
	begin(10, 4);
	feed(cases[_i].in);
	ck_assert_str_eq(text(&a), cases[_i].out);
	ck_assert_int_eq(a.cursor.row, cases[_i].row);
	ck_assert_int_eq(a.cursor.col, cases[_i].col);
}
END_TEST

/* ---- the same on another terminal ---- */

struct chance {
	uint64_t state;
};

static uint32_t draw(struct chance *c, uint32_t below)
{
	c->state ^= c->state << 13;
	c->state ^= c->state >> 7;
	c->state ^= c->state << 17;
	return (uint32_t) (c->state >> 32) % below;
}

static const char *const bits[] = {
	"abc",
	"x",
	"0123456789",
	"\r\n",
	"\r",
	"\n",
	"\t",
	"\b",
	"\033[m",
	"\033[1;31m",
	"\033[7m",
	"\033[4:3m",
	"\033[38;5;200m",
	"\033[48;2;1;2;3m",
	"\033[48:2::9:8:7m",
	"\033[0;44m",
	"\346\227\245",
	"\360\237\230\200",
	"e\314\201",
	"\314\210",
	"\033(0",
	"\033(B",
	"\033)0",
	"\016",
	"\017",
	"\0337",
	"\0338",
	"\033D",
	"\033M",
	"\033E",
	"\033H",
	"\033[3g",
	"\033[g",
	"\033[?1049h",
	"\033[?1049l",
	"\033[?6h",
	"\033[?6l",
	"\033[?7l",
	"\033[?7h",
	"\033[4h",
	"\033[4l",
	"\033[20h",
	"\033[20l",
	"\033[?25l",
	"\033[?25h",
	"\033[?1h",
	"\033[?2004h",
	"\033[?1002h",
	"\033[?1006h",
	"\033[?1002l",
	"\033=",
	"\033>",
	"\033[3 q",
	"\033[>4;2m",
	"\033[!p",
	"\033#8",
	"\033]2;title\007",
	"\033[r",
	"\033[?5h",
	"\033[?5l",
	"\033[?45h",
};

static void add_random(struct buf *out, struct chance *c)
{
	static const char finals[] = "@ABCDEFGHIJKLMPSTXZ`abdefgr";

	if (draw(c, 3) == 0)
		buf_addf(out, "\033[%u;%u%c", draw(c, 14), draw(c, 24),
			 finals[draw(c, sizeof(finals) - 1)]);
	else
		buf_adds(out, bits[draw(c, ARRAY_SIZE(bits))]);
}

/* Written to a, and to all that follow it. */
static void write_random(struct chance *c, struct screen *const *to, size_t n)
{
	cleanup_buf struct buf out = BUF_INIT(1 << 16);
	uint32_t parts = draw(c, 200);

	for (uint32_t i = 0; i < parts; i++)
		add_random(&out, c);
	for (size_t i = 0; i < n; i++)
		screen_feed(to[i], buf_str(&out), out.len);
}

static void check(const char *when, int round)
{
	const char *r = screen_check_same(&a, &b);

	ck_assert_msg(r == NULL, "%s, round %d, %d by %d, screen %d: %s", when, round, a.cols,
		      a.rows, a.on, r);
}

START_TEST(drawn_on_another)
{
	struct screen *const first[] = { &a }, *const other[] = { &b }, *const both[] = { &a, &b };
	struct chance c = { .state = 0x9e3779b97f4a7c15U + (uint64_t) _i };
	enum drawing_how how;

	for (int round = 0; round < 60; round++) {
		how = draw(&c, 2) == 0 ? DRAWING_NEW : DRAWING_AGAIN;
		begin((uint16_t) (1 + draw(&c, 20)), (uint16_t) (1 + draw(&c, 12)));
		write_random(&c, first, 1);
		if (how == DRAWING_AGAIN) {
			write_random(&c, other, 1);
			a.touched = (1U << _MODE_MAX) - 1; /* b is in a state of its own */
			a.tabs_set = true;
		}
		screen_check_draw(&a, &b, how);
		check(how == DRAWING_AGAIN ? "drawn again" : "drawn", round);
		/* what one cannot ask a terminal to have: a place outside of the margins it is to
		   count from, and what was written last */
		memcpy(b.saved, a.saved, sizeof(b.saved));
		a.last = b.last = 0;
		write_random(&c, both, 2);
		check("after it", round);
	}
}
END_TEST

/* A client that reads piece by piece while the screen changes has all of it in the end. */
START_TEST(drawn_while_it_changes)
{
	static char piece[DRAWING_PIECE];
	struct screen *const first[] = { &a };
	struct chance c = { .state = 77 + (uint64_t) _i };

	for (int round = 0; round < 30; round++) {
		struct drawing d = { 0 };
		size_t n;

		begin((uint16_t) (1 + draw(&c, 20)), (uint16_t) (1 + draw(&c, 12)));
		write_random(&c, first, 1);
		drawing_begin(&d, &a, DRAWING_NEW);
		for (int i = 0; i < 5; i++) {
			n = drawing_next(&d, &a, piece);
			screen_feed(&b, piece, n);
			write_random(&c, first, 1);
		}
		feed("\033[?47l"); /* the normal one behind the other is of before */
		while ((n = drawing_next(&d, &a, piece)) > 0)
			screen_feed(&b, piece, n);
		ck_assert(!drawing_due(&d, &a));
		check("while it changes", round);
	}
}
END_TEST

static Suite *test_screen(void)
{
	Suite *s = suite_create("screen");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 600);
	tcase_add_loop_test(t, sequences, 0, ARRAY_SIZE(cases));
	tcase_add_loop_test(t, drawn_on_another, 0, 20);
	tcase_add_loop_test(t, drawn_while_it_changes, 0, 20);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_screen);
