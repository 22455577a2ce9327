/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CREATE_H
#define KUKEON_CREATE_H

#include "context.h"
#include "scope.h"

/*
 * What creating a realm, a space and a stack has in common: begin, the kind's
 * own steps, undo where one failed, end.
 */
struct create {
	struct engine *e; /* the first four are the caller's */
	enum kind kind;
	const struct model_type *type;
	void *want; /* the document; begin puts the stored one in its place where there is one */
	struct addr_copy names;
	struct addr a; /* of names */
	char *cgroup;
	bool existed, cgroup_pre, cgroup_created;
};

/*
 * Judge names and document, see that the parents are there, take the lock. On
 * failure nothing is held.
 */
int create_begin(struct create *c, struct addr a, struct kerr *err);
/* The object's cgroup, with its controllers. */
int create_cgroup(struct create *c, struct kerr *err);
/* After a failure: take away what this create made; what was there before stays. */
void create_undo(struct create *c);
/* Put the kind's words (and class) in front. Returns r. */
int create_error(const struct create *c, int r, struct kerr *err);
void create_end(struct create *c);

#endif
