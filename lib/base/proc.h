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
	PROC_KEEP_IGNORED = 1 << 5, /* proc_fork: signals that are ignored stay so */
	/* with PROC_SETSID: descriptor 0 becomes the controlling terminal of the session */
	PROC_TERMINAL = 1 << 6,
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
	int mount_ns; /* mount namespace to enter (its root is the new root); -1: none */
	int fd_stdio[3];
	const int *keep_fds;
	size_t n_keep_fds;
	enum proc_spawn_flags flags;
};

#define PROC_SPAWN_INIT                                    \
	{                                                  \
		.mount_ns = -1, .fd_stdio = { -1, -1, -1 } \
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
 * PROC_SETSID, PROC_DIE_WITH_PARENT and PROC_KEEP_IGNORED are supported (-EINVAL
 * otherwise). Returns 0 in the child, the pid in the parent, -errno.
 */
pid_t proc_fork(enum proc_spawn_flags flags);

#endif
