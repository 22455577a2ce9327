/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "apply.h"
#include "apply_cell.h"
#include "apply_parent.h"
#include "copy.h"
#include "decode.h"
#include "docstream.h"
#include "dry_run.h"
#include "emit_json.h"
#include "mem.h"
#include "model.h"
#include "plan.h"
#include "ports.h"
#include "published.h"
#include "scope.h"
#include "str.h"
#include "workers.h"

static bool same_name(const char *a, const char *b)
{
	cleanup_free char *x = str_trim(a);
	cleanup_free char *y = str_trim(b);

	return streq(x, y);
}

/* Ids of the cell's containers that have a document of their own in the stream. */
static void own_documents(const struct docstream *m, const struct cell_doc *cell,
			  struct strlist *ret)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct container_doc *d = m->v[i].doc;

		if (m->v[i].kind == KIND_CONTAINER &&
		    same_name(d->spec.cell_id, cell->head.metadata.name) &&
		    same_name(d->spec.stack_id, cell->spec.stack_id) &&
		    same_name(d->spec.space_id, cell->spec.space_id) &&
		    same_name(d->spec.realm_id, cell->spec.realm_id))
			strlist_add_owned(ret,
					  str_trim(str_empty(d->spec.id) ? d->head.metadata.name
									 : d->spec.id));
	}
}

static int apply_one(struct engine *e, struct docstream_doc *d, const struct strlist *kept,
		     struct dry_run *dry, struct rpc_apply_resource *res, struct kerr *err)
{
	switch (d->kind) {
	case KIND_REALM:
	case KIND_SPACE:
	case KIND_STACK:
		return apply_parent(e, d->kind, d->doc, dry, res, err);
	case KIND_CELL:
		return apply_cell(e, d->doc, kept, dry, res, err);
	case KIND_CONTAINER:
		return apply_container(e, d->doc, dry, res, err);
	case KIND_INVALID:
	case KIND_CELL_PROFILE:
	case KIND_SERVER_CONFIGURATION:
	case KIND_CLIENT_CONFIGURATION:
	case _KIND_MAX:
		break;
	}
	return kerr_plain(err, -EINVAL, "unknown kind");
}

struct apply_item {
	struct docstream_doc *doc;
	struct addr_copy where; /* of a container: its cell */
	char *id; /* of a cell */
	struct port_list ports; /* that a cell is to publish */
	struct published now; /* what it publishes before the apply */
};

/*
 * One apply. The documents are done by kind, parents before children, and of a kind in the
 * order of the stream; so they are reported. One that fails stops nothing: the others are
 * still done.
 *
 * Realms, spaces, stacks and dry runs are done one after another. Cells are done side by
 * side (workers.h), all of them before the first container, and containers likewise.
 * Documents wait for each other where their order decides what they come to: two of one
 * cell, two cells of a stack with the same spec.id, two that get or give up the same port
 * of the host, and two containers of one cell.
 */
struct apply {
	struct docstream m;
	struct dry_run *dry;
	struct apply_item *docs; /* as they are done */
	struct rpc_apply_resource *res; /* their results */
	size_t n;
	size_t first; /* of the stretch that is done side by side */
};

static void apply_clear(struct apply *a)
{
	for (size_t i = 0; i < a->n; i++) {
		addr_copy_clear(&a->docs[i].where);
		free(a->docs[i].id);
		port_list_clear(&a->docs[i].ports);
		published_clear(&a->docs[i].now);
	}
	free(a->docs);
	a->dry = dry_run_end(a->dry);
	docstream_clear(&a->m);
}

static void apply_doc(struct engine *e, const struct apply *a, size_t i,
		      struct rpc_apply_resource *res)
{
	struct docstream_doc *d = a->docs[i].doc;
	cleanup_strlist struct strlist kept = { 0 };
	struct kerr err = { 0 };
	int r;

	if (d->kind == KIND_CELL)
		own_documents(&a->m, d->doc, &kept);
	r = apply_one(e, d, &kept, a->dry, res, &err);
	locks_drop_all(e->locks);
	if (r < 0)
		apply_result_fail(res, &err);
}

/* ---- side by side ---- */

static bool lists_overlap(const struct port_list *a, const struct port_list *b)
{
	uint16_t port;

	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (port_overlap(&a->v[i], &b->v[k], &port))
				return true;
	return false;
}

static bool clash(const void *ctx, size_t earlier, size_t task)
{
	const struct apply *a = ctx;
	const struct apply_item *x = &a->docs[a->first + earlier], *y = &a->docs[a->first + task];
	const struct addr *p = &x->where.a, *q = &y->where.a;

	if (lists_overlap(&x->ports, &y->ports) || lists_overlap(&x->now.ports, &y->ports))
		return true;
	if (!streq_null(p->realm, q->realm) || !streq_null(p->space, q->space) ||
	    !streq_null(p->stack, q->stack))
		return false;
	if (streq_null(p->cell, q->cell) || !x->id || !y->id)
		return streq_null(p->cell, q->cell);
	return streq(x->id, y->id) || streq_null(p->cell, y->id) || streq_null(q->cell, x->id);
}

static bool prepare(void *ctx, struct engine *e, size_t task)
{
	const struct apply *a = ctx;
	const struct docstream_doc *d = a->docs[a->first + task].doc;
	cleanup_strlist struct strlist kept = { 0 };

	if (d->kind == KIND_CELL) {
		own_documents(&a->m, d->doc, &kept);
		return apply_cell_prepare(e, d->doc, &kept, &a->res[a->first + task]);
	}
	apply_container_prepare(e, d->doc);
	return false;
}

static void work(void *ctx, struct engine *e, size_t task, struct buf *result)
{
	const struct apply *a = ctx;
	struct rpc_apply_resource *res = &a->res[a->first + task];

	apply_doc(e, a, a->first + task, res);
	model_emit_json(result, &rpc_apply_resource_type, res, 0);
}

static bool ended(void *ctx, size_t task, const struct buf *result, const struct kerr *why)
{
	const struct apply *a = ctx;
	struct rpc_apply_resource *res = &a->res[a->first + task];
	struct rpc_apply_resource told = { 0 };
	struct kerr err = { 0 };
	int r;

	r = result ? model_read_json(&rpc_apply_resource_type, buf_str(result), result->len, &told,
				     &err)
		   : -EPIPE;
	if (r == 0) {
		model_clear(&rpc_apply_resource_type, res);
		*res = told;
	} else {
		model_clear(&rpc_apply_resource_type, &told);
		apply_result_fail(res, result ? &err : why);
	}
	return true;
}

/* ---- all ---- */

static void add_doc(struct engine *e, struct apply *a, struct docstream_doc *d,
		    struct rpc_apply_result *ret)
{
	struct rpc_apply_resource *res =
		vec_grow(&ret->resources.v, &ret->resources.n, sizeof(*res));
	struct apply_item *key = vec_grow(&a->docs, &a->n, sizeof(*key));
	const struct doc_head *head = d->doc;
	const struct cell_doc *cell = d->doc;
	struct addr where = addr_of_doc(d->kind, d->doc);

	res->index = (int64_t) d->index;
	res->kind = xstrdup(kind_info(d->kind)->name);
	res->name = xstrdup(head->metadata.name);
	key->doc = d;
	addr_copy_set(&key->where, &where);
	if (d->kind != KIND_CELL)
		return;
	key->id = str_trim(str_empty(cell->spec.id) ? head->metadata.name : cell->spec.id);
	ports_of_cell(&cell->spec, &key->ports);
	(void) published_read(e, &where, &key->now, NULL);
}

static int apply_all(struct engine *e, struct apply *a, struct kerr *err)
{
	struct workers w = {
		.ctx = a, .clash = clash, .prepare = prepare, .work = work, .ended = ended
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n; i += w.n) {
		enum kind kind = a->docs[i].doc->kind;

		w.n = 1;
		if (a->dry || kind < KIND_CELL) {
			apply_doc(e, a, i, &a->res[i]);
			continue;
		}
		while (i + w.n < a->n && a->docs[i + w.n].doc->kind == kind)
			w.n++;
		a->first = i;
		r = workers_run(e, &w, err);
	}
	return r;
}

int apply_documents(struct engine *e, const struct buf *yaml, enum apply_flags flags,
		    struct rpc_apply_result *ret, struct buf *ret_text, struct kerr *err)
{
	cleanup_(apply_clear) struct apply a = { 0 };
	int r;

	r = docstream_load(buf_str(yaml), yaml->len, "-", 0, &a.m, err);
	if (r < 0)
		return r;
	docstream_validate(&a.m, 0);
	r = docstream_check(&a.m, DOCSTREAM_STYLE_APPLY, ret_text, err);
	if (r < 0)
		return r;
	if (flags & APPLY_DRY_RUN)
		a.dry = dry_run_begin(e);
	else
		r = scope_prepare_trees(e, err);
	if (r < 0)
		return r;
	for (enum kind k = KIND_REALM; k <= KIND_CONTAINER; k++)
		for (size_t i = 0; i < a.m.n; i++)
			if (a.m.v[i].kind == k)
				add_doc(e, &a, &a.m.v[i], ret);
	a.res = ret->resources.v;
	return apply_all(e, &a, err);
}
