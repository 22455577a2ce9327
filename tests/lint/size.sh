#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Caps: functions of 100 lines, files of 1000 lines, 6 parameters beside err.
. "${BASH_SOURCE[0]%/*}/lib.bash"
lint_need ctags universal-ctags

mapfile -t all < <(c_files)

# FILE:LINE NAME LENGTH PARAMETERS
functions=$(ctags --languages=C --kinds-C=f --fields=+neS -o - "${all[@]}" | awk -F '\t' '
	/^!/ { next }
	{
		line = end = 0; sig = ""
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/) line = substr($i, 6)
			if ($i ~ /^end:/) end = substr($i, 5)
			if ($i ~ /^signature:/) sig = substr($i, 11)
		}
		# err comes last everywhere and is no decision of the caller.
		sub(/, ?struct kerr ?\* ?err\)$/, ")", sig)
		depth = 0; n = sig ~ /^\((void)?\)$/ ? 0 : 1
		for (i = 1; i <= length(sig); i++) {
			c = substr(sig, i, 1)
			if (c == "(") depth++
			if (c == ")") depth--
			if (c == "," && depth == 1) n++
		}
		print $2 ":" line, $1, end - line + 1, n
	}')

printf '%s\n' "$functions" | awk '$3 > 100 { print $1 ": " $2 " has " $3 " lines" }' |
	lint_rule "functions have at most 100 lines"
printf '%s\n' "$functions" | awk '$4 > 6 { print $1 ": " $2 " has " $4 " parameters" }' |
	lint_rule "functions have at most 6 parameters"
for f in "${all[@]}"; do
	n=$(wc -l <"$f")
	[ "$n" -le 1000 ] || echo "$f: $n lines"
done | lint_rule "files have at most 1000 lines"
printf '%s\n' "$functions" | grep -E '^(lib|oci|src)/' | sort -n -k3,3 |
	awk '{ l[NR] = $3 } END { if (NR) print "# functions: " NR ", median length " l[int((NR + 1) / 2)] }'

lint_done
