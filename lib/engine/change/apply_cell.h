/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_APPLY_CELL_H
#define KUKEON_APPLY_CELL_H

#include "context.h"

struct dry_run;

/*
 * Apply one cell, or one container of an existing cell. res gets action, changes and
 * details; a failure is returned with err. dry: NULL, or the dry run that records the
 * change instead. kept: ids of containers that have documents of their own in the same
 * stream; the cell's document need not list them.
 */
int apply_cell(struct engine *e, struct cell_doc *want, const struct strlist *kept,
	       struct dry_run *dry, struct rpc_apply_resource *res, struct kerr *err);
int apply_container(struct engine *e, struct container_doc *want, struct dry_run *dry,
		    struct rpc_apply_resource *res, struct kerr *err);

/*
 * What has to be done before cells or containers can be applied side by side: parents that
 * are missing are made, and images pulled. Errors are left to the functions above, which
 * meet them again. True: the cell is as it should be, res says so, and nothing is left to do.
 */
bool apply_cell_prepare(struct engine *e, const struct cell_doc *want, const struct strlist *kept,
			struct rpc_apply_resource *res);
void apply_container_prepare(struct engine *e, const struct container_doc *want);

#endif
