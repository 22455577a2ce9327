/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lock.h"
#include "procinfo.h"
#include "runc.h"
#include "runc_fixes.h"
#include "shim.h"
#include "shim_state.h"
#include "statefile.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

#define RUN "0123456789abcdef0123456789abcdef"
#define OLD_RUN "ffffffffffffffffffffffffffffffff"
#define OTHER_BOOT "00000000-0000-0000-0000-000000000000"

struct place {
	struct tempdir t;
	char *run_dir, *data_dir;
	struct shim_place at;
};

static struct place place_make(void)
{
	struct place p = { .t = tempdir_make() };

	p.run_dir = path_join(p.t.path, "run", NULL);
	p.data_dir = path_join(p.t.path, "data", NULL);
	ck_assert_int_eq(mkdir(p.run_dir, 0700), 0);
	ck_assert_int_eq(mkdir(p.data_dir, 0700), 0);
	p.at.run_dir = p.run_dir;
	p.at.data_dir = p.data_dir;
	return p;
}

static void place_clear(struct place *p)
{
	free_p(&p->run_dir);
	free_p(&p->data_dir);
	tempdir_clear(&p->t);
}
#define cleanup_place cleanup_(place_clear)

static void put(const char *dir, const char *name, const char *text)
{
	cleanup_free char *path = path_join(dir, name, NULL);
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

static void put_record(const struct place *p, bool starting, const char *boot)
{
	struct shim_record rec = { .starting = starting, .shim_pid = 5, .shim_start = 6 };
	cleanup_buf struct buf line = BUF_INIT(4096);

	rec.pid = starting ? 0 : 7;
	rec.pid_start = 8;
	rec.started_at = ktime_now();
	memcpy(rec.run_id, RUN, sizeof(rec.run_id));
	if (boot == NULL)
		ck_assert_int_eq(boot_id(rec.boot_id, NULL), 0);
	else
		memcpy(rec.boot_id, boot, sizeof(rec.boot_id));
	shim_record_line(&line, &rec);
	put(p->run_dir, SHIM_FILE_MONITOR, buf_str(&line));
}

static void put_exit(const char *dir, const char *run, int code)
{
	struct shim_exit e = { .code = code, .finished_at = ktime_now() };
	cleanup_buf struct buf text = BUF_INIT(4096);

	memcpy(e.run_id, run, sizeof(e.run_id));
	shim_exit_text(&text, &e);
	put(dir, SHIM_FILE_EXIT, buf_str(&text));
}

static int hold(const struct place *p)
{
	cleanup_free char *path = path_join(p->run_dir, SHIM_FILE_MONITOR, NULL);
	int fd = lock_file_at(AT_FDCWD, path, LOCK_FILE_TRY, NULL);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static struct shim_status state_of(const struct place *p)
{
	struct shim_status st = { 0 };
	struct kerr err = { 0 };

	ck_assert_msg(shim_state(&p->at, &st, &err) == 0, "%s", err.msg);
	return st;
}

/* Every combination of record, lock and exit record, and what it means. */
enum record {
	NONE,
	EMPTY,
	TORN,
	STARTING,
	RUNNING,
	FOREIGN
};
enum ended {
	NO_EXIT,
	OLD_EXIT,
	THIS_EXIT,
	THIS_EXIT_IN_RUN_DIR
};

static const struct row {
	enum record record;
	bool locked;
	enum ended ended;
	enum shim_run_state want;
} rows[] = {
	{ NONE, false, NO_EXIT, SHIM_NEVER },
	{ NONE, false, OLD_EXIT, SHIM_NEVER },
	{ EMPTY, false, OLD_EXIT, SHIM_NEVER },
	{ EMPTY, true, OLD_EXIT, SHIM_STARTING },
	{ TORN, false, OLD_EXIT, SHIM_NEVER },
	{ TORN, true, NO_EXIT, SHIM_STARTING },
	{ STARTING, true, OLD_EXIT, SHIM_STARTING },
	{ STARTING, false, OLD_EXIT, SHIM_STARTING },
	{ RUNNING, true, NO_EXIT, SHIM_RUNNING },
	{ RUNNING, true, OLD_EXIT, SHIM_RUNNING },
	{ RUNNING, false, NO_EXIT, SHIM_LOST },
	{ RUNNING, false, OLD_EXIT, SHIM_LOST },
	{ RUNNING, true, THIS_EXIT, SHIM_ENDED },
	{ RUNNING, false, THIS_EXIT, SHIM_ENDED },
	{ RUNNING, false, THIS_EXIT_IN_RUN_DIR, SHIM_ENDED },
	{ FOREIGN, false, NO_EXIT, SHIM_NEVER },
	{ FOREIGN, false, THIS_EXIT, SHIM_NEVER },
};

static void lay_out(const struct place *p, const struct row *row)
{
	if (row->record == EMPTY)
		put(p->run_dir, SHIM_FILE_MONITOR, "");
	if (row->record == TORN)
		put(p->run_dir, SHIM_FILE_MONITOR, "{\"state\":\"starting\",\"run\":");
	if (row->record == STARTING || row->record == RUNNING)
		put_record(p, true, NULL);
	if (row->record == RUNNING) {
		put_record(p, false, NULL);
		put(p->run_dir, SHIM_FILE_MONITOR, "{\"state\":\"run"); /* an adoption, cut short */
	}
	if (row->record == FOREIGN)
		put_record(p, false, OTHER_BOOT);
	if (row->ended == OLD_EXIT)
		put_exit(p->data_dir, OLD_RUN, 1);
	if (row->ended == THIS_EXIT)
		put_exit(p->data_dir, RUN, 7);
	if (row->ended == THIS_EXIT_IN_RUN_DIR) {
		put_exit(p->data_dir, OLD_RUN, 1);
		put_exit(p->run_dir, RUN, 7);
	}
}

START_TEST(derivation)
{
	const struct row *row = &rows[_i];
	cleanup_place struct place p = place_make();
	cleanup_fd int lock = -EBADF;
	struct shim_status st;

	lay_out(&p, row);
	if (row->locked)
		lock = hold(&p);
	st = state_of(&p);
	ck_assert_int_eq(st.state, row->want);
	ck_assert_int_eq(st.monitor_alive, row->locked);
	ck_assert_int_eq(st.have_exit, row->ended != NO_EXIT);
	ck_assert_int_eq(st.other_boot, row->record == FOREIGN);
	if (row->want == SHIM_ENDED) {
		ck_assert_int_eq(st.exit.code, 7);
		ck_assert_str_eq(st.exit.run_id, st.run_id);
	}
	if (row->want == SHIM_RUNNING || row->want == SHIM_LOST) {
		ck_assert_str_eq(st.run_id, RUN);
		ck_assert_int_eq(st.pid, 7);
		ck_assert_uint_eq(st.pid_start, 8);
	}
}
END_TEST

START_TEST(damage_is_an_error)
{
	cleanup_place struct place p = place_make();
	struct shim_status st;
	struct kerr err = { 0 };

	put(p.run_dir, SHIM_FILE_MONITOR, "rubbish\n");
	ck_assert_int_eq(shim_state(&p.at, &st, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.msg, "is damaged"));
	ck_assert_int_eq(unlinkat(p.t.fd, "run/monitor", 0), 0);
	put(p.data_dir, SHIM_FILE_EXIT, "{\"run\":\"" RUN "\"}");
	ck_assert_int_eq(shim_state(&p.at, &st, &err), -EBADMSG);
}
END_TEST

/* What is left of it is as good a record as before: of a container that starts. */
START_TEST(cut_after_a_line)
{
	cleanup_place struct place p = place_make();
	cleanup_fd int lock = -EBADF;
	struct shim_status st;
	struct kerr err = { 0 };
	struct stat first;

	put_record(&p, true, NULL);
	ck_assert_int_eq(fstatat(p.t.fd, "run/monitor", &first, 0), 0);
	put_record(&p, false, NULL);
	lock = hold(&p);
	state_size_set(lock);
	ck_assert_int_eq(shim_state(&p.at, &st, &err), 0);
	ck_assert_int_eq(st.state, SHIM_RUNNING);
	ck_assert_int_eq(ftruncate(lock, first.st_size), 0);
	if (fgetxattr(lock, STATE_SIZE_NAME, NULL, 0) < 0)
		return; /* not root, or a file system without */
	ck_assert_int_eq(shim_state(&p.at, &st, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.msg, "run/monitor' is truncated"));
}
END_TEST

START_TEST(settle_waits_for_a_busy_shim)
{
	cleanup_place struct place p = place_make();
	struct shim_status st = { 0 };
	struct kerr err = { 0 };
	int lock;

	put_record(&p, true, NULL);
	lock = hold(&p);
	ck_assert_int_eq(shim_settle(&p.at, 30, &st, &err), -ETIME);
	fd_close_p(&lock);
	ck_assert_int_eq(shim_settle(&p.at, 30, &st, &err), 0);
	ck_assert_int_eq(st.state, SHIM_STARTING);
}
END_TEST

START_TEST(no_init_no_pidfd)
{
	struct shim_status st = { .state = SHIM_RUNNING, .pid = getpid(), .pid_start = 1 };
	uint64_t start = 0;
	int fd;

	ck_assert_int_eq(shim_open_init(&st), -ESRCH); /* the pid is another's now */
	ck_assert_int_eq(proc_start_time(getpid(), &start), 0);
	st.pid_start = start;
	fd = shim_open_init(&st);
	ck_assert_int_ge(fd, 0);
	fd_close_p(&fd);
	st.state = SHIM_ENDED;
	ck_assert_int_eq(shim_open_init(&st), -ESRCH);
}
END_TEST

START_TEST(records_round_trip)
{
	struct shim_exit e = { .code = 137, .signal = 9, .oom_killed = true, .log_dropped = 12 };
	struct shim_exit back = { 0 };
	cleanup_buf struct buf text = BUF_INIT(4096);

	memcpy(e.run_id, RUN, sizeof(e.run_id));
	e.started_at = ktime_now();
	e.finished_at = ktime_now();
	shim_exit_text(&text, &e);
	ck_assert_int_eq(shim_exit_parse(buf_str(&text), text.len, &back), 0);
	ck_assert_int_eq(back.code, 137);
	ck_assert_int_eq(back.signal, 9);
	ck_assert(back.oom_killed && !back.lost);
	ck_assert_int_eq(back.log_dropped, 12);
	ck_assert_int_eq(ktime_cmp(&back.started_at, &e.started_at), 0);
	ck_assert_int_eq(ktime_cmp(&back.finished_at, &e.finished_at), 0);
}
END_TEST

START_TEST(last_error_of_runc)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *log = path_join(t.path, "log", NULL);
	cleanup_buf struct buf text = BUF_INIT(4096);

	ck_assert_int_eq(runc_last_error(log, &text), -ENOENT);
	put(t.path, "log", "{\"level\":\"warning\",\"msg\":\"w\"}\nnot json\n");
	ck_assert_int_eq(runc_last_error(log, &text), -ENOENT);
	put(t.path, "log",
	    "{\"level\":\"error\",\"msg\":\"first\",\"time\":\"t\"}\n"
	    "{\"level\":\"error\",\"msg\":\"runc run failed: a \\\"b\\\"\\n\\u001b[1m\"}\n"
	    "{\"level\":\"info\",\"msg\":\"later\"}\n{\"level\":\"err");
	ck_assert_int_eq(runc_last_error(log, &text), 0);
	ck_assert_str_eq(buf_str(&text), "a \"b\"\\n\\x1b[1m");
}
END_TEST

/* runc sees that its init went; why it went, init has told before. */
START_TEST(error_of_runc_with_cause)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *log = path_join(t.path, "log", NULL);
	cleanup_buf struct buf text = BUF_INIT(4096);

	put(t.path, "log",
	    "{\"level\":\"fatal\",\"msg\":\"nsexec-1[7]: failed to open x\"}\n"
	    "{\"level\":\"fatal\",\"msg\":\"nsexec-0[6]: next state: Success\"}\n");
	ck_assert_int_eq(runc_last_error(log, &text), 0);
	ck_assert_str_eq(buf_str(&text), "nsexec-1[7]: failed to open x");
	buf_reset(&text);
	put(t.path, "log",
	    "{\"level\":\"fatal\",\"msg\":\"nsexec-1[7]: failed to open x\"}\n"
	    "{\"level\":\"error\",\"msg\":\"runc run failed: read init-p: EOF\"}\n");
	ck_assert_int_eq(runc_last_error(log, &text), 0);
	ck_assert_str_eq(buf_str(&text), "read init-p: EOF: nsexec-1[7]: failed to open x");
}
END_TEST

static void put_program(const struct tempdir *t, const char *name, const char *text)
{
	cleanup_fd int fd = openat(t->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

/* One that is too long shows both of its ends, one of init's no time. */
START_TEST(long_error_of_runc)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *log = path_join(t.path, "log", NULL);
	cleanup_free char *xs = xmalloc(20001);
	cleanup_free char *line = NULL;
	cleanup_buf struct buf text = BUF_INIT(4096);

	memset(xs, 'x', 20000);
	xs[20000] = '\0';
	line = xasprintf("{\"level\":\"error\",\"msg\":\"runc run failed: begin %s: end\"}\n", xs);
	put(t.path, "log", line);
	ck_assert_int_eq(runc_last_error(log, &text), 0);
	ck_assert(str_has_prefix(buf_str(&text), "begin xxx"));
	ck_assert(str_has_suffix(buf_str(&text), "x: end"));
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "x ... x"));
	ck_assert_uint_lt(text.len, 400);
	buf_reset(&text);
	put(t.path, "log",
	    "{\"level\":\"error\",\"msg\":\"time=\\\"2026-11-30T10:35:03Z\\\" level=error "
	    "msg=\\\"no such mount\\\"\"}\n");
	ck_assert_int_eq(runc_last_error(log, &text), 0);
	ck_assert_str_eq(buf_str(&text), "\"no such mount\"");
}
END_TEST

static const struct {
	const char *version; /* what the program prints behind "NAME version " */
	const char *missing; /* CVE numbers, in order; "": none */
	bool packaged;
} versions[] = {
	{ "runc 1.1.5", "21626 31133 52565 52881 41579", false },
	{ "runc 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1", "31133 52565 52881 41579", true },
	{ "runc 1.1.5+ds1\ncommit: 1.1.5+ds1-1+b3", "21626 31133 52565 52881 41579", true },
	{ "runc 1.0.0~rc93+ds1\ncommit: 1.0.0~rc93+ds1-5+deb11u5", "31133 52565 52881 41579",
	  true },
	{ "runc 1.1.12\ncommit: v1.1.12-0-g51d5e946", "31133 52565 52881 41579", false },
	{ "runc 1.1.12-0ubuntu3", "31133 52565 52881 41579", true },
	{ "runc 1.2.7", "31133 52565 52881 41579", false },
	{ "runc 1.2.9", "41579", false },
	{ "runc 1.3.3", "41579", false },
	{ "runc 1.3.6", "", false },
	{ "runc 1.4.0-rc.2", "31133 52565 52881 41579", false },
	{ "runc 1.4.0-rc.3", "41579", false },
	{ "runc 1.4.3", "", false },
	{ "runc 1.5.0-rc.2", "41579", false },
	{ "runc 1.5.0-rc.3", "", false },
	{ "runc 1.5.1", "", false },
	{ "runc 2.0.0", "", false },
	{ "crun 1.8.1", "47766", false },
	{ "crun 1.28", "", false },
	{ "nrun 0.1.0", "", false },
};

START_TEST(fixes)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *program = path_join(t.path, "p", NULL);
	cleanup_free char *name = xstrndup(versions[_i].version, 4);
	cleanup_free char *script = xasprintf("#!/bin/sh\ncat <<'E'\n%s version%s\nE\n", name,
					      versions[_i].version + 4);
	cleanup_buf struct buf got = BUF_INIT(4096);
	cleanup_free char *text = NULL;
	struct runc_version v;
	const char *p;

	put_program(&t, "p", script);
	ck_assert_int_eq(runc_version(program, &v, NULL), 0);
	text = runc_fixes_missing(&v);
	for (p = text; p != NULL && (p = strstr(p, "CVE-")) != NULL; p += 9)
		buf_addf(&got, "%s%.5s", got.len > 0 ? " " : "", p + 9);
	ck_assert_str_eq(buf_str(&got), versions[_i].missing);
	if (text != NULL)
		ck_assert_int_eq(strstr(text, "the package may contain") != NULL,
				 versions[_i].packaged);
}
END_TEST

START_TEST(runtime_and_version)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *good = path_join(t.path, "good", NULL);
	cleanup_free char *bad = path_join(t.path, "bad", NULL);
	cleanup_free char *path = NULL;
	struct runc_version v;
	struct kerr err = { 0 };

	put_program(&t, "good", "#!/bin/sh\necho 'runc version 1.2.13-rc.1+x'\necho spec: 1.0\n");
	put_program(&t, "bad", "#!/bin/sh\necho nonsense\n");
	ck_assert_int_eq(runc_find(good, &path, &err), 0);
	ck_assert_str_eq(path, good);
	ck_assert_int_eq(runc_version(good, &v, &err), 0);
	ck_assert_str_eq(v.name, "runc");
	ck_assert_str_eq(v.text, "1.2.13-rc.1+x");
	ck_assert_uint_eq(v.major, 1);
	ck_assert_uint_eq(v.minor, 2);
	ck_assert_uint_eq(v.patch, 13);
	ck_assert_int_lt(runc_version(bad, &v, &err), 0);
	free_p(&path);
	ck_assert_int_lt(runc_find("no-such-runtime", &path, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "no-such-runtime is not installed"));
	ck_assert_int_lt(runc_find("a/b", &path, &err), 0);
	ck_assert_int_lt(runc_find("/no/such", &path, &err), 0);
	ck_assert_ptr_null(path);
}
END_TEST

START_TEST(forget_state)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	struct kerr err = { 0 };

	ck_assert_int_eq(mkdirat(t.fd, "a", 0700), 0);
	ck_assert_int_eq(mkdirat(t.fd, "a/b", 0700), 0);
	ck_assert_int_eq(runc_forget(t.path, "a", &err), 0);
	ck_assert_int_eq(runc_forget(t.path, "a", &err), 0);
	ck_assert_int_lt(faccessat(t.fd, "a", F_OK, 0), 0);
	ck_assert_int_eq(runc_forget("/no/such/root", "a", &err), 0);
	ck_assert_int_lt(runc_forget(t.path, "..", &err), 0);
	ck_assert_int_lt(runc_forget(t.path, "a/b", &err), 0);
	ck_assert_int_lt(runc_forget(t.path, "", &err), 0);
}
END_TEST

static Suite *test_shim(void)
{
	Suite *s = suite_create("shim");
	TCase *c = tcase_create("shim");

	tcase_add_loop_test(c, derivation, 0, ARRAY_SIZE(rows));
	tcase_add_test(c, damage_is_an_error);
	tcase_add_test(c, cut_after_a_line);
	tcase_add_test(c, settle_waits_for_a_busy_shim);
	tcase_add_test(c, no_init_no_pidfd);
	tcase_add_test(c, records_round_trip);
	tcase_add_test(c, last_error_of_runc);
	tcase_add_test(c, error_of_runc_with_cause);
	tcase_add_test(c, long_error_of_runc);
	tcase_add_loop_test(c, fixes, 0, ARRAY_SIZE(versions));
	tcase_add_test(c, runtime_and_version);
	tcase_add_test(c, forget_state);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_shim);
