/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EXEC_SESSION_H
#define KUKEON_EXEC_SESSION_H

#include <sys/types.h>

#include "defs.h"

/*
 * What the monitors of processes in containers (kukeexec, kukecp) have in common: a place in
 * cgroups, and the streams between a process and its client (exec_proto.h).
 */

/*
 * Begin a monitor: its name, closed to tracers, all signals blocked. *ret_signals: a signalfd
 * with SIGCHLD. 0 or -errno.
 */
int exec_monitor_begin(const char *name, int *ret_signals);
/*
 * Inherited descriptors are not for the process. With v2 the monitor goes on in a child in the
 * monitors' cgroup (a directory, which is closed; -1: none): a process is made in one at once,
 * while moving it waits for an RCU grace period. 0 or -errno.
 */
int exec_monitor_settle(int monitors);
/* After the answer: into cgroups by their files cgroup.procs, and the last to be killed. */
void exec_monitor_rest(const int32_t *procs, uint32_t n);

/* fork with the child in the cgroup (a directory); -1: in that of this process. -errno. */
pid_t exec_fork(int cgroup, uint64_t flags);
/* Move this process into cgroups by their files cgroup.procs. 0 or -errno. */
int exec_join_cgroups(const int32_t *procs, uint32_t n);

struct exec_session {
	int connection; /* -EBADF: no client, or it hung up */
	int in; /* where standard input is written; -EBADF: closed */
	int out[2]; /* where stdout and stderr are read; the first alone with a terminal */
	int signals; /* signalfd with SIGCHLD */
	bool tty;
	pid_t pid; /* a child, leader of its process group */
	int bound; /* a pidfd, with whose process this one is to end; 0: none */
	int stall_ms; /* hang up when nothing moved for so long; 0: never */
};

/* Serve them until the process has ended and the client knows; reaps it. */
void exec_session_serve(struct exec_session *s);

#endif
