/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_verbs.h"
#include "container_verbs.h"
#include "copy.h"
#include "damaged.h"
#include "delete_targets.h"
#include "dry_run.h"
#include "mem.h"
#include "model.h"
#include "parent_delete.h"
#include "scope.h"
#include "str.h"

/* For a container: the address of its cell. */
static struct addr target_addr(const struct rpc_plan_target *t, enum kind kind)
{
	const char *name = t->name ? t->name : "";

	return (struct addr){
		.realm = kind == KIND_REALM ? name : t->realm_name,
		.space = kind == KIND_SPACE  ? name
			 : kind > KIND_SPACE ? t->space_name
					     : NULL,
		.stack = kind == KIND_STACK  ? name
			 : kind > KIND_STACK ? t->stack_name
					     : NULL,
		.cell = kind == KIND_CELL	 ? name
			: kind == KIND_CONTAINER ? t->cell_name
						 : NULL,
	};
}

/* ---- dry run ---- */

static int look_container(struct engine *e, struct dry_run *dry, const struct addr *a,
			  const char *id, struct kerr *err)
{
	struct cell_doc rest = { 0 };
	int r = container_check_delete(e, a, id, &rest, err);

	if (r == 0)
		dry_run_store(dry, a, &rest);
	model_clear(&cell_doc_type, &rest);
	return r;
}

static int look_cell(struct engine *e, struct dry_run *dry, const struct addr *a, struct kerr *err)
{
	int r = cell_check_delete(e, a, err);

	if (r == 0)
		dry_run_delete(dry, a);
	return r;
}

static int look_parent(struct engine *e, struct dry_run *dry, const struct addr *a,
		       enum delete_flags flags, struct strlist *ret_deleted, struct kerr *err)
{
	cleanup_(delete_plan_clear) struct delete_plan plan = { 0 };
	int r = plan_delete(e, a, flags, &plan, err);

	if (r == 0)
		r = parent_check_namespace(e, a, err);
	if (r < 0)
		return r == -ENOENT ? r : plan_delete_error(a, r, err);
	for (size_t i = 0; i < plan.n; i++) {
		plan_delete_tell(a, &plan.v[i].a, ret_deleted);
		dry_run_delete(dry, &plan.v[i].a);
	}
	return 0;
}

static int look_target(struct engine *e, struct dry_run *dry, const struct rpc_plan_target *t,
		       enum delete_flags flags, struct rpc_planned *ret, struct kerr *err)
{
	enum kind kind = kind_from_name(t->kind ? t->kind : "");
	struct addr a;
	int r;

	if (kind < KIND_REALM || kind > KIND_CONTAINER)
		return kerr_plain(err, -EINVAL, "unknown kind: %s", t->kind ? t->kind : "");
	a = target_addr(t, kind);
	r = scope_check(&a, kind == KIND_CONTAINER ? ADDR_CELL : scope_level(kind), 0, err);
	if (r < 0)
		return r;
	if (kind == KIND_CONTAINER)
		return look_container(e, dry, &a, t->name ? t->name : "", err);
	if (kind == KIND_CELL)
		return look_cell(e, dry, &a, err);
	return look_parent(e, dry, &a, flags, &ret->deleted, err);
}

void plan_delete_targets(struct engine *e, const struct rpc_plan_delete_args *args,
			 struct rpc_plan_delete_result *ret)
{
	cleanup_(dry_run_endp) struct dry_run *dry = dry_run_begin(e);
	enum delete_flags flags =
		(args->force ? DELETE_FORCE : 0) | (args->cascade ? DELETE_CASCADE : 0);

	for (size_t i = 0; i < args->targets.n; i++) {
		struct rpc_planned *p = vec_grow(&ret->planned.v, &ret->planned.n, sizeof(*p));
		struct kerr err = { 0 };
		char text[KERR_TEXT_MAX];
		int r = look_target(e, dry, &args->targets.v[i], flags, p, &err);

		p->action = xstrdup(r == 0 ? "deleted" : r == -ENOENT ? "not found" : "failed");
		if (r < 0)
			p->error = xstrdup(kerr_text(&err, text, sizeof(text)));
	}
}

/* ---- stop signals ---- */

/* Errors are ignored: the deletion that follows meets them again and reports them. */
static void signal_target(struct engine *e, const struct rpc_plan_target *t, bool cascade)
{
	enum kind kind = kind_from_name(t->kind);
	struct addr a = target_addr(t, kind);

	if (kind == KIND_CONTAINER)
		(void) cell_signal(e, &a, t->name, NULL);
	else if (kind == KIND_CELL)
		(void) cell_signal(e, &a, NULL, NULL);
	else if (cascade)
		parent_signal_cells(e, &a);
}

void prepare_delete_targets(struct engine *e, const struct rpc_plan_delete_args *args,
			    struct rpc_plan_delete_result *ret)
{
	plan_delete_targets(e, args, ret);
	for (size_t i = 0; i < args->targets.n; i++)
		if (streq(ret->planned.v[i].action, "deleted"))
			signal_target(e, &args->targets.v[i], args->cascade);
}
