/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "denied_get.h"
#include "get.h"
#include "model.h"
#include "names.h"
#include "subject.h"
#include "verbs.h"

#define OPT_CONTROLLERS                                                \
	{                                                              \
		"show-controllers", 0, OPT_BOOL, NULL,                 \
			"add a column of delegated cgroup controllers" \
	}

static const struct opt get_opts[] = {
	{ "output", 'o', OPT_STRING, NULL, "yaml, json, table, wide or name [$KUKE_GET_OUTPUT]" },
	OPT_ROW_SELECTOR,
	{ 0 },
};

static const struct opt realm_opts[] = { OPT_CONTROLLERS, { 0 } };
static const struct opt space_opts[] = { OPT_ROWS_SPACE(NULL), OPT_CONTROLLERS, { 0 } };
static const struct opt stack_opts[] = { OPT_ROWS_STACK(NULL), OPT_CONTROLLERS, { 0 } };
static const struct opt cell_opts[] = { OPT_ROWS_CELL(NULL), OPT_CONTROLLERS, { 0 } };
static const struct opt container_opts[] = { OPT_ROWS_CONTAINER(NULL), { 0 } };

static int run_realm(struct cli *c, struct kerr *err)
{
	return get_run(c, KIND_REALM, err);
}

static int run_space(struct cli *c, struct kerr *err)
{
	return get_run(c, KIND_SPACE, err);
}

static int run_stack(struct cli *c, struct kerr *err)
{
	return get_run(c, KIND_STACK, err);
}

static int run_cell(struct cli *c, struct kerr *err)
{
	return get_run(c, KIND_CELL, err);
}

static int run_container(struct cli *c, struct kerr *err)
{
	return get_run(c, KIND_CONTAINER, err);
}

#define GET_ROW(kind, KIND, alias, text)                                                     \
	{                                                                                    \
		.name = #kind, .aliases = #kind "s " alias, .args = "[name...]",             \
		.max_args = NAMES_MAX, .help = text, .opts = kind##_opts, .run = run_##kind, \
		.subject = KIND_##KIND,                                                      \
	}

static const struct cmd cmd_get_realm = GET_ROW(realm, REALM, "r", "show realms");
static const struct cmd cmd_get_space = GET_ROW(space, SPACE, "sp", "show spaces");
static const struct cmd cmd_get_stack = GET_ROW(stack, STACK, "st", "show stacks");
static const struct cmd cmd_get_cell = GET_ROW(cell, CELL, "ce", "show cells");
static const struct cmd cmd_get_container = GET_ROW(container, CONTAINER, "co", "show containers");

static const struct opt denied_opts[] = {
	OPT_ROWS_CONTAINER(NULL),
	{ "since", 0, OPT_STRING, NULL, "what was tried since then: 10m ago, or a time" },
	{ "follow", 'f', OPT_BOOL, NULL, "go on with what is tried later" },
	{ 0 },
};

static const struct cmd cmd_get_denied = {
	.name = "denied",
	.help = "show what cells tried and no policy allows",
	.about = "What cells of spaces whose egress policy denies tried and was not allowed, by "
		 "time: names that they asked for and destinations, with how often. A space keeps "
		 "the last of it, some thousand entries.",
	.opts = denied_opts,
	.run = denied_get_run,
};

static const struct cmd *const get_subs[] = {
	&cmd_get_realm,	    &cmd_get_space,  &cmd_get_stack, &cmd_get_cell,
	&cmd_get_container, &cmd_get_denied, NULL,
};

const struct cmd cmd_get = {
	.name = "get",
	.aliases = "g",
	.help = "show objects",
	.about = "With a name: the object as YAML or JSON. Without one: a list of those there are, "
		 "which the flags that locate an object narrow down.",
	.opts = get_opts,
	.subs = get_subs,
};
