#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ARCHITECTURE lists every source file: a line that begins with the path
# without its suffix (`lib/base/str   numbers, comparisons …`), and lists no
# file that is not there.
. "${BASH_SOURCE[0]%/*}/lib.bash"

listed=$(sed -nE 's,^((lib|oci|src|tests)/[A-Za-z0-9_./-]+)([[:space:]].*)?$,\1,p' ARCHITECTURE)

{ product_files; project_files | grep -E '^tests/(helpers|bench|vm)/'; } |
	sed -E 's/\.(c|h|sh|bash)$//' | sort -u | while read -r f; do
	printf '%s\n' "$listed" | grep -qxF -e "$f" || echo "$f"
done | lint_rule "every source file has its line in ARCHITECTURE"

printf '%s\n' "$listed" | while read -r f; do
	[ -n "$f" ] || continue
	compgen -G "$f" >/dev/null || compgen -G "$f.*" >/dev/null || echo "$f"
done | lint_rule "ARCHITECTURE lists nothing that is gone"

printf '%s\n' "$listed" | sort | uniq -d | lint_rule "ARCHITECTURE lists no file twice"

lint_done
