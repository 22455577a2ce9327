/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RESTART_H
#define KUKEON_RESTART_H

#include "context.h"
#include "shim.h"

/*
 * restartPolicy: which ends of a container are undone, and when (decisions.md
 * section 3).
 *
 * A file per cell in the runtime directory's restarts/, a line per container that
 * its policy has brought back or is to: it goes when the cell is stopped, and with
 * the boot. It is written under the cell's lock, and before the restart, so that
 * one that a kill cut short is still owed.
 */
#define RESTART_FIRST_MS 1000
#define RESTART_MAX_MS 60000
#define RESTART_RESET_MS 60000 /* who ran that long begins anew */
#define RESTART_WHY_MAX 256

struct restart {
	char *name; /* of the container */
	char run_id[SHIM_RUN_ID_SIZE]; /* the run whose end is to be undone */
	int64_t delay_ms;
	int64_t due_ms; /* clock_ms; -1: it has been */
	int64_t count; /* restarts before this one */
	char why[RESTART_WHY_MAX + 8]; /* the last try failed, one line; "" */
};

struct restarts {
	struct restart *v;
	size_t n;
};

void restarts_clear(struct restarts *l);
#define cleanup_restarts cleanup_(restarts_clear)

struct restart *restarts_find(const struct restarts *l, const char *name);
/* The line of that container, made if need be. */
struct restart *restarts_get(struct restarts *l, const char *name);

/* Without a file there is nothing on the list. An error where it cannot be read. */
int restarts_load(struct engine *e, const struct addr *cell, struct restarts *ret,
		  struct kerr *err);
int restarts_save(struct engine *e, const struct addr *cell, const struct restarts *l,
		  struct kerr *err);

/* An operator stopped or started them: nothing is owed, and the back-off begins anew. */
int restarts_drop(struct engine *e, const struct addr *cell, struct kerr *err);
int restarts_forget(struct engine *e, const struct addr *cell, const char *name, struct kerr *err);

/*
 * Add the keys (wake_key) of the cells that have something due at now. The answer
 * is when the next one of the others is due, -1: never.
 */
int64_t restarts_due(struct engine *e, int64_t now, struct strlist *ret_keys);

/* ---- the rules, without files ---- */

/* Whether a policy undoes an end with that code. */
bool restart_wanted(const char *policy, int code);
/* "always" and its other name. */
bool restart_is_always(const char *policy);

/*
 * Whether a container of a started cell is to be brought back. r: its line, or
 * NULL. stopped: an operator ended this run.
 */
bool restart_is_owed(const char *policy, const struct restart *r, const struct shim_status *st,
		     bool stopped);

/*
 * What its line has to say, from the line before (NULL: none) for one that is owed. name stays.
 * now: clock_ms, wall: the time of the records.
 */
void restart_plan(const struct restart *old, const struct shim_status *st, int64_t count,
		  int64_t now, const struct ktime *wall, struct restart *ret);
/* A try that failed: the next one after twice the time. */
void restart_failed(struct restart *r, int64_t now, const struct kerr *why);

#endif
