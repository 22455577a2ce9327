/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_RUN_H
#define KUKEON_CELL_RUN_H

#include "cni.h"
#include "context.h"
#include "link.h"

#define CELL_RUN_FILE "run.json" /* beside the start directories */

/* The connection of a cell to a network that it has joined. */
struct cell_port {
	char space[KUKE_MAX_NAME + 1];
	char veth[LINK_NAME_MAX]; /* host side of the veth pair */
	uint32_t addr;
	struct ipnet addr6; /* no family: none */
};

/*
 * The record of a start (cells/…/run.json in the runtime directory). It is written
 * before anything is created, so that the next holder of the lock can clean up an
 * interrupted start.
 */
struct cell_run {
	char start_id[17]; /* "": not started */
	char veth[LINK_NAME_MAX]; /* host side of the veth pair; "" with the host's network */
	uint32_t addr;
	struct ipnet addr6; /* no family: none */
	char prefix6[IPNET_TEXT_MAX]; /* podSubnetCIDRv6 when its links were made; "" without */
	struct cell_port joined[KUKE_MAX_NETWORKS]; /* other networks: eth1, eth2, … */
	size_t n_joined;
	bool complete; /* all containers have been started */
	struct ktime ready_at; /* when complete was set */
	char trouble[256]; /* why the damaged link cannot be repaired; "": in order */
	bool plugins; /* CNI plugins made the link (cni.h) */
	char devices[CNI_DEVICES_MAX]; /* of the host, that plugins named */
	int64_t check_ms; /* when plugins are asked next whether it is in order; -1: never */
};

/* Load the record. -ENOENT without a message if the cell has not been started in this boot. */
int cell_run_load(struct engine *e, const struct addr *cell, struct cell_run *ret,
		  struct kerr *err);

/* Replace the record. Not synced: it is valid for this boot only. */
int cell_run_save(struct engine *e, const struct addr *cell, const struct cell_run *run,
		  struct kerr *err);

/* Create and store a record with a new start id, and the start's directory. */
int cell_run_begin(struct engine *e, const struct addr *cell, struct cell_run *ret,
		   struct kerr *err);

/* Mark the start as complete: from now on the cell's state derives from its containers. */
int cell_run_complete(struct engine *e, const struct addr *cell, struct cell_run *run,
		      struct kerr *err);

/* Return the directory of the start; owned by the caller. */
char *cell_run_dir(const struct engine *e, const struct addr *cell, const struct cell_run *run)
	__attribute__((returns_nonnull));

#endif
