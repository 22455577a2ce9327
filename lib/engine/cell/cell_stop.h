/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_STOP_H
#define KUKEON_CELL_STOP_H

#include "context.h"
#include "shim.h"

struct ending;

enum cell_stop_flags {
	CELL_STOP_KILL = 1 << 0, /* SIGKILL at once */
	CELL_STOP_NO_SAVE = 1 << 1, /* the document goes anyway */
	CELL_STOP_ENDED = 1 << 2, /* not an operator's: the cell's state follows the exits */
	CELL_STOP_GO_ON = 1 << 3, /* where a stop is under way, ask for nothing new */
};

#define CELL_STOP_GRACE_MS 5000
#define CELL_DELETE_GRACE_MS 10000
#define CELL_GRACE_MAX_MS 86400000 /* what a request may ask for */

/* The grace that the request asks for, else that one. */
int cell_grace(const struct engine *e, int def_ms);

/* How much time something has to end. */
struct stop_how {
	const char *only; /* one container; NULL: the cell */
	int grace_ms;
	enum cell_stop_flags flags;
};

/*
 * End a cell as far as that goes without waiting: workloads first, in parallel, then
 * the root, then everything the start made. 0: it has ended. 1: some processes have time
 * left, and *ret_wait has them (NULL: they have none). The stop is on record: whoever
 * takes the lock later goes on with it (stops.h), a shorter grace shortens it.
 */
int cell_end_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		    const struct stop_how *how, struct ending *ret_wait, struct kerr *err);

/* The same for one container. The cell stays up, whatever still runs in it. */
int cell_end_one_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			const struct stop_how *how, struct ending *ret_wait, struct kerr *err);

/*
 * A stop that is done though its end cannot be stored, on a disk that is full or has gone
 * read-only, is no failure: the warning for it, owned by the caller; NULL: r is another error.
 */
char *cell_stop_warning(int r, const char *what, const struct kerr *why);

/* Whether a stop of the cell has come that far: nothing runs any more. */
bool cell_has_ended(struct engine *e, const struct addr *a);

/* Whether a stop of the container, or of the cell (""), is under way. */
bool cell_is_ending(struct engine *e, const struct addr *a, const char *container);

/* The run of a container by its id; "": none that this boot knows. */
void cell_find_run(struct engine *e, const char *ns, const struct cell_doc *doc, const char *id,
		   char ret[SHIM_RUN_ID_SIZE]);

/* End it now: what does not end at once by its signal is killed. */
int cell_stop_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		     enum cell_stop_flags flags, struct kerr *err);

/* Kill it and remove record and writable layer: the next start makes it anew. */
int cell_reset_container_locked(struct engine *e, const char *ns, struct cell_doc *doc,
				const char *id, struct kerr *err);
int cell_drop_container_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			       const char *id, struct kerr *err);

/* Provisioning failed: state Failed, reason, the error as one line; stored; what runs is killed. */
void cell_fail(struct engine *e, const char *ns, struct cell_doc *doc, const char *reason,
	       const struct kerr *why);

#endif
