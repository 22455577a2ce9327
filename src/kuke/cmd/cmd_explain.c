/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cli.h"
#include "explain.h"
#include "hostarg.h"
#include "mem.h"
#include "str.h"
#include "subject.h"
#include "verbs.h"

#define TEXT_MAX (4 << 20)

static const struct opt explain_opts[] = {
	{ "recursive", 0, OPT_BOOL, NULL, "the tree of all fields below, without their texts" },
	{ "why-denied", 0, OPT_BOOL, NULL,
	  "what decides whether cell CELL reaches HOST[:PORT], and what to add" },
	OPT_ROWS_CELL("default"),
	{ 0 },
};

/* ---- what a policy denies ---- */

static void print_findings(const struct rpc_why_denied_result *res)
{
	for (size_t i = 0; i < res->findings.n; i++) {
		const struct rpc_why_finding *f = &res->findings.v[i];

		cli_printf("%s: %s%s%s\n", f->allowed ? "allowed" : "denied", f->address,
			   f->address[0] ? ": " : "", f->reason);
	}
	if (!str_empty(res->remedy))
		cli_printf("To allow it, add to spec.network.egress.allow of the space: %s\n",
			   res->remedy);
}

static int why_denied(struct cli *c, struct kerr *err)
{
	cleanup_scope struct scope scope = { 0 };
	cleanup_free char *cell = cli_arg(c, 0), *host = cli_arg(c, 1);
	struct rpc_why_denied_args args = { .cell_name = cell, .host = host };
	struct rpc_why_denied_reply reply = { 0 };
	int r;

	if (!*host)
		return kerr_plain(err, -EINVAL, "--why-denied needs a cell and a host");
	r = scope_read(c, KIND_CELL, SCOPE_CHECK, &scope, err);
	if (r == 0)
		r = hostarg_split(host, &args.port, err);
	if (r < 0)
		return r;
	args.realm_name = scope.realm;
	args.space_name = scope.space;
	args.stack_name = scope.stack;
	r = cli_call(c, RPC_X_WHY_DENIED, &args, &reply, err);
	if (r == 0)
		print_findings(&reply.result);
	cli_free_reply(RPC_X_WHY_DENIED, &reply);
	return r;
}

/* ---- fields ---- */

static int run_explain(struct cli *c, struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(TEXT_MAX);
	cleanup_free char *path = cli_arg(c, 0), *more = cli_arg(c, 1);
	int r;

	if (cli_bool(c, "why-denied"))
		return why_denied(c, err);
	if (*more)
		return kerr_plain(err, -EINVAL, "accepts 1 arg(s), received 2");
	r = explain(&out, path, cli_bool(c, "recursive") ? EXPLAIN_RECURSIVE : 0, err);
	if (r == 0)
		cli_print(&out);
	return r;
}

const struct cmd cmd_explain = {
	.name = "explain",
	.args = "KIND[.FIELD...] | --why-denied CELL HOST[:PORT]",
	.min_args = 1,
	.max_args = 2,
	.help = "explain the fields of a kind, or why a cell does not reach a host",
	.opts = explain_opts,
	.subject = CMD_SUBJECT_FIELD,
	.run = run_explain,
};
