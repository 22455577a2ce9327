/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cli.h"
#include "complete.h"
#include "shellscript.h"
#include "verbs.h"

#define CANDIDATES_MAX (1 << 20)
#define SCRIPT_MAX (1 << 16)

static int run_shell(struct cli *c, struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(SCRIPT_MAX);

	(void) err;
	(void) shellscript(&out, c->cmd->name, c->chain[0]->name); /* each row has a script */
	cli_print(&out);
	return 0;
}

static int run_complete(struct cli *c, struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(CANDIDATES_MAX);

	(void) err;
	complete(c->chain[0], &c->args, &out);
	cli_print(&out);
	return 0;
}

#define SHELL_ROW(shell)                                                            \
	{                                                                           \
		.name = #shell, .help = "the script for " #shell, .run = run_shell, \
		.flags = CMD_NO_SETTINGS,                                           \
	}

static const struct cmd cmd_bash = SHELL_ROW(bash);
static const struct cmd cmd_zsh = SHELL_ROW(zsh);
static const struct cmd cmd_fish = SHELL_ROW(fish);
static const struct cmd cmd_powershell = SHELL_ROW(powershell);

static const struct cmd *const shells[] = { &cmd_bash, &cmd_zsh, &cmd_fish, &cmd_powershell, NULL };

const struct cmd cmd_completion = {
	.name = "completion",
	.aliases = "autocomplete",
	.help = "print the completion script of a shell",
	.subs = shells,
};

const struct cmd cmd_complete = {
	.name = "__complete",
	.help = "what may stand at the end of a command line",
	.run = run_complete,
	.flags = CMD_HIDDEN | CMD_NO_SETTINGS | CMD_IGNORE_ARGS,
};
