/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_CREATE_H
#define KUKEON_CELL_CREATE_H

#include "cell_stop.h"
#include "context.h"

struct page;

enum cell_create_flags {
	CELL_CREATE_PARENTS = 1 << 0, /* apply: missing realm, space and stack are made */
	CELL_CREATE_ONLY = 1 << 1, /* -EEXIST for one that is there, which is left alone */
};

int cell_create(struct engine *e, struct cell_doc *want, enum cell_create_flags flags,
		struct rpc_create_cell_result *ret, struct kerr *err);

#endif
