/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_DELETE_H
#define KUKEON_CELL_DELETE_H

#include "context.h"

struct ending;

/*
 * Finish an interrupted operation on this cell, whose lock is held. 1: the cell is
 * being deleted, and *ret_wait has processes in their grace period.
 */
int cell_recover_locked(struct engine *e, const struct addr *a, struct ending *ret_wait,
			struct kerr *err);

/* Record that the cell is being deleted: the next holder of its lock will finish that. */
int cell_delete_intend(struct engine *e, const struct addr *a, const char *ns, struct kerr *err);

/* Delete a stopped cell; its lock is held. */
int cell_delete_locked(struct engine *e, const char *ns, struct cell_doc *doc, struct kerr *err);

#endif
