#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
. "${BASH_SOURCE[0]%/*}/lib.bash"
lint_need shellcheck shellcheck

shell_files | while read -r f; do
	case $f in
	*.bats) shellcheck -x -f gcc -s bats -e SC1090,SC1091,SC2016,SC2030,SC2031,SC2154 "$f" ;;
	*) if head -n 1 "$f" | grep -q openrc-run; then
		shellcheck -f gcc -s sh -e SC2034 "$f"
	else
		shellcheck -x -f gcc -e SC1090,SC1091 "$f"
	fi ;;
	esac
done 2>&1 | lint_rule "scripts pass shellcheck"

lint_done
