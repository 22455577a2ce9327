/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_SANDBOX_H
#define KUKEON_CELL_SANDBOX_H

#include "cell_run.h"
#include "context.h"
#include "link.h"

/* Pins and the network of a begun start. */
int cell_run_connect(struct engine *e, const struct cell_doc *cell, struct cell_run *run,
		     struct kerr *err);

/*
 * Take everything away that a start made: mounts, pins, link, record, and all that is
 * left of earlier ones. Containers have been cleared before. Repeatable.
 */
int cell_run_end(struct engine *e, const struct addr *cell, struct kerr *err);

#endif
