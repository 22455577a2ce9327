/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CGROUP_DOCTOR_H
#define KUKEON_CGROUP_DOCTOR_H

#include "cgroup_host.h"

/* doctor cgroups */

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
	CGROUP_CHECK_PROBE = 1 << 0, /* write "+c" for available controllers not yet enabled */
	CGROUP_CHECK_ALL = 1 << 1, /* nested: require all available, not just the four */
};

/*
 * Check the v2 directory dir. *ret: an array in the order of the required set, owned by
 * the caller (cgroup_checks_free). err: "cgroup pre-flight: read <file>: <errno text>".
 */
int cgroup_check_dir(const char *dir, enum cgroup_check_flags flags, struct cgroup_check **ret,
		     size_t *ret_n, struct kerr *err);
void cgroup_checks_free(struct cgroup_check *v, size_t n);

/*
 * Whether this process lives in the root of its tree: /proc/self/cgroup is exactly
 * "0::/", and cgroup.events of dir says "populated 1".
 */
bool cgroup_is_bare_root(const char *dir);

#endif
