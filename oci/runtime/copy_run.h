/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_COPY_RUN_H
#define KUKEON_COPY_RUN_H

#include "cgroup_host.h"
#include "copy_proto.h"
#include "exec_groups.h"
#include "shim.h"

/*
 * Starts a copy from or to a container, by a process of its own (kukecp) that outlives the
 * caller. Takes no lock.
 */
struct copy_how {
	struct copy_job job;
	const struct shim_status *run; /* of a running container; NULL: stage and root */
	int stage, root; /* mount namespace with a stopped container's root, and that root */
	int lock; /* kept as long as the copy takes; < 0: none */
	const struct cgroup_host *cgroups;
	const char *cgroup; /* the container's */
	const char *monitors; /* cgroup of the monitors, which exists */
	int connection; /* of the client */
};

/*
 * Start it. *ret_channel: close it when the client may hear from it; owned by the caller.
 * -ESRCH: the container has ended.
 */
int copy_run(const struct copy_how *how, int *ret_channel, struct kerr *err);

#endif
