/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CGROUP_KILL_H
#define KUKEON_CGROUP_KILL_H

#include "cgroup_host.h"

/*
 * 1 if the group or one below it has a process in any hierarchy, 0 if not (or no such
 * group), -errno.
 */
int cgroup_populated(const struct cgroup_host *h, const char *path);

/*
 * SIGKILL everything in the group and below, and wait until no process is left; -ETIME
 * when the deadline (milliseconds from now) passes. No such group is success.
 */
int cgroup_kill(const struct cgroup_host *h, const char *path, int deadline_ms, struct kerr *err);

enum cgroup_remove_flags {
	CGROUP_REMOVE_KILL = 1 << 0, /* cgroup_kill first, with this deadline */
};

/*
 * Remove the group and all below it, deepest first, in every hierarchy that is mounted
 * (also name=systemd, where runc leaves directories). Busy groups (a killed process
 * takes time to exit) are retried until the deadline, then -EBUSY. Missing is success.
 */
int cgroup_remove(const struct cgroup_host *h, const char *path, enum cgroup_remove_flags flags,
		  int deadline_ms, struct kerr *err);

/*
 * Move every process of one group (not of those below it) into another, made
 * if missing, until none is left: how a container's processes leave the root of its
 * cgroup namespace for "_payload". v2 only; elsewhere a no-op. Processes that end
 * meanwhile are fine.
 */
int cgroup_move_procs(const struct cgroup_host *h, const char *from, const char *to,
		      struct kerr *err);

#endif
