/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_CHECK_H
#define KUKEON_CONTAINER_CHECK_H

#include "context.h"

/*
 * Check what a spec needs from the host, before anything changes: sources of volumes
 * and secrets, and names in securityOpts.
 */
int container_check_host(const struct container_spec *c, struct kerr *err);
/* Likewise for all containers of a cell and the cell itself. */
int container_check_cell(const struct engine *e, const struct cell_doc *cell, struct kerr *err);

/*
 * Check that this host can enforce the limits (NULL: none); else `resources.pidsLimit:
 * this host has no pids controller (…)`.
 */
int container_check_limits(const struct cgroup_host *cgroups, const struct container_resources *c,
			   struct kerr *err);

#endif
