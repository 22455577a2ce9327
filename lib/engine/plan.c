/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "apply_cell.h"
#include "cell.h"
#include "container.h"
#include "convert.h"
#include "docstream.h"
#include "mem.h"
#include "plan.h"
#include "str.h"
#include "system.h"

/* A document as it would be by now. */
struct planned_doc {
	enum kind kind;
	struct addr_copy where;
	void *doc;
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

static void remember(struct plan *p, enum kind kind, const struct addr *a, const void *doc)
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
		if (r == 0)
			apply_say(res, d.action == DIFF_NONE ? "unchanged" : "updated", &d);
	} else if (r == 0) {
		apply_say(res, "created", NULL);
	}
	if (r == 0)
		remember(p, kind, &a, want);
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
	int r = system_refuse(a, "start or stop", err);

	return r < 0 ? kerr_wrap(err, r, "failed to get cell") : 0;
}

/* only: the one container that a Container document changes; NULL. */
static int compare_cell(struct plan *p, const struct addr *a, const struct cell_doc *stored,
			struct cell_doc *want, const char *only, struct rpc_apply_resource *res,
			struct kerr *err)
{
	struct diff d cleanup_diff = { 0 };
	int r;

	r = inherit(p, a, want, only, err);
	if (r == 0)
		r = container_check_cell(p->e, want, err);
	if (r < 0 || !stored)
		return r;
	diff_doc(KIND_CELL, stored, want, &d);
	r = diff_refusal(&d, KIND_CELL, a->cell, err);
	if (r < 0)
		return r;
	if (d.action != DIFF_NONE)
		apply_say(res, "updated", &d);
	else if (!only && !find_planned(p, a) && apply_is_down(stored))
		apply_say_started(res, stored);
	else
		apply_say(res, "unchanged", NULL);
	diff_merge_cell(want, stored);
	return 0;
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
	} else if (r == 0) {
		r = compare_cell(p, &a, NULL, want, NULL, res, err);
		if (r == 0 && !cell_root(&want->spec))
			cell_add_root(want);
		if (r == 0)
			apply_say(res, "created", NULL);
	}
	if (r == 0)
		remember(p, KIND_CELL, &a, want);
	model_clear(&cell_doc_type, &stored);
	return r;
}

static void compare_labels(struct plan *p, const struct addr *a, const struct container_doc *want,
			   struct rpc_apply_resource *res)
{
	struct strmap labels cleanup_strmap = { 0 };

	container_labels_load(p->e, a, want->spec.id, &labels);
	if (!strmap_eq(&labels, &want->head.metadata.labels))
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
