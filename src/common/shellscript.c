/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "shellscript.h"
#include "str.h"

/* % is replaced by the program's name. */
static const struct {
	const char *shell;
	const char *text;
} scripts[] = {
	{ "bash", "# completion of % for bash: . <(% completion bash)\n"
		  "_%()\n"
		  "{\n"
		  "\tlocal IFS=$'\\n'\n"
		  "\tCOMPREPLY=($(\"${COMP_WORDS[0]}\" __complete -- "
		  "\"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
		  "}\n"
		  "complete -o default -F _% %\n" },
	{ "zsh", "#compdef %\n"
		 "# completion of % for zsh: % completion zsh >\"${fpath[1]}/_%\"\n"
		 "_%()\n"
		 "{\n"
		 "\tlocal -a candidates\n"
		 "\tcandidates=(\"${(@f)$(${words[1]} __complete -- \"${(@)words[2,CURRENT]}\" "
		 "2>/dev/null)}\")\n"
		 "\tcandidates=(${candidates:#})\n"
		 "\tif (( ${#candidates} )); then compadd -a candidates; else _files; fi\n"
		 "}\n"
		 "compdef _% %\n" },
	{ "fish", "# completion of % for fish: % completion fish | source\n"
		  "function __%_complete\n"
		  "\tset -l words (commandline -opc) (commandline -ct)\n"
		  "\t$words[1] __complete -- $words[2..-1] 2>/dev/null\n"
		  "end\n"
		  "complete -c % -a '(__%_complete)'\n" },
	{ "powershell",
	  "# completion of % for PowerShell: % completion powershell | Out-String | "
	  "Invoke-Expression\n"
	  "Register-ArgumentCompleter -Native -CommandName % -ScriptBlock {\n"
	  "\tparam($word, $ast, $position)\n"
	  "\t$words = @($ast.CommandElements | Where-Object { $_.Extent.StartOffset -lt $position } |\n"
	  "\t\tSelect-Object -Skip 1 | ForEach-Object { $_.Extent.Text })\n"
	  "\tif ($word -eq '') { $words += '' }\n"
	  "\t& % __complete -- $words 2>$null | Where-Object { $_ } | ForEach-Object {\n"
	  "\t\t[System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)\n"
	  "\t}\n"
	  "}\n" },
};

int shellscript(struct buf *out, const char *shell, const char *program)
{
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		if (!streq(scripts[i].shell, shell))
			continue;
		for (const char *p = scripts[i].text; *p; p++) {
			if (*p == '%')
				buf_adds(out, program);
			else
				buf_addc(out, *p);
		}
		return 0;
	}
	return -EINVAL;
}
