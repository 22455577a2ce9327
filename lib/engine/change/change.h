/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CHANGE_H
#define KUKEON_CHANGE_H

#include "cell_run.h"
#include "context.h"
#include "ending.h"
#include "plan.h"

struct dry_run;

/*
 * A cell that a document changes: its own, or one of a container of it. An apply holds
 * its lock, and what it decided before is decided again when it had to let go of it.
 */
struct change {
	struct engine *e;
	struct addr a; /* borrowed names */
	struct dry_run *dry; /* NULL: it is carried out */
	struct cell_doc *want; /* normalised */
	const struct container_doc *one; /* a Container document, normalised; want is made of it */
	const struct strlist *kept; /* containers with documents of their own; NULL */
	bool was_up; /* before this change asked it to end */
	char *ns;
	struct cell_doc stored; /* as observed */
	struct cell_run run; /* of the cell as it was found */
	struct cell_doc placed;
	struct plan plan;
	struct ending wait; /* what is to be replaced and has time left */
};

/* The rest is the caller's. */
void change_clear(struct change *c);

/* Compare what is wanted with what is stored: the plan. Changes nothing but want. */
int change_decide(struct change *c, struct kerr *err);

/*
 * Carry out the plan; in a dry run only look at what each step would meet, and have the
 * dry run remember it. 1: what is to be replaced has time left (wait).
 */
int change_walk(struct change *c, struct kerr *err);

/* Of one that is created: whether its start could succeed, in a dry run. */
int change_look_new(struct change *c, struct kerr *err);

#endif
