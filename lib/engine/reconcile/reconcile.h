/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RECONCILE_H
#define KUKEON_RECONCILE_H

#include "engine_config.h"

enum engine_pass {
	ENGINE_PASS_WAKES = 1, /* the cells whose monitors asked, and the restarts that are due */
	ENGINE_PASS_ALL, /* and all others, with what they stand on */
	ENGINE_PASS_START, /* the first since kukeond started: and orphans are removed */
};

/*
 * One reconcile pass: derive the cells' states, adopt containers whose monitor
 * died, wind down what has ended; mend cgroups, networks and rules. A cell that
 * asked is waited for, any other that is busy is left to the next pass. Leaks are
 * swept on the first pass and then every few minutes. The first pass of a boot starts
 * the cells that the host's end has stopped and that are to be up always. *ret_next_ms:
 * when a restart is due (clock_ms), which is a matter for ENGINE_PASS_WAKES; -1: none.
 * Errors are logged.
 */
int engine_reconcile(struct engine *e, enum engine_pass kind, int64_t *ret_next_ms);

/* Act on what cell_observe found and store what changed. *ret_deleted: the cell is gone. */
int cell_settle_locked(struct engine *e, const char *ns, struct cell_doc *doc, bool *ret_deleted,
		       struct kerr *err);

#endif
