/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STATUS_H
#define KUKEON_STATUS_H

#include "cgroup.h"
#include "cgroup_freeze.h"
#include "model.h"
#include "shim.h"

#define STATUS_MESSAGE_MAX 256 /* bytes of an error in the message of a status */

/*
 * States of containers and cells from what is known of them (decisions.md
 * section 3). Pure: documents in memory, no kernel, no files.
 */

/* What a look at a cell found to do. */
enum cell_need {
	CELL_NEED_ADOPT = 1 << 0, /* a container lost its monitor */
	CELL_NEED_WIND_DOWN = 1 << 1, /* everything has ended: take the start away */
	CELL_NEED_END = 1 << 2, /* the root has ended: stop the workloads */
	CELL_NEED_DELETE = 1 << 3, /* autoDelete is due */
	CELL_NEED_UNDO = 1 << 4, /* an interrupted start has to be undone */
	CELL_NEED_RESTART = 1 << 5, /* a container is to be brought back, now or soon */
};

/* How far the cell's start has come, by its record. */
enum run_phase {
	RUN_NONE = 1, /* not started since the boot, or stopped */
	RUN_BEGUN, /* under way (its process holds the cell's lock), or died under way */
	RUN_COMPLETE,
	RUN_ENDING, /* complete, and an operator is stopping it */
	RUN_UNREADABLE, /* there, but its record says nothing */
};

/* What is known of a container beside its status. */
struct container_fact {
	bool live; /* runs, or a monitor is starting it */
	bool lost; /* runs without a monitor */
	bool ended; /* its last run did, as is on record, and none has begun since */
	bool held; /* ended by an operator, and may be started again */
	bool oom; /* it ended for want of memory, or did before it was brought back */
	int64_t restart_ms; /* its policy brings it back that long after its end; 0: it does not */
	const char *why; /* the last try of that failed; "" or NULL */
};

/*
 * The state of one container. st NULL: its files cannot be read. stopped: an
 * operator ended this run. What is not known stays in *status as it was.
 */
void status_container(const struct shim_status *st, bool stopped, struct container_status *status,
		      struct container_fact *ret);
/* What runs may be frozen: Paused or Pausing instead of Ready. */
void status_frozen(enum cgroup_frozen frozen, struct container_status *status);

/*
 * The cell's state from those of its containers, which doc->status has in the
 * order of the spec; facts likewise. Returns enum cell_need bits.
 */
unsigned status_cell(struct cell_doc *doc, enum run_phase phase,
		     const struct container_fact *facts);

/* It has a process: running, or frozen. */
bool container_state_is_up(container_state state);

/* One status per container of the spec, in its order; what is known of each is kept. */
void status_align(struct cell_doc *doc);

/* Set state, reason and message (NULL: none), and the latch of having been Ready. */
void cell_set_state(struct cell_doc *doc, cell_state state, const char *reason,
		    const char *message);

/* Failed by one of the reasons that only a start that works takes away. */
bool cell_failed_sticky(const struct cell_doc *doc);

#endif
