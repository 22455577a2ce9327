/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "due_file.h"
#include "mem.h"
#include "path.h"
#include "restart.h"
#include "shim.h"
#include "stops.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

#define NOW 5000000 /* clock_ms */

static const struct {
	const char *policy;
	bool on_0, on_7;
} policies[] = {
	{ NULL, false, false },		  { "", false, false },		 { "no", false, false },
	{ "never", false, false },	  { "on-failure", false, true }, { "always", true, true },
	{ "unless-stopped", true, true },
};

START_TEST(policy)
{
	ck_assert_int_eq(restart_wanted(policies[_i].policy, 0), policies[_i].on_0);
	ck_assert_int_eq(restart_wanted(policies[_i].policy, 7), policies[_i].on_7);
	ck_assert_int_eq(restart_is_always(policies[_i].policy), policies[_i].on_0);
}
END_TEST

/* A run that ended ran_s seconds after it began, ago_s seconds before wall. */
static struct shim_status ended(const char *run, int ran_s, int ago_s)
{
	struct shim_status st = { .state = SHIM_ENDED, .have_exit = true };

	(void) snprintf(st.run_id, sizeof(st.run_id), "%s", run);
	st.exit.code = 7;
	st.exit.finished_at = (struct ktime){ .sec = 1000000 - ago_s, .set = true };
	st.exit.started_at = (struct ktime){ .sec = 1000000 - ago_s - ran_s, .set = true };
	return st;
}

static const struct ktime wall = { .sec = 1000000, .set = true };

START_TEST(owed)
{
	struct shim_status st = ended("a", 1, 0);
	struct restart due = { .due_ms = NOW }, done = { .due_ms = -1 };

	ck_assert(restart_is_owed("always", NULL, &st, false));
	ck_assert(!restart_is_owed("always", NULL, &st, true));
	ck_assert(!restart_is_owed("no", &due, &st, false));
	st.state = SHIM_RUNNING;
	ck_assert(!restart_is_owed("always", &due, &st, false));
	/* A restart that was begun: its records are gone, its line tells. */
	st.state = SHIM_NEVER;
	ck_assert(restart_is_owed("always", &due, &st, false));
	ck_assert(!restart_is_owed("always", &done, &st, false));
	ck_assert(!restart_is_owed("always", NULL, &st, false));
	st.state = SHIM_STARTING;
	ck_assert(restart_is_owed("always", &due, &st, false));
	st.monitor_alive = true;
	ck_assert(!restart_is_owed("always", &due, &st, false));
	st = ended("a", 1, 0);
	st.exit.code = 0;
	ck_assert(!restart_is_owed("on-failure", NULL, &st, false));
}
END_TEST

START_TEST(back_off)
{
	static const int64_t delays[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
	struct restart line = { .due_ms = -1 };
	struct shim_status st;
	char run[2] = "a";

	for (size_t i = 0; i < ARRAY_SIZE(delays); i++, run[0]++) {
		struct restart old = line;

		st = ended(run, 1, 0);
		restart_plan(i ? &old : NULL, &st, (int64_t) i, NOW, &wall, &line);
		ck_assert_int_eq(line.delay_ms, delays[i]);
		ck_assert_int_eq(line.due_ms, NOW + delays[i]);
		ck_assert_int_eq(line.count, i);
		ck_assert_str_eq(line.run_id, run);
		/* Looked at again meanwhile, nothing moves. */
		restart_plan(&line, &st, 99, NOW + 10, &wall, &line);
		ck_assert_int_eq(line.due_ms, NOW + delays[i]);
		ck_assert_int_eq(line.count, i);
		line.due_ms = -1;
	}
	st = ended("z", 60, 0); /* it ran long enough */
	restart_plan(&line, &st, 8, NOW, &wall, &line);
	ck_assert_int_eq(line.delay_ms, 1000);
}
END_TEST

/* The wait begins with the end; what the clock says of it is not taken at its word. */
START_TEST(from_its_end_on)
{
	struct restart line = { 0 };
	struct shim_status st = ended("a", 1, 600);

	restart_plan(NULL, &st, 0, NOW, &wall, &line);
	ck_assert_int_eq(line.due_ms, NOW);
	st = ended("b", 1, -3600); /* the clock was set back */
	line.due_ms = -1;
	restart_plan(&line, &st, 0, NOW, &wall, &line);
	ck_assert_int_eq(line.due_ms, NOW + 2000);
	line.due_ms = NOW + 86400000; /* of another boot */
	restart_plan(&line, &st, 0, NOW, &wall, &line);
	ck_assert_int_eq(line.due_ms, NOW + 2000);
}
END_TEST

START_TEST(a_try_that_fails)
{
	struct restart line = { .delay_ms = 4000, .due_ms = NOW };
	struct kerr err;

	(void) kerr_plain(&err, -ENOENT, "image \"x\" is\nnot there");
	restart_failed(&line, NOW, &err);
	ck_assert_int_eq(line.due_ms, NOW + 8000);
	ck_assert_str_eq(line.why, "image \"x\" is not there");
}
END_TEST

/* ---- the file ---- */

static const struct addr cell = { "r", "s", "t", "c" };

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(file)
{
	struct tempdir dir = tempdir_make();
	struct engine e = { 0 };
	struct restarts l = { 0 }, back = { 0 };
	struct strlist keys = { 0 };
	struct restart *line;
	struct addr gone = { "r", "s", "t", "gone" };
	char *path cleanup_free = NULL;
	struct kerr err = { 0 };

	layout_init(&e.layout, dir.path, dir.path);
	ck_assert_int_eq(restarts_load(&e, &cell, &back, NULL), 0);
	ck_assert_uint_eq(back.n, 0);
	line = restarts_get(&l, "a");
	line->delay_ms = 2000;
	line->due_ms = NOW + 50;
	line->count = 3;
	(void) snprintf(line->run_id, sizeof(line->run_id), "0123");
	(void) snprintf(line->why, sizeof(line->why), "a \"b\"");
	ck_assert_int_eq(restarts_get(&l, "b")->due_ms, -1);
	ck_assert_int_eq(restarts_save(&e, &cell, &l, NULL), 0);
	ck_assert_int_eq(restarts_load(&e, &cell, &back, NULL), 0);
	ck_assert_uint_eq(back.n, 2);
	line = restarts_find(&back, "a");
	ck_assert_int_eq(line->delay_ms, 2000);
	ck_assert_int_eq(line->due_ms, NOW + 50);
	ck_assert_int_eq(line->count, 3);
	ck_assert_str_eq(line->run_id, "0123");
	ck_assert_str_eq(line->why, "a \"b\"");

	ck_assert_int_eq(restarts_due(&e, NOW, &keys), NOW + 50);
	ck_assert_uint_eq(keys.n, 0);
	/* Due, of a cell that is not there: it goes. */
	ck_assert_int_eq(restarts_save(&e, &gone, &l, NULL), 0);
	ck_assert_int_eq(restarts_due(&e, NOW + 50, &keys), -1);
	ck_assert_uint_eq(keys.n, 0);
	restarts_clear(&back);
	ck_assert_int_eq(restarts_load(&e, &gone, &back, NULL), 0);
	ck_assert_uint_eq(back.n, 0);

	ck_assert_int_eq(restarts_save(&e, &cell, &l, NULL), 0);
	ck_assert_int_eq(restarts_forget(&e, &cell, "a", NULL), 0);
	ck_assert_int_eq(restarts_load(&e, &cell, &back, NULL), 0);
	ck_assert_uint_eq(back.n, 1);
	ck_assert_ptr_null(restarts_find(&back, "a"));
	ck_assert_int_eq(restarts_drop(&e, &cell, NULL), 0);
	ck_assert_int_eq(restarts_drop(&e, &cell, NULL), 0);

	/* One that cannot be read says nothing, is due at no time, and stays. */
	restarts_clear(&back);
	ck_assert_int_eq(restarts_save(&e, &cell, &l, NULL), 0);
	path = path_join(dir.path, "restarts/r_s_t_c", NULL);
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert_int_eq(restarts_load(&e, &cell, &back, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.msg, "restarts/r_s_t_c' is empty"));
	ck_assert_int_eq(restarts_due(&e, NOW + 50, &keys), -1);
	ck_assert_int_eq(restarts_forget(&e, &cell, "a", NULL), 0);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(unlink(path), 0);
	put(path, "{\"container\":\"a\"}\n");
	ck_assert_int_eq(restarts_load(&e, &cell, &back, &err), -EBADMSG);
	/* A new list takes its place, be it a directory. */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_lt(restarts_load(&e, &cell, &back, NULL), 0);
	ck_assert_int_eq(restarts_save(&e, &cell, &l, NULL), 0);
	ck_assert_int_eq(restarts_load(&e, &cell, &back, NULL), 0);
	ck_assert_uint_eq(back.n, 2);
	restarts_clear(&back);
	restarts_clear(&l);
	strlist_clear(&keys);
	layout_clear(&e.layout);
	tempdir_clear(&dir);
}
END_TEST

/* Of several the first that has a time, in restarts as in stops. */
START_TEST(the_first_time)
{
	static const int64_t due[] = { NOW + 70, -1, NOW + 50, NOW + 60 };
	struct tempdir dir = tempdir_make();
	struct engine e = { 0 };
	struct restarts l = { 0 };
	struct stops stops = { 0 };
	struct strlist keys = { 0 };

	layout_init(&e.layout, dir.path, dir.path);
	for (size_t i = 0; i < ARRAY_SIZE(due); i++) {
		char name[2] = { (char) ('a' + i), '\0' };

		restarts_get(&l, name)->due_ms = due[i];
		stops_get(&stops, name)->due_ms = due[i];
	}
	ck_assert_int_eq(due_first(&l.v->due_ms, l.n, sizeof(*l.v)), NOW + 50);
	ck_assert_int_eq(due_first(&l.v->due_ms, 1, sizeof(*l.v)), NOW + 70);
	ck_assert_int_eq(due_first(&l.v[1].due_ms, 1, sizeof(*l.v)), -1);
	ck_assert_int_eq(restarts_save(&e, &cell, &l, NULL), 0);
	ck_assert_int_eq(stops_save(&e, &cell, &stops, NULL), 0);
	ck_assert_int_eq(restarts_due(&e, NOW, &keys), NOW + 50);
	ck_assert_int_eq(stops_due(&e, NOW, &keys), NOW + 50);
	ck_assert_uint_eq(keys.n, 0);
	restarts_clear(&l);
	stops_clear(&stops);
	strlist_clear(&keys);
	layout_clear(&e.layout);
	tempdir_clear(&dir);
}
END_TEST

static Suite *test_restart(void)
{
	Suite *s = suite_create("restart");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, policy, 0, (int) ARRAY_SIZE(policies));
	tcase_add_test(t, owed);
	tcase_add_test(t, back_off);
	tcase_add_test(t, from_its_end_on);
	tcase_add_test(t, a_try_that_fails);
	tcase_add_test(t, file);
	tcase_add_test(t, the_first_time);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_restart);
