/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CGROUP_V1_H
#define KUKEON_CGROUP_V1_H

#include "cgroup_host.h"

/*
 * Create the directories in one v1 hierarchy and fill in the cpuset files. Returns as
 * cgroup_mkdirs.
 */
int cgroup_v1_make(const struct cgroup_hierarchy *hi, const char *path, struct kerr *err);

#endif
