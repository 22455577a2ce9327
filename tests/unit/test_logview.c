/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <termios.h>
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
	char *log, *old, *writer;
	pid_t pid;
	int fd;
};

static void append(const char *path, const char *text)
{
	int fd cleanup_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

/* What the writer does is in a file, a digit of enum log_writer; none: it writes. */
static enum log_writer told(void *ctx, size_t which)
{
	struct buf text cleanup_buf = BUF_INIT(16);

	(void) which;
	if (file_read_at(AT_FDCWD, ctx, 15, &text, NULL) < 0)
		return LOG_WRITES;
	return (enum log_writer)(buf_str(&text)[0] - '0');
}

static int view(const char *path, unsigned flags, void *writer)
{
	cleanup_free char *dir = path_dirname(path), *cell = path_dirname(dir);
	struct log_follow_opts opts = { .want.tail = LOG_ALL, .cell_dir = cell, .ctx = writer };
	char *name[] = { (char *) (uintptr_t) "main", NULL };
	struct log_request q = { .containers = { name, 1 }, .follow = flags & LOGVIEW_FOLLOW };
	struct logview_opts how = { .flags = flags, .names = &q.containers };
	cleanup_(log_feed_freep) struct log_feed *feed = NULL;
	struct log_follow *f = NULL;

	opts.writer = q.follow ? told : NULL;
	if (log_follow_new(&opts, &f, NULL) < 0)
		return -ENOMEM;
	feed = log_feed_of(f, &q);
	return log_follow_add(f, path, NULL, NULL) < 0 ? -ENOENT : logview(feed, &how, NULL);
}

static void prepare(struct follower *f)
{
	f->dir = tempdir_make();
	f->log = path_join(f->dir.path, "log", NULL);
	f->old = path_join(f->dir.path, "log.1", NULL);
	f->writer = path_join(f->dir.path, "writer", NULL);
	append(f->log, "one\n");
}

static void follow(struct follower *f, unsigned flags)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	f->pid = fork();
	ck_assert_int_ge(f->pid, 0);
	if (f->pid == 0) {
		(void) signal(SIGPIPE, SIG_IGN);
		(void) dup2(fds[1], 1);
		(void) close(fds[0]);
		(void) close(fds[1]);
		_exit(view(f->log, flags, f->writer) == 0 ? 0 : 1);
	}
	(void) close(fds[1]);
	f->fd = fds[0];
}

static void begin(struct follower *f, unsigned flags)
{
	prepare(f);
	follow(f, flags);
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
	free(f->writer);
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
	ck_assert_int_eq(remove_tree_at(AT_FDCWD, f.dir.path, 0, NULL), 0);
	ck_assert_int_eq(fd_wait_readable(f.fd, PATIENCE_MS), 1);
	ck_assert_int_eq(read(f.fd, &c, 1), 0);
	end(&f, 0);
}
END_TEST

START_TEST(kept_files_in_order)
{
	struct follower f;
	char *third cleanup_free = NULL, *tenth cleanup_free = NULL, *index cleanup_free = NULL;
	char c;

	prepare(&f);
	third = path_join(f.dir.path, "log.3", NULL); /* a gap, as a crash leaves it */
	tenth = path_join(f.dir.path, "log.10", NULL);
	index = path_join(f.dir.path, "log.1.idx", NULL);
	append(tenth, "A\n");
	append(third, "B\n");
	append(f.old, "C\n");
	append(index, "no text\n");
	follow(&f, _i ? LOGVIEW_FOLLOW : 0);
	expect(&f, "A\nB\nC\none\n");
	if (_i) {
		append(f.log, "two\n");
		expect(&f, "two\n");
		end(&f, SIGTERM);
		return;
	}
	ck_assert_int_eq(read(f.fd, &c, 1), 0);
	end(&f, 0);
}
END_TEST

START_TEST(follows_removal)
{
	struct follower f;

	begin(&f, LOGVIEW_FOLLOW);
	expect(&f, "one\n");
	ck_assert_int_eq(unlink(f.log), 0);
	append(f.log, "two\n");
	expect(&f, "two\n");
	end(&f, SIGTERM);
}
END_TEST

START_TEST(ends_with_its_writer)
{
	struct follower f;
	char c;

	prepare(&f);
	append(f.writer, "3");
	follow(&f, LOGVIEW_FOLLOW);
	expect(&f, "one\n");
	ck_assert_int_eq(read(f.fd, &c, 1), 0);
	end(&f, 0);
	/* It ends later, and something in the directory is closed. */
	begin(&f, LOGVIEW_FOLLOW);
	expect(&f, "one\n");
	append(f.log, "two\n");
	expect(&f, "two\n");
	append(f.writer, "3");
	ck_assert_int_eq(read(f.fd, &c, 1), 0);
	end(&f, 0);
	/* It is to be brought back, and then is not. */
	prepare(&f);
	append(f.writer, "2");
	follow(&f, LOGVIEW_FOLLOW);
	expect(&f, "one\n");
	ck_assert_int_eq(unlink(f.writer), 0);
	append(f.writer, "3");
	ck_assert_int_eq(read(f.fd, &c, 1), 0);
	end(&f, 0);
}
END_TEST

/* What a terminal gets of the log, in raw mode. */
static void on_terminal(unsigned flags, const char *text, const char *want)
{
	struct tempdir dir cleanup_(tempdir_clear) = tempdir_make();
	char *log cleanup_free = path_join(dir.path, "log", NULL);
	int master cleanup_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int slave cleanup_fd = -EBADF;
	struct termios raw;
	char have[256] = "";
	size_t got = 0;
	int status;
	pid_t pid;

	append(log, text);
	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(slave, 0);
	ck_assert_int_eq(tcgetattr(slave, &raw), 0);
	cfmakeraw(&raw);
	ck_assert_int_eq(tcsetattr(slave, TCSANOW, &raw), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void) dup2(slave, 1);
		_exit(view(log, flags, NULL) == 0 ? 0 : 1);
	}
	ck_assert_int_eq(proc_wait(pid, PATIENCE_MS, &status, NULL), 0);
	ck_assert_int_eq(status, 0);
	while (got < strlen(want)) {
		ssize_t n = read(master, have + got, sizeof(have) - 1 - got);

		ck_assert_int_gt(n, 0);
		got += (size_t) n;
	}
	ck_assert_str_eq(have, want);
}

START_TEST(a_terminal_is_not_driven)
{
	static const char text[] = "a\tb\r\n\x1b]0;title\a\xc3\xa4\xe2\x80\xae\rx\n\xff\n\xe2\x82";

	on_terminal(0, text, "a\tb\n\\x1b]0;title\\x07\xc3\xa4\\u202e\\x0dx\n\\xff\n\\xe2\\x82");
	on_terminal(LOGVIEW_RAW, text, text);
	on_terminal(LOGVIEW_PLAIN, text, "a\tb\n\xc3\xa4\\u202ex\n\\xff\n\\xe2\\x82");
}
END_TEST

START_TEST(missing_file)
{
	ck_assert_int_eq(view("/nonexistent/log", 0, NULL), -ENOENT);
	ck_assert_int_eq(view("/nonexistent/log", LOGVIEW_FOLLOW, NULL), -ENOENT);
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
	tcase_add_loop_test(t, kept_files_in_order, 0, 2);
	tcase_add_test(t, follows_removal);
	tcase_add_test(t, ends_with_its_writer);
	tcase_add_test(t, a_terminal_is_not_driven);
	tcase_add_test(t, missing_file);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_logview);
