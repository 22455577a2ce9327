#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A file of the project knows nothing of the machine it was written on: not the
# folder it lies in, no home, no host of a package mirror.
. "${BASH_SOURCE[0]%/*}/lib.bash"

here=$(pwd -P)
words=()
case ${here#/} in
*/*) words+=("$here") ;; # one component may be any word
esac
[ -z "${top_builddir:-}" ] || [ "$(cd "$top_builddir" && pwd -P)" = / ] ||
	words+=("$(cd "$top_builddir" && pwd -P)")
name=$(uname -n)
case $name in
localhost | debian | "") ;;
*) [ ${#name} -lt 5 ] || words+=("$name") ;;
esac
while read -r host; do
	words+=("$host")
done < <(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
	grep -oE '(https?)://[^/ ]+' | sed 's|.*://||; s|.*@||' | sort -u |
	grep -vE '(^|\.)(debian\.org|ubuntu\.com)$')

patterns=(-e "$(printf '\001')") # never empty
for w in "${words[@]}"; do
	patterns+=(-e "$w")
done
project_files | grep -v '^tests/fuzz/corpus/' | {
	mapfile -t files
	grep -nIF "${patterns[@]}" -- "${files[@]}" /dev/null
	grep -nIE '/(home|Users)/[a-z]+/' -- "${files[@]}" /dev/null
} | cut -d: -f1,2 | sort -u | lint_rule "no file names a place or a host of this machine"

lint_done
