/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lock.h"
#include "tempdir.h"
#include "unit.h"

START_TEST(take_and_test)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	struct kerr e = { 0 };
	struct stat st;
	int fd, other;

	ck_assert_int_eq(lock_file_held(t.fd, "l"), 0);
	fd = lock_file_at(t.fd, "l", LOCK_FILE_TRY, &e);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fstatat(t.fd, "l", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	ck_assert_int_eq(lock_file_held(t.fd, "l"), 1);
	ck_assert_int_eq(lock_file_at(t.fd, "l", LOCK_FILE_TRY, &e), -EWOULDBLOCK);
	ck_assert_str_eq(e.msg, "lock 'l'");
	fd_close_p(&fd);
	ck_assert_int_eq(lock_file_held(t.fd, "l"), 0);
	fd = lock_file_at(t.fd, "l", LOCK_FILE_WAIT, &e);
	ck_assert_int_ge(fd, 0);
	fd_close_p(&fd);
	ck_assert_int_eq(lock_file_at(t.fd, "no/l", LOCK_FILE_WAIT, &e), -ENOENT);
	ck_assert_str_eq(e.msg, "open lock 'no/l'");
	ck_assert_int_eq(symlinkat("l", t.fd, "link"), 0);
	ck_assert_int_eq(lock_file_at(t.fd, "link", LOCK_FILE_WAIT, &e), -ELOOP);
	ck_assert_int_eq(lock_file_held(t.fd, "link"), -ELOOP);
	fd = file_open_at(t.fd, "l");
	ck_assert_int_eq(lock_fd_held(fd), 0);
	other = lock_file_at(t.fd, "l", LOCK_FILE_TRY, &e); /* the check has let go of it */
	ck_assert_int_ge(other, 0);
	ck_assert_int_eq(lock_fd_held(fd), 1);
	fd_close_p(&other);
	fd_close_p(&fd);
}
END_TEST

/* While a second process waits, the file is replaced: it must end up with the new one. */
START_TEST(replaced_while_waiting)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	int fd = lock_file_at(t.fd, "l", LOCK_FILE_WAIT, NULL);
	struct timespec pause = { .tv_nsec = 50000000 };
	struct stat mine;
	struct stat there;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void) close(fd);
		fd = lock_file_at(t.fd, "l", LOCK_FILE_WAIT, NULL);
		if (fd < 0 || fstat(fd, &mine) < 0 || fstatat(t.fd, "l", &there, 0) < 0)
			_exit(1);
		_exit(mine.st_ino == there.st_ino ? 0 : 2);
	}
	(void) nanosleep(&pause, NULL);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0); /* it does wait */
	ck_assert_int_eq(renameat(t.fd, "l", t.fd, "old"), 0);
	fd_close_p(&fd);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(goes_with_the_last_copy)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	int fd = lock_file_at(t.fd, "l", LOCK_FILE_WAIT, NULL);
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	fd_close_p(&fd);
	ck_assert_int_eq(lock_file_held(t.fd, "l"), 1);
	fd_close_p(&copy);
	ck_assert_int_eq(lock_file_held(t.fd, "l"), 0);
}
END_TEST

static Suite *test_lock(void)
{
	Suite *s = suite_create("lock");
	TCase *c = tcase_create("lock");

	tcase_add_test(c, take_and_test);
	tcase_add_test(c, replaced_while_waiting);
	tcase_add_test(c, goes_with_the_last_copy);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_lock);
