/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CGROUP_H
#define KUKEON_CGROUP_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/*
 * Control groups. A group is named by its path below every hierarchy's mount
 * point ("/kukeon/default/default/default/web"): absolute, no "." or "..".
 * v2 is the target; on a v1 or hybrid host the same directories are made in each
 * mounted v1 controller (decisions.md section 9).
 */
enum cgroup_mode {
	CGROUP_MODE_V2 = 1, /* one unified hierarchy with the controllers */
	CGROUP_MODE_V1, /* v1 controllers only */
	CGROUP_MODE_HYBRID, /* v1 controllers, and a v2 mount without (all of) them */
	CGROUP_MODE_NONE, /* nothing usable is mounted */
	_CGROUP_MODE_MAX,
};

enum {
	CGROUP_FDS_MAX = 16 /* hierarchies we can write into; fits struct proc_spawn */
};

/* The v1 controllers that get our directories. */
enum cgroup_v1_controller {
	CGROUP_V1_CPU = 1 << 0,
	CGROUP_V1_CPUACCT = 1 << 1,
	CGROUP_V1_CPUSET = 1 << 2,
	CGROUP_V1_MEMORY = 1 << 3,
	CGROUP_V1_BLKIO = 1 << 4,
	CGROUP_V1_PIDS = 1 << 5,
	CGROUP_V1_FREEZER = 1 << 6,
	CGROUP_V1_DEVICES = 1 << 7,
};

/* One mounted hierarchy. Those with neither controllers, v2 nor systemd are only cleaned up. */
struct cgroup_hierarchy {
	char *mount;
	unsigned device; /* of the file system: the same hierarchy mounted twice counts once */
	unsigned controllers; /* v1: bits of enum cgroup_v1_controller; v2: 0 */
	bool v2;
	bool systemd; /* name=systemd: leaves only, so that monitors leave a service's group */
};

struct cgroup_host {
	enum cgroup_mode mode;
	struct cgroup_hierarchy *v;
	size_t n;
};

/*
 * Find out once how this host mounts its hierarchies. mountinfo: NULL for
 * /proc/self/mountinfo. The result is owned by the caller (cgroup_host_free). A host
 * without any is not an error: mode NONE, and the functions below say -EOPNOTSUPP.
 */
int cgroup_host_new(const char *mountinfo, struct cgroup_host **ret, struct kerr *err);
/* A v2 hierarchy at this directory: `doctor --root`, tests. */
struct cgroup_host *cgroup_host_new_v2(const char *mount) __attribute__((returns_nonnull));
struct cgroup_host *cgroup_host_free(struct cgroup_host *h);

static inline void cgroup_host_freep(struct cgroup_host **h)
{
	*h = cgroup_host_free(*h);
}

const char *cgroup_mode_name(enum cgroup_mode mode); /* "v2", "v1", "hybrid", "none" */

/*
 * The mount point of the v2 hierarchy, else the folder above the v1 ones: what
 * `host root:` prints. Owned by the caller.
 */
char *cgroup_host_root(const struct cgroup_host *h) __attribute__((returns_nonnull));

/* The directory of a group in the v2 hierarchy; NULL where there is none. Owned by the caller. */
char *cgroup_v2_dir(const struct cgroup_host *h, const char *path);

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

/* 1 a process lives in the group or below (any hierarchy), 0 none (or no such group), -errno. */
int cgroup_populated(const struct cgroup_host *h, const char *path);

/*
 * SIGKILL everything in the group and below, and wait until nothing is left or
 * the deadline (milliseconds from now) passed: -ETIME. No such group is success.
 */
int cgroup_kill(const struct cgroup_host *h, const char *path, int deadline_ms, struct kerr *err);

/* Whether a group is frozen: by itself, or by one above it. */
enum cgroup_frozen {
	CGROUP_THAWED = 1,
	CGROUP_FREEZING, /* some of its processes still run */
	CGROUP_FROZEN,
};
enum cgroup_frozen cgroup_frozen(const struct cgroup_host *h, const char *path);
/* Thaw the group and all below it: what is frozen heeds no signal. Best effort. */
void cgroup_thaw(const struct cgroup_host *h, const char *path);
/* The group itself only. */
void cgroup_thaw_one(const struct cgroup_host *h, const char *path);

enum cgroup_remove_flags {
	CGROUP_REMOVE_KILL = 1 << 0, /* cgroup_kill first, with this deadline */
};

/*
 * Remove the group and all below it, deepest first, in every hierarchy that is
 * mounted (also name=systemd, where runc leaves directories). Busy groups (a dying
 * process is not gone at once) are tried again until the deadline: -EBUSY. Missing is success.
 */
int cgroup_remove(const struct cgroup_host *h, const char *path, enum cgroup_remove_flags flags,
		  int deadline_ms, struct kerr *err);

/*
 * Move every process of one group (not of those below it) into another, made
 * if missing, until none is left: how a container's processes leave the root of its
 * cgroup namespace for "_payload". v2 only; elsewhere a no-op. Processes that end meanwhile are fine.
 */
int cgroup_move_procs(const struct cgroup_host *h, const char *from, const char *to,
		      struct kerr *err);

/*
 * How many processes of the group (and below) the kernel killed for want of
 * memory; 0 when unknown.
 */
uint64_t cgroup_oom_kills(const struct cgroup_host *h, const char *path);

/* ---- doctor cgroups (surface.md 2.7) ---- */

enum cgroup_status {
	CGROUP_STATUS_ENABLED = 1,
	CGROUP_STATUS_KERNEL_MISSING,
	CGROUP_STATUS_NEEDS_DELEGATION,
	CGROUP_STATUS_ENABLED_BY_PROBE,
	CGROUP_STATUS_NOT_DELEGATED,
	CGROUP_STATUS_THREADED_SUBTREE,
	CGROUP_STATUS_INTERNAL_PROCESS,
	CGROUP_STATUS_PERMISSION_DENIED,
	_CGROUP_STATUS_MAX,
};

const char *cgroup_status_name(enum cgroup_status s); /* "kernel-missing" */

struct cgroup_check {
	char *controller;
	enum cgroup_status status;
};

enum cgroup_check_flags {
	CGROUP_CHECK_PROBE = 1 << 0, /* write "+c" for what is advertised and not enabled */
	CGROUP_CHECK_ALL = 1 << 1, /* require everything advertised (nested) instead of the four */
};

/*
 * Look at the v2 directory dir. *ret: an array in the order of the required set, owned by
 * the caller (cgroup_checks_free). err: "cgroup pre-flight: read <file>: <errno text>".
 */
int cgroup_check_dir(const char *dir, enum cgroup_check_flags flags, struct cgroup_check **ret,
		     size_t *ret_n, struct kerr *err);
void cgroup_checks_free(struct cgroup_check *v, size_t n);

/* The fingerprint "/proc/self/cgroup is exactly 0::/ and cgroup.events of dir says populated 1". */
bool cgroup_is_bare_root(const char *dir);

#endif
