/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "ecma48.h"
#include "str.h"
#include "unit.h"

static const struct {
	const char *what, *in, *out;
} cases[] = {
	{ "plain", "one\ttwo\n", "one\ttwo\n" },
	{ "empty", "", "" },
	{ "CR LF", "a\r\nb\r\n", "a\nb\n" },
	{ "single controls",
	  "a\a\b\x0e\x7f"
	  "b\v\fc",
	  "abc" },
	{ "colours", "\x1b[1;31mred\x1b[0m", "red" },
	{ "private parameters", "\x1b[?25lx\x1b[?2004hy\x1b[>4;1mz", "xyz" },
	{ "intermediate bytes", "\x1b[ qa\x1b[!pb\x1b[2$}c", "abc" },
	{ "colons", "\x1b[38:2::1:2:3mx", "x" },
	{ "a parameter behind an intermediate byte", "\x1b[ 1mx", "x" },
	{ "controls inside act at once", "\x1b[3\n1mx", "\nx" },
	{ "CAN ends it", "\x1b[31\x18mx", "mx" },
	{ "SUB ends it", "\x1b]0;t\x1amx", "mx" },
	{ "ESC begins anew", "\x1b[31\x1b[0mx", "x" },
	{ "two-byte escapes",
	  "\x1b"
	  "7a\x1b"
	  "8b\x1b=c\x1b>d\x1b"
	  "Me\x1b"
	  "cf",
	  "abcdef" },
	{ "character sets", "\x1b(Ba\x1b)0b\x1b#8c\x1b%Gd", "abcd" },
	{ "title to BEL", "\x1b]0;title\ax", "x" },
	{ "title to ST", "\x1b]2;title\x1b\\x", "x" },
	{ "link", "\x1b]8;;http://h/\x1b\\text\x1b]8;;\x1b\\", "text" },
	{ "DCS goes on behind BEL", "\x1bPq\"1\a;2#0\x1b\\x", "x" },
	{ "APC, PM, SOS", "\x1b_a\x1b\\1\x1b^b\x1b\\2\x1bXc\x1b\\3", "123" },
	{ "ESC in a string that is no ST", "\x1b]0;t\x1b[31mx", "x" },
	{ "line feed in a string", "\x1b]0;a\nb\ax", "x" },
	{ "C1 as UTF-8: CSI",
	  "\xc2\x9b"
	  "31mx",
	  "x" },
	{ "C1 as UTF-8: OSC to ST",
	  "\xc2\x9d"
	  "0;t\xc2\x9cx",
	  "x" },
	{ "C1 as UTF-8: single",
	  "a\xc2\x85"
	  "b\xc2\x84"
	  "c",
	  "abc" },
	{ "UTF-8 in a string", "\x1b]0;\xc2\xa9\xc3\x9c\ax", "x" },
	{ "UTF-8", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xc2\xa0",
	  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xc2\xa0" },
	{ "bytes that are not UTF-8",
	  "\xff\x9b"
	  "31m\x9d\xfe",
	  "\xff\x9b"
	  "31m\x9d\xfe" },
	{ "UTF-8 ends a sequence", "\x1b[3\xc3\xa4x", "\xc3\xa4x" },
	{ "UTF-8 behind ESC", "\x1b\xc3\xa4x", "\xc3\xa4x" },
	{ "nothing is put together",
	  "\xc2\x1b[m\x9b"
	  "31mx",
	  "\xc2"
	  "31mx" },
	{ "nor by two of them", "\xc2\xc2\x9bm\x9bx", "\xc2x" },
	{ "unfinished at the end", "x\x1b[31", "x" },
	{ "a first byte at the end", "x\xc2", "x\xc2" },
};

static void strip(const char *in, size_t step, struct buf *out)
{
	struct ecma48 e = { 0 };
	size_t n = strlen(in);

	for (size_t i = 0; i < n; i += step)
		ecma48_strip(&e, in + i, n - i < step ? n - i : step, out);
	ecma48_end(&e, out);
}

START_TEST(sequences)
{
	/* In pieces of every size. */
	for (size_t step = 1; step < 40; step++) {
		struct buf out cleanup_buf = BUF_INIT(4096);

		strip(cases[_i].in, step, &out);
		ck_assert_msg(streq(buf_str(&out), cases[_i].out), "%s, by %zu: \"%s\"",
			      cases[_i].what, step, buf_str(&out));
	}
}
END_TEST

START_TEST(a_string_without_end)
{
	struct buf out cleanup_buf = BUF_INIT(4096);
	struct ecma48 e = { 0 };

	ecma48_strip(&e, "\x1b]", 2, &out);
	for (int i = 0; i <= ECMA48_STRING_MAX; i++)
		ecma48_strip(&e, "s", 1, &out);
	ecma48_strip(&e, "text\n", 5, &out);
	ck_assert_str_eq(buf_str(&out), "text\n");
}
END_TEST

START_TEST(nul)
{
	struct buf out cleanup_buf = BUF_INIT(4096);
	struct ecma48 e = { 0 };

	ecma48_strip(&e,
		     "a\0b\x1b[\0"
		     "1mc",
		     10, &out);
	ck_assert_str_eq(buf_str(&out), "abc");
}
END_TEST

static Suite *test_ecma48(void)
{
	Suite *s = suite_create("ecma48");
	TCase *t = tcase_create("ecma48");

	tcase_add_loop_test(t, sequences, 0, ARRAY_SIZE(cases));
	tcase_add_test(t, a_string_without_end);
	tcase_add_test(t, nul);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_ecma48);
