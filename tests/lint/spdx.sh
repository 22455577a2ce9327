#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The licence stands in the first line of every file that can hold a comment,
# below the #! line of a script.
. "${BASH_SOURCE[0]%/*}/lib.bash"

project_files | while read -r f; do
	case $f in
	COPYING | README | ARCHITECTURE | HACKING | NEWS | .gitignore | tests/fuzz/corpus/* | \
		tests/data/* | tests/unit/data/* | *.json) continue ;;
	esac
	# A macro package wants its page's first line to be a comment as well.
	head -n 2 "$f" | grep -qa 'SPDX-License-Identifier: GPL-2.0-or-later' || echo "$f"
done | lint_rule "every file begins with its SPDX line"

lint_done
