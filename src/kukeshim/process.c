/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "kukeshim.h"
#include "proc.h"
#include "procinfo.h"

/*
 * Keeps a host program running under a monitor like a container's: kukeond, when `kuke
 * init` starts it on a host without a supported init system. If the program fails, it is
 * restarted; exit status 0 is a deliberate stop, so it is not.
 */
enum {
	PAUSE_FIRST_MS = 1000,
	PAUSE_MAX_MS = 60000,
	STEADY_MS = 60000, /* after running this long, the pause is reset */
};

static int pause_ms_;
static int64_t started_ms_;

static int open_output(const struct shim *s, const char *name, struct kerr *err)
{
	int fd = openat(s->run_dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? kerr_set(err, -errno, "open '%s/%s'", s->opt.run_dir, name) : fd;
}

static int spawn(struct shim *s, struct kerr *err)
{
	cleanup_fd int out = open_output(s, SHIM_FILE_STDOUT, err);
	cleanup_fd int errout = -EBADF;
	struct proc_spawn how = PROC_SPAWN_INIT;
	int r;

	if (out < 0)
		return out;
	errout = open_output(s, SHIM_FILE_STDERR, err);
	if (errout < 0)
		return errout;
	how.path = s->opt.process[0];
	how.argv = s->opt.process;
	how.cwd = "/";
	how.fd_stdio[1] = out;
	how.fd_stdio[2] = errout;
	how.flags = PROC_NULL_STDIN;
	r = proc_spawn(&how, &s->record.pid, err);
	if (r < 0)
		return r;
	s->pidfd = pidfd_open_(s->record.pid);
	if (s->pidfd < 0)
		return kerr_set(err, s->pidfd, "open process %d", (int) s->record.pid);
	return proc_start_time(s->record.pid, &s->record.pid_start);
}

int process_start(struct shim *s, struct kerr *err)
{
	int r = record_write(s, err);

	if (r == 0)
		r = spawn(s, err);
	if (r < 0)
		return r;
	started_ms_ = clock_ms();
	s->record.starting = false;
	s->record.started_at = ktime_now();
	return record_write(s, err);
}

int process_pause(struct shim *s, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return -1;
	(void) waitid(P_PID, (id_t) s->record.pid, &(siginfo_t){ 0 }, WEXITED | WNOHANG);
	fd_close_p(&s->pidfd);
	if (clock_ms() - started_ms_ >= STEADY_MS)
		pause_ms_ = 0;
	return process_next_pause();
}

int process_next_pause(void)
{
	pause_ms_ = pause_ms_ == 0 ? PAUSE_FIRST_MS : pause_ms_ * 2;
	if (pause_ms_ > PAUSE_MAX_MS)
		pause_ms_ = PAUSE_MAX_MS;
	return pause_ms_;
}

int process_restart(struct shim *s)
{
	int r = spawn(s, NULL);

	if (r < 0)
		return r;
	s->opt.adopt = false; /* the new process is our child */
	started_ms_ = clock_ms();
	s->record.started_at = ktime_now();
	/* if this fails, the record has the pid of the old process, which is gone */
	(void) record_write(s, NULL);
	return 0;
}
