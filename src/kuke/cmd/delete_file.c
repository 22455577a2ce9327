/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "delete.h"
#include "docstream.h"
#include "manifest.h"
#include "mem.h"
#include "model.h"
#include "report.h"
#include "str.h"
#include "subject.h"

#define REPORT_MAX (16 << 20)

struct deletion {
	struct deleted_resource *v;
	size_t n;
	size_t failed;
};

static void deletion_clear(struct deletion *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].name);
		free(d->v[i].error);
		strlist_clear(&d->v[i].cascaded);
	}
	free(d->v);
}

/* The location of the document's object; borrowed. */
static struct scope scope_of(enum kind kind, const void *doc)
{
	if (kind == KIND_SPACE) {
		const struct space_doc *d = doc;

		return (struct scope){ .realm = d->spec.realm_id };
	}
	if (kind == KIND_STACK) {
		const struct stack_doc *d = doc;

		return (struct scope){ d->spec.realm_id, d->spec.space_id, NULL, NULL };
	}
	if (kind == KIND_CELL) {
		const struct cell_doc *d = doc;

		return (struct scope){ d->spec.realm_id, d->spec.space_id, d->spec.stack_id, NULL };
	}
	if (kind == KIND_CONTAINER) {
		const struct container_doc *d = doc;

		return (struct scope){ d->spec.realm_id, d->spec.space_id, d->spec.stack_id,
				       d->spec.cell_id };
	}
	return (struct scope){ 0 };
}

static size_t containers_of(enum kind kind, const void *doc)
{
	if (kind == KIND_CONTAINER)
		return 1;
	return kind == KIND_CELL ? ((const struct cell_doc *) doc)->spec.containers.n : 0;
}

static bool is_not_found_text(const char *text)
{
	size_t n = strlen("not found");

	for (; *text; text++) {
		cleanup_free char *part = xstrndup(text, n);

		if (str_case_eq(part, "not found"))
			return true;
	}
	return false;
}

static struct deleted_resource *add_result(struct deletion *d, const struct docstream_doc *doc)
{
	struct deleted_resource *res = vec_grow(&d->v, &d->n, sizeof(*res));
	const struct doc_head *head = doc->doc;

	*res = (struct deleted_resource){ .index = doc->index,
					  .kind = doc->kind,
					  .name = str_trim(head->metadata.name) };
	return res;
}

/* error: NULL on success. */
static void set_result(struct deletion *d, struct deleted_resource *res,
		       const struct docstream_doc *doc, const char *error)
{
	if (!error) {
		res->action = "deleted";
		res->containers = containers_of(doc->kind, doc->doc);
	} else if (is_not_found_text(error)) {
		res->action = "not found";
	} else {
		res->action = "failed";
		res->error = xstrdup(error);
		d->failed++;
	}
}

static void delete_doc(struct cli *c, const struct docstream_doc *doc, void *arg)
{
	struct deletion *d = arg;
	struct deleted_resource *res = add_result(d, doc);
	cleanup_buf struct buf text = BUF_INIT(REPORT_MAX);
	struct scope s = scope_of(doc->kind, doc->doc);
	union subject_args args = { 0 };
	struct kerr err = { 0 };
	int r;

	scope_fill_doc(&s, doc->kind, res->name, &args);
	r = delete_subject(c, doc->kind, &args, &res->cascaded, &err);
	if (r < 0)
		cli_error_text(c, &err, &text);
	set_result(d, res, doc, r == 0 ? NULL : r == -ENOENT ? "not found" : buf_str(&text));
}

static void plan_doc(struct cli *c, const struct docstream_doc *doc, void *arg)
{
	struct scope s = scope_of(doc->kind, doc->doc);
	cleanup_free char *name = str_trim(((const struct doc_head *) doc->doc)->metadata.name);

	(void) c;
	delete_plan_target(arg, doc->kind, &s, name);
}

struct planning {
	struct deletion *d;
	const struct rpc_plan_delete_result *plan;
};

static void add_planned(struct cli *c, const struct docstream_doc *doc, void *arg)
{
	struct planning *t = arg;
	const struct rpc_planned *p = &t->plan->planned.v[t->d->n];
	struct deleted_resource *res = add_result(t->d, doc);

	(void) c;
	delete_take_cascaded(doc->kind, &p->deleted, &res->cascaded);
	set_result(t->d, res, doc,
		   streq(p->action, "deleted")	   ? NULL
		   : streq(p->action, "not found") ? "not found"
						   : p->error);
}

/* Children before parents; within a kind in stream order. */
static void each_doc(struct cli *c, const struct docstream *docs,
		     void (*fn)(struct cli *c, const struct docstream_doc *doc, void *arg),
		     void *arg)
{
	for (enum kind kind = KIND_CONTAINER; kind >= KIND_REALM; kind--)
		for (size_t i = 0; i < docs->n; i++)
			if (docs->v[i].kind == kind)
				fn(c, &docs->v[i], arg);
}

static int plan_docs(struct cli *c, const struct docstream *docs, struct deletion *d,
		     struct kerr *err)
{
	struct rpc_plan_delete_args args = { 0 };
	struct rpc_plan_delete_reply reply = { 0 };
	struct planning planning = { .d = d, .plan = &reply.result };
	int r;

	each_doc(c, docs, plan_doc, &args);
	r = delete_plan(c, &args, &reply, err);
	if (r == 0)
		each_doc(c, docs, add_planned, &planning);
	cli_free_reply(RPC_X_PLAN_DELETE, &reply);
	return r;
}

/*
 * All in one request: the engine deletes them side by side, and their processes have one
 * common grace period. 1: it could not be done so, as a daemon of an older version or none is
 * there.
 */
static int delete_docs_at_once(struct cli *c, const struct docstream *docs, struct deletion *d,
			       struct kerr *err)
{
	struct rpc_plan_delete_args args = { 0 };
	struct rpc_plan_delete_reply reply = { 0 };
	struct planning planning = { .d = d, .plan = &reply.result };
	int r;

	if (docs->n < 2)
		return 1;
	each_doc(c, docs, plan_doc, &args);
	args.cascade = cli_bool(c, "cascade");
	args.force = cli_bool(c, "force");
	r = scope_fill_grace(c, rpc_method_get(RPC_X_DELETE_TARGETS), &args, err);
	if (r == 0 && (cli_call(c, RPC_X_DELETE_TARGETS, &args, &reply, NULL) < 0 ||
		       reply.result.planned.n != args.targets.n))
		r = 1;
	if (r == 0)
		each_doc(c, docs, add_planned, &planning);
	cli_free_args(RPC_X_DELETE_TARGETS, &args);
	cli_free_reply(RPC_X_DELETE_TARGETS, &reply);
	return r;
}

static int delete_docs(struct cli *c, const struct docstream *docs, struct deletion *d,
		       struct kerr *err)
{
	int r = delete_docs_at_once(c, docs, d, err);

	if (r > 0)
		each_doc(c, docs, delete_doc, d);
	return r < 0 ? r : 0;
}

int delete_file(struct cli *c, struct kerr *err)
{
	cleanup_docstream struct docstream docs = { 0 };
	cleanup_(deletion_clear) struct deletion d = { 0 };
	cleanup_buf struct buf out = BUF_INIT(REPORT_MAX);
	cleanup_manifest struct manifest files = { 0 };
	int r;

	r = cli_require(c, "file", err);
	if (r == 0)
		r = manifest_read(c, &files, err);
	if (r == 0)
		r = manifest_load(c, &files, DOCSTREAM_FOR_DELETE, &docs, err);
	if (r < 0)
		return r;
	docstream_validate(&docs, DOCSTREAM_FOR_DELETE);
	r = manifest_check(c, &docs, DOCSTREAM_STYLE_DELETE, err);
	if (r < 0)
		return r;
	r = cli_bool(c, "dry-run") ? plan_docs(c, &docs, &d, err) : delete_docs(c, &docs, &d, err);
	if (r < 0)
		return r;
	report_deleted(&out, d.v, d.n, cli_report_format(c),
		       cli_bool(c, "dry-run") ? REPORT_DRY_RUN : 0);
	cli_print(&out);
	if (d.failed && !cli_bool(c, "dry-run"))
		return cli_fail(c, -EIO, "config error: some resources failed to delete", err);
	return 0;
}
