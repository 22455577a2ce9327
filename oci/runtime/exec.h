/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EXEC_H
#define KUKEON_EXEC_H

#include "cgroup_host.h"
#include "exec_proto.h"
#include "shim.h"
#include "vec.h"

/*
 * Starts a further process in a running container, under a monitor of its own (kukeexec)
 * that outlives the caller. Takes no lock: a container that ends meanwhile is an error.
 */
struct exec_how {
	const struct shim_status *run; /* of the container */
	const char *run_dir; /* with the bundle of that run */
	const char *filter; /* file of the kept seccomp filter (seccomp_filter.h) */
	const char *filters_dir; /* where filters are kept */
	const struct cgroup_host *cgroups;
	const char *cgroup; /* the container's */
	const char *monitors; /* cgroup of the monitors, which exists */
	const struct strlist *args; /* not empty */
	const struct strlist *env; /* KEY=value, in addition */
	const char *user; /* "", NULL: the container's */
	const char *cwd; /* absolute; "", NULL: the container's */
	enum exec_flags flags; /* not EXEC_NO_NEW_PRIVS, which the container has or not */
	uint32_t rows, cols;
	int connection; /* on which the client hears from the monitor; -EBADF: EXEC_DETACH */
	int stdio[3]; /* passed by the client: used as they are; < 0: in the stream */
};

struct exec_started {
	int channel; /* close it when the client may hear from the monitor; owned by the caller */
};

/*
 * Start it. Returns when its program was executed. -ESRCH: the container has ended; -EINVAL
 * for what the caller got wrong. *ret_status: EXEC_STATUS_* where the program could not be
 * executed, else 0.
 */
int exec_start(const struct exec_how *how, struct exec_started *ret, int *ret_status,
	       struct kerr *err);

#endif
