/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdio.h>

#include "cli.h"
#include "help.h"
#include "mem.h"

static const char *type_word(const struct opt *o)
{
	switch (o->type) {
	case OPT_STRING:
		return " string";
	case OPT_BOOL:
		return "";
	case OPT_LIST:
		return " stringArray";
	case OPT_INT:
		return " int";
	case OPT_DURATION:
		return " duration";
	}
	return "";
}

static void add_flag(struct strlist *left, struct strlist *right, const struct opt *o)
{
	struct buf help = BUF_INIT(4096);

	if (!o->help)
		return;
	buf_adds(&help, o->help);
	if (o->def)
		buf_addf(&help, o->type == OPT_STRING ? " (default \"%s\")" : " (default %s)",
			 o->def);
	if (o->letter)
		strlist_addf(left, "  -%c, --%s%s", o->letter, o->name, type_word(o));
	else
		strlist_addf(left, "      --%s%s", o->name, type_word(o));
	strlist_add_owned(right, buf_take(&help));
}

static void print_columns(const char *title, const struct strlist *left,
			  const struct strlist *right)
{
	size_t width = 0;

	if (left->n == 0)
		return;
	for (size_t i = 0; i < left->n; i++)
		width = strlen(left->v[i]) > width ? strlen(left->v[i]) : width;
	cli_printf("\n%s:\n", title);
	for (size_t i = 0; i < left->n; i++)
		cli_printf("%-*s   %s\n", (int) width, left->v[i], right->v[i]);
}

static void print_flags(const char *title, const struct opt *const *tables, size_t n)
{
	cleanup_strlist struct strlist left = { 0 }, right = { 0 };

	for (size_t i = 0; i < n; i++)
		for (const struct opt *o = tables[i]; o && o->name; o++)
			add_flag(&left, &right, o);
	print_columns(title, &left, &right);
}

static void print_subs(const struct cmd *cmd)
{
	cleanup_strlist struct strlist left = { 0 }, right = { 0 };

	for (size_t i = 0; cmd->subs && cmd->subs[i]; i++) {
		if (cmd->subs[i]->flags & CMD_HIDDEN)
			continue;
		strlist_addf(&left, "  %s", cmd->subs[i]->name);
		strlist_add(&right, cmd->subs[i]->help);
	}
	print_columns("Available Commands", &left, &right);
}

static void print_aliases(const struct cmd *cmd)
{
	if (!cmd->aliases)
		return;
	cli_printf("\nAliases:\n  %s", cmd->name);
	for (const char *p = cmd->aliases; *p;) {
		size_t n = strcspn(p, " ");

		cli_printf(", %.*s", (int) n, p);
		p += n + strspn(p + n, " ");
	}
	cli_printf("\n");
}

void cmd_print_help(const struct cmd *const *chain, size_t n)
{
	static const struct opt help_flag[] = {
		{ "help", 'h', OPT_BOOL, NULL, "help for this command" },
		{ 0 },
	};
	const struct cmd *cmd = chain[n - 1];
	cleanup_free char *path = cmd_path(chain, n);
	const struct opt *own[] = { cmd->local, cmd->opts, help_flag };
	const struct opt *inherited[CMD_MAX_DEPTH];

	cli_printf("%s\n\nUsage:\n", cmd->about ? cmd->about : cmd->help);
	if (cmd->run)
		cli_printf("  %s%s%s [flags]\n", path, cmd->args ? " " : "",
			   cmd->args ? cmd->args : "");
	if (cmd->subs)
		cli_printf("  %s [command]\n", path);
	print_aliases(cmd);
	print_subs(cmd);
	print_flags("Flags", own, ARRAY_SIZE(own));
	for (size_t i = 0; i + 1 < n; i++)
		inherited[i] = chain[i]->opts;
	print_flags("Global Flags", inherited, n - 1);
	if (cmd->subs)
		cli_printf("\nUse \"%s [command] --help\" for more information about a command.\n",
			   path);
}

char *cmd_path(const struct cmd *const *chain, size_t n)
{
	struct buf b = BUF_INIT(1024);

	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? " " : "", chain[i]->name);
	return buf_take(&b);
}
