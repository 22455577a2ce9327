/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STOPS_H
#define KUKEON_STOPS_H

#include "context.h"
#include "shim.h"

/*
 * Stops under way: what has been asked to end, and when it is killed.
 *
 * Waiting for a workload holds no lock, so a stop is recorded before its first
 * signal: a file per cell in the runtime directory's stops/, a line per container,
 * or one for the whole cell. It is written under the cell's lock. Any process that
 * takes the lock may carry the stop on, and the reconcile pass does when the one that
 * began it has gone. It ends with the cell's start, and with the boot.
 */
#define STOP_CELL "" /* the name of no container: the line of the whole cell */

struct stop_order {
	char *container; /* or STOP_CELL */
	char run_id[SHIM_RUN_ID_SIZE]; /* of the container's run; of a cell: of its start */
	int64_t grace_ms;
	int64_t due_ms; /* clock_ms: what still runs then is killed; -1: that has been */
	bool root; /* of a cell: the workloads have ended, it is the root's turn */
	bool ended; /* of a cell: its root has ended by itself, no operator asked */
};

struct stops {
	struct stop_order *v;
	size_t n;
};

void stops_clear(struct stops *l);
#define cleanup_stops cleanup_(stops_clear)

struct stop_order *stops_find(const struct stops *l, const char *container);
/* The line of that container, made if need be. */
struct stop_order *stops_get(struct stops *l, const char *container);
void stops_remove(struct stops *l, const char *container);

/* What is under way in a cell. An error, and nothing in *ret, where that cannot be read. */
int stops_load(struct engine *e, const struct addr *cell, struct stops *ret, struct kerr *err);
int stops_save(struct engine *e, const struct addr *cell, const struct stops *l, struct kerr *err);
int stops_drop(struct engine *e, const struct addr *cell, struct kerr *err);

/*
 * Add the keys (wake_key) of the cells in which a grace is over to ret_keys, and return
 * when the next one will be; -1: none.
 */
int64_t stops_due(struct engine *e, int64_t now, struct strlist *ret_keys);

#endif
