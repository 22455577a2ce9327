/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "copy.h"
#include "denied_get.h"
#include "docsout.h"
#include "mem.h"
#include "model.h"
#include "str.h"
#include "subject.h"
#include "term.h"

/* How entries are shown. */
struct view {
	enum output_format format;
	bool follow;
	char since[KTIME_TEXT_MAX];
	struct scope scope;
	LIST_OF(struct rpc_denied) list; /* until they are printed */
	char *next;
	bool titled; /* the table has its titles */
};

static void drop_list(struct view *v)
{
	for (size_t i = 0; i < v->list.n; i++)
		model_clear(&rpc_denied_type, &v->list.v[i]);
	free(v->list.v);
	v->list.v = NULL;
	v->list.n = 0;
}

static void view_clear(struct view *v)
{
	drop_list(v);
	scope_clear(&v->scope);
	free(v->next);
}

static bool is_table(const struct view *v)
{
	return v->format == OUTPUT_TABLE || v->format == OUTPUT_WIDE;
}

/* ---- asking ---- */

static int ask(struct cli *c, struct view *v, int64_t wait_ms, bool *ret_more, struct kerr *err)
{
	struct rpc_list_denied_args args = { .realm_name = v->scope.realm,
					     .space_name = v->scope.space,
					     .stack_name = v->scope.stack,
					     .cell_name = v->scope.cell,
					     .since = v->since,
					     .after = v->next,
					     .wait_ms = wait_ms };
	struct rpc_list_denied_reply reply = { 0 };
	int r = cli_call(c, RPC_X_LIST_DENIED, &args, &reply, err); /* args borrows: not freed */

	if (r == 0) {
		for (size_t i = 0; i < reply.result.denied.n; i++)
			*(struct rpc_denied *) vec_grow(&v->list.v, &v->list.n,
							sizeof(*v->list.v)) =
				take_struct(reply.result.denied.v[i]);
		free(v->next);
		v->next = xstrdup(reply.result.next ? reply.result.next : "");
		*ret_more = reply.result.more;
	}
	cli_free_reply(RPC_X_LIST_DENIED, &reply);
	return r;
}

/* A time, or how long ago. */
static int read_since(const struct cli *c, char ret[KTIME_TEXT_MAX], struct kerr *err)
{
	cleanup_free char *text = str_trim(cli_str(c, "since"));
	struct ktime t = ktime_now();
	int64_t ns;

	ret[0] = '\0';
	if (!cli_given(c, "since"))
		return 0;
	if (duration_parse(text, &ns) == 0 && ns >= 0)
		t.sec -= ns / 1000000000;
	else if (ktime_parse(text, &t) < 0)
		return kerr_plain(err, -EINVAL,
				  "invalid --since \"%s\": give how long ago, such as 10m, or a "
				  "time, such as 2026-01-31T12:00:00Z",
				  text);
	(void) ktime_text(&t, ret);
	return 0;
}

/* ---- the table ---- */

static int by_time(const void *a, const void *b)
{
	const struct rpc_denied *x = a, *y = b;

	return ktime_cmp(&x->time, &y->time);
}

static const char *dash(const char *s)
{
	return str_empty(s) ? "-" : s;
}

static void add_time(struct strlist *row, struct ktime t)
{
	char text[KTIME_TEXT_MAX];

	t.nsec = 0;
	strlist_add(row, t.set ? ktime_text(&t, text) : "-");
}

/* Names come from cells: none gets more than its column. */
static void add_name(struct strlist *row, const char *name)
{
	cleanup_buf struct buf text = BUF_INIT(65536);

	if (name)
		str_vis(&text, name, strlen(name));
	strlist_add(row, dash(buf_str(&text)));
}

static void add_row(struct table *t, const struct rpc_denied *d, bool wide)
{
	cleanup_strlist struct strlist row = { 0 };

	add_time(&row, d->time);
	add_name(&row, d->cell);
	add_name(&row, d->name);
	add_name(&row, d->destination);
	if (d->port > 0)
		strlist_addf(&row, "%lld", (long long) d->port);
	else
		strlist_add(&row, "-");
	add_name(&row, d->protocol);
	strlist_addf(&row, "%lld", (long long) d->count);
	if (wide) {
		add_time(&row, d->last);
		add_name(&row, d->address);
	}
	table_add(t, &row);
}

static void print_table(const struct view *v)
{
	cleanup_(table_clear) struct table t = { 0 };
	bool wide = v->format == OUTPUT_WIDE;

	table_row(&t, "TIME", "CELL", "NAME", "DESTINATION", "PORT", "PROTOCOL", "COUNT",
		  wide ? "LAST" : NULL, "ADDRESS", NULL);
	for (size_t i = 0; i < v->list.n; i++)
		add_row(&t, &v->list.v[i], wide);
	table_print(&t);
}

/* What follows a table has no common width. */
static void print_lines(const struct view *v)
{
	for (size_t i = 0; i < v->list.n; i++) {
		cleanup_(table_clear) struct table t = { 0 };

		add_row(&t, &v->list.v[i], v->format == OUTPUT_WIDE);
		for (size_t k = 0; k < t.cells.n; k++)
			cli_printf("%s%s", k ? "  " : "", t.cells.v[k]);
		cli_printf("\n");
	}
}

static void print_hint(void)
{
	if (isatty(STDERR_FILENO) == 1)
		term_err("Hint: kuke explain --why-denied CELL HOST[:PORT] says what decides, and "
			 "what to add\n");
}

/* ---- output ---- */

static void print_docs(const struct view *v)
{
	struct docsout docs = { 0 };

	docsout_begin(&docs, &rpc_denied_type, v->format);
	for (size_t i = 0; i < v->list.n; i++)
		docsout_add(&docs, &v->list.v[i]);
	docsout_end(&docs);
}

/* While following, a document after the other. */
static void print_each(const struct view *v)
{
	for (size_t i = 0; i < v->list.n; i++) {
		if (v->format == OUTPUT_YAML)
			cli_printf("---\n");
		cli_print_doc(&rpc_denied_type, &v->list.v[i], v->format);
	}
}

static void print(struct view *v)
{
	if (v->list.n > 0)
		qsort(v->list.v, v->list.n, sizeof(*v->list.v), by_time);
	if (!is_table(v) && v->follow)
		print_each(v);
	else if (!is_table(v))
		print_docs(v);
	else if (v->titled)
		print_lines(v);
	else if (v->list.n > 0 || v->follow)
		print_table(v);
	else
		cli_printf("No denied attempts found.\n");
	v->titled = true;
	drop_list(v);
}

static int follow(struct cli *c, struct view *v, struct kerr *err)
{
	bool more;
	int r;

	while (fflush(stdout) == 0) { /* else its reader is gone */
		r = ask(c, v, RPC_DENIED_WAIT_MS, &more, err);
		if (r < 0)
			return r;
		print(v);
	}
	return 0;
}

static int read_flags(struct cli *c, struct view *v, struct kerr *err)
{
	int r = scope_read(c, KIND_CONTAINER, SCOPE_LIST, &v->scope, err);

	if (r == 0)
		r = cli_output(c, OUTPUT_TABLE, &v->format, err);
	if (r == 0 && v->format == OUTPUT_NAME)
		r = kerr_plain(err, -EINVAL,
			       "invalid output format: name (supported: yaml, json, table, wide)");
	if (r == 0 && cli_given(c, "selector"))
		r = kerr_plain(err, -EINVAL, "what was denied has no labels");
	if (r == 0)
		r = read_since(c, v->since, err);
	return r;
}

int denied_get_run(struct cli *c, struct kerr *err)
{
	cleanup_(view_clear) struct view v = { .follow = cli_bool(c, "follow") };
	bool more = true, any;
	int r = read_flags(c, &v, err);

	while (r == 0 && more)
		r = ask(c, &v, 0, &more, err);
	if (r < 0)
		return r;
	any = v.list.n > 0;
	print(&v);
	if (is_table(&v) && any)
		print_hint();
	return v.follow ? follow(c, &v, err) : 0;
}
