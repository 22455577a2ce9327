/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "intent.h"
#include "locks.h"
#include "mem.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

static struct tempdir dir;
static struct layout l;
static struct locks *t;

static const struct addr realm = { .realm = "r" };
static const struct addr space = { .realm = "r", .space = "s" };
static const struct addr cell_a = { .realm = "r", .space = "s", .stack = "t", .cell = "a" };
static const struct addr cell_b = { .realm = "r", .space = "s", .stack = "t", .cell = "b" };

static void set_up(void)
{
	cleanup_free char *run = NULL;
	cleanup_free char *rt = NULL;

	dir = tempdir_make();
	run = path_join(dir.path, "opt", NULL);
	rt = path_join(dir.path, "rt", NULL);
	layout_init(&l, run, rt);
	t = locks_new(&l);
}

static void tear_down(void)
{
	t = locks_free(t);
	layout_clear(&l);
	tempdir_clear(&dir);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return fstatat(dir.fd, path, &st, 0) == 0 ? st.st_mode & 07777 : 0;
}

/* What another process gets when it tries: 0, or the errno. */
static int elsewhere(const struct lock_id *id, enum locks_flags flags)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct locks *mine = locks_new(&l);

		_exit(-locks_take(mine, id, flags | LOCKS_TRY, NULL));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(paths)
{
	static const struct {
		const char *path;
		struct lock_id id;
	} want[] = {
		{ "/opt/locks/.instance", { .level = LOCK_INSTANCE } },
		{ "/opt/locks/r/.lock", { .level = LOCK_REALM, .addr = { .realm = "r" } } },
		{ "/opt/locks/r/s/t/c/.lock",
		  { .level = LOCK_CELL,
		    .addr = { .realm = "r", .space = "s", .stack = "t", .cell = "c" } } },
		{ "/opt/locks/.plugins", { .level = LOCK_PLUGINS } },
		{ "/opt/locks/r/s/.leases",
		  { .level = LOCK_LEASES, .addr = { .realm = "r", .space = "s" } } },
		{ "/opt/locks/.firewall", { .level = LOCK_FIREWALL } },
		{ "/opt/locks/.images/n/"
		  "b6b3b7c2a8f6c0e3b4f5a3a4bb0f43f67ab57d9c7d9a1d2b0d3b1a5e4c7f8a90",
		  { .level = LOCK_IMAGE, .ns = "n", .name = "docker.io/library/x:y" } },
		{ "/opt/locks/.chains/n/ab", { .level = LOCK_CHAIN, .ns = "n", .name = "ab" } },
		{ "/opt/locks/.blobs/n/ab", { .level = LOCK_BLOB, .ns = "n", .name = "ab" } },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		cleanup_free char *p = lock_id_path(&l, &want[i].id);

		if (want[i].id.level == LOCK_IMAGE) /* by its prefix and length: a hash */
			ck_assert_uint_eq(strlen(p), strlen(dir.path) + strlen(want[i].path));
		else
			ck_assert_str_eq(p + strlen(dir.path), want[i].path);
	}
}
END_TEST

START_TEST(one_holder)
{
	struct lock_id a = lock_id_object(&cell_a);
	struct lock_id b = lock_id_object(&cell_b);

	ck_assert_int_eq(locks_take(t, &a, 0, NULL), 0);
	ck_assert(locks_held(t, &a));
	ck_assert(!locks_held(t, &b));
	ck_assert_int_eq(mode_of("opt"), 0755);
	ck_assert_int_eq(mode_of("opt/locks"), 0700);
	ck_assert_int_eq(mode_of("opt/locks/r/s/t/a"), 0700);
	ck_assert_int_eq(mode_of("opt/locks/r/s/t/a/.lock"), 0600);
	ck_assert_int_eq(elsewhere(&a, 0), EWOULDBLOCK);
	ck_assert_int_eq(elsewhere(&a, LOCKS_SHARED), EWOULDBLOCK);
	ck_assert_int_eq(elsewhere(&b, 0), 0);
	ck_assert_int_eq(locks_held_elsewhere(&l, &b), 0);
	locks_drop(t, &a);
	ck_assert_int_eq(elsewhere(&a, 0), 0);
	ck_assert_int_ne(mode_of("opt/locks/r/s/t/a/.lock"), 0); /* never unlinked */
}
END_TEST

/* Work in a cell shares its parents: another cell goes on, a delete of the space waits. */
START_TEST(a_path)
{
	struct lock_id s = lock_id_object(&space);
	struct lock_id b = lock_id_object(&cell_b);
	struct lock_id r = lock_id_object(&realm);

	ck_assert_int_eq(locks_take_path(t, &cell_a, 0, NULL), 0);
	ck_assert_int_eq(elsewhere(&s, 0), EWOULDBLOCK);
	ck_assert_int_eq(elsewhere(&r, 0), EWOULDBLOCK);
	ck_assert_int_eq(elsewhere(&s, LOCKS_SHARED), 0);
	ck_assert_int_eq(elsewhere(&b, 0), 0);
	locks_drop_path(t, &cell_a);
	ck_assert_int_eq(elsewhere(&s, 0), 0);
	ck_assert_int_eq(elsewhere(&r, 0), 0);
}
END_TEST

START_TEST(a_path_that_fails_holds_nothing)
{
	struct lock_id s = lock_id_object(&space);
	struct lock_id r = lock_id_object(&realm);
	struct locks *other =
		locks_new(&l); /* flock is by open file: another table is another holder */
	struct kerr err = { 0 };

	ck_assert_int_eq(locks_take(other, &s, 0, NULL), 0);
	ck_assert_int_eq(locks_take_path(t, &cell_a, LOCKS_TRY, &err), -EWOULDBLOCK);
	ck_assert_str_eq(err.msg, "");
	ck_assert(!locks_held(t, &r));
	ck_assert_int_eq(elsewhere(&r, 0), 0);
	locks_free(other);
}
END_TEST

/* A forked child that forgets does not keep the lock alive. */
START_TEST(forget)
{
	struct lock_id a = lock_id_object(&cell_a);
	int up[2], done[2];
	char byte = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(up), 0);
	ck_assert_int_eq(pipe(done), 0);
	ck_assert_int_eq(locks_take(t, &a, 0, NULL), 0);
	pid = fork();
	if (pid == 0) {
		locks_forget(t);
		(void) fd_write_all(up[1], "x", 1);
		(void) close(done[1]);
		(void) fd_read_all(done[0], &byte, 1);
		_exit(0);
	}
	ck_assert_int_eq(read(up[0], &byte, 1), 1);
	ck_assert_int_eq(elsewhere(&a, 0), EWOULDBLOCK); /* ours still holds */
	locks_drop(t, &a);
	ck_assert_int_eq(elsewhere(&a, 0), 0); /* while the child lives */
	(void) close(done[1]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(waits_for_the_other)
{
	struct lock_id a = lock_id_object(&cell_a);
	int p[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		struct locks *mine = locks_new(&l);

		(void) locks_take(mine, &a, 0, NULL);
		(void) fd_write_all(p[1], "x", 1);
		(void) usleep(200000);
		_exit(0); /* a death releases as well */
	}
	ck_assert_int_eq(read(p[0], &byte, 1), 1);
	ck_assert_int_eq(locks_held_elsewhere(&l, &a), 1);
	ck_assert_int_eq(locks_take(t, &a, LOCKS_TRY, NULL), -EWOULDBLOCK);
	ck_assert_int_eq(locks_take(t, &a, 0, NULL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

/* Eight processes count to the same file, each step under the lock. */
START_TEST(contention)
{
	enum {
		PROCESSES = 8,
		ROUNDS = 50
	};
	struct lock_id a = lock_id_object(&cell_a);
	cleanup_free char *path = path_join(dir.path, "count", NULL);
	FILE *f = fopen(path, "w");
	int i, n = 0;

	ck_assert_ptr_nonnull(f);
	fprintf(f, "0");
	(void) fclose(f);
	for (i = 0; i < PROCESSES; i++) {
		if (fork() != 0)
			continue;
		for (n = 0; n < ROUNDS; n++) {
			struct locks *mine = locks_new(&l);
			int v = -1;

			if (locks_take_path(mine, &cell_a, 0, NULL) < 0)
				_exit(1);
			f = fopen(path, "r+");
			if (!f || fscanf(f, "%d", &v) != 1)
				_exit(1);
			rewind(f);
			fprintf(f, "%d", v + 1);
			(void) fclose(f);
			locks_free(mine);
		}
		_exit(0);
	}
	for (i = 0; i < PROCESSES; i++) {
		int status;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	f = fopen(path, "r");
	ck_assert_int_eq(fscanf(f, "%d", &n), 1);
	(void) fclose(f);
	ck_assert_int_eq(n, PROCESSES * ROUNDS);
	(void) a;
}
END_TEST

/* fn has to end in an assertion. */
static void check_aborts(void (*fn)(void))
{
	const struct rlimit none = { 0 };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void) setrlimit(RLIMIT_CORE, &none);
		(void) close(STDERR_FILENO); /* the words of the assertion */
		(void) signal(SIGABRT, SIG_DFL);
		fn();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void twice(void)
{
	struct lock_id a = lock_id_object(&cell_a);

	(void) locks_take(t, &a, 0, NULL);
	(void) locks_take(t, &a, 0, NULL);
}

START_TEST(twice_is_an_assertion)
{
	check_aborts(twice);
}
END_TEST

static void upwards(void)
{
	struct lock_id a = lock_id_object(&cell_a);
	struct lock_id s = lock_id_object(&space);

	(void) locks_take(t, &a, 0, NULL);
	(void) locks_take(t, &s, LOCKS_TRY, NULL);
}

START_TEST(upwards_is_an_assertion)
{
	check_aborts(upwards);
}
END_TEST

static void against_the_order_of_names(void)
{
	struct lock_id a = lock_id_object(&cell_a);
	struct lock_id b = lock_id_object(&cell_b);

	(void) locks_take(t, &b, 0, NULL);
	(void) locks_take(t, &a, 0, NULL);
}

START_TEST(against_the_order_of_names_is_an_assertion)
{
	check_aborts(against_the_order_of_names);
}
END_TEST

START_TEST(trying_may_go_against_it)
{
	struct lock_id a = lock_id_object(&cell_a);
	struct lock_id b = lock_id_object(&cell_b);
	struct lock_id leases = lock_id_leases(&cell_a);
	struct lock_id fw = lock_id_firewall();
	struct lock_id image = lock_id_image("n", "x");

	ck_assert_int_eq(locks_take(t, &b, 0, NULL), 0);
	ck_assert_int_eq(locks_take(t, &a, LOCKS_TRY, NULL), 0);
	ck_assert_int_eq(locks_take(t, &leases, 0, NULL), 0);
	ck_assert_int_eq(locks_take(t, &fw, 0, NULL), 0);
	ck_assert_int_eq(locks_take(t, &image, 0, NULL), 0);
	locks_drop_all(t);
	ck_assert(!locks_held(t, &b));
}
END_TEST

/* ---- intents ---- */

static void make_intent(struct intent *i, const char *op)
{
	i->op = xstrdup(op);
	i->step = xstrdup("network");
	strmap_set(&i->data, "address", "10.88.0.2 \"<x>\"\n");
}

static int count_addr(void *ctx, const struct addr *a)
{
	struct strlist *seen = ctx;

	strlist_add_owned(seen, addr_text(a));
	return 0;
}

START_TEST(intents)
{
	struct lock_id a = lock_id_object(&cell_a);
	struct lock_id r = lock_id_object(&realm);
	struct lock_id image = lock_id_image("n", "x");
	struct intent i = { 0 }, back = { 0 };
	struct strlist seen = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(intent_list(&l, count_addr, &seen, NULL), 0);
	ck_assert_uint_eq(seen.n, 0);
	make_intent(&i, "create");
	ck_assert_int_eq(locks_take(t, &r, 0, NULL), 0);
	ck_assert_int_eq(locks_take(t, &a, 0, NULL), 0);
	ck_assert_int_eq(locks_take(t, &image, 0, NULL), 0);
	ck_assert_int_eq(intent_load(&l, &a, &back, &err), -ENOENT);
	ck_assert_str_eq(err.msg, "");
	ck_assert_int_eq(intent_write(&l, t, &a, &i, INTENT_RUNTIME, NULL), 0);
	ck_assert_int_eq(mode_of("rt/intents/r/s/t/a/.intent"), 0600);
	ck_assert_int_eq(intent_write(&l, t, &r, &i, 0, NULL), 0);
	ck_assert_int_eq(mode_of("opt/locks/r/.intent"), 0600);
	ck_assert_int_eq(intent_write(&l, t, &image, &i, 0, NULL), 0);
	ck_assert_int_eq(intent_load(&l, &a, &back, NULL), 0);
	ck_assert_str_eq(back.op, "create");
	ck_assert_str_eq(back.step, "network");
	ck_assert(strmap_eq(&back.data, &i.data));
	intent_clear(&back);
	ck_assert_int_eq(intent_load(&l, &image, &back, NULL), 0);
	ck_assert_int_eq(intent_list(&l, count_addr, &seen, NULL), 0);
	ck_assert_uint_eq(seen.n, 2);
	ck_assert_str_eq(seen.v[0], "r");
	ck_assert_str_eq(seen.v[1], "r/s/t/a");
	ck_assert_int_eq(intent_remove(&l, t, &a, NULL), 0);
	ck_assert_int_eq(intent_remove(&l, t, &a, NULL), 0);
	ck_assert_int_eq(intent_remove(&l, t, &r, NULL), 0);
	strlist_clear(&seen);
	ck_assert_int_eq(intent_list(&l, count_addr, &seen, NULL), 0);
	ck_assert_uint_eq(seen.n, 0);
	intent_clear(&i);
	intent_clear(&back);
}
END_TEST

START_TEST(intent_that_cannot_be_read)
{
	struct lock_id a = lock_id_object(&cell_a);
	cleanup_free char *path = path_join(dir.path, "opt/locks/r/s/t/a/.intent", NULL);
	struct intent back = { 0 };
	struct kerr err = { 0 };
	FILE *f;

	ck_assert_int_eq(locks_take(t, &a, 0, NULL), 0);
	f = fopen(path, "w");
	fprintf(f, "%s", _i == 0 ? "{\"op\"" : "{}");
	(void) fclose(f);
	ck_assert_int_eq(intent_load(&l, &a, &back, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, path));
}
END_TEST

static void intent_without_the_lock(void)
{
	struct lock_id a = lock_id_object(&cell_a);
	struct intent i = { .op = xstrdup("x") };

	(void) intent_write(&l, t, &a, &i, 0, NULL);
}

START_TEST(intent_without_the_lock_is_an_assertion)
{
	check_aborts(intent_without_the_lock);
}
END_TEST

Suite *test_locks(void);
Suite *test_locks(void)
{
	Suite *s = suite_create("locks");
	TCase *c = tcase_create("locks");

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, paths);
	tcase_add_test(c, one_holder);
	tcase_add_test(c, a_path);
	tcase_add_test(c, a_path_that_fails_holds_nothing);
	tcase_add_test(c, forget);
	tcase_add_test(c, waits_for_the_other);
	tcase_add_test(c, contention);
	tcase_add_test(c, twice_is_an_assertion);
	tcase_add_test(c, upwards_is_an_assertion);
	tcase_add_test(c, against_the_order_of_names_is_an_assertion);
	tcase_add_test(c, trying_may_go_against_it);
	tcase_add_test(c, intents);
	tcase_add_loop_test(c, intent_that_cannot_be_read, 0, 2);
	tcase_add_test(c, intent_without_the_lock_is_an_assertion);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_locks);
