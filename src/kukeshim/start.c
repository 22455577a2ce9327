/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "kukeshim.h"
#include "mem.h"
#include "path.h"
#include "proc.h"
#include "procinfo.h"
#include "str.h"

enum {
	/*
	 * No event tells when the container's program is executed after runc has ended.
	 * Poll often at first, then every millisecond, for at most this time.
	 */
	EXEC_POLL_MAX_MS = 5000,
	EXEC_POLL_EARLY = 20,
	EXEC_POLL_EARLY_NS = 100000,
	EXEC_TEXT_MAX = 300, /* limit of runc's message about a failed exec */
	SMALL_FILE_MAX = 4096,
	RUNC_TRIES = 3,
};

/* The name of runc's init process until it executes the container's program. */
#define RUNC_INIT_COMM "runc:[2:INIT]\n"

static int open_output(const struct shim *s, const char *name, struct kerr *err)
{
	/* Opened for reading too, so that the container never has a pipe without a reader. */
	int fd = openat(s->run_dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? kerr_set(err, -errno, "open '%s/%s'", s->opt.run_dir, name) : fd;
}

static int read_pid(const struct shim *s, pid_t *ret, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(SMALL_FILE_MAX);
	cleanup_free char *digits = NULL;
	uint64_t pid = 0;
	int r;

	r = file_read_at(s->run_dir, SHIM_FILE_RUNC_PID, SMALL_FILE_MAX, &text, NULL);
	if (r == 0) {
		digits = str_trim(buf_str(&text));
		r = str_to_u64(digits, 1, INT32_MAX, &pid);
	}
	if (r < 0)
		return kerr_plain(err, -EPROTO, "runc wrote no pid file");
	*ret = (pid_t) pid;
	return 0;
}

static bool is_runc_init(pid_t pid)
{
	cleanup_buf struct buf comm = BUF_INIT(SMALL_FILE_MAX);
	char path[32];

	(void) snprintf(path, sizeof(path), "/proc/%d/comm", (int) pid);
	return sys_read(AT_FDCWD, path, &comm) == 0 && streq(buf_str(&comm), RUNC_INIT_COMM);
}

/* Return what runc's init wrote to stderr when it could not execute the program. */
static int exec_error(struct shim *s, struct kerr *err)
{
	static const char stamp[] = "time=", key[] = " msg=";
	cleanup_buf struct buf line = BUF_INIT(SMALL_FILE_MAX);
	char text[EXEC_TEXT_MAX + 1];
	const char *said = text;
	ssize_t n;

	n = read(s->out[LOG_STREAM_ERR], text, sizeof(text) - 1);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	s->exec_failed = true;
	if (n <= 0)
		return kerr_plain(err, -ENOEXEC, "the program could not be executed");
	text[n] = '\0';
	if (str_has_prefix(said, stamp) && strstr(said, key) != NULL)
		/* skip the time stamp; each log line has one of ours */
		said = strstr(said, key) + strlen(key);
	str_vis(&line, said, strlen(said));
	return kerr_plain(err, -ENOEXEC, "%s", buf_str(&line));
}

/*
 * Wait until init executes the container's program. A zombie keeps its name, so a
 * program that ended at once can be distinguished from one that was never executed.
 */
static int wait_for_exec(struct shim *s, struct kerr *err)
{
	const struct timespec pause = { .tv_nsec = EXEC_POLL_EARLY_NS };
	int r;

	for (int looks = 0; looks < EXEC_POLL_EARLY + EXEC_POLL_MAX_MS; looks++) {
		if (!is_runc_init(s->record.pid))
			return 0;
		if (looks < EXEC_POLL_EARLY)
			(void) nanosleep(&pause, NULL);
		r = pidfd_wait(s->pidfd, looks < EXEC_POLL_EARLY ? 0 : 1);
		if (r < 0)
			return kerr_set(err, r, "wait for the container's program");
		if (r > 0)
			return is_runc_init(s->record.pid) ? exec_error(s, err) : 0;
	}
	return 0; /* frozen, or the disk is slow; the process is alive, so count it as started */
}

int join_cgroups(struct shim *s, struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; i < s->opt.n_cgroup_fds; i++) {
		if (r == 0 && write(s->opt.cgroup_fds[i], "0", 1) != 1)
			r = kerr_set(err, -errno, "join the cgroup of the monitors");
		(void) close(s->opt.cgroup_fds[i]);
	}
	s->opt.n_cgroup_fds = 0;
	return r;
}

static int runc_failed(int status, struct kerr *err)
{
	if (WIFSIGNALED(status))
		return kerr_plain(err, -ECHILD, "runc was killed by signal %d", WTERMSIG(status));
	return kerr_plain(err, -ECHILD, "runc failed with exit code %d", WEXITSTATUS(status));
}

static int run_once(struct shim *s, struct kerr *err)
{
	cleanup_fd int out = open_output(s, SHIM_FILE_STDOUT, err);
	cleanup_fd int errout = -EBADF;
	cleanup_free char *log = path_join(s->opt.run_dir, SHIM_FILE_RUNC_LOG, NULL);
	cleanup_free char *pid_file = path_join(s->opt.run_dir, SHIM_FILE_RUNC_PID, NULL);
	cleanup_free char *bundle = path_join(s->opt.run_dir, SHIM_FILE_BUNDLE, NULL);
	const char *argv[] = { s->opt.runc, "--root",  s->opt.runc_root,
			       "--log",	    log,       "--log-format",
			       "json",	    "run",     "-d",
			       "--bundle",  bundle,    "--pid-file",
			       pid_file,    s->opt.id, NULL };
	int status = 0;
	pid_t pid;
	int r;

	if (out < 0)
		return out;
	errout = open_output(s, SHIM_FILE_STDERR, err);
	if (errout < 0)
		return errout;
	r = runc_begin(s, (char *const *) (uintptr_t) argv, out, errout, &pid, err);
	if (r < 0)
		return r;
	r = join_cgroups(s, err);
	if (r < 0) {
		proc_kill_wait(pid);
		return r;
	}
	r = runc_end(pid, (int) s->opt.deadline_ms, &status, err);
	if (r < 0)
		return r;
	return status == 0 ? 0 : runc_failed(status, err);
}

/*
 * After a failed start, kill all our children. As a subreaper we are the parent of every
 * process that runc left.
 */
static void kill_children(void)
{
	cleanup_buf struct buf text = BUF_INIT(SMALL_FILE_MAX);

	while (sys_read(AT_FDCWD, "/proc/thread-self/children", &text) == 0 && text.len > 0) {
		for (const char *p = buf_str(&text); *p >= '0' && *p <= '9';) {
			pid_t pid = 0;

			for (; *p >= '0' && *p <= '9'; p++)
				pid = pid * 10 + (*p - '0');
			p += strspn(p, " \n");
			proc_kill_wait(pid);
		}
	}
}

/*
 * Whether runc failed before it made anything, and need not fail again: it seals a copy of
 * itself in memory, which the kernel refuses (EBUSY, F_ADD_SEALS of fcntl(2)) while it moves a
 * page of that copy, as it does on a host short of memory.
 */
static bool is_worth_another_try(const struct shim *s)
{
	cleanup_buf struct buf text = BUF_INIT(SMALL_FILE_MAX);

	return file_read_at(s->run_dir, SHIM_FILE_RUNC_LOG, SMALL_FILE_MAX, &text, NULL) == 0 &&
	       strstr(buf_str(&text), "cloned binary: Device or resource busy") != NULL;
}

static int run_bundle(struct shim *s, struct kerr *err)
{
	int r = run_once(s, err);

	for (int tries = 1; r == -ECHILD && tries < RUNC_TRIES && is_worth_another_try(s);
	     tries++) {
		kill_children();
		(void) unlinkat(s->run_dir, SHIM_FILE_RUNC_LOG, 0);
		r = run_once(s, err);
	}
	return r;
}

static int start_steps(struct shim *s, struct kerr *err)
{
	int r;

	r = record_write(s, err);
	if (r < 0)
		return r;
	r = run_bundle(s, err);
	if (r < 0)
		return r;
	r = read_pid(s, &s->record.pid, err);
	if (r < 0)
		return r;
	s->pidfd = pidfd_open_(s->record.pid);
	if (s->pidfd < 0)
		return kerr_set(err, s->pidfd, "open process %d", (int) s->record.pid);
	r = proc_start_time(s->record.pid, &s->record.pid_start);
	if (r < 0)
		return kerr_set(err, r, "read the start time of process %d", (int) s->record.pid);
	r = wait_for_exec(s, err);
	if (r < 0)
		return r;
	s->record.starting = false;
	s->record.started_at = ktime_now();
	return record_write(s, err);
}

int start_container(struct shim *s, struct kerr *err)
{
	int r = start_steps(s, err);

	if (r < 0)
		kill_children();
	return r;
}
