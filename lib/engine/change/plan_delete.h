/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PLAN_DELETE_H
#define KUKEON_PLAN_DELETE_H

#include "context.h"
#include "scope.h"

enum delete_flags {
	DELETE_CASCADE = 1 << 0, /* children first */
	DELETE_FORCE = 1 << 1, /* the object alone, without looking for children */
};

/*
 * What the deletion of a realm, space or stack takes away: the cells and parents below it
 * and it itself, in the order in which they go. Made by looking only. A deletion makes it
 * again under the object's lock, a dry run tells it.
 */
struct delete_plan {
	struct addr_copy *v;
	size_t n;
};

void delete_plan_clear(struct delete_plan *p);

/* -ENOENT (scope_not_found); refused: the daemon's own, has children, has processes. */
int plan_delete(struct engine *e, const struct addr *a, enum delete_flags flags,
		struct delete_plan *ret, struct kerr *err);

/* The step is a child of the object: its words in the result ("space:a"), added to ret. */
void plan_delete_tell(const struct addr *a, const struct addr *step, struct strlist *ret);

/* Put "failed to delete space" and so on in front. Returns r. */
int plan_delete_error(const struct addr *a, int r, struct kerr *err);

#endif
