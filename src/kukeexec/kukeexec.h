/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEEXEC_KUKEEXEC_H
#define KUKEEXEC_KUKEEXEC_H

#include "defs.h"
#include "err.h"
#include "exec_proto.h"

/*
 * kukeexec: the monitor of one process that was started in a running container, and its
 * parent. It stays outside the container itself; only the process enters, by two forks
 * (enter.c). It is executed from a sealed copy in memory, because what a container can
 * reach of it while the process begins is a link to its program (/proc/PID/exe).
 */
struct exec_request {
	struct exec_head head;
	char *text; /* the body's bytes */
	struct exec_body body;
};

/* ---- enter.c ---- */

struct enter_result {
	pid_t pid; /* of the process, our child */
	int master; /* of its terminal; -EBADF: it has none */
};

/*
 * Start the process with these three descriptors (-1 with EXEC_TTY). Returns when its program
 * was executed: 0, or -errno with the reason in *ret_err and *ret_status (EXEC_STATUS_*, 0),
 * and no process is left.
 */
int enter_start(const struct exec_request *q, const int stdio[3], struct enter_result *ret,
		int *ret_status, struct kerr *err);

/* ---- inside.c ---- */

/* The steps of becoming the process, as they are reported when one fails. */
enum step {
	STEP_PID = 1, /* no failure: value is the pid */
	STEP_MASTER, /* no failure: the terminal's master comes with the next message */
	STEP_CGROUP,
	STEP_SCORE,
	STEP_APPARMOR,
	STEP_LIMIT,
	STEP_KEYRING,
	STEP_ENTER,
	STEP_TTY,
	STEP_CWD,
	STEP_CWD_OUTSIDE,
	STEP_FORK,
	STEP_USER,
	STEP_CAPS,
	STEP_FILTER,
	STEP_EXEC,
	_STEP_MAX,
};

struct report {
	int32_t step;
	int32_t value; /* -errno */
};

/* The descriptor over which both forks report; nothing else but 0, 1 and 2 is open in them. */
enum {
	REPORT_FD = 3,
};

_Noreturn void report_failure(enum step step, int error);

/*
 * Drop to the user and the capabilities of the container. With EXEC_NO_NEW_PRIVS the first fork
 * does it, so that the container never sees a process with more; else a filter could not be
 * installed any more, and inside_run does it.
 */
void inside_drop_rights(const struct exec_request *q);

/* In the second fork, which is in the container's pid namespace: execute the program. */
_Noreturn void inside_run(const struct exec_request *q);

#endif
