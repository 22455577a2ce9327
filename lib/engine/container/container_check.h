/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_CHECK_H
#define KUKEON_CONTAINER_CHECK_H

#include "context.h"

/*
 * What of a spec depends on the host and can be known before anything changes: the
 * sources of volumes and secrets, what securityOpts name.
 */
int container_check_host(const struct container_spec *c, struct kerr *err);
/* The same of all containers of a cell, and of the cell itself. */
int container_check_cell(const struct engine *e, const struct cell_doc *cell, struct kerr *err);

/*
 * Whether this host can keep the limits (NULL: none):
 * `resources.pidsLimit: this host has no pids controller (…)`.
 */
int container_check_limits(const struct cgroup_host *cgroups, const struct container_resources *c,
			   struct kerr *err);

#endif
