/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "capture.h"
#include "term.h"
#include "unit.h"

static const struct {
	const char *in, *out;
} texts[] = {
	{ "plain \xc3\xa4 \\ \xe4\xb8\xad", "plain \xc3\xa4 \\ \xe4\xb8\xad" },
	{ "a\n\tb\r", "a\n\tb\\x0d" },
	{ "\x1b]0;title\a\x7f", "\\x1b]0;title\\x07\\x7f" },
	{ "x\xe2\x80\xaey\xc2\x85z\xf3\xa0\x80\x81", "x\\u202ey\\u0085z\\U000e0001" },
	{ "\xff\xe2\x80", "\\xff\\xe2\\x80" },
	{ "", "" },
};

START_TEST(escapes)
{
	cleanup_buf struct buf b = BUF_INIT(200);

	term_escape(&b, texts[_i].in, strlen(texts[_i].in));
	ck_assert_str_eq(buf_str(&b), texts[_i].out);
}
END_TEST

static const struct {
	const char *text;
	size_t columns;
} widths[] = {
	{ "", 0 },
	{ "abc", 3 },
	{ "\xc3\xa4", 1 },
	{ "a\xcc\x88", 1 }, /* a and a diaeresis over it */
	{ "\xe4\xb8\xad\xe6\x96\x87", 4 },
	{ "\xf0\x9f\x98\x80", 2 },
};

START_TEST(columns)
{
	ck_assert_uint_eq(term_columns(widths[_i].text), widths[_i].columns);
}
END_TEST

/* The other half, a terminal, is in a system test. */
START_TEST(files_get_bytes_and_errors_do_not)
{
	static const char text[] = "a\x1b[2J\xe2\x80\xae\n";
	struct strlist lines cleanup_strlist = { 0 };
	struct capture cap;

	strlist_add(&lines, "one\nhalf");
	capture_begin(&cap);
	term_out(text, strlen(text));
	term_err("%s", text);
	term_err_lines(&lines);
	capture_end(&cap);
	ck_assert_str_eq(buf_str(&cap.out), text);
	ck_assert_str_eq(buf_str(&cap.err), "a\\x1b[2J\\u202e\none\\nhalf\n");
	capture_clear(&cap);
}
END_TEST

static Suite *test_term(void)
{
	Suite *s = suite_create("term");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, escapes, 0, ARRAY_SIZE(texts));
	tcase_add_loop_test(t, columns, 0, ARRAY_SIZE(widths));
	tcase_add_test(t, files_get_bytes_and_errors_do_not);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_term);
