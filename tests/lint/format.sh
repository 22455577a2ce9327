#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clang-format decides all white space in C.
. "${BASH_SOURCE[0]%/*}/lib.bash"
lint_need clang-format clang-format

mapfile -t all < <(c_files)
clang-format --dry-run "${all[@]}" 2>&1 | grep -E 'warning|error' | cut -d: -f1,2 |
	awk -F: '{ n[$1]++; if (!($1 in at)) at[$1] = $2 }
		END { for (f in n) print f ": " n[f] " places, the first in line " at[f] }' | sort |
	lint_rule "C is formatted by clang-format"
# Strings that users grep for are never split: those lines may be longer.
c_files | while read -r f; do
	expand "$f" | LC_ALL=C.UTF-8 grep -nE '.{101,}' | grep -v '"' | cut -d: -f1 | sed "s|^|$f:|"
done | lint_rule "lines have at most 100 columns"

lint_done
