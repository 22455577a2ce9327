/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "field.h"
#include "mem.h"
#include "model.h"
#include "pages.h"
#include "str.h"

union page_reply {
	struct rpc_list_realms_reply realm;
	struct rpc_list_spaces_reply space;
	struct rpc_list_stacks_reply stack;
	struct rpc_list_cells_reply cell;
	struct rpc_list_container_docs_reply container;
};

static const struct {
	enum rpc_method_id method;
	size_t items, next; /* offsets in the reply */
} methods[] = {
#define ROW(kind, KIND)                                                                   \
	[KIND_##KIND] = { RPC_X_LIST_##KIND##S, offsetof(union page_reply, kind.kind##s), \
			  offsetof(union page_reply, kind.next) }
	ROW(realm, REALM), ROW(space, SPACE),	      ROW(stack, STACK),
	ROW(cell, CELL),   ROW(container, CONTAINER),
#undef ROW
};

/* A list that is being read. */
struct walk {
	enum kind kind;
	const struct selector *selector;
	pages_fn *fn;
	void *ctx;
	struct rpc_list_args args; /* from the scope, except after */
};

/*
 * Whether the labels of an object are known. If its document or the container's label file is
 * damaged the list shows it without labels, and "k!=v" must not select it for that.
 */
static bool has_labels(enum kind kind, const void *doc)
{
	static const size_t reasons[] = {
		[KIND_REALM] = offsetof(struct realm_doc, status.reason),
		[KIND_SPACE] = offsetof(struct space_doc, status.reason),
		[KIND_STACK] = offsetof(struct stack_doc, status.reason),
		[KIND_CELL] = offsetof(struct cell_doc, status.reason),
	};
	const struct container_doc *c = doc;

	if (kind == KIND_CONTAINER)
		return c->status.state != CONTAINER_STATE_UNKNOWN || c->head.metadata.labels.n > 0;
	return !streq_null(*(char *const *) (const void *) ((const char *) doc + reasons[kind]),
			   STATUS_REASON_DAMAGED);
}

static int each_of(const struct walk *w, struct list_view items)
{
	size_t size = kind_info(w->kind)->type->size;

	for (size_t i = 0; i < items.n; i++) {
		const struct doc_head *doc = (const void *) (items.v + i * size);
		bool wanted = w->selector->n == 0 ||
			      (has_labels(w->kind, doc) &&
			       selector_matches(w->selector, &doc->metadata.labels));
		int r = wanted ? w->fn(w->ctx, doc) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* Read one page; after becomes the start of the next one. */
static int each_of_page(struct cli *c, struct walk *w, struct kerr *err)
{
	enum rpc_method_id method = methods[w->kind].method;
	union page_reply reply = { 0 };
	char **next = (char **) (void *) ((char *) &reply + methods[w->kind].next);
	int r;

	r = cli_call(c, method, &w->args, &reply, err);
	if (r == 0 && !str_empty(*next) && streq(*next, w->args.after))
		r = kerr_plain(err, -EPROTO, "kukeond sent the same page of the list twice");
	if (r == 0)
		r = each_of(w, list_view((char *) &reply + methods[w->kind].items));
	if (r == 0) {
		free(w->args.after);
		w->args.after = take_ptr(*next);
	}
	cli_free_reply(method, &reply);
	return r;
}

int pages_each(struct cli *c, enum kind kind, const struct scope *scope,
	       const struct selector *selector, pages_fn *fn, void *ctx, struct kerr *err)
{
	struct walk w = { .kind = kind,
			  .selector = selector,
			  .fn = fn,
			  .ctx = ctx,
			  .args = { scope->realm, scope->space, scope->stack, scope->cell,
				    xstrdup("") } };
	int r;

	do
		r = each_of_page(c, &w, err);
	while (r == 0 && !str_empty(w.args.after));
	free(w.args.after);
	return r;
}
