/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_LOAD_H
#define KUKEON_CELL_LOAD_H

#include "cell_stop.h"
#include "context.h"

/* Go on with an operator's stop of the cell, where one is under way: as cell_end_locked. */
int cell_settle_stop_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			    struct ending *ret_wait, struct kerr *err);

/*
 * Load a cell whose lock is held, with its namespace. scope_not_found when there
 * is none. A start that died under way is taken away, and the cell is Failed.
 */
int cell_load_locked(struct engine *e, const struct addr *a, struct cell_doc *ret, char **ret_ns,
		     struct kerr *err);

enum cell_take_flags {
	CELL_TAKE_ANY = 1 << 0, /* also one that cannot be read: what stands for it (damaged.h) */
	CELL_TAKE_ENDING = 1 << 1, /* also one that is ending: to end it sooner */
	CELL_TAKE_PATIENT = 1 << 2, /* cell_end: what has more time than we is -EBUSY */
};

/*
 * Take the lock of an existing cell, recover and load it. One that is being stopped or
 * deleted is waited for, without the lock, where that cannot take long; else -EBUSY. On
 * failure nothing is held.
 */
int cell_take(struct engine *e, const struct addr *a, enum cell_take_flags flags,
	      struct cell_doc *ret, char **ret_ns, struct kerr *err);

/* Let go of it, where it is held. */
void cell_release(struct engine *e, const struct addr *a);

/*
 * End a cell that was taken, or one of its containers. The lock is let go of while
 * something has time left, and the cell loaded anew after that. On failure the lock may be held or
 * not (cell_release): -ENOENT the cell was deleted meanwhile, -ECANCELED see ending_wait.
 */
int cell_end(struct engine *e, const struct addr *a, enum cell_take_flags flags,
	     const struct stop_how *how, struct cell_doc *doc, char **ns, struct kerr *err);

/* -EBUSY where a stop is under way that cell_take would not wait for. Takes no lock. */
int cell_check_rest(struct engine *e, const struct addr *a, struct kerr *err);

/* Wait, with no lock held, for a cell that is ending. -EBUSY where that takes too long. */
int cell_await(struct engine *e, const struct addr *a, struct ending *w, struct kerr *err);

#endif
