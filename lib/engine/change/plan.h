/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PLAN_H
#define KUKEON_PLAN_H

#include "context.h"

/*
 * --dry-run: the results that an apply or a deletion would have, found by the same
 * comparisons on what is stored now. Nothing is written and no lock is taken (its
 * file would be a trace), so what changes meanwhile may make it otherwise. Each
 * step sees what the steps before it would have done.
 */
struct plan;

struct plan *plan_new(struct engine *e) __attribute__((returns_nonnull));
struct plan *plan_free(struct plan *p);

static inline void plan_freep(struct plan **p)
{
	*p = plan_free(*p);
}

/* One document of an apply; it is changed into what would be stored. kept: as apply_cell(). */
int plan_document(struct plan *p, enum kind kind, void *doc, const struct strlist *kept,
		  struct rpc_apply_resource *res, struct kerr *err);

#endif
