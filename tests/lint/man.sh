#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Man pages, those of the tree and those the build has generated.
. "${BASH_SOURCE[0]%/*}/lib.bash"
lint_need mandoc mandoc

pages()
{
	project_files | grep -E '^man/.*\.[1-9]$'
	[ -z "${top_builddir:-}" ] || [ "$top_builddir" -ef . ] ||
		find "$top_builddir/man" -name '*.[1-9]' 2>/dev/null
}

pages | while read -r f; do
	mandoc -T lint -W warning "$f"
done 2>&1 | lint_rule "man pages pass mandoc"

lint_done
