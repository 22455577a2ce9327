/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "copy.h"
#include "errkind.h"
#include "mem.h"
#include "model.h"
#include "parents.h"
#include "realm.h"
#include "scope.h"
#include "space.h"
#include "stack.h"

int parent_create(struct engine *e, enum kind kind, void *doc, struct kerr *err)
{
	int r;

	if (kind == KIND_REALM) {
		struct rpc_create_realm_result res = { 0 };

		r = realm_create(e, doc, &res, err);
		model_clear(&realm_doc_type, &res.realm);
	} else if (kind == KIND_SPACE) {
		struct rpc_create_space_result res = { 0 };

		r = space_create(e, doc, &res, err);
		model_clear(&space_doc_type, &res.space);
	} else {
		struct rpc_create_stack_result res = { 0 };

		r = stack_create(e, doc, &res, err);
		model_clear(&stack_doc_type, &res.stack);
	}
	return r;
}

static void *name_doc(const struct addr *a)
{
	struct doc_head *head = xcalloc(1, kind_info(store_kind(a))->type->size);

	head->metadata.name = xstrdup(addr_name(a));
	if (addr_level(a) == ADDR_SPACE) {
		struct space_doc *d = (struct space_doc *) head;

		d->spec.realm_id = xstrdup(a->realm);
	} else if (addr_level(a) == ADDR_STACK) {
		struct stack_doc *d = (struct stack_doc *) head;

		d->spec.realm_id = xstrdup(a->realm);
		d->spec.space_id = xstrdup(a->space);
	}
	return head;
}

static int call_missing(struct engine *e, const struct addr *a, parent_fn *fn, void *ctx,
			struct kerr *err)
{
	enum kind kind = store_kind(a);
	void *doc = name_doc(a);
	int r = fn(ctx, e, kind, doc, err);

	model_clear(kind_info(kind)->type, doc);
	free(doc);
	if (r < 0)
		return kerr_wrap(err, r, "failed to create parent %s \"%s\"",
				 level_words[addr_level(a)], addr_name(a));
	return 0;
}

int parents_each_missing(struct engine *e, const struct addr *a, parent_fn *fn, void *ctx,
			 struct kerr *err)
{
	struct addr part = { .realm = a->realm };
	int r = 0;

	while (r == 0 && addr_level(&part) < addr_level(a)) {
		r = store_exists(&e->layout, &part, err);
		if (r == 0)
			r = call_missing(e, &part, fn, ctx, err);
		if (r < 0)
			break;
		r = 0;
		if (addr_level(&part) == ADDR_REALM)
			part.space = a->space;
		else if (addr_level(&part) == ADDR_SPACE)
			part.stack = a->stack;
		else
			break;
	}
	return r < 0 ? r : 0;
}

static int create_missing(void *ctx, struct engine *e, enum kind kind, void *doc, struct kerr *err)
{
	(void) ctx;
	return parent_create(e, kind, doc, err);
}

int parents_create(struct engine *e, const struct addr *a, struct kerr *err)
{
	return parents_each_missing(e, a, create_missing, NULL, err);
}
