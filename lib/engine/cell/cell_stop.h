/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_STOP_H
#define KUKEON_CELL_STOP_H

#include "context.h"
#include "shim.h"

struct ending;

enum cell_stop_flags {
	CELL_STOP_KILL = 1 << 0, /* SIGKILL at once */
	CELL_STOP_NO_SAVE = 1 << 1, /* the document will be deleted, do not save it */
	CELL_STOP_ENDED = 1 << 2, /* the cell ended by itself: its state derives from the exits */
	CELL_STOP_GO_ON = 1 << 3, /* only continue a stop in progress */
};

#define CELL_STOP_GRACE_MS 5000
#define CELL_DELETE_GRACE_MS 10000
#define CELL_GRACE_MAX_MS 86400000 /* upper limit for a request */

/* Return the grace period of the request, else def_ms. */
int cell_grace(const struct engine *e, int def_ms);

/* How to stop: grace period and flags. */
struct stop_how {
	const char *only; /* one container; NULL: the cell */
	int grace_ms;
	enum cell_stop_flags flags;
};

/*
 * Advance a stop of the cell as far as possible without waiting: workloads first, in
 * parallel, then the root, then tear down the start. 0: stopped. 1: processes are in
 * their grace period, and *ret_wait has them (NULL: no grace period). The stop is
 * recorded (stops.h): the next holder of the lock continues it; a shorter grace period
 * shortens it.
 */
int cell_end_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		    const struct stop_how *how, struct ending *ret_wait, struct kerr *err);

/* Likewise for one container. The cell stays up. */
int cell_end_one_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			const struct stop_how *how, struct ending *ret_wait, struct kerr *err);

/*
 * If a stop succeeded and only its result could not be stored (disk full or read-only),
 * return a warning, owned by the caller; NULL: r is another error.
 */
char *cell_stop_warning(int r, const char *what, const struct kerr *why);

/* Return whether a stop of the cell is done except for storing it: nothing runs any more. */
bool cell_has_ended(struct engine *e, const struct addr *a);

/* Return whether a stop of the container, or of the cell (""), is in progress. */
bool cell_is_ending(struct engine *e, const struct addr *a, const char *container);

/* Get the run id of a container; "" if it has not run in this boot. */
void cell_find_run(struct engine *e, const char *ns, const struct cell_doc *doc, const char *id,
		   char ret[SHIM_RUN_ID_SIZE]);

/* Stop the cell now: what does not end at once on its signal is killed. */
int cell_stop_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		     enum cell_stop_flags flags, struct kerr *err);

/* Kill a container and remove its record and writable layer: the next start recreates it. */
int cell_reset_container_locked(struct engine *e, const char *ns, struct cell_doc *doc,
				const char *id, struct kerr *err);
int cell_drop_container_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			       const char *id, struct kerr *err);

/* Remove a container from the document alone. */
void cell_take_out(struct cell_doc *doc, const char *id);

/* A start failed: store state Failed, reason and the error as one line; kill what runs. */
void cell_fail(struct engine *e, const char *ns, struct cell_doc *doc, const char *reason,
	       const struct kerr *why);

#endif
