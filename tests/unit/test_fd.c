/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "fd.h"
#include "tempdir.h"
#include "unit.h"

START_TEST(closing)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int copy = fd;
	int other;

	errno = EXDEV;
	fd_close_p(&fd);
	ck_assert_int_eq(fd, -EBADF);
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_int_eq(fcntl(copy, F_GETFD), -1);
	fd_close_p(&fd);
	fd = 77;
	other = take_fd(fd);
	ck_assert_int_eq(other, 77);
	ck_assert_int_eq(fd, -EBADF);
}
END_TEST

/* More than a pipe holds, to a slow reader. */
START_TEST(whole_reads_and_writes)
{
	enum {
		N = 300000
	};
	cleanup_free char *data = xmalloc(N);
	cleanup_free char *back = xmalloc(N);
	int fds[2];
	char c;
	pid_t pid;
	int i;

	for (i = 0; i < N; i++)
		data[i] = (char) (i * 31);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void) close(fds[0]);
		_exit(fd_write_all(fds[1], data, N) == 0 ? 0 : 1);
	}
	(void) close(fds[1]);
	ck_assert_int_eq(fd_read_all(fds[0], back, N), 0);
	ck_assert_mem_eq(data, back, N);
	ck_assert_int_eq(fd_read_all(fds[0], &c, 1), -EPIPE);
	ck_assert_int_eq(fd_read_all(fds[0], &c, 0), 0);
	ck_assert_int_eq(waitpid(pid, &i, 0), pid);
	ck_assert_int_eq(i, 0);
	(void) close(fds[0]);
	ck_assert_int_eq(fd_write_all(-1, "x", 1), -EBADF);
	ck_assert_int_eq(fd_read_all(-1, &c, 1), -EBADF);
}
END_TEST

START_TEST(reading_files)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_buf struct buf b = BUF_INIT(3);
	struct kerr e = { 0 };

	ck_assert_int_eq(file_read_at(t.fd, "f", 10, &b, &e), -ENOENT);
	ck_assert_str_eq(e.msg, "");
	ck_assert_int_eq(atomic_write_at(t.fd, "f", "0123456789", 10, 0600, 0, NULL), 0);
	ck_assert_int_eq(file_read_at(t.fd, "f", 10, &b, &e), 0);
	ck_assert_str_eq(buf_str(&b), "0123456789");
	ck_assert_int_eq(file_read_at(t.fd, "f", 9, &b, &e), -E2BIG);
	ck_assert_str_eq(e.msg, "'f' is larger than 9 bytes");
	ck_assert_int_eq(symlinkat("f", t.fd, "l"), 0);
	ck_assert_int_eq(file_read_at(t.fd, "l", 10, &b, &e), -ELOOP);
	ck_assert_int_eq(mkfifoat(t.fd, "p", 0600), 0);
	ck_assert_int_eq(file_read_at(t.fd, "p", 10, &b, &e), -EBADF); /* and does not hang */
	ck_assert_int_eq(file_read_at(t.fd, ".", 10, &b, &e), -EBADF);
	ck_assert_str_eq(e.msg, "'.' is not a regular file");
	ck_assert_int_eq(file_read_at(AT_FDCWD, "/proc/self/stat", 4096, &b, &e), 0);
	ck_assert_uint_gt(b.len, 10); /* its size is 0 and yet there is text */
	ck_assert_int_eq(file_read_at(AT_FDCWD, "/proc/self/stat", 10, &b, &e), -E2BIG);
}
END_TEST

START_TEST(kernel_files)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_buf struct buf b = BUF_INIT(100);
	char line[8];

	ck_assert_int_eq(sys_read(AT_FDCWD, "/proc/self/comm", &b), 0);
	ck_assert_uint_gt(b.len, 1);
	ck_assert_int_eq(sys_read(t.fd, "none", &b), -ENOENT);
	ck_assert_int_eq(sys_read_line(t.fd, "none", line, sizeof(line)), -ENOENT);
	ck_assert_int_eq(sys_read_line(AT_FDCWD, "/proc/self/stat", line, sizeof(line)), 0);
	ck_assert_uint_eq(strlen(line), sizeof(line) - 1);
	ck_assert_int_eq(sys_write(t.fd, "none", "x"), -ENOENT);
	ck_assert_int_eq(sys_write(AT_FDCWD, "/dev/full", "x"), -ENOSPC);
	ck_assert_int_eq(sys_write(AT_FDCWD, "/proc/self/comm", "renamed"), 0);
	ck_assert_int_eq(sys_read(AT_FDCWD, "/proc/self/comm", &b), 0);
	ck_assert_str_eq(buf_str(&b), "renamed\n");
	b.max = 2;
	ck_assert_int_eq(sys_read(AT_FDCWD, "/proc/self/stat", &b), -E2BIG);
}
END_TEST

START_TEST(opening_in_a_root)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_fd int a = -EBADF;
	cleanup_fd int b = -EBADF;
	struct stat st;
	struct stat there;

	ck_assert_int_eq(mkdirat(t.fd, "etc", 0700), 0);
	ck_assert_int_eq(symlinkat("/etc", t.fd, "abs"), 0);
	ck_assert_int_eq(symlinkat("/proc/self/exe", t.fd, "exe"), 0);
	a = open_in_root(t.fd, "abs/../../../etc/passwd", O_RDWR | O_CREAT, 0640);
	ck_assert_int_ge(a, 0);
	ck_assert_int_eq(fcntl(a, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fstat(a, &st), 0);
	ck_assert_int_eq(fstatat(t.fd, "etc/passwd", &there, 0), 0);
	ck_assert_uint_eq(st.st_ino, there.st_ino);
	b = open_in_root(t.fd, "..", O_PATH | O_DIRECTORY, 0);
	ck_assert_int_eq(fstat(b, &st), 0);
	ck_assert_int_eq(fstat(t.fd, &there), 0);
	ck_assert_uint_eq(st.st_ino, there.st_ino);
	ck_assert_int_eq(open_in_root(t.fd, "exe", O_RDONLY, 0), -ENOENT);
	ck_assert_int_eq(open_in_root(t.fd, "none", O_RDONLY, 0), -ENOENT);
}
END_TEST

START_TEST(waiting)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(fd_wait_readable(fds[0], 0), 0);
	ck_assert_int_eq(fd_wait_readable(fds[0], 10), 0);
	ck_assert_int_eq(fd_write_all(fds[1], "x", 1), 0);
	ck_assert_int_eq(fd_wait_readable(fds[0], -1), 1);
	(void) close(fds[1]);
	ck_assert_int_eq(fd_wait_readable(fds[0], 1000), 1);
	(void) close(fds[0]);
	ck_assert_int_eq(fd_wait_readable(fds[0], 1000), -EBADF);
	ck_assert_int_eq(fd_wait_readable(-1, 1000), -EBADF);
}
END_TEST

static int open_count(void)
{
	int n = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

START_TEST(passing_descriptors)
{
	int socks[2];
	int send[8];
	int got[8];
	int before;
	int i;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks), 0);
	for (i = 0; i < 8; i++)
		send[i] = socks[i & 1];
	before = open_count();
	ck_assert_int_eq(fd_send(socks[0], send, 8), 0);
	ck_assert_int_eq(fd_recv(socks[1], got, 8), 8);
	for (i = 0; i < 8; i++) {
		ck_assert_int_eq(fcntl(got[i], F_GETFD), FD_CLOEXEC);
		(void) close(got[i]);
	}
	ck_assert_int_eq(fd_send(socks[0], NULL, 0), 0);
	ck_assert_int_eq(fd_recv(socks[1], got, 8), 0);
	ck_assert_int_eq(fd_send(socks[0], send, 9), -E2BIG);
	ck_assert_int_eq(fd_send(socks[0], send, 3), 0);
	ck_assert_int_eq(fd_recv(socks[1], got, 2), -E2BIG);
	ck_assert_int_eq(open_count(), before); /* what was refused is closed */
	(void) close(socks[0]);
	ck_assert_int_eq(fd_recv(socks[1], got, 8), -EPIPE);
	ck_assert_int_eq(fd_send(socks[1], send, 0), -EPIPE);
	(void) close(socks[1]);
}
END_TEST

static Suite *test_fd(void)
{
	Suite *s = suite_create("fd");
	TCase *c = tcase_create("fd");

	tcase_add_test(c, closing);
	tcase_add_test(c, whole_reads_and_writes);
	tcase_add_test(c, reading_files);
	tcase_add_test(c, kernel_files);
	tcase_add_test(c, opening_in_a_root);
	tcase_add_test(c, waiting);
	tcase_add_test(c, passing_descriptors);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_fd);
