/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "buf.h"
#include "jscan.h"
#include "jval.h"
#include "mem.h"
#include "unit.h"

static struct jval *read_text(const char *text)
{
	struct kerr err = { 0 };
	struct jval *v = NULL;

	ck_assert_msg(jval_read(text, strlen(text), "t", &v, &err) == 0, "%s", err.msg);
	return v;
}

START_TEST(values_are_walked_safely)
{
	cleanup_jval struct jval *v =
		read_text(" {\"a\":{\"b\":[1,-7,\"x\",true,null,\"\\u0000\"]},\"d\":1,\"d\":2} ");
	const struct jval *l = jval_get(jval_get(v, "a"), "b");
	int64_t i = 0;
	bool b = false;

	ck_assert(jval_is_object(v) && jval_is_array(l) && !jval_is_object(l));
	ck_assert_uint_eq(jval_count(l), 6);
	ck_assert_int_eq(jval_i64(jval_item(l, 1), &i), 0);
	ck_assert_int_eq(i, -7);
	ck_assert_str_eq(jval_str(jval_item(l, 2)), "x");
	ck_assert_int_eq(jval_bool(jval_item(l, 3), &b), 0);
	ck_assert(b);
	ck_assert_int_eq(jval_bool(jval_item(l, 0), &b), -EINVAL);
	ck_assert_int_eq(jval_i64(jval_item(l, 2), &i), -EINVAL);
	ck_assert(jval_is_null(jval_item(l, 4)) && jval_is_null(NULL));
	ck_assert_ptr_null(jval_str(jval_item(l, 5)));
	ck_assert_ptr_null(jval_item(l, 6));
	ck_assert_ptr_null(jval_get(l, "x"));
	ck_assert_ptr_null(jval_str(l));
	ck_assert_ptr_null(jval_get(jval_get(v, "nope"), "b"));
	ck_assert_ptr_null(jval_get(v, "A"));
	ck_assert_uint_eq(jval_count(v), 0);
	ck_assert_int_eq(jval_i64(jval_get(v, "d"), &i), 0);
	ck_assert_int_eq(i, 2); /* the last of several */
}
END_TEST

static const struct {
	const char *text;
	int i64, u64; /* results */
	int64_t i;
	uint64_t u;
} numbers[] = {
	{ "0", 0, 0, 0, 0 },
	{ "-1", 0, -ERANGE, -1, 0 },
	{ "9007199254740993", 0, 0, 9007199254740993, 9007199254740993 },
	{ "9223372036854775807", 0, 0, INT64_MAX, INT64_MAX },
	{ "-9223372036854775808", 0, -ERANGE, INT64_MIN, 0 },
	{ "9223372036854775808", -ERANGE, 0, 0, 9223372036854775808ULL },
	{ "18446744073709551615", -ERANGE, 0, 0, UINT64_MAX },
	{ "18446744073709551616", -ERANGE, -ERANGE, 0, 0 },
	{ "-9223372036854775809", -ERANGE, -EINVAL, 0, 0 },
	{ "1e3", -EINVAL, -EINVAL, 0, 0 },
	{ "0.5", -EINVAL, -EINVAL, 0, 0 },
	{ "1e999", -EINVAL, -EINVAL, 0, 0 },
	/* what such a number becomes, said by the text: a string all the same */
	{ "\"\\u00007\"", -EINVAL, -EINVAL, 0, 0 },
	{ "\"\\u0000\\u00007\"", -EINVAL, -EINVAL, 0, 0 },
	{ "\"7\"", -EINVAL, -EINVAL, 0, 0 },
	{ "null", -EINVAL, -EINVAL, 0, 0 },
};

START_TEST(numbers_keep_their_digits)
{
	cleanup_free char *text = xasprintf("[%s]", numbers[_i].text);
	cleanup_jval struct jval *list = read_text(text);
	const struct jval *v = jval_item(list, 0);
	uint64_t u = 0;
	int64_t i = 0;

	ck_assert_int_eq(jval_i64(v, &i), numbers[_i].i64);
	ck_assert(i == numbers[_i].i);
	ck_assert_int_eq(jval_u64(v, &u), numbers[_i].u64);
	ck_assert(u == numbers[_i].u);
}
END_TEST

#define FFFD "\xef\xbf\xbd"

/* What Go takes and jansson refuses. */
static const struct {
	const char *text, *want; /* of a string; NULL: there is a NUL in it */
} odd[] = {
	{ "a\xff\xe2\x28z", "a" FFFD FFFD "(z" },
	{ "\xed\xa0\x80", FFFD FFFD FFFD },
	{ "\\ud800", FFFD },
	{ "\\udc00\\uD83D\\uDe00\\n", FFFD "\xf0\x9f\x98\x80\n" },
	{ "\\ud83d\\u0041\\\\ud800", FFFD "A\\ud800" },
	{ "\\ud83d\\ud83d\\ude00", FFFD "\xf0\x9f\x98\x80" },
	{ "\\ud83dx", FFFD "x" },
	{ "\xc3\xa4\\u00e4", "\xc3\xa4\xc3\xa4" },
	{ "\\u0000", NULL },
	{ "a\\u0000b", NULL },
	{ "", "" },
};

START_TEST(odd_strings)
{
	cleanup_free char *text =
		xasprintf("{\"k\":\"%s\",\"%s\":true}", odd[_i].text, odd[_i].text);
	cleanup_jval struct jval *v = read_text(text);

	ck_assert_pstr_eq(jval_str(jval_get(v, "k")), odd[_i].want);
	if (odd[_i].want)
		ck_assert(!jval_is_null(jval_get(v, odd[_i].want)));
	else
		ck_assert(!jval_is_null(jval_get(v, _i == 8 ? FFFD : "a" FFFD "b")));
}
END_TEST

static const struct {
	const char *text, *why;
	int r;
} bad[] = {
	{ "", "t: unexpected end of JSON input", -EINVAL },
	{ "[1,", "t: unexpected end of JSON input", -EINVAL },
	{ "[1] x", "t: invalid JSON at byte 5", -EINVAL },
	{ "{\"a\":1,}", "t: invalid JSON at byte 8", -EINVAL },
	{ "{\"a\":tru}", "t: invalid JSON at byte 9", -EINVAL },
	{ "\"a\nb\"", "t: invalid JSON at byte 3", -EINVAL },
	{ "\"\\x\"", "t: invalid JSON at byte 3", -EINVAL },
	{ "01", "t: invalid JSON at byte 2", -EINVAL },
};

START_TEST(errors_say_where)
{
	struct kerr err = { 0 };
	struct jval *v = NULL;

	ck_assert_int_eq(jval_read(bad[_i].text, strlen(bad[_i].text), "t", &v, &err), bad[_i].r);
	ck_assert_str_eq(err.msg, bad[_i].why);
	ck_assert_ptr_null(v);
}
END_TEST

/* n times s, around one value. */
static int read_many(const char *head, const char *s, size_t n, const char *tail, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(64 << 20);
	cleanup_jval struct jval *v = NULL;
	size_t i;

	buf_adds(&text, head);
	for (i = 0; i < n; i++)
		buf_adds(&text, s);
	buf_adds(&text, tail);
	return jval_read(buf_str(&text), text.len, "t", &v, err);
}

START_TEST(limits)
{
	struct kerr err = { 0 };

	ck_assert_int_eq(read_many("[", "0,", KUKE_MAX_NODES - 2, "0]", &err), 0);
	ck_assert_int_eq(read_many("[", "0,", KUKE_MAX_NODES - 1, "0]", &err), -E2BIG);
	ck_assert_str_eq(err.msg, "t: more than 1048576 JSON values");
	ck_assert_int_eq(read_many("[", "{},", KUKE_MAX_NODES, "0]", &err), -E2BIG);
	ck_assert_int_eq(read_many("{", "\"\":0,", KUKE_MAX_NODES / 2, "\"\":0}", &err), -E2BIG);
	ck_assert_int_eq(read_many("[[[[", "[", JSCAN_MAX_DEPTH - 4, "", &err), -EINVAL);
	ck_assert_int_eq(read_many("[[[[", "[", JSCAN_MAX_DEPTH - 3, "", &err), -E2BIG);
	/* the longest replacements there are */
	ck_assert_int_eq(read_many("[", "1.5,", 200000, "1.5]", &err), 0);
	ck_assert_int_eq(read_many("[", "-0,", 200000, "-0]", &err), 0);
	ck_assert_int_eq(read_many("\"", "\xff", 1000000, "\"", &err), 0);
	ck_assert_int_eq(read_many("[", "\"\\u0000\",", 200000, "0]", &err), 0);
}
END_TEST

START_TEST(members_by_type)
{
	cleanup_jval struct jval *v = read_text(
		"{\"s\":\"x\",\"n\":null,\"l\":[\"a\",\"b\"],\"bad\":[\"a\",7],"
		"\"m\":{\"k\":\"1\",\"j\":\"2\"},\"worse\":{\"k\":1},\"i\":18446744073709551615}");
	cleanup_free char *s = NULL;
	cleanup_strlist struct strlist l = { 0 };
	cleanup_strmap struct strmap m = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(jval_get_str(v, "s", "w", &s, &err), 0);
	ck_assert_str_eq(s, "x");
	free_p(&s);
	ck_assert_int_eq(jval_get_str(v, "n", "w", &s, &err), 0);
	ck_assert_str_eq(s, "");
	free_p(&s);
	ck_assert_int_eq(jval_get_str(NULL, "s", "w", &s, &err), 0);
	ck_assert_int_eq(jval_get_str(v, "l", "w", &s, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "w.l: must be a string");
	ck_assert_int_eq(jval_get_str(v, "i", "w", &s, &err), -EINVAL);
	ck_assert_int_eq(jval_get_strlist(v, "n", "w", &l, &err), 0);
	ck_assert_ptr_null(l.v);
	ck_assert_int_eq(jval_get_strlist(v, "l", "w", &l, &err), 0);
	ck_assert_uint_eq(l.n, 2);
	ck_assert_int_eq(jval_get_strlist(v, "m", "w", &l, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "w.m: must be a list of strings");
	ck_assert_int_eq(jval_get_strlist(v, "bad", "w", &l, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "w.bad[1]: must be a string");
	ck_assert_int_eq(jval_get_strmap(v, "m", "w", &m, &err), 0);
	ck_assert_str_eq(strmap_get(&m, "j"), "2");
	ck_assert_int_eq(jval_get_strmap(v, "l", "w", &m, &err), -EINVAL);
	ck_assert_int_eq(jval_get_strmap(v, "worse", "w", &m, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "w.worse: must be an object of strings");
}
END_TEST

START_TEST(zero_values)
{
	cleanup_jval struct jval *zero = read_text("[null,\"\",0,false,[],{}]");
	cleanup_jval struct jval *other =
		read_text("[\"0\",1,0.0,18446744073709551616,true,[0],{\"a\":0},\"\\u0000\"]");
	size_t i;

	ck_assert(jval_is_zero(NULL));
	for (i = 0; i < jval_count(zero); i++)
		ck_assert_msg(jval_is_zero(jval_item(zero, i)), "%zu", i);
	for (i = 0; i < jval_count(other); i++)
		ck_assert_msg(!jval_is_zero(jval_item(other, i)), "%zu", i);
}
END_TEST

START_TEST(pairs_in_their_order)
{
	cleanup_jval struct jval *v = read_text("{\"z\":1,\"a\":2,\"m\":3,\"a\":4}");
	cleanup_buf struct buf seen = BUF_INIT(100);
	const struct jval *value;
	void *iter = NULL;
	const char *key;
	int64_t i;

	while (jval_next(v, &iter, &key, &value)) {
		ck_assert_int_eq(jval_i64(value, &i), 0);
		buf_addf(&seen, "%s%d ", key, (int) i);
	}
	ck_assert_str_eq(buf_str(&seen), "z1 a4 m3 ");
	iter = NULL;
	ck_assert(!jval_next(value, &iter, &key, &value));
	iter = NULL;
	ck_assert(!jval_next(NULL, &iter, &key, &value));
}
END_TEST

static Suite *test_jval(void)
{
	Suite *s = suite_create("jval");
	TCase *c = tcase_create("jval");

	tcase_add_test(c, values_are_walked_safely);
	tcase_add_loop_test(c, numbers_keep_their_digits, 0, ARRAY_SIZE(numbers));
	tcase_add_loop_test(c, odd_strings, 0, ARRAY_SIZE(odd));
	tcase_add_loop_test(c, errors_say_where, 0, ARRAY_SIZE(bad));
	tcase_add_test(c, limits);
	tcase_add_test(c, members_by_type);
	tcase_add_test(c, zero_values);
	tcase_add_test(c, pairs_in_their_order);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(test_jval);
