/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "exec_session.h"
#include "fd.h"
#include "kukeexec.h"
#include "path.h"
#include "proc.h"
#include "str.h"

/*
 * A pid namespace is entered by fork, so there are two forks: the first enters the container,
 * still with a pid of the host alone, and ends; the second is in its pid namespace from the
 * beginning and becomes a child of the monitor. No process of the container can see the first.
 * Of the second it can see what any process shows to others of its user, but it is not
 * dumpable (it cannot be traced, and its /proc/PID/exe, fd and mem are closed), has no
 * descriptor but the program's own, and goes no further than the container's rights.
 */

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif

enum {
	NAMESPACES = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
		     CLONE_NEWCGROUP,
	MODE_MASK = 022, /* that of a container's first process */
};

/* ---- in the first fork ---- */

static void set_limits(const struct exec_head *h)
{
	for (uint32_t i = 0; i < h->n_limits; i++) {
		const struct rlimit l = { .rlim_cur = (rlim_t) h->limits[i].soft,
					  .rlim_max = (rlim_t) h->limits[i].hard };

		if (setrlimit(h->limits[i].resource, &l) < 0)
			report_failure(STEP_LIMIT, -errno);
	}
}

/* The profile that the next execve(2) changes to, also one of a child. */
static void set_apparmor(const char *profile)
{
	char text[512];
	int r;

	if (profile[0] == '\0')
		return;
	if (snprintf(text, sizeof(text), "exec %s", profile) >= (int) sizeof(text))
		report_failure(STEP_APPARMOR, -ENAMETOOLONG);
	r = sys_write(AT_FDCWD, "/proc/thread-self/attr/apparmor/exec", text);
	if (r == -ENOENT)
		r = sys_write(AT_FDCWD, "/proc/thread-self/attr/exec", text);
	if (r < 0)
		report_failure(STEP_APPARMOR, r);
}

/* What is inherited from the engine and written through the host's proc. */
static void set_process(const struct exec_request *q)
{
	char text[16];
	int r;

	(void) snprintf(text, sizeof(text), "%d", (int) q->head.oom_score_adj);
	r = sys_write(AT_FDCWD, "/proc/self/oom_score_adj", text);
	if (r < 0)
		report_failure(STEP_SCORE, r);
	set_apparmor(q->body.apparmor);
	set_limits(&q->head);
	/* not the engine's keys; a kernel without keyrings has none to hide */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		report_failure(STEP_KEYRING, -errno);
	(void) umask(MODE_MASK);
}

/*
 * Make a terminal in the container's own /dev/pts, whatever is in that place: it must be a
 * devpts. The slave becomes 0, 1 and 2, and the master goes to the monitor.
 */
static void make_terminal(const struct exec_request *q)
{
	cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int master = -EBADF;
	struct winsize size = { .ws_row = (unsigned short) q->head.rows,
				.ws_col = (unsigned short) q->head.cols };
	const struct report follows = { .step = STEP_MASTER };
	struct statfs fs;
	struct stat st;
	int zero = 0, slave;
	int r;

	if (root < 0)
		report_failure(STEP_TTY, -errno);
	master = open_in_root(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, 0);
	if (master < 0)
		report_failure(STEP_TTY, master);
	if (fstatfs(master, &fs) < 0 || fstat(master, &st) < 0)
		report_failure(STEP_TTY, -errno);
	if ((unsigned long) fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(5, 2))
		report_failure(STEP_TTY, -ENOTTY);
	if (ioctl(master, TIOCSPTLCK, &zero) < 0)
		report_failure(STEP_TTY, -errno);
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	if (slave < 0)
		report_failure(STEP_TTY, -errno);
	/* a user that is not root must be able to open it again */
	if (fchown(slave, q->head.uid, (gid_t) -1) < 0)
		report_failure(STEP_TTY, -errno);
	if (size.ws_row != 0)
		(void) ioctl(master, TIOCSWINSZ, &size);
	if (send(REPORT_FD, &follows, sizeof(follows), MSG_NOSIGNAL) < 0)
		report_failure(STEP_TTY, -errno);
	r = fd_send(REPORT_FD, &master, 1);
	if (r < 0)
		report_failure(STEP_TTY, r);
	for (int i = 0; i < 3; i++)
		if (dup3(slave, i, 0) < 0)
			report_failure(STEP_TTY, -errno);
	(void) close(slave);
}

/*
 * Go to the working directory. By now no descriptor is open that leads out of the container,
 * so no /proc/PID/fd of ours does either; a directory that is not below the container's root
 * has no path in it.
 */
static void set_directory(const char *cwd)
{
	char text[PATH_MAX];

	if (chdir(cwd) < 0)
		report_failure(STEP_CWD, -errno);
	if (syscall(SYS_getcwd, text, sizeof(text)) < 0 || text[0] != '/')
		report_failure(STEP_CWD_OUTSIDE, -EINVAL);
}

/* stdio becomes 0, 1 and 2, report becomes REPORT_FD, init moves behind them. */
static int arrange(const int stdio[3], int report, int init)
{
	int from[3] = { -1, -1, -1 };
	int high;

	for (int i = 0; i < 3; i++) {
		from[i] = stdio[i] < 0 ? -1 : fcntl(stdio[i], F_DUPFD_CLOEXEC, REPORT_FD + 2);
		if (stdio[i] >= 0 && from[i] < 0)
			return -errno;
	}
	high = fcntl(report, F_DUPFD_CLOEXEC, REPORT_FD + 2);
	init = fcntl(init, F_DUPFD_CLOEXEC, REPORT_FD + 2);
	if (high < 0 || init < 0 || dup3(high, REPORT_FD, O_CLOEXEC) < 0 ||
	    dup3(init, REPORT_FD + 1, O_CLOEXEC) < 0)
		return -errno;
	for (int i = 0; i < 3; i++)
		if (from[i] >= 0 && dup3(from[i], i, 0) < 0)
			return -errno;
	if (syscall(SYS_close_range, (unsigned) REPORT_FD + 2, ~0U, 0) < 0)
		return -errno;
	return 0;
}

static _Noreturn void first_fork(const struct exec_request *q, const int stdio[3], int report)
{
	const struct exec_head *h = &q->head;
	struct report r = { .step = STEP_PID };
	int k;

	(void) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	k = exec_join_cgroups(h->procs, h->n_procs);
	if (k == 0)
		k = arrange(stdio, report, h->init);
	if (k < 0) {
		(void) dup3(report, REPORT_FD, O_CLOEXEC);
		report_failure(STEP_CGROUP, k);
	}
	set_process(q);
	if (syscall(SYS_setns, REPORT_FD + 1, NAMESPACES) < 0)
		report_failure(STEP_ENTER, -errno);
	(void) close(REPORT_FD + 1);
	if ((h->flags & EXEC_TTY) != 0)
		make_terminal(q);
	set_directory(q->body.cwd);
	if ((h->flags & EXEC_NO_NEW_PRIVS) != 0)
		inside_drop_rights(q);
	r.value = exec_fork(-1, CLONE_PARENT);
	if (r.value == 0)
		inside_run(q);
	if (r.value < 0)
		report_failure(STEP_FORK, r.value);
	(void) send(REPORT_FD, &r, sizeof(r), MSG_NOSIGNAL); /* fails only without a monitor */
	_exit(EXIT_SUCCESS);
}

/* ---- in the monitor ---- */

static int explain(const struct exec_request *q, const struct report *r, int *ret_status,
		   struct kerr *err)
{
	static const char *const texts[_STEP_MAX] = {
		[STEP_CGROUP] = "join the container's cgroup",
		[STEP_SCORE] = "set the OOM score",
		[STEP_LIMIT] = "set a resource limit",
		[STEP_KEYRING] = "leave the session keyring",
		[STEP_ENTER] = "enter the container's namespaces",
		[STEP_TTY] = "make a terminal in the container's /dev/pts",
		[STEP_FORK] = "fork into the container",
		[STEP_USER] = "change the user",
		[STEP_CAPS] = "set the capabilities",
		[STEP_FILTER] = "install the seccomp filter",
	};
	bool missing = r->value == -ENOENT || r->value == -ENOTDIR;

	if (r->step == STEP_EXEC) {
		*ret_status = missing ? EXEC_STATUS_NOT_FOUND : EXEC_STATUS_NO_EXEC;
		if (missing && strchr(q->body.args[0], '/') == NULL)
			return kerr_plain(err, r->value,
					  "cannot execute '%s' in the container: it is in no "
					  "directory of its PATH",
					  q->body.args[0]);
		return kerr_set(err, r->value, "cannot execute '%s' in the container",
				q->body.args[0]);
	}
	if (r->step == STEP_CWD)
		return kerr_set(err, r->value, "working directory '%s' in the container",
				q->body.cwd);
	if (r->step == STEP_CWD_OUTSIDE)
		return kerr_plain(err, r->value,
				  "working directory '%s' is not below the container's root",
				  q->body.cwd);
	if (r->step == STEP_APPARMOR)
		return kerr_set(err, r->value, "change to AppArmor profile '%s'", q->body.apparmor);
	if ((r->step == STEP_ENTER && r->value == -ESRCH) ||
	    (r->step == STEP_CGROUP && (r->value == -ENODEV || r->value == -ENOENT)))
		return kerr_plain(err, -ESRCH, "the container has ended");
	if (r->step <= 0 || r->step >= _STEP_MAX || texts[r->step] == NULL)
		return kerr_plain(err, -EPROTO, "invalid report from the new process");
	return kerr_set(err, r->value, "%s", texts[r->step]);
}

struct outcome {
	pid_t pid; /* 0: the second fork was not reported */
	int master;
	struct report failure; /* step 0: none */
};

/* Collect what the forks report, until the last of them is gone or executes the program. */
static int collect(int fd, struct outcome *o)
{
	struct report r;
	ssize_t n;
	int k;

	for (;;) {
		n = recv(fd, &r, sizeof(r), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (n != sizeof(r))
			continue;
		if (r.step == STEP_PID) {
			o->pid = r.value;
		} else if (r.step == STEP_MASTER) {
			k = fd_recv(fd, &o->master, 1);
			if (k != 1)
				return k < 0 ? k : -EPROTO;
		} else {
			o->failure = r;
		}
	}
}

static void reap(pid_t pid)
{
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int settle(const struct exec_request *q, struct outcome *o, struct enter_result *ret,
		  int *ret_status, struct kerr *err)
{
	if (o->failure.step == 0 && o->pid > 0) {
		*ret = (struct enter_result){ .pid = o->pid, .master = take_fd(o->master) };
		return 0;
	}
	reap(o->pid);
	fd_close_p(&o->master);
	if (o->failure.step != 0)
		return explain(q, &o->failure, ret_status, err);
	return kerr_plain(err, -ESRCH,
			  "the process was killed before its program began: the "
			  "container has ended or is out of memory");
}

int enter_start(const struct exec_request *q, const int stdio[3], struct enter_result *ret,
		int *ret_status, struct kerr *err)
{
	struct outcome o = { .master = -EBADF };
	int pair[2];
	pid_t pid;
	int r;

	*ret_status = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return kerr_set(err, -errno, "make a socket");
	pid = exec_fork(q->head.cgroup, 0);
	if (pid == 0)
		first_fork(q, stdio, pair[1]);
	(void) close(pair[1]);
	if (pid < 0) {
		o.failure = (struct report){ .step = STEP_CGROUP, .value = pid };
		r = 0;
	} else {
		r = collect(pair[0], &o);
		reap(pid);
	}
	(void) close(pair[0]);
	if (r < 0)
		o.failure = (struct report){ .step = STEP_FORK, .value = r };
	return settle(q, &o, ret, ret_status, err);
}
