/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_H
#define KUKEON_CELL_H

#include "engine_priv.h"
#include "link.h"
#include "status.h"

/*
 * The life of a cell. Functions named *_locked need the cell's lock held; the
 * others take it.
 */

/* ---- cell_run.c: what one start of a cell has made on this host ---- */

/*
 * The record of a start (cells/…/run.json in the runtime dir): written before
 * the first thing is made, so that whoever comes next can take all of it away.
 */
struct cell_run {
	char start_id[17]; /* "" : not started */
	char veth[LINK_NAME_MAX]; /* the host's end; "" on the host's network */
	uint32_t addr;
	bool complete; /* everything that was to be started runs, or has run */
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
/* Pins and the network of a begun start. */
int cell_run_connect(struct engine *e, const struct cell_doc *cell, struct cell_run *run,
		     struct kerr *err);
/* Nothing is missing any more: from now on the cell's state is that of its containers. */
int cell_run_complete(struct engine *e, const struct addr *cell, struct cell_run *run,
		      struct kerr *err);
/*
 * Take everything away that a start made: mounts, pins, link, record, and all that is
 * left of earlier ones. Containers have been cleared before. Repeatable.
 */
int cell_run_end(struct engine *e, const struct addr *cell, struct kerr *err);
/* The start's directory, owned by the caller. */
char *cell_run_dir(const struct engine *e, const struct addr *cell, const struct cell_run *run)
	__attribute__((returns_nonnull));

/* ---- cell_status.c ---- */

/*
 * Derive the status of a cell and its containers from the monitors' records and
 * the kernel. *doc is changed in memory only. ret_need may be NULL.
 */
int cell_observe(struct engine *e, const char *ns, struct cell_doc *doc, unsigned *ret_need,
		 struct kerr *err);

/* The status of one container of the cell by its id; NULL when there is none. */
struct container_status *cell_container_status(struct cell_doc *doc, const char *id);

/* The address of a started cell, and what is wrong with its link. */
void cell_observe_network(struct cell_doc *doc, const struct cell_run *run);

/* What of the status the kernel says: cgroupReady and the delegated controllers. */
void cell_observe_cgroup(struct engine *e, struct cell_doc *doc, const char *cgroup);

/* Store it with cgroupReady and the like read back; flags of store_save. */
int cell_save(struct engine *e, struct cell_doc *doc, enum store_save_flags flags,
	      struct kerr *err);

/* Provisioning failed: state Failed, reason, the error as one line; stored; what runs is killed. */
void cell_fail(struct engine *e, const char *ns, struct cell_doc *doc, const char *reason,
	       const struct kerr *why);

/* ---- cell_id.c ---- */

/*
 * Make spec.id this cell's alone in its stack. An id that is the cell's name is
 * asked for after the document is stored, any other before. -EEXIST.
 */
int cell_id_claim(struct engine *e, const struct addr *cell, const char *id, struct kerr *err);
/* The id of a cell by what is claimed, without its document; owned by the caller. */
char *cell_id_of(struct engine *e, const struct addr *cell) __attribute__((returns_nonnull));
void cell_id_release(struct engine *e, const struct addr *cell, const char *id);

/* ---- cell_inherit.c ---- */

/*
 * Fill what the containers of a normalised document left empty from the space's
 * defaults, and hold their cniConfigPath against the space's. only: NULL, or the
 * one container that is new. -EINVAL for another path; scope_not_found.
 */
int cell_inherit(struct engine *e, const struct addr *cell, struct cell_doc *want, const char *only,
		 struct kerr *err);
int cell_inherit_from(const struct space_spec *space, struct cell_doc *want, const char *only,
		      struct kerr *err);

/* ---- cell_start.c, cell_stop.c, cell_create.c, cell_delete.c ---- */

enum cell_start_flags {
	CELL_START_NEW = 1 << 0, /* part of a create: what fails early is CreateCellFailed */
};

/*
 * Start all of it. What is running already stays. On failure the cell is Failed
 * and err says why.
 */
int cell_start_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		      enum cell_start_flags flags, struct kerr *err);

enum cell_stop_flags {
	CELL_STOP_KILL = 1 << 0, /* SIGKILL at once */
	CELL_STOP_NO_SAVE = 1 << 1, /* the document goes anyway */
	CELL_STOP_ENDED = 1 << 2, /* not an operator's: the cell's state follows the exits */
	CELL_STOP_KEEP_RUN = 1 << 3, /* the cell stays started though nothing runs in it */
	CELL_STOP_ASK = 1 << 4, /* send the signal and wait for nobody; for cell_stop.c */
};

#define CELL_STOP_GRACE_MS 5000
#define CELL_DELETE_GRACE_MS 10000
#define CELL_GRACE_MAX_MS 86400000 /* what a request may ask for */

/* The grace that the request asks for, else that one. */
int cell_grace(const struct engine *e, int def_ms);

/* Workloads first, in parallel, then the root; then everything the start made. */
int cell_stop_locked(struct engine *e, const char *ns, struct cell_doc *doc, int grace_ms,
		     enum cell_stop_flags flags, struct kerr *err);

/* The root has ended: ask the workloads to. Whoever comes next sees whether they have. */
int cell_ask_locked(struct engine *e, const char *ns, struct cell_doc *doc, struct kerr *err);

/*
 * The same for one container of a cell, the rest untouched. A start makes the
 * cell Failed (StartContainerFailed) when it fails. drop takes it out of the
 * document as well, with record and files.
 */
int cell_start_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			  struct kerr *err);
/*
 * The restart of one that its policy brings back, the count-th after the first
 * start. A failure changes nothing: the cell stays as it was.
 */
int cell_restart_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			    int64_t count, struct kerr *err);
int cell_stop_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			 int grace_ms, enum cell_stop_flags flags, struct kerr *err);
/* Stop it and remove record and writable layer: the next start makes it anew. */
int cell_reset_container_locked(struct engine *e, const char *ns, struct cell_doc *doc,
				const char *id, struct kerr *err);
int cell_drop_container_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			       const char *id, struct kerr *err);

/*
 * Load a cell whose lock is held, with its namespace. scope_not_found when there
 * is none. A start that died under way is taken away, and the cell is Failed.
 */
int cell_load_locked(struct engine *e, const struct addr *a, struct cell_doc *ret, char **ret_ns,
		     struct kerr *err);

/* The same of any, readable or not, for deleting it: what stands for a damaged one (damaged.h). */
int cell_take_any(struct engine *e, const struct addr *a, struct cell_doc *ret, char **ret_ns,
		  struct kerr *err);

/* Finish what a killed process left half-done of this cell; its lock is held. */
int cell_recover_locked(struct engine *e, const struct addr *a, struct kerr *err);

/* Take the lock of an existing cell, recover and load it. On failure nothing is held. */
int cell_take(struct engine *e, const struct addr *a, struct cell_doc *ret, char **ret_ns,
	      struct kerr *err);

enum cell_create_flags {
	CELL_CREATE_PARENTS = 1 << 0, /* apply: missing realm, space and stack are made */
	CELL_CREATE_ONLY = 1 << 1, /* -EEXIST for one that is there, which is left alone */
};

int cell_create(struct engine *e, struct cell_doc *want, enum cell_create_flags flags,
		struct rpc_create_cell_result *ret, struct kerr *err);
int cell_get(struct engine *e, const struct addr *a, struct rpc_get_cell_result *ret,
	     struct kerr *err);
int cell_list(struct engine *e, const struct addr *filter, struct rpc_list_cells_reply *ret,
	      struct kerr *err);
int cell_start(struct engine *e, const struct addr *a, struct rpc_cell_done_result *ret,
	       struct kerr *err);
int cell_stop(struct engine *e, const struct addr *a, enum cell_stop_flags flags,
	      struct rpc_cell_done_result *ret, struct kerr *err);
int cell_delete(struct engine *e, const struct addr *a, struct rpc_delete_cell_result *ret,
		struct kerr *err);
/* The same with the lock held. */
int cell_delete_locked(struct engine *e, const char *ns, struct cell_doc *doc, struct kerr *err);

/* Containers of a cell as subjects of verbs. */
int container_verb_start(struct engine *e, const struct container_doc *d,
			 struct rpc_container_done_result *ret, struct kerr *err);
int container_verb_stop(struct engine *e, const struct container_doc *d, enum cell_stop_flags flags,
			struct rpc_container_done_result *ret, struct kerr *err);
int container_verb_create(struct engine *e, struct container_doc *d,
			  struct rpc_create_container_result *ret, struct kerr *err);
int container_verb_delete(struct engine *e, const struct container_doc *d,
			  struct rpc_delete_container_result *ret, struct kerr *err);
int container_verb_get(struct engine *e, const struct container_doc *d,
		       struct rpc_get_container_result *ret, struct kerr *err);
int container_verb_log(struct engine *e, const struct container_doc *d, struct rpc_log_result *ret,
		       struct kerr *err);
int container_list(struct engine *e, const struct addr *filter,
		   struct rpc_list_containers_reply *ret, struct kerr *err);

/* ---- reconcile.c ---- */

/* Act on what cell_observe found and store what changed. *ret_deleted: the cell is gone. */
int cell_settle_locked(struct engine *e, const char *ns, struct cell_doc *doc, bool *ret_deleted,
		       struct kerr *err);

#endif
