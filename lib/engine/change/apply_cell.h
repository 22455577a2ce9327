/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_APPLY_CELL_H
#define KUKEON_APPLY_CELL_H

#include "context.h"
#include "diff.h"

/*
 * Apply one cell, or one container of an existing cell. res gets action,
 * changes and details; a failure is returned with err. kept: ids of containers that
 * have documents of their own in the same stream, hence are no orphans here.
 */
int apply_cell(struct engine *e, struct cell_doc *want, const struct strlist *kept,
	       struct rpc_apply_resource *res, struct kerr *err);
int apply_container(struct engine *e, struct container_doc *want, struct rpc_apply_resource *res,
		    struct kerr *err);

/* ---- what a plan and an apply have in common ---- */

/* Not up: a cell that stands like this is started by an apply. */
bool apply_is_down(const struct cell_doc *d);
/* The action, and what the comparison found; d may be NULL. */
void apply_say(struct rpc_apply_resource *res, const char *action, const struct diff *d);
/* Nothing differs, but the cell is started. */
void apply_say_started(struct rpc_apply_resource *res, const struct cell_doc *stored);
/* An apply that was killed between storing and starting left containers that never ran. */
void apply_never_started(const struct cell_doc *d, struct strlist *ret);
/* Nothing differs, but those are started; none: "unchanged". */
void apply_say_rest(struct rpc_apply_resource *res, const struct strlist *ids);
/* The labels of a Container document differ, too. */
void apply_say_labels(struct rpc_apply_resource *res);
/* -ENOENT for a container without its cell. */
int apply_no_cell(const struct addr *cell, struct kerr *err);
/* Containers of the stored cell that the manifest leaves to documents of their own. */
void apply_keep(struct cell_doc *want, const struct cell_doc *stored, const struct strlist *kept);

enum apply_try_flags {
	APPLY_TRY_ALL = 1 << 0, /* not only what is made (anew): everything is to be started */
	APPLY_TRY_PLAN = 1 << 1, /* images that are not there would be pulled by now */
};

/*
 * Whether those containers of a cell could be made that d says are to be made; NULL: all
 * of a new cell. Changes nothing.
 */
int apply_try(struct engine *e, const char *ns, const struct cell_doc *want, const struct diff *d,
	      enum apply_try_flags flags, struct kerr *err);

/* The container takes its place in the cell. */
void apply_set_container(struct cell_doc *cell, const struct container_spec *c);

#endif
