/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DIFF_H
#define KUKEON_DIFF_H

#include "err.h"
#include "model.h"
#include "vec.h"

/*
 * Compares a stored object with the wanted one and decides how to apply the difference.
 * The class of a field (a column of its row) says what a change requires. Both sides
 * are normalised (convert.h), and the space's defaults are applied to the wanted one.
 * Managed labels are ignored.
 */
enum diff_action {
	DIFF_NONE = 0, /* equal */
	DIFF_IN_PLACE, /* store it; nothing is restarted */
	DIFF_RECREATE_CONTAINERS, /* of a cell: some of recreated, added, removed */
	DIFF_RECREATE_CELL,
	DIFF_REFUSED, /* nothing may change: see diff_refusal() */
};

struct diff {
	enum diff_action action;
	struct strlist changes; /* the result's Changes, in order */
	struct strmap details; /* the result's Details */
	struct strlist refused; /* field paths of class REFUSED */
	char *refusal; /* a special message for a refusal, or NULL */
	/* Cells: container ids. May be empty if the whole cell is recreated. */
	struct strlist recreated;
	struct strlist updated; /* changed in place */
	struct strlist added;
	struct strlist removed;
};

/* Compare two documents of the kind. *ret is cleared first. */
void diff_doc(enum kind kind, const void *stored, const void *wanted, struct diff *ret);

/*
 * One container's spec. root: a change that would recreate it recreates the cell.
 * changes holds field names ("image", "env"), details "image changed from …".
 */
void diff_container_spec(const struct container_spec *stored, const struct container_spec *wanted,
			 struct diff *ret);

/*
 * -EINVAL with `realm "r" has breaking changes: [spec.namespace]. Delete the realm
 * and recreate it with the new spec` when the action is DIFF_REFUSED, else 0.
 */
int diff_refusal(const struct diff *d, enum kind kind, const char *name, struct kerr *err);

/*
 * The fields in which a cell differs from the file given to `kuke run`:
 * `spec.containers["web"].image`, …; empty if there are none. Labels and fields that
 * the daemon fills in are not compared.
 */
void diff_run(const struct cell_doc *stored, const struct cell_doc *wanted, struct strlist *ret);

/*
 * Complete wanted for storing after an accepted diff: add the synthesized root if it
 * names none, and copy managed labels and the whole status from stored.
 */
void diff_merge_cell(struct cell_doc *wanted, const struct cell_doc *stored);

void diff_clear(struct diff *d);
#define cleanup_diff cleanup_(diff_clear)

#endif
