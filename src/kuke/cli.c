/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "cli.h"
#include "client.h"
#include "emit.h"
#include "emit_json.h"
#include "emit_yaml.h"
#include "fd.h"
#include "mem.h"
#include "model.h"
#include "str.h"
#include "term.h"

#define PRINT_MAX (256 << 20)

void cli_hang_up(struct cli *c)
{
	c->client = rpc_client_free(c->client);
	own_engine_stop(&c->own);
}

void cli_clear(struct cli *c)
{
	opt_values_clear(&c->opts);
	strlist_clear(&c->args);
	free(c->error);
	free(c->hint);
	free(c->settings.host);
	free(c->settings.run_path);
	free(c->settings.log_level);
	free(c->settings.output);
	cli_hang_up(c);
	while (c->n_early > 0)
		rpc_client_free(c->early[--c->n_early].client);
}

void cli_hint(struct cli *c, const char *fmt, ...)
{
	struct buf text = BUF_INIT(65536);
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	free(c->hint);
	c->hint = buf_take(&text);
}

/* ---- the command line ---- */

const char *cli_str_or(const struct cli *c, const char *flag, const char *def)
{
	const struct opt_value *v = opt_find(&c->opts, flag);

	return v && v->set ? v->text : def;
}

const char *cli_str(const struct cli *c, const char *flag)
{
	return cli_str_or(c, flag, "");
}

bool cli_bool(const struct cli *c, const char *flag)
{
	const struct opt_value *v = opt_find(&c->opts, flag);

	return v && v->set && v->on;
}

int64_t cli_int(const struct cli *c, const char *flag)
{
	const struct opt_value *v = opt_find(&c->opts, flag);

	return v && v->set ? v->number : 0;
}

bool cli_given(const struct cli *c, const char *flag)
{
	const struct opt_value *v = opt_find(&c->opts, flag);

	return v && v->set;
}

const struct strlist *cli_list(const struct cli *c, const char *flag)
{
	static const struct strlist none;
	const struct opt_value *v = opt_find(&c->opts, flag);

	return v ? &v->list : &none;
}

int cli_require(const struct cli *c, const char *flag, struct kerr *err)
{
	if (cli_given(c, flag))
		return 0;
	return kerr_plain(err, -EINVAL, "required flag(s) \"%s\" not set", flag);
}

char *cli_arg(const struct cli *c, size_t i)
{
	return i < c->args.n ? str_trim(c->args.v[i]) : xstrdup("");
}

/* ---- output ---- */

int cli_output(const struct cli *c, enum output_format unset, enum output_format *ret,
	       struct kerr *err)
{
	cleanup_free char *typed = str_trim(cli_str(c, "output"));
	cleanup_free char *def = str_trim(c->settings.output);
	const char *s = *typed ? typed : def;

	if (!*s)
		*ret = unset;
	else if (str_case_eq(s, "yaml"))
		*ret = OUTPUT_YAML;
	else if (str_case_eq(s, "json"))
		*ret = OUTPUT_JSON;
	else if (str_case_eq(s, "table"))
		*ret = OUTPUT_TABLE;
	else if (str_case_eq(s, "wide"))
		*ret = OUTPUT_WIDE;
	else if (str_case_eq(s, "name"))
		*ret = OUTPUT_NAME;
	else
		return kerr_plain(err, -EINVAL,
				  "invalid output format: %s (supported: yaml, json, table, wide, "
				  "name)",
				  s);
	return 0;
}

enum output_format cli_report_format(const struct cli *c)
{
	const char *s = cli_str(c, "output");

	return streq(s, "json") ? OUTPUT_JSON : streq(s, "yaml") ? OUTPUT_YAML : OUTPUT_TABLE;
}

/* Escaped: names may contain control characters. */
static void add_table_cell(struct table *t, const char *cell)
{
	struct buf safe = BUF_INIT(1 << 20);

	str_vis(&safe, cell, strlen(cell));
	strlist_add_owned(&t->cells, buf_take(&safe));
}

void table_add(struct table *t, const struct strlist *row)
{
	for (size_t i = 0; i < row->n; i++)
		add_table_cell(t, row->v[i]);
	t->columns = row->n;
}

void table_row(struct table *t, ...)
{
	const char *cell;
	size_t n = 0;
	va_list ap;

	va_start(ap, t);
	while ((cell = va_arg(ap, const char *)) != NULL) {
		add_table_cell(t, cell);
		n++;
	}
	va_end(ap);
	t->columns = n;
}

static void add_fill(struct buf *out, char c, size_t n)
{
	for (; n > 0; n--)
		buf_addc(out, c);
}

static void add_row(const struct table *t, const size_t *width, size_t row, struct buf *out)
{
	for (size_t i = 0; i < t->columns; i++) {
		const char *cell = t->cells.v[row * t->columns + i];

		buf_addf(out, "%s%s", i ? "  " : "", cell);
		add_fill(out, ' ', width[i] - term_columns(cell));
	}
	buf_addc(out, '\n');
}

static void add_rule(const struct table *t, const size_t *width, struct buf *out)
{
	for (size_t i = 0; i < t->columns; i++) {
		buf_adds(out, i ? "  " : "");
		add_fill(out, '-', width[i]);
	}
	buf_addc(out, '\n');
}

void table_text(struct buf *out, const struct table *t)
{
	cleanup_free size_t *width = xcalloc(t->columns + 1, sizeof(*width));
	size_t rows = t->columns ? t->cells.n / t->columns : 0;

	assert(t->columns > 0 || t->cells.n == 0);
	for (size_t i = 0; i < t->cells.n; i++) {
		size_t n = term_columns(t->cells.v[i]);

		if (n > width[i % t->columns])
			width[i % t->columns] = n;
	}
	for (size_t r = 0; r < rows; r++) {
		add_row(t, width, r, out);
		if (r == 0)
			add_rule(t, width, out);
	}
}

void table_print(const struct table *t)
{
	cleanup_buf struct buf out = BUF_INIT(PRINT_MAX);

	table_text(&out, t);
	cli_print(&out);
}

void table_clear(struct table *t)
{
	strlist_clear(&t->cells);
}

void cli_print(const struct buf *b)
{
	term_out(buf_str(b), b->len);
}

void cli_printf(const char *fmt, ...)
{
	cleanup_buf struct buf text = BUF_INIT(PRINT_MAX);
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	cli_print(&text);
}

void cli_print_doc(const struct model_type *t, const void *doc, enum output_format format)
{
	cleanup_buf struct buf out = BUF_INIT(PRINT_MAX);

	if (format == OUTPUT_JSON) {
		model_emit_json(&out, t, doc, EMIT_INDENT | EMIT_REDACT);
		buf_addc(&out, '\n');
	} else {
		model_emit_yaml(&out, t, doc, 2, EMIT_REDACT);
	}
	cli_print(&out);
}

void cli_print_docs(const struct model_type *t, const void *const *docs, size_t n,
		    enum output_format format)
{
	cleanup_buf struct buf out = BUF_INIT(PRINT_MAX);
	static const void *const none[1];

	if (!docs)
		docs = none; /* an empty list, not null */
	if (format == OUTPUT_JSON) {
		model_emit_json_list(&out, t, docs, n, EMIT_INDENT | EMIT_REDACT);
		buf_addc(&out, '\n');
	} else {
		model_emit_yaml_list(&out, t, docs, n, 2, EMIT_REDACT);
	}
	cli_print(&out);
}

int cli_read_file(const char *path, size_t max, struct buf *ret, struct kerr *err)
{
	cleanup_fd int fd = -EBADF;
	int r;

	buf_init(ret, max);
	if (streq(path, "-"))
		return buf_read_fd(ret, STDIN_FILENO, err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		r = -errno;
		return kerr_set(err, r, "failed to open file \"%s\": open %s", path, path);
	}
	r = buf_read_fd(ret, fd, err);
	return r < 0 ? kerr_wrap(err, r, "read '%s'", path) : 0;
}
