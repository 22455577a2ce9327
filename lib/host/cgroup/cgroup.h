/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CGROUP_H
#define KUKEON_CGROUP_H

#include "cgroup_host.h"

enum cgroup_ensure_flags {
	CGROUP_ENSURE_NESTED = 1 << 0, /* delegate all controllers; refused on v1: -EOPNOTSUPP */
	CGROUP_ENSURE_LEAF = 1 << 1, /* for processes: nothing is delegated below it */
	CGROUP_ENSURE_TOLERANT =
		1 << 2, /* a controller that cannot be delegated is logged and left out */
	CGROUP_ENSURE_FRESH = 1 << 3, /* the group may not be there yet: -EEXIST */
};

/*
 * Make the group and those above it, and delegate cpu, memory, io and pids as
 * far as the root has them, from the root down to the group itself; never takes
 * a controller away and never sets a limit. On v1: the directory in every
 * hierarchy, cpuset.cpus and cpuset.mems copied down. controllers (may be NULL) is
 * cleared and gets what was delegated, in v2 names ("io" for blkio). 1 the group was
 * made, 0 it was there.
 */
int cgroup_ensure(const struct cgroup_host *h, const char *path, enum cgroup_ensure_flags flags,
		  struct strlist *controllers, struct kerr *err);

/* 1 the group is there in every hierarchy that ensure fills (and usable), 0 not, -errno. */
int cgroup_exists(const struct cgroup_host *h, const char *path);

/* cgroup.subtree_control; on v1 the mounted ones of cpu, memory, io, pids. ret is cleared first. */
int cgroup_subtree_controllers(const struct cgroup_host *h, const char *path, struct strlist *ret,
			       struct kerr *err);

/*
 * Whether groups can be limited by a controller ("cpu", "memory", "pids"): 1, or 0 with
 * *ret_where (owned by the caller) the file or the hierarchies that lack it. -errno.
 */
int cgroup_offers(const struct cgroup_host *h, const char *controller, char **ret_where);

/*
 * v2: the weight of a group without any of its own; v1 has shares, of which 1024 is
 * that already. A group or a controller that is not there is fine.
 */
int cgroup_reset_weight(const struct cgroup_host *h, const char *path, struct kerr *err);

/*
 * The cgroup.procs files of a group in every hierarchy, for proc_spawn: whoever
 * writes "0" into all of them is in the group. *ret_n descriptors, to be closed by
 * cgroup_close_procs. The group must exist (cgroup_ensure with LEAF).
 */
int cgroup_open_procs(const struct cgroup_host *h, const char *path, int ret[CGROUP_FDS_MAX],
		      size_t *ret_n, struct kerr *err);
void cgroup_close_procs(int *fds, size_t n);

/*
 * How many processes of the group (and below) the kernel killed for want of
 * memory; 0 when unknown.
 */
uint64_t cgroup_oom_kills(const struct cgroup_host *h, const char *path);

#endif
