/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "buf.h"
#include "jscan.h"
#include "mem.h"
#include "unit.h"

/* Events as text, runs joined: the same however the bytes came. */
struct record {
	struct buf out;
	bool in_run;
};

static void on_event(void *ctx, enum jscan_event ev, unsigned depth, const char *p, size_t n)
{
	static const char letters[] = "?{}[]KkSsLl";
	struct record *rec = ctx;
	bool run = ev == JSCAN_EV_KEY || ev == JSCAN_EV_STRING || ev == JSCAN_EV_LITERAL;

	if (!run)
		ck_assert_uint_eq(n, 0);
	else
		ck_assert_uint_gt(n, 0);
	if (!run || !rec->in_run)
		buf_addf(&rec->out, "%c%u", letters[ev], depth);
	buf_add(&rec->out, p != NULL ? p : "", n);
	rec->in_run = run;
}

/* Feed in pieces of step bytes. */
static enum jscan_result scan(const char *text, size_t n, size_t step, struct record *rec,
			      size_t *ret_used)
{
	enum jscan_result res = JSCAN_MORE;
	struct jscan s;
	size_t done = 0;
	size_t used;

	jscan_init(&s, on_event, rec);
	while (done < n && res == JSCAN_MORE) {
		size_t piece = step < n - done ? step : n - done;

		res = jscan_feed(&s, text + done, piece, &used);
		if (res == JSCAN_MORE)
			ck_assert_uint_eq(used, piece);
		done += used;
	}
	if (res == JSCAN_MORE)
		res = jscan_finish(&s);
	*ret_used = done;
	return res;
}

static const struct {
	const char *text;
	enum jscan_result result;
	size_t used; /* checked on JSCAN_DONE */
	const char *events; /* NULL: not checked */
} cases[] = {
	{ "{}", JSCAN_DONE, 2, "{0}0" },
	{ " [ ] x", JSCAN_DONE, 4, "[0]0" },
	{ "{\"a\":1,\"b\":[true,null,\"x\\n\"]}\n{", JSCAN_DONE, 29,
	  "{0K1ak1L11l1K1bk1[1L2truel2L2nulll2S2x\\ns2]1}0" },
	{ "\"\"", JSCAN_DONE, 2, "s0" },
	{ "\"a\\u00e4\\\"\\\\b\" ", JSCAN_DONE, 14, "S0a\\u00e4\\\"\\\\bs0" },
	{ "{\"\":\"\"}", JSCAN_DONE, 7, "{0k1s1}0" },
	{ "12", JSCAN_DONE, 2, "L012l0" },
	{ "12 ", JSCAN_DONE, 2, "L012l0" },
	{ "-0.5e+10,", JSCAN_DONE, 8, "L0-0.5e+10l0" },
	{ "[0]", JSCAN_DONE, 3, "[0L10l1]0" },
	{ "01", JSCAN_DONE, 1, "L00l0" }, /* the next value begins at 1; a frame ends with a line */
	{ "[1E5,-1.0]", JSCAN_DONE, 10, NULL },
	{ "false", JSCAN_DONE, 5, "L0falsel0" },
	{ "\xff", JSCAN_BAD, 0, NULL },
	{ "\"\xff\xfe\"", JSCAN_DONE, 4, NULL },
	{ "", JSCAN_MORE, 0, "" },
	{ "  ", JSCAN_MORE, 0, "" },
	{ "{", JSCAN_MORE, 0, NULL },
	{ "[1", JSCAN_MORE, 0, NULL },
	{ "tru", JSCAN_MORE, 0, NULL },
	{ "-", JSCAN_MORE, 0, NULL },
	{ "1.", JSCAN_MORE, 0, NULL },
	{ "1e", JSCAN_MORE, 0, NULL },
	{ "1e+", JSCAN_MORE, 0, NULL },
	{ "\"abc", JSCAN_MORE, 0, NULL },
	{ "\"\\u12", JSCAN_MORE, 0, NULL },
	{ "[01]", JSCAN_BAD, 0, NULL },
	{ "[-]", JSCAN_BAD, 0, NULL },
	{ "[1.]", JSCAN_BAD, 0, NULL },
	{ "[.5]", JSCAN_BAD, 0, NULL },
	{ "[+1]", JSCAN_BAD, 0, NULL },
	{ "[1e]", JSCAN_BAD, 0, NULL },
	{ "[1.e1]", JSCAN_BAD, 0, NULL },
	{ "[0x1]", JSCAN_BAD, 0, NULL },
	{ "[1,]", JSCAN_BAD, 0, NULL },
	{ "[,1]", JSCAN_BAD, 0, NULL },
	{ "[1 2]", JSCAN_BAD, 0, NULL },
	{ "[1}", JSCAN_BAD, 0, NULL },
	{ "{]", JSCAN_BAD, 0, NULL },
	{ "{\"a\"}", JSCAN_BAD, 0, NULL },
	{ "{\"a\":}", JSCAN_BAD, 0, NULL },
	{ "{\"a\":1,}", JSCAN_BAD, 0, NULL },
	{ "{a:1}", JSCAN_BAD, 0, NULL },
	{ "{1:1}", JSCAN_BAD, 0, NULL },
	{ "{,}", JSCAN_BAD, 0, NULL },
	{ "]", JSCAN_BAD, 0, NULL },
	{ "}", JSCAN_BAD, 0, NULL },
	{ ",", JSCAN_BAD, 0, NULL },
	{ "nul ", JSCAN_BAD, 0, NULL },
	{ "True", JSCAN_BAD, 0, NULL },
	{ "NaN", JSCAN_BAD, 0, NULL },
	{ "'a'", JSCAN_BAD, 0, NULL },
	{ "\"\x01\"", JSCAN_BAD, 0, NULL },
	{ "\"\n\"", JSCAN_BAD, 0, NULL },
	{ "\"\\x\"", JSCAN_BAD, 0, NULL },
	{ "\"\\u12g4\"", JSCAN_BAD, 0, NULL },
	{ "\"\\U1234\"", JSCAN_BAD, 0, NULL },
	{ "\v1", JSCAN_BAD, 0, NULL },
	{ "/**/1", JSCAN_BAD, 0, NULL },
};

START_TEST(grammar)
{
	const char *text = cases[_i].text;
	size_t n = strlen(text);
	size_t step;

	for (step = 1; step <= n + 1; step++) {
		struct record rec = { .out = BUF_INIT(10000) };
		size_t used;

		ck_assert_msg(scan(text, n, step, &rec, &used) == cases[_i].result, "%s", text);
		if (cases[_i].result == JSCAN_DONE)
			ck_assert_uint_eq(used, cases[_i].used);
		if (cases[_i].events != NULL)
			ck_assert_str_eq(buf_str(&rec.out), cases[_i].events);
		buf_clear(&rec.out);
	}
}
END_TEST

START_TEST(nul_bytes)
{
	struct jscan s;
	size_t used;

	jscan_init(&s, NULL, NULL);
	ck_assert_int_eq(jscan_feed(&s, "\"a\0\"", 4, &used), JSCAN_BAD);
	ck_assert_uint_eq(used, 2);
	ck_assert_int_eq(jscan_feed(&s, "\"", 1, &used), JSCAN_BAD);
	ck_assert_uint_eq(used, 0);
	ck_assert_int_eq(jscan_finish(&s), JSCAN_BAD);
	jscan_init(&s, NULL, NULL);
	ck_assert_int_eq(jscan_feed(&s, "\"\\\0\"", 4, &used), JSCAN_BAD);
	jscan_init(&s, NULL, NULL);
	ck_assert_int_eq(jscan_feed(&s, "\0", 1, &used), JSCAN_BAD);
}
END_TEST

START_TEST(depth)
{
	char text[2 * JSCAN_MAX_DEPTH + 3];
	struct jscan s;
	size_t used;

	memset(text, '[', JSCAN_MAX_DEPTH + 1);
	memset(text + JSCAN_MAX_DEPTH + 1, ']', JSCAN_MAX_DEPTH + 1);
	jscan_init(&s, NULL, NULL);
	ck_assert_int_eq(jscan_feed(&s, text + 1, 2 * JSCAN_MAX_DEPTH, &used), JSCAN_DONE);
	ck_assert_int_eq(jscan_feed(&s, text, 1, &used), JSCAN_DONE);
	ck_assert_uint_eq(used, 0);
	jscan_init(&s, NULL, NULL);
	ck_assert_int_eq(jscan_feed(&s, text, 2 * JSCAN_MAX_DEPTH + 2, &used), JSCAN_BAD);
	ck_assert_uint_eq(used, JSCAN_MAX_DEPTH);
}
END_TEST

/* Random texts over the alphabet of JSON: any split gives the same verdict and events. */
START_TEST(any_split)
{
	static const char *const parts[] = { "{",  "}",	   "[",	    "]",    ",", ":", "\"a\"",
					     "\"", "\\",   "\\u00", "1",    "-", ".", "e",
					     "0",  "true", "nul",   "null", " ", "x" };
	unsigned seed = 12345;
	int round;

	for (round = 0; round < 5000; round++) {
		struct record whole = { .out = BUF_INIT(10000) };
		struct record pieces = { .out = BUF_INIT(10000) };
		char text[100] = "";
		size_t n = 0;
		size_t used[2];
		int res[2];
		int i;

		for (i = 0; i < 12; i++) {
			const char *part;

			seed = seed * 1103515245 + 12345;
			part = parts[(seed >> 16) % ARRAY_SIZE(parts)];
			memcpy(text + n, part, strlen(part));
			n += strlen(part);
		}
		res[0] = scan(text, n, n, &whole, &used[0]);
		res[1] = scan(text, n, 1 + (seed >> 20) % 3, &pieces, &used[1]);
		ck_assert_msg(res[0] == res[1] && used[0] == used[1], "%.*s", (int) n, text);
		ck_assert_str_eq(buf_str(&whole.out), buf_str(&pieces.out));
		buf_clear(&whole.out);
		buf_clear(&pieces.out);
	}
}
END_TEST

static const char flat[] =
	" {\"a\":\"x\\ny\\u00e4\\ud83d\\ude00\\ud800z\", \"n\":-12, \"big\":9223372036854775808,"
	"\"min\":-9223372036854775808,\"e\":\"\",\"o\":{\"in\":\"no\"},\"f\":1.5,\"t\":true,"
	"\"nul\":\"a\\u0000b\",\"twice\":1,\"twice\":2,\"\":7} \n";

static int get_str(const char *key, char *buf, size_t size)
{
	return jscan_get_str(flat, sizeof(flat) - 1, key, buf, size);
}

static int get_i64(const char *key, int64_t *ret)
{
	return jscan_get_i64(flat, sizeof(flat) - 1, key, ret);
}

START_TEST(lookups)
{
	char s[64];
	int64_t v = 0;

	ck_assert_int_eq(get_str("a", s, sizeof(s)), 0);
	ck_assert_str_eq(s, "x\ny\xc3\xa4\xf0\x9f\x98\x80\xef\xbf\xbdz");
	ck_assert_int_eq(get_str("a", s, 14), 0);
	ck_assert_int_eq(get_str("a", s, 13), -E2BIG);
	ck_assert_int_eq(get_str("e", s, 1), 0);
	ck_assert_str_eq(s, "");
	ck_assert_int_eq(get_str("e", s, 0), -E2BIG);
	ck_assert_int_eq(get_str("n", s, sizeof(s)), -EINVAL);
	ck_assert_int_eq(get_str("o", s, sizeof(s)), -EINVAL);
	ck_assert_int_eq(get_str("in", s, sizeof(s)), -ENOENT);
	ck_assert_int_eq(get_str("nul", s, sizeof(s)), -EINVAL);
	ck_assert_int_eq(get_i64("n", &v), 0);
	ck_assert_int_eq(v, -12);
	ck_assert_int_eq(get_i64("min", &v), 0);
	ck_assert_int_eq(v, INT64_MIN);
	ck_assert_int_eq(get_i64("big", &v), -ERANGE);
	ck_assert_int_eq(get_i64("f", &v), -EINVAL);
	ck_assert_int_eq(get_i64("t", &v), -EINVAL);
	ck_assert_int_eq(get_i64("a", &v), -EINVAL);
	ck_assert_int_eq(get_i64("none", &v), -ENOENT);
	ck_assert_int_eq(get_i64("twice", &v), 0);
	ck_assert_int_eq(v, 2);
	ck_assert_int_eq(get_i64("", &v), 0);
	ck_assert_int_eq(v, 7);
	ck_assert_int_eq(jscan_get_i64("{\"a\":1", 6, "a", &v), -EINVAL);
	ck_assert_int_eq(jscan_get_i64("{\"a\":1}x", 8, "a", &v), -EINVAL);
	ck_assert_int_eq(jscan_get_i64("[1]", 3, "a", &v), -EINVAL);
	ck_assert_int_eq(jscan_get_i64("", 0, "a", &v), -EINVAL);
}
END_TEST

START_TEST(several_members)
{
	struct jscan_member m[] = {
		{ .key = "twice" }, { .key = "none" }, { .key = "a" }, { .key = "o" }
	};
	char s[64];
	int64_t v = 0;

	for (int i = 0; i < 2; i++) { /* what an earlier search found is forgotten */
		ck_assert_int_eq(jscan_members(flat, sizeof(flat) - 1, m, ARRAY_SIZE(m)), 0);
		ck_assert_int_eq(jscan_member_i64(&m[0], &v), 0);
		ck_assert_int_eq(v, 2);
		ck_assert_int_eq(jscan_member_i64(&m[1], &v), -ENOENT);
		ck_assert_int_eq(jscan_member_str(&m[1], s, sizeof(s)), -ENOENT);
		ck_assert_int_eq(jscan_member_str(&m[2], s, sizeof(s)), 0);
		ck_assert_int_eq(jscan_member_str(&m[3], s, sizeof(s)), -EINVAL);
	}
	ck_assert_int_eq(jscan_members("{\"b\":1}", 7, m, ARRAY_SIZE(m)), 0);
	ck_assert_int_eq(jscan_member_i64(&m[0], &v), -ENOENT);
	ck_assert_int_eq(jscan_members("{\"twice\":1", 10, m, ARRAY_SIZE(m)), -EINVAL);
}
END_TEST

/* Each byte at each place of a string: what ends it, escapes or is forbidden is found. */
START_TEST(string_bytes)
{
	char text[32];
	size_t used;

	for (size_t at = 1; at < sizeof(text) - 1; at++)
		for (int c = 0; c < 256; c++) {
			struct jscan s;
			enum jscan_result r;

			memset(text, 0xff, sizeof(text));
			text[0] = text[sizeof(text) - 1] = '"';
			text[at] = (char) c;
			if (c == '\\')
				text[at + 1] = at + 2 < sizeof(text) ? '/' : '"';
			jscan_init(&s, NULL, NULL);
			r = jscan_feed(&s, text, sizeof(text), &used);
			if (c < 0x20) {
				ck_assert_int_eq(r, JSCAN_BAD);
				ck_assert_uint_eq(used, at);
			} else if (c == '\\' && at + 2 == sizeof(text)) {
				ck_assert_int_eq(r, JSCAN_MORE);
			} else {
				ck_assert_int_eq(r, JSCAN_DONE);
				ck_assert_uint_eq(used, c == '"' ? at + 1 : sizeof(text));
			}
		}
}
END_TEST

static Suite *test_jscan(void)
{
	Suite *s = suite_create("jscan");
	TCase *c = tcase_create("jscan");

	tcase_add_loop_test(c, grammar, 0, ARRAY_SIZE(cases));
	tcase_add_test(c, nul_bytes);
	tcase_add_test(c, depth);
	tcase_add_test(c, any_split);
	tcase_add_test(c, lookups);
	tcase_add_test(c, several_members);
	tcase_add_test(c, string_bytes);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_jscan);
