/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_APPLY_CELL_H
#define KUKEON_APPLY_CELL_H

#include "engine_priv.h"

/*
 * Apply one cell, or one container of an existing cell. res gets action,
 * changes and details; a failure is returned with err.
 */
int apply_cell(struct engine *e, struct cell_doc *want, struct rpc_apply_resource *res,
	       struct kerr *err);
int apply_container(struct engine *e, struct container_doc *want, struct rpc_apply_resource *res,
		    struct kerr *err);

#endif
