/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cli.h"
#include "verbs.h"

static int run_version(struct cli *c, struct kerr *err)
{
	(void) c;
	(void) err;
	cli_printf("%s\n", PACKAGE_VERSION);
	return 0;
}

const struct cmd cmd_version = {
	.name = "version",
	.help = "print the version",
	.run = run_version,
	.flags = CMD_IGNORE_ARGS,
};
