# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The frame of the lints: TAP on stdout, one line per rule; what breaks a rule
# is listed below it. Sourced; the working directory becomes the source tree.
set -u
# lint_rule is the end of a pipe and counts.
shopt -s lastpipe

LINT_DIR=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
lint_n=0 lint_failed=0

cd "${top_srcdir:-$LINT_DIR/../..}" || exit 1

# lint_rule NAME: stdin is what breaks the rule; nothing is success.
lint_rule()
{
	local broken

	broken=$(cat)
	lint_n=$((lint_n + 1))
	if [ -z "$broken" ]; then
		echo "ok $lint_n - $1"
		return
	fi
	echo "not ok $lint_n - $1"
	printf '%s\n' "$broken" | sed 's/^/#   /'
	lint_failed=1
}

# lint_skip NAME WHY
lint_skip()
{
	lint_n=$((lint_n + 1))
	echo "ok $lint_n - $1 # SKIP $2"
}

lint_need()
{
	command -v "$1" >/dev/null && return
	echo "not ok 1 - $1 is missing (Debian package: $2)"
	echo 1..1
	exit 1
}

lint_done()
{
	echo "1..$lint_n"
	exit "$lint_failed"
}

# Every file of the project, whether or not git is there to ask.
project_files()
{
	if [ -e .git ] && command -v git >/dev/null; then
		git ls-files --cached --others --exclude-standard | while read -r f; do
			[ ! -f "$f" ] || printf '%s\n' "$f"
		done
	else
		find . \( -path ./build -o -path ./build-aux -o -path ./autom4te.cache \) -prune \
			-o -type f -printf '%P\n' | grep -vE \
			'^(configure|aclocal\.m4|Makefile\.in|config\.h\.in|config\.|\.tarball)'
	fi
}

c_files()
{
	project_files | grep -E '\.[ch]$' | sort
}

# Sources of the product: no tests.
product_files()
{
	c_files | grep -E '^(lib|oci|src)/'
}

shell_files()
{
	project_files | while read -r f; do
		case $f in
		*.bash | *.bats) printf '%s\n' "$f" ;;
		*) head -n 1 "$f" | grep -qaE '^#!.*(sh|bash|openrc-run)$' && printf '%s\n' "$f" ;;
		esac
	done | sort
}

# layers: the table of ARCHITECTURE, "Layers", as lines "FOLDER BELOW": BELOW is a folder
# that FOLDER may look into, itself included. What stands behind ";" is for people, but
# for "only:".
layers()
{
	awk '
		function closure(f, own,   i, n, w)
		{
			if ((own, f) in done) return
			done[own, f] = 1
			print own, f
			n = split(below[f], w, " ")
			for (i = 1; i <= n; i++) closure(w[i], own)
		}
		/^Layers$/ { inside = 1; next }
		inside && /^--/ && underlines++ { exit } # the next heading
		!inside || !/^    / { next }
		/^    [a-z]+\/[a-z\/]*  / { folder = $1; order[++m] = folder; $1 = ""; part = 0 }
		{
			n = split($0, w, /[ ,]+/)
			for (i = 1; i <= n; i++) {
				if (w[i] == "only:") { part = 2; continue }
				end = sub(/;$/, "", w[i])
				if (w[i] ~ /^(lib|oci|src)\//) {
					if (part == 2) only[folder] = only[folder] " " w[i]
					else if (part == 0) below[folder] = below[folder] " " w[i]
				}
				if (end) part = 1
			}
		}
		END {
			for (k = 1; k <= m; k++) {
				closure(order[k], order[k])
				n = split(only[order[k]], w, " ")
				for (i = 1; i <= n; i++) print order[k], w[i]
			}
		}' ARCHITECTURE
}
