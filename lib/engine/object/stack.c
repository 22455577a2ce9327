/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cgroup.h"
#include "convert.h"
#include "copy.h"
#include "create.h"
#include "damaged.h"
#include "mem.h"
#include "model.h"
#include "page.h"
#include "scope.h"
#include "stack.h"

static int stack_build(struct create *c, struct stack_doc *d, struct kerr *err)
{
	int r = create_cgroup(c, err);

	if (r < 0)
		return r;
	free(d->status.cgroup_path);
	d->status.cgroup_path = xstrdup(c->cgroup);
	scope_observe_cgroup(c->e, c->cgroup, &d->status.cgroup_ready,
			     &d->status.subtree_controllers);
	if (c->existed && d->status.state == STACK_STATE_READY && c->cgroup_pre)
		return 0;
	d->status.state = STACK_STATE_READY;
	return store_save(&c->e->layout, &c->a, 0, d, err);
}

int stack_check_create(struct engine *e, struct stack_doc *want, struct kerr *err)
{
	struct create c = { .e = e, .kind = KIND_STACK, .type = &stack_doc_type, .want = want };
	int r = create_check(&c, addr_of_stack(want), err);

	if (r < 0)
		return r;
	doc_add_managed_labels(KIND_STACK, want);
	want->status.state = STACK_STATE_READY;
	create_end(&c);
	return 0;
}

int stack_create(struct engine *e, struct stack_doc *want, struct rpc_create_stack_result *ret,
		 struct kerr *err)
{
	struct create c = { .e = e, .kind = KIND_STACK, .type = &stack_doc_type, .want = want };
	int r;

	r = create_begin(&c, addr_of_stack(want), err);
	if (r < 0)
		return r;
	if (!c.existed)
		doc_add_managed_labels(KIND_STACK, want);
	r = stack_build(&c, want, err);
	if (r < 0) {
		create_undo(&c);
		r = create_error(&c, r, err);
	} else {
		model_copy(&stack_doc_type, &ret->stack, want);
		ret->metadata_exists_pre = c.existed;
		ret->cgroup_exists_pre = c.cgroup_pre;
		ret->cgroup_created = c.cgroup_created;
		ret->metadata_exists_post = ret->cgroup_exists_post = true;
		ret->created = !c.existed;
	}
	create_end(&c);
	return r;
}

int stack_get(struct engine *e, const struct addr *a, struct rpc_get_stack_result *ret,
	      struct kerr *err)
{
	cleanup_free char *cgroup = NULL;
	struct kerr why; /* the error is in the document's status */
	int r;

	r = scope_check(a, ADDR_STACK, 0, err);
	if (r < 0)
		return r;
	r = damaged_load(e, a, &ret->stack, &why);
	ret->metadata_exists = r >= 0;
	cgroup = scope_cgroup(e, a);
	ret->cgroup_exists = cgroup_exists(e->cgroups, cgroup) > 0;
	return 0;
}

static int list_stack(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct page *page = ctx;
	cleanup_free char *name = page_name(a);
	struct stack_doc d = { 0 };

	(void) err;
	if (page_skips(page, name, 0) || damaged_load(e, a, &d, NULL) < 0)
		return 0; /* one damaged document must not break the list */
	page_put(page, name, 0, &stack_doc_type, &d);
	return 0;
}

int stack_list(struct engine *e, const struct addr *filter, struct page *page, struct kerr *err)
{
	return scope_each(e, ADDR_STACK, filter, list_stack, page, err);
}
