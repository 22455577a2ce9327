/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "mem.h"
#include "str.h"
#include "unit.h"

START_TEST(comparing)
{
	cleanup_free char *a = str_trim(" \t x y\r\n");
	cleanup_free char *b = str_trim(NULL);
	cleanup_free char *c = str_trim("  ");
	/* U+00A0, U+2003, U+3000, U+0085 around; a letter that ends in their bytes */
	cleanup_free char *d = str_trim("\xc2\xa0 \xe2\x80\x83x \xc3\xa0\xe3\x80\x80\xc2\x85");
	cleanup_free char *e = str_trim("\x85\xa0"); /* no UTF-8 */
	bool on = false;

	ck_assert_str_eq(a, "x y");
	ck_assert_str_eq(b, "");
	ck_assert_str_eq(c, "");
	ck_assert_str_eq(d, "x \xc3\xa0");
	ck_assert_str_eq(e, "\x85\xa0");
	ck_assert(str_to_bool("True", &on) == 0 && on && str_to_bool("f", &on) == 0 && !on);
	ck_assert(str_to_bool("yes", &on) < 0 && str_to_bool("", &on) < 0 &&
		  str_to_bool(" 1", &on) < 0);
	ck_assert(streq_null(NULL, "") && streq_null(NULL, NULL) && !streq_null("a", NULL));
	ck_assert(str_empty(NULL) && str_empty("") && !str_empty(" "));
	ck_assert(str_has_prefix("abc", "ab") && str_has_prefix("abc", ""));
	ck_assert(!str_has_prefix("ab", "abc"));
	ck_assert(str_has_suffix("abc", "bc") && !str_has_suffix("bc", "abc"));
	ck_assert(str_case_eq("aBc1", "AbC1") && !str_case_eq("ab", "abc") &&
		  !str_case_eq("@", "`"));
}
END_TEST

static const struct {
	const char *s;
	int64_t v;
	int r;
} numbers[] = {
	{ "0", 0, 0 },
	{ "-1", -1, 0 },
	{ "+7", 7, 0 },
	{ "007", 7, 0 },
	{ "9223372036854775807", INT64_MAX, 0 },
	{ "-9223372036854775808", INT64_MIN, 0 },
	{ "9223372036854775808", 0, -ERANGE },
	{ "-9223372036854775809", 0, -ERANGE },
	{ "99999999999999999999999", 0, -ERANGE },
	{ "99999999999999999999999x", 0, -EINVAL },
	{ "", 0, -EINVAL },
	{ "-", 0, -EINVAL },
	{ "--1", 0, -EINVAL },
	{ " 1", 0, -EINVAL },
	{ "1 ", 0, -EINVAL },
	{ "0x10", 0, -EINVAL },
	{ "1_000", 0, -EINVAL },
};

START_TEST(signed_numbers)
{
	int64_t v = 42;

	ck_assert_int_eq(str_to_i64(numbers[_i].s, INT64_MIN, INT64_MAX, &v), numbers[_i].r);
	ck_assert_int_eq(v, numbers[_i].r == 0 ? numbers[_i].v : 42);
}
END_TEST

START_TEST(unsigned_numbers)
{
	uint64_t u = 42;
	int64_t i = 42;

	ck_assert_int_eq(str_to_u64("18446744073709551615", 0, UINT64_MAX, &u), 0);
	ck_assert_uint_eq(u, UINT64_MAX);
	ck_assert_int_eq(str_to_u64("18446744073709551616", 0, UINT64_MAX, &u), -ERANGE);
	ck_assert_int_eq(str_to_u64("-1", 0, UINT64_MAX, &u), -EINVAL);
	ck_assert_int_eq(str_to_u64("+1", 0, UINT64_MAX, &u), -EINVAL);
	ck_assert_int_eq(str_to_u64("4", 5, 9, &u), -ERANGE);
	ck_assert_int_eq(str_to_u64("10", 5, 9, &u), -ERANGE);
	ck_assert_int_eq(str_to_u64("9", 5, 9, &u), 0);
	ck_assert_int_eq(str_to_i64("-6", -5, 5, &i), -ERANGE);
	ck_assert_int_eq(str_to_i64("6", -5, 5, &i), -ERANGE);
	ck_assert_int_eq(str_to_u64_base("644", 8, 07777, &u), 0);
	ck_assert_uint_eq(u, 0644);
	ck_assert_int_eq(str_to_u64_base("8", 8, 07777, &u), -EINVAL);
	ck_assert_int_eq(str_to_u64_base("10000", 8, 07777, &u), -ERANGE);
	ck_assert_int_eq(str_to_u64_base("fFffFFffffffffff", 16, UINT64_MAX, &u), 0);
	ck_assert_uint_eq(u, UINT64_MAX);
	ck_assert_int_eq(str_to_u64_base("g", 16, UINT64_MAX, &u), -EINVAL);
}
END_TEST

static const struct {
	const char *s;
	int64_t v;
	const char *msg; /* NULL: good */
} sizes[] = {
	{ "0", 0, NULL },
	{ "512", 512, NULL },
	{ "1k", 1024, NULL },
	{ "1K", 1024, NULL },
	{ "2Ki", 2048, NULL },
	{ "64m", 64 << 20, NULL },
	{ "1GI", 1 << 30, NULL },
	{ "8589934591g", 8589934591 << 30, NULL },
	{ "", 0, "size is empty" },
	{ "  ", 0, "size is empty" },
	{ "abc", 0, "invalid size \"abc\": strconv.ParseInt: parsing \"abc\": invalid syntax" },
	{ "64mb", 0, "invalid size \"64mb\": strconv.ParseInt: parsing \"64mb\": invalid syntax" },
	{ "1.5g", 0, "invalid size \"1.5g\": strconv.ParseInt: parsing \"1.5\": invalid syntax" },
	{ "k", 0, "invalid size \"k\": strconv.ParseInt: parsing \"\": invalid syntax" },
	{ "i", 0, "invalid size \"i\": strconv.ParseInt: parsing \"i\": invalid syntax" },
	{ "1i", 0, "invalid size \"1i\": strconv.ParseInt: parsing \"1i\": invalid syntax" },
	{ "-1k", 0, "invalid size \"-1k\": must be non-negative" },
	{ "8589934592g", 0,
	  "invalid size \"8589934592g\": strconv.ParseInt: parsing \"8589934592\": value out of range" },
	{ "9223372036854775808", 0,
	  "invalid size \"9223372036854775808\": strconv.ParseInt: parsing \"9223372036854775808\": "
	  "value out of range" },
	{ "\x1b[2J", 0,
	  "invalid size \"\\x1b[2J\": strconv.ParseInt: parsing \"\\x1b[2J\": invalid syntax" },
};

START_TEST(size_table)
{
	struct kerr e = { 0 };
	int64_t v = -42;
	int r;

	r = str_to_size(sizes[_i].s, &v, &e);
	if (sizes[_i].msg == NULL) {
		ck_assert_int_eq(r, 0);
		ck_assert_int_eq(v, sizes[_i].v);
	} else {
		ck_assert_int_lt(r, 0);
		ck_assert_int_eq(v, -42);
		ck_assert_str_eq(e.msg, sizes[_i].msg);
		ck_assert_int_eq(e.sys_errno, 0);
	}
}
END_TEST

START_TEST(distances)
{
	char big[100];

	ck_assert_uint_eq(str_distance("", ""), 0);
	ck_assert_uint_eq(str_distance("", "abc"), 3);
	ck_assert_uint_eq(str_distance("abc", ""), 3);
	ck_assert_uint_eq(str_distance("abc", "abc"), 0);
	ck_assert_uint_eq(str_distance("abc", "acb"), 1);
	ck_assert_uint_eq(str_distance("kitten", "sitting"), 3);
	ck_assert_uint_eq(str_distance("ca", "abc"), 3);
	memset(big, 'x', 99);
	big[99] = '\0';
	ck_assert_uint_eq(str_distance("x", big), 99);
	big[64] = '\0';
	ck_assert_uint_eq(str_distance(big, "x"), 63);
}
END_TEST

static const struct {
	const char *s;
	size_t len;
	uint32_t c;
} characters[] = {
	{ "a", 1, 'a' },
	{ "\xc2\x80", 2, 0x80 },
	{ "\xdf\xbf", 2, 0x7ff },
	{ "\xe0\xa0\x80", 3, 0x800 },
	{ "\xed\x9f\xbf", 3, 0xd7ff },
	{ "\xee\x80\x80", 3, 0xe000 },
	{ "\xf0\x90\x80\x80", 4, 0x10000 },
	{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	{ "\xf4\x90\x80\x80", 0, 0 },
	{ "\xf5\x80\x80\x80", 0, 0 },
	{ "\xf0\x8f\xbf\xbf", 0, 0 },
	{ "\xed\xa0\x80", 0, 0 },
	{ "\xe0\x9f\xbf", 0, 0 },
	{ "\xc1\xbf", 0, 0 },
	{ "\xc0\x80", 0, 0 },
	{ "\x80", 0, 0 },
	{ "\xff", 0, 0 },
	{ "\xc2", 0, 0 },
	{ "\xe2\x82", 0, 0 },
	{ "\xc3"
	  "a",
	  0, 0 },
};

START_TEST(utf8_table)
{
	size_t n = strlen(characters[_i].s);

	ck_assert_uint_eq(utf8_len(characters[_i].s, n), characters[_i].len);
	if (characters[_i].len > 0) {
		ck_assert_uint_eq(utf8_decode(characters[_i].s, n), characters[_i].c);
		ck_assert_uint_eq(utf8_len(characters[_i].s, n - 1), 0);
	}
	ck_assert(utf8_valid(characters[_i].s, n) == (characters[_i].len > 0));
}
END_TEST

START_TEST(vis)
{
	static const char in[] = "a\\\n\t\r\x1b[1m \xc3\xa4 \xff\xc2\x85 \xe2\x80\xae \0 end";
	cleanup_buf struct buf b = BUF_INIT(200);

	str_vis(&b, in, sizeof(in) - 1);
	ck_assert_str_eq(buf_str(&b), "a\\\\n\\t\\x0d\\x1b[1m \xc3\xa4 \\xff\\u0085 "
				      "\\u202e \\x00 end");
	buf_reset(&b);
	str_vis(&b, "", 0);
	ck_assert_str_eq(buf_str(&b), "");
}
END_TEST

static void one_line(const char *in, size_t max, const char *want)
{
	cleanup_buf struct buf b = BUF_INIT(200);

	str_one_line(&b, in, max);
	ck_assert_str_eq(buf_str(&b), want);
}

START_TEST(lines)
{
	one_line("", 10, "");
	one_line(" a \n\t b\n", 10, "a b");
	one_line("0123456789", 10, "0123456789");
	one_line("0123456789a", 10, "0123456...");
	one_line("012345\xc3\xa4\xc3\xa4\xc3\xa4", 10, "012345...");
	one_line("01234\xc3\xa4\xc3\xa4\xc3\xa4", 10, "01234\xc3\xa4...");
	one_line("abc", 2, "..");
	one_line("abc", 0, "");
}
END_TEST

START_TEST(hashes)
{
	ck_assert_uint_eq(fnv1a32("default-default", 15), 0x703e8b3a);
	ck_assert_uint_eq(fnv1a32("", 0), 2166136261U);
}
END_TEST

static Suite *test_str(void)
{
	Suite *s = suite_create("str");
	TCase *c = tcase_create("str");

	tcase_add_test(c, comparing);
	tcase_add_loop_test(c, signed_numbers, 0, ARRAY_SIZE(numbers));
	tcase_add_test(c, unsigned_numbers);
	tcase_add_loop_test(c, size_table, 0, ARRAY_SIZE(sizes));
	tcase_add_test(c, distances);
	tcase_add_loop_test(c, utf8_table, 0, ARRAY_SIZE(characters));
	tcase_add_test(c, vis);
	tcase_add_test(c, lines);
	tcase_add_test(c, hashes);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_str);
