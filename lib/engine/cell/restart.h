/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RESTART_H
#define KUKEON_RESTART_H

#include "context.h"
#include "shim.h"

/*
 * restartPolicy: which exits cause a restart, and when (see kukeon(5)).
 *
 * Each cell has a file in restarts/ of the runtime directory, with a line per container
 * that has been or will be restarted. It is removed when the cell is stopped, and lost
 * at reboot. It is written under the cell's lock before the restart, so that an
 * interrupted restart is tried again.
 */
#define RESTART_FIRST_MS 1000
#define RESTART_MAX_MS 60000
#define RESTART_RESET_MS 60000 /* after a run of this length the back-off starts again */
#define RESTART_WHY_MAX 256

struct restart {
	char *name; /* of the container */
	char run_id[SHIM_RUN_ID_SIZE]; /* the run after which to restart */
	int64_t delay_ms;
	int64_t due_ms; /* clock_ms; -1: done */
	int64_t count; /* number of restarts before */
	char why[RESTART_WHY_MAX + 8]; /* error of the last failed try, one line; "" */
};

struct restarts {
	struct restart *v;
	size_t n;
};

void restarts_clear(struct restarts *l);
#define cleanup_restarts cleanup_(restarts_clear)

struct restart *restarts_find(const struct restarts *l, const char *name);
/* Get the line of that container, adding it if missing. */
struct restart *restarts_get(struct restarts *l, const char *name);

/* Load the list; empty if there is no file. An error if it is unreadable. */
int restarts_load(struct engine *e, const struct addr *cell, struct restarts *ret,
		  struct kerr *err);
int restarts_save(struct engine *e, const struct addr *cell, const struct restarts *l,
		  struct kerr *err);

/* After an operator's stop or start: cancel restarts and reset the back-off. */
int restarts_drop(struct engine *e, const struct addr *cell, struct kerr *err);
int restarts_forget(struct engine *e, const struct addr *cell, const char *name, struct kerr *err);

/*
 * Add the keys (wake_key) of cells with a restart due at now. Returns when the next
 * other one is due, -1: none.
 */
int64_t restarts_due(struct engine *e, int64_t now, struct strlist *ret_keys);

/* ---- the rules; pure functions ---- */

/* Return whether the policy restarts a container after that exit code. */
bool restart_wanted(const char *policy, int code);
/* Return whether the policy is "always" or its synonym. */
bool restart_is_always(const char *policy);

/*
 * Return whether to restart a container of a started cell. r: its line, or NULL.
 * stopped: an operator stopped this run.
 */
bool restart_is_owed(const char *policy, const struct restart *r, const struct shim_status *st,
		     bool stopped);

/*
 * Compute the line of a container to restart from its previous line (NULL: none). name
 * is not changed. now: clock_ms; wall: the clock used in the records.
 */
void restart_plan(const struct restart *old, const struct shim_status *st, int64_t count,
		  int64_t now, const struct ktime *wall, struct restart *ret);
/* Record a failed try; the next one is after twice the delay. */
void restart_failed(struct restart *r, int64_t now, const struct kerr *why);

#endif
