/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "image_get.h"
#include "mem.h"
#include "names.h"
#include "report.h"
#include "str.h"
#include "term.h"

/* Limit of one image, escaped: its author chose the labels. */
#define REPORT_MAX (256 << 20)

/* How images are shown. */
struct view {
	enum output_format format;
	char *realm;
	struct selector selector;
	struct table table;
	struct buf out;
	struct image_report report;
	size_t n;
};

static void view_clear(struct view *v)
{
	free_p(&v->realm);
	selector_clear(&v->selector);
	table_clear(&v->table);
	buf_clear(&v->out);
}

static bool is_table(const struct view *v)
{
	return v->format == OUTPUT_TABLE || v->format == OUTPUT_WIDE;
}

static void flush(struct view *v)
{
	cli_print(&v->out);
	buf_reset(&v->out);
}

static void view_begin(struct view *v, const char *realm, const char *namespace)
{
	buf_init(&v->out, REPORT_MAX);
	if (is_table(v))
		table_row(&v->table, "NAME", "SIZE", "CREATED",
			  v->format == OUTPUT_WIDE ? "DIGEST" : NULL, NULL);
	else if (v->format != OUTPUT_NAME)
		report_images_begin(&v->report, &v->out, realm, namespace, v->format);
}

static void add_table_row(struct view *v, const struct rpc_image *im)
{
	cleanup_buf struct buf size = BUF_INIT(64);
	struct ktime created = im->created_at;
	char when[KTIME_TEXT_MAX];

	created.nsec = 0;
	term_add_size(&size, im->size);
	table_row(&v->table, im->name ? im->name : "", buf_str(&size),
		  created.set ? ktime_text(&created, when) : "-",
		  v->format != OUTPUT_WIDE ? NULL
		  : im->digest		   ? im->digest
					   : "-",
		  NULL);
}

static void view_add(struct view *v, const struct rpc_image *im)
{
	if (!selector_matches(&v->selector, &im->labels))
		return;
	v->n++;
	if (is_table(v))
		add_table_row(v, im);
	else if (v->format == OUTPUT_NAME)
		cli_printf("%s\n", im->name ? im->name : "");
	else
		report_images_add(&v->report, im);
	flush(v);
}

static void view_end(struct view *v)
{
	if (is_table(v) && v->n > 0)
		table_print(&v->table);
	else if (!is_table(v) && v->format != OUTPUT_NAME)
		report_images_end(&v->report);
	flush(v);
}

/* ---- lists ---- */

static int list_page(struct cli *c, struct view *v, char **after, struct kerr *err)
{
	struct rpc_list_args args = { .realm_name = v->realm, .after = *after };
	struct rpc_list_images_reply reply = { 0 };
	int r = cli_call(c, RPC_X_LIST_IMAGES, &args, &reply, err); /* args borrows: not freed */

	if (r == 0 && !str_empty(*after) && streq_null(reply.result.next, *after))
		r = kerr_plain(err, -EPROTO, "kukeond sent the same page of the list twice");
	if (r == 0 && str_empty(*after))
		view_begin(v, reply.result.realm, reply.result.namespace);
	for (size_t i = 0; r == 0 && i < reply.result.images.n; i++)
		view_add(v, &reply.result.images.v[i]);
	if (r == 0) {
		free(*after);
		*after = xstrdup_null(reply.result.next);
	}
	cli_free_reply(RPC_X_LIST_IMAGES, &reply);
	return r;
}

static int list_images(struct cli *c, struct view *v, struct kerr *err)
{
	cleanup_free char *after = xstrdup("");
	int r;

	do
		r = list_page(c, v, &after, err);
	while (r == 0 && !str_empty(after));
	if (r < 0)
		return r;
	view_end(v);
	if (is_table(v) && v->n == 0)
		cli_printf("No images %s in realm \"%s\".\n", v->selector.n ? "match" : "found",
			   v->realm);
	return 0;
}

/* ---- by name ---- */

static int with_image(struct cli *c, const struct view *v, const char *ref,
		      void (*fn)(struct view *v, const struct rpc_get_image_result *res),
		      struct view *ctx, struct kerr *err)
{
	struct rpc_image_args args = { .realm = xstrdup(v->realm), .ref = xstrdup(ref) };
	struct rpc_get_image_reply reply = { 0 };
	int r = cli_call(c, RPC_GET_IMAGE, &args, &reply, err);

	if (r == 0)
		fn(ctx, &reply.result);
	cli_free_args(RPC_GET_IMAGE, &args);
	cli_free_reply(RPC_GET_IMAGE, &reply);
	return r;
}

static void add_named(struct view *v, const struct rpc_get_image_result *res)
{
	if (v->n == 0)
		view_begin(v, res->realm, res->namespace);
	view_add(v, &res->image);
}

static int get_named(struct cli *c, const char *ref, void *ctx, struct kerr *err)
{
	return with_image(c, ctx, ref, add_named, ctx, err);
}

static void print_one(struct view *v, const struct rpc_get_image_result *res)
{
	cleanup_buf struct buf out = BUF_INIT(REPORT_MAX);

	report_image(&out, res, v->format);
	cli_print(&out);
}

static int get_images(struct cli *c, struct view *v, const struct strlist *refs, struct kerr *err)
{
	int r;

	if (refs->n == 1 && v->format != OUTPUT_WIDE && v->format != OUTPUT_NAME)
		return with_image(c, v, refs->v[0], print_one, v, err);
	r = names_each(c, refs, NULL, get_named, v, err);
	if (v->n > 0)
		view_end(v);
	return r;
}

int image_get_run(struct cli *c, struct kerr *err)
{
	cleanup_(view_clear) struct view v = { 0 };
	cleanup_strlist struct strlist refs = { 0 };
	int r;

	v.realm = str_trim(cli_str_or(c, "realm", "default"));
	if (!*v.realm)
		return kerr_plain(err, -EINVAL, "realm name is required");
	r = names_read(c, &refs, &v.selector, err);
	if (r == 0)
		r = cli_output(c, refs.n == 1 ? OUTPUT_YAML : OUTPUT_TABLE, &v.format, err);
	if (r < 0)
		return r;
	return refs.n > 0 ? get_images(c, &v, &refs, err) : list_images(c, &v, err);
}
