/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_CREATE_H
#define KUKEON_CELL_CREATE_H

#include "cell_stop.h"
#include "context.h"

struct page;

enum cell_create_flags {
	CELL_CREATE_PARENTS = 1 << 0, /* apply: create missing realm, space and stack */
	CELL_CREATE_ONLY = 1 << 1, /* -EEXIST if the cell exists; it is not changed */
};

int cell_create(struct engine *e, struct cell_doc *want, enum cell_create_flags flags,
		struct rpc_create_cell_result *ret, struct kerr *err);

/*
 * The checks of it, which change nothing: of the document and this host, before parents
 * are made; then of the place, with parents that are there (or planned), where no cell of
 * the name is. want becomes what would be stored, Pending.
 */
int cell_create_judge(struct engine *e, struct cell_doc *want, struct kerr *err);
int cell_create_check(struct engine *e, struct cell_doc *want, struct kerr *err);

#endif
