/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "apply_cell.h"
#include "cell.h"
#include "container.h"
#include "convert.h"
#include "diff.h"
#include "errkind.h"
#include "mem.h"
#include "parents.h"
#include "str.h"
#include "system.h"
#include "wake.h"

/* A cell that is being changed; its lock is held. */
struct change {
	struct engine *e;
	struct addr a;
	char *ns;
	struct cell_doc stored;
	struct cell_doc *want;
	struct diff diff;
	struct rpc_apply_resource *res;
	const char *only; /* a Container document's: a cell that is down stays down */
};

static void change_clear(struct change *c)
{
	locks_drop_path(c->e->locks, &c->a);
	model_clear(&cell_doc_type, &c->stored);
	diff_clear(&c->diff);
	free(c->ns);
}

static void say(struct change *c, const char *action)
{
	free(c->res->action);
	c->res->action = xstrdup(action);
	strlist_copy(&c->res->changes, &c->diff.changes);
	strmap_copy(&c->res->details, &c->diff.details);
}

/* Not up, and nobody is at it: its lock is ours. */
static bool is_down(const struct cell_doc *d)
{
	return d->status.state == CELL_STATE_STOPPED || d->status.state == CELL_STATE_FAILED ||
	       d->status.state == CELL_STATE_PENDING;
}

static int start_down(struct change *c, struct kerr *err)
{
	return c->only ? 0 : cell_start_locked(c->e, c->ns, &c->stored, 0, err);
}

/* Nothing differs: a cell that is down is started, everything else is left alone. */
static int leave_or_start(struct change *c, struct kerr *err)
{
	int r;

	if (!is_down(&c->stored) || c->only) {
		say(c, "unchanged");
		return 0;
	}
	r = cell_start_locked(c->e, c->ns, &c->stored, 0, err);
	if (r < 0)
		return kerr_wrap(err, r, "failed to re-materialize cell");
	say(c, "updated");
	strlist_add(&c->res->changes, "runtime stopped: containers re-materialized");
	for (size_t i = 0; i < c->stored.spec.containers.n; i++)
		if (!c->stored.spec.containers.v[i].root)
			strlist_addf(&c->res->changes, "container \"%s\" re-materialized",
				     c->stored.spec.containers.v[i].id);
	return 0;
}

/* The new spec becomes the stored one; what is known of the cell stays. */
static int store_wanted(struct change *c, struct kerr *err)
{
	int r;

	diff_merge_cell(c->want, &c->stored);
	model_copy(&cell_doc_type, &c->stored, c->want);
	r = cell_observe(c->e, c->ns, &c->stored, NULL, err);
	return r < 0 ? r : cell_save(c->e, &c->stored, 0, err);
}

static int start_each(struct change *c, const struct strlist *ids, const char *what,
		      struct kerr *err)
{
	for (size_t i = 0; i < ids->n; i++) {
		int r = cell_start_one_locked(c->e, c->ns, &c->stored, ids->v[i], err);

		if (r < 0)
			return kerr_wrap(err, r, "failed to start %s container \"%s\"", what,
					 ids->v[i]);
	}
	return 0;
}

static bool same_resources(const struct container_spec *a, const struct container_spec *b)
{
	static const struct container_resources none = { 0 };

	return model_eq(&container_resources_type, a->resources ? a->resources : &none,
			b->resources ? b->resources : &none);
}

/* Limits of running containers change with the document, or neither does. */
static int update_limits(struct change *c, struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->diff.updated.n; i++) {
		struct container_run run cleanup_container_run = { 0 };
		const char *id = c->diff.updated.v[i];
		const struct container_spec *old = cell_container(&c->stored.spec, id);
		const struct container_spec *new = cell_container(&c->want->spec, id);
		const struct container_status *st = cell_container_status(&c->stored, id);

		if (!old || !new || !st || st->state != CONTAINER_STATE_READY ||
		    same_resources(old, new))
			continue;
		container_run_init(&run, c->e, c->ns, &c->stored, old);
		r = container_update(&run, new->resources, err);
	}
	return r;
}

static int recreate_containers(struct change *c, struct kerr *err)
{
	bool down = is_down(&c->stored);
	int r = update_limits(c, err);

	for (size_t i = 0; r == 0 && i < c->diff.removed.n; i++)
		r = cell_drop_container_locked(c->e, c->ns, &c->stored, c->diff.removed.v[i], err);
	for (size_t i = 0; r == 0 && i < c->diff.recreated.n; i++)
		r = cell_reset_container_locked(c->e, c->ns, &c->stored, c->diff.recreated.v[i],
						err);
	if (r == 0)
		r = store_wanted(c, err);
	if (r < 0)
		return r;
	if (down)
		return start_down(c, err);
	r = start_each(c, &c->diff.recreated, "recreated", err);
	return r < 0 ? r : start_each(c, &c->diff.added, "added", err);
}

static int recreate_cell(struct change *c, struct kerr *err)
{
	bool down = is_down(&c->stored);
	int r;

	r = cell_stop_locked(c->e, c->ns, &c->stored, CELL_DELETE_GRACE_MS, CELL_STOP_NO_SAVE, err);
	for (size_t i = 0; r == 0 && i < c->stored.spec.containers.n; i++)
		r = cell_reset_container_locked(c->e, c->ns, &c->stored,
						c->stored.spec.containers.v[i].id, err);
	if (r == 0)
		r = store_wanted(c, err);
	if (r == 0)
		r = down ? start_down(c, err) : cell_start_locked(c->e, c->ns, &c->stored, 0, err);
	return r < 0 ? kerr_wrap(err, r, "failed to recreate cell") : 0;
}

static int in_place(struct change *c, struct kerr *err)
{
	bool down = is_down(&c->stored);
	int r = update_limits(c, err);

	if (r == 0)
		r = store_wanted(c, err);
	if (r == 0) /* other policies may have something to do now */
		wake_ask(c->e, &c->a);
	return r == 0 && down ? start_down(c, err) : r;
}

static int carry_out(struct change *c, struct kerr *err)
{
	int r = diff_refusal(&c->diff, KIND_CELL, c->a.cell, err);

	if (r < 0)
		return r;
	switch (c->diff.action) {
	case DIFF_NONE:
		return leave_or_start(c, err);
	case DIFF_IN_PLACE:
		r = in_place(c, err);
		break;
	case DIFF_RECREATE_CONTAINERS:
		r = recreate_containers(c, err);
		break;
	case DIFF_RECREATE_CELL:
		r = recreate_cell(c, err);
		break;
	case DIFF_REFUSED:
		break;
	}
	if (r < 0)
		return kerr_wrap(err, r, "failed to update cell");
	say(c, "updated");
	return 0;
}

static int change_cell(struct engine *e, const struct addr *a, struct cell_doc *want,
		       const char *only, struct rpc_apply_resource *res, struct kerr *err)
{
	struct cell_doc stored = { 0 };
	char *ns = NULL;
	int r;

	r = system_refuse(a, "start or stop", err);
	if (r == 0)
		r = cell_take(e, a, &stored, &ns, err);
	if (r < 0)
		return kerr_wrap(err, r, "failed to get cell");
	{
		struct change c cleanup_(change_clear) = { .e = e,
							   .a = *a,
							   .ns = ns,
							   .stored = stored,
							   .want = want,
							   .res = res,
							   .only = only };

		r = cell_observe(e, ns, &c.stored, NULL, err);
		if (r == 0)
			r = cell_inherit(e, a, want, only, err);
		if (r == 0)
			r = container_check_cell(e, want, err);
		if (r < 0)
			return r;
		diff_doc(KIND_CELL, &c.stored, want, &c.diff);
		return carry_out(&c, err);
	}
}

int apply_cell(struct engine *e, struct cell_doc *want, struct rpc_apply_resource *res,
	       struct kerr *err)
{
	struct rpc_create_cell_result created = { 0 };
	struct addr a;
	int r;

	r = cell_normalise(want, NULL, err);
	if (r < 0)
		return r;
	a = addr_of_cell(want);
	r = scope_check(&a, ADDR_CELL, SCOPE_STRICT, err);
	if (r == 0)
		r = store_exists(&e->layout, &a, err);
	if (r < 0)
		return r;
	if (r > 0)
		return change_cell(e, &a, want, NULL, res, err);
	r = cell_create(e, want, CELL_CREATE_PARENTS, &created, err);
	model_clear(rpc_method_get(RPC_CREATE_CELL)->reply,
		    &(struct rpc_create_cell_reply){ .result = created });
	if (r == 0)
		res->action = xstrdup("created");
	return r;
}

/* ---- a container by itself ---- */

static void set_container(struct cell_doc *cell, const struct container_spec *c)
{
	struct container_spec *old = cell_container(&cell->spec, c->id);

	if (!old)
		old = vec_grow(&cell->spec.containers.v, &cell->spec.containers.n, sizeof(*old));
	model_copy(&container_spec_type, old, c);
}

static void say_labels(struct rpc_apply_resource *res)
{
	free(res->action);
	res->action = xstrdup("updated");
	strlist_add(&res->changes, "labels");
}

static bool has_container(const struct cell_doc *cell, const char *id)
{
	return cell_container(&cell->spec, id) != NULL;
}

/*
 * The container takes its place in the cell as it is stored, and that cell is
 * applied: so both ways come to the same end. A container of a cell that is not
 * Ready is stored and waits.
 */
int apply_container(struct engine *e, struct container_doc *want, struct rpc_apply_resource *res,
		    struct kerr *err)
{
	struct cell_doc cell = { 0 };
	struct addr a;
	bool existed;
	int r;

	r = doc_normalise(KIND_CONTAINER, want, NULL, err);
	if (r < 0)
		return r;
	a = (struct addr){ .realm = want->spec.realm_id,
			   .space = want->spec.space_id,
			   .stack = want->spec.stack_id,
			   .cell = want->spec.cell_id };
	r = scope_check(&a, ADDR_CELL, SCOPE_STRICT, err);
	if (r < 0)
		return r;
	r = store_load(&e->layout, &a, 0, &cell, err);
	if (r == -ENOENT)
		return kerr_setk(err, ERR_CELL_NOT_FOUND, r,
				 "parent cell \"%s\" not found: cell not found", a.cell);
	if (r == 0) {
		existed = has_container(&cell, want->spec.id);
		set_container(&cell, &want->spec);
		r = cell_normalise(&cell, NULL, err);
	}
	if (r == 0)
		r = change_cell(e, &a, &cell, want->spec.id, res, err);
	if (r == 0) {
		r = container_labels_save(e, &a, want->spec.id, &want->head.metadata.labels, err);
		if (r > 0 && streq(res->action, "unchanged"))
			say_labels(res);
		r = r > 0 ? 0 : r;
	}
	if (r == 0 && !existed) {
		free(res->action);
		res->action = xstrdup("created");
		strlist_clear(&res->changes);
	}
	model_clear(&cell_doc_type, &cell);
	return r;
}
