/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_STATUS_H
#define KUKEON_CELL_STATUS_H

#include "cell_look.h"
#include "cell_run.h"
#include "context.h"
#include "status.h"

/* Results of cell_observe besides the status. */
struct cell_seen {
	unsigned need; /* actions to take: enum cell_need bits (status.h) */
	struct cell_run run; /* record of its start; all zero if missing or unreadable */
};

/*
 * Derive the status of a cell and its containers from the monitors' records and
 * the kernel. *doc is changed in memory only. ret may be NULL.
 */
int cell_observe(struct engine *e, const char *ns, struct cell_doc *doc, struct cell_seen *ret,
		 struct kerr *err);

/* The same as one of many, without the lock. */
int cell_observe_look(struct cell_look *look, const char *ns, struct cell_doc *doc,
		      struct cell_seen *ret, struct kerr *err);

/* Return the status of a container by its id, NULL if there is none. */
struct container_status *cell_container_status(struct cell_doc *doc, const char *id);

/* Set the addresses of a started cell and the trouble with its links. */
void cell_observe_network(struct engine *e, struct cell_doc *doc, const struct cell_run *run);

/* Store the document with its kernel fields updated; flags of store_save. */
int cell_save(struct engine *e, struct cell_doc *doc, enum store_save_flags flags,
	      struct kerr *err);

/* Return whether any workload is running according to the document. */
bool cell_any_running(const struct cell_doc *d);

#endif
