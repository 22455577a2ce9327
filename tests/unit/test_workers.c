/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "engine_dir.h"
#include "str.h"
#include "workers.h"

#define TASKS 40

/* Shared with the workers. */
struct seen {
	int running, most, begun;
	bool clashed;
	bool busy[TASKS];
};

struct job {
	struct seen *seen;
	size_t next; /* of prepare: tasks are prepared in order */
	size_t n_ended;
	size_t kill; /* the worker of this task kills itself; TASKS: none */
	size_t done; /* prepare says that this one is done */
	size_t stop_after; /* begin no more after this one has ended */
	pid_t caller;
	size_t in_caller;
	char killed[sizeof(((struct kerr *) 0)->msg)];
};

static struct job job;

static void set_up(void)
{
	engine_set_up();
	job = (struct job){ .kill = TASKS, .done = TASKS, .stop_after = TASKS, .caller = getpid() };
	job.seen = mmap(NULL, sizeof(*job.seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	ck_assert_ptr_ne(job.seen, MAP_FAILED);
}

static void tear_down(void)
{
	(void) munmap(job.seen, sizeof(*job.seen));
	engine_tear_down();
}

/* Neighbours: 0 and 1, 2 and 3, … */
static bool clash(const void *ctx, size_t earlier, size_t task)
{
	(void) ctx;
	return earlier / 2 == task / 2;
}

static bool prepare(void *ctx, struct engine *engine, size_t task)
{
	(void) ctx;
	ck_assert_ptr_eq(engine, e);
	ck_assert_uint_eq(task, job.next++);
	ck_assert_int_eq(getpid(), job.caller);
	return task == job.done;
}

static void work(void *ctx, struct engine *engine, size_t task, struct buf *result)
{
	struct seen *s = ((struct job *) ctx)->seen;
	int now = __atomic_add_fetch(&s->running, 1, __ATOMIC_SEQ_CST);

	(void) __atomic_add_fetch(&s->begun, 1, __ATOMIC_SEQ_CST);
	if (now > __atomic_load_n(&s->most, __ATOMIC_SEQ_CST))
		__atomic_store_n(&s->most, now, __ATOMIC_SEQ_CST);
	__atomic_store_n(&s->busy[task], true, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&s->busy[task ^ 1], __ATOMIC_SEQ_CST))
		__atomic_store_n(&s->clashed, true, __ATOMIC_SEQ_CST);
	(void) usleep(2000); /* as a task that waits for the disk */
	__atomic_store_n(&s->busy[task], false, __ATOMIC_SEQ_CST);
	(void) __atomic_sub_fetch(&s->running, 1, __ATOMIC_SEQ_CST);
	if (task == job.kill)
		(void) raise(SIGKILL);
	/* More than a pipe holds. */
	for (size_t i = 0; i < 20000; i++)
		buf_addf(result, "%05zu,", task);
	buf_addf(result, "%d", engine->is_worker);
}

static bool ended(void *ctx, size_t task, const struct buf *result, const struct kerr *why)
{
	struct job *j = ctx;
	char text[16];

	j->n_ended++;
	if (!result) {
		ck_assert_uint_eq(task, j->kill);
		(void) snprintf(j->killed, sizeof(j->killed), "%s", why->msg);
		return true;
	}
	(void) snprintf(text, sizeof(text), "%05zu,%05zu,", task, task);
	ck_assert_uint_eq(result->len, 20000 * 6 + 1);
	ck_assert_int_eq(strncmp(buf_str(result), text, strlen(text)), 0);
	j->in_caller += buf_str(result)[result->len - 1] == '0';
	return task != j->stop_after;
}

static struct workers all = {
	.ctx = &job, .n = TASKS, .clash = clash, .prepare = prepare, .work = work, .ended = ended
};

START_TEST(side_by_side)
{
	struct kerr err = { 0 };

	ck_assert_int_eq(workers_run(e, &all, &err), 0);
	ck_assert_uint_eq(job.n_ended, TASKS);
	ck_assert_uint_eq(job.next, TASKS);
	ck_assert_uint_eq(job.in_caller, 0);
	ck_assert_int_ge(job.seen->most, 2);
	ck_assert_int_le(job.seen->most, 8);
	ck_assert(!job.seen->clashed);
}
END_TEST

START_TEST(one_task_needs_no_process)
{
	struct workers one = all;

	one.n = 1;
	ck_assert_int_eq(workers_run(e, &one, NULL), 0);
	ck_assert_uint_eq(job.in_caller, 1);
	ck_assert_uint_eq(job.next, 0); /* nothing to prepare */
	one.n = 0;
	ck_assert_int_eq(workers_run(e, &one, NULL), 0);
	ck_assert_uint_eq(job.n_ended, 1);
}
END_TEST

START_TEST(done_before_it_begins)
{
	job.done = 5;
	ck_assert_int_eq(workers_run(e, &all, NULL), 0);
	ck_assert_uint_eq(job.next, TASKS);
	ck_assert_uint_eq(job.n_ended, TASKS - 1);
	ck_assert_int_eq(job.seen->begun, TASKS - 1);
}
END_TEST

START_TEST(killed)
{
	job.kill = 7;
	ck_assert_int_eq(workers_run(e, &all, NULL), 0);
	ck_assert_uint_eq(job.n_ended, TASKS);
	ck_assert_str_eq(job.killed, "its process was ended by SIGKILL");
}
END_TEST

START_TEST(stopped)
{
	job.stop_after = 3;
	ck_assert_int_eq(workers_run(e, &all, NULL), 0);
	ck_assert_int_eq((int) job.n_ended, job.seen->begun);
	ck_assert_int_lt(job.seen->begun, 4 + 8 + 1);
	ck_assert_int_ge(job.seen->begun, 4);
}
END_TEST

/* No descriptors for a pipe: all is done here. */
START_TEST(without_processes)
{
	struct rlimit before, none;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(workers_run(e, &all, NULL), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_uint_eq(job.n_ended, TASKS);
	ck_assert_uint_eq(job.in_caller, TASKS);
}
END_TEST

/* The caller's lock is not kept by a worker, which takes its own. */
static void lock_and_unlock(void *ctx, struct engine *engine, size_t task, struct buf *result)
{
	struct lock_id id = lock_id_firewall();
	int r = locks_take(engine->locks, &id, 0, NULL);

	(void) ctx;
	(void) task;
	if (r == 0)
		locks_drop(engine->locks, &id);
	buf_addf(result, "%d", r);
}

static bool locked(void *ctx, size_t task, const struct buf *result, const struct kerr *why)
{
	(void) ctx;
	(void) task;
	ck_assert_msg(result != NULL, "%s", why->msg);
	ck_assert_str_eq(buf_str(result), "0");
	return true;
}

START_TEST(locks_of_workers)
{
	struct workers w = { .n = TASKS, .work = lock_and_unlock, .ended = locked };

	ck_assert_int_eq(workers_run(e, &w, NULL), 0);
}
END_TEST

static int add_name(void *ctx, struct engine *engine, const struct addr *a, struct kerr *err)
{
	struct seen *s = ctx;

	(void) err;
	ck_assert(engine->is_worker);
	(void) __atomic_add_fetch(&s->begun, a->cell[0] == 'c' ? 1 : 1000, __ATOMIC_SEQ_CST);
	return -1;
}

START_TEST(each_cell)
{
	struct addr stack = engine_hierarchy();
	struct addr space = { .realm = "r", .space = "s" };
	struct addr other;

	for (int i = 0; i < 5; i++) {
		cleanup_free char *name = xasprintf("c%d", i);

		(void) engine_cell(&stack, name);
	}
	other = engine_space("r", "s2");
	other = engine_stack(&other, "t");
	(void) engine_cell(&other, "elsewhere");
	ck_assert_int_eq(workers_each_cell(e, &space, add_name, job.seen, NULL), 0);
	ck_assert_int_eq(job.seen->begun, 5);
}
END_TEST

Suite *test_workers(void);
Suite *test_workers(void)
{
	Suite *s = suite_create("workers");
	TCase *t = tcase_create("workers");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, side_by_side);
	tcase_add_test(t, one_task_needs_no_process);
	tcase_add_test(t, done_before_it_begins);
	tcase_add_test(t, killed);
	tcase_add_test(t, stopped);
	tcase_add_test(t, without_processes);
	tcase_add_test(t, locks_of_workers);
	tcase_add_test(t, each_cell);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_workers);
