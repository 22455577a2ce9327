/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CGROUP_V1_H
#define KUKEON_CGROUP_V1_H

#include "cgroup_host.h"

/* The directories of one v1 hierarchy, cpuset filled; results of cgroup_mkdirs. */
int cgroup_v1_make(const struct cgroup_hierarchy *hi, const char *path, struct kerr *err);

#endif
