/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "container_flags.h"
#include "mem.h"
#include "model.h"
#include "naming.h"
#include "report.h"
#include "str.h"
#include "subject.h"
#include "verbs.h"

#define REPORT_MAX (1 << 20)

/* Read the name: the parser takes it as optional, so that the error names the kind. */
static int read_name(const struct cli *c, enum kind kind, char **ret, struct kerr *err)
{
	const char *word = kind_info(kind)->word;

	*ret = cli_arg(c, 0);
	if (str_empty(*ret))
		return kerr_plain(err, -EINVAL,
				  "%s name is required (usage: kuke create %s [name] [flags])",
				  word, word);
	return validate_name(kind, *ret, err);
}

/* Copy name and location from the command line into the request. */
static int start_doc(const struct cli *c, enum kind kind, void *doc, struct kerr *err)
{
	cleanup_scope struct scope scope = { 0 };
	cleanup_free char *name = NULL;
	int r;

	r = read_name(c, kind, &name, err);
	if (r == 0)
		r = scope_read(c, kind, 0, &scope, err);
	if (r == 0)
		scope_fill_doc(&scope, kind, name, doc);
	return r;
}

/* ---- realm ---- */

static const struct opt realm_opts[] = {
	{ "namespace", 0, OPT_STRING, NULL, "runtime namespace, instead of <name>.<suffix>" },
	{ 0 },
};

static int create_realm(struct cli *c, struct kerr *err)
{
	struct rpc_realm_args args = { 0 };
	struct rpc_create_realm_reply reply = { 0 };
	cleanup_buf struct buf out = BUF_INIT(REPORT_MAX);
	int r;

	r = start_doc(c, KIND_REALM, &args.doc, err);
	if (r == 0) {
		args.doc.spec.namespace = str_trim(cli_str(c, "namespace"));
		r = cli_call(c, RPC_CREATE_REALM, &args, &reply, err);
	}
	if (r == 0) {
		report_created_realm(&out, &reply.result);
		cli_print(&out);
	}
	cli_free_args(RPC_CREATE_REALM, &args);
	cli_free_reply(RPC_CREATE_REALM, &reply);
	return r;
}

/* ---- space ---- */

static int create_space(struct cli *c, struct kerr *err)
{
	struct rpc_space_args args = { 0 };
	struct rpc_create_space_reply reply = { 0 };
	cleanup_buf struct buf out = BUF_INIT(REPORT_MAX);
	int r;

	r = start_doc(c, KIND_SPACE, &args.doc, err);
	if (r == 0)
		r = cli_call(c, RPC_CREATE_SPACE, &args, &reply, err);
	if (r == 0) {
		report_created_space(&out, &reply.result);
		cli_print(&out);
	}
	cli_free_args(RPC_CREATE_SPACE, &args);
	cli_free_reply(RPC_CREATE_SPACE, &reply);
	return r;
}

/* ---- stack ---- */

static int create_stack(struct cli *c, struct kerr *err)
{
	struct rpc_stack_args args = { 0 };
	struct rpc_create_stack_reply reply = { 0 };
	cleanup_buf struct buf out = BUF_INIT(REPORT_MAX);
	int r;

	r = start_doc(c, KIND_STACK, &args.doc, err);
	if (r == 0)
		r = cli_call(c, RPC_CREATE_STACK, &args, &reply, err);
	if (r == 0) {
		report_created_stack(&out, &reply.result);
		cli_print(&out);
	}
	cli_free_args(RPC_CREATE_STACK, &args);
	cli_free_reply(RPC_CREATE_STACK, &reply);
	return r;
}

/* ---- cell ---- */

static int create_cell(struct cli *c, struct kerr *err)
{
	struct rpc_cell_args args = { 0 };
	struct rpc_create_cell_reply reply = { 0 };
	cleanup_buf struct buf out = BUF_INIT(REPORT_MAX);
	int r;

	r = start_doc(c, KIND_CELL, &args.doc, err);
	if (r == 0)
		r = cli_call(c, RPC_CREATE_CELL, &args, &reply, err);
	if (r == 0) {
		report_created_cell(&out, &reply.result);
		cli_print(&out);
	}
	cli_free_args(RPC_CREATE_CELL, &args);
	cli_free_reply(RPC_CREATE_CELL, &reply);
	return r;
}

/* ---- container ---- */

static int create_container(struct cli *c, struct kerr *err)
{
	struct rpc_container_args args = { 0 };
	struct rpc_create_container_reply reply = { 0 };
	cleanup_buf struct buf out = BUF_INIT(REPORT_MAX);
	int r;

	r = start_doc(c, KIND_CONTAINER, &args.doc, err);
	if (r == 0)
		r = container_flags_read(c, &args.doc, err);
	if (r == 0)
		r = cli_call(c, RPC_CREATE_CONTAINER, &args, &reply, err);
	if (r == 0) {
		report_created_container(&out, &reply.result);
		cli_print(&out);
	}
	cli_free_args(RPC_CREATE_CONTAINER, &args);
	cli_free_reply(RPC_CREATE_CONTAINER, &reply);
	return r;
}

/* ---- the rows ---- */

static const struct cmd cmd_create_realm = {
	.name = "realm",
	.aliases = "r",
	.args = "[name]",
	.max_args = 1,
	.help = "create a realm",
	.opts = realm_opts,
	.run = create_realm,
};

static const struct cmd cmd_create_space = {
	.name = "space",
	.aliases = "sp",
	.args = "[name]",
	.max_args = 1,
	.help = "create a space, with its network, in a realm",
	.opts = scope_opts_space,
	.run = create_space,
};

static const struct cmd cmd_create_stack = {
	.name = "stack",
	.aliases = "st",
	.args = "[name]",
	.max_args = 1,
	.help = "create a stack in a space",
	.opts = scope_opts_stack,
	.run = create_stack,
};

static const struct cmd cmd_create_cell = {
	.name = "cell",
	.aliases = "ce",
	.args = "[name]",
	.max_args = 1,
	.help = "create and start a cell without containers",
	.opts = scope_opts_cell,
	.run = create_cell,
};

static const struct cmd cmd_create_container = {
	.name = "container",
	.aliases = "co",
	.args = "[name]",
	.max_args = 1,
	.help = "add a container to a cell and start it",
	.opts = container_flags_opts,
	.run = create_container,
};

static const struct cmd *const create_subs[] = {
	&cmd_create_realm, &cmd_create_space,	  &cmd_create_stack,
	&cmd_create_cell,  &cmd_create_container, NULL,
};

const struct cmd cmd_create = {
	.name = "create",
	.aliases = "c",
	.help = "create an object",
	.about =
		"Create an object. One that exists is checked, repaired where needed, and reported as such.",
	.subs = create_subs,
};
