/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "proc.h"
#include "procinfo.h"
#include "str.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* The sanitizers do not support a child on another stack in the same memory (CLONE_VM). */
#if defined(__SANITIZE_ADDRESS__)
#define SPAWN_BY_FORK 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SPAWN_BY_FORK 1
#endif
#endif
#ifndef SPAWN_BY_FORK
#define SPAWN_BY_FORK 0
#endif

enum {
	CHILD_STACK = 16384,
	SIGNALS_END = 65,
	DRAIN_CHUNK = 16384
};

extern char **environ;

/* The step at which the child failed. */
enum spawn_step {
	STEP_EXEC = 1,
	STEP_CWD,
	STEP_STDIO,
	STEP_KEEP_FD,
	STEP_PREPARE,
};

/*
 * Sent by the child over the error pipe: a failure, or with a double fork the pid of
 * the grandchild.
 */
struct spawn_report {
	int error; /* -errno; 0: pid is set */
	enum spawn_step step;
	pid_t pid;
};

/* Everything the child needs, prepared by the parent; read-only in the child. */
struct spawn_plan {
	const struct proc_spawn *how;
	const char *path;
	char *const *envp;
	int report_fd;
	pid_t parent;
	int (*run)(void *plan);
};

/*
 * The child until exec: only system calls, no allocation, no locks. Memory may be
 * shared with the suspended parent.
 */

static _Noreturn void child_fail(const struct spawn_plan *plan, enum spawn_step step, int error)
{
	struct spawn_report report = { .error = error, .step = step };

	(void) fd_write_all(plan->report_fd, &report,
			    sizeof(report)); /* fails only without a parent */
	_exit(127);
}

static bool is_ignored(int sig)
{
	struct sigaction now;

	return sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void reset_signals(enum proc_spawn_flags flags)
{
	/*
	 * The kernel's struct sigaction, at its largest over all architectures; all
	 * zero is SIG_DFL. sigaction(3) refuses the signals that the C library
	 * reserves, but these may be ignored, too.
	 */
	static const unsigned long dfl[8];
	sigset_t none;

	for (int sig = 1; sig < SIGNALS_END; sig++) /* fails for SIGKILL and SIGSTOP */
		if ((flags & PROC_KEEP_IGNORED) == 0 || !is_ignored(sig))
			(void) syscall(SYS_rt_sigaction, sig, dfl, NULL, sizeof(uint64_t));
	(void) sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Ask for SIGKILL when the parent dies; -ESRCH if it has died already. */
static int bind_to_parent(pid_t parent)
{
	pid_t now;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	now = getppid();
	return now == parent || now == 0 ? 0 : -ESRCH; /* 0: parent in an outer pid namespace */
}

/* The parent's descriptor (3 or above) that becomes descriptor i of the child; -1: inherited. */
static int stdio_source(const struct proc_spawn *how, int i)
{
	bool null =
		i == 0 ? (how->flags & PROC_NULL_STDIN) != 0 : (how->flags & PROC_NULL_OUTPUT) != 0;
	int fd = how->fd_stdio[i];
	int high;

	if (fd < 0 && !null)
		return -1;
	if (fd < 0)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno - 1;
	if (fd > 2)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return high < 0 ? -errno - 1 : high;
}

static int child_stdio(const struct proc_spawn *how)
{
	int from[3];

	for (int i = 0; i < 3; i++) {
		from[i] = stdio_source(how, i);
		if (from[i] < -1)
			return from[i] + 1;
	}
	for (int i = 0; i < 3; i++)
		if (from[i] >= 0 && dup2(from[i], i) < 0)
			return -errno;
	return 0;
}

static int child_keep_fds(const struct proc_spawn *how)
{
	int flags;

	if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return -errno;
	for (size_t i = 0; i < how->n_keep_fds; i++) {
		flags = fcntl(how->keep_fds[i], F_GETFD);
		if (flags < 0 || fcntl(how->keep_fds[i], F_SETFD, flags & ~FD_CLOEXEC) < 0)
			return -errno;
	}
	return 0;
}

static int child_exec(void *arg)
{
	const struct spawn_plan *plan = arg;
	const struct proc_spawn *how = plan->how;
	int r;

	if ((how->flags & PROC_SETSID) != 0 && setsid() < 0)
		child_fail(plan, STEP_PREPARE, -errno);
	r = (how->flags & PROC_DIE_WITH_PARENT) != 0 ? bind_to_parent(plan->parent) : 0;
	if (r < 0)
		child_fail(plan, STEP_PREPARE, r);
	r = child_stdio(how);
	if (r < 0)
		child_fail(plan, STEP_STDIO, r);
	if ((how->flags & PROC_TERMINAL) != 0 && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		child_fail(plan, STEP_PREPARE, -errno);
	r = child_keep_fds(how);
	if (r < 0)
		child_fail(plan, STEP_KEEP_FD, r);
	if (how->mount_ns >= 0 && setns(how->mount_ns, CLONE_NEWNS) < 0)
		child_fail(plan, STEP_PREPARE, -errno);
	if (how->cwd != NULL && chdir(how->cwd) < 0)
		child_fail(plan, STEP_CWD, -errno);
	reset_signals(0);
	(void) execve(plan->path, how->argv, plan->envp);
	child_fail(plan, STEP_EXEC, -errno);
}

/*
 * Start plan->run in a child that shares our memory (as vfork(2)): this process
 * continues when the child has called exec or ended.
 */
static pid_t start_child(struct spawn_plan *plan)
{
	char stack[CHILD_STACK] __attribute__((aligned(64)));
	pid_t pid;

	if (SPAWN_BY_FORK) {
		pid = fork();
		if (pid == 0)
			_exit(plan->run(plan));
	} else {
		pid = clone(plan->run, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
			    plan);
	}
	return pid < 0 ? -errno : pid;
}

/* The intermediate child of a double fork. */
static int child_fork_again(void *arg)
{
	struct spawn_plan next = *(const struct spawn_plan *) arg;
	struct spawn_report report = { 0 };

	next.run = child_exec;
	report.pid = start_child(&next);
	if (report.pid < 0)
		child_fail(&next, STEP_PREPARE, report.pid);
	(void) fd_write_all(next.report_fd, &report,
			    sizeof(report)); /* fails only without a parent */
	_exit(0);
}

static int wait_retrying(pid_t pid, int *status, int options)
{
	pid_t got;

	do {
		got = waitpid(pid, status, options);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

/* Look a program up in PATH. The first match, or -ENOENT. */
static int find_program(const char *name, char **ret)
{
	const char *dirs = getenv("PATH");
	size_t n;

	if (strchr(name, '/') != NULL) {
		*ret = xstrdup(name);
		return 0;
	}
	if (name[0] == '\0')
		return -ENOENT;
	for (dirs = dirs != NULL ? dirs : "/usr/sbin:/usr/bin:/sbin:/bin"; *dirs != '\0';
	     dirs += n + (dirs[n] == ':')) {
		cleanup_free char *path = NULL;

		n = strcspn(dirs, ":");
		if (dirs[0] != '/')
			continue; /* empty: the current directory, which is not searched */
		path = xasprintf("%.*s/%s", (int) n, dirs, name);
		if (is_program(path)) {
			*ret = take_ptr(path);
			return 0;
		}
	}
	return -ENOENT;
}

static int spawn_error(const struct spawn_plan *plan, const struct spawn_report *report,
		       struct kerr *err)
{
	switch (report->step) {
	case STEP_EXEC:
		return kerr_set(err, report->error, "execute '%s'", plan->path);
	case STEP_CWD:
		return kerr_set(err, report->error, "execute '%s': change to directory '%s'",
				plan->path, plan->how->cwd);
	case STEP_STDIO:
		return kerr_set(err, report->error, "execute '%s': set up its input and output",
				plan->path);
	case STEP_KEEP_FD:
		return kerr_set(err, report->error, "execute '%s': hand over descriptors",
				plan->path);
	case STEP_PREPARE:
		break;
	}
	return kerr_set(err, report->error, "execute '%s': start a process", plan->path);
}

/* Start the child and read its report; exec closes the pipe and ends the read. */
static int spawn_and_listen(struct spawn_plan *plan, int fds[2], struct spawn_report *ret,
			    pid_t *ret_pid)
{
	struct spawn_report report;
	sigset_t all;
	sigset_t saved;

	(void) sigfillset(&all);
	(void) sigprocmask(SIG_SETMASK, &all, &saved);
	*ret_pid = start_child(plan);
	(void) sigprocmask(SIG_SETMASK, &saved, NULL);
	fd_close_p(&fds[1]);
	if (*ret_pid < 0)
		return *ret_pid;
	*ret = (struct spawn_report){ 0 };
	while (fd_read_all(fds[0], &report, sizeof(report)) == 0) {
		if (report.error != 0) {
			ret->error = report.error;
			ret->step = report.step;
		} else {
			ret->pid = report.pid;
		}
	}
	return 0;
}

/* A pipe whose ends are not among 0, 1 and 2, which the child replaces. */
static int high_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		int high = fds[i] > 2 ? fds[i] : fcntl(fds[i], F_DUPFD_CLOEXEC, 3);

		if (high < 0)
			return -errno;
		if (high != fds[i])
			(void) close(fds[i]); /* replaced by the copy */
		fds[i] = high;
	}
	return 0;
}

static void close_pair(int (*fds)[2])
{
	fd_close_p(&(*fds)[0]);
	fd_close_p(&(*fds)[1]);
}

int proc_spawn(const struct proc_spawn *how, pid_t *ret_pid, struct kerr *err)
{
	cleanup_(close_pair) int fds[2] = { -EBADF, -EBADF };
	cleanup_free char *path = NULL;
	struct spawn_report report;
	struct spawn_plan plan;
	bool twice = (how->flags & PROC_DOUBLE_FORK) != 0;
	pid_t pid;
	int r;

	if (twice && (how->flags & PROC_DIE_WITH_PARENT) != 0)
		return kerr_set(err, -EINVAL, "execute '%s'", how->path);
	r = find_program(how->path, &path);
	if (r < 0)
		return kerr_set(err, r, "execute '%s'", how->path);
	r = high_pipe(fds);
	if (r < 0)
		return kerr_set(err, r, "make a pipe");
	plan = (struct spawn_plan){
		.how = how,
		.path = path,
		.envp = how->envp != NULL ? how->envp : environ,
		.report_fd = fds[1],
		.parent = getpid(),
		.run = twice ? child_fork_again : child_exec,
	};
	r = spawn_and_listen(&plan, fds, &report, &pid);
	if (r < 0)
		return kerr_set(err, r, "execute '%s': start a process", path);
	if (twice || report.error != 0)
		(void) wait_retrying(pid, NULL, 0); /* it has ended, or is about to */
	if (report.error != 0)
		return spawn_error(&plan, &report, err);
	if (twice && report.pid <= 0)
		return kerr_set(err, -ECHILD, "execute '%s': start a process", path);
	*ret_pid = twice ? report.pid : pid;
	return 0;
}

int proc_wait(pid_t pid, int deadline_ms, int *ret_status, struct kerr *err)
{
	cleanup_fd int pidfd = -EBADF;
	int status = 0;
	int r;

	if (deadline_ms >= 0) {
		pidfd = pidfd_open_(pid);
		r = pidfd < 0 ? pidfd : pidfd_wait(pidfd, deadline_ms);
		if (r < 0)
			return kerr_set(err, r, "wait for process %d", (int) pid);
		if (r == 0)
			return kerr_set(err, -ETIME, "wait for process %d", (int) pid);
	}
	r = wait_retrying(pid, &status, 0);
	if (r < 0)
		return kerr_set(err, r, "wait for process %d", (int) pid);
	*ret_status = status;
	return 0;
}

void proc_kill_wait(pid_t pid)
{
	if (pid <= 0)
		return;
	(void) kill(pid, SIGKILL); /* if it was reaped already, the wait fails too */
	(void) wait_retrying(pid, NULL, 0);
}

/* An output of proc_run: our end of the pipe and the buffer it is read into. */
struct stream {
	struct buf *out;
	int fds[2];
};

static void streams_clear(struct stream (*streams)[2])
{
	close_pair(&(*streams)[0].fds);
	close_pair(&(*streams)[1].fds);
}

/* Read the available data; closes our end at the end of the stream. 0 or -errno. */
static int drain(struct stream *s)
{
	char chunk[DRAIN_CHUNK];
	ssize_t n;

	for (;;) {
		n = read(s->fds[0], chunk, sizeof(chunk));
		if (n > 0)
			buf_add(s->out, chunk, (size_t) n);
		else if (n == 0)
			break;
		else if (errno == EAGAIN)
			return 0;
		else if (errno != EINTR)
			return -errno;
	}
	fd_close_p(&s->fds[0]);
	return 0;
}

static int open_stream(struct stream *s, struct buf *out, int *child_fd)
{
	int r;

	if (out == NULL || *child_fd >= 0)
		return 0;
	r = high_pipe(s->fds);
	if (r < 0)
		return r;
	if (fcntl(s->fds[0], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	s->out = out;
	*child_fd = s->fds[1];
	return 0;
}

/*
 * Put the input into a memfd: nothing has to be written while the program runs, and
 * there is no SIGPIPE.
 */
static int input_file(const struct buf *in)
{
	cleanup_fd int fd = memfd_create("input", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, buf_str(in), in->len);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return take_fd(fd);
}

/* Run until the process has ended and its output has been read. */
static int run_loop(struct stream streams[2], int pidfd, int64_t deadline)
{
	int r;

	for (;;) {
		struct pollfd p[3] = {
			{ .fd = streams[0].fds[0], .events = POLLIN },
			{ .fd = streams[1].fds[0], .events = POLLIN },
			{ .fd = pidfd, .events = POLLIN },
		};

		r = poll(p, 3, clock_left(deadline));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			return -ETIME;
		for (int i = 0; i < 2; i++) {
			r = streams[i].fds[0] >= 0 && (p[i].revents != 0 || p[2].revents != 0)
				    ? drain(&streams[i])
				    : 0;
			if (r < 0)
				return r;
		}
		if (p[2].revents != 0)
			return 0;
	}
}

int proc_run(const struct proc_spawn *how, const struct buf *in, struct buf *out,
	     struct buf *errout, int deadline_ms, int *ret_status, struct kerr *err)
{
	cleanup_(streams_clear) struct stream streams[2] = {
		{ .fds = { -EBADF, -EBADF } },
		{ .fds = { -EBADF, -EBADF } },
	};
	cleanup_fd int input = -EBADF;
	cleanup_fd int pidfd = -EBADF;
	int64_t deadline = deadline_ms < 0 ? -1 : clock_ms() + deadline_ms;
	struct proc_spawn mine = *how;
	pid_t pid;
	int r;

	mine.flags |= PROC_NULL_STDIN | PROC_NULL_OUTPUT;
	mine.flags &= ~(unsigned) PROC_DOUBLE_FORK;
	if (in != NULL && mine.fd_stdio[0] < 0) {
		input = input_file(in);
		if (input < 0)
			return kerr_set(err, input, "execute '%s': prepare its input", how->path);
		mine.fd_stdio[0] = input;
	}
	r = open_stream(&streams[0], out, &mine.fd_stdio[1]);
	if (r == 0)
		r = open_stream(&streams[1], errout, &mine.fd_stdio[2]);
	if (r < 0)
		return kerr_set(err, r, "make a pipe");
	r = proc_spawn(&mine, &pid, err);
	if (r < 0)
		return r;
	fd_close_p(&streams[0].fds[1]);
	fd_close_p(&streams[1].fds[1]);
	pidfd = pidfd_open_(pid);
	r = pidfd < 0 ? pidfd : run_loop(streams, pidfd, deadline);
	if (r < 0) {
		proc_kill_wait(pid);
		return kerr_set(err, r, "run '%s'", how->path);
	}
	return proc_wait(pid, -1, ret_status, err);
}

pid_t proc_fork(enum proc_spawn_flags flags)
{
	pid_t parent = getpid();
	sigset_t all;
	sigset_t saved;
	pid_t pid;
	int saved_errno;

	if ((flags & ~(unsigned) (PROC_SETSID | PROC_DIE_WITH_PARENT | PROC_KEEP_IGNORED)) != 0)
		return -EINVAL;
	(void) sigfillset(&all);
	(void) sigprocmask(SIG_SETMASK, &all, &saved);
	pid = fork();
	saved_errno = errno;
	if (pid != 0) {
		(void) sigprocmask(SIG_SETMASK, &saved, NULL);
		return pid < 0 ? -saved_errno : pid;
	}
	if ((flags & PROC_SETSID) != 0)
		(void) setsid(); /* cannot fail in a new process */
	if ((flags & PROC_DIE_WITH_PARENT) != 0 && bind_to_parent(parent) < 0)
		_exit(127);
	reset_signals(flags);
	return 0;
}
