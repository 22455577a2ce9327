/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "docsout.h"
#include "errkind.h"
#include "get.h"
#include "mem.h"
#include "model.h"
#include "names.h"
#include "pages.h"
#include "str.h"
#include "subject.h"

enum {
	STREAM_BYTES = 256 << 10, /* of documents that are printed while the next are read */
};

/* Replies of the methods below; the row says which member is used. */
union get_reply {
	struct rpc_get_realm_reply realm;
	struct rpc_get_space_reply space;
	struct rpc_get_stack_reply stack;
	struct rpc_get_cell_reply cell;
	struct rpc_get_container_reply container;
};

static const struct get_row {
	enum rpc_method_id get;
	size_t doc, exists; /* offsets in the reply of get */
	int not_found; /* error class that means the object does not exist */
} rows[] = {
#define ROW(kind_, KIND, exists_)                                                        \
	[KIND_##KIND] = { RPC_GET_##KIND, offsetof(union get_reply, kind_.result.kind_), \
			  offsetof(union get_reply, kind_.result.exists_),               \
			  ERR_##KIND##_NOT_FOUND }
	ROW(realm, REALM, metadata_exists),	     ROW(space, SPACE, metadata_exists),
	ROW(stack, STACK, metadata_exists),	     ROW(cell, CELL, metadata_exists),
	ROW(container, CONTAINER, container_exists),
#undef ROW
};

/* ---- one object ---- */

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

/* Get the document of a name and call fn with it. */
static int with_doc(struct cli *c, enum kind kind, const struct scope *scope, const char *name,
		    pages_fn *fn, void *ctx, struct kerr *err)
{
	const struct get_row *row = &rows[kind];
	union subject_args args = { 0 };
	union get_reply reply = { 0 };
	struct kerr why = { 0 };
	int r;

	scope_fill_doc(scope, kind, name, &args);
	r = cli_call(c, row->get, &args, &reply, &why);
	/* For a container the daemon's message says more than ours: keep it. */
	if (r == 0 ? !*(bool *) ((char *) &reply + row->exists)
		   : kind != KIND_CONTAINER && why.kind == row->not_found)
		r = not_found(kind, scope, name, err);
	else if (r < 0 && err)
		*err = why;
	else
		r = fn(ctx, (char *) &reply + row->doc);
	cli_free_args(row->get, &args);
	cli_free_reply(row->get, &reply);
	return r;
}

/* ---- lists ---- */

/* How objects are shown. */
struct view {
	enum kind kind;
	enum output_format format;
	enum get_table_flags flags;
	struct scope scope;
	struct selector selector;
	struct table table;
	struct docsout docs;
	size_t n;
};

static void view_clear(struct view *v)
{
	scope_clear(&v->scope);
	selector_clear(&v->selector);
	table_clear(&v->table);
}

static bool is_table(const struct view *v)
{
	return v->format == OUTPUT_TABLE || v->format == OUTPUT_WIDE;
}

/* A list of containers prints their specs only, as kukeon in Go does. */
static const void *item_of(enum kind kind, const void *doc)
{
	return kind == KIND_CONTAINER ? &((const struct container_doc *) doc)->spec : doc;
}

static void view_begin(struct view *v)
{
	if (is_table(v))
		get_table_header(&v->table, v->kind, v->flags);
	else if (v->format != OUTPUT_NAME)
		docsout_begin(&v->docs,
			      v->kind == KIND_CONTAINER ? &container_spec_type
							: kind_info(v->kind)->type,
			      v->format);
}

static int view_add(void *ctx, const void *doc)
{
	struct view *v = ctx;

	v->n++;
	if (is_table(v))
		get_table_doc(&v->table, v->kind, doc, v->flags);
	else if (v->format == OUTPUT_NAME)
		cli_printf("%s\n", get_name(v->kind, doc));
	else
		docsout_add(&v->docs, item_of(v->kind, doc));
	return 0;
}

static void view_end(struct view *v)
{
	if (is_table(v) && v->n > 0)
		table_print(&v->table);
	else if (!is_table(v) && v->format != OUTPUT_NAME)
		docsout_end(&v->docs);
}

static void list_hint(struct cli *c, const struct scope *scope)
{
	struct rpc_list_args args = { 0 };
	struct rpc_list_containers_reply reply = { 0 };
	cleanup_buf struct buf out = BUF_INIT(1 << 20);
	int r;

	get_no_containers(&out, scope);
	if (*scope->cell || *scope->stack || *scope->space) {
		r = cli_call(c, RPC_LIST_CONTAINERS, &args, &reply, NULL);
		if (r == 0) /* errors are ignored: it is only a hint */
			get_container_hint(&out, scope, &reply);
		cli_free_reply(RPC_LIST_CONTAINERS, &reply);
	}
	cli_print(&out);
}

static void print_none(struct cli *c, const struct view *v)
{
	if (v->selector.n > 0)
		cli_printf("No %s match.\n", kind_info(v->kind)->plural);
	else if (v->kind == KIND_CONTAINER)
		list_hint(c, &v->scope);
	else
		cli_printf("No %s found.\n", kind_info(v->kind)->plural);
}

static int get_list(struct cli *c, struct view *v, struct kerr *err)
{
	cleanup_strlist struct strlist fields = { 0 };
	struct pages p = { .kind = v->kind, .scope = &v->scope, .selector = &v->selector };
	int r;

	if (is_table(v))
		get_table_fields(v->kind, v->flags, &fields);
	else if (v->format == OUTPUT_NAME)
		get_name_fields(v->kind, &fields);
	else
		p.page_bytes = STREAM_BYTES;
	if (fields.n > 0)
		p.fields = &fields;
	view_begin(v);
	r = pages_each(c, &p, view_add, v, err);
	if (r < 0)
		return r;
	view_end(v);
	if (is_table(v) && v->n == 0)
		print_none(c, v);
	return 0;
}

static int add_named(struct cli *c, const char *name, void *ctx, struct kerr *err)
{
	struct view *v = ctx;

	return with_doc(c, v->kind, &v->scope, name, view_add, v, err);
}

static int get_some(struct cli *c, struct view *v, const struct strlist *names, struct kerr *err)
{
	int r;

	view_begin(v);
	r = names_each(c, names, NULL, add_named, v, err);
	view_end(v);
	return r;
}

/* ---- by name ---- */

/* One object is printed as YAML where several are a table, as kukeon in Go does. */
static int print_one(void *ctx, const void *doc)
{
	const struct view *v = ctx;

	cli_print_doc(kind_info(v->kind)->type, doc,
		      v->format == OUTPUT_TABLE ? OUTPUT_YAML : v->format);
	return 0;
}

static int get_one(struct cli *c, struct view *v, const char *name, struct kerr *err)
{
	if (v->format == OUTPUT_WIDE || v->format == OUTPUT_NAME) {
		const struct strlist names = { .v = (char **) (uintptr_t) &name, .n = 1 };

		return get_some(c, v, &names, err);
	}
	return with_doc(c, v->kind, &v->scope, name, print_one, v, err);
}

int get_run(struct cli *c, enum kind kind, struct kerr *err)
{
	cleanup_(view_clear) struct view v = { .kind = kind };
	cleanup_strlist struct strlist names = { 0 };
	int r;

	r = names_read(c, &names, &v.selector, err);
	if (r == 0)
		r = cli_output(c, names.n == 1 ? OUTPUT_YAML : OUTPUT_TABLE, &v.format, err);
	if (r == 0)
		r = scope_read(c, kind, names.n > 0 ? SCOPE_CHECK : SCOPE_LIST, &v.scope, err);
	if (r < 0)
		return r;
	if (cli_bool(c, "show-controllers"))
		v.flags |= GET_TABLE_CONTROLLERS;
	if (v.format == OUTPUT_WIDE)
		v.flags |= GET_TABLE_WIDE;
	if (names.n == 0)
		return get_list(c, &v, err);
	return names.n == 1 ? get_one(c, &v, names.v[0], err) : get_some(c, &v, &names, err);
}
