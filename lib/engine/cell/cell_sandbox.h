/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_SANDBOX_H
#define KUKEON_CELL_SANDBOX_H

#include "cell_run.h"
#include "context.h"
#include "link.h"

/* Create the pins and the network link of a start. */
int cell_run_connect(struct engine *e, const struct cell_doc *cell, struct cell_run *run,
		     struct kerr *err);

/*
 * Tear down a start and leftovers of earlier ones: pins, link, record.
 * Containers must have been cleared. Can be repeated.
 */
int cell_run_end(struct engine *e, const struct addr *cell, struct kerr *err);

#endif
