/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PLAN_DELETE_H
#define KUKEON_PLAN_DELETE_H

#include "context.h"

/* A deletion of several objects, one after the other; a failure is a result. */
void plan_delete(struct engine *e, const struct rpc_plan_delete_args *args,
		 struct rpc_plan_delete_result *ret);

/* The same, and what would be deleted is asked to end: one grace for all that are deleted next. */
void prepare_delete(struct engine *e, const struct rpc_plan_delete_args *args,
		    struct rpc_plan_delete_result *ret);

#endif
