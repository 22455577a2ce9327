/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdio.h>

#include "cli.h"
#include "help.h"
#include "verbs.h"

/* Walk down the tree of commands along the words. */
static int run_help(struct cli *c, struct kerr *err)
{
	const struct cmd *chain[CMD_MAX_DEPTH] = { c->chain[0] };
	size_t n = 1;

	(void) err;
	for (size_t i = 0; i < c->args.n && n < CMD_MAX_DEPTH; i++) {
		const struct cmd *sub = cmd_find_sub(chain[n - 1], c->args.v[i]);

		if (!sub) {
			cmd_unknown(chain, n, c->args.v[i]);
			return 1;
		}
		chain[n++] = sub;
	}
	cmd_print_help(chain, n);
	return 0;
}

const struct cmd cmd_help = {
	.name = "help",
	.args = "[command]",
	.max_args = CMD_MAX_DEPTH,
	.help = "help about any command",
	.run = run_help,
	.subject = CMD_SUBJECT_COMMAND,
	.flags = CMD_NO_SETTINGS,
};
