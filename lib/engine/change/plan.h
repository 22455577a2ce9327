/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PLAN_H
#define KUKEON_PLAN_H

#include "diff.h"
#include "methods.h"
#include "model.h"

/*
 * What an apply of one document comes to: the steps in their order, and the result that
 * is told when they are done. Made by pure functions from what is stored (and observed on
 * this host) and what is wanted, under the object's lock by an apply, which carries it out
 * (change.h), and without one by a dry run, which only looks at what each step would meet.
 */
enum plan_action {
	PLAN_UNCHANGED = 1,
	PLAN_CREATED,
	PLAN_UPDATED,
	_PLAN_ACTION_MAX
};

/* One of a cell with a container id is about that container, without about the cell. */
enum step_kind {
	STEP_TRY = 1, /* whether the container could be made of its spec and its image */
	STEP_END, /* asked to end, with its grace: the lock is let go of for that */
	STEP_LIMITS, /* new limits while it runs */
	STEP_STOP, /* the cell's start is taken down */
	STEP_DROP, /* the container goes with record and files */
	STEP_RESET, /* its record and writable layer go: the next start makes it anew */
	STEP_STORE, /* the document */
	STEP_WAKE, /* a pass looks at the cell: other policies may have something to do */
	STEP_MEND, /* the link of a cell that is up */
	STEP_START, /* what runs already stays */
	STEP_LABELS, /* of a Container document */
	_STEP_MAX
};

struct step {
	enum step_kind kind;
	char *id; /* of the container; NULL: the object */
	const char *what; /* of a container that is started: "recreated", "added" */
};

struct plan {
	enum plan_action action;
	struct diff diff;
	struct strlist changes; /* of the result */
	struct strmap details;
	struct step *v;
	size_t n;
	const char *failed; /* words in front of a failure once something may have changed */
};

void plan_clear(struct plan *p);

/* A cell, or one container of it, that is there. */
struct plan_cell {
	const struct cell_doc *stored; /* with its status as observed now */
	const struct cell_doc *want; /* normalised, with what its space gives it */
	const char *only; /* a Container document's: a cell that is down stays down; NULL */
	bool was_up; /* before this very change asked it to end */
	bool labels; /* of the Container document differ */
};

/* Not up: a cell that stands like this is started by an apply. */
bool plan_is_down(const struct cell_doc *d);

/* diff_refusal() where it cannot be changed. *ret is cleared first. */
int plan_cell(const struct plan_cell *in, struct plan *ret, struct kerr *err);

/*
 * A realm, space or stack that is there, both normalised. want becomes what would be
 * stored: the manifest, and what is stored where it says nothing. diff_refusal().
 */
int plan_parent(enum kind kind, const void *stored, void *want, struct plan *ret, struct kerr *err);

/* The plan starts that container, alone or with its cell; and makes it for that. */
bool plan_starts(const struct plan *p, const char *id);
bool plan_makes(const struct plan *p, const char *id);

/* The container takes its place in the cell. */
void plan_place_container(struct cell_doc *cell, const struct container_spec *c);

/*
 * Containers of the stored cell that the manifest leaves to documents of their own: kept
 * has their ids.
 */
void plan_keep(struct cell_doc *want, const struct cell_doc *stored, const struct strlist *kept);

/* The result of a plan that is carried out. */
void apply_result_set(struct rpc_apply_resource *res, enum plan_action action,
		      const struct strlist *changes, const struct strmap *details);
void apply_result_fail(struct rpc_apply_resource *res, const struct kerr *err);

#endif
