/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "buf.h"
#include "jwalk.h"
#include "unit.h"

/* "key=value|" of all parts, then what ended the walk. */
static void walk(struct buf *out, const char *text)
{
	struct jwalk_part part;
	struct jwalk w;
	int r = jwalk_begin(&w, text, strlen(text));

	while (r >= 0 && (r = jwalk_next(&w, &part)) > 0) {
		if (part.key)
			buf_addf(out, "%.*s=", (int) part.n_key, part.key);
		buf_addf(out, "%.*s|", (int) part.n, part.p);
	}
	buf_addf(out, "%s", r == 0 ? "end" : "bad");
	/* The end stays the end. */
	if (r == 0)
		ck_assert_int_eq(jwalk_next(&w, &part), 0);
}

static const struct {
	const char *text, *parts;
} rows[] = {
	{ "{}", "end" },
	{ " [ ] ", "end" },
	{ "{\"a\":1,\"b\" : [1, {\"c\":2}] , \"\":\"x\\\"}\"}",
	  "a=1|b=[1, {\"c\":2}]|=\"x\\\"}\"|end" },
	{ "[1e400,-0.10,\"\",null,{}]", "1e400|-0.10|\"\"|null|{}|end" },
	{ "{\"a\":1,\"a\":2}", "a=1|a=2|end" },
	{ "", "bad" },
	{ "1", "bad" },
	{ "{", "bad" },
	{ "{\"a\"", "bad" },
	{ "{\"a\":}", "bad" },
	{ "{\"a\":1", "a=1|bad" },
	{ "{\"a\":1]", "a=1|bad" },
	{ "{\"a\":1,}", "a=1|bad" },
	{ "{,\"a\":1}", "bad" },
	{ "{a:1}", "bad" },
	{ "[1 2]", "1|bad" },
	{ "[1,]", "1|bad" },
	{ "{} x", "bad" },
	{ "[1", "1|bad" },
};

START_TEST(parts)
{
	cleanup_buf struct buf out = BUF_INIT(4096);

	walk(&out, rows[_i].text);
	ck_assert_str_eq(buf_str(&out), rows[_i].parts);
}
END_TEST

START_TEST(members)
{
	static const char text[] = "{\"a\": 1, \"b\": [2], \"a\": 3}";
	const char *p = NULL;
	size_t n = 0;

	ck_assert_int_eq(jwalk_get(text, sizeof(text) - 1, "a", &p, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(*p, '3'); /* the last */
	ck_assert_int_eq(jwalk_get(text, sizeof(text) - 1, "b", &p, &n), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(jwalk_get(text, sizeof(text) - 1, "c", &p, &n), -ENOENT);
	ck_assert_int_eq(jwalk_get("{\"\\u0061\":7}", 12, "a", &p, &n), 0);
	ck_assert_int_eq(*p, '7');
	ck_assert_int_eq(jwalk_get(text, sizeof(text) - 2, "a", &p, &n), -EINVAL);
	ck_assert_int_eq(jwalk_get("[1]", 3, "a", &p, &n), -EINVAL);
}
END_TEST

static Suite *test_jwalk(void)
{
	Suite *s = suite_create("jwalk");
	TCase *c = tcase_create("jwalk");

	tcase_add_loop_test(c, parts, 0, (int) ARRAY_SIZE(rows));
	tcase_add_test(c, members);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_jwalk);
