/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "errkind.h"
#include "mem.h"
#include "parents.h"
#include "realm.h"
#include "scope.h"
#include "space.h"
#include "stack.h"

static int create_parent(struct engine *e, const struct addr *a, struct kerr *err)
{
	int r;

	if (addr_level(a) == ADDR_REALM) {
		struct rpc_create_realm_result res = { 0 };
		struct realm_doc d = { 0 };

		d.head.metadata.name = xstrdup(a->realm);
		r = realm_create(e, &d, &res, err);
		model_clear(&realm_doc_type, &d);
		model_clear(&realm_doc_type, &res.realm);
	} else if (addr_level(a) == ADDR_SPACE) {
		struct rpc_create_space_result res = { 0 };
		struct space_doc d = { 0 };

		d.head.metadata.name = xstrdup(a->space);
		d.spec.realm_id = xstrdup(a->realm);
		r = space_create(e, &d, &res, err);
		model_clear(&space_doc_type, &d);
		model_clear(&space_doc_type, &res.space);
	} else {
		struct rpc_create_stack_result res = { 0 };
		struct stack_doc d = { 0 };

		d.head.metadata.name = xstrdup(a->stack);
		d.spec.realm_id = xstrdup(a->realm);
		d.spec.space_id = xstrdup(a->space);
		r = stack_create(e, &d, &res, err);
		model_clear(&stack_doc_type, &d);
		model_clear(&stack_doc_type, &res.stack);
	}
	if (r < 0)
		return kerr_wrap(err, r, "failed to create parent %s \"%s\"",
				 level_words[addr_level(a)], addr_name(a));
	return 0;
}

int parents_create(struct engine *e, const struct addr *a, struct kerr *err)
{
	struct addr part = { .realm = a->realm };
	int r = 0;

	while (r == 0 && addr_level(&part) < addr_level(a)) {
		r = store_exists(&e->layout, &part, err);
		if (r == 0)
			r = create_parent(e, &part, err);
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
