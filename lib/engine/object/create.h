/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CREATE_H
#define KUKEON_CREATE_H

#include "context.h"
#include "scope.h"

/*
 * The common part of creating realms, spaces and stacks: create_begin, the steps of the
 * kind, create_undo on failure, end.
 */
struct create {
	struct engine *e; /* the first four are set by the caller */
	enum kind kind;
	const struct model_type *type;
	void *want; /* document to create; create_begin loads a stored one into it */
	struct addr_copy names;
	struct addr a; /* of the names */
	char *cgroup;
	bool existed, cgroup_pre, cgroup_created;
};

/*
 * Validate names and document and check the parents, without a lock and without looking
 * for the object itself. After a success create_end() is owed.
 */
int create_check(struct create *c, struct addr a, struct kerr *err);
/* The same, and take the lock. On failure no lock is held. */
int create_begin(struct create *c, struct addr a, struct kerr *err);
/* Create the object's cgroup and enable its controllers. */
int create_cgroup(struct create *c, struct kerr *err);
/* After a failure: remove what this create made and keep what existed before. */
void create_undo(struct create *c);
/* Prefix the error with the kind's text and set its class. Returns r. */
int create_error(const struct create *c, int r, struct kerr *err);
void create_end(struct create *c);

#endif
