/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "detach_keys.h"
#include "str.h"
#include "unit.h"

#define KEY "\x1d"

/* Pieces of what is typed, with | between, and what the program gets of it. */
static const struct {
	const char *keys, *typed, *sent;
	bool detach;
} rows[] = {
	{ "^],^]", "ab", "ab", false },
	{ "^],^]", KEY, KEY, false },
	{ "^],^]", KEY KEY, KEY "\x07", true },
	{ "^],^]", KEY "|" KEY, KEY "\x07", true },
	{ "^],^]", "ab" KEY KEY "cd",
	  "ab" KEY "\x07"
	  "cd",
	  true },
	{ "^],^]", KEY "x" KEY, KEY "x" KEY, false },
	{ "^],^]", KEY "|x|" KEY, KEY "x" KEY, false },
	{ "^],^]", KEY "x" KEY "|" KEY, KEY "x" KEY "\x07", true },
	{ "^],^]", "\x1b[200~" KEY KEY "\x1b[201~", "\x1b[200~" KEY KEY "\x1b[201~", false },
	{ "^],^]", "\x1b[2|00~" KEY KEY "\x1b|[20|1~", "\x1b[200~" KEY KEY "\x1b[201~", false },
	{ "^],^]", "\x1b[200~" KEY "\x1b[201~" KEY, "\x1b[200~" KEY "\x1b[201~" KEY, false },
	{ "^],^]", KEY "\x1b[200~" KEY, KEY "\x1b[200~" KEY, false },
	{ "^],^]", "\x1b[200~x\x1b[201~" KEY KEY, "\x1b[200~x\x1b[201~" KEY "\x07", true },
	{ "^],^]", "\x1b\x1b[200~" KEY KEY, "\x1b\x1b[200~" KEY KEY, false },
	{ "^],^]", "\x1b[200~\x1b\x1b[201~" KEY KEY, "\x1b[200~\x1b\x1b[201~" KEY "\x07", true },
	{ "^],^]", "\x1b[20~" KEY KEY, "\x1b[20~" KEY "\x07", true },
	{ "^p,^q", "\x10\x11", "\x10\x07", true },
	{ "^P,^Q", "\x10\x10\x11", "\x10\x10\x07", true },
	{ "a,a,b", "aaab", "aaa\x07", true },
	{ "a,b,a,c", "ababac", "ababa\x07", true },
	{ "q", "q", "\x07", true },
	{ "^?", "\x7f", "\x07", true },
	{ "", KEY KEY, KEY KEY, false },
};

START_TEST(feed)
{
	cleanup_buf struct buf got = BUF_INIT(1000);
	struct detach_keys k;
	bool detach = false;
	const char *p = rows[_i].typed;

	ck_assert_int_eq(detach_keys_parse(rows[_i].keys, &k, NULL), 0);
	for (size_t n; *p != '\0'; p += n + (p[n] == '|')) {
		char piece[64];

		n = strcspn(p, "|");
		memcpy(piece, p, n);
		detach |= detach_keys_feed(&k, piece, n);
		buf_add(&got, piece, n);
	}
	ck_assert_str_eq(buf_str(&got), rows[_i].sent);
	ck_assert(detach == rows[_i].detach);
}
END_TEST

START_TEST(parse)
{
	static const char *const bad[] = {
		",", "a,", "^,", "ab", "^ab", "a b", "\x01", "^1", "a,b,c,d,e,f,g,h,i", "\xc3\xa4"
	};
	struct detach_keys k = { .n = 3 };
	struct kerr err = { 0 };
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_msg(detach_keys_parse(bad[i], &k, &err) == -EINVAL, "%s", bad[i]);
		ck_assert_ptr_nonnull(strstr(err.msg, "--detach-keys"));
	}
	ck_assert_uint_eq(k.n, 3);
	ck_assert_int_eq(detach_keys_parse("^],^]", &k, NULL), 0);
	detach_keys_text(&k, text, sizeof(text));
	ck_assert_str_eq(text, "^] twice");
	ck_assert_int_eq(detach_keys_parse("^p,q", &k, NULL), 0);
	detach_keys_text(&k, text, sizeof(text));
	ck_assert_str_eq(text, "^P q");
}
END_TEST

static Suite *test_detach_keys(void)
{
	Suite *s = suite_create("detach_keys");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, feed, 0, ARRAY_SIZE(rows));
	tcase_add_test(t, parse);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_detach_keys);
