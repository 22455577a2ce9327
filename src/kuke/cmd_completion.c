/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cli.h"
#include "complete.h"
#include "verbs.h"

#define CANDIDATES_MAX (1 << 20)

static const char bash_script[] = "# completion of kuke for bash: . <(kuke completion bash)\n"
				  "_kuke()\n"
				  "{\n"
				  "\tlocal IFS=$'\\n'\n"
				  "\tCOMPREPLY=($(\"${COMP_WORDS[0]}\" __complete -- "
				  "\"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
				  "}\n"
				  "complete -o default -F _kuke kuke\n";

static const char zsh_script[] =
	"#compdef kuke\n"
	"# completion of kuke for zsh: kuke completion zsh >\"${fpath[1]}/_kuke\"\n"
	"_kuke()\n"
	"{\n"
	"\tlocal -a candidates\n"
	"\tcandidates=(\"${(@f)$(${words[1]} __complete -- \"${(@)words[2,CURRENT]}\" "
	"2>/dev/null)}\")\n"
	"\tcandidates=(${candidates:#})\n"
	"\tif (( ${#candidates} )); then compadd -a candidates; else _files; fi\n"
	"}\n"
	"compdef _kuke kuke\n";

static const char fish_script[] = "# completion of kuke for fish: kuke completion fish | source\n"
				  "function __kuke_complete\n"
				  "\tset -l words (commandline -opc) (commandline -ct)\n"
				  "\t$words[1] __complete -- $words[2..-1] 2>/dev/null\n"
				  "end\n"
				  "complete -c kuke -a '(__kuke_complete)'\n";

static int run_bash(struct cli *c, struct kerr *err)
{
	(void) c;
	(void) err;
	cli_printf("%s", bash_script);
	return 0;
}

static int run_zsh(struct cli *c, struct kerr *err)
{
	(void) c;
	(void) err;
	cli_printf("%s", zsh_script);
	return 0;
}

static int run_fish(struct cli *c, struct kerr *err)
{
	(void) c;
	(void) err;
	cli_printf("%s", fish_script);
	return 0;
}

static int run_complete(struct cli *c, struct kerr *err)
{
	struct buf out cleanup_buf = BUF_INIT(CANDIDATES_MAX);

	(void) err;
	complete(c->chain[0], &c->args, &out);
	cli_print(&out);
	return 0;
}

#define SHELL_ROW(shell)                                                              \
	{                                                                             \
		.name = #shell, .help = "the script for " #shell, .run = run_##shell, \
		.flags = CMD_NO_SETTINGS,                                             \
	}

static const struct cmd cmd_bash = SHELL_ROW(bash);
static const struct cmd cmd_zsh = SHELL_ROW(zsh);
static const struct cmd cmd_fish = SHELL_ROW(fish);

static const struct cmd *const shells[] = { &cmd_bash, &cmd_zsh, &cmd_fish, NULL };

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
