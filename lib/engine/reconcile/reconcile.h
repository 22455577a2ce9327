/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RECONCILE_H
#define KUKEON_RECONCILE_H

#include "engine_config.h"

enum engine_pass {
	ENGINE_PASS_WAKES = 1, /* cells that asked (wake.h) or have a restart or stop due */
	ENGINE_PASS_RULES, /* these, and the packet filter */
	ENGINE_PASS_ALL, /* all cells and their parents */
	ENGINE_PASS_START, /* the first since kukeond started: also removes orphans */
};

/*
 * A reconcile pass: derive the states of cells, start new monitors for containers that
 * lost theirs, clean up after cells that ended, repair cgroups, networks and firewall
 * rules. Cells that asked are waited for; other busy cells are left to the next pass.
 * Orphans are removed in the first pass and then every few minutes. The first pass of a
 * boot starts cells that were up before it and have restartPolicy always. *ret_next_ms:
 * when the next restart is due (clock_ms), to be handled by ENGINE_PASS_WAKES; -1:
 * none. Errors are logged.
 */
int engine_reconcile(struct engine *e, enum engine_pass kind, int64_t *ret_next_ms);

#endif
