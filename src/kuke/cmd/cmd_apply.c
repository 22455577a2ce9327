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

/* Whether a document has a syntax error. */
static bool has_parse_error(const struct docstream *docs)
{
	for (size_t i = 0; i < docs->n; i++)
		if (docs->v[i].parse_error)
			return true;
	return false;
}

/*
 * The daemon parses and validates the text itself. Parsing it here first is for warnings and
 * errors with file and line, for --strict, and to name the wrong one of several files.
 */
static int check_locally(struct cli *c, const struct manifest *m, struct kerr *err)
{
	cleanup_docstream struct docstream docs = { 0 };
	int r;

	r = manifest_load(c, m, 0, &docs, NULL);
	if (r < 0 || (!cli_bool(c, "strict") && docs.files < 2 && !has_parse_error(&docs)))
		return 0;
	docstream_validate(&docs, 0);
	return manifest_check(c, &docs, DOCSTREAM_STYLE_APPLY, err);
}

static int read_files(struct cli *c, struct buf *ret_text, struct kerr *err)
{
	cleanup_manifest struct manifest m = { 0 };
	int r;

	r = cli_require(c, "file", err);
	if (r == 0)
		r = manifest_read(c, &m, err);
	if (r == 0)
		r = check_locally(c, &m, err);
	return r < 0 ? r : manifest_join(&m, ret_text, err);
}

static int run_apply(struct cli *c, struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(REPORT_MAX);
	struct rpc_apply_args args = { .raw_yaml = BUF_INIT(KUKE_MAX_MANIFEST) };
	struct rpc_apply_reply reply = { 0 };
	bool dry_run = cli_bool(c, "dry-run");
	enum rpc_method_id method = dry_run ? RPC_X_PLAN_DOCUMENTS : RPC_APPLY_DOCUMENTS;
	size_t failed = 0;
	int r;

	r = read_files(c, &args.raw_yaml, err);
	if (r == 0)
		r = cli_call(c, method, &args, &reply, err);
	if (r == 0) {
		failed = report_applied(&out, &reply.result, cli_report_format(c),
					dry_run ? REPORT_DRY_RUN : 0);
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
