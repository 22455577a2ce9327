/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DAEMON_CELL_H
#define KUKEON_DAEMON_CELL_H

#include "configuration.h"
#include "container.h"
#include "context.h"

/* The cell that represents kukeond (system.h). */

bool daemon_cell_is(const struct addr *a);
/* -EPERM with `use kuke daemon …` for the daemon's own cell; 0 for any other. */
int daemon_cell_refuse(const struct addr *a, const char *verb, struct kerr *err);
/* -EPERM for the realm, space and stack of the daemon's own cell: they are never deleted. */
int daemon_cell_refuse_parent(const struct addr *a, struct kerr *err);

/*
 * Start the daemon under a monitor of its own: run is that of the cell's container, cleared
 * and prepared.
 */
int daemon_cell_start(struct engine *e, struct container_run *run, struct kerr *err);

/* Whether the daemon that runs has lost its monitor. */
bool daemon_cell_is_alone(struct engine *e, const char *ns, const struct cell_doc *doc);
/* Give it another one. 1 done, 0 it has one, or was started without. */
int daemon_cell_adopt(struct engine *e, const char *ns, const struct cell_doc *doc,
		      struct kerr *err);

/* Update the cell's status in memory. */
int daemon_cell_observe(struct engine *e, struct cell_doc *doc, struct kerr *err);

#endif
