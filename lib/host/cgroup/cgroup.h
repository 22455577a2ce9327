/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CGROUP_H
#define KUKEON_CGROUP_H

#include "cgroup_host.h"

enum cgroup_ensure_flags {
	CGROUP_ENSURE_NESTED = 1 << 0, /* delegate all controllers; refused on v1: -EOPNOTSUPP */
	CGROUP_ENSURE_LEAF = 1 << 1, /* holds processes: delegate nothing below it */
	CGROUP_ENSURE_TOLERANT = 1 << 2, /* log and skip a controller that cannot be delegated */
	CGROUP_ENSURE_FRESH = 1 << 3, /* fail with -EEXIST if the group exists */
};

/*
 * Create the group and its parents, and delegate cpu, memory, io and pids, if the root
 * has them, from the root down to the group itself. Never disables a controller or sets
 * a limit. On v1, create the directory in every hierarchy and copy cpuset.cpus and
 * cpuset.mems from the parent. controllers (may be NULL) is cleared and receives the
 * delegated controllers by their v2 names ("io" for blkio). 1 the group was created, 0
 * it existed.
 */
int cgroup_ensure(const struct cgroup_host *h, const char *path, enum cgroup_ensure_flags flags,
		  struct strlist *controllers, struct kerr *err);

/* 1 the group exists and is usable in every hierarchy that cgroup_ensure uses, 0 not, -errno. */
int cgroup_exists(const struct cgroup_host *h, const char *path);

/*
 * Names of the groups directly below path for which cgroup_exists returns 1, sorted:
 * each hierarchy is read once, however many there are. -errno: not known.
 */
int cgroup_children(const struct cgroup_host *h, const char *path, struct strlist *ret);

/*
 * The content of cgroup.subtree_control; on v1 those of cpu, memory, io and pids that
 * are mounted. ret is cleared first.
 */
int cgroup_subtree_controllers(const struct cgroup_host *h, const char *path, struct strlist *ret,
			       struct kerr *err);

/*
 * Whether groups can be limited by a controller ("cpu", "memory", "pids"): 1, or 0 with
 * *ret_where (owned by the caller) the file or the hierarchies that lack it. -errno.
 */
int cgroup_offers(const struct cgroup_host *h, const char *controller, char **ret_where);

/*
 * v2: reset cpu.weight to the default. On v1 the default of 1024 shares needs no
 * change. A missing group or controller is success.
 */
int cgroup_reset_weight(const struct cgroup_host *h, const char *path, struct kerr *err);

/*
 * Open the cgroup.procs files of a group in every hierarchy, for proc_spawn: a process
 * that writes "0" to all of them has joined the group. *ret_n descriptors, to be closed
 * by cgroup_close_procs. The group must exist (cgroup_ensure with LEAF).
 */
int cgroup_open_procs(const struct cgroup_host *h, const char *path, int ret[CGROUP_FDS_MAX],
		      size_t *ret_n, struct kerr *err);
void cgroup_close_procs(int *fds, size_t n);

/*
 * Number of processes of the group (and below) that the OOM killer killed; 0 if
 * unknown.
 */
uint64_t cgroup_oom_kills(const struct cgroup_host *h, const char *path);

#endif
