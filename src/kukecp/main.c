/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_session.h"
#include "fd.h"
#include "kukecp.h"
#include "mem.h"
#include "str.h"

enum {
	EXIT_USAGE = 64,
};

static int usage(void)
{
	static const char text[] = "kukecp: started by kukeond and kuke, not by hand\n";

	(void) fd_write_all(STDERR_FILENO, text, sizeof(text) - 1);
	return EXIT_USAGE;
}

/* ---- the work, at both ends ---- */

static int work(const struct work *w)
{
	struct kerr err = { 0 };
	struct rlimit files;
	int r;

	/* a directory is open on each level */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void) setrlimit(RLIMIT_NOFILE, &files);
	}
	(void) umask(0);
	r = (w->job.flags & COPY_UNPACK) != 0 ? unpack(w, &err) : pack(w, &err);
	if (r < 0 && r != -EPIPE)
		say_error(&err);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the end of the container ---- */

struct request {
	struct copy_head head;
	char *text;
	struct copy_job job;
};

static int parse_channel(char **argv, int64_t *ret_channel)
{
	int64_t protocol = 0;

	if (!str_has_prefix(argv[1], "--protocol=") ||
	    str_to_i64(argv[1] + strlen("--protocol="), 0, INT32_MAX, &protocol) < 0 ||
	    protocol != COPY_PROTOCOL || !str_has_prefix(argv[2], "--channel="))
		return -EINVAL;
	return str_to_i64(argv[2] + strlen("--channel="), 3, INT32_MAX, ret_channel);
}

static int read_request(int channel, struct request *q)
{
	int r = fd_read_all(channel, &q->head, sizeof(q->head));

	if (r == 0 && (q->head.protocol != COPY_PROTOCOL || q->head.path > COPY_PATH_MAX ||
		       q->head.name > COPY_PATH_MAX))
		r = -EBADMSG;
	if (r < 0)
		return r;
	q->text = xmalloc(q->head.path + q->head.name + (size_t) 1);
	r = fd_read_all(channel, q->text, q->head.path + (size_t) q->head.name);
	return r < 0 ? r : copy_body_parse(&q->head, q->text, &q->job);
}

/* The pipes of a worker: [0] and [1] as pipe(2) has them; its own end is the second here. */
struct pipes {
	int ours[3], theirs[3];
};

static int make_pipes(struct pipes *p)
{
	int both[2];

	for (int i = 0; i < 3; i++) {
		if (pipe2(both, O_CLOEXEC) < 0)
			return -errno;
		p->theirs[i] = both[i == STDIN_FILENO ? 0 : 1];
		p->ours[i] = both[i == STDIN_FILENO ? 1 : 0];
	}
	return 0;
}

/* 0, 1 and 2 are the worker's streams then, and nothing is open that it does not need. */
static int arrange(const struct pipes *p, int report, const struct work *w)
{
	const int keep[] = { report, w->root, w->proc };
	int high[3];

	for (int i = 0; i < 3; i++) {
		high[i] = fcntl(keep[i], F_DUPFD_CLOEXEC, 64);
		if (high[i] < 0 || dup3(p->theirs[i], i, 0) < 0)
			return -errno;
	}
	for (int i = 0; i < 3; i++)
		if (dup3(high[i], 3 + i, O_CLOEXEC) < 0)
			return -errno;
	return syscall(SYS_close_range, 6U, ~0U, 0) < 0 ? -errno : 0;
}

static _Noreturn void worker(const struct request *q, const struct pipes *p, int report)
{
	struct exec_answer a = { 0 };
	struct work w = { .job = q->job, .root = -1, .proc = -1, .privileged = true };
	sigset_t none;

	(void) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void) setsid();
	a.result = exec_join_cgroups(q->head.procs, q->head.cgroup < 0 ? q->head.n_procs : 0);
	if (a.result < 0)
		(void) kerr_set(&a.err, a.result, "join the container's cgroup");
	else
		a.result = enter_container(&q->head, &w, &a.err);
	if (a.result == 0) {
		a.result = arrange(p, report, &w);
		if (a.result < 0)
			(void) kerr_set(&a.err, a.result, "arrange descriptors");
		else
			report = 3;
		w.root = 4;
		w.proc = 5;
	}
	(void) fd_write_all(report, &a, sizeof(a)); /* without a monitor there is no worker */
	(void) close(report);
	if (a.result < 0)
		_exit(EXIT_FAILURE);
	(void) sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
	_exit(work(&w));
}

static void not_blocking(int fd)
{
	(void) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void close_start(const struct copy_head *h, const struct pipes *p)
{
	const int32_t fds[] = { h->stage, h->root, h->cgroup };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			(void) close(fds[i]);
	for (uint32_t i = 0; i < h->n_procs; i++)
		(void) close(h->procs[i]);
	for (int i = 0; i < 3; i++)
		(void) close(p->theirs[i]);
}

static int start(const struct request *q, struct exec_session *s, struct exec_answer *a)
{
	struct pipes p = { { -EBADF, -EBADF, -EBADF }, { -EBADF, -EBADF, -EBADF } };
	int report[2] = { -EBADF, -EBADF };
	pid_t pid;
	int r = make_pipes(&p);

	if (r == 0 && pipe2(report, O_CLOEXEC) < 0)
		r = -errno;
	if (r < 0)
		return kerr_set(&a->err, r, "make a pipe");
	pid = exec_fork(q->head.cgroup, 0);
	if (pid == 0)
		worker(q, &p, report[1]);
	(void) close(report[1]);
	close_start(&q->head, &p);
	if (pid < 0)
		return kerr_set(&a->err, pid, "start a process in the container's cgroup");
	if (fd_read_all(report[0], a, sizeof(*a)) < 0)
		a->result = kerr_plain(&a->err, -ESRCH,
				       "the process was killed: the container has ended or is out "
				       "of memory");
	(void) close(report[0]);
	if (a->result < 0)
		return a->result;
	s->pid = pid;
	s->connection = q->head.connection;
	s->stall_ms = q->head.stall_ms;
	s->bound = q->head.init > 0 ? q->head.init : 0;
	s->in = p.ours[STDIN_FILENO];
	s->out[0] = p.ours[STDOUT_FILENO];
	s->out[1] = p.ours[STDERR_FILENO];
	for (int i = 0; i < 3; i++)
		not_blocking(p.ours[i]);
	return 0;
}

/* As kukeexec's, whose order this is. */
static int serve(int channel)
{
	static struct request q;
	struct exec_session s = {
		.connection = -EBADF, .in = -EBADF, .out = { -EBADF, -EBADF }, .signals = -EBADF
	};
	struct exec_answer a = { 0 };
	int r = exec_monitor_begin("kukecp", &s.signals);

	if (r == 0)
		r = read_request(channel, &q);
	if (r == 0)
		r = exec_monitor_settle(q.head.monitors);
	if (r < 0)
		a.result = kerr_set(&a.err, r, "prepare the copy");
	else
		a.result = start(&q, &s, &a);
	(void) fd_write_all(channel, &a, sizeof(a)); /* the engine may have ended */
	if (a.result < 0)
		return EXIT_FAILURE;
	exec_monitor_rest(q.head.monitor_procs, q.head.n_monitor_procs);
	(void) fd_wait_readable(channel, -1);
	(void) close(channel);
	exec_session_serve(&s);
	return EXIT_SUCCESS;
}

/* ---- the end of the client ---- */

static int parse_work(char **argv, struct work *ret)
{
	uint64_t flags;
	bool in = streq(argv[1], "unpack");

	if ((!in && !streq(argv[1], "pack")) ||
	    str_to_u64(argv[2], 0, _COPY_FLAGS_ALL, &flags) < 0 ||
	    ((flags & COPY_UNPACK) != 0) != in || (flags & COPY_CONTAINER) != 0 ||
	    argv[3][0] == '\0')
		return -EINVAL;
	*ret = (struct work){ .job = { (enum copy_flags) flags, argv[3], argv[4] }, .root = -1 };
	return 0;
}

int main(int argc, char **argv)
{
	int64_t channel = -1;
	struct work w;

	if (argc == 5 && parse_work(argv, &w) == 0) {
		w.privileged = geteuid() == 0;
		w.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return work(&w);
	}
	if (argc != 3 || parse_channel(argv, &channel) < 0)
		return usage();
	if (syscall(SYS_close_range, 3U, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */) < 0)
		return EXIT_FAILURE;
	return serve((int) channel);
}
