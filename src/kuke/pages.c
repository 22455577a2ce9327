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
	const struct pages *pages;
	pages_fn *fn;
	void *ctx;
	struct rpc_list_args args;
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
	const struct selector *selector = w->pages->selector;
	enum kind kind = w->pages->kind;
	size_t size = kind_info(kind)->type->size;

	for (size_t i = 0; i < items.n; i++) {
		const struct doc_head *doc = (const void *) (items.v + i * size);
		bool wanted = !selector || selector->n == 0 ||
			      (has_labels(kind, doc) &&
			       selector_matches(selector, &doc->metadata.labels));
		int r = wanted ? w->fn(w->ctx, doc) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* Read one page; after becomes the start of the next one. */
static int each_of_page(struct cli *c, struct walk *w, struct kerr *err)
{
	enum rpc_method_id method = methods[w->pages->kind].method;
	union page_reply reply = { 0 };
	char **next = (char **) (void *) ((char *) &reply + methods[w->pages->kind].next);
	int r;

	r = cli_call(c, method, &w->args, &reply, err);
	if (r == 0 && !str_empty(*next) && streq(*next, w->args.after))
		r = kerr_plain(err, -EPROTO, "kukeond sent the same page of the list twice");
	if (r == 0)
		r = each_of(w, list_view((char *) &reply + methods[w->pages->kind].items));
	if (r == 0) {
		free(w->args.after);
		w->args.after = take_ptr(*next);
	}
	cli_free_reply(method, &reply);
	return r;
}

/* What fn looks at, and what each_of does. */
static void set_fields(const struct pages *p, struct strlist *ret)
{
	if (!p->fields)
		return;
	strlist_copy(ret, p->fields);
	if (p->selector && p->selector->n > 0) {
		strlist_add(ret, "metadata.labels");
		strlist_add(ret, p->kind == KIND_CONTAINER ? "status.state" : "status.reason");
	}
}

int pages_each(struct cli *c, const struct pages *p, pages_fn *fn, void *ctx, struct kerr *err)
{
	struct walk w = { .pages = p,
			  .fn = fn,
			  .ctx = ctx,
			  .args = { .realm_name = p->scope->realm,
				    .space_name = p->scope->space,
				    .stack_name = p->scope->stack,
				    .cell_name = p->scope->cell,
				    .after = xstrdup(""),
				    .page_bytes = p->page_bytes } };
	int r;

	set_fields(p, &w.args.fields);
	do
		r = each_of_page(c, &w, err);
	while (r == 0 && !str_empty(w.args.after));
	free(w.args.after);
	strlist_clear(&w.args.fields);
	return r;
}
