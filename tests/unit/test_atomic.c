/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <dirent.h>

#include "atomic.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

static void expect_file(int dir, const char *name, const char *text)
{
	cleanup_buf struct buf b = BUF_INIT(0);

	ck_assert_int_eq(file_read_at(dir, name, 1 << 20, &b, NULL), 0);
	ck_assert_str_eq(buf_str(&b), text);
}

static size_t count_entries(const struct tempdir *t)
{
	DIR *d = opendir(t->path);
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	(void) closedir(d);
	return n - 2; /* "." and ".." */
}

START_TEST(writes_and_replaces)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	struct stat st;

	(void) umask(077);
	ck_assert_int_eq(atomic_write_at(t.fd, "f", "one", 3, 0640, 0, NULL), 0);
	expect_file(t.fd, "f", "one");
	ck_assert_int_eq(fstatat(t.fd, "f", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0640);
	ck_assert_int_eq(atomic_write_at(t.fd, "f", "", 0, 0604, ATOMIC_WRITE_NOSYNC, NULL), 0);
	expect_file(t.fd, "f", "");
	ck_assert_int_eq(fstatat(t.fd, "f", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0604);
	ck_assert_uint_eq(count_entries(&t), 1);
	ck_assert_int_eq(mkdirat(t.fd, "d", 0700), 0);
	ck_assert_int_eq(atomic_write_at(t.fd, "d/x", "y", 1, 0600, 0, NULL), 0);
	expect_file(t.fd, "d/x", "y");
	ck_assert_int_eq(fsync_parent(t.fd, "d/x", NULL), 0);
	ck_assert_int_eq(atomic_unlink_at(t.fd, "d/x", NULL), 0);
	ck_assert_int_eq(faccessat(t.fd, "d/x", F_OK, 0), -1);
	ck_assert_int_eq(atomic_unlink_at(t.fd, "d/x", NULL), 0);
}
END_TEST

START_TEST(a_link_is_replaced_not_followed)
{
	cleanup_tempdir struct tempdir t = tempdir_make();

	ck_assert_int_eq(atomic_write_at(t.fd, "target", "old", 3, 0600, 0, NULL), 0);
	ck_assert_int_eq(symlinkat("target", t.fd, "f"), 0);
	ck_assert_int_eq(atomic_write_at(t.fd, "f", "new", 3, 0600, 0, NULL), 0);
	expect_file(t.fd, "target", "old");
	expect_file(t.fd, "f", "new");
}
END_TEST

START_TEST(over_a_directory)
{
	cleanup_tempdir struct tempdir t = tempdir_make();

	ck_assert_int_eq(mkdirat(t.fd, "f", 0700), 0);
	ck_assert_int_eq(mkdirat(t.fd, "f/x", 0700), 0);
	ck_assert_int_lt(atomic_write_at(t.fd, "f", "one", 3, 0600, 0, NULL), 0);
	ck_assert_int_eq(faccessat(t.fd, "f/x", F_OK, 0), 0);
	ck_assert_int_eq(atomic_write_at(t.fd, "f", "one", 3, 0600, ATOMIC_WRITE_OVER_DIR, NULL),
			 0);
	expect_file(t.fd, "f", "one");
	ck_assert_uint_eq(count_entries(&t), 1);
}
END_TEST

START_TEST(exclusive)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	struct kerr e = { 0 };

	ck_assert_int_eq(atomic_write_at(t.fd, "f", "one", 3, 0600, ATOMIC_WRITE_EXCL, &e), 0);
	ck_assert_int_eq(e.sys_errno, 0);
	ck_assert_int_eq(atomic_write_at(t.fd, "f", "two", 3, 0600, ATOMIC_WRITE_EXCL, &e),
			 -EEXIST);
	ck_assert_str_eq(e.msg, "write 'f'");
	expect_file(t.fd, "f", "one");
	ck_assert_uint_eq(count_entries(&t), 1);
}
END_TEST

START_TEST(failures_leave_nothing)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	struct rlimit small = { .rlim_cur = 100, .rlim_max = RLIM_INFINITY };
	struct kerr e = { 0 };
	char big[1000] = { 0 };

	ck_assert_int_eq(atomic_write_at(t.fd, "no/f", "x", 1, 0600, 0, &e), -ENOENT);
	ck_assert_str_eq(e.msg, "write 'no/f': open 'no'");
	ck_assert_int_eq(atomic_write_at(t.fd, "f/", "x", 1, 0600, 0, &e), -EINVAL);
	ck_assert_int_eq(mkdirat(t.fd, "d", 0700), 0);
	ck_assert_int_eq(atomic_write_at(t.fd, "d", "x", 1, 0600, 0, &e), -EISDIR);
	ck_assert_int_eq(atomic_unlink_at(t.fd, "d", &e), -EISDIR);
	ck_assert_uint_eq(count_entries(&t), 1);
	ck_assert_int_eq(atomic_write_at(t.fd, "f", "old", 3, 0600, 0, &e), 0);
	(void) sigaction(SIGXFSZ, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(atomic_write_at(t.fd, "f", big, sizeof(big), 0600, 0, &e), -EFBIG);
	small.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	expect_file(t.fd, "f", "old");
	ck_assert_uint_eq(count_entries(&t), 2);
}
END_TEST

/* A writer killed at any moment: readers see one whole content. */
START_TEST(killed_writer)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	char text[2][4096];
	int round;

	memset(text[0], 'a', sizeof(text[0]));
	memset(text[1], 'b', sizeof(text[1]));
	ck_assert_int_eq(atomic_write_at(t.fd, "f", text[0], sizeof(text[0]), 0600, 0, NULL), 0);
	for (round = 0; round < 40; round++) {
		struct timespec pause = { .tv_nsec = round * 50000 };
		cleanup_buf struct buf b = BUF_INIT(0);
		pid_t pid = fork();
		int i;

		if (pid == 0) {
			for (i = 0;; i ^= 1)
				(void) atomic_write_at(t.fd, "f", text[i], sizeof(text[i]), 0600,
						       ATOMIC_WRITE_NOSYNC, NULL);
		}
		(void) nanosleep(&pause, NULL);
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		ck_assert_int_eq(file_read_at(t.fd, "f", 8192, &b, NULL), 0);
		ck_assert_uint_eq(b.len, sizeof(text[0]));
		ck_assert(memcmp(b.data, text[0], b.len) == 0 ||
			  memcmp(b.data, text[1], b.len) == 0);
		ck_assert_uint_le(count_entries(&t), 2); /* they do not pile up */
	}
	ck_assert_int_eq(atomic_write_at(t.fd, "f", "x", 1, 0600, 0, NULL), 0);
	ck_assert_uint_eq(count_entries(&t), 1);
}
END_TEST

static Suite *test_atomic(void)
{
	Suite *s = suite_create("atomic");
	TCase *c = tcase_create("atomic");

	tcase_add_test(c, writes_and_replaces);
	tcase_add_test(c, a_link_is_replaced_not_followed);
	tcase_add_test(c, over_a_directory);
	tcase_add_test(c, exclusive);
	tcase_add_test(c, failures_leave_nothing);
	tcase_add_test(c, killed_writer);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_atomic);
