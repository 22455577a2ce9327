/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "apply_cell.h"
#include "cell_create.h"
#include "cell_load.h"
#include "cell_status.h"
#include "cell_stop.h"
#include "change.h"
#include "convert.h"
#include "copy.h"
#include "daemon_cell.h"
#include "dry_run.h"
#include "errkind.h"
#include "images.h"
#include "mem.h"
#include "model.h"
#include "overlay.h"
#include "parents.h"
#include "scope.h"
#include "stops.h"

/* Tries of an apply while the same cell is deleted and created by others; then it fails. */
#define ROUNDS_MAX 20

/* ---- an existing cell ---- */

/* For a dry run: takes no lock, and sees the changes planned so far. */
static int load_for_dry_run(struct change *c, struct kerr *err)
{
	int r = store_load(&c->e->layout, &c->a, 0, &c->stored, err);

	if (r == -ENOENT)
		return scope_not_found(&c->a, err);
	if (r == 0)
		r = cell_check_rest(c->e, &c->a, err);
	return r < 0 ? r : scope_namespace(c->e, c->a.realm, &c->ns, err);
}

static int take(struct change *c, struct kerr *err)
{
	int r = daemon_cell_refuse(&c->a, "start or stop", err);

	if (r < 0)
		return r;
	return c->dry ? load_for_dry_run(c, err)
		      : cell_take(c->e, &c->a, 0, &c->stored, &c->ns, err);
}

static int take_or_explain(struct change *c, struct kerr *err)
{
	int r = take(c, err);

	if (r == -ENOENT && c->one)
		return kerr_setk(err, ERR_CELL_NOT_FOUND, -ENOENT,
				 "parent cell \"%s\" not found: cell not found", c->a.cell);
	return r < 0 ? kerr_wrap(err, r, "failed to get cell") : 0;
}

/* The cell's lock may be held afterwards: cell_release. */
static int decide(struct change *c, struct kerr *err)
{
	struct cell_seen seen = { 0 };
	int r = take_or_explain(c, err);

	if (r < 0)
		return r;
	/* A cell that exists only in the dry run has nothing on this host to observe. */
	if (!overlay_has(c->e->layout.overlay, &c->a))
		r = cell_observe(c->e, c->ns, &c->stored, &seen, err);
	c->run = seen.run;
	return r < 0 ? r : change_decide(c, err);
}

/* One try. 1: containers to be replaced are still in their grace period; wait, then retry. */
static int try_change(struct change *c, struct kerr *err)
{
	int r = decide(c, err);

	if (r == 0)
		r = change_walk(c, err);
	cell_release(c->e, &c->a);
	return r;
}

/* The cell's lock is released while containers end; afterwards the plan is made again. */
static int change_cell(struct change *how, struct rpc_apply_resource *res, struct kerr *err)
{
	struct cell_doc *want = how->want;
	int r;

	for (;;) {
		cleanup_(change_clear) struct change c = *how;

		c.want = want;
		r = try_change(&c, err);
		if (r == 0)
			apply_result_set(res, c.plan.action, &c.plan.changes, &c.plan.details);
		if (r != 1)
			return r;
		how->was_up = c.was_up;
		r = ending_wait(c.e, &c.wait, ENDING_STAY, err);
		if (r < 0)
			return r;
	}
}

/* ---- a new cell ---- */

/* 1: another process created it in the meantime. */
static int create_cell(struct engine *e, struct cell_doc *want, struct kerr *err)
{
	struct rpc_create_cell_result created = { 0 };
	int r = cell_create(e, want, CELL_CREATE_PARENTS | CELL_CREATE_ONLY, &created, err);

	if (r == -EEXIST && created.metadata_exists_pre)
		r = 1;
	model_clear(rpc_method_get(RPC_CREATE_CELL)->reply,
		    &(struct rpc_create_cell_reply){ .result = created });
	return r;
}

/* The checks of cell_create and of its start. A cell that fails to start exists all the same. */
static int check_create(struct engine *e, struct cell_doc *want, struct dry_run *dry,
			struct kerr *err)
{
	cleanup_(change_clear) struct change c = { .e = e, .dry = dry, .want = want };
	int r = cell_create_judge(e, want, err);

	c.a = addr_of_cell(want);
	if (r == 0)
		r = dry_run_create_parents(dry, &c.a, err);
	if (r == 0)
		r = cell_create_check(e, want, err);
	return r < 0 ? r : change_look_new(&c, err);
}

static int create(struct engine *e, struct cell_doc *want, struct dry_run *dry,
		  struct rpc_apply_resource *res, struct kerr *err)
{
	static const struct strlist none;
	static const struct strmap no_details;
	int r = dry ? check_create(e, want, dry, err) : create_cell(e, want, err);

	if (r == 0)
		apply_result_set(res, PLAN_CREATED, &none, &no_details);
	return r;
}

static int change_stored(struct engine *e, struct cell_doc *want, const struct strlist *kept,
			 struct dry_run *dry, struct rpc_apply_resource *res, struct kerr *err)
{
	cleanup_(addr_copy_clear) struct addr_copy names = { 0 };
	struct addr a = addr_of_cell(want);
	struct change how;

	addr_copy_set(&names, &a);
	if (!dry)
		images_ensure(e, &names.a, want, NULL);
	how = (struct change){ .e = e, .a = names.a, .dry = dry, .want = want, .kept = kept };
	return change_cell(&how, res, err);
}

/*
 * Whether the cell exists is certain under its lock only: if it is deleted or created at the
 * same moment, try again.
 */
int apply_cell(struct engine *e, struct cell_doc *want, const struct strlist *kept,
	       struct dry_run *dry, struct rpc_apply_resource *res, struct kerr *err)
{
	struct kerr why = { 0 };
	struct addr a;
	bool again = true;
	int r;

	r = cell_normalise(want, NULL, err);
	if (r < 0)
		return r;
	a = addr_of_cell(want);
	r = scope_check(&a, ADDR_CELL, SCOPE_STRICT, err);
	if (r < 0)
		return r;
	for (unsigned round = 0; again && round < ROUNDS_MAX; round++) {
		int exists;

		a = addr_of_cell(want); /* a try may have reallocated the names */
		exists = store_exists(&e->layout, &a, err);
		if (exists < 0)
			return exists;
		why = (struct kerr){ 0 };
		r = exists ? change_stored(e, want, kept, dry, res, &why)
			   : create(e, want, dry, res, &why);
		again = r > 0 || (exists && why.kind == ERR_CELL_NOT_FOUND);
	}
	if (r != 0 && err)
		*err = why;
	return r > 0 ? -EBUSY : r;
}

/* In a cell that is not up the container is stored only; it starts with the cell. */
int apply_container(struct engine *e, struct container_doc *want, struct dry_run *dry,
		    struct rpc_apply_resource *res, struct kerr *err)
{
	struct change how = { .e = e, .dry = dry, .one = want };
	int r;

	r = doc_normalise(KIND_CONTAINER, want, NULL, err);
	if (r < 0)
		return r;
	how.a = addr_of_container(want);
	r = scope_check(&how.a, ADDR_CELL, SCOPE_STRICT, err);
	if (r < 0)
		return r;
	if (!dry)
		images_ensure_one(e, &how.a, want->spec.id, want->spec.image);
	return change_cell(&how, res, err);
}

/* ---- before several are applied side by side ---- */

/*
 * Most cells of a manifest that is applied again are as they should be. To find that out
 * takes less than to begin a worker, unless another process works on the cell.
 */
static bool is_unchanged(struct engine *e, const struct addr *a, struct cell_doc *want,
			 const struct strlist *kept, struct rpc_apply_resource *res)
{
	cleanup_(change_clear) struct change c = { .e = e, .a = *a, .want = want, .kept = kept };
	struct lock_id lock = lock_id_object(a);
	bool same = false;

	if (locks_held_elsewhere(&e->layout, &lock) != 0 || cell_is_ending(e, a, STOP_CELL))
		return false;
	if (decide(&c, NULL) == 0 && c.plan.action == PLAN_UNCHANGED)
		same = change_walk(&c, NULL) == 0;
	if (same)
		apply_result_set(res, c.plan.action, &c.plan.changes, &c.plan.details);
	cell_release(e, a);
	return same;
}

static void prepare_new(struct engine *e, struct cell_doc *want)
{
	struct addr a;

	if (cell_create_judge(e, want, NULL) < 0)
		return;
	a = addr_of_cell(want);
	if (parents_create(e, &a, NULL) == 0)
		images_ensure(e, &a, want, NULL);
}

static bool prepare_cell(struct engine *e, struct cell_doc *want, const struct strlist *kept,
			 struct rpc_apply_resource *res)
{
	cleanup_(addr_copy_clear) struct addr_copy names = { 0 };
	struct addr a;
	int r = cell_normalise(want, NULL, NULL);

	if (r < 0)
		return false;
	a = addr_of_cell(want);
	r = scope_check(&a, ADDR_CELL, SCOPE_STRICT, NULL);
	if (r == 0)
		r = store_exists(&e->layout, &a, NULL);
	if (r == 0)
		prepare_new(e, want);
	if (r <= 0)
		return false;
	addr_copy_set(&names, &a);
	images_ensure(e, &names.a, want, NULL);
	return is_unchanged(e, &names.a, want, kept, res);
}

bool apply_cell_prepare(struct engine *e, const struct cell_doc *want, const struct strlist *kept,
			struct rpc_apply_resource *res)
{
	struct cell_doc copy = { 0 };
	bool done;

	model_copy(&cell_doc_type, &copy, want);
	done = prepare_cell(e, &copy, kept, res);
	model_clear(&cell_doc_type, &copy);
	locks_drop_all(e->locks);
	return done;
}

void apply_container_prepare(struct engine *e, const struct container_doc *want)
{
	struct container_doc copy = { 0 };
	struct addr a;

	model_copy(&container_doc_type, &copy, want);
	if (doc_normalise(KIND_CONTAINER, &copy, NULL, NULL) == 0) {
		a = addr_of_container(&copy);
		images_ensure_one(e, &a, copy.spec.id, copy.spec.image);
	}
	model_clear(&container_doc_type, &copy);
}
