/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CGROUP_FREEZE_H
#define KUKEON_CGROUP_FREEZE_H

#include "cgroup_host.h"

/* Whether a group is frozen: by itself, or by one above it. */
enum cgroup_frozen {
	CGROUP_THAWED = 1,
	CGROUP_FREEZING, /* some of its processes still run */
	CGROUP_FROZEN,
};
enum cgroup_frozen cgroup_frozen(const struct cgroup_host *h, const char *path);
/* Thaw the group and all below it, as frozen processes do not react to signals. Best effort. */
void cgroup_thaw(const struct cgroup_host *h, const char *path);
/* The group itself only. */
void cgroup_thaw_one(const struct cgroup_host *h, const char *path);

/* Freeze a group of v1's freezer hierarchy and all below it. Best effort. */
void cgroup_v1_freeze(const struct cgroup_host *h, const char *path);

#endif
