/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DELETE_TARGETS_H
#define KUKEON_DELETE_TARGETS_H

#include "context.h"

/*
 * A dry run of deleting several objects, one after the other: each sees the effect of those
 * before it. Failures are reported in the result.
 */
void plan_delete_targets(struct engine *e, const struct rpc_plan_delete_args *args,
			 struct rpc_plan_delete_result *ret);

/*
 * The same, and send the stop signal to all containers that would be deleted, so that they
 * end within one common grace period.
 */
void prepare_delete_targets(struct engine *e, const struct rpc_plan_delete_args *args,
			    struct rpc_plan_delete_result *ret);

/*
 * Delete them, within one common grace period and side by side (workers.h); a target that is
 * in another one, or has it in it, in the order of the targets. Failures are reported in the
 * result and stop nothing. -ECANCELED: the caller disconnected; deletions that had begun are
 * done.
 */
int delete_targets(struct engine *e, const struct rpc_plan_delete_args *args,
		   struct rpc_plan_delete_result *ret, struct kerr *err);

#endif
