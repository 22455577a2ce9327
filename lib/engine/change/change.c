/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cell_inherit.h"
#include "cell_link.h"
#include "cell_names.h"
#include "cell_ports.h"
#include "cell_start.h"
#include "cell_status.h"
#include "cell_stop.h"
#include "change.h"
#include "container.h"
#include "container_check.h"
#include "container_labels.h"
#include "container_trial.h"
#include "convert.h"
#include "copy.h"
#include "dry_run.h"
#include "mem.h"
#include "scope.h"
#include "status.h"
#include "str.h"
#include "wake.h"

void change_clear(struct change *c)
{
	ending_clear(&c->wait);
	plan_clear(&c->plan);
	model_clear(&cell_doc_type, &c->stored);
	model_clear(&cell_doc_type, &c->placed);
	free_p(&c->ns);
}

/* ---- deciding ---- */

/*
 * Put the container into a copy of the stored cell and apply that cell, so that applying a
 * Container document and a Cell document give the same result.
 */
static int place_container(struct change *c, struct kerr *err)
{
	model_copy(&cell_doc_type, &c->placed, &c->stored);
	plan_place_container(&c->placed, &c->one->spec);
	c->want = &c->placed;
	return cell_normalise(c->want, NULL, err);
}

static bool labels_differ(const struct change *c)
{
	const struct strmap *want = &c->one->head.metadata.labels;
	const struct strmap *planned =
		c->dry ? dry_run_labels(c->dry, &c->a, c->one->spec.id) : NULL;

	return planned ? !strmap_eq(planned, want)
		       : container_labels_differ(c->e, &c->a, c->one->spec.id, want);
}

int change_decide(struct change *c, struct kerr *err)
{
	struct plan_cell in = { .stored = &c->stored,
				.only = c->one ? c->one->spec.id : NULL,
				.was_up = c->was_up,
				.labels = c->one && labels_differ(c) };
	int r = c->one ? place_container(c, err) : 0;

	if (r == 0 && c->kept)
		plan_keep(c->want, &c->stored, c->kept);
	if (r == 0)
		r = cell_inherit(c->e, &c->a, c->want, in.only, err);
	if (r == 0)
		r = container_check_cell(c->e, c->want, err);
	if (r == 0)
		r = cell_networks_check(c->e, c->want, err);
	in.want = c->want;
	in.by_plugins = r == 0 && !cell_ports_same(&c->stored.spec, &c->want->spec) &&
			cell_ports_by_plugins(c->e, &c->a);
	return r < 0 ? r : plan_cell(&in, &c->plan, err);
}

/* ---- steps ---- */

/*
 * Check that the container can be created (made), or that an existing one can be started.
 * In a dry run an image that is not pulled yet is no error.
 */
static int try_one(struct change *c, const struct cell_doc *cell, const char *id, bool made,
		   struct kerr *err)
{
	enum container_image_flags flags =
		(made ? 0 : CONTAINER_IMAGE_MADE) | (c->dry ? CONTAINER_IMAGE_LATER : 0);
	cleanup_container_run struct container_run run = { 0 };
	int r;

	if (c->dry && !scope_namespace_ready(c->e, c->ns)) /* the realm does not exist yet */
		return 0;
	container_run_init(&run, c->e, c->ns, cell, cell_container(&cell->spec, id));
	r = container_try(&run, cell, flags, err);
	return r < 0 ? r : 0;
}

static int try_container(struct change *c, const struct step *s, struct kerr *err)
{
	return try_one(c, c->want, s->id, true, err);
}

/* 1: containers are still in their grace period; they are added to c->wait. */
static int end(struct change *c, const struct step *s, struct kerr *err)
{
	struct stop_how how = { .only = s->id, .grace_ms = CELL_DELETE_GRACE_MS };

	if (!s->id)
		return cell_end_locked(c->e, c->ns, &c->stored, &how, &c->wait, err);
	how.flags = CELL_STOP_NO_SAVE;
	return cell_end_one_locked(c->e, c->ns, &c->stored, &how, &c->wait, err);
}

static int set_limits(struct change *c, const struct step *s, struct kerr *err)
{
	cleanup_container_run struct container_run run = { 0 };

	container_run_init(&run, c->e, c->ns, &c->stored, cell_container(&c->stored.spec, s->id));
	return container_update(&run, cell_container(&c->want->spec, s->id)->resources, err);
}

static int claim(struct change *c, const struct step *s, struct kerr *err)
{
	(void) s;
	return cell_ports_check(c->e, c->want, NULL, err);
}

static int look_claim(struct change *c, const struct step *s, struct kerr *err)
{
	(void) s;
	return dry_run_claim_ports(c->dry, c->want, err);
}

static int open_ports(struct change *c, const struct step *s, struct kerr *err)
{
	(void) s;
	return c->run.complete ? cell_ports_change(c->e, c->want, &c->run, err) : 0;
}

static int stop(struct change *c, const struct step *s, struct kerr *err)
{
	(void) s;
	return cell_stop_locked(c->e, c->ns, &c->stored, CELL_STOP_NO_SAVE, err);
}

static int drop(struct change *c, const struct step *s, struct kerr *err)
{
	return cell_drop_container_locked(c->e, c->ns, &c->stored, s->id, err);
}

static int reset(struct change *c, const struct step *s, struct kerr *err)
{
	return cell_reset_container_locked(c->e, c->ns, &c->stored, s->id, err);
}

/* A recreated container has never been started: clear its stored status. */
static void forget_runs(struct change *c)
{
	for (size_t i = 0; i < c->plan.diff.recreated.n; i++) {
		const char *id = c->plan.diff.recreated.v[i];
		struct container_status *st = cell_container_status(&c->stored, id);

		if (!st)
			continue;
		model_clear(&container_status_type, st);
		st->name = xstrdup(id);
		st->id = xstrdup(id);
	}
}

/* Replace the stored spec by the new one and keep the status. */
static void become_wanted(struct change *c)
{
	diff_merge_cell(c->want, &c->stored);
	model_copy(&cell_doc_type, &c->stored, c->want);
	status_align(&c->stored);
	forget_runs(c);
}

static int store(struct change *c, const struct step *s, struct kerr *err)
{
	int r;

	(void) s;
	become_wanted(c);
	r = cell_observe(c->e, c->ns, &c->stored, NULL, err);
	return r < 0 ? r : cell_save(c->e, &c->stored, 0, err);
}

static int look_store(struct change *c, const struct step *s, struct kerr *err)
{
	(void) s;
	(void) err;
	become_wanted(c);
	dry_run_store(c->dry, &c->a, &c->stored);
	return 0;
}

static int tell_names(struct change *c, const struct step *s, struct kerr *err)
{
	(void) s;
	return cell_names_keep_locked(c->e, &c->stored, err);
}

static int wake(struct change *c, const struct step *s, struct kerr *err)
{
	(void) s;
	(void) err;
	wake_ask(c->e, &c->a);
	return 0;
}

static int mend(struct change *c, const struct step *s, struct kerr *err)
{
	(void) s;
	return cell_link_mend_locked(c->e, &c->stored, &c->run, err);
}

static int start(struct change *c, const struct step *s, struct kerr *err)
{
	return s->id ? cell_start_one_locked(c->e, c->ns, &c->stored, s->id, err)
		     : cell_start_locked(c->e, c->ns, &c->stored, 0, err);
}

/* Record in the dry run the state after the start: Ready, or Failed where it would fail. */
static void remember_start(struct change *c, const char *id, bool failed)
{
	struct cell_doc *d = &c->stored;

	d->status.state = failed ? CELL_STATE_FAILED : CELL_STATE_READY;
	for (size_t i = 0; !failed && i < d->spec.containers.n; i++) {
		struct container_status *st = cell_container_status(d, d->spec.containers.v[i].id);

		if (st && (!id || streq(d->spec.containers.v[i].id, id)))
			st->state = CONTAINER_STATE_READY;
	}
	dry_run_store(c->dry, &c->a, d);
}

static int look_start(struct change *c, const struct step *s, struct kerr *err)
{
	int r = scope_refuse_deleting(c->e, &c->a, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < c->stored.spec.containers.n; i++) {
		const struct container_spec *one = &c->stored.spec.containers.v[i];

		/* Containers to be created were checked by STEP_TRY already. */
		if (!container_is_synthesized(one) && (!s->id || streq(one->id, s->id)) &&
		    !plan_makes(&c->plan, one->id))
			r = try_one(c, &c->stored, one->id, false, err);
	}
	remember_start(c, s->id, r < 0);
	return r;
}

static int save_labels(struct change *c, const struct step *s, struct kerr *err)
{
	(void) s;
	return container_labels_save(c->e, &c->a, c->one->spec.id, &c->one->head.metadata.labels,
				     err);
}

static int look_labels(struct change *c, const struct step *s, struct kerr *err)
{
	(void) s;
	(void) err;
	dry_run_set_labels(c->dry, &c->a, c->one->spec.id, &c->one->head.metadata.labels);
	return 0;
}

typedef int step_fn(struct change *c, const struct step *s, struct kerr *err);

/* look: what a dry run does instead; NULL: the step cannot be checked in advance. */
static const struct {
	step_fn *act, *look;
	bool wrapped; /* put plan.failed in front of its error */
} steps[_STEP_MAX] = {
	[STEP_TRY] = { try_container, try_container, false },
	[STEP_CLAIM] = { claim, look_claim, false },
	[STEP_PORTS] = { open_ports, NULL, true },
	[STEP_END] = { end, NULL, false },
	[STEP_LIMITS] = { set_limits, NULL, true },
	[STEP_STOP] = { stop, NULL, true },
	[STEP_DROP] = { drop, NULL, true },
	[STEP_RESET] = { reset, NULL, true },
	[STEP_STORE] = { store, look_store, true },
	[STEP_NAMES] = { tell_names, NULL, true },
	[STEP_WAKE] = { wake, NULL, true },
	[STEP_MEND] = { mend, NULL, true },
	[STEP_START] = { start, look_start, true },
	[STEP_LABELS] = { save_labels, look_labels, false },
};

static int wrap(const struct change *c, const struct step *s, int r, struct kerr *err)
{
	if (s->kind == STEP_START && s->id)
		(void) kerr_wrap(err, r, "failed to start %s container \"%s\"", s->what, s->id);
	if (steps[s->kind].wrapped && c->plan.failed)
		(void) kerr_wrap(err, r, "%s", c->plan.failed);
	return r;
}

int change_walk(struct change *c, struct kerr *err)
{
	c->was_up |= !plan_is_down(&c->stored);
	for (size_t i = 0; i < c->plan.n; i++) {
		const struct step *s = &c->plan.v[i];
		step_fn *fn = c->dry ? steps[s->kind].look : steps[s->kind].act;
		int r;

		if (c->wait.n > 0 && s->kind != STEP_END)
			return 1; /* the lock is released for the wait: decide again afterwards */
		r = fn ? fn(c, s, err) : 0;
		if (r < 0)
			return wrap(c, s, r, err);
	}
	return 0;
}

int change_look_new(struct change *c, struct kerr *err)
{
	int r;

	model_copy(&cell_doc_type, &c->stored, c->want);
	status_align(&c->stored);
	r = scope_namespace(c->e, c->a.realm, &c->ns, err);
	if (r == 0) /* with the defaults of its space */
		r = container_check_cell(c->e, &c->stored, err);
	if (r == 0)
		r = dry_run_claim_ports(c->dry, &c->stored, err);
	for (size_t i = 0; r == 0 && i < c->stored.spec.containers.n; i++)
		if (!container_is_synthesized(&c->stored.spec.containers.v[i]))
			r = try_one(c, &c->stored, c->stored.spec.containers.v[i].id, true, err);
	remember_start(c, NULL, r < 0);
	return r;
}
