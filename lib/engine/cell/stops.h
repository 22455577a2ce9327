/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STOPS_H
#define KUKEON_STOPS_H

#include "context.h"
#include "shim.h"

/*
 * Stops in progress: what has been asked to stop, and when it will be killed.
 *
 * No lock is held while waiting for processes, so a stop is recorded before its first
 * signal: a file per cell in stops/ of the runtime directory, with a line per container
 * or one for the whole cell, written under the cell's lock. Any process that takes the
 * lock may continue the stop; the reconcile pass does so if the original caller is
 * gone. The file is removed with the cell's start, and lost at reboot.
 */
#define STOP_CELL "" /* stands for the whole cell; no container has this name */

struct stop_order {
	char *container; /* or STOP_CELL */
	char run_id[SHIM_RUN_ID_SIZE]; /* the container's run, or the cell's start */
	int64_t grace_ms;
	int64_t due_ms; /* clock_ms: when to kill; -1: done */
	bool root; /* whole cell: the workloads have ended, next is the root */
	bool ended; /* whole cell: not asked by an operator, its root ended */
};

struct stops {
	struct stop_order *v;
	size_t n;
};

void stops_clear(struct stops *l);
#define cleanup_stops cleanup_(stops_clear)

struct stop_order *stops_find(const struct stops *l, const char *container);
/* Get the line of that container, adding it if missing. */
struct stop_order *stops_get(struct stops *l, const char *container);
void stops_remove(struct stops *l, const char *container);

/* Load the stops in progress of a cell. On error *ret is empty. */
int stops_load(struct engine *e, const struct addr *cell, struct stops *ret, struct kerr *err);
int stops_save(struct engine *e, const struct addr *cell, const struct stops *l, struct kerr *err);
int stops_drop(struct engine *e, const struct addr *cell, struct kerr *err);

/*
 * Add the keys (wake_key) of cells with an expired grace period to ret_keys. Returns
 * when the next one expires, -1: none.
 */
int64_t stops_due(struct engine *e, int64_t now, struct strlist *ret_keys);

#endif
