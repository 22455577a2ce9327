/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PROC_H
#define KUKEON_PROC_H

#include <signal.h>

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * Processes. No SIGCHLD handlers anywhere: engine code waits for its own
 * children by pid, loops reap through signalfd.
 */

enum proc_spawn_flags {
	PROC_SETSID = 1 << 0,
	PROC_DIE_WITH_PARENT = 1 << 1, /* SIGKILL when the parent dies */
	PROC_NULL_STDIN = 1 << 2,
	PROC_NULL_OUTPUT = 1 << 3, /* stdout and stderr not named below go to /dev/null */
	PROC_DOUBLE_FORK = 1 << 4, /* the child becomes a child of init, which reaps it */
};

/*
 * How to run a program. Every descriptor but 0, 1, 2 and keep_fds is closed in
 * the child, handlers and the signal mask are reset. keep_fds keep their numbers.
 * map: the child's descriptor i (0, 1, 2) is fd_stdio[i] when that is >= 0 —
 * zero-initialised options therefore need PROC_SPAWN_INIT. With
 * PROC_DIE_WITH_PARENT neither PROC_DOUBLE_FORK (-EINVAL).
 */
struct proc_spawn {
	const char *path; /* absolute, or looked up in PATH */
	char *const *argv;
	char *const *envp; /* NULL: that of this process */
	const char *cwd; /* NULL: that of this process */
	int fd_stdio[3];
	const int *keep_fds;
	size_t n_keep_fds;
	enum proc_spawn_flags flags;
};

#define PROC_SPAWN_INIT                    \
	{                                  \
		.fd_stdio = { -1, -1, -1 } \
	}

/*
 * Run it. Returns 0 and *ret_pid once exec succeeded; a failure of exec or of a step
 * before it is returned as -errno, and no child is left to reap.
 */
int proc_spawn(const struct proc_spawn *how, pid_t *ret_pid, struct kerr *err);

/* Wait for a child. *ret_status as of waitpid. deadline_ms from now (-1: none): -ETIME. */
int proc_wait(pid_t pid, int deadline_ms, int *ret_status, struct kerr *err);

/* SIGKILL and reap. */
void proc_kill_wait(pid_t pid);

/*
 * Run to its end: stdin from in (or /dev/null), stdout and stderr into out and errout
 * (each at most its max; more is dropped and marks the buffer as failed; NULL:
 * /dev/null). Descriptors set in how->fd_stdio take precedence. Kills it at the
 * deadline (-ETIME). The run is over when the process ends, even if one of its children
 * still holds the output open. *ret_status as of waitpid.
 */
int proc_run(const struct proc_spawn *how, const struct buf *in, struct buf *out,
	     struct buf *errout, int deadline_ms, int *ret_status, struct kerr *err);

/*
 * fork for code that continues without exec: signals are blocked around the fork, the
 * child gets default handlers and an empty mask, and must end by _exit. Only the flags
 * PROC_SETSID and PROC_DIE_WITH_PARENT are supported (-EINVAL otherwise). Returns 0 in
 * the child, the pid in the parent, -errno.
 */
pid_t proc_fork(enum proc_spawn_flags flags);

int pidfd_open_(pid_t pid); /* -errno; CLOEXEC by nature */
int pidfd_signal(int pidfd, int sig); /* 0 or -errno */
/* Wait until the process has ended. 1 ended, 0 timeout, -errno. Works for any process. */
int pidfd_wait(int pidfd, int timeout_ms);
/*
 * Exit status (as of waitpid) of a process that has ended, by PIDFD_GET_INFO (kernel
 * 6.15 and up). Also works after another process reaped it, if pidfd was opened before.
 * -EAGAIN while it runs or has not been reaped, -EOPNOTSUPP on older kernels.
 */
int pidfd_exit_status(int pidfd, int *ret_status);

/*
 * Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat,
 * proc(5)). Together with the pid it identifies a process.
 */
int proc_start_time(pid_t pid, uint64_t *ret);
/* A pidfd of the process with this pid and start time; -ESRCH if it has ended, also as a zombie. */
int proc_open_same(pid_t pid, uint64_t start_time);

/* "SIGKILL"; "SIGRTMIN+3" style for the others; NULL when out of range. buf has 16 bytes. */
const char *signal_name(int sig, char *buf, size_t size);
/* From "SIGTERM", "TERM" or "15"; -EINVAL. */
int signal_from_name(const char *s);

/* The running boot, from /proc/sys/kernel/random/boot_id; 36 characters and NUL. */
int boot_id(char ret[37], struct kerr *err);

/* The folder of the running program; owned by the caller. */
int self_exe_dir(char **ret, struct kerr *err);

#endif
