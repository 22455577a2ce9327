/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STATUS_H
#define KUKEON_STATUS_H

#include "cgroup.h"
#include "cgroup_freeze.h"
#include "model.h"
#include "shim.h"

#define STATUS_MESSAGE_MAX 256 /* limit of an error in a status message, in bytes */
#define STATUS_BEING_STOPPED "it is being stopped" /* the message that tells of no trouble */

/*
 * Derive states of containers and cells. Pure functions on documents in memory: no
 * kernel, no files. The states are described in kukeon(5).
 */

/* Actions that a status calls for. */
enum cell_need {
	CELL_NEED_ADOPT = 1 << 0, /* a running container has no monitor: start one */
	CELL_NEED_WIND_DOWN = 1 << 1, /* everything has ended: clean up the start */
	CELL_NEED_END = 1 << 2, /* the root has ended: stop the workloads */
	CELL_NEED_DELETE = 1 << 3, /* autoDelete: delete the cell */
	CELL_NEED_UNDO = 1 << 4, /* roll back an interrupted start */
	CELL_NEED_RESTART = 1 << 5, /* restart a container, now or later */
};

/* Progress of the cell's start according to its record. */
enum run_phase {
	RUN_NONE = 1, /* not started since the boot, or stopped */
	RUN_BEGUN, /* in progress (its process holds the cell's lock) or interrupted */
	RUN_COMPLETE,
	RUN_ENDING, /* complete, and an operator is stopping it */
	RUN_UNREADABLE, /* the record exists but is unreadable */
};

/* Facts about a container that its status does not have. */
struct container_fact {
	bool live; /* runs, or a monitor is starting it */
	bool lost; /* runs without a monitor */
	bool ended; /* its last run ended, which is recorded, and no new one has begun */
	bool held; /* an operator stopped it, so it may be started again */
	bool oom; /* killed by the OOM killer, or restarted after that */
	int64_t restart_ms; /* time from its end to its automatic restart; 0: none is due */
	const char *why; /* error of the last failed restart; "" or NULL */
};

/*
 * Derive the state of one container. st NULL: its files are unreadable. stopped: an
 * operator stopped this run. Unknown fields of *status are left unchanged.
 */
void status_container(const struct shim_status *st, bool stopped, struct container_status *status,
		      struct container_fact *ret);
/* Replace Ready by Paused or Pausing if the container is frozen. */
void status_frozen(enum cgroup_frozen frozen, struct container_status *status);

/*
 * Derive the cell's state from its containers; doc->status has them in the order of the
 * spec, as has facts. Returns enum cell_need bits.
 */
unsigned status_cell(struct cell_doc *doc, enum run_phase phase,
		     const struct container_fact *facts);

/* Return whether the container has a process, running or frozen. */
bool container_state_is_up(container_state state);

/* Give the status one entry per container of the spec, in its order; existing entries are kept. */
void status_align(struct cell_doc *doc);

/* Set state, reason and message (NULL: none). Ready also sets ready_observed. */
void cell_set_state(struct cell_doc *doc, cell_state state, const char *reason,
		    const char *message);

/* Return whether the cell failed for a reason that only a successful start clears. */
bool cell_failed_sticky(const struct cell_doc *doc);

#endif
