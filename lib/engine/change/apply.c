/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "apply.h"
#include "apply_cell.h"
#include "convert.h"
#include "diff.h"
#include "docstream.h"
#include "errkind.h"
#include "mem.h"
#include "network.h"
#include "parents.h"
#include "plan.h"
#include "realm.h"
#include "scope.h"
#include "space.h"
#include "stack.h"
#include "str.h"

/* ---- realm, space, stack ---- */

union parent_doc {
	struct realm_doc realm;
	struct space_doc space;
	struct stack_doc stack;
};

static const struct model_type *type_of(enum kind kind)
{
	return kind_info(kind)->type;
}

static int create_parent(struct engine *e, enum kind kind, void *want, struct kerr *err)
{
	int r;

	if (kind == KIND_REALM) {
		struct rpc_create_realm_result res = { 0 };

		r = realm_create(e, want, &res, err);
		model_clear(&realm_doc_type, &res.realm);
	} else if (kind == KIND_SPACE) {
		struct rpc_create_space_result res = { 0 };

		r = space_create(e, want, &res, err);
		model_clear(&space_doc_type, &res.space);
	} else {
		struct rpc_create_stack_result res = { 0 };

		r = stack_create(e, want, &res, err);
		model_clear(&stack_doc_type, &res.stack);
	}
	return r;
}

/* Carry over what the manifest does not say, then store. Both are normalised. */
static int update_parent(struct engine *e, enum kind kind, const struct addr *a, void *stored,
			 void *want, struct kerr *err)
{
	struct doc_head *head = want, *old = stored;
	struct strmap labels = { 0 };
	int r;

	labels_merge(&labels, &old->metadata.labels, &head->metadata.labels);
	strmap_clear(&head->metadata.labels);
	head->metadata.labels = labels;
	if (kind == KIND_REALM) {
		struct realm_doc *w = want, *s = stored;

		if (str_empty(w->spec.namespace)) {
			free(w->spec.namespace);
			w->spec.namespace = xstrdup_null(s->spec.namespace);
		}
		w->status = s->status;
		s->status = (struct realm_status){ 0 };
	} else if (kind == KIND_SPACE) {
		struct space_doc *w = want, *s = stored;

		if (str_empty(w->spec.cni_config_path)) {
			free(w->spec.cni_config_path);
			w->spec.cni_config_path = xstrdup_null(s->spec.cni_config_path);
		}
		w->status = s->status;
		s->status = (struct space_status){ 0 };
	} else {
		struct stack_doc *w = want, *s = stored;

		w->status = s->status;
		s->status = (struct stack_status){ 0 };
	}
	r = store_save(&e->layout, a, 0, want, err);
	if (r == 0 && kind == KIND_SPACE)
		r = network_sync_rules(e, err) < 0 ? -EIO : 0;
	return r;
}

static int change_parent(struct engine *e, enum kind kind, const struct addr *a, void *want,
			 struct rpc_apply_resource *res, struct kerr *err)
{
	union parent_doc stored = { 0 };
	struct diff d cleanup_diff = { 0 };
	int r;

	r = locks_take_path(e->locks, a, 0, err);
	if (r < 0)
		return r;
	r = store_load(&e->layout, a, STORE_LOAD_PASSWORDS, &stored, err);
	if (r == -ENOENT)
		r = scope_not_found(a, err);
	if (r == 0 && kind == KIND_REALM)
		r = store_unmask(&e->layout, a, want, err);
	if (r < 0) {
		r = kerr_wrap(err, r, "failed to get %s", kind_info(kind)->word);
		goto out;
	}
	diff_doc(kind, &stored, want, &d);
	r = diff_refusal(&d, kind, addr_name(a), err);
	if (r == 0 && d.action != DIFF_NONE) {
		r = update_parent(e, kind, a, &stored, want, err);
		if (r < 0)
			(void) kerr_wrap(err, r, "failed to update %s", kind_info(kind)->word);
	}
	if (r == 0)
		apply_say(res, d.action == DIFF_NONE ? "unchanged" : "updated", &d);
out:
	locks_drop_path(e->locks, a);
	model_clear(type_of(kind), &stored);
	return r;
}

static int apply_parent(struct engine *e, enum kind kind, void *want,
			struct rpc_apply_resource *res, struct kerr *err)
{
	struct addr a;
	int r;

	r = doc_normalise(kind, want, NULL, err);
	if (r < 0)
		return r;
	a = addr_of_doc(kind, want);
	r = scope_check(&a, scope_level(kind), SCOPE_STRICT, err);
	if (r == 0)
		r = store_exists(&e->layout, &a, err);
	if (r > 0)
		return change_parent(e, kind, &a, want, res, err);
	if (r == 0)
		r = parents_create(e, &a, err);
	if (r == 0)
		r = create_parent(e, kind, want, err);
	if (r == 0)
		res->action = xstrdup("created");
	return r;
}

/* ---- the stream ---- */

static bool same_name(const char *a, const char *b)
{
	char *x cleanup_free = str_trim(a);
	char *y cleanup_free = str_trim(b);

	return streq(x, y);
}

/* Ids of the containers of a cell that the stream has documents of. */
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
		     struct rpc_apply_resource *res, struct kerr *err)
{
	switch (d->kind) {
	case KIND_REALM:
	case KIND_SPACE:
	case KIND_STACK:
		return apply_parent(e, d->kind, d->doc, res, err);
	case KIND_CELL:
		return apply_cell(e, d->doc, kept, res, err);
	case KIND_CONTAINER:
		return apply_container(e, d->doc, res, err);
	case KIND_INVALID:
	case KIND_CELL_PROFILE:
	case KIND_SERVER_CONFIGURATION:
	case KIND_CLIENT_CONFIGURATION:
	case _KIND_MAX:
		break;
	}
	return kerr_plain(err, -EINVAL, "unknown kind");
}

/* plan: NULL, or where the document is only looked at. */
static void apply_doc(struct engine *e, const struct docstream *m, struct docstream_doc *d,
		      struct plan *plan, struct rpc_apply_result *ret)
{
	struct rpc_apply_resource *res =
		vec_grow(&ret->resources.v, &ret->resources.n, sizeof(*res));
	const struct doc_head *head = d->doc;
	struct strlist kept cleanup_strlist = { 0 };
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	res->index = (int64_t) d->index;
	res->kind = xstrdup(kind_info(d->kind)->name);
	res->name = xstrdup(head->metadata.name);
	if (d->kind == KIND_CELL)
		own_documents(m, d->doc, &kept);
	r = plan ? plan_document(plan, d->kind, d->doc, &kept, res, &err)
		 : apply_one(e, d, &kept, res, &err);
	locks_drop_all(e->locks);
	if (r < 0) {
		apply_say(res, "failed", NULL);
		res->error = xstrdup(kerr_text(&err, text, sizeof(text)));
	}
}

int apply_documents(struct engine *e, const struct buf *yaml, enum apply_flags flags,
		    struct rpc_apply_result *ret, struct buf *ret_text, struct kerr *err)
{
	struct docstream m cleanup_docstream = { 0 };
	struct plan *plan cleanup_(plan_freep) = NULL;
	int r;

	r = docstream_load(buf_str(yaml), yaml->len, "-", 0, &m, err);
	if (r < 0)
		return r;
	docstream_validate(&m, 0);
	r = docstream_check(&m, DOCSTREAM_STYLE_APPLY, ret_text, err);
	if (r < 0)
		return r;
	if (flags & APPLY_DRY_RUN)
		plan = plan_new(e);
	else
		r = scope_prepare_trees(e, err);
	if (r < 0)
		return r;
	/* Parents before children; within a kind in the order of the stream. */
	for (enum kind k = KIND_REALM; k <= KIND_CONTAINER; k++)
		for (size_t i = 0; i < m.n; i++)
			if (m.v[i].kind == k)
				apply_doc(e, &m, &m.v[i], plan, ret);
	return 0;
}
