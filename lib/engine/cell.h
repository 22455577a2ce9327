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
/* Whether it could be, by what is stored now; nothing is made. */
int cell_id_check(struct engine *e, const struct addr *cell, const char *id, struct kerr *err);
/* -EEXIST: the id is that cell's. */
int cell_id_refuse(const char *id, const char *owner, struct kerr *err);
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
	CELL_STOP_GO_ON = 1 << 3, /* where a stop is under way, ask for nothing new */
};

#define CELL_STOP_GRACE_MS 5000
#define CELL_DELETE_GRACE_MS 10000
#define CELL_GRACE_MAX_MS 86400000 /* what a request may ask for */

/* The grace that the request asks for, else that one. */
int cell_grace(const struct engine *e, int def_ms);

/* How much time something has to end. */
struct stop_how {
	const char *only; /* one container; NULL: the cell */
	int grace_ms;
	enum cell_stop_flags flags;
};

/*
 * End a cell as far as that goes without waiting: workloads first, in parallel, then
 * the root, then everything the start made. 0: it has ended. 1: some processes have time
 * left, and *ret_wait has them (NULL: they have none). The stop is on record: whoever
 * takes the lock later goes on with it (stops.h), a shorter grace shortens it.
 */
struct ending;
int cell_end_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		    const struct stop_how *how, struct ending *ret_wait, struct kerr *err);
/* The same for one container. The cell stays up, whatever still runs in it. */
int cell_end_one_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			const struct stop_how *how, struct ending *ret_wait, struct kerr *err);
/* Go on with an operator's stop of the cell, where one is under way: as cell_end_locked. */
int cell_settle_stop_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			    struct ending *ret_wait, struct kerr *err);
/*
 * A stop that is done though its end cannot be stored, on a disk that is full or has gone
 * read-only, is no failure: the warning for it, owned by the caller; NULL: r is another error.
 */
char *cell_stop_warning(int r, const char *what, const struct kerr *why);
/* Whether a stop of the cell has come that far: nothing runs any more. */
bool cell_has_ended(struct engine *e, const struct addr *a);
/* Whether a stop of the container, or of the cell (""), is under way. */
bool cell_is_ending(struct engine *e, const struct addr *a, const char *container);

/* The run of a container by its id; "": none that this boot knows. */
void cell_find_run(struct engine *e, const char *ns, const struct cell_doc *doc, const char *id,
		   char ret[SHIM_RUN_ID_SIZE]);

/* End it now: what does not end at once by its signal is killed. */
int cell_stop_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		     enum cell_stop_flags flags, struct kerr *err);

/*
 * The same for one container of a cell, the rest untouched. A start makes the
 * cell Failed (StartContainerFailed) when it fails. drop takes it out of the
 * document as well, with record and files.
 */
int cell_start_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			  struct kerr *err);
/*
 * The restart of one that its policy brings back, the count-th after the first
 * start; 0: an operator starts it. A failure changes nothing: the cell stays as it was.
 */
int cell_restart_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			    int64_t count, struct kerr *err);
/* Kill it and remove record and writable layer: the next start makes it anew. */
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

/*
 * Finish what a killed process left half-done of this cell; its lock is held. 1: it is
 * being deleted, and *ret_wait has processes with time left.
 */
int cell_recover_locked(struct engine *e, const struct addr *a, struct ending *ret_wait,
			struct kerr *err);

enum cell_take_flags {
	CELL_TAKE_ANY = 1 << 0, /* also one that cannot be read: what stands for it (damaged.h) */
	CELL_TAKE_ENDING = 1 << 1, /* also one that is ending: to end it sooner */
	CELL_TAKE_PATIENT = 1 << 2, /* cell_end: what has more time than we is -EBUSY */
};

/*
 * Take the lock of an existing cell, recover and load it. One that is being stopped or
 * deleted is waited for, without the lock, where that cannot take long; else -EBUSY. On
 * failure nothing is held.
 */
int cell_take(struct engine *e, const struct addr *a, enum cell_take_flags flags,
	      struct cell_doc *ret, char **ret_ns, struct kerr *err);
/* Let go of it, where it is held. */
void cell_release(struct engine *e, const struct addr *a);

/*
 * End a cell that was taken, or one of its containers. The lock is let go of while
 * something has time left, and the cell loaded anew after that. On failure the lock may be held or
 * not (cell_release): -ENOENT the cell was deleted meanwhile, -ECANCELED see ending_wait.
 */
int cell_end(struct engine *e, const struct addr *a, enum cell_take_flags flags,
	     const struct stop_how *how, struct cell_doc *doc, char **ns, struct kerr *err);
/* -EBUSY where a stop is under way that cell_take would not wait for. Takes no lock. */
int cell_check_rest(struct engine *e, const struct addr *a, struct kerr *err);
/* Wait, with no lock held, for a cell that is ending. -EBUSY where that takes too long. */
int cell_await(struct engine *e, const struct addr *a, struct ending *w, struct kerr *err);

enum cell_create_flags {
	CELL_CREATE_PARENTS = 1 << 0, /* apply: missing realm, space and stack are made */
	CELL_CREATE_ONLY = 1 << 1, /* -EEXIST for one that is there, which is left alone */
};

int cell_create(struct engine *e, struct cell_doc *want, enum cell_create_flags flags,
		struct rpc_create_cell_result *ret, struct kerr *err);
int cell_get(struct engine *e, const struct addr *a, struct rpc_get_cell_result *ret,
	     struct kerr *err);
/* A cell's document with its status, Unknown where it is damaged; -ENOENT: it is gone. */
int cell_describe(struct engine *e, const struct addr *a, struct cell_doc *ret);
/* Lists go to the reply of page (page.h). */
struct page;
int cell_list(struct engine *e, const struct addr *filter, struct page *page, struct kerr *err);
int cell_start(struct engine *e, const struct addr *a, struct rpc_cell_done_result *ret,
	       struct kerr *err);
int cell_stop(struct engine *e, const struct addr *a, enum cell_stop_flags flags,
	      struct rpc_cell_done_result *ret, struct kerr *err);
int cell_delete(struct engine *e, const struct addr *a, struct rpc_delete_cell_result *ret,
		struct kerr *err);
/* The same with the lock held. */
int cell_delete_locked(struct engine *e, const char *ns, struct cell_doc *doc, struct kerr *err);
/*
 * What is about to be deleted with others is asked to end and not waited for, so that
 * all of them share one grace: the cell, or only that container of it.
 */
int cell_ask(struct engine *e, const struct addr *a, const char *only, struct kerr *err);

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
int container_list(struct engine *e, const struct addr *filter, struct page *page,
		   struct kerr *err);
/* Whole documents, with status and labels: struct rpc_list_container_docs_reply. */
int container_list_docs(struct engine *e, const struct addr *filter, struct page *page,
			struct kerr *err);

/* ---- reconcile.c ---- */

/* Act on what cell_observe found and store what changed. *ret_deleted: the cell is gone. */
int cell_settle_locked(struct engine *e, const char *ns, struct cell_doc *doc, bool *ret_deleted,
		       struct kerr *err);

#endif
