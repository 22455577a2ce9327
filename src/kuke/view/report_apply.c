/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "emit.h"
#include "emit_json.h"
#include "emit_yaml.h"
#include "model.h"
#include "report.h"
#include "str.h"

static const char *nn(const char *s)
{
	return s ? s : "";
}

/* ---- apply ---- */

static const char *mark(enum report_flags flags)
{
	return flags & REPORT_DRY_RUN ? DRY_RUN_MARK : "";
}

static void applied_text(struct buf *out, const struct rpc_apply_resource *a,
			 enum report_flags flags)
{
	buf_addf(out, "%s \"%s\": %s%s\n", nn(a->kind), nn(a->name), nn(a->action), mark(flags));
	if (streq(nn(a->action), "updated"))
		for (size_t i = 0; i < a->changes.n; i++)
			buf_addf(out, "  - %s%s\n", a->changes.v[i], mark(flags));
	if (!str_empty(a->error))
		buf_addf(out, "  Error: %s\n", a->error);
}

/* Keys are Go's field names: capitalised in JSON, lower case in YAML. */
static void applied_json(struct jemit *j, const struct rpc_apply_resource *a)
{
	jemit_object(j);
	jemit_key(j, "Index"), jemit_i64(j, a->index);
	jemit_key(j, "Kind"), jemit_str(j, a->kind);
	jemit_key(j, "Name"), jemit_str(j, a->name);
	jemit_key(j, "Action"), jemit_str(j, a->action);
	jemit_key(j, "Error"), jemit_str(j, a->error);
	jemit_key(j, "Changes");
	if (a->changes.n)
		jemit_strlist(j, &a->changes);
	else
		jemit_null(j);
	jemit_key(j, "Details");
	if (a->details.n)
		jemit_strmap(j, &a->details);
	else
		jemit_null(j);
	jemit_object_end(j);
}

static void applied_yaml(struct yemit *y, const struct rpc_apply_resource *a)
{
	yemit_map(y);
	yemit_key(y, "index"), yemit_i64(y, a->index);
	yemit_key(y, "kind"), yemit_str(y, a->kind);
	yemit_key(y, "name"), yemit_str(y, a->name);
	yemit_key(y, "action"), yemit_str(y, a->action);
	yemit_key(y, "error"), yemit_str(y, a->error);
	yemit_key(y, "changes"), yemit_strlist(y, &a->changes);
	yemit_key(y, "details"), yemit_strmap(y, &a->details);
	yemit_map_end(y);
}

size_t report_applied(struct buf *out, const struct rpc_apply_result *res,
		      enum output_format format, enum report_flags flags)
{
	size_t failed = 0;
	struct jemit j;
	struct yemit y;

	if (format == OUTPUT_JSON) {
		jemit_init(&j, out, EMIT_INDENT);
		jemit_object(&j);
		jemit_key(&j, "resources");
		jemit_array(&j);
	} else if (format == OUTPUT_YAML) {
		yemit_init(&y, out, 4, 0);
		yemit_map(&y);
		yemit_key(&y, "resources");
		yemit_seq(&y);
	}
	for (size_t i = 0; i < res->resources.n; i++) {
		const struct rpc_apply_resource *a = &res->resources.v[i];

		failed += streq(nn(a->action), "failed");
		if (format == OUTPUT_JSON)
			applied_json(&j, a);
		else if (format == OUTPUT_YAML)
			applied_yaml(&y, a);
		else
			applied_text(out, a, flags);
	}
	if (format == OUTPUT_JSON) {
		jemit_array_end(&j);
		jemit_object_end(&j);
	} else if (format == OUTPUT_YAML) {
		yemit_seq_end(&y);
		yemit_map_end(&y);
	}
	return failed;
}

/* ---- delete -f ---- */

static const char *child_word(enum kind kind)
{
	return kind_info(kind + 1)->word; /* kind is realm, space or stack */
}

static void deleted_text(struct buf *out, const struct deleted_resource *d, enum report_flags flags)
{
	buf_addf(out, "%s \"%s\": %s%s\n", kind_info(d->kind)->name, nn(d->name), d->action,
		 mark(flags));
	if (d->containers)
		buf_addf(out, "  - containers: %zu deleted%s\n", d->containers, mark(flags));
	if (d->cascaded.n)
		buf_addf(out, "  - %zu %s(s) deleted (cascade)%s\n", d->cascaded.n,
			 child_word(d->kind), mark(flags));
	if (d->error)
		buf_addf(out, "  Error: %s\n", d->error);
}

static void details_of(const struct deleted_resource *d, struct strmap *ret)
{
	cleanup_buf struct buf text = BUF_INIT(256);

	if (!d->containers)
		return;
	buf_addf(&text, "%zu deleted", d->containers);
	strmap_set(ret, "containers", buf_str(&text));
}

static void deleted_json(struct jemit *j, const struct deleted_resource *d)
{
	cleanup_strmap struct strmap details = { 0 };

	details_of(d, &details);
	jemit_object(j);
	jemit_key(j, "index"), jemit_i64(j, (int64_t) d->index);
	jemit_key(j, "kind"), jemit_str(j, kind_info(d->kind)->name);
	jemit_key(j, "name"), jemit_str(j, d->name);
	jemit_key(j, "action"), jemit_str(j, d->action);
	if (d->error)
		jemit_key(j, "error"), jemit_str(j, d->error);
	if (d->cascaded.n)
		jemit_key(j, "cascaded"), jemit_strlist(j, &d->cascaded);
	if (details.n)
		jemit_key(j, "details"), jemit_strmap(j, &details);
	jemit_object_end(j);
}

static void deleted_yaml(struct yemit *y, const struct deleted_resource *d)
{
	cleanup_strmap struct strmap details = { 0 };

	details_of(d, &details);
	yemit_map(y);
	yemit_key(y, "index"), yemit_i64(y, (int64_t) d->index);
	yemit_key(y, "kind"), yemit_str(y, kind_info(d->kind)->name);
	yemit_key(y, "name"), yemit_str(y, d->name);
	yemit_key(y, "action"), yemit_str(y, d->action);
	if (d->error)
		yemit_key(y, "error"), yemit_str(y, d->error);
	if (d->cascaded.n)
		yemit_key(y, "cascaded"), yemit_strlist(y, &d->cascaded);
	if (details.n)
		yemit_key(y, "details"), yemit_strmap(y, &details);
	yemit_map_end(y);
}

void report_deleted(struct buf *out, const struct deleted_resource *v, size_t n,
		    enum output_format format, enum report_flags flags)
{
	struct jemit j;
	struct yemit y;

	if (format == OUTPUT_JSON) {
		jemit_init(&j, out, EMIT_INDENT);
		jemit_object(&j);
		jemit_key(&j, "resources");
		jemit_array(&j);
		for (size_t i = 0; i < n; i++)
			deleted_json(&j, &v[i]);
		jemit_array_end(&j);
		jemit_object_end(&j);
	} else if (format == OUTPUT_YAML) {
		yemit_init(&y, out, 4, 0);
		yemit_map(&y);
		yemit_key(&y, "resources");
		yemit_seq(&y);
		for (size_t i = 0; i < n; i++)
			deleted_yaml(&y, &v[i]);
		yemit_seq_end(&y);
		yemit_map_end(&y);
	} else {
		for (size_t i = 0; i < n; i++)
			deleted_text(out, &v[i], flags);
	}
}
