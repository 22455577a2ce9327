#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clang-format decides all white space in C. Each release decides otherwise;
# .clang-format is written for the one named here. Where that is not to be had
# (Debian 13), the lint says so, which is no success in CI.
. "${BASH_SOURCE[0]%/*}/lib.bash"
major=14

format=clang-format-$major
if ! command -v "$format" >/dev/null; then
	lint_need clang-format clang-format
	format=clang-format
fi
version=$("$format" --version)
mapfile -t all < <(c_files)
if [[ $version == *"version $major."* ]]; then
	"$format" --dry-run "${all[@]}" 2>&1 | grep -E 'warning|error' | cut -d: -f1,2 |
		awk -F: '{ n[$1]++; if (!($1 in at)) at[$1] = $2 }
			END { for (f in n) print f ": " n[f] " places, the first in line " at[f] }' | sort |
		lint_rule "C is formatted by clang-format"
else
	lint_skip "C is formatted by clang-format" \
		"version $major judges, here is ${version##*version }"
fi
# Strings that users grep for are never split: those lines may be longer.
c_files | while read -r f; do
	expand "$f" | LC_ALL=C.UTF-8 grep -nE '.{101,}' | grep -v '"' | cut -d: -f1 | sed "s|^|$f:|"
done | lint_rule "lines have at most 100 columns"

lint_done
