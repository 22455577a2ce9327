/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "kukeshim.h"
#include "proc.h"
#include "procinfo.h"

enum {
	PAGE = 4096,
	CHUNK = 64 << 10,
	TURN_MAX = 256 << 10, /* bytes copied from one stream before it is the other's turn */
	DRAIN_MAX = 4 << 20, /* more than any pipe holds; other processes may keep writing */
	REAPED_WAIT_MAX_MS = 30000, /* time for init's new parent to reap it */
	RUNC_DELETE_MS = 30000,
};

/*
 * The pages after the first are only used while there is much output (see pump_done), the
 * last one by finish_line.
 */
static char chunk_[CHUNK + PAGE] __attribute__((aligned(PAGE)));
static bool chunk_used_;

int supervise_open(struct shim *s, struct kerr *err)
{
	static const char *const names[] = { SHIM_FILE_STDOUT, SHIM_FILE_STDERR };
	sigset_t child;

	for (int i = 0; i < _LOG_STREAM_MAX; i++) {
		s->out[i] =
			openat(s->run_dir, names[i], O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
		if (s->out[i] < 0)
			return kerr_set(err, -errno, "open '%s/%s'", s->opt.run_dir, names[i]);
	}
	(void) sigemptyset(&child);
	(void) sigaddset(&child, SIGCHLD);
	s->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return kerr_set(err, -errno, "make a signalfd");
	return 0;
}

/* Return the buffer's pages to the kernel when there is little output. */
static void pump_done(void)
{
	if (chunk_used_)
		(void) madvise(chunk_, sizeof(chunk_), MADV_DONTNEED); /* only saves memory */
	chunk_used_ = false;
}

/*
 * A chunk of the other stream has been read. If the log is in the middle of a line of
 * this one, copy its waiting bytes first: what a process wrote to it before that chunk
 * is there by now, so lines of one process are not mixed.
 */
static void finish_line(struct shim *s, enum log_stream stream)
{
	char *aside = chunk_ + CHUNK;
	size_t sum = 0;
	ssize_t n;

	while (s->log.mid_line && s->log.stream == stream && sum < TURN_MAX) {
		n = read(s->out[stream], aside, PAGE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		chunk_used_ = true;
		logfile_write(&s->log, stream, aside, (size_t) n);
		sum += (size_t) n;
	}
}

size_t supervise_pump(struct shim *s, enum log_stream stream, size_t max)
{
	enum log_stream other = stream == LOG_STREAM_OUT ? LOG_STREAM_ERR : LOG_STREAM_OUT;
	size_t sum = 0;
	ssize_t n;

	while (sum < max) {
		n = read(s->out[stream], chunk_, sum == 0 ? PAGE : CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		chunk_used_ = chunk_used_ || n > PAGE;
		finish_line(s, other);
		logfile_write(&s->log, stream, chunk_, (size_t) n);
		sum += (size_t) n;
	}
	return sum;
}

static void drain(struct shim *s)
{
	(void) supervise_pump(s, LOG_STREAM_OUT, DRAIN_MAX);
	(void) supervise_pump(s, LOG_STREAM_ERR, DRAIN_MAX);
}

/* Reap orphans that became our children, but not init, which is reaped last. */
static void reap_others(const struct shim *s)
{
	siginfo_t who;

	for (;;) {
		who.si_pid = 0;
		if (waitid(P_ALL, 0, &who, WEXITED | WNOHANG | WNOWAIT) < 0 || who.si_pid == 0 ||
		    who.si_pid == s->record.pid)
			return;
		(void) waitid(P_PID, (id_t) who.si_pid, &who, WEXITED | WNOHANG);
	}
}

static void read_signals(const struct shim *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) > 0)
		; /* only SIGCHLD is in the mask; waitid tells the rest */
	reap_others(s);
}

void supervise_watch(struct shim *s, int timeout_ms)
{
	int64_t deadline = timeout_ms < 0 ? -1 : clock_ms() + timeout_ms;
	struct pollfd p[] = {
		{ .fd = s->out[LOG_STREAM_OUT], .events = POLLIN },
		{ .fd = s->out[LOG_STREAM_ERR], .events = POLLIN },
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = s->pidfd, .events = POLLIN },
	};

	while (clock_left(deadline) != 0) {
		if (poll(p, ARRAY_SIZE(p), chunk_used_ ? 0 : clock_left(deadline)) == 0)
			pump_done();
		if (p[0].revents != 0)
			(void) supervise_pump(s, LOG_STREAM_OUT, TURN_MAX);
		if (p[1].revents != 0)
			(void) supervise_pump(s, LOG_STREAM_ERR, TURN_MAX);
		if (p[2].revents != 0)
			read_signals(s);
		if (p[3].revents != 0)
			return;
	}
}

/*
 * The exit status of an adopted init, which is not our child: the kernel shows it on its
 * pidfd after it was reaped. 0 or -errno.
 */
static int adopted_status(const struct shim *s, int *ret)
{
	int64_t deadline = clock_ms() + REAPED_WAIT_MAX_MS;
	struct pollfd p = { .fd = s->pidfd, .events = 0 };
	int r;

	if (s->pidfd < 0)
		return -ESRCH;
	for (;;) {
		r = pidfd_exit_status(s->pidfd, ret);
		if (r == 0 || r == -EOPNOTSUPP || clock_left(deadline) == 0)
			return r;
		(void) poll(&p, 1, clock_left(deadline)); /* POLLHUP: it was reaped */
	}
}

static int own_status(const struct shim *s, int *ret)
{
	siginfo_t si = { 0 };

	if (waitid(P_PID, (id_t) s->record.pid, &si, WEXITED | WNOWAIT) < 0)
		return -errno;
	/* In waitpid's format; musl has no macro for it. */
	*ret = si.si_code == CLD_EXITED ? (si.si_status & 0xff) << 8 : si.si_status & 0x7f;
	return 0;
}

static int init_status(const struct shim *s, int *ret)
{
	return s->opt.adopt ? adopted_status(s, ret) : own_status(s, ret);
}

static void describe_exit(struct shim *s, struct shim_exit *e)
{
	int status = 0;
	int r;

	*e = (struct shim_exit){ .started_at = s->record.started_at };
	memcpy(e->run_id, s->record.run_id, sizeof(e->run_id));
	r = init_status(s, &status);
	e->finished_at = ktime_now();
	e->lost = r < 0;
	if (r < 0) {
		e->code = 255;
	} else if (WIFSIGNALED(status)) {
		e->signal = WTERMSIG(status);
		e->code = 128 + e->signal;
	} else {
		e->code = WEXITSTATUS(status);
	}
	e->oom_killed = e->code != 0 && exit_oom_kills(s) > 0;
	e->log_dropped = s->log.dropped;
}

int runc_begin(const struct shim *s, char *const *argv, int out, int errfd, pid_t *ret_pid,
	       struct kerr *err)
{
	struct proc_spawn how = PROC_SPAWN_INIT;

	how.path = s->opt.runc;
	how.argv = argv;
	how.fd_stdio[1] = out;
	how.fd_stdio[2] = errfd;
	if (s->opt.mount_ns_fd > 0)
		how.mount_ns = (int) s->opt.mount_ns_fd;
	how.flags = PROC_NULL_STDIN | PROC_NULL_OUTPUT | PROC_DIE_WITH_PARENT;
	return proc_spawn(&how, ret_pid, err);
}

int runc_end(pid_t pid, int deadline_ms, int *ret_status, struct kerr *err)
{
	int r = proc_wait(pid, deadline_ms, ret_status, err);

	if (r < 0)
		proc_kill_wait(pid);
	if (r == -ETIME)
		return kerr_plain(err, r, "runc did not finish within %d s", deadline_ms / 1000);
	return r;
}

static void delete_container(const struct shim *s)
{
	const char *argv[] = {
		s->opt.runc, "--root", s->opt.runc_root, "delete", s->opt.id, NULL,
	};
	pid_t pid;
	int status;

	/* If this fails, the next start or delete of the container cleans up. */
	if (runc_begin(s, (char *const *) (uintptr_t) argv, -1, -1, &pid, NULL) == 0)
		(void) runc_end(pid, RUNC_DELETE_MS, &status, NULL);
}

/* Restart a process that failed, after a pause. false: it has ended for good. */
static bool restart_process(struct shim *s)
{
	int status = 0, pause;

	if (s->opt.process == NULL || init_status(s, &status) < 0)
		return false;
	pause = process_pause(s, status);
	if (pause < 0)
		return false;
	for (supervise_watch(s, pause); process_restart(s) < 0; supervise_watch(s, pause))
		pause = process_next_pause();
	return true;
}

void supervise_run(struct shim *s)
{
	struct shim_exit e;

	do {
		if (s->pidfd >= 0)
			supervise_watch(s, -1);
		drain(s);
	} while (restart_process(s));
	describe_exit(s, &e);
	exit_record_write(s, &e);
	(void) waitid(P_PID, (id_t) s->record.pid, &(siginfo_t){ 0 }, WEXITED | WNOHANG);
	if (s->opt.process == NULL)
		delete_container(s);
	/* with a shared pid namespace, runc delete has only now ended the other processes */
	drain(s);
	reap_others(s);
	fd_close_p(&s->lock);
	exit_wake(s);
}
