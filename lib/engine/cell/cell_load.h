/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_LOAD_H
#define KUKEON_CELL_LOAD_H

#include "cell_stop.h"
#include "context.h"

/* Continue an operator's stop of the cell, if one is in progress. Returns as cell_end_locked. */
int cell_settle_stop_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			    struct ending *ret_wait, struct kerr *err);

/*
 * Load a cell whose lock is held, and its namespace. scope_not_found if it does not
 * exist. An interrupted start is rolled back, which makes the cell Failed.
 */
int cell_load_locked(struct engine *e, const struct addr *a, struct cell_doc *ret, char **ret_ns,
		     struct kerr *err);

enum cell_take_flags {
	CELL_TAKE_ANY = 1 << 0, /* accept an unreadable cell and load a substitute (damaged.h) */
	CELL_TAKE_ENDING = 1 << 1, /* accept a cell that is being stopped, to stop it sooner */
	CELL_TAKE_PATIENT = 1 << 2, /* cell_end: -EBUSY if another stop takes longer than ours */
};

/*
 * Lock an existing cell, recover and load it. If it is being stopped or deleted, wait
 * without the lock if that takes a short time, else -EBUSY. On failure no lock is held.
 */
int cell_take(struct engine *e, const struct addr *a, enum cell_take_flags flags,
	      struct cell_doc *ret, char **ret_ns, struct kerr *err);

/* Release the lock, if held. */
void cell_release(struct engine *e, const struct addr *a);

/*
 * Stop a cell taken by cell_take, or one of its containers. The lock is released while
 * processes are in their grace period, and the cell reloaded after that. On failure the
 * lock may or may not be held (cell_release). -ENOENT: the cell was deleted meanwhile;
 * -ECANCELED: see ending_wait.
 */
int cell_end(struct engine *e, const struct addr *a, enum cell_take_flags flags,
	     const struct stop_how *how, struct cell_doc *doc, char **ns, struct kerr *err);

/* Return -EBUSY if a stop is in progress that cell_take would not wait for. Takes no lock. */
int cell_check_rest(struct engine *e, const struct addr *a, struct kerr *err);

/* Wait, without a lock, for a cell that is being stopped. -EBUSY if that takes too long. */
int cell_await(struct engine *e, const struct addr *a, struct ending *w, struct kerr *err);

#endif
