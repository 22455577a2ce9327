/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "advice.h"
#include "cli.h"
#include "cmd.h"
#include "help.h"
#include "hints.h"
#include "mem.h"
#include "str.h"
#include "term.h"

static const struct opt help_opts[] = {
	{ "help", 'h', OPT_BOOL, NULL, "help for this command" },
	{ 0 },
};

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; p && *p;) {
		size_t k = strcspn(p, " ");

		if (k == n && strncmp(p, word, n) == 0)
			return true;
		p += k + strspn(p + k, " ");
	}
	return false;
}

const struct cmd *cmd_find_sub(const struct cmd *group, const char *word)
{
	for (size_t i = 0; group->subs && group->subs[i]; i++)
		if (streq(group->subs[i]->name, word) || has_word(group->subs[i]->aliases, word))
			return group->subs[i];
	return NULL;
}

static void add_near(struct buf *out, const struct cmd *group, const char *word)
{
	for (size_t i = 0; group->subs && group->subs[i]; i++) {
		const struct cmd *s = group->subs[i];

		if (!(s->flags & CMD_HIDDEN) &&
		    (str_distance(s->name, word) <= 2 || str_has_prefix(s->name, word)))
			buf_addf(out, "%s\n", s->name);
	}
}

/* Append suggestions for an unknown word, one per line. */
static void add_guesses(struct buf *out, const struct cmd *const *chain, size_t n, const char *word)
{
	hints_for_word(chain, n, word, out);
	if (out->len == 0)
		add_near(out, chain[n - 1], word);
	if (out->len == 0)
		hints_for_argument(chain, n, word, out);
}

/* Print the error for an unknown word, with suggestions and where to find help. */
void cmd_unknown(const struct cmd *const *chain, size_t n, const char *word)
{
	cleanup_buf struct buf guesses = BUF_INIT(65536);
	cleanup_free char *path = cmd_path(chain, n);
	bool sentence;

	term_err("Error: unknown command \"%s\" for \"%s\"\n", word, path);
	add_guesses(&guesses, chain, n, word);
	sentence = strstr(buf_str(&guesses), "; ") != NULL;
	if (sentence)
		term_err("\nHint: ");
	else if (guesses.len)
		term_err("\nDid you mean this?\n");
	for (const char *p = buf_str(&guesses); *p; p += strcspn(p, "\n") + 1)
		term_err("%s%.*s\n", sentence ? "" : "\t", (int) strcspn(p, "\n"), p);
	term_err("%sRun '%s --help' for usage.\n", guesses.len ? "\n" : "", path);
}

/* ---- finding the command ---- */

/* Find a flag in the chain by name or letter; a group's local flags only in its last command. */
static const struct opt *chain_opt(const struct cmd *const *chain, size_t n, const char *name,
				   size_t len, char letter)
{
	for (size_t i = n; i-- > 0;) {
		const struct opt *const tables[] = { i + 1 == n ? chain[i]->local : NULL,
						     chain[i]->opts, i == 0 ? help_opts : NULL };

		for (size_t k = 0; k < ARRAY_SIZE(tables); k++)
			for (const struct opt *o = tables[k]; o && o->name; o++)
				if (letter ? o->letter == letter
					   : strlen(o->name) == len &&
						     strncmp(o->name, name, len) == 0)
					return o;
	}
	return NULL;
}

/* How many arguments the flag takes, itself included; 0 when the chain does not know it. */
static int flag_width(const struct cmd *const *chain, size_t n, const char *arg)
{
	const struct opt *o;
	size_t len;

	if (arg[1] == '-') {
		len = strcspn(arg + 2, "=");
		o = chain_opt(chain, n, arg + 2, len, '\0');
		if (!o)
			return 0;
		return o->type == OPT_BOOL || arg[2 + len] == '=' ? 1 : 2;
	}
	for (const char *p = arg + 1; *p; p++) {
		o = chain_opt(chain, n, NULL, 0, *p);
		if (!o)
			return 0;
		if (o->type != OPT_BOOL)
			return p[1] ? 1 : 2;
		if (p[1] == '=')
			return 1;
	}
	return 1;
}

enum chain_flags {
	CHAIN_ANY_FLAG = 1 << 0, /* skip flags that the chain does not know */
};

/* Whether the command line has the chain's words in order and only flags it knows. */
static bool is_chain(const struct cmd *const *chain, size_t n, int argc, char **argv,
		     enum chain_flags flags)
{
	size_t at = 1;
	int width;

	for (int i = 1; i < argc && !streq(argv[i], "--"); i += width) {
		width = 1;
		if (argv[i][0] == '-' && argv[i][1]) {
			width = flag_width(chain, n, argv[i]);
			if (width == 0 && !(flags & CHAIN_ANY_FLAG))
				return false;
			width = width ? width : 1;
		} else if (at < n) {
			if (cmd_find_sub(chain[at - 1], argv[i]) != chain[at])
				return false;
			at++;
		}
	}
	return at == n;
}

/*
 * Find the deepest command below chain[n - 1] that matches the command line. Returns the
 * chain's length, 0: none. So a verb's flags may come before the verb.
 */
static size_t find_chain(const struct cmd **chain, size_t n, int argc, char **argv,
			 enum chain_flags flags)
{
	const struct cmd *const *sub = chain[n - 1]->subs;
	size_t deep;

	for (; n < CMD_MAX_DEPTH && sub && *sub; sub++) {
		chain[n] = *sub;
		deep = find_chain(chain, n + 1, argc, argv, flags);
		if (deep > 0)
			return deep;
	}
	return is_chain(chain, n, argc, argv, flags) ? n : 0;
}

/* A group's local flags end where a sub-command begins. */
static int enter(struct cli *c, const struct cmd *cmd, struct kerr *err)
{
	const char *given = c->cmd ? opt_values_remove(&c->opts, c->cmd->local) : NULL;

	if (given)
		return kerr_plain(err, -EINVAL, "unknown flag: --%s", given);
	c->chain[c->n_chain++] = cmd;
	c->cmd = cmd;
	opt_values_add(&c->opts, cmd->opts);
	opt_values_add(&c->opts, cmd->local);
	return 0;
}

/* Take a word as a sub-command. 0; 1: error, already printed; -errno with err. */
static int take_command(struct cli *c, const char *word, struct kerr *err)
{
	const struct cmd *sub = cmd_find_sub(c->cmd, word);

	if (sub)
		return enter(c, sub, err);
	if (err)
		cmd_unknown(c->chain, c->n_chain, word);
	return 1;
}

/* Hint for an unknown flag; arg up to its value. */
static void hint_for_flag(struct cli *c, const char *arg)
{
	cleanup_buf struct buf text = BUF_INIT(4096);
	cleanup_free char *flag = xstrndup(arg, strcspn(arg, "="));

	hints_for_flag(&c->opts, flag, &text);
	if (text.len > 0)
		cli_hint(c, "%s", buf_str(&text));
}

/* found: how many words to skip, because enter() has taken their commands already. */
static int parse(struct cli *c, size_t found, int argc, char **argv, struct kerr *err)
{
	bool flags = true;
	int r;

	for (int i = 1; i < argc;) {
		if (flags && streq(argv[i], "--")) {
			flags = false;
			i++;
		} else if (flags && argv[i][0] == '-' && argv[i][1]) {
			int n = opt_parse(&c->opts, argc, argv, i, err);

			if (n < 0) {
				if (err && str_has_prefix(err->msg, "unknown "))
					hint_for_flag(c, argv[i]);
				return n;
			}
			i += n;
		} else if (found > 0) {
			found--;
			i++;
		} else if (c->cmd->subs && c->args.n == 0) {
			r = take_command(c, argv[i++], err);
			if (r != 0)
				return r;
		} else {
			strlist_add(&c->args, argv[i++]);
			if (c->cmd->flags & CMD_PROGRAM && c->args.n == 2)
				flags = false;
		}
	}
	return 0;
}

int cmd_parse(struct cli *c, const struct cmd *root, int argc, char **argv, struct kerr *err)
{
	const struct cmd *chain[CMD_MAX_DEPTH] = { root };
	size_t n = find_chain(chain, 1, argc, argv, 0);
	int r;

	if (n == 0)
		n = find_chain(chain, 1, argc, argv, CHAIN_ANY_FLAG);
	opt_values_add(&c->opts, help_opts);
	r = enter(c, root, err);
	for (size_t i = 1; r == 0 && i < n; i++)
		r = enter(c, chain[i], err);
	return r < 0 ? r : parse(c, n > 0 ? n - 1 : 0, argc, argv, err);
}

/* Use the first of the lines as the hint. */
static void set_hint(struct cli *c, const char *lines)
{
	if (*lines)
		cli_hint(c, "%.*s", (int) strcspn(lines, "\n"), lines);
}

void cmd_usage_hint(struct cli *c)
{
	cleanup_free char *path = cmd_path(c->chain, c->n_chain);
	const char *args = c->cmd->args;

	cli_hint(c, "usage: %s%s%s [flags]", path, args ? " " : "", args ? args : "");
}

static int check_args(struct cli *c, struct kerr *err)
{
	cleanup_buf struct buf guesses = BUF_INIT(65536);
	const struct cmd *cmd = c->cmd;
	int n = (int) c->args.n;
	cleanup_free char *path = cmd_path(c->chain, c->n_chain);

	if (cmd->flags & CMD_IGNORE_ARGS || (n >= cmd->min_args && n <= cmd->max_args))
		return 0;
	if (cmd->max_args == 0) {
		add_guesses(&guesses, c->chain, c->n_chain, c->args.v[0]);
		set_hint(c, buf_str(&guesses));
		return kerr_plain(err, -EINVAL, "unknown command \"%s\" for \"%s\"", c->args.v[0],
				  path);
	}
	cmd_usage_hint(c);
	if (cmd->min_args == cmd->max_args || n < cmd->min_args)
		return kerr_plain(err, -EINVAL, "accepts %d arg(s), received %d", cmd->min_args, n);
	return kerr_plain(err, -EINVAL, "accepts at most %d arg(s), received %d", cmd->max_args, n);
}

int cmd_check_root(const struct cli *c, struct kerr *err)
{
	cleanup_free char *path = cmd_path(c->chain, c->n_chain);

	if (geteuid() == 0)
		return 0;
	return kerr_plain(err, -EPERM,
			  "command must run as root: `%s` writes to root-owned paths — re-run with "
			  "`sudo %s`",
			  path, path);
}

static int run(struct cli *c, struct kerr *err)
{
	int r = check_args(c, err);

	if (r == 0 && !(c->cmd->flags & CMD_NO_SETTINGS))
		r = cli_settings(c, err);
	if (r == 0 && c->cmd->flags & CMD_ROOT)
		r = cmd_check_root(c, err);
	if (r == 0)
		r = c->cmd->run(c, err);
	return r;
}

/* A group alone prints its help, unless one of its local flags is given. */
static bool wants_help(const struct cli *c)
{
	return cli_bool(c, "help") || !c->cmd->run ||
	       (c->cmd->subs && !opt_values_given(&c->opts, c->cmd->local));
}

void cmd_print_error(struct cli *c, const struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_REPLY);

	cli_error_text(c, err, &text);
	if (!c->hint)
		advice_elsewhere(c, err);
	if (!c->hint)
		advice_text(c, buf_str(&text));
	term_err("Error: %s\n", buf_str(&text));
	if (c->hint)
		term_err("Hint: %s\n", c->hint);
}

int cmd_main(const struct cmd *root, int argc, char **argv)
{
	cleanup_(cli_clear) struct cli c = { 0 };
	struct kerr err = { 0 };
	int r;

	r = cmd_parse(&c, root, argc, argv, &err);
	if (r > 0)
		return 1;
	if (r == 0 && wants_help(&c)) {
		cmd_print_help(c.chain, c.n_chain);
		return 0;
	}
	if (r == 0)
		r = run(&c, &err);
	if (r < 0)
		cmd_print_error(&c, &err);
	return c.exit_status ? c.exit_status : r ? 1 : 0;
}
