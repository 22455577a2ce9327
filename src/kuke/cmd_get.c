/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cli.h"
#include "codec.h"
#include "mem.h"
#include "str.h"
#include "verbs.h"

#define PRINT_MAX (64 << 20)

static const struct opt get_opts[] = {
	{ "output", 'o', OPT_STRING, NULL, "yaml, json or table [$KUKE_GET_OUTPUT]" },
	{ 0 },
};

static const struct opt realm_opts[] = {
	{ "show-controllers", 0, OPT_BOOL, NULL, "add a column of delegated cgroup controllers" },
	{ 0 },
};

static void print_doc(const struct model_type *t, const void *doc, enum output_format format)
{
	struct buf out cleanup_buf = BUF_INIT(PRINT_MAX);

	if (format == OUTPUT_JSON) {
		model_emit_json(&out, t, doc, EMIT_INDENT);
		buf_addc(&out, '\n');
	} else {
		model_emit_yaml(&out, t, doc, 2, 0);
	}
	cli_print(&out);
}

static int get_realm(struct cli *c, struct kerr *err)
{
	struct rpc_realm_args args = { 0 };
	struct rpc_get_realm_reply reply = { 0 };
	char *name cleanup_free = cli_arg(c, 0);
	enum output_format format;
	int r;

	r = cli_output(c, OUTPUT_YAML, &format, err);
	if (r < 0)
		return r;
	args.doc.head.metadata.name = xstrdup(name);
	r = cli_call(c, RPC_GET_REALM, &args, &reply, err);
	if (r == 0 && !reply.result.metadata_exists)
		r = kerr_plain(err, -2, "realm \"%s\" not found", name);
	if (r == 0)
		print_doc(&realm_doc_type, &reply.result.realm, format);
	cli_free_args(RPC_GET_REALM, &args);
	cli_free_reply(RPC_GET_REALM, &reply);
	return r;
}

static const struct cmd cmd_get_realm = {
	.name = "realm",
	.aliases = "realms r",
	.args = "[name]",
	.max_args = 1,
	.help = "show realms",
	.opts = realm_opts,
	.run = get_realm,
};

static const struct cmd *const get_subs[] = { &cmd_get_realm, NULL };

const struct cmd cmd_get = {
	.name = "get",
	.aliases = "g",
	.help = "show objects",
	.opts = get_opts,
	.subs = get_subs,
};
