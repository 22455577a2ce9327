/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "screen_modes.h"
#include "str.h"
#include "unit.h"

#define BEGIN "\x18\x1b[0m"

/* What a program writes, and what takes it back. */
static const struct {
	const char *wrote, *off, *on;
} rows[] = {
	{ "hello", BEGIN, "" },
	{ "\x1b[?1049h", BEGIN "\x1b[?1049l", "\x1b[?1049h" },
	{ "\x1b[?1049h\x1b[?1049l", BEGIN, "" },
	{ "\x1b[?25l", BEGIN "\x1b[?25h", "\x1b[?25l" },
	{ "\x1b[?25l\x1b[?25h", BEGIN, "" },
	{ "\x1b[?7l", BEGIN "\x1b[?7h", "\x1b[?7l" },
	{ "\x1b[?1000;1006;2004h", BEGIN "\x1b[?1000l\x1b[?1006l\x1b[?2004l",
	  "\x1b[?1000h\x1b[?1006h\x1b[?2004h" },
	{ "\x1b[?2004h\x1b[4h\x1b[?12345h\x1b[?999999999999h", BEGIN "\x1b[?2004l", "\x1b[?2004h" },
	{ "\x1b[1000h\x1b[25l", BEGIN, "" }, /* not private: other modes */
	{ "\x1b=", BEGIN "\x1b>", "\x1b=" },
	{ "\x1b=\x1b[?1h\x1b[?1049h\x1b"
	  "c",
	  BEGIN, "" },
	{ "\x1b[?1049\x18h", BEGIN, "" },
	{ "\x1b[?1049\x1b[?25l", BEGIN "\x1b[?25h", "\x1b[?25l" },
	{ "\x1b[31m\x1b[?1003h\x1b]0;t\x07", BEGIN "\x1b[?1003l", "\x1b[?1003h" },
};

/* In one piece, and byte by byte. */
START_TEST(modes)
{
	const char *p = rows[_i].wrote;
	struct screen_modes whole = { 0 }, bytes = { 0 };
	struct buf off = BUF_INIT(1000), on = BUF_INIT(1000);

	screen_modes_feed(&whole, p, strlen(p));
	for (size_t i = 0; p[i] != '\0'; i++)
		screen_modes_feed(&bytes, p + i, 1);
	screen_modes_off(&whole, &off);
	screen_modes_on(&bytes, &on);
	ck_assert_str_eq(buf_str(&off), rows[_i].off);
	ck_assert_str_eq(buf_str(&on), rows[_i].on);
	buf_clear(&off);
	buf_clear(&on);
}
END_TEST

static Suite *test_screen_modes(void)
{
	Suite *s = suite_create("screen_modes");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, modes, 0, ARRAY_SIZE(rows));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_screen_modes);
