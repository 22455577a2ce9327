/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <ctype.h>

#include "cli.h"
#include "help.h"
#include "mem.h"
#include "methods.h"
#include "model.h"
#include "str.h"
#include "verbs.h"

/* Print text escaped for mdoc(7), each sentence on its own line. */
static void text_line(const char *s)
{
	cleanup_buf struct buf b = BUF_INIT(1 << 16);

	if (*s == '.' || *s == '\'')
		buf_adds(&b, "\\&"); /* no sentence begins with either */
	for (; *s; s++) {
		if (*s == '\\')
			buf_adds(&b, "\\e");
		else if (*s == '-')
			buf_adds(&b, "\\-");
		else if (s[0] == '.' && s[1] == ' ')
			buf_adds(&b, ".\n"), s++;
		else
			buf_addc(&b, *s);
	}
	buf_addc(&b, '\n');
	cli_print(&b);
}

/* Print a line of help as a sentence. */
static void sentence(const char *s)
{
	cleanup_free char *line = xasprintf("%s%s", s, str_has_suffix(s, ".") ? "" : ".");

	line[0] = (char) toupper((unsigned char) line[0]);
	text_line(line);
}

static const char *value_word(const struct opt *o)
{
	switch (o->type) {
	case OPT_STRING:
	case OPT_LIST:
		return "text";
	case OPT_INT:
		return "number";
	case OPT_DURATION:
		return "duration";
	case OPT_BOOL:
		break;
	}
	return NULL;
}

static void print_opt(const struct opt *o)
{
	const char *value = value_word(o);
	char letter[16] = "";

	if (!o->help)
		return;
	if (o->letter)
		(void) snprintf(letter, sizeof(letter), "Fl %c , ", o->letter);
	cli_printf(".It %sFl \\-%s%s%s\n", letter, o->name, value ? " Ar " : "",
		   value ? value : "");
	text_line(o->help);
	if (o->def) {
		cli_printf("Default:\n");
		text_line(o->def);
	}
}

static void print_opts(const struct opt *a, const struct opt *b)
{
	if (!a && !b)
		return;
	cli_printf(".Bl -tag -width Ds\n");
	for (; a && a->name; a++)
		print_opt(a);
	for (; b && b->name; b++)
		print_opt(b);
	cli_printf(".El\n");
}

/* Print a command and those below it, in table order. */
static void print_cmd(const struct cmd **chain, size_t n)
{
	const struct cmd *c = chain[n - 1];
	cleanup_free char *path = cmd_path(chain, n);

	if (c->flags & CMD_HIDDEN)
		return;
	cli_printf(".Ss %s%s%s\n", path, c->args ? " " : "", c->args ? c->args : "");
	sentence(c->about ? c->about : c->help);
	if (c->aliases) {
		cli_printf(".Pp\nAliases:\n");
		text_line(c->aliases);
	}
	print_opts(c->opts, c->local);
	for (size_t i = 0; c->subs && c->subs[i]; i++) {
		chain[n] = c->subs[i];
		print_cmd(chain, n + 1);
	}
}

/* ---- the methods of kukeon-api(7) ---- */

static const char *type_word(const struct field *f)
{
	switch (f->type) {
	case FIELD_BOOL:
	case FIELD_NBOOL:
		return "boolean";
	case FIELD_INT:
	case FIELD_NINT:
	case FIELD_UINT32:
		return "integer";
	case FIELD_TIME:
		return "time";
	case FIELD_BYTES:
		return "bytes";
	case FIELD_STRLIST:
		return "list of strings";
	case FIELD_STRMAP:
		return "object of strings";
	default:
		return "string";
	}
}

static void add_members(struct buf *b, const struct model_type *t);

/* "Force (boolean)"; for a nested type that is no document, its members instead of the type. */
static void add_member(struct buf *b, const struct field *f)
{
	bool list = f->type == FIELD_OBJLIST;

	if (b->len)
		buf_adds(b, ",\n");
	if (!f->obj) {
		buf_addf(b, "%s (%s)", f->name, type_word(f));
	} else if (str_has_suffix(f->obj->name, "Doc") || streq(f->obj->name, "ContainerSpec")) {
		buf_addf(b, "%s (%s%s)", f->name, list ? "list of " : "", f->obj->name);
	} else {
		cleanup_buf struct buf inner = BUF_INIT(1 << 16);

		add_members(&inner, f->obj);
		buf_addf(b, "%s (%sof %s)", f->name, list ? "list " : "", buf_str(&inner));
	}
}

static void add_members(struct buf *b, const struct model_type *t)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];

		if (streq(f->name, "Result"))
			add_members(b, f->obj);
		else if (!streq(f->name, "Err"))
			add_member(b, f);
	}
}

/* One per line; none of them is a macro of mdoc. */
static void print_members(const char *what, const struct model_type *t)
{
	cleanup_buf struct buf b = BUF_INIT(1 << 16);

	add_members(&b, t);
	if (b.len)
		cli_printf("%s\n%s.\n", what, buf_str(&b));
}

static void print_service(const char *service)
{
	cli_printf(".Bl -tag -width Ds\n");
	for (int id = RPC_METHOD_INVALID + 1; id < _RPC_METHOD_MAX; id++) {
		const struct rpc_method *m = rpc_method_get((enum rpc_method_id) id);

		if (!streq(m->service, service) || m->private)
			continue;
		cli_printf(".It Li %s\n", m->name);
		if (m->to_come)
			cli_printf("Not implemented yet.\n");
		print_members("Takes", m->args);
		print_members("Gives", m->reply);
	}
	cli_printf(".El\n");
}

/*
 * Print the generated part of a page: kuke(1)'s commands, or the methods of one service for
 * kukeon-api(7).
 */
static int run_man(struct cli *c, struct kerr *err)
{
	const struct cmd *chain[CMD_MAX_DEPTH + 1] = { c->chain[0] };

	(void) err;
	if (c->args.n > 0) {
		print_service(c->args.v[0]);
		return 0;
	}
	cli_printf(".Sh OPTIONS\nThese are understood by every command:\n");
	print_opts(c->chain[0]->opts, NULL);
	cli_printf(".Sh COMMANDS\n");
	for (size_t i = 0; c->chain[0]->subs[i]; i++) {
		chain[1] = c->chain[0]->subs[i];
		print_cmd(chain, 2);
	}
	return 0;
}

const struct cmd cmd_man = {
	.name = "__man",
	.help = "print the tables of a manual page",
	.args = "[SERVICE]",
	.max_args = 1,
	.run = run_man,
	.flags = CMD_HIDDEN | CMD_NO_SETTINGS,
};
