/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "apply.h"
#include "apply_cell.h"
#include "apply_parent.h"
#include "docstream.h"
#include "dry_run.h"
#include "mem.h"
#include "model.h"
#include "plan.h"
#include "scope.h"
#include "str.h"

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

static void apply_doc(struct engine *e, const struct docstream *m, struct docstream_doc *d,
		      struct dry_run *dry, struct rpc_apply_result *ret)
{
	struct rpc_apply_resource *res =
		vec_grow(&ret->resources.v, &ret->resources.n, sizeof(*res));
	const struct doc_head *head = d->doc;
	cleanup_strlist struct strlist kept = { 0 };
	struct kerr err = { 0 };
	int r;

	res->index = (int64_t) d->index;
	res->kind = xstrdup(kind_info(d->kind)->name);
	res->name = xstrdup(head->metadata.name);
	if (d->kind == KIND_CELL)
		own_documents(m, d->doc, &kept);
	r = apply_one(e, d, &kept, dry, res, &err);
	locks_drop_all(e->locks);
	if (r < 0)
		apply_result_fail(res, &err);
}

int apply_documents(struct engine *e, const struct buf *yaml, enum apply_flags flags,
		    struct rpc_apply_result *ret, struct buf *ret_text, struct kerr *err)
{
	cleanup_docstream struct docstream m = { 0 };
	cleanup_(dry_run_endp) struct dry_run *dry = NULL;
	int r;

	r = docstream_load(buf_str(yaml), yaml->len, "-", 0, &m, err);
	if (r < 0)
		return r;
	docstream_validate(&m, 0);
	r = docstream_check(&m, DOCSTREAM_STYLE_APPLY, ret_text, err);
	if (r < 0)
		return r;
	if (flags & APPLY_DRY_RUN)
		dry = dry_run_begin(e);
	else
		r = scope_prepare_trees(e, err);
	if (r < 0)
		return r;
	/* Parents before children; within a kind in stream order. */
	for (enum kind k = KIND_REALM; k <= KIND_CONTAINER; k++)
		for (size_t i = 0; i < m.n; i++)
			if (m.v[i].kind == k)
				apply_doc(e, &m, &m.v[i], dry, ret);
	return 0;
}
