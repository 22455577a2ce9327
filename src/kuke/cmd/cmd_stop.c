/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lifecycle.h"
#include "model.h"
#include "names.h"
#include "subject.h"
#include "verbs.h"

static int stop_cell(struct cli *c, struct kerr *err)
{
	return lifecycle_cell(c, RPC_STOP_CELL, "Stopped", err);
}

static int stop_container(struct cli *c, struct kerr *err)
{
	return lifecycle_container(c, RPC_STOP_CONTAINER, "Stopped", err);
}

static const struct cmd cmd_stop_cell = {
	.name = "cell",
	.aliases = "cells ce",
	.args = "NAME...",
	.max_args = NAMES_MAX,
	.help = "stop a cell: TERM, then KILL after the grace",
	.opts = scope_opts_cell,
	.subject = KIND_CELL,
	.run = stop_cell,
};

static const struct cmd cmd_stop_container = {
	.name = "container",
	.aliases = "containers co",
	.args = "NAME...",
	.max_args = NAMES_MAX,
	.help = "stop a container: TERM, then KILL after the grace",
	.opts = scope_opts_container,
	.subject = KIND_CONTAINER,
	.run = stop_container,
};

static const struct opt stop_opts[] = {
	OPT_ROW_SELECTOR,
	OPT_ROW_TIMEOUT("5s"),
	{ 0 },
};

static const struct cmd *const stop_subs[] = { &cmd_stop_cell, &cmd_stop_container, NULL };

const struct cmd cmd_stop = {
	.name = "stop",
	.aliases = "sto",
	.help = "stop a cell or a container",
	.opts = stop_opts,
	.subs = stop_subs,
};
