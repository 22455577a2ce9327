/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"
#include "procinfo.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

/* Run a shell script, with its output in out. */
static int shell(struct proc_spawn *how, const char *script, const struct buf *in, struct buf *out,
		 int deadline_ms, struct kerr *err)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, xstrdup(script), NULL };
	int status = -1;
	int r;

	how->path = "/bin/sh";
	how->argv = argv;
	r = proc_run(how, in, out, NULL, deadline_ms, &status, err);
	free(argv[2]);
	return r < 0 ? r : status;
}

static void expect_no_children(void)
{
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

START_TEST(runs_programs)
{
	cleanup_buf struct buf out = BUF_INIT(1000);
	struct proc_spawn how = PROC_SPAWN_INIT;
	char *envp[] = { (char[]){ "A=b" }, NULL };

	how.envp = envp;
	how.cwd = "/proc";
	ck_assert_int_eq(shell(&how, "echo $A; pwd; cat; exit 3", NULL, &out, -1, NULL), 3 << 8);
	ck_assert_str_eq(buf_str(&out), "b\n/proc\n");
	buf_reset(&out);
	ck_assert_int_eq(shell(&how, "kill -9 $$", NULL, &out, -1, NULL), 9);
	expect_no_children();
}
END_TEST

START_TEST(large_input_and_output)
{
	cleanup_buf struct buf in = BUF_INIT(1 << 20);
	cleanup_buf struct buf out = BUF_INIT(1 << 20);
	cleanup_buf struct buf small = BUF_INIT(10);
	struct proc_spawn how = PROC_SPAWN_INIT;

	memset(buf_room(&in, 1 << 20), 'x', 1 << 20);
	buf_commit(&in, 1 << 20);
	ck_assert_int_eq(shell(&how, "cat", &in, &out, 20000, NULL), 0);
	ck_assert_uint_eq(out.len, 1 << 20);
	ck_assert(!out.failed);
	ck_assert_int_eq(shell(&how, "cat", &in, &small, 20000, NULL), 0);
	ck_assert_str_eq(buf_str(&small), "xxxxxxxxxx");
	ck_assert(small.failed);
	ck_assert_int_eq(shell(&how, "exit 0", &in, NULL, 20000, NULL), 0); /* reads none of it */
}
END_TEST

START_TEST(both_outputs)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char[]){ "echo o; echo e >&2" },
			 NULL };
	cleanup_buf struct buf out = BUF_INIT(100);
	cleanup_buf struct buf errout = BUF_INIT(100);
	struct proc_spawn how = PROC_SPAWN_INIT;
	int status;

	how.path = "sh";
	how.argv = argv;
	ck_assert_int_eq(proc_run(&how, NULL, &out, &errout, -1, &status, NULL), 0);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(buf_str(&out), "o\n");
	ck_assert_str_eq(buf_str(&errout), "e\n");
}
END_TEST

START_TEST(deadline_kills)
{
	struct proc_spawn how = PROC_SPAWN_INIT;
	int64_t start = clock_ms();
	struct kerr e = { 0 };

	ck_assert_int_eq(shell(&how, "exec sleep 600", NULL, NULL, 50, &e), -ETIME);
	ck_assert_str_eq(e.msg, "run '/bin/sh'");
	ck_assert_int_lt(clock_ms() - start, 500000);
	expect_no_children();
}
END_TEST

/* A grandchild that keeps the pipe open does not hold us up. */
START_TEST(output_held_by_others)
{
	cleanup_buf struct buf out = BUF_INIT(100);
	struct proc_spawn how = PROC_SPAWN_INIT;
	int64_t start = clock_ms();
	uint64_t pid = 0;

	ck_assert_int_eq(shell(&how, "sleep 600 & echo $!", NULL, &out, -1, NULL), 0);
	ck_assert_int_lt(clock_ms() - start, 500000);
	out.data[out.len - 1] = '\0';
	ck_assert_int_eq(str_to_u64(out.data, 2, INT32_MAX, &pid), 0);
	ck_assert_int_eq(kill((pid_t) pid, SIGKILL), 0);
}
END_TEST

START_TEST(failures_are_told)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *file = path_join(t.path, "f", NULL);
	char *argv[] = { (char[]){ "x" }, NULL };
	struct proc_spawn how = PROC_SPAWN_INIT;
	struct kerr e = { 0 };
	int bad_fd = 200;
	pid_t pid = 42;

	how.argv = argv;
	how.path = "/nonexistent/x";
	ck_assert_int_eq(proc_spawn(&how, &pid, &e), -ENOENT);
	ck_assert_str_eq(e.msg, "execute '/nonexistent/x'");
	how.flags = PROC_DOUBLE_FORK;
	ck_assert_int_eq(proc_spawn(&how, &pid, &e), -ENOENT);
	how.flags |= PROC_DIE_WITH_PARENT;
	ck_assert_int_eq(proc_spawn(&how, &pid, &e), -EINVAL);
	how.flags = 0;
	how.path = "no-such-program-anywhere";
	ck_assert_int_eq(proc_spawn(&how, &pid, &e), -ENOENT);
	how.path = "";
	ck_assert_int_eq(proc_spawn(&how, &pid, &e), -ENOENT);
	ck_assert_int_ge(openat(t.fd, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600), 0);
	how.path = file;
	ck_assert_int_eq(proc_spawn(&how, &pid, &e), -EACCES);
	how.path = "/bin/sh";
	how.cwd = "/nonexistent";
	ck_assert_int_eq(proc_spawn(&how, &pid, &e), -ENOENT);
	ck_assert_str_eq(e.msg, "execute '/bin/sh': change to directory '/nonexistent'");
	how.cwd = NULL;
	how.keep_fds = &bad_fd;
	how.n_keep_fds = 1;
	ck_assert_int_eq(proc_spawn(&how, &pid, &e), -EBADF);
	ck_assert_str_eq(e.msg, "execute '/bin/sh': hand over descriptors");
	how.n_keep_fds = 0;
	how.fd_stdio[1] = 200;
	ck_assert_int_eq(proc_spawn(&how, &pid, &e), -EBADF);
	how.fd_stdio[1] = -1;
	ck_assert_int_eq(pid, 42);
	expect_no_children();
}
END_TEST

START_TEST(only_listed_descriptors)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_buf struct buf out = BUF_INIT(1000);
	struct proc_spawn how = PROC_SPAWN_INIT;
	int open_one = fcntl(t.fd, F_DUPFD, 50); /* without CLOEXEC */
	int kept[] = { fcntl(t.fd, F_DUPFD_CLOEXEC, 60), fcntl(t.fd, F_DUPFD, 70) };

	ck_assert(open_one == 50 && kept[0] == 60 && kept[1] == 70);
	how.keep_fds = kept;
	how.n_keep_fds = 2;
	ck_assert_int_eq(shell(&how, "exec ls /proc/self/fd", NULL, &out, -1, NULL), 0);
	ck_assert_str_eq(buf_str(&out), "0\n1\n2\n3\n60\n70\n"); /* 3: what ls reads */
	ck_assert_int_eq(fcntl(60, F_GETFD), FD_CLOEXEC); /* ours is as it was */
}
END_TEST

START_TEST(standard_descriptors_swapped)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char[]){ "echo o; echo e >&2" },
			 NULL };
	cleanup_buf struct buf b = BUF_INIT(0);
	struct proc_spawn how = PROC_SPAWN_INIT;
	int status;
	pid_t pid = fork();

	if (pid == 0) { /* with a standard output and error to swap */
		int o = openat(t.fd, "o", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		int e = openat(t.fd, "e", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

		(void) close(0); /* and a gap, where a pipe might land */
		(void) dup2(o, 1);
		(void) dup2(e, 2);
		how.path = "/bin/sh";
		how.argv = argv;
		how.fd_stdio[1] = 2;
		how.fd_stdio[2] = 1;
		how.flags = PROC_NULL_STDIN;
		if (proc_spawn(&how, &pid, NULL) < 0 || waitpid(pid, &status, 0) != pid)
			_exit(1);
		_exit(status == 0 ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(file_read_at(t.fd, "o", 100, &b, NULL), 0);
	ck_assert_str_eq(buf_str(&b), "e\n");
	ck_assert_int_eq(file_read_at(t.fd, "e", 100, &b, NULL), 0);
	ck_assert_str_eq(buf_str(&b), "o\n");
}
END_TEST

START_TEST(signals_are_reset)
{
	cleanup_buf struct buf out = BUF_INIT(1000);
	struct proc_spawn how = PROC_SPAWN_INIT;
	sigset_t mask;
	sigset_t now;

	(void) sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	(void) sigemptyset(&mask);
	(void) sigaddset(&mask, SIGUSR1);
	(void) sigprocmask(SIG_BLOCK, &mask, NULL);
	ck_assert_int_eq(
		shell(&how, "exec sed -n '/^Sig[BIC]/p' /proc/self/status", NULL, &out, -1, NULL),
		0);
	ck_assert_str_eq(buf_str(&out), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
					"SigCgt:\t0000000000000000\n");
	(void) sigprocmask(SIG_BLOCK, NULL, &now);
	ck_assert_int_eq(sigismember(&now, SIGUSR1), 1);
	ck_assert_int_eq(sigismember(&now, SIGUSR2), 0);
}
END_TEST

START_TEST(session)
{
	struct proc_spawn how = PROC_SPAWN_INIT;

	how.flags = PROC_SETSID;
	ck_assert_int_eq(
		shell(&how, "set -- $(cat /proc/$$/stat); test $1 = $6", NULL, NULL, -1, NULL), 0);
}
END_TEST

START_TEST(double_fork)
{
	char *argv[] = { (char[]){ "sleep" }, (char[]){ "60" }, NULL };
	struct proc_spawn how = PROC_SPAWN_INIT;
	uint64_t start;
	pid_t pid = 0;
	int pidfd;

	how.path = "sleep";
	how.argv = argv;
	how.flags = PROC_DOUBLE_FORK | PROC_SETSID | PROC_NULL_STDIN | PROC_NULL_OUTPUT;
	ck_assert_int_eq(proc_spawn(&how, &pid, NULL), 0);
	ck_assert_int_gt(pid, 0);
	expect_no_children();
	ck_assert_int_eq(proc_start_time(pid, &start), 0);
	pidfd = proc_open_same(pid, start);
	ck_assert_int_ge(pidfd, 0);
	ck_assert_int_eq(pidfd_wait(pidfd, 0), 0);
	ck_assert_int_eq(proc_open_same(pid, start + 1), -ESRCH);
	ck_assert_int_eq(pidfd_signal(pidfd, SIGKILL), 0);
	ck_assert_int_eq(pidfd_wait(pidfd, 120000), 1);
	fd_close_p(&pidfd);
}
END_TEST

START_TEST(dies_with_its_parent)
{
	char *argv[] = { (char[]){ "sleep" }, (char[]){ "60" }, NULL };
	struct proc_spawn how = PROC_SPAWN_INIT;
	pid_t inner = 0;
	int pidfd;
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = proc_fork(0);
	if (pid == 0) {
		how.path = "sleep";
		how.argv = argv;
		how.flags = PROC_DIE_WITH_PARENT;
		(void) proc_spawn(&how, &inner, NULL);
		(void) fd_write_all(fds[1], &inner, sizeof(inner));
		(void) pause();
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(fd_read_all(fds[0], &inner, sizeof(inner)), 0);
	ck_assert_int_gt(inner, 0);
	pidfd = pidfd_open_(inner);
	ck_assert_int_ge(pidfd, 0);
	ck_assert_int_eq(pidfd_wait(pidfd, 50), 0);
	proc_kill_wait(pid);
	ck_assert_int_eq(pidfd_wait(pidfd, 120000), 1);
	fd_close_p(&pidfd);
	expect_no_children();
}
END_TEST

START_TEST(forking)
{
	sigset_t mask;
	int status = -1;
	pid_t pid;

	(void) sigfillset(&mask);
	(void) sigprocmask(SIG_BLOCK, &mask, NULL);
	(void) sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	pid = proc_fork(PROC_SETSID | PROC_DIE_WITH_PARENT);
	if (pid == 0) {
		if (getsid(0) != getpid())
			_exit(1);
		(void) raise(SIGUSR1); /* kills: neither blocked nor ignored */
		_exit(2);
	}
	ck_assert_int_eq(proc_wait(pid, 120000, &status, NULL), 0);
	ck_assert_int_eq(status, SIGUSR1);
	ck_assert_int_eq(proc_fork(PROC_DOUBLE_FORK), -EINVAL);
	pid = proc_fork(PROC_KEEP_IGNORED);
	if (pid == 0) {
		(void) raise(SIGUSR1); /* still ignored */
		(void) raise(SIGUSR2); /* kills */
		_exit(2);
	}
	ck_assert_int_eq(proc_wait(pid, 120000, &status, NULL), 0);
	ck_assert_int_eq(status, SIGUSR2);
}
END_TEST

START_TEST(waiting)
{
	struct kerr e = { 0 };
	int status = 42;
	pid_t pid = proc_fork(0);

	if (pid == 0) {
		(void) pause();
		_exit(0);
	}
	ck_assert_int_eq(proc_wait(pid, 10, &status, &e), -ETIME);
	ck_assert_int_eq(proc_wait(pid, 0, &status, &e), -ETIME);
	ck_assert_int_eq(status, 42);
	proc_kill_wait(pid);
	proc_kill_wait(-1);
	proc_kill_wait(0);
	ck_assert_int_eq(proc_wait(pid, -1, &status, &e), -ECHILD);
	ck_assert_int_eq(proc_wait(pid, 10, &status, &e), -ESRCH);
	expect_no_children();
}
END_TEST

START_TEST(exit_status_after_reaping)
{
	int status = -1;
	uint64_t start;
	pid_t pid = proc_fork(0);
	int pidfd;
	int r;

	if (pid == 0) {
		(void) pause();
		_exit(0);
	}
	pidfd = pidfd_open_(pid);
	r = pidfd_exit_status(pidfd, &status);
	if (r == -EOPNOTSUPP)
		return; /* an older kernel, and it says so */
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_int_eq(proc_start_time(pid, &start), 0);
	ck_assert_int_eq(pidfd_signal(pidfd, SIGTERM), 0);
	ck_assert_int_eq(pidfd_wait(pidfd, 120000), 1);
	ck_assert_int_eq(proc_open_same(pid, start), -ESRCH); /* a zombie */
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	r = pidfd_exit_status(pidfd, &status);
	ck_assert(r == 0 || r == -EOPNOTSUPP);
	ck_assert_int_eq(status, r == 0 ? SIGTERM : -1);
	ck_assert_int_eq(pidfd_signal(pidfd, SIGTERM), -ESRCH);
	ck_assert_int_eq(proc_open_same(pid, start), -ESRCH);
	ck_assert_int_eq(proc_start_time(pid, &start), -ESRCH);
	ck_assert_int_eq(pidfd_exit_status(STDIN_FILENO, &status) < 0, 1);
	fd_close_p(&pidfd);
}
END_TEST

/* The kernel tells the exit of another's child, once that is reaped. */
static bool kernel_tells_exits(void)
{
	int status;
	int pidfd;
	int r;
	pid_t pid = proc_fork(0);

	if (pid == 0)
		_exit(0);
	pidfd = pidfd_open_(pid);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	r = pidfd_exit_status(pidfd, &status);
	fd_close_p(&pidfd);
	ck_assert(r == 0 || r == -EOPNOTSUPP);
	return r == 0;
}

/*
 * Asked again and again while another reaps it, a process is not there yet or
 * told whole; where the kernel does not tell, that is said every time.
 */
START_TEST(exit_status_while_reaped)
{
	bool tells = kernel_tells_exits();
	int i;

	for (i = 0; i < 3000; i++) {
		int status = -1;
		pid_t reaper;
		pid_t pid;
		int pidfd;
		int says[2];
		int go[2];
		int r;

		ck_assert(pipe2(says, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0);
		reaper = proc_fork(0);
		if (reaper == 0) {
			fd_close_p(&go[1]);
			pid = fork();
			if (pid == 0) {
				(void) !read(go[0], &status, 1); /* its end is the word */
				_exit(7);
			}
			if (write(says[1], &pid, sizeof(pid)) < 0)
				_exit(1);
			_exit(waitpid(pid, NULL, 0) != pid);
		}
		ck_assert_int_eq(read(says[0], &pid, sizeof(pid)), sizeof(pid));
		pidfd = pidfd_open_(pid);
		ck_assert_int_ge(pidfd, 0);
		fd_close_p(&says[0]);
		fd_close_p(&says[1]);
		fd_close_p(&go[0]);
		fd_close_p(&go[1]);
		do
			r = pidfd_exit_status(pidfd, &status);
		while (r == -EAGAIN);
		ck_assert_int_eq(r, tells ? 0 : -EOPNOTSUPP);
		ck_assert_int_eq(tells ? WEXITSTATUS(status) : 7, 7);
		ck_assert_int_eq(waitpid(reaper, NULL, 0), reaper);
		fd_close_p(&pidfd);
	}
}
END_TEST

/* A process name made to confuse readers of /proc/PID/stat. */
START_TEST(odd_names)
{
	uint64_t before;
	uint64_t after;

	ck_assert_int_eq(proc_start_time(getpid(), &before), 0);
	ck_assert_int_eq(sys_write(AT_FDCWD, "/proc/self/comm", ") Z 1 (2) \n3"), 0);
	ck_assert_int_eq(proc_start_time(getpid(), &after), 0);
	ck_assert_uint_eq(before, after);
	ck_assert_uint_gt(before, 0);
	ck_assert_int_eq(proc_open_same(0, before), -ESRCH);
}
END_TEST

START_TEST(signal_names)
{
	char name[16];
	int sig;

	for (sig = 1; sig <= 64; sig++) {
		if (sig == 32 || sig == 33) {
			ck_assert_ptr_null(signal_name(sig, name, sizeof(name)));
			continue;
		}
		ck_assert_ptr_nonnull(signal_name(sig, name, sizeof(name)));
		ck_assert_int_eq(signal_from_name(name), sig);
		ck_assert_int_eq(signal_from_name(name + 3), sig);
	}
	ck_assert_str_eq(signal_name(9, name, sizeof(name)), "SIGKILL");
	ck_assert_str_eq(signal_name(6, name, sizeof(name)), "SIGABRT");
	ck_assert_str_eq(signal_name(37, name, sizeof(name)), "SIGRTMIN+3");
	ck_assert_ptr_null(signal_name(0, name, sizeof(name)));
	ck_assert_ptr_null(signal_name(65, name, sizeof(name)));
	ck_assert_int_eq(signal_from_name("15"), 15);
	ck_assert_int_eq(signal_from_name("sigterm"), 15);
	ck_assert_int_eq(signal_from_name("RTMAX-1"), 63);
	ck_assert_int_eq(signal_from_name("RTMAX"), 64);
	ck_assert_int_eq(signal_from_name("RTMIN+31"), -EINVAL);
	ck_assert_int_eq(signal_from_name("RTMIN-1"), -EINVAL);
	ck_assert_int_eq(signal_from_name("0"), -EINVAL);
	ck_assert_int_eq(signal_from_name("65"), -EINVAL);
	ck_assert_int_eq(signal_from_name("SIG"), -EINVAL);
	ck_assert_int_eq(signal_from_name(""), -EINVAL);
	ck_assert_int_eq(signal_from_name("SIGSIGTERM"), -EINVAL);
}
END_TEST

START_TEST(identity)
{
	cleanup_free char *dir = NULL;
	char a[37];
	char b[37];
	struct stat st;

	ck_assert_int_eq(boot_id(a, NULL), 0);
	ck_assert_int_eq(boot_id(b, NULL), 0);
	ck_assert_str_eq(a, b);
	ck_assert_uint_eq(strlen(a), 36);
	ck_assert_int_eq(a[8], '-');
	ck_assert_int_eq(self_exe_dir(&dir, NULL), 0);
	ck_assert_int_eq(dir[0], '/');
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
}
END_TEST

static Suite *test_proc(void)
{
	Suite *s = suite_create("proc");
	TCase *c = tcase_create("proc");

	tcase_add_test(c, runs_programs);
	tcase_add_test(c, large_input_and_output);
	tcase_add_test(c, both_outputs);
	tcase_add_test(c, deadline_kills);
	tcase_add_test(c, output_held_by_others);
	tcase_add_test(c, failures_are_told);
	tcase_add_test(c, only_listed_descriptors);
	tcase_add_test(c, standard_descriptors_swapped);
	tcase_add_test(c, signals_are_reset);
	tcase_add_test(c, session);
	tcase_add_test(c, double_fork);
	tcase_add_test(c, dies_with_its_parent);
	tcase_add_test(c, forking);
	tcase_add_test(c, waiting);
	tcase_add_test(c, exit_status_after_reaping);
	tcase_add_test(c, exit_status_while_reaped);
	tcase_add_test(c, odd_names);
	tcase_add_test(c, signal_names);
	tcase_add_test(c, identity);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_proc);
