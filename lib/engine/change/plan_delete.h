/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PLAN_DELETE_H
#define KUKEON_PLAN_DELETE_H

#include "context.h"
#include "scope.h"

enum delete_flags {
	DELETE_CASCADE = 1 << 0, /* children first */
	DELETE_FORCE = 1 << 1, /* the object alone, without checking for children */
};

/*
 * What the deletion of a realm, space or stack removes: all objects below it and the object
 * itself, in order of deletion. Making it changes nothing. A deletion makes it again under
 * the object's lock; a dry run reports it.
 */
struct delete_plan {
	struct addr_copy *v;
	size_t n;
};

void delete_plan_clear(struct delete_plan *p);

/*
 * -ENOENT (scope_not_found). Refused: the daemon's own cell is below it, it has children, it
 * has processes, or cells of other spaces have joined it.
 */
int plan_delete(struct engine *e, const struct addr *a, enum delete_flags flags,
		struct delete_plan *ret, struct kerr *err);

/*
 * Refuse the deletion of a space while cells of others have joined it; the message names
 * them. Final only under the lock of the space's leases.
 */
int plan_delete_refuse_joined(struct engine *e, const struct addr *a, struct kerr *err);

/* If the step is a direct child of the object, add it to ret as the result has it ("space:a"). */
void plan_delete_tell(const struct addr *a, const struct addr *step, struct strlist *ret);

/* Put "failed to delete space" and so on in front. Returns r. */
int plan_delete_error(const struct addr *a, int r, struct kerr *err);

#endif
