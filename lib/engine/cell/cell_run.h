/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_RUN_H
#define KUKEON_CELL_RUN_H

#include "context.h"
#include "link.h"

#define CELL_RUN_FILE "run.json" /* beside the directories of starts */

/*
 * The record of a start (cells/…/run.json in the runtime dir): written before
 * the first thing is made, so that the next holder of the lock can remove all of it.
 */
struct cell_run {
	char start_id[17]; /* "" : not started */
	char veth[LINK_NAME_MAX]; /* the host's end; "" on the host's network */
	uint32_t addr;
	bool complete; /* everything that was to be started runs, or has run */
	struct ktime ready_at; /* since then */
	char trouble[256]; /* why its damaged link cannot be mended; "": it is in order */
};

/* -ENOENT without a message when the cell is not started (or was, before a reboot). */
int cell_run_load(struct engine *e, const struct addr *cell, struct cell_run *ret,
		  struct kerr *err);

/* Replace the record. It lives as long as the boot, so it is not synced. */
int cell_run_save(struct engine *e, const struct addr *cell, const struct cell_run *run,
		  struct kerr *err);

/* A new record with a fresh start id, stored; its directory is there and private. */
int cell_run_begin(struct engine *e, const struct addr *cell, struct cell_run *ret,
		   struct kerr *err);

/* Nothing is missing any more: from now on the cell's state is that of its containers. */
int cell_run_complete(struct engine *e, const struct addr *cell, struct cell_run *run,
		      struct kerr *err);

/* The start's directory, owned by the caller. */
char *cell_run_dir(const struct engine *e, const struct addr *cell, const struct cell_run *run)
	__attribute__((returns_nonnull));

#endif
