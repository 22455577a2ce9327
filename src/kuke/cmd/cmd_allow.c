/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "hostarg.h"
#include "mem.h"
#include "model.h"
#include "str.h"
#include "subject.h"
#include "verbs.h"

static const struct opt allow_opts[] = {
	{ "for", 0, OPT_DURATION, NULL, "how long it is allowed: 90s, 10m, 2h30m; up to 24h" },
	{ "end", 0, OPT_BOOL, NULL, "take back what was allowed, before its time" },
	OPT_ROW_REALM("default"),
	{ "output", 'o', OPT_STRING, NULL, "json or yaml, instead of text" },
	{ 0 },
};

/* "1h" where Go has "1h0m0s". */
static void add_duration(struct buf *out, int64_t ms)
{
	static const char *const zeros[] = { "m0s", "h0m" };

	duration_text(out, ms * 1000000);
	for (size_t i = 0; i < ARRAY_SIZE(zeros); i++)
		if (str_has_suffix(buf_str(out), zeros[i]))
			buf_cut(out, out->len - 2);
}

/* The time of day, of this host; with the date where it is another one. */
static void add_until(struct buf *out, const struct ktime *until)
{
	const time_t then = until->sec, now = ktime_now().sec;
	struct tm a, b;
	char text[64];

	if (!localtime_r(&then, &a) || !localtime_r(&now, &b))
		return;
	if (strftime(text, sizeof(text),
		     a.tm_yday == b.tm_yday && a.tm_year == b.tm_year ? "%H:%M:%S"
								      : "%Y-%m-%d %H:%M:%S",
		     &a) > 0)
		buf_adds(out, text);
}

static void print_text(const struct rpc_allow_egress_args *args, const char *where,
		       const struct temporary_rule *rule)
{
	cleanup_buf struct buf until = BUF_INIT(128), length = BUF_INIT(128);

	if (args->end) {
		cli_printf("No longer allowed: %s from space \"%s\"\n", where, args->space_name);
		return;
	}
	add_until(&until, &rule->until);
	add_duration(&length, args->for_ms);
	cli_printf("Allowed %s from space \"%s\" until %s (%s)\n", where, args->space_name,
		   buf_str(&until), buf_str(&length));
}

static int read_time(struct cli *c, struct rpc_allow_egress_args *args, struct kerr *err)
{
	args->end = cli_bool(c, "end");
	if (args->end && cli_given(c, "for"))
		return kerr_plain(err, -EINVAL, "--for and --end exclude each other");
	if (args->end)
		return 0;
	if (!cli_given(c, "for"))
		return kerr_plain(err, -EINVAL,
				  "--for is required: how long, such as 10m or 2h30m (or --end)");
	args->for_ms = opt_find(&c->opts, "for")->number / 1000000;
	return 0;
}

static int run_allow(struct cli *c, struct kerr *err)
{
	cleanup_scope struct scope scope = { 0 };
	cleanup_free char *space = cli_arg(c, 0), *host = cli_arg(c, 1), *where = cli_arg(c, 1);
	struct rpc_allow_egress_args args = { .space_name = space };
	struct rpc_allow_egress_reply reply = { 0 };
	enum output_format format = cli_report_format(c);
	int r = scope_read(c, KIND_SPACE, SCOPE_CHECK, &scope, err);

	if (r == 0)
		r = read_time(c, &args, err);
	if (r == 0)
		r = hostarg_split(host, &args.port, err);
	if (r < 0)
		return r;
	args.realm_name = scope.realm;
	if (strchr(host, '/'))
		args.cidr = host;
	else
		args.host = host;
	r = cli_call(c, RPC_X_ALLOW_EGRESS, &args, &reply, err);
	if (r == 0 && format == OUTPUT_TABLE)
		print_text(&args, where, &reply.result.rule);
	else if (r == 0)
		cli_print_doc(&temporary_rule_type, &reply.result.rule, format);
	cli_free_reply(RPC_X_ALLOW_EGRESS, &reply);
	return r;
}

const struct cmd cmd_allow = {
	.name = "allow",
	.args = "SPACE HOST[:PORT]",
	.min_args = 2,
	.max_args = 2,
	.help = "let the cells of a space reach a host for a while",
	.about = "Add a rule that ends by itself to the egress policy of a space that denies: "
		 "HOST is a name, an address or a range of addresses, PORT a TCP port; without "
		 "it, all that is sent there is allowed. The manifest stays as it is. The same "
		 "HOST[:PORT] again begins anew.",
	.opts = allow_opts,
	.subject = KIND_SPACE,
	.run = run_allow,
};
