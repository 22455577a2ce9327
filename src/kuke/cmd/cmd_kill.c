/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lifecycle.h"
#include "model.h"
#include "names.h"
#include "subject.h"
#include "verbs.h"

static int kill_cell(struct cli *c, struct kerr *err)
{
	return lifecycle_cell(c, RPC_KILL_CELL, "Killed", err);
}

static int kill_container(struct cli *c, struct kerr *err)
{
	return lifecycle_container(c, RPC_KILL_CONTAINER, "Killed", err);
}

static const struct cmd cmd_kill_cell = {
	.name = "cell",
	.aliases = "cells ce",
	.args = "NAME...",
	.max_args = NAMES_MAX,
	.help = "kill a cell at once",
	.opts = scope_opts_cell,
	.subject = KIND_CELL,
	.run = kill_cell,
};

static const struct cmd cmd_kill_container = {
	.name = "container",
	.aliases = "containers co",
	.args = "NAME...",
	.max_args = NAMES_MAX,
	.help = "kill a container at once",
	.opts = scope_opts_container,
	.subject = KIND_CONTAINER,
	.run = kill_container,
};

static const struct opt kill_opts[] = { OPT_ROW_SELECTOR, { 0 } };

static const struct cmd *const kill_subs[] = { &cmd_kill_cell, &cmd_kill_container, NULL };

const struct cmd cmd_kill = {
	.name = "kill",
	.aliases = "k",
	.help = "kill a cell or a container",
	.opts = kill_opts,
	.subs = kill_subs,
};
