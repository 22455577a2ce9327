/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "str.h"
#include "unit.h"
#include "words.h"

static const struct {
	const char *body, *words;
} rows[] = {
	{ "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest unknown\",\"detail\":"
	  "{\"Tag\":\"x\"}}]}",
	  "manifest unknown" },
	{ "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"requested access to the resource is "
	  "denied\",\"detail\":null}]}",
	  "denied: requested access to the resource is denied" },
	{ "{\"errors\":[{\"code\":\"A\",\"message\":\"one\"},{\"code\":\"B\",\"message\":\"two\"}]}",
	  "a: one" },
	{ "{\"details\":\"incorrect username or password\"}", "incorrect username or password" },
	{ "{\"error\":\"invalid_grant\",\"error_description\":\"no such user\"}",
	  "no such user: invalid_grant" },
	{ "{\"message\":\"a \\u001b[31mred\\nline\"}", "a \\x1b[31mred\\nline" },
	{ "down for lunch\n", "down for lunch\\n" },
	{ "<html><title>502</title></html>", "" },
	{ "  \n<!doctype html>", "" },
	{ "", "" },
	{ "{\"errors\":[{\"code\":\"CUT", "" },
	{ "[1,2,3]", "" },
	{ "{\"message\":5,\"code\":{\"code\":\"X\"}}", "x" },
};

START_TEST(says)
{
	cleanup_buf struct buf out = BUF_INIT(4096);

	words_of(rows[_i].body, strlen(rows[_i].body), &out);
	ck_assert_str_eq(buf_str(&out), rows[_i].words);
}
END_TEST

START_TEST(long_ones)
{
	cleanup_buf struct buf body = BUF_INIT(64 << 10), out = BUF_INIT(4096);
	int i;

	buf_adds(&body, "{\"message\":\"");
	for (i = 0; i < 1000; i++)
		buf_adds(&body, "words and ");
	buf_adds(&body, "\"}");
	words_of(body.data, body.len, &out);
	ck_assert_uint_le(out.len, 240);
	ck_assert(str_has_prefix(buf_str(&out), "words and words"));
	ck_assert(str_has_suffix(buf_str(&out), "..."));
}
END_TEST

static Suite *test_words(void)
{
	Suite *s = suite_create("words");
	TCase *t = tcase_create("words");

	tcase_add_loop_test(t, says, 0, (int) ARRAY_SIZE(rows));
	tcase_add_test(t, long_ones);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_words);
