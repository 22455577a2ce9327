/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CHANGE_H
#define KUKEON_CHANGE_H

#include "cell_run.h"
#include "context.h"
#include "ending.h"
#include "plan.h"

struct dry_run;

/*
 * A change of an existing cell by a Cell document, or by a Container document for one of its
 * containers. An apply holds the cell's lock; after releasing it to wait for containers to
 * end it makes the plan again.
 */
struct change {
	struct engine *e;
	struct addr a; /* borrowed names */
	struct dry_run *dry; /* NULL: carry the change out */
	struct cell_doc *want; /* normalised */
	const struct container_doc
		*one; /* a Container document, normalised; want is built from it */
	const struct strlist *kept; /* ids of containers with documents of their own; or NULL */
	bool was_up; /* before this change stopped it */
	char *ns;
	struct cell_doc stored; /* as observed */
	struct cell_run run; /* the cell's run before the change */
	struct cell_doc placed;
	struct plan plan;
	struct ending wait; /* containers to be replaced that are still in their grace period */
};

/* The rest is the caller's. */
void change_clear(struct change *c);

/* Compare want with the stored cell and make the plan. Changes only want. */
int change_decide(struct change *c, struct kerr *err);

/*
 * Carry out the plan; in a dry run only check each step and record its effect in the dry run.
 * 1: containers to be replaced are still in their grace period (wait).
 */
int change_walk(struct change *c, struct kerr *err);

/* In a dry run, for a new cell: whether it could be started. */
int change_look_new(struct change *c, struct kerr *err);

#endif
