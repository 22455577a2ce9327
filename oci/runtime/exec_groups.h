/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EXEC_GROUPS_H
#define KUKEON_EXEC_GROUPS_H

#include <sys/types.h>

#include "cgroup_host.h"
#include "exec_proto.h"

/* The cgroups of a process that joins a container, and of its monitor, open. */
struct exec_groups {
	int cgroup, monitors; /* directories with v2; -EBADF: files cgroup.procs are used */
	int procs[EXEC_CGROUPS_MAX], monitor_procs[EXEC_CGROUPS_MAX];
	size_t n_procs, n_monitor_procs;
};

#define EXEC_GROUPS_INIT                             \
	{                                            \
		.cgroup = -EBADF, .monitors = -EBADF \
	}

void exec_groups_clear(struct exec_groups *g);
#define cleanup_exec_groups cleanup_(exec_groups_clear)

/*
 * Open them. cgroup: the container's; monitors: the monitors', which exists; init: the pid of
 * the container's first process, which may have moved below its container's cgroup (0: there is
 * none, and only the monitors' are opened). The caller checks afterwards that init still lives.
 */
int exec_groups_open(const struct cgroup_host *host, const char *cgroup, const char *monitors,
		     pid_t init, struct exec_groups *ret, struct kerr *err);

/*
 * The directory of a cgroup in which a process is now, from the text of /proc/PID/cgroup of a
 * pure v2 host, if it is group or below, else group itself; a pure function. Owned by the caller.
 */
char *exec_current_cgroup(const char *text, const char *group) __attribute__((returns_nonnull));

#endif
