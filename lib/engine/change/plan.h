/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PLAN_H
#define KUKEON_PLAN_H

#include "diff.h"
#include "methods.h"
#include "model.h"

/*
 * The plan for applying one document: the steps in order, and the result to report when they
 * are done. Pure functions make it by comparing the stored object (with its observed status)
 * with the wanted one. An apply makes and carries it out under the object's lock (change.h);
 * a dry run takes no lock and only checks each step.
 */
enum plan_action {
	PLAN_UNCHANGED = 1,
	PLAN_CREATED,
	PLAN_UPDATED,
	_PLAN_ACTION_MAX
};

/* A cell's step concerns the container of its id; without an id, the whole cell. */
enum step_kind {
	STEP_TRY = 1, /* check that the container can be created from its spec and image */
	STEP_END, /* stop signal and grace period; the lock is released for the wait */
	STEP_CLAIM, /* check that the cell's ports can be published */
	STEP_PORTS, /* publish them instead of those of before, while the cell is up */
	STEP_LIMITS, /* set new limits of a running container */
	STEP_STOP, /* stop the cell and tear its start down */
	STEP_DROP, /* delete the container with its record and files */
	STEP_RESET, /* delete record and writable layer: the next start creates it anew */
	STEP_STORE, /* store the document */
	STEP_NAMES, /* make lease and hosts files say what the document says */
	STEP_WAKE, /* ask for a reconcile pass of the cell: a restart policy may have changed */
	STEP_MEND, /* repair the network link of a cell that is up */
	STEP_START, /* start; running containers are left alone */
	STEP_LABELS, /* store the labels of a Container document */
	_STEP_MAX
};

struct step {
	enum step_kind kind;
	char *id; /* of the container; NULL: the object */
	const char *what; /* why a container is started: "recreated", "added" */
};

struct plan {
	enum plan_action action;
	struct diff diff;
	struct strlist changes; /* of the result */
	struct strmap details;
	struct step *v;
	size_t n;
	const char *failed; /* prefix of an error once something may have changed; or NULL */
};

void plan_clear(struct plan *p);

/* Input of plan_cell(): an existing cell, or one container of it. */
struct plan_cell {
	const struct cell_doc *stored; /* with its observed status */
	const struct cell_doc *want; /* normalised, with the defaults of its space */
	const char
		*only; /* id from a Container document: a cell that is down stays down; or NULL */
	bool was_up; /* before this change stopped it */
	bool labels; /* the Container document's labels differ */
	bool by_plugins; /* CNI plugins publish its ports */
};

/* Stopped, Failed or Pending: an apply starts such a cell. */
bool plan_is_down(const struct cell_doc *d);

/* Errors: as diff_refusal(), for fields that cannot be changed. *ret is cleared first. */
int plan_cell(const struct plan_cell *in, struct plan *ret, struct kerr *err);

/*
 * An existing realm, space or stack, both documents normalised. want becomes what would be
 * stored: the manifest, with the stored value where it has none. Errors: as diff_refusal().
 */
int plan_parent(enum kind kind, const void *stored, void *want, struct plan *ret, struct kerr *err);

/* Whether the plan starts the container, alone or with its cell; whether it creates it first. */
bool plan_starts(const struct plan *p, const char *id);
bool plan_makes(const struct plan *p, const char *id);

/* Add the container to the cell, or replace the one of its id. */
void plan_place_container(struct cell_doc *cell, const struct container_spec *c);

/*
 * Copy into want the stored containers that have documents of their own (kept: their ids).
 */
void plan_keep(struct cell_doc *want, const struct cell_doc *stored, const struct strlist *kept);

/* Fill in the result of a plan that was carried out. */
void apply_result_set(struct rpc_apply_resource *res, enum plan_action action,
		      const struct strlist *changes, const struct strmap *details);
void apply_result_fail(struct rpc_apply_resource *res, const struct kerr *err);

#endif
