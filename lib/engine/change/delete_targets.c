/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_verbs.h"
#include "container_verbs.h"
#include "copy.h"
#include "damaged.h"
#include "decode.h"
#include "delete_targets.h"
#include "dry_run.h"
#include "emit_json.h"
#include "errkind.h"
#include "mem.h"
#include "model.h"
#include "parent_delete.h"
#include "scope.h"
#include "str.h"
#include "workers.h"

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

static enum delete_flags flags_of(const struct rpc_plan_delete_args *args)
{
	return (args->force ? DELETE_FORCE : 0) | (args->cascade ? DELETE_CASCADE : 0);
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
	enum delete_flags flags = flags_of(args);

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

/* ---- side by side ---- */

struct targets {
	const struct rpc_plan_delete_args *args;
	const struct rpc_planned *planned; /* for stop signals */
	struct rpc_planned *results; /* of deleting */
};

/* Whether one may take away cells that have joined the space of the other. */
static bool may_have_guests(const struct addr *a, const struct addr *space)
{
	return addr_level(space) == ADDR_SPACE && streq_null(a->realm, space->realm);
}

/* Order matters where one is the other, or in it, or where cells have joined a space. */
static bool clash(const void *ctx, size_t earlier, size_t task)
{
	const struct rpc_plan_delete_args *args = ((const struct targets *) ctx)->args;
	const struct rpc_plan_target *x = &args->targets.v[earlier], *y = &args->targets.v[task];
	struct addr a = target_addr(x, kind_from_name(x->kind ? x->kind : ""));
	struct addr b = target_addr(y, kind_from_name(y->kind ? y->kind : ""));

	return addr_within(&a, &b) || addr_within(&b, &a) || may_have_guests(&a, &b);
}

/* ---- stop signals ---- */

/* Errors are ignored: the deletion that follows meets them again and reports them. */
static void signal_target(void *ctx, struct engine *e, size_t task, struct buf *result)
{
	const struct targets *ts = ctx;
	const struct rpc_plan_target *t = &ts->args->targets.v[task];
	enum kind kind = kind_from_name(t->kind ? t->kind : "");
	struct addr a = target_addr(t, kind);

	(void) result;
	if (!streq(ts->planned[task].action, "deleted"))
		return;
	if (kind == KIND_CONTAINER)
		(void) cell_signal(e, &a, t->name, NULL);
	else if (kind == KIND_CELL)
		(void) cell_signal(e, &a, NULL, NULL);
	else if (ts->args->cascade)
		parent_signal_cells(e, &a);
}

void prepare_delete_targets(struct engine *e, const struct rpc_plan_delete_args *args,
			    struct rpc_plan_delete_result *ret)
{
	struct targets t = { .args = args };
	struct workers w = {
		.ctx = &t, .n = args->targets.n, .clash = clash, .work = signal_target
	};

	plan_delete_targets(e, args, ret);
	t.planned = ret->planned.v;
	if (e->grace_ms != 0) /* else there is no grace to share */
		(void) workers_run(e, &w, NULL);
}

/* ---- deleting ---- */

static int delete_container(struct engine *e, const struct rpc_plan_target *t, struct kerr *err)
{
	/* Only read: the names stay the target's. */
	const struct container_doc doc = { .head.metadata.name = t->name,
					   .spec = { .id = t->name,
						     .realm_id = t->realm_name,
						     .space_id = t->space_name,
						     .stack_id = t->stack_name,
						     .cell_id = t->cell_name } };
	struct rpc_delete_container_reply reply = { 0 };
	int r = container_verb_delete(e, &doc, &reply.result, err);

	model_clear(rpc_method_get(RPC_DELETE_CONTAINER)->reply, &reply);
	return r;
}

static int delete_cell(struct engine *e, const struct addr *a, struct kerr *err)
{
	struct rpc_delete_cell_reply reply = { 0 };
	int r = cell_delete(e, a, &reply.result, err);

	model_clear(rpc_method_get(RPC_DELETE_CELL)->reply, &reply);
	return r;
}

static int delete_parent(struct engine *e, enum kind kind, const struct addr *a,
			 enum delete_flags flags, struct strlist *ret_deleted, struct kerr *err)
{
	cleanup_free void *doc = xcalloc(1, kind_info(kind)->type->size);
	struct deleted d = { 0 };
	int r = scope_check(a, scope_level(kind), 0, err);

	if (r == 0)
		r = parent_delete(e, a, flags, doc, &d, err);
	model_clear(kind_info(kind)->type, doc);
	*ret_deleted = d.parts;
	return r;
}

static int delete_target(struct engine *e, const struct rpc_plan_target *t, enum delete_flags flags,
			 struct strlist *ret_deleted, struct kerr *err)
{
	enum kind kind = kind_from_name(t->kind ? t->kind : "");
	struct addr a;

	if (kind < KIND_REALM || kind > KIND_CONTAINER)
		return kerr_plain(err, -EINVAL, "unknown kind: %s", t->kind ? t->kind : "");
	a = target_addr(t, kind);
	if (kind == KIND_CONTAINER)
		return delete_container(e, t, err);
	return kind == KIND_CELL ? delete_cell(e, &a, err)
				 : delete_parent(e, kind, &a, flags, ret_deleted, err);
}

/* An object that is not there is no failure; a file that is missing is. */
static void set_result(struct rpc_planned *p, int r, const struct kerr *err)
{
	bool missing = r < 0 && str_has_suffix(err_kind_name(err->kind), "NotFound");
	char text[KERR_TEXT_MAX];

	p->action = xstrdup(r == 0 ? "deleted" : missing ? "not found" : "failed");
	if (r < 0)
		p->error = xstrdup(kerr_text(err, text, sizeof(text)));
}

static void work(void *ctx, struct engine *e, size_t task, struct buf *result)
{
	const struct targets *t = ctx;
	struct rpc_planned p = { 0 };
	struct kerr err = { 0 };
	int r = delete_target(e, &t->args->targets.v[task], flags_of(t->args), &p.deleted, &err);

	set_result(&p, r, &err);
	model_emit_json(result, &rpc_planned_type, &p, 0);
	model_clear(&rpc_planned_type, &p);
}

static bool ended(void *ctx, size_t task, const struct buf *result, const struct kerr *why)
{
	const struct targets *t = ctx;
	struct rpc_planned *p = &t->results[task];
	struct kerr err = { 0 };
	int r = -EPIPE;

	if (!result)
		err = *why;
	else
		r = model_read_json(&rpc_planned_type, buf_str(result), result->len, p, &err);
	if (r < 0)
		set_result(p, r, &err);
	return true;
}

int delete_targets(struct engine *e, const struct rpc_plan_delete_args *args,
		   struct rpc_plan_delete_result *ret, struct kerr *err)
{
	struct rpc_plan_delete_reply before = { 0 };
	struct targets t = { .args = args };
	struct workers w = {
		.ctx = &t, .n = args->targets.n, .clash = clash, .work = work, .ended = ended
	};

	if (w.n > 1 && e->grace_ms != 0)
		prepare_delete_targets(e, args, &before.result);
	model_clear(rpc_method_get(RPC_X_PREPARE_DELETE)->reply, &before);
	for (size_t i = 0; i < w.n; i++)
		(void) vec_grow(&ret->planned.v, &ret->planned.n, sizeof(*ret->planned.v));
	t.results = ret->planned.v;
	return workers_run(e, &w, err);
}
