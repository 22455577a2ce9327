/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_VERBS_H
#define KUKEON_CELL_VERBS_H

#include "cell_look.h"
#include "cell_stop.h"
#include "context.h"

struct page;

int cell_get(struct engine *e, const struct addr *a, struct rpc_get_cell_result *ret,
	     struct kerr *err);

/* Get a cell's document with its status, Unknown if damaged; -ENOENT if it was deleted. */
int cell_describe(struct cell_look *l, const struct addr *a, struct cell_doc *ret);

/* List into the reply of page (page.h). */
int cell_list(struct engine *e, const struct addr *filter, struct page *page, struct kerr *err);
int cell_start(struct engine *e, const struct addr *a, struct rpc_cell_done_result *ret,
	       struct kerr *err);
int cell_stop(struct engine *e, const struct addr *a, enum cell_stop_flags flags,
	      struct rpc_cell_done_result *ret, struct kerr *err);
int cell_delete(struct engine *e, const struct addr *a, struct rpc_delete_cell_result *ret,
		struct kerr *err);

/* What refuses a deletion of the cell, without the lock. Changes nothing. */
int cell_check_delete(struct engine *e, const struct addr *a, struct kerr *err);

/*
 * Ask a cell, or one container of it, to stop without waiting. Used before several
 * objects are deleted, so that they share one grace period.
 */
int cell_signal(struct engine *e, const struct addr *a, const char *only, struct kerr *err);

#endif
