/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "apply_cell.h"
#include "cell_id.h"
#include "cell_inherit.h"
#include "cell_load.h"
#include "cell_status.h"
#include "container_check.h"
#include "container_labels.h"
#include "convert.h"
#include "create.h"
#include "daemon_cell.h"
#include "docstream.h"
#include "errkind.h"
#include "mem.h"
#include "network.h"
#include "plan.h"
#include "realm.h"
#include "scope.h"
#include "str.h"

/* A document as it would be by now. */
struct planned_doc {
	enum kind kind;
	struct addr_copy where;
	void *doc;
	struct space_net net; /* of a space that is not made yet; else no bridge */
};

struct plan {
	struct engine *e;
	struct planned_doc *v;
	size_t n;
};

struct plan *plan_new(struct engine *e)
{
	struct plan *p = xcalloc(1, sizeof(*p));

	p->e = e;
	return p;
}

struct plan *plan_free(struct plan *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n; i++) {
		addr_copy_clear(&p->v[i].where);
		doc_free(p->v[i].kind, p->v[i].doc);
	}
	free(p->v);
	free(p);
	return NULL;
}

/* ---- the objects as planned so far ---- */

static bool same_addr(const struct addr *a, const struct addr *b)
{
	return streq_null(a->realm, b->realm) && streq_null(a->space, b->space) &&
	       streq_null(a->stack, b->stack) && streq_null(a->cell, b->cell);
}

static struct planned_doc *find_planned(const struct plan *p, const struct addr *a)
{
	for (size_t i = 0; i < p->n; i++)
		if (same_addr(&p->v[i].where.a, a))
			return &p->v[i];
	return NULL;
}

static struct planned_doc *remember(struct plan *p, enum kind kind, const struct addr *a,
				    const void *doc)
{
	const struct model_type *type = kind_info(kind)->type;
	struct planned_doc *d = find_planned(p, a);

	if (!d) {
		d = vec_grow(&p->v, &p->n, sizeof(*d));
		d->kind = kind;
		d->doc = xcalloc(1, type->size);
		addr_copy_set(&d->where, a);
	}
	model_copy(type, d->doc, doc);
	return d;
}

/* 1 and the document as it would be by now, 0 when there is none. */
static int look_up(const struct plan *p, enum kind kind, const struct addr *a, void *ret_doc,
		   struct kerr *err)
{
	const struct planned_doc *d = find_planned(p, a);
	int r;

	if (d) {
		model_copy(kind_info(kind)->type, ret_doc, d->doc);
		return 1;
	}
	r = store_load(&p->e->layout, a, STORE_LOAD_PASSWORDS, ret_doc, err);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? kerr_wrap(err, r, "failed to get %s", kind_info(kind)->word) : 1;
}

/* ---- realm, space, stack ---- */

static int check_realm(struct plan *p, const struct addr *a, struct realm_doc *want,
		       struct kerr *err)
{
	realm_default_namespace(p->e, a->realm, want);
	for (size_t i = 0; i < p->n; i++) {
		const struct realm_doc *other = p->v[i].doc;

		if (p->v[i].kind == KIND_REALM && !same_addr(&p->v[i].where.a, a) &&
		    streq_null(other->spec.namespace, want->spec.namespace))
			return realm_refuse_namespace(want->spec.namespace, p->v[i].where.a.realm,
						      err);
	}
	return realm_check_namespace(p->e, a->realm, want->spec.namespace, err);
}

static int check_space(struct plan *p, const struct addr *a, struct space_net *ret,
		       struct kerr *err)
{
	struct network_list others = { 0 };
	int r;

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].net.bridge[0])
			*(struct network_planned *) vec_grow(&others.v, &others.n,
							     sizeof(*others.v)) =
				(struct network_planned){ .space = p->v[i].where.a,
							  .net = p->v[i].net };
	r = network_plan(p->e, a, &others, ret, err);
	free(others.v);
	return r;
}

/* One that is not there, whose parents are: what creating it would look at. */
static int plan_created(struct plan *p, enum kind kind, const struct addr *a, void *want,
			struct kerr *err)
{
	struct space_net net = { 0 };
	int r = kind == KIND_REALM ? 0 : scope_refuse_deleting(p->e, a, err);

	if (r == 0 && kind == KIND_REALM)
		r = check_realm(p, a, want, err);
	if (r == 0 && kind == KIND_SPACE)
		r = check_space(p, a, &net, err);
	if (r < 0)
		return create_error(&(struct create){ .a = *a }, r, err);
	remember(p, kind, a, want)->net = net;
	return 0;
}

static int plan_missing(struct plan *p, const struct addr *a, struct kerr *err)
{
	static const enum kind kinds[] = { KIND_INVALID, KIND_REALM, KIND_SPACE, KIND_STACK };
	enum kind kind = kinds[addr_level(a)];
	const struct model_type *type = kind_info(kind)->type;
	struct doc_head *doc = xcalloc(1, type->size);
	int r;

	doc->metadata.name = xstrdup(addr_name(a));
	r = plan_created(p, kind, a, doc, err);
	model_clear(type, doc);
	free(doc);
	return r < 0 ? kerr_wrap(err, r, "failed to create parent %s \"%s\"",
				 level_words[addr_level(a)], addr_name(a))
		     : 0;
}

/* As parents_create: what is missing above is made on the way. */
static int plan_parents(struct plan *p, const struct addr *a, struct kerr *err)
{
	struct addr up = addr_parent(a);
	int r;

	if (addr_level(a) <= ADDR_REALM || find_planned(p, &up))
		return 0;
	r = store_exists(&p->e->layout, &up, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = plan_parents(p, &up, err);
	return r < 0 ? r : plan_missing(p, &up, err);
}

static int plan_parent(struct plan *p, enum kind kind, void *want, struct rpc_apply_resource *res,
		       struct kerr *err)
{
	const struct model_type *type = kind_info(kind)->type;
	void *stored cleanup_free = xcalloc(1, type->size);
	struct diff d cleanup_diff = { 0 };
	struct addr a;
	int r;

	r = doc_normalise(kind, want, NULL, err);
	if (r < 0)
		return r;
	a = addr_of_doc(kind, want);
	r = scope_check(&a, scope_level(kind), SCOPE_STRICT, err);
	if (r == 0)
		r = look_up(p, kind, &a, stored, err);
	if (r > 0) {
		r = kind == KIND_REALM && !find_planned(p, &a)
			    ? store_unmask(&p->e->layout, &a, want, err)
			    : 0;
		diff_doc(kind, stored, want, &d);
		if (r == 0)
			r = diff_refusal(&d, kind, addr_name(&a), err);
		if (r == 0) {
			apply_say(res, d.action == DIFF_NONE ? "unchanged" : "updated", &d);
			remember(p, kind, &a, want);
		}
	} else if (r == 0) {
		r = plan_parents(p, &a, err);
		if (r == 0)
			r = plan_created(p, kind, &a, want, err);
		if (r == 0)
			apply_say(res, "created", NULL);
	}
	model_clear(type, stored);
	return r;
}

/* ---- cells ---- */

/* The cell as it is on this host; one that is only planned has no state to look at. */
static int observe(struct plan *p, const struct addr *a, struct cell_doc *stored, struct kerr *err)
{
	char *ns cleanup_free = NULL;
	int r;

	if (find_planned(p, a))
		return 0;
	r = cell_check_rest(p->e, a, err);
	if (r < 0)
		return kerr_wrap(err, r, "failed to get cell");
	r = scope_namespace(p->e, a->realm, &ns, err);
	return r < 0 ? r : cell_observe(p->e, ns, stored, NULL, err);
}

/* A space that is made on the way has no defaults. */
static int inherit(struct plan *p, const struct addr *a, struct cell_doc *want, const char *only,
		   struct kerr *err)
{
	struct addr space_addr = { .realm = a->realm, .space = a->space };
	struct space_doc space = { 0 };
	int r = look_up(p, KIND_SPACE, &space_addr, &space, err);

	if (r >= 0)
		r = cell_inherit_from(&space.spec, want, only, err);
	model_clear(&space_doc_type, &space);
	return r;
}

static int refuse_system(const struct addr *a, struct kerr *err)
{
	int r = daemon_cell_refuse(a, "start or stop", err);

	return r < 0 ? kerr_wrap(err, r, "failed to get cell") : 0;
}

/* Whether what is to be started can be. d: NULL for a new cell. */
static int check_start(struct plan *p, const struct addr *a, const struct cell_doc *want,
		       const struct diff *d, bool all, struct kerr *err)
{
	enum apply_try_flags flags = APPLY_TRY_PLAN | (all ? APPLY_TRY_ALL : 0);
	struct addr realm = { .realm = a->realm };
	char *ns cleanup_free = NULL;
	int r = 0;

	if (all || !d || d->action == DIFF_RECREATE_CELL || d->recreated.n > 0 || d->added.n > 0)
		r = scope_refuse_deleting(p->e, a, err);
	if (r == 0)
		r = scope_namespace(p->e, a->realm, &ns, err);
	if (r == -ENOENT && find_planned(p, &realm)) /* it has no images yet */
		return 0;
	return r < 0 ? r : apply_try(p->e, ns, want, d, flags, err);
}

static void say_same(struct plan *p, const struct addr *a, const struct cell_doc *stored, bool down,
		     struct rpc_apply_resource *res)
{
	struct strlist ids cleanup_strlist = { 0 };

	if (!find_planned(p, a)) /* which has nothing that runs or does not */
		apply_never_started(stored, &ids);
	if (down)
		apply_say_started(res, stored);
	else
		apply_say_rest(res, &ids);
}

/* only: the one container that a Container document changes; NULL. */
static int compare_cell(struct plan *p, const struct addr *a, const struct cell_doc *stored,
			struct cell_doc *want, const char *only, struct rpc_apply_resource *res,
			struct kerr *err)
{
	struct diff d cleanup_diff = { 0 };
	bool down = apply_is_down(stored);
	int r;

	r = inherit(p, a, want, only, err);
	if (r == 0)
		r = container_check_cell(p->e, want, err);
	if (r < 0)
		return r;
	diff_doc(KIND_CELL, stored, want, &d);
	r = diff_refusal(&d, KIND_CELL, a->cell, err);
	if (r == 0 && !(only && down))
		r = check_start(p, a, want, &d, down, err);
	if (r < 0)
		return down && !only && d.action == DIFF_NONE
			       ? kerr_wrap(err, r, "failed to re-materialize cell")
			       : r;
	if (d.action != DIFF_NONE)
		apply_say(res, "updated", &d);
	else
		say_same(p, a, stored, down && !only, res);
	diff_merge_cell(want, stored);
	if (down && !only)
		want->status.state = CELL_STATE_READY;
	return 0;
}

/* An id that another cell of the stack has, or will have by then. */
static int check_id(struct plan *p, const struct addr *a, const char *id, struct kerr *err)
{
	struct addr stack = addr_parent(a);

	for (size_t i = 0; i < p->n; i++) {
		const struct cell_doc *other = p->v[i].doc;
		struct addr above = addr_parent(&p->v[i].where.a);

		if (p->v[i].kind == KIND_CELL && same_addr(&above, &stack) &&
		    (streq_null(other->spec.id, id) || streq(p->v[i].where.a.cell, id)))
			return cell_id_refuse(id, p->v[i].where.a.cell, err);
	}
	return cell_id_check(p->e, a, id, err);
}

static int check_new_cell(struct plan *p, const struct addr *a, struct cell_doc *want,
			  struct kerr *err)
{
	int r = container_check_cell(p->e, want, err);

	if (r == 0)
		r = plan_parents(p, a, err);
	if (r < 0)
		return r;
	r = scope_refuse_deleting(p->e, a, err);
	if (r == 0)
		r = check_id(p, a, want->spec.id, err);
	if (r == 0)
		r = inherit(p, a, want, NULL, err);
	return r < 0 ? kerr_wrap(err, r, "%s", err_kind_text(ERR_CREATE_CELL)) : 0;
}

/* One whose start fails is there, and Failed. */
static int plan_new_cell(struct plan *p, const struct addr *a, struct cell_doc *want,
			 struct rpc_apply_resource *res, struct kerr *err)
{
	int r = check_new_cell(p, a, want, err);

	if (r < 0)
		return r;
	r = container_check_cell(p->e, want, err); /* with what its space gives it */
	if (r == 0)
		r = check_start(p, a, want, NULL, true, err);
	if (r == 0)
		apply_say(res, "created", NULL);
	if (!cell_root(&want->spec))
		cell_add_root(want);
	want->status.state = r < 0 ? CELL_STATE_FAILED : CELL_STATE_READY;
	remember(p, KIND_CELL, a, want);
	return r;
}

static int plan_cell(struct plan *p, struct cell_doc *want, const struct strlist *kept,
		     struct rpc_apply_resource *res, struct kerr *err)
{
	struct cell_doc stored = { 0 };
	struct addr a;
	int r;

	r = cell_normalise(want, NULL, err);
	if (r < 0)
		return r;
	a = addr_of_cell(want);
	r = scope_check(&a, ADDR_CELL, SCOPE_STRICT, err);
	if (r == 0)
		r = refuse_system(&a, err);
	if (r == 0)
		r = look_up(p, KIND_CELL, &a, &stored, err);
	if (r > 0) {
		r = observe(p, &a, &stored, err);
		apply_keep(want, &stored, kept);
		if (r == 0)
			r = compare_cell(p, &a, &stored, want, NULL, res, err);
		if (r == 0)
			remember(p, KIND_CELL, &a, want);
	} else if (r == 0) {
		r = plan_new_cell(p, &a, want, res, err);
	}
	model_clear(&cell_doc_type, &stored);
	return r;
}

static void compare_labels(struct plan *p, const struct addr *a, const struct container_doc *want,
			   struct rpc_apply_resource *res)
{
	struct strmap labels cleanup_strmap = { 0 };

	if (container_labels_load(p->e, a, want->spec.id, &labels, NULL) < 0 ||
	    !strmap_eq(&labels, &want->head.metadata.labels))
		apply_say_labels(res);
}

static int place_container(struct plan *p, const struct addr *a, const struct container_doc *want,
			   const struct cell_doc *stored, struct rpc_apply_resource *res,
			   struct kerr *err)
{
	bool existed = cell_container(&stored->spec, want->spec.id) != NULL;
	struct cell_doc cell = { 0 };
	int r;

	model_copy(&cell_doc_type, &cell, stored);
	apply_set_container(&cell, &want->spec);
	r = cell_normalise(&cell, NULL, err);
	if (r == 0)
		r = compare_cell(p, a, stored, &cell, want->spec.id, res, err);
	if (r == 0 && !existed)
		apply_say(res, "created", NULL);
	else if (r == 0)
		compare_labels(p, a, want, res);
	if (r == 0)
		remember(p, KIND_CELL, a, &cell);
	model_clear(&cell_doc_type, &cell);
	return r;
}

static int plan_container(struct plan *p, struct container_doc *want,
			  struct rpc_apply_resource *res, struct kerr *err)
{
	struct cell_doc stored = { 0 };
	struct addr a;
	int r;

	r = doc_normalise(KIND_CONTAINER, want, NULL, err);
	if (r < 0)
		return r;
	a = addr_of_container(want);
	r = scope_check(&a, ADDR_CELL, SCOPE_STRICT, err);
	if (r == 0)
		r = refuse_system(&a, err);
	if (r == 0)
		r = look_up(p, KIND_CELL, &a, &stored, err);
	if (r == 0)
		return apply_no_cell(&a, err);
	if (r > 0)
		r = observe(p, &a, &stored, err);
	if (r == 0)
		r = place_container(p, &a, want, &stored, res, err);
	model_clear(&cell_doc_type, &stored);
	return r;
}

int plan_document(struct plan *p, enum kind kind, void *doc, const struct strlist *kept,
		  struct rpc_apply_resource *res, struct kerr *err)
{
	if (kind == KIND_CELL)
		return plan_cell(p, doc, kept, res, err);
	if (kind == KIND_CONTAINER)
		return plan_container(p, doc, res, err);
	return plan_parent(p, kind, doc, res, err);
}
