/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "buf.h"
#include "mem.h"
#include "str.h"
#include "unit.h"
#include "way.h"

/* The parts of a way as text: "a b ^ c$", ^ for up, $ behind the name that is last. */
static void check(struct way *w, const char *want)
{
	cleanup_buf struct buf got = BUF_INIT(4096);
	enum way_part part;
	char *name;

	while ((part = way_next(w, &name)) != WAY_END) {
		buf_addf(&got, "%s%s%s", got.len > 0 ? " " : "", part == WAY_UP ? "^" : name,
			 way_is_last(w) ? "$" : "");
		ck_assert((part == WAY_DOWN) == (name != NULL));
		free(name);
	}
	ck_assert_ptr_null(name);
	ck_assert_str_eq(buf_str(&got), want);
	ck_assert_int_eq(way_next(w, &name), WAY_END);
}

START_TEST(parts)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
		{ "", "" },	     { "/", "" },
		{ ".", "" },	     { "/./.", "" },
		{ "a", "a$" },	     { "/a", "a$" },
		{ "a/", "a$" },	     { "//a///b//", "a b$" },
		{ "a/./b", "a b$" }, { "./a/.b/..c/...", "a .b ..c ...$" },
		{ "..", "^$" },	     { "a/../../b", "a ^ ^ b$" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct way w;

		way_init(&w, rows[i].path, 100);
		check(&w, rows[i].want);
		way_clear(&w);
	}
}
END_TEST

START_TEST(links)
{
	struct way w;
	char *name;

	way_init(&w, "a/b/c", 100);
	ck_assert_int_eq(way_next(&w, &name), WAY_DOWN);
	free(name);
	ck_assert_int_eq(way_follow(&w, "x/../y/"), 0);
	check(&w, "x ^ y b c$");
	ck_assert_int_eq(way_follow(&w, "/etc"), 1);
	check(&w, "etc$");
	ck_assert_int_eq(way_follow(&w, ""), 0);
	check(&w, "");
	way_clear(&w);
}
END_TEST

START_TEST(limits)
{
	struct way w;
	char *name;
	int i;

	way_init(&w, "a/12345", 10);
	ck_assert_int_eq(way_next(&w, &name), WAY_DOWN);
	free(name);
	ck_assert_int_eq(way_follow(&w, "1234"), -ENAMETOOLONG); /* 1234//12345 */
	check(&w, "12345$");
	way_clear(&w);
	way_init(&w, "a/12345", 10);
	ck_assert_int_eq(way_next(&w, &name), WAY_DOWN);
	free(name);
	ck_assert_int_eq(way_follow(&w, "123"), 0);
	way_clear(&w);

	way_init(&w, "", 100);
	for (i = 0; i < WAY_LINKS_MAX; i++)
		ck_assert_int_eq(way_follow(&w, "."), 0);
	ck_assert_int_eq(way_follow(&w, "."), -ELOOP);
	way_clear(&w);
}
END_TEST

static Suite *test_way(void)
{
	Suite *s = suite_create("way");
	TCase *t = tcase_create("way");

	tcase_add_test(t, parts);
	tcase_add_test(t, links);
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_way);
