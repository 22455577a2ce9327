/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "execview.h"
#include "mem.h"
#include "model.h"
#include "str.h"
#include "subject.h"
#include "verbs.h"

static const struct opt exec_opts[] = {
	OPT_ROWS_CELL("default"),
	{ "container", 'c', OPT_STRING, NULL, "container; needed when the cell has several" },
	{ "interactive", 'i', OPT_BOOL, NULL, "pass standard input on to the program" },
	{ "tty", 't', OPT_BOOL, NULL, "run the program on a terminal of its own" },
	{ "user", 'u', OPT_STRING, NULL,
	  "name or uid, with :group or :gid; the container's user unless given" },
	{ "workdir", 'w', OPT_STRING, NULL,
	  "working directory, absolute; the container's unless given" },
	{ "env", 'e', OPT_LIST, NULL,
	  "KEY=VALUE for the program's environment, or KEY to pass on one of this environment" },
	{ "detach", 'd', OPT_BOOL, NULL, "return when the program runs, without its output" },
	{ 0 },
};

static int fill_env(const struct cli *c, struct strlist *ret, struct kerr *err)
{
	const struct strlist *given = cli_list(c, "env");

	for (size_t i = 0; i < given->n; i++) {
		const char *entry = given->v[i];
		const char *value;

		if (entry[0] == '\0' || entry[0] == '=')
			return kerr_plain(
				err, -EINVAL,
				"invalid value \"%s\" of --env: expected KEY=VALUE or KEY", entry);
		value = strchr(entry, '=') ? NULL : getenv(entry);
		if (value)
			strlist_addf(ret, "%s=%s", entry, value);
		else if (strchr(entry, '='))
			strlist_add(ret, entry);
	}
	return 0;
}

/*
 * Standard input that is a pipe is handed to the program itself: it reads no more of it than
 * it wants, and the rest is there for who comes next. Anything else is read here, as the
 * container must not have it open. Output always comes through the stream, so that kuke ends
 * with the program even if what the program left in the background could still write.
 */
static bool can_pass_stdin(const struct cli *c)
{
	struct stat st;

	if (!c->settings.no_daemon && !str_has_prefix(c->settings.host, "unix://"))
		return false;
	return fstat(STDIN_FILENO, &st) == 0 && S_ISFIFO(st.st_mode);
}

static int fill_args(struct cli *c, const struct scope *s, struct rpc_exec_args *a,
		     struct kerr *err)
{
	a->realm_name = xstrdup(s->realm);
	a->space_name = xstrdup(s->space);
	a->stack_name = xstrdup(s->stack);
	a->cell_name = cli_arg(c, 0);
	a->container = str_trim(cli_str(c, "container"));
	a->user = xstrdup(cli_str(c, "user"));
	a->working_dir = xstrdup(cli_str(c, "workdir"));
	a->tty = cli_bool(c, "tty");
	a->input = cli_bool(c, "interactive");
	a->detach = cli_bool(c, "detach");
	for (size_t i = 1; i < c->args.n; i++)
		strlist_add(&a->args, c->args.v[i]);
	if (!*a->cell_name)
		return kerr_plain(err, -EINVAL, "cell name is required (positional cell)");
	if (a->args.n == 0 || !*a->args.v[0])
		return kerr_plain(err, -EINVAL, "a command is required: kuke exec %s -- COMMAND",
				  a->cell_name);
	if (a->detach && (a->tty || a->input))
		return kerr_plain(err, -EINVAL,
				  "--detach leaves no input and no terminal: leave --interactive "
				  "and --tty out");
	if (a->tty && isatty(STDIN_FILENO) != 1)
		return kerr_plain(err, -ENOTTY,
				  "--tty needs a terminal as standard input; leave it out");
	if (a->tty)
		execview_size(&a->rows, &a->columns);
	return fill_env(c, &a->env, err);
}

static int run_exec(struct cli *c, struct kerr *err)
{
	static const int in = STDIN_FILENO;
	cleanup_scope struct scope s = { 0 };
	struct rpc_exec_args args = { 0 };
	struct rpc_exec_reply reply = { 0 };
	struct rpc_call_opts opts = { 0 };
	enum execview_flags flags = 0;
	bool detach;
	int r = scope_read(c, KIND_CELL, 0, &s, err);

	if (r == 0)
		r = fill_args(c, &s, &args, err);
	detach = args.detach;
	if (r == 0 && args.input && !args.tty && can_pass_stdin(c)) {
		strlist_add(&args.passed, "stdin");
		opts.fds = &in;
		opts.n_fds = 1;
	}
	flags |= args.tty ? EXECVIEW_TTY : 0;
	flags |= args.input && opts.n_fds == 0 ? EXECVIEW_STDIN : 0;
	if (r == 0) {
		r = cli_call_with(c, RPC_X_EXEC, &args, &reply, &opts, err);
		c->exit_status = r < 0 ? (int) reply.result.exit_status : 0;
	}
	cli_free_args(RPC_X_EXEC, &args);
	cli_free_reply(RPC_X_EXEC, &reply);
	if (r < 0 || detach)
		return r;
	if (opts.n_fds > 0)
		(void) close(STDIN_FILENO); /* only the program keeps the pipe from breaking */
	r = execview(rpc_client_fd(c->client), flags, &c->exit_status, err);
	cli_hang_up(c);
	return r;
}

const struct cmd cmd_exec = {
	.name = "exec",
	.args = "CELL [--] COMMAND [ARG...]",
	.min_args = 1,
	.max_args = INT_MAX,
	.help = "run a program in a running container",
	.about = "Run a program in a running container of a cell, with what the container's own "
		 "program has: user, environment, capabilities, limits. kuke ends as the program "
		 "does: with its exit status, 128 + N after signal N, 127 where there is no such "
		 "program and 126 where it cannot be executed.",
	.opts = exec_opts,
	.subject = KIND_CELL,
	.flags = CMD_PROGRAM,
	.run = run_exec,
};
