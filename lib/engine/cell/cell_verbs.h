/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_VERBS_H
#define KUKEON_CELL_VERBS_H

#include "cell_stop.h"
#include "context.h"

struct page;

int cell_get(struct engine *e, const struct addr *a, struct rpc_get_cell_result *ret,
	     struct kerr *err);

/* A cell's document with its status, Unknown where it is damaged; -ENOENT: it is gone. */
int cell_describe(struct engine *e, const struct addr *a, struct cell_doc *ret);

/* Lists go to the reply of page (page.h). */
int cell_list(struct engine *e, const struct addr *filter, struct page *page, struct kerr *err);
int cell_start(struct engine *e, const struct addr *a, struct rpc_cell_done_result *ret,
	       struct kerr *err);
int cell_stop(struct engine *e, const struct addr *a, enum cell_stop_flags flags,
	      struct rpc_cell_done_result *ret, struct kerr *err);
int cell_delete(struct engine *e, const struct addr *a, struct rpc_delete_cell_result *ret,
		struct kerr *err);

/*
 * What is about to be deleted with others is asked to end and not waited for, so that
 * all of them share one grace: the cell, or only that container of it.
 */
int cell_signal(struct engine *e, const struct addr *a, const char *only, struct kerr *err);

#endif
