/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "explain.h"

#include "cli.h"
#include "mem.h"
#include "verbs.h"

#define TEXT_MAX (4 << 20)

static const struct opt explain_opts[] = {
	{ "recursive", 0, OPT_BOOL, NULL, "the tree of all fields below, without their texts" },
	{ 0 },
};

static int run_explain(struct cli *c, struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(TEXT_MAX);
	cleanup_free char *path = cli_arg(c, 0);
	int r;

	r = explain(&out, path, cli_bool(c, "recursive") ? EXPLAIN_RECURSIVE : 0, err);
	if (r == 0)
		cli_print(&out);
	return r;
}

const struct cmd cmd_explain = {
	.name = "explain",
	.args = "KIND[.FIELD...]",
	.min_args = 1,
	.max_args = 1,
	.help = "explain the fields of a kind",
	.opts = explain_opts,
	.subject = CMD_SUBJECT_FIELD,
	.run = run_explain,
};
