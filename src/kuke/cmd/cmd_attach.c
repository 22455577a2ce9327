/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "attach_to.h"
#include "mem.h"
#include "str.h"
#include "verbs.h"

static const struct opt attach_opts[] = {
	OPT_ROWS_CELL("default"),
	{ "container", 'c', OPT_STRING, NULL,
	  "container; needed when the cell has several that are attachable" },
	OPT_ROW_DETACH_KEYS,
	{ "read-only", 0, OPT_BOOL, NULL, "look on only: nothing is typed, the size stays" },
	{ "replay", 0, OPT_BOOL, NULL,
	  "begin with all that was shown and is kept, not with the screen as it is" },
	{ 0 },
};

static int run_attach(struct cli *c, struct kerr *err)
{
	cleanup_scope struct scope s = { 0 };
	cleanup_free char *id = NULL;
	struct session_opts o = { .read_only = cli_bool(c, "read-only"),
				  .replay = cli_bool(c, "replay") };
	enum session_end end;
	int r;

	r = attach_keys(c, &o.keys, err);
	if (r == 0)
		r = scope_read(c, KIND_CELL, 0, &s, err);
	if (r < 0)
		return r;
	free(s.cell);
	s.cell = cli_arg(c, 0);
	if (!*s.cell)
		return kerr_plain(err, -EINVAL, "cell name is required (positional cell)");
	r = attach_pick(c, &s, &id, err);
	return r < 0 ? r : attach_to(c, &s, id, &o, &end, err);
}

const struct cmd cmd_attach = {
	.name = "attach",
	.aliases = "att",
	.args = "CELL",
	.min_args = 1,
	.max_args = 1,
	.help = "show the terminal of a container and type in it",
	.about = "Show the terminal of an attachable container, from what it has shown last, and "
		 "hand on what is typed. Any number of people can do so at a time. Pressing ^] "
		 "twice leaves it, and the program goes on; a paste that has these keys does not. "
		 "It ends when the program does.",
	.opts = attach_opts,
	.subject = KIND_CELL,
	.run = run_attach,
};
