/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>

#include "cellnet.h"
#include "convert.h"
#include "copy.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "plan.h"
#include "ports.h"
#include "status.h"
#include "str.h"

void plan_clear(struct plan *p)
{
	diff_clear(&p->diff);
	strlist_clear(&p->changes);
	strmap_clear(&p->details);
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].id);
	free(p->v);
	*p = (struct plan){ 0 };
}

/* ---- results ---- */

void apply_result_set(struct rpc_apply_resource *res, enum plan_action action,
		      const struct strlist *changes, const struct strmap *details)
{
	static const char *const words[] = {
		[PLAN_UNCHANGED] = "unchanged",
		[PLAN_CREATED] = "created",
		[PLAN_UPDATED] = "updated",
	};

	static_assert(ARRAY_SIZE(words) == _PLAN_ACTION_MAX, "a word for each");
	free(res->action);
	res->action = xstrdup(words[action]);
	if (changes->n > 0)
		strlist_copy(&res->changes, changes);
	if (details->n > 0)
		strmap_copy(&res->details, details);
}

void apply_result_fail(struct rpc_apply_resource *res, const struct kerr *err)
{
	char text[KERR_TEXT_MAX];

	free(res->action);
	res->action = xstrdup("failed");
	strlist_clear(&res->changes);
	strmap_clear(&res->details);
	res->error = xstrdup(kerr_text(err, text, sizeof(text)));
}

/* ---- steps ---- */

static void add(struct plan *p, enum step_kind kind, const char *id, const char *what)
{
	struct step *s = vec_grow(&p->v, &p->n, sizeof(*s));

	*s = (struct step){ .kind = kind, .id = xstrdup_null(id), .what = what };
}

static void add_each(struct plan *p, enum step_kind kind, const struct strlist *ids,
		     const char *what)
{
	for (size_t i = 0; i < ids->n; i++)
		add(p, kind, ids->v[i], what);
}

bool plan_starts(const struct plan *p, const char *id)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].kind == STEP_START && (!p->v[i].id || streq(p->v[i].id, id)))
			return true;
	return false;
}

bool plan_makes(const struct plan *p, const char *id)
{
	return p->diff.action == DIFF_RECREATE_CELL || strlist_has(&p->diff.recreated, id) ||
	       strlist_has(&p->diff.added, id);
}

/* ---- a cell ---- */

bool plan_is_down(const struct cell_doc *d)
{
	return d->status.state == CELL_STATE_STOPPED || d->status.state == CELL_STATE_FAILED ||
	       d->status.state == CELL_STATE_PENDING;
}

/* The container is stored only: its cell is not up. */
static bool stored_only(const struct plan_cell *in)
{
	return in->only && !in->was_up && plan_is_down(in->stored);
}

static const struct container_status *status_of(const struct cell_doc *d, const char *id)
{
	for (size_t i = 0; i < d->status.containers.n; i++)
		if (streq_null(d->status.containers.v[i].name, id))
			return &d->status.containers.v[i];
	return NULL;
}

/* An apply killed between storing and starting leaves containers that never ran. */
static void start_never_started(const struct cell_doc *d, struct plan *p)
{
	for (size_t i = 0; d->status.state == CELL_STATE_READY && i < d->spec.containers.n; i++) {
		const struct container_spec *c = &d->spec.containers.v[i];
		const struct container_status *st = status_of(d, c->id);

		if (container_is_synthesized(c) || (st && st->state != CONTAINER_STATE_PENDING))
			continue;
		add(p, STEP_START, c->id, "recreated");
		strlist_addf(&p->changes, "container \"%s\" re-materialized", c->id);
	}
}

/* No difference: start what is down and leave the rest alone. */
static void plan_same(const struct plan_cell *in, struct plan *p)
{
	if (!plan_is_down(in->stored)) {
		add(p, STEP_MEND, NULL, NULL);
		start_never_started(in->stored, p);
	} else if (!in->only) {
		add(p, STEP_START, NULL, NULL);
		p->failed = "failed to re-materialize cell";
		strlist_add(&p->changes, "runtime stopped: containers re-materialized");
		for (size_t i = 0; i < in->stored->spec.containers.n; i++)
			if (!in->stored->spec.containers.v[i].root)
				strlist_addf(&p->changes, "container \"%s\" re-materialized",
					     in->stored->spec.containers.v[i].id);
	}
	p->action = p->changes.n > 0 ? PLAN_UPDATED : PLAN_UNCHANGED;
}

static bool same_resources(const struct container_spec *a, const struct container_spec *b)
{
	static const struct container_resources none = { 0 };

	return model_eq(&container_resources_type, a->resources ? a->resources : &none,
			b->resources ? b->resources : &none);
}

/* Limits are set before the document is stored: if that fails, the document stays as it was. */
static void plan_limits(const struct plan_cell *in, struct plan *p)
{
	for (size_t i = 0; i < p->diff.updated.n; i++) {
		const char *id = p->diff.updated.v[i];
		const struct container_spec *old = cell_container(&in->stored->spec, id);
		const struct container_spec *new = cell_container(&in->want->spec, id);
		const struct container_status *st = status_of(in->stored, id);

		if (old && new &&st && container_state_is_up(st->state) &&
		    !same_resources(old, new))
			add(p, STEP_LIMITS, id, NULL);
	}
}

/* Names and networks of a cell are those of its containers together. */
static bool same_names(const struct cell_spec *a, const struct cell_spec *b)
{
	cleanup_strlist struct strlist of_a = { 0 }, of_b = { 0 };

	cell_aliases(a, &of_a);
	cell_aliases(b, &of_b);
	if (!strlist_eq(&of_a, &of_b))
		return false;
	cell_networks(a, &of_a);
	cell_networks(b, &of_b);
	return strlist_eq(&of_a, &of_b) && cell_host_network(a) == cell_host_network(b);
}

static void plan_store(const struct plan_cell *in, struct plan *p)
{
	add(p, STEP_STORE, NULL, NULL);
	if (!same_names(&in->stored->spec, &in->want->spec))
		add(p, STEP_NAMES, NULL, NULL);
}

static bool has_ports(const struct cell_doc *d)
{
	cleanup_port_list struct port_list l = { 0 };

	ports_of_cell(&d->spec, &l);
	return l.n > 0;
}

static bool ports_differ(const struct plan_cell *in)
{
	cleanup_port_list struct port_list old = { 0 };
	cleanup_port_list struct port_list new = { 0 };

	ports_of_cell(&in->stored->spec, &old);
	ports_of_cell(&in->want->spec, &new);
	return !port_list_eq(&old, &new);
}

/* A cell that is up publishes the ports of its new document from here on. */
static void plan_ports(const struct plan_cell *in, struct plan *p)
{
	if (!plan_is_down(in->stored) && ports_differ(in))
		add(p, STEP_PORTS, NULL, NULL);
}

static void plan_in_place(const struct plan_cell *in, struct plan *p)
{
	plan_limits(in, p);
	plan_ports(in, p);
	plan_store(in, p);
	add(p, STEP_WAKE, NULL, NULL);
	if (plan_is_down(in->stored) && !stored_only(in))
		add(p, STEP_START, NULL, NULL);
}

static void plan_recreate_containers(const struct plan_cell *in, struct plan *p)
{
	add_each(p, STEP_END, &p->diff.removed, NULL);
	add_each(p, STEP_END, &p->diff.recreated, NULL);
	plan_limits(in, p);
	add_each(p, STEP_DROP, &p->diff.removed, NULL);
	add_each(p, STEP_RESET, &p->diff.recreated, NULL);
	plan_ports(in, p);
	plan_store(in, p);
	if (stored_only(in))
		return;
	if (plan_is_down(in->stored)) {
		add(p, STEP_START, NULL, NULL);
		return;
	}
	add_each(p, STEP_START, &p->diff.recreated, "recreated");
	add_each(p, STEP_START, &p->diff.added, "added");
}

/* CNI plugins are told of ports when they attach the cell, and not again. */
static bool needs_restart(const struct plan_cell *in)
{
	return in->by_plugins && ports_differ(in) && (in->was_up || !plan_is_down(in->stored));
}

/* What the cell's containers have written stays, unless they change otherwise. */
static void plan_restart_cell(const struct plan_cell *in, struct plan *p)
{
	p->failed = "failed to restart cell";
	strlist_add(&p->changes, "cell restarted: CNI plugins publish ports when it starts");
	add(p, STEP_END, NULL, NULL);
	add(p, STEP_STOP, NULL, NULL);
	add_each(p, STEP_DROP, &p->diff.removed, NULL);
	add_each(p, STEP_RESET, &p->diff.recreated, NULL);
	plan_store(in, p);
	add(p, STEP_START, NULL, NULL);
}

static void plan_recreate_cell(const struct plan_cell *in, struct plan *p)
{
	p->failed = "failed to recreate cell";
	add(p, STEP_END, NULL, NULL);
	add(p, STEP_STOP, NULL, NULL);
	for (size_t i = 0; i < in->stored->spec.containers.n; i++)
		add(p, STEP_RESET, in->stored->spec.containers.v[i].id, NULL);
	plan_store(in, p);
	if (!stored_only(in))
		add(p, STEP_START, NULL, NULL);
}

static bool starts_cell(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].kind == STEP_START && !p->v[i].id)
			return true;
	return false;
}

/*
 * Check first that the new containers can be created: no container is removed for one that
 * cannot. A container that is stored only is not checked; its image may come later. The
 * same for ports.
 */
static void try_first(const struct plan_cell *in, struct plan *p)
{
	struct plan rest = { .v = p->v, .n = p->n };

	p->v = NULL;
	p->n = 0;
	for (size_t i = 0; i < in->want->spec.containers.n; i++) {
		const struct container_spec *c = &in->want->spec.containers.v[i];

		if (!container_is_synthesized(c) && plan_makes(p, c->id) &&
		    plan_starts(&rest, c->id))
			add(p, STEP_TRY, c->id, NULL);
	}
	if (!stored_only(in) && (ports_differ(in) || (starts_cell(&rest) && has_ports(in->want))))
		add(p, STEP_CLAIM, NULL, NULL);
	for (size_t i = 0; i < rest.n; i++)
		*(struct step *) vec_grow(&p->v, &p->n, sizeof(*p->v)) = rest.v[i];
	free(rest.v);
}

/* A container's labels are stored apart from the cell. A new container is always "created". */
static void plan_container(const struct plan_cell *in, struct plan *p)
{
	if (in->labels) {
		add(p, STEP_LABELS, NULL, NULL);
		p->action = PLAN_UPDATED;
		strlist_add(&p->changes, "metadata.labels");
		strmap_set(&p->details, "metadata.labels", "labels changed");
	}
	if (cell_container(&in->stored->spec, in->only))
		return;
	p->action = PLAN_CREATED;
	strlist_clear(&p->changes);
	strmap_clear(&p->details);
}

int plan_cell(const struct plan_cell *in, struct plan *ret, struct kerr *err)
{
	int r;

	plan_clear(ret);
	diff_doc(KIND_CELL, in->stored, in->want, &ret->diff);
	r = diff_refusal(&ret->diff, KIND_CELL, in->stored->head.metadata.name, err);
	if (r < 0)
		return r;
	ret->action = PLAN_UPDATED;
	ret->failed = "failed to update cell";
	strlist_copy(&ret->changes, &ret->diff.changes);
	strmap_copy(&ret->details, &ret->diff.details);
	switch (ret->diff.action) {
	case DIFF_NONE:
		ret->failed = NULL;
		plan_same(in, ret);
		break;
	case DIFF_IN_PLACE:
		if (needs_restart(in))
			plan_restart_cell(in, ret);
		else
			plan_in_place(in, ret);
		break;
	case DIFF_RECREATE_CONTAINERS:
		if (needs_restart(in))
			plan_restart_cell(in, ret);
		else
			plan_recreate_containers(in, ret);
		break;
	case DIFF_RECREATE_CELL:
		plan_recreate_cell(in, ret);
		break;
	case DIFF_REFUSED:
		break;
	}
	try_first(in, ret);
	if (in->only)
		plan_container(in, ret);
	return 0;
}

void plan_place_container(struct cell_doc *cell, const struct container_spec *c)
{
	struct container_spec *old = cell_container(&cell->spec, c->id);

	if (!old)
		old = vec_grow(&cell->spec.containers.v, &cell->spec.containers.n, sizeof(*old));
	model_copy(&container_spec_type, old, c);
}

void plan_keep(struct cell_doc *want, const struct cell_doc *stored, const struct strlist *kept)
{
	for (size_t i = 0; i < stored->spec.containers.n; i++) {
		const struct container_spec *c = &stored->spec.containers.v[i];

		if (!c->root && strlist_has(kept, c->id) && !cell_container(&want->spec, c->id))
			plan_place_container(want, c);
	}
}

/* ---- a realm, space or stack ---- */

static void keep_text(char **want, const char *stored)
{
	if (!str_empty(*want))
		return;
	free(*want);
	*want = xstrdup_null(stored);
}

static void merge_parent(enum kind kind, const void *stored, void *want)
{
	const struct field *status = model_find(kind_info(kind)->type, "status", NULL);
	const struct doc_head *old = stored;
	struct doc_head *head = want;
	struct strmap labels = { 0 };

	labels_merge(&labels, &old->metadata.labels, &head->metadata.labels);
	strmap_clear(&head->metadata.labels);
	head->metadata.labels = labels;
	if (kind == KIND_REALM)
		keep_text(&((struct realm_doc *) want)->spec.namespace,
			  ((const struct realm_doc *) stored)->spec.namespace);
	else if (kind == KIND_SPACE)
		keep_text(&((struct space_doc *) want)->spec.cni_config_path,
			  ((const struct space_doc *) stored)->spec.cni_config_path);
	model_copy(status->obj, field_ptr(status, want), field_cptr(status, stored));
}

int plan_parent(enum kind kind, const void *stored, void *want, struct plan *ret, struct kerr *err)
{
	const struct doc_head *head = stored;
	int r;

	plan_clear(ret);
	diff_doc(kind, stored, want, &ret->diff);
	r = diff_refusal(&ret->diff, kind, head->metadata.name, err);
	if (r < 0)
		return r;
	ret->action = ret->diff.action == DIFF_NONE ? PLAN_UNCHANGED : PLAN_UPDATED;
	strlist_copy(&ret->changes, &ret->diff.changes);
	strmap_copy(&ret->details, &ret->diff.details);
	merge_parent(kind, stored, want);
	if (ret->action == PLAN_UPDATED)
		add(ret, STEP_STORE, NULL, NULL);
	return 0;
}
