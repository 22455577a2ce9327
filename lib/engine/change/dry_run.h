/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DRY_RUN_H
#define KUKEON_DRY_RUN_H

#include "context.h"

/*
 * What a dry run has done so far, in memory only. During a dry run the engine's store shows
 * the documents as they would be (overlay.h), so that the functions that decide see the
 * effect of earlier documents; this keeps only what is stored beside documents. No lock is
 * taken, as that would create a lock file; changes made in the meantime by others may
 * therefore make the result differ.
 */
struct dry_run;

struct dry_run *dry_run_begin(struct engine *e) __attribute__((returns_nonnull));
struct dry_run *dry_run_end(struct dry_run *d);

static inline void dry_run_endp(struct dry_run **d)
{
	*d = dry_run_end(*d);
}

/* Record that the document (of the kind that a names) is stored, or the object deleted. */
void dry_run_store(struct dry_run *d, const struct addr *a, const void *doc);
void dry_run_delete(struct dry_run *d, const struct addr *a);

/* Like parent_create and parents_create; doc becomes the document that would be stored. */
int dry_run_create_parent(struct dry_run *d, enum kind kind, void *doc, struct kerr *err);
int dry_run_create_parents(struct dry_run *d, const struct addr *a, struct kerr *err);

/* Labels the dry run has set for a container; NULL: none, the stored ones hold. */
void dry_run_set_labels(struct dry_run *d, const struct addr *cell, const char *id,
			const struct strmap *labels);
const struct strmap *dry_run_labels(const struct dry_run *d, const struct addr *cell,
				    const char *id);

/*
 * Check that the cell can publish its ports beside what is published and what the dry run
 * has claimed or given up so far, and record that it does.
 */
int dry_run_claim_ports(struct dry_run *d, const struct cell_doc *cell, struct kerr *err);

#endif
