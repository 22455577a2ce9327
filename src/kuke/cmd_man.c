/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <ctype.h>

#include "cli.h"
#include "help.h"
#include "mem.h"
#include "str.h"
#include "verbs.h"

/* Text, safe in mdoc: no backslash, no control line by accident, a line for each sentence. */
static void text_line(const char *s)
{
	struct buf b cleanup_buf = BUF_INIT(1 << 16);

	if (*s == '.' || *s == '\'')
		buf_adds(&b, "\\&"); /* a sentence never begins with either */
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

/* A sentence out of a line of help. */
static void sentence(const char *s)
{
	char *line cleanup_free = xasprintf("%s%s", s, str_has_suffix(s, ".") ? "" : ".");

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

/* A command and those below it, in the order of the tables. */
static void print_cmd(const struct cmd **chain, size_t n)
{
	const struct cmd *c = chain[n - 1];
	char *path cleanup_free = cmd_path(chain, n);

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

/* The part of kuke(1) that is in the tables; the rest of the page stands around it. */
static int run_man(struct cli *c, struct kerr *err)
{
	const struct cmd *chain[CMD_MAX_DEPTH + 1] = { c->chain[0] };

	(void) err;
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
	.help = "print the tables of the manual page",
	.run = run_man,
	.flags = CMD_HIDDEN | CMD_NO_SETTINGS,
};
