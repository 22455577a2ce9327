/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "manifest.h"
#include "report.h"
#include "verbs.h"

#define REPORT_MAX (64 << 20)

static const struct opt apply_opts[] = {
	OPT_ROW_FILE,	OPT_ROW_STRICT,
	OPT_ROW_REPORT, { "dry-run", 0, OPT_BOOL, NULL, "print what would be done and do nothing" },
	{ 0 },
};

/*
 * The daemon parses what it gets; reading it here is for warnings with line numbers,
 * so all that is wrong with it is left to the daemon, unless --strict asks for a verdict.
 */
static int look_at(struct cli *c, const struct buf *text, struct kerr *err)
{
	struct docstream docs cleanup_docstream = { 0 };
	int r;

	r = manifest_load(c, text, 0, &docs, NULL);
	if (r == 0 && cli_bool(c, "strict"))
		return manifest_check(c, &docs, DOCSTREAM_STYLE_APPLY, err);
	return 0;
}

static int run_apply(struct cli *c, struct kerr *err)
{
	struct buf out cleanup_buf = BUF_INIT(REPORT_MAX);
	struct rpc_apply_args args = { .raw_yaml = BUF_INIT(KUKE_MAX_MANIFEST) };
	struct rpc_apply_reply reply = { 0 };
	bool dry_run = cli_bool(c, "dry-run");
	enum rpc_method_id method = dry_run ? RPC_X_PLAN_DOCUMENTS : RPC_APPLY_DOCUMENTS;
	size_t failed = 0;
	int r;

	r = cli_require(c, "file", err);
	if (r == 0)
		r = manifest_read(c, &args.raw_yaml, err);
	if (r == 0)
		r = look_at(c, &args.raw_yaml, err);
	if (r == 0)
		r = cli_call(c, method, &args, &reply, err);
	if (r == 0) {
		failed = report_applied(&out, &reply.result, cli_report_format(c));
		cli_print(&out);
	}
	cli_free_args(method, &args);
	cli_free_reply(method, &reply);
	if (failed && !dry_run)
		return cli_fail(c, -EIO, "config error: some resources failed to apply", err);
	return r;
}

const struct cmd cmd_apply = {
	.name = "apply",
	.help = "make the objects of a manifest be as it says",
	.opts = apply_opts,
	.run = run_apply,
};
