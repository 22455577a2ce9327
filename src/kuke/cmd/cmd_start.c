/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lifecycle.h"
#include "model.h"
#include "names.h"
#include "subject.h"
#include "verbs.h"

static int start_cell(struct cli *c, struct kerr *err)
{
	return lifecycle_cell(c, RPC_START_CELL, "Started", err);
}

static int start_container(struct cli *c, struct kerr *err)
{
	return lifecycle_container(c, RPC_START_CONTAINER, "Started", err);
}

static const struct cmd cmd_start_cell = {
	.name = "cell",
	.aliases = "cells ce",
	.args = "NAME...",
	.max_args = NAMES_MAX,
	.help = "start a cell with all its containers",
	.opts = scope_opts_cell,
	.subject = KIND_CELL,
	.run = start_cell,
};

static const struct cmd cmd_start_container = {
	.name = "container",
	.aliases = "containers co",
	.args = "NAME...",
	.max_args = NAMES_MAX,
	.help = "start a container of a running cell",
	.opts = scope_opts_container,
	.subject = KIND_CONTAINER,
	.run = start_container,
};

static const struct opt start_opts[] = { OPT_ROW_SELECTOR, { 0 } };

static const struct cmd *const start_subs[] = { &cmd_start_cell, &cmd_start_container, NULL };

const struct cmd cmd_start = {
	.name = "start",
	.aliases = "sta",
	.help = "start a cell or a container",
	.opts = start_opts,
	.subs = start_subs,
};
