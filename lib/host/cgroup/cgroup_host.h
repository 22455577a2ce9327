/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CGROUP_HOST_H
#define KUKEON_CGROUP_HOST_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/*
 * Control groups. A group is named by its path below every hierarchy's mount point
 * ("/kukeon/default/default/default/web"): absolute, no "." or "..". Written for v2; on
 * a v1 or hybrid host the same directories are created in each mounted v1 hierarchy.
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

/* The v1 controllers in which kukeon creates directories. */
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

/*
 * One mounted hierarchy. Those without controllers that are neither v2 nor systemd's
 * are only cleaned up.
 */
struct cgroup_hierarchy {
	char *mount;
	unsigned device; /* of the file system: the same hierarchy mounted twice counts once */
	unsigned controllers; /* v1: bits of enum cgroup_v1_controller; v2: 0 */
	bool v2;
	bool systemd; /* name=systemd: only leaf groups: a monitor must leave its service's group */
};

struct cgroup_host {
	enum cgroup_mode mode;
	struct cgroup_hierarchy *v;
	size_t n;
};

/*
 * Read how this host mounts its hierarchies. mountinfo: NULL for /proc/self/mountinfo.
 * The result is owned by the caller (cgroup_host_free). A host without hierarchies is
 * not an error: the mode is NONE, and the functions below return -EOPNOTSUPP.
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
 * The mount point of the v2 hierarchy, else the directory above the v1 ones. Printed as
 * `host root:`. Owned by the caller.
 */
char *cgroup_host_root(const struct cgroup_host *h) __attribute__((returns_nonnull));

/* The directory of a group in the v2 hierarchy; NULL without v2. Owned by the caller. */
char *cgroup_v2_dir(const struct cgroup_host *h, const char *path);

/* -EINVAL unless path is absolute and without empty, "." and ".." parts. */
int cgroup_path_check(const char *path, struct kerr *err);

/* The v2 hierarchy, NULL when none is mounted. */
const struct cgroup_hierarchy *cgroup_v2(const struct cgroup_host *h);

/* The words of a file of one line, e.g. cgroup.controllers; ret is cleared first. 0 or -errno. */
int cgroup_read_words(const char *dir, const char *file, struct strlist *ret);

/* The value of a "key N" line (cgroup.events, memory.events). -ENOENT: no such line. */
int cgroup_read_key(const char *dir, const char *file, const char *key, uint64_t *ret);

/* mkdir of every directory of path below mount; 1 the last one was created, 0 it existed. */
int cgroup_mkdirs(const char *mount, const char *path, struct kerr *err);

/* The directories below dirfd, as paths relative to it, parents first. */
int cgroup_list_subdirs(int dirfd, struct strlist *ret);

/* The bit of a v1 controller by name, 0 for unused ones. */
unsigned cgroup_v1_controller(const char *name);

/* Which of cpu, memory, io and pids the v1 hierarchies offer. */
void cgroup_v1_controllers(const struct cgroup_host *h, struct strlist *ret);

#endif
