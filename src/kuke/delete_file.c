/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "delete.h"
#include "docstream.h"
#include "manifest.h"
#include "mem.h"
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

/* The request that names what the document describes; the rest of it does not matter. */
static void args_of(enum kind kind, const void *doc, void *ret)
{
	const struct doc_head *head = doc;
	struct scope s = { 0 };

	if (kind == KIND_SPACE) {
		const struct space_doc *d = doc;

		s = (struct scope){ .realm = d->spec.realm_id };
	} else if (kind == KIND_STACK) {
		const struct stack_doc *d = doc;

		s = (struct scope){ d->spec.realm_id, d->spec.space_id, NULL, NULL };
	} else if (kind == KIND_CELL) {
		const struct cell_doc *d = doc;

		s = (struct scope){ d->spec.realm_id, d->spec.space_id, d->spec.stack_id, NULL };
	} else if (kind == KIND_CONTAINER) {
		const struct container_doc *d = doc;

		s = (struct scope){ d->spec.realm_id, d->spec.space_id, d->spec.stack_id,
				    d->spec.cell_id };
	}
	scope_fill_doc(&s, kind, head->metadata.name, ret);
}

static size_t containers_of(enum kind kind, const void *doc)
{
	if (kind == KIND_CONTAINER)
		return 1;
	return kind == KIND_CELL ? ((const struct cell_doc *) doc)->spec.containers.n : 0;
}

static bool says_not_found(const char *text)
{
	size_t n = strlen("not found");

	for (; *text; text++) {
		char *part cleanup_free = xstrndup(text, n);

		if (str_case_eq(part, "not found"))
			return true;
	}
	return false;
}

static void delete_doc(struct cli *c, const struct docstream_doc *doc, struct deletion *d)
{
	struct deleted_resource *res = vec_grow(&d->v, &d->n, sizeof(*res));
	const struct doc_head *head = doc->doc;
	struct buf text cleanup_buf = BUF_INIT(REPORT_MAX);
	union subject_args args = { 0 };
	struct kerr err = { 0 };
	int r;

	*res = (struct deleted_resource){ .index = doc->index,
					  .kind = doc->kind,
					  .name = str_trim(head->metadata.name) };
	args_of(doc->kind, doc->doc, &args);
	r = delete_subject(c, doc->kind, &args, &res->cascaded, &err);
	if (r == 0) {
		res->action = "deleted";
		res->containers = containers_of(doc->kind, doc->doc);
		return;
	}
	cli_error_text(c, &err, &text);
	if (r == -ENOENT || says_not_found(buf_str(&text))) {
		res->action = "not found";
		return;
	}
	res->action = "failed";
	res->error = buf_take(&text);
	d->failed++;
}

int delete_file(struct cli *c, struct kerr *err)
{
	struct docstream docs cleanup_docstream = { 0 };
	struct deletion d cleanup_(deletion_clear) = { 0 };
	struct buf out cleanup_buf = BUF_INIT(REPORT_MAX);
	struct buf text cleanup_buf = BUF_INIT(KUKE_MAX_MANIFEST);
	int r;

	r = cli_require(c, "file", err);
	if (r == 0)
		r = manifest_read(c, &text, err);
	if (r == 0)
		r = manifest_load(c, &text, DOCSTREAM_FOR_DELETE, &docs, err);
	if (r < 0)
		return r;
	docstream_validate(&docs, DOCSTREAM_FOR_DELETE);
	r = manifest_check(c, &docs, DOCSTREAM_STYLE_DELETE, err);
	if (r < 0)
		return r;
	for (enum kind kind = KIND_CONTAINER; kind >= KIND_REALM; kind--)
		for (size_t i = 0; i < docs.n; i++)
			if (docs.v[i].kind == kind)
				delete_doc(c, &docs.v[i], &d);
	report_deleted(&out, d.v, d.n, cli_report_format(c));
	cli_print(&out);
	if (d.failed)
		return cli_fail(c, -EIO, "config error: some resources failed to delete", err);
	return 0;
}
