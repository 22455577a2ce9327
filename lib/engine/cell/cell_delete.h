/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_DELETE_H
#define KUKEON_CELL_DELETE_H

#include "context.h"

struct ending;

/*
 * Finish what a killed process left half-done of this cell; its lock is held. 1: it is
 * being deleted, and *ret_wait has processes with time left.
 */
int cell_recover_locked(struct engine *e, const struct addr *a, struct ending *ret_wait,
			struct kerr *err);

int cell_delete(struct engine *e, const struct addr *a, struct rpc_delete_cell_result *ret,
		struct kerr *err);
/* The same with the lock held. */
int cell_delete_locked(struct engine *e, const char *ns, struct cell_doc *doc, struct kerr *err);

/*
 * What is about to be deleted with others is asked to end and not waited for, so that
 * all of them share one grace: the cell, or only that container of it.
 */
int cell_ask(struct engine *e, const struct addr *a, const char *only, struct kerr *err);

#endif
