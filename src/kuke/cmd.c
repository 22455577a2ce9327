/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli.h"
#include "cmd.h"
#include "log.h"
#include "mem.h"
#include "str.h"

static const struct opt help_opts[] = {
	{ "help", 'h', OPT_BOOL, NULL, "help for this command" },
	{ 0 },
};

char *cmd_path(const struct cmd *const *chain, size_t n)
{
	struct buf b = BUF_INIT(1024);

	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? " " : "", chain[i]->name);
	return buf_take(&b);
}

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

/* The error of an unknown word, with what it may have meant, and where help is. */
void cmd_unknown(const struct cmd *const *chain, size_t n, const char *word)
{
	const struct cmd *group = chain[n - 1];
	char *path cleanup_free = cmd_path(chain, n);
	bool any = false;

	(void) fprintf(stderr, "Error: unknown command \"%s\" for \"%s\"\n", word, path);
	for (size_t i = 0; group->subs && group->subs[i]; i++) {
		const struct cmd *s = group->subs[i];

		if (s->flags & CMD_HIDDEN ||
		    (str_distance(s->name, word) > 2 && !str_has_prefix(s->name, word)))
			continue;
		if (!any)
			(void) fprintf(stderr, "\nDid you mean this?\n");
		any = true;
		(void) fprintf(stderr, "\t%s\n", s->name);
	}
	(void) fprintf(stderr, "%sRun '%s --help' for usage.\n", any ? "\n" : "", path);
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

/* 0, 1 for an error that is already told, -errno with err. */
static int parse(struct cli *c, int argc, char **argv, struct kerr *err)
{
	bool flags = true;

	for (int i = 1; i < argc;) {
		const struct cmd *sub;

		if (flags && streq(argv[i], "--")) {
			flags = false;
			i++;
		} else if (flags && argv[i][0] == '-' && argv[i][1]) {
			int n = opt_parse(&c->opts, argc, argv, i, err);

			if (n < 0)
				return n;
			i += n;
		} else if (c->cmd->subs && c->args.n == 0) {
			sub = cmd_find_sub(c->cmd, argv[i]);
			if (!sub) {
				if (err)
					cmd_unknown(c->chain, c->n_chain, argv[i]);
				return 1;
			}
			if (enter(c, sub, err) < 0)
				return -EINVAL;
			i++;
		} else {
			strlist_add(&c->args, argv[i++]);
		}
	}
	return 0;
}

int cmd_parse(struct cli *c, const struct cmd *root, int argc, char **argv, struct kerr *err)
{
	int r;

	opt_values_add(&c->opts, help_opts);
	r = enter(c, root, err);
	return r < 0 ? r : parse(c, argc, argv, err);
}

static int check_args(const struct cli *c, struct kerr *err)
{
	const struct cmd *cmd = c->cmd;
	int n = (int) c->args.n;
	char *path cleanup_free = cmd_path(c->chain, c->n_chain);

	if (cmd->flags & CMD_IGNORE_ARGS || (n >= cmd->min_args && n <= cmd->max_args))
		return 0;
	if (cmd->max_args == 0)
		return kerr_plain(err, -EINVAL, "unknown command \"%s\" for \"%s\"", c->args.v[0],
				  path);
	if (cmd->min_args == cmd->max_args)
		return kerr_plain(err, -EINVAL, "accepts %d arg(s), received %d", cmd->max_args, n);
	return kerr_plain(err, -EINVAL, "accepts at most %d arg(s), received %d", cmd->max_args, n);
}

int cmd_check_root(const struct cli *c, struct kerr *err)
{
	char *path cleanup_free = cmd_path(c->chain, c->n_chain);

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

/* A bare group is help; one with flags of its own does something when one is given. */
static bool wants_help(const struct cli *c)
{
	return cli_bool(c, "help") || !c->cmd->run ||
	       (c->cmd->subs && !opt_values_given(&c->opts, c->cmd->local));
}

/* The text may quote anything: only its line ends reach the terminal as they are. */
static void print_error(const struct cli *c, const struct kerr *err)
{
	struct buf text cleanup_buf = BUF_INIT(KUKE_MAX_REPLY);
	struct buf safe cleanup_buf = BUF_INIT(KUKE_MAX_REPLY);

	(void) fflush(stdout); /* what was done comes before what failed */
	cli_error_text(c, err, &text);
	for (const char *p = buf_str(&text); *p;) {
		size_t n = strcspn(p, "\n");

		str_vis(&safe, p, n);
		p += n;
		for (; *p == '\n'; p++)
			buf_addc(&safe, '\n');
	}
	(void) fprintf(stderr, "Error: %s\n", buf_str(&safe));
}

int cmd_main(const struct cmd *root, int argc, char **argv)
{
	struct cli c cleanup_(cli_clear) = { 0 };
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
		print_error(&c, &err);
	return r ? 1 : 0;
}
