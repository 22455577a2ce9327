/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_APPLY_PARENT_H
#define KUKEON_APPLY_PARENT_H

#include "context.h"

struct dry_run;

/* Apply one realm, space or stack; parameters as for apply_cell(). */
int apply_parent(struct engine *e, enum kind kind, void *want, struct dry_run *dry,
		 struct rpc_apply_resource *res, struct kerr *err);

#endif
