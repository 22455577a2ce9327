/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "errkind.h"
#include "get.h"
#include "mem.h"
#include "str.h"
#include "subject.h"
#include "term.h"

/* Replies of the methods below; which one it is says the row. */
union get_reply {
	struct rpc_get_realm_reply realm;
	struct rpc_get_space_reply space;
	struct rpc_get_stack_reply stack;
	struct rpc_get_cell_reply cell;
	struct rpc_get_container_reply container;
	struct rpc_list_realms_reply realms;
	struct rpc_list_spaces_reply spaces;
	struct rpc_list_stacks_reply stacks;
	struct rpc_list_cells_reply cells;
	struct rpc_list_containers_reply containers;
};

static const struct get_row {
	enum rpc_method_id get;
	size_t doc, exists; /* offsets in the reply of get */
	int not_found; /* an error of this class is the same as "not there" */
	enum rpc_method_id list;
	size_t items;
	const struct model_type *item;
} rows[] = {
#define ROW(kind_, KIND, exists_, item_)                                   \
	[KIND_##KIND] = { RPC_GET_##KIND,                                  \
			  offsetof(union get_reply, kind_.result.kind_),   \
			  offsetof(union get_reply, kind_.result.exists_), \
			  ERR_##KIND##_NOT_FOUND,                          \
			  RPC_LIST_##KIND##S,                              \
			  offsetof(union get_reply, kind_##s.kind_##s),    \
			  &item_ }
	ROW(realm, REALM, metadata_exists, realm_doc_type),
	ROW(space, SPACE, metadata_exists, space_doc_type),
	ROW(stack, STACK, metadata_exists, stack_doc_type),
	ROW(cell, CELL, metadata_exists, cell_doc_type),
	ROW(container, CONTAINER, container_exists, container_spec_type),
#undef ROW
};

/* ---- one ---- */

static int not_found(enum kind kind, const struct scope *s, const char *name, struct kerr *err)
{
	if (kind == KIND_REALM)
		return kerr_setk(err, rows[kind].not_found, -ENOENT, "realm \"%s\" not found",
				 name);
	if (kind == KIND_SPACE)
		return kerr_setk(err, rows[kind].not_found, -ENOENT,
				 "space \"%s\" not found in realm \"%s\"", name, s->realm);
	if (kind == KIND_STACK)
		return kerr_setk(err, rows[kind].not_found, -ENOENT,
				 "stack \"%s\" not found in realm \"%s\", space \"%s\"", name,
				 s->realm, s->space);
	if (kind == KIND_CELL)
		return kerr_setk(err, rows[kind].not_found, -ENOENT,
				 "cell \"%s\" not found in stack \"%s\"/\"%s\"/\"%s\"", name,
				 s->realm, s->space, s->stack);
	return kerr_setk(err, rows[kind].not_found, -ENOENT,
			 "container \"%s\" not found in cell \"%s\"", name, s->cell);
}

int get_one(struct cli *c, enum kind kind, const char *name, struct kerr *err)
{
	const struct get_row *row = &rows[kind];
	struct scope scope cleanup_scope = { 0 };
	union subject_args args = { 0 };
	union get_reply reply = { 0 };
	enum output_format format;
	struct kerr why = { 0 };
	int r;

	r = cli_output(c, OUTPUT_YAML, &format, err);
	if (r == 0)
		r = scope_read(c, kind, SCOPE_CHECK, &scope, err);
	if (r < 0)
		return r;
	scope_fill_doc(&scope, kind, name, &args);
	r = cli_call(c, row->get, &args, &reply, &why);
	/* The daemon's own words about a container say more than ours. */
	if (r == 0 ? !*(bool *) ((char *) &reply + row->exists)
		   : kind != KIND_CONTAINER && why.kind == row->not_found)
		r = not_found(kind, &scope, name, err);
	else if (r < 0 && err)
		*err = why;
	else
		cli_print_doc(kind_info(kind)->type, (char *) &reply + row->doc, format);
	cli_free_args(row->get, &args);
	cli_free_reply(row->get, &reply);
	return r;
}

/* ---- many ---- */

/* The state of one container, by a call of its own: lists carry none. */
static const char *container_state_text(struct cli *c, const struct container_spec *spec)
{
	struct scope scope = { spec->realm_id, spec->space_id, spec->stack_id, spec->cell_id };
	struct rpc_container_args args = { 0 };
	struct rpc_get_container_reply reply = { 0 };
	const char *state = "Unknown";
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	scope_fill_doc(&scope, KIND_CONTAINER, spec->id ? spec->id : "", &args.doc);
	r = cli_call(c, RPC_GET_CONTAINER, &args, &reply, &err);
	if (r < 0)
		term_err("Warning: failed to get container state for %s : %s\n", spec->id,
			 kerr_text(&err, text, sizeof(text)));
	else
		state = state_label(container_state_labels, reply.result.container.status.state);
	cli_free_args(RPC_GET_CONTAINER, &args);
	cli_free_reply(RPC_GET_CONTAINER, &reply);
	return state;
}

static int list_hint(struct cli *c, const struct scope *scope)
{
	struct rpc_list_args args = { 0 };
	struct rpc_list_containers_reply reply = { 0 };
	struct buf out cleanup_buf = BUF_INIT(1 << 20);
	int r;

	get_no_containers(&out, scope);
	if (*scope->cell || *scope->stack || *scope->space) {
		r = cli_call(c, RPC_LIST_CONTAINERS, &args, &reply, NULL);
		if (r == 0) /* a hint is worth no error */
			get_container_hint(&out, scope, &reply);
		cli_free_reply(RPC_LIST_CONTAINERS, &reply);
	}
	cli_print(&out);
	return 0;
}

static int print_table(struct cli *c, enum kind kind, const struct scope *scope,
		       struct list_view items)
{
	enum get_table_flags flags = cli_bool(c, "show-controllers") ? GET_TABLE_CONTROLLERS : 0;
	struct table t cleanup_(table_clear) = { 0 };

	if (items.n == 0 && kind == KIND_CONTAINER)
		return list_hint(c, scope);
	if (items.n == 0) {
		cli_printf("No %s found.\n", kind_info(kind)->plural);
		return 0;
	}
	get_table_header(&t, kind, flags);
	for (size_t i = 0; i < items.n; i++) {
		const void *item = items.v + i * rows[kind].item->size;

		if (kind == KIND_CONTAINER)
			get_table_container(&t, item, container_state_text(c, item));
		else
			get_table_doc(&t, kind, item, flags);
	}
	table_print(&t);
	return 0;
}

static void print_docs(enum kind kind, struct list_view items, enum output_format format)
{
	const void **docs cleanup_free = xcalloc(items.n + 1, sizeof(*docs));

	for (size_t i = 0; i < items.n; i++)
		docs[i] = items.v + i * rows[kind].item->size;
	cli_print_docs(rows[kind].item, docs, items.n, format);
}

int get_list(struct cli *c, enum kind kind, struct kerr *err)
{
	const struct get_row *row = &rows[kind];
	struct scope scope cleanup_scope = { 0 };
	struct rpc_list_args args = { 0 };
	union get_reply reply = { 0 };
	struct list_view items;
	enum output_format format;
	int r;

	r = cli_output(c, OUTPUT_TABLE, &format, err);
	if (r == 0)
		r = scope_read(c, kind, SCOPE_LIST, &scope, err);
	if (r < 0)
		return r;
	if (kind != KIND_REALM) {
		args.realm_name = scope.realm;
		args.space_name = scope.space;
		args.stack_name = scope.stack;
		args.cell_name = scope.cell;
	}
	r = cli_call(c, row->list, &args, &reply, err); /* args are the scope's */
	items = list_view((char *) &reply + row->items);
	if (r == 0 && format == OUTPUT_TABLE)
		r = print_table(c, kind, &scope, items);
	else if (r == 0)
		print_docs(kind, items, format);
	cli_free_reply(row->list, &reply);
	return r;
}
