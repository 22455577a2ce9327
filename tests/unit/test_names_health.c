/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the keeper of kukedns leaves about how that is, and who reads it. */
#include "config.h"

#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "clock.h"
#include "engine_dir.h"
#include "fd.h"
#include "names_state.h"
#include "str.h"

static void put(const char *name, const char *text)
{
	cleanup_free char *file = names_file(e, name);

	ck_assert_int_eq(atomic_write_at(AT_FDCWD, file, text, strlen(text), 0600,
					 ATOMIC_WRITE_NOSYNC, NULL),
			 0);
}

/* As long ago as a keeper that was wanted then would have begun. */
static void want(void)
{
	const struct timespec long_ago[] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	cleanup_free char *dir_path = layout_rt(&e->layout, RT_NAMES);
	cleanup_free char *mark = names_file(e, "wanted");

	(void) mkdir(e->layout.runtime_dir, 0700);
	ck_assert_int_eq(mkdir(dir_path, 0700), 0);
	names_want(e, true);
	ck_assert_int_eq(utimensat(AT_FDCWD, mark, long_ago, 0), 0);
}

START_TEST(not_needed)
{
	cleanup_names_health struct names_health h;

	names_health_load(e, &h);
	ck_assert(!h.wanted);
}
END_TEST

START_TEST(keeper_comes_and_goes)
{
	struct strlist bridges = { 0 };
	struct names_health h;
	int64_t now = clock_ms();
	int lock;

	want();
	names_health_load(e, &h);
	ck_assert(h.wanted && !h.kept);
	names_health_clear(&h);

	lock = names_hold(e, NULL);
	ck_assert_int_ge(lock, 0);
	names_health_begin(e, lock);
	strlist_add(&bridges, "k-1");
	ck_assert_int_eq(names_served_save(e, &bridges, NULL), 0);
	names_health_load(e, &h);
	ck_assert(h.kept);
	ck_assert_int_eq((int) h.bridges, 1);
	ck_assert_int_ge(h.answered_ms, now);
	ck_assert_int_eq(h.again, 0);
	names_health_clear(&h);

	names_health_again(e, "it has ended");
	names_health_again(e, "it does\nnot answer");
	names_health_load(e, &h);
	ck_assert_int_eq(h.again, 2);
	ck_assert_int_ge(h.again_ms, now);
	ck_assert_str_eq(h.why, "it does\nnot answer");
	names_health_clear(&h);

	names_health_end(e, lock);
	close(lock);
	names_health_load(e, &h);
	ck_assert(!h.kept);
	ck_assert_int_eq((int) h.bridges, 0);
	ck_assert_int_eq(h.again, 0);
	names_health_clear(&h);
	strlist_clear(&bridges);
}
END_TEST

/* end false: it was killed. */
static int64_t restarts_after(bool end)
{
	cleanup_names_health struct names_health h = { 0 };
	cleanup_fd int second = -EBADF;
	int first;

	want();
	first = names_hold(e, NULL);
	names_health_begin(e, first);
	if (end)
		names_health_end(e, first);
	close(first);
	second = names_hold(e, NULL);
	names_health_begin(e, second);
	names_health_load(e, &h);
	if (h.again > 0)
		ck_assert_str_eq(h.why, "its keeper was killed");
	return h.again;
}

START_TEST(keeper_is_killed)
{
	ck_assert_int_eq(restarts_after(false), 1);
}
END_TEST

START_TEST(keeper_ends)
{
	ck_assert_int_eq(restarts_after(true), 0);
}
END_TEST

static const char *const odd[] = { "",	      "\n",	 "x",
				   "12x 3\n", "-5 -6\n", "99999999999999999999 1\n",
				   "  ",      "0 0\n" };

START_TEST(odd_files)
{
	cleanup_names_health struct names_health h = { 0 };
	cleanup_fd int lock = -EBADF;

	want();
	lock = names_hold(e, NULL);
	ck_assert_int_ge(pwrite(lock, odd[_i], strlen(odd[_i]), 0), 0);
	put("again", odd[_i]);
	names_health_load(e, &h);
	ck_assert(h.kept);
	ck_assert_int_eq(h.answered_ms, 0);
	ck_assert_int_eq(h.again_ms, 0);
}
END_TEST

static Suite *test_names_health(void)
{
	Suite *s = suite_create("names_health");
	TCase *t = tcase_create("names_health");

	tcase_add_checked_fixture(t, engine_set_up, engine_tear_down);
	tcase_add_test(t, not_needed);
	tcase_add_test(t, keeper_comes_and_goes);
	tcase_add_test(t, keeper_is_killed);
	tcase_add_test(t, keeper_ends);
	tcase_add_loop_test(t, odd_files, 0, (int) ARRAY_SIZE(odd));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_names_health);
