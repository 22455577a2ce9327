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

/* Record that the cell goes: from here on whoever takes its lock finishes the deletion. */
int cell_delete_intend(struct engine *e, const struct addr *a, const char *ns, struct kerr *err);

/* Delete a cell that is at rest; its lock is held. */
int cell_delete_locked(struct engine *e, const char *ns, struct cell_doc *doc, struct kerr *err);

#endif
