/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DELETE_H
#define KUKEON_DELETE_H

#include "subject.h"

/* The method that deletes one object of the kind. */
enum rpc_method_id delete_method(enum kind kind);

/* Copy --cascade, --force and --timeout into the arguments of that method. */
int delete_fill_flags(struct cli *c, const struct rpc_method *m, void *args, struct kerr *err);

/*
 * Delete the object that args (a union subject_args, consumed) names, with
 * --cascade and --force of the command line. The names of direct children that
 * went with it are added to ret_cascaded (may be NULL).
 */
int delete_subject(struct cli *c, enum kind kind, void *owned_args, struct strlist *ret_cascaded,
		   struct kerr *err);

/* Add the names of the kind's direct children among a reply's deleted objects to ret. */
void delete_take_cascaded(enum kind kind, const struct strlist *deleted, struct strlist *ret);

/*
 * --dry-run: what deleting the targets in order would do. The reply has one plan per target;
 * free it with cli_free_reply(RPC_X_PLAN_DELETE).
 */
void delete_plan_target(struct rpc_plan_delete_args *args, enum kind kind, const struct scope *s,
			const char *name);
int delete_plan(struct cli *c, struct rpc_plan_delete_args *owned_args,
		struct rpc_plan_delete_reply *ret, struct kerr *err);

/* `kuke delete -f`: the documents of a file, children before parents. */
int delete_file(struct cli *c, struct kerr *err);

#endif
