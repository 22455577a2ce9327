/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "logview.h"
#include "mem.h"
#include "proc.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

#define PATIENCE_MS 120000

/* `kuke log -f` in a child, its output in a pipe. */
struct follower {
	struct tempdir dir;
	char *log, *old;
	pid_t pid;
	int fd;
};

static void append(const char *path, const char *text)
{
	int fd cleanup_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

static void begin(struct follower *f, enum logview_flags flags)
{
	int fds[2];

	f->dir = tempdir_make();
	f->log = path_join(f->dir.path, "log", NULL);
	f->old = path_join(f->dir.path, "log.1", NULL);
	append(f->log, "one\n");
	ck_assert_int_eq(pipe(fds), 0);
	f->pid = fork();
	ck_assert_int_ge(f->pid, 0);
	if (f->pid == 0) {
		(void) signal(SIGPIPE, SIG_IGN);
		(void) dup2(fds[1], 1);
		(void) close(fds[0]);
		(void) close(fds[1]);
		_exit(logview(f->log, flags, NULL) == 0 ? 0 : 1);
	}
	(void) close(fds[1]);
	f->fd = fds[0];
}

static void expect(struct follower *f, const char *text)
{
	size_t n = strlen(text);
	char have[64] = "";

	for (size_t got = 0; got < n;) {
		ssize_t k;

		ck_assert_int_eq(fd_wait_readable(f->fd, PATIENCE_MS), 1);
		k = read(f->fd, have + got, n - got);
		ck_assert_int_gt(k, 0);
		got += (size_t) k;
	}
	ck_assert_str_eq(have, text);
}

static void end(struct follower *f, int sig)
{
	int status = -1;

	if (sig)
		ck_assert_int_eq(kill(f->pid, sig), 0);
	ck_assert_int_eq(proc_wait(f->pid, PATIENCE_MS, &status, NULL), 0);
	ck_assert_int_eq(status, 0);
	fd_close_p(&f->fd);
	tempdir_clear(&f->dir);
	free(f->log);
	free(f->old);
}

START_TEST(prints_and_ends)
{
	struct follower f;
	char c;

	begin(&f, 0);
	expect(&f, "one\n");
	ck_assert_int_eq(read(f.fd, &c, 1), 0);
	end(&f, 0);
}
END_TEST

START_TEST(follows_what_is_written)
{
	struct follower f;

	begin(&f, LOGVIEW_FOLLOW);
	expect(&f, "one\n");
	append(f.log, "two\n");
	expect(&f, "two\n");
	end(&f, _i);
}
END_TEST

START_TEST(follows_rotation)
{
	struct follower f;

	begin(&f, LOGVIEW_FOLLOW);
	expect(&f, "one\n");
	append(f.log, "two\n");
	ck_assert_int_eq(rename(f.log, f.old), 0);
	append(f.old, "three\n"); /* a writer that still has the old one open */
	append(f.log, "four\n");
	expect(&f, "two\nthree\nfour\n");
	append(f.log, "five\n");
	expect(&f, "five\n");
	end(&f, SIGINT);
}
END_TEST

START_TEST(follows_truncation)
{
	struct follower f;

	begin(&f, LOGVIEW_FOLLOW);
	expect(&f, "one\n");
	ck_assert_int_eq(truncate(f.log, 0), 0);
	append(f.log, "2\n"); /* shorter than what was read */
	expect(&f, "2\n");
	end(&f, SIGTERM);
}
END_TEST

START_TEST(ends_with_its_reader)
{
	struct follower f;

	begin(&f, LOGVIEW_FOLLOW);
	expect(&f, "one\n");
	fd_close_p(&f.fd);
	end(&f, 0);
}
END_TEST

START_TEST(ends_with_the_container)
{
	struct follower f;
	char c;

	begin(&f, LOGVIEW_FOLLOW);
	expect(&f, "one\n");
	fd_close_p(&f.dir.fd); /* it would keep the directory alive */
	ck_assert_int_eq(remove_tree_at(AT_FDCWD, f.dir.path, 0, NULL), 0);
	ck_assert_int_eq(fd_wait_readable(f.fd, PATIENCE_MS), 1);
	ck_assert_int_eq(read(f.fd, &c, 1), 0);
	end(&f, 0);
}
END_TEST

START_TEST(missing_file)
{
	struct kerr err = { 0 };

	ck_assert_int_eq(logview("/nonexistent/log", 0, &err), -ENOENT);
	ck_assert_int_eq(logview("/nonexistent/log", LOGVIEW_FOLLOW, &err), -ENOENT);
	ck_assert_str_eq(err.msg, "");
}
END_TEST

static Suite *test_logview(void)
{
	Suite *s = suite_create("logview");
	TCase *t = tcase_create("logview");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, prints_and_ends);
	tcase_add_loop_test(t, follows_what_is_written, SIGINT, SIGINT + 1);
	tcase_add_loop_test(t, follows_what_is_written, SIGTERM, SIGTERM + 1);
	tcase_add_test(t, follows_rotation);
	tcase_add_test(t, follows_truncation);
	tcase_add_test(t, ends_with_its_reader);
	tcase_add_test(t, ends_with_the_container);
	tcase_add_test(t, missing_file);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_logview);
