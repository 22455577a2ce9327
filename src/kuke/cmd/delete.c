/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "delete.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "str.h"
#include "subject.h"

union delete_reply {
	struct rpc_delete_realm_reply realm;
	struct rpc_delete_space_reply space;
	struct rpc_delete_stack_reply stack;
	struct rpc_delete_cell_reply cell;
	struct rpc_delete_container_reply container;
};

enum rpc_method_id delete_method(enum kind kind)
{
	static const enum rpc_method_id methods[] = {
		[KIND_REALM] = RPC_DELETE_REALM,	 [KIND_SPACE] = RPC_DELETE_SPACE,
		[KIND_STACK] = RPC_DELETE_STACK,	 [KIND_CELL] = RPC_DELETE_CELL,
		[KIND_CONTAINER] = RPC_DELETE_CONTAINER,
	};

	return methods[kind];
}

static void set_bool(const struct model_type *t, const char *name, void *args, bool on)
{
	const struct field *f = model_find(t, name, NULL);

	if (f) /* cells and containers have no children of their own */
		*(bool *) field_ptr(f, args) = on;
}

/* Entries of the list look like "stack:a". */
void delete_take_cascaded(enum kind kind, const struct strlist *deleted, struct strlist *ret)
{
	cleanup_free char *prefix = xasprintf("%s:", kind_info(kind + 1)->word);

	for (size_t i = 0; i < deleted->n; i++)
		if (str_has_prefix(deleted->v[i], prefix))
			strlist_add(ret, deleted->v[i] + strlen(prefix));
}

int delete_fill_flags(struct cli *c, const struct rpc_method *m, void *args, struct kerr *err)
{
	set_bool(m->args, "Cascade", args, cli_bool(c, "cascade"));
	set_bool(m->args, "Force", args, cli_bool(c, "force"));
	return scope_fill_grace(c, m, args, err);
}

int delete_subject(struct cli *c, enum kind kind, void *owned_args, struct strlist *ret_cascaded,
		   struct kerr *err)
{
	const struct rpc_method *m = rpc_method_get(delete_method(kind));
	union delete_reply reply = { 0 };
	int r;

	r = delete_fill_flags(c, m, owned_args, err);
	if (r == 0)
		r = cli_call(c, m->id, owned_args, &reply, err);
	if (r == 0 && ret_cascaded && kind == KIND_REALM)
		delete_take_cascaded(kind, &reply.realm.result.deleted, ret_cascaded);
	else if (r == 0 && ret_cascaded && kind == KIND_SPACE)
		delete_take_cascaded(kind, &reply.space.result.deleted, ret_cascaded);
	else if (r == 0 && ret_cascaded && kind == KIND_STACK)
		delete_take_cascaded(kind, &reply.stack.result.deleted, ret_cascaded);
	cli_free_args(m->id, owned_args);
	cli_free_reply(m->id, &reply);
	return r;
}

void delete_plan_target(struct rpc_plan_delete_args *args, enum kind kind, const struct scope *s,
			const char *name)
{
	struct rpc_plan_target *t = vec_grow(&args->targets.v, &args->targets.n, sizeof(*t));

	t->kind = xstrdup(kind_info(kind)->name);
	t->realm_name = xstrdup_null(s->realm);
	t->space_name = xstrdup_null(s->space);
	t->stack_name = xstrdup_null(s->stack);
	t->cell_name = xstrdup_null(s->cell);
	t->name = xstrdup(name);
}

int delete_plan(struct cli *c, struct rpc_plan_delete_args *owned_args,
		struct rpc_plan_delete_reply *ret, struct kerr *err)
{
	size_t n = owned_args->targets.n;
	int r;

	owned_args->cascade = cli_bool(c, "cascade");
	owned_args->force = cli_bool(c, "force");
	r = cli_call(c, RPC_X_PLAN_DELETE, owned_args, ret, err);
	if (r == 0 && ret->result.planned.n != n)
		r = kerr_plain(err, -EPROTO, "kukeond answered with %zu plans for %zu objects",
			       ret->result.planned.n, n);
	cli_free_args(RPC_X_PLAN_DELETE, owned_args);
	return r;
}
