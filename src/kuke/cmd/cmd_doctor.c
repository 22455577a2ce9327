/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "cli.h"
#include "mem.h"
#include "str.h"
#include "verbs.h"

static const struct opt network_opts[] = {
	{ "repair", 0, OPT_BOOL, NULL,
	  "put in order what can be, and remove what belongs to no object of kukeon" },
	{ "all", 'a', OPT_BOOL, NULL, "show what is in order as well" },
	{ "output", 'o', OPT_STRING, NULL, "json or yaml: all findings, for programs" },
	{ 0 },
};

static bool in_order(const struct rpc_finding *f)
{
	return streq_null(f->state, "ok");
}

static const char *shown(const char *s)
{
	return str_empty(s) ? "-" : s;
}

static void print_table(const struct rpc_doctor_network_result *res, bool all)
{
	cleanup_(table_clear) struct table t = { 0 };
	size_t n = 0;

	table_row(&t, "WHAT", "OBJECT", "STATE", "DETAIL", NULL);
	for (size_t i = 0; i < res->findings.n; i++) {
		const struct rpc_finding *f = &res->findings.v[i];

		if (!all && in_order(f))
			continue;
		table_row(&t, shown(f->what), shown(f->object), shown(f->state), shown(f->detail),
			  NULL);
		n++;
	}
	if (n > 0)
		table_print(&t);
	else
		cli_printf("network is in order (%zu things looked at)\n", res->findings.n);
}

static void print_docs(const struct rpc_doctor_network_result *res, enum output_format format)
{
	cleanup_free const void **docs = xcalloc(res->findings.n + 1, sizeof(*docs));

	for (size_t i = 0; i < res->findings.n; i++)
		docs[i] = &res->findings.v[i];
	cli_print_docs(&rpc_finding_type, docs, res->findings.n, format);
}

/* Exit 1 if something is not in order, so that scripts need not read the table. */
static int run_network(struct cli *c, struct kerr *err)
{
	struct rpc_doctor_network_args args = { .repair = cli_bool(c, "repair") };
	struct rpc_doctor_network_reply reply = { 0 };
	enum output_format format = OUTPUT_TABLE;
	size_t bad = 0;
	int r = cli_output(c, OUTPUT_TABLE, &format, err);

	if (r == 0 && format > OUTPUT_JSON)
		r = kerr_plain(err, -EINVAL, "invalid output format (supported: yaml, json)");
	if (r == 0)
		r = cli_call(c, RPC_X_DOCTOR_NETWORK, &args, &reply, err);
	if (r == 0 && format == OUTPUT_TABLE)
		print_table(&reply.result, cli_bool(c, "all"));
	else if (r == 0)
		print_docs(&reply.result, format);
	for (size_t i = 0; i < reply.result.findings.n; i++)
		bad += !in_order(&reply.result.findings.v[i]);
	if (bad > 0 && !args.repair)
		cli_hint(c, "repair it with `kuke doctor network --repair`");
	if (bad > 0)
		r = kerr_plain(err, -EIO, "%zu of %zu things are not in order", bad,
			       reply.result.findings.n);
	cli_free_reply(RPC_X_DOCTOR_NETWORK, &reply);
	return r;
}

static const struct cmd cmd_doctor_network = {
	.name = "network",
	.help = "compare bridges, links, addresses and rules with what they should be",
	.about = "Compare the host's network with what the documents say: forwarding, packet "
		 "filter rules, the bridge of each space, the link of each started cell, and "
		 "what belongs to nothing. Exit 1 if something is not in order.",
	.opts = network_opts,
	.run = run_network,
};

static const struct cmd *const doctor_subs[] = { &cmd_doctor_network, NULL };

const struct cmd cmd_doctor = {
	.name = "doctor",
	.help = "compare this host with what kukeon expects of it",
	.subs = doctor_subs,
};
