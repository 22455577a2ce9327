/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DELETE_TARGETS_H
#define KUKEON_DELETE_TARGETS_H

#include "context.h"

/*
 * A dry run of the deletion of several objects, one after the other: each sees what the
 * ones before would have left. A failure is a result.
 */
void plan_delete_targets(struct engine *e, const struct rpc_plan_delete_args *args,
			 struct rpc_plan_delete_result *ret);

/* The same, and what would be deleted is asked to end: one grace for all that are deleted next. */
void prepare_delete_targets(struct engine *e, const struct rpc_plan_delete_args *args,
			    struct rpc_plan_delete_result *ret);

#endif
