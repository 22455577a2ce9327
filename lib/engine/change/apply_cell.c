/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "apply_cell.h"
#include "cell_create.h"
#include "cell_inherit.h"
#include "cell_link.h"
#include "cell_load.h"
#include "cell_start.h"
#include "cell_status.h"
#include "cell_stop.h"
#include "container.h"
#include "container_check.h"
#include "container_labels.h"
#include "container_trial.h"
#include "convert.h"
#include "daemon_cell.h"
#include "diff.h"
#include "ending.h"
#include "errkind.h"
#include "images.h"
#include "mem.h"
#include "scope.h"
#include "status.h"
#include "str.h"
#include "wake.h"

/* Who keeps deleting what another applies is told so. */
#define ROUNDS_MAX 20

/* A cell that is being changed; its lock is held. */
struct change {
	struct engine *e;
	struct addr a;
	char *ns;
	struct cell_doc stored;
	struct cell_doc *want;
	struct diff diff;
	struct rpc_apply_resource *res;
	const struct strlist *kept; /* containers with documents of their own; NULL */
	const char *only; /* a Container document's: a cell that is down stays down */
	bool existed; /* that container */
	bool was_up; /* before this change asked it to end */
	struct cell_run run; /* of the cell as it was found */
	struct ending wait; /* what is to be replaced and has time left */
};

static void change_clear(struct change *c)
{
	ending_clear(&c->wait);
	if (!c->e)
		return;
	locks_drop_path(c->e->locks, &c->a);
	model_clear(&cell_doc_type, &c->stored);
	diff_clear(&c->diff);
	free(c->ns);
}

/* ---- results ---- */

void apply_say(struct rpc_apply_resource *res, const char *action, const struct diff *d)
{
	free(res->action);
	res->action = xstrdup(action);
	if (d) {
		strlist_copy(&res->changes, &d->changes);
		strmap_copy(&res->details, &d->details);
	} else {
		strlist_clear(&res->changes);
		strmap_clear(&res->details);
	}
}

void apply_say_started(struct rpc_apply_resource *res, const struct cell_doc *stored)
{
	apply_say(res, "updated", NULL);
	strlist_add(&res->changes, "runtime stopped: containers re-materialized");
	for (size_t i = 0; i < stored->spec.containers.n; i++)
		if (!stored->spec.containers.v[i].root)
			strlist_addf(&res->changes, "container \"%s\" re-materialized",
				     stored->spec.containers.v[i].id);
}

void apply_say_rest(struct rpc_apply_resource *res, const struct strlist *ids)
{
	apply_say(res, ids->n > 0 ? "updated" : "unchanged", NULL);
	for (size_t i = 0; i < ids->n; i++)
		strlist_addf(&res->changes, "container \"%s\" re-materialized", ids->v[i]);
}

void apply_say_labels(struct rpc_apply_resource *res)
{
	if (!streq(res->action, "updated"))
		apply_say(res, "updated", NULL);
	strlist_add(&res->changes, "metadata.labels");
	strmap_set(&res->details, "metadata.labels", "labels changed");
}

int apply_no_cell(const struct addr *cell, struct kerr *err)
{
	return kerr_setk(err, ERR_CELL_NOT_FOUND, -ENOENT,
			 "parent cell \"%s\" not found: cell not found", cell->cell);
}

/* ---- a cell ---- */

bool apply_is_down(const struct cell_doc *d)
{
	return d->status.state == CELL_STATE_STOPPED || d->status.state == CELL_STATE_FAILED ||
	       d->status.state == CELL_STATE_PENDING;
}

static int start_down(struct change *c, struct kerr *err)
{
	return c->only ? 0 : cell_start_locked(c->e, c->ns, &c->stored, 0, err);
}

/* A container that is made anew has never been started, which the stored status shows. */
static void forget_runs(struct change *c, const struct strlist *ids)
{
	for (size_t i = 0; i < ids->n; i++) {
		struct container_status *st = cell_container_status(&c->stored, ids->v[i]);

		if (!st)
			continue;
		model_clear(&container_status_type, st);
		st->name = xstrdup(ids->v[i]);
		st->id = xstrdup(ids->v[i]);
	}
}

/* The new spec becomes the stored one; what is known of the cell stays. */
static int store_wanted(struct change *c, struct kerr *err)
{
	int r;

	diff_merge_cell(c->want, &c->stored);
	model_copy(&cell_doc_type, &c->stored, c->want);
	status_align(&c->stored);
	forget_runs(c, &c->diff.recreated);
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

void apply_never_started(const struct cell_doc *d, struct strlist *ret)
{
	for (size_t i = 0; d->status.state == CELL_STATE_READY && i < d->spec.containers.n; i++)
		if (!container_is_synthesized(&d->spec.containers.v[i]) &&
		    d->status.containers.v[i].state == CONTAINER_STATE_PENDING)
			strlist_add(ret, d->spec.containers.v[i].id);
}

static int start_rest(struct change *c, struct kerr *err)
{
	struct strlist ids cleanup_strlist = { 0 };
	int r;

	apply_never_started(&c->stored, &ids);
	r = start_each(c, &ids, "recreated", err);
	if (r == 0)
		apply_say_rest(c->res, &ids);
	return r;
}

/* Nothing differs: what is down is started, everything else is left alone. */
static int leave_or_start(struct change *c, struct kerr *err)
{
	int r;

	if (!apply_is_down(&c->stored)) {
		r = cell_link_mend_locked(c->e, &c->stored, &c->run, err);
		return r < 0 ? r : start_rest(c, err);
	}
	if (c->only) {
		apply_say(c->res, "unchanged", NULL);
		return 0;
	}
	r = cell_start_locked(c->e, c->ns, &c->stored, 0, err);
	if (r < 0)
		return kerr_wrap(err, r, "failed to re-materialize cell");
	apply_say_started(c->res, &c->stored);
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

		if (!old || !new || !st || !container_state_is_up(st->state) ||
		    same_resources(old, new))
			continue;
		container_run_init(&run, c->e, c->ns, &c->stored, old);
		r = container_update(&run, new->resources, err);
	}
	return r;
}

/*
 * What is to be replaced or removed ends first, with its grace. 1: something has time
 * left; then the change is looked at anew, as others may have made theirs meanwhile.
 */
static int end_replaced(struct change *c, struct kerr *err)
{
	const struct strlist *lists[] = { &c->diff.removed, &c->diff.recreated };
	struct stop_how how = { .grace_ms = CELL_DELETE_GRACE_MS };
	int r = 0;

	if (c->diff.action == DIFF_RECREATE_CELL)
		return cell_end_locked(c->e, c->ns, &c->stored, &how, &c->wait, err);
	how.flags = CELL_STOP_NO_SAVE;
	for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
		for (size_t i = 0; r >= 0 && i < lists[k]->n; i++) {
			how.only = lists[k]->v[i];
			r = cell_end_one_locked(c->e, c->ns, &c->stored, &how, &c->wait, err);
		}
	return r < 0 ? r : c->wait.n > 0;
}

static bool is_down(const struct change *c)
{
	return !c->was_up && apply_is_down(&c->stored);
}

static int recreate_containers(struct change *c, struct kerr *err)
{
	bool down = apply_is_down(&c->stored);
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
	int r = cell_stop_locked(c->e, c->ns, &c->stored, CELL_STOP_NO_SAVE, err);

	for (size_t i = 0; r == 0 && i < c->stored.spec.containers.n; i++)
		r = cell_reset_container_locked(c->e, c->ns, &c->stored,
						c->stored.spec.containers.v[i].id, err);
	if (r == 0)
		r = store_wanted(c, err);
	if (r == 0)
		r = is_down(c) ? start_down(c, err)
			       : cell_start_locked(c->e, c->ns, &c->stored, 0, err);
	return r;
}

static int in_place(struct change *c, struct kerr *err)
{
	bool down = apply_is_down(&c->stored);
	int r = update_limits(c, err);

	if (r == 0)
		r = store_wanted(c, err);
	if (r == 0) /* other policies may have something to do now */
		wake_ask(c->e, &c->a);
	return r == 0 && down ? start_down(c, err) : r;
}

static bool is_made(const struct diff *d, const char *id)
{
	return !d || d->action == DIFF_RECREATE_CELL || strlist_has(&d->recreated, id) ||
	       strlist_has(&d->added, id);
}

int apply_try(struct engine *e, const char *ns, const struct cell_doc *want, const struct diff *d,
	      enum apply_try_flags flags, struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < want->spec.containers.n; i++) {
		struct container_run run cleanup_container_run = { 0 };
		const struct container_spec *spec = &want->spec.containers.v[i];
		bool made = is_made(d, spec->id);

		if (container_is_synthesized(spec) || !(made || flags & APPLY_TRY_ALL))
			continue;
		container_run_init(&run, e, ns, want, spec);
		r = container_try(&run, want,
				  (made ? 0 : CONTAINER_IMAGE_MADE) |
					  (flags & APPLY_TRY_PLAN ? CONTAINER_IMAGE_LATER : 0),
				  err);
	}
	return r < 0 ? r : 0;
}

/* None is given up for one that cannot be made. What waits may wait for its image too. */
static int check_made(struct change *c, struct kerr *err)
{
	return c->only && is_down(c) ? 0 : apply_try(c->e, c->ns, c->want, &c->diff, 0, err);
}

static int carry_out(struct change *c, struct kerr *err)
{
	int r = diff_refusal(&c->diff, KIND_CELL, c->a.cell, err);

	if (r == 0)
		r = check_made(c, err);
	if (r == 0) {
		c->was_up = !is_down(c);
		r = end_replaced(c, err);
	}
	if (r != 0)
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
		return c->diff.action == DIFF_RECREATE_CELL
			       ? kerr_wrap(err, r, "failed to recreate cell")
			       : kerr_wrap(err, r, "failed to update cell");
	apply_say(c->res, "updated", &c->diff);
	return 0;
}

/*
 * A container takes its place in the cell as it is stored, and that cell is
 * applied: so both ways come to the same end.
 */
static int place_container(struct change *c, const struct container_spec *one, struct cell_doc *ret,
			   struct kerr *err)
{
	c->existed = cell_container(&c->stored.spec, one->id) != NULL;
	model_copy(&cell_doc_type, ret, &c->stored);
	apply_set_container(ret, one);
	c->want = ret;
	return cell_normalise(ret, NULL, err);
}

void apply_keep(struct cell_doc *want, const struct cell_doc *stored, const struct strlist *kept)
{
	for (size_t i = 0; i < stored->spec.containers.n; i++) {
		const struct container_spec *c = &stored->spec.containers.v[i];

		if (!c->root && strlist_has(kept, c->id) && !cell_container(&want->spec, c->id))
			apply_set_container(want, c);
	}
}

/* Its lock is held. one: NULL, or the container that the cell is changed in. */
static int change_locked(struct change *c, const struct container_spec *one, struct kerr *err)
{
	struct cell_doc placed = { 0 };
	struct cell_seen seen = { 0 };
	int r;

	r = cell_observe(c->e, c->ns, &c->stored, &seen, err);
	c->run = seen.run;
	if (r == 0 && one)
		r = place_container(c, one, &placed, err);
	if (r == 0 && c->kept)
		apply_keep(c->want, &c->stored, c->kept);
	if (r == 0)
		r = cell_inherit(c->e, &c->a, c->want, c->only, err);
	if (r == 0)
		r = container_check_cell(c->e, c->want, err);
	if (r == 0) {
		diff_doc(KIND_CELL, &c->stored, c->want, &c->diff);
		r = carry_out(c, err);
	}
	if (one)
		c->want = NULL; /* it was placed; another turn places it anew */
	model_clear(&cell_doc_type, &placed);
	return r;
}

static int change_begin(struct change *c, struct engine *e, const struct addr *a,
			struct rpc_apply_resource *res, struct kerr *err)
{
	int r = daemon_cell_refuse(a, "start or stop", err);

	if (r == 0)
		r = cell_take(e, a, 0, &c->stored, &c->ns, err);
	if (r < 0)
		return r;
	c->e = e;
	c->a = *a;
	c->res = res;
	return 0;
}

/* A turn at a change. 1: what is to be replaced has time left: *wait, and again. */
static int change_turn(struct change *c, const struct container_spec *one, struct ending *wait,
		       struct kerr *err)
{
	int r = change_locked(c, one, err);

	*wait = c->wait;
	c->wait = (struct ending){ 0 };
	return r;
}

static int change_cell(struct engine *e, struct cell_doc *want, const struct strlist *kept,
		       struct rpc_apply_resource *res, struct kerr *err)
{
	struct addr_copy names cleanup_(addr_copy_clear) = { 0 };
	struct ending wait cleanup_ending = { 0 };
	struct addr a = addr_of_cell(want);
	bool was_up = false;
	int r;

	addr_copy_set(&names, &a);
	images_ensure(e, &names.a, want, NULL);
	for (;;) {
		struct change c cleanup_(
			change_clear) = { .want = want, .kept = kept, .was_up = was_up };

		r = change_begin(&c, e, &names.a, res, err);
		if (r < 0)
			return kerr_wrap(err, r, "failed to get cell");
		r = change_turn(&c, NULL, &wait, err);
		was_up = c.was_up;
		if (r != 1)
			return r;
		change_clear(&c);
		c = (struct change){ 0 };
		r = ending_wait(e, &wait, ENDING_STAY, err);
		if (r < 0)
			return r;
	}
}

/* 1: another process has created it meanwhile. */
static int create_cell(struct engine *e, struct cell_doc *want, struct rpc_apply_resource *res,
		       struct kerr *err)
{
	struct rpc_create_cell_result created = { 0 };
	int r = cell_create(e, want, CELL_CREATE_PARENTS | CELL_CREATE_ONLY, &created, err);

	if (r == -EEXIST && created.metadata_exists_pre)
		r = 1;
	model_clear(rpc_method_get(RPC_CREATE_CELL)->reply,
		    &(struct rpc_create_cell_reply){ .result = created });
	if (r == 0)
		res->action = xstrdup("created");
	return r;
}

/*
 * Whether there is a cell to change is known under its lock only: one that others
 * delete or create just now is looked at again.
 */
int apply_cell(struct engine *e, struct cell_doc *want, const struct strlist *kept,
	       struct rpc_apply_resource *res, struct kerr *err)
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
		int there;

		a = addr_of_cell(want); /* a try may have made new strings of the names */
		there = store_exists(&e->layout, &a, err);
		if (there < 0)
			return there;
		why = (struct kerr){ 0 };
		r = there ? change_cell(e, want, kept, res, &why) : create_cell(e, want, res, &why);
		again = r > 0 || (there && why.kind == ERR_CELL_NOT_FOUND);
	}
	if (r != 0 && err)
		*err = why;
	return r > 0 ? -EBUSY : r;
}

/* ---- a container by itself ---- */

void apply_set_container(struct cell_doc *cell, const struct container_spec *c)
{
	struct container_spec *old = cell_container(&cell->spec, c->id);

	if (!old)
		old = vec_grow(&cell->spec.containers.v, &cell->spec.containers.n, sizeof(*old));
	model_copy(&container_spec_type, old, c);
}

static int change_labels(struct change *c, const struct container_doc *want, struct kerr *err)
{
	int r = container_labels_save(c->e, &c->a, c->only, &want->head.metadata.labels, err);

	if (r > 0)
		apply_say_labels(c->res);
	return r < 0 ? r : 0;
}

/* 1: what it replaces has time left: *wait, and again. */
static int container_turn(struct change *c, struct engine *e, const struct addr *a,
			  struct container_doc *want, struct rpc_apply_resource *res,
			  struct ending *wait, struct kerr *err)
{
	int r = change_begin(c, e, a, res, err);

	if (r == -ENOENT)
		return apply_no_cell(a, err);
	if (r < 0)
		return kerr_wrap(err, r, "failed to get cell");
	c->only = want->spec.id;
	r = change_turn(c, &want->spec, wait, err);
	if (r == 0)
		r = change_labels(c, want, err);
	if (r == 0 && !c->existed)
		apply_say(res, "created", NULL);
	return r;
}

/* A container of a cell that is not Ready is stored and waits. */
int apply_container(struct engine *e, struct container_doc *want, struct rpc_apply_resource *res,
		    struct kerr *err)
{
	struct ending wait cleanup_ending = { 0 };
	bool was_up = false;
	struct addr a;
	int r;

	r = doc_normalise(KIND_CONTAINER, want, NULL, err);
	if (r < 0)
		return r;
	a = addr_of_container(want);
	r = scope_check(&a, ADDR_CELL, SCOPE_STRICT, err);
	if (r < 0)
		return r;
	images_ensure_one(e, &a, want->spec.id, want->spec.image);
	for (;;) {
		struct change c cleanup_(change_clear) = { .was_up = was_up };

		r = container_turn(&c, e, &a, want, res, &wait, err);
		was_up = c.was_up;
		if (r != 1)
			return r;
		change_clear(&c);
		c = (struct change){ 0 };
		r = ending_wait(e, &wait, ENDING_STAY, err);
		if (r < 0)
			return r;
	}
}
