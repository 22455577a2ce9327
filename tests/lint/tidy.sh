#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clang-tidy with the checks of .clang-tidy on the product's sources: minutes on one
# processor, so ./bootstrap check runs it once, with the build by clang; make check-tidy
# by hand. FILES=REGEX for some. Each release finds something else; the one named here
# judges.
. "${BASH_SOURCE[0]%/*}/lib.bash"
lint_need clang-tidy clang-tidy
major=14

version=$(clang-tidy --version | sed -nE 's/.*version ([0-9.]+).*/\1/p')
if [ "${version%%.*}" != "$major" ]; then
	lint_skip "clang's analyzer and clang-tidy find nothing" "version $major judges, here is $version"
	lint_done
fi
build=${top_builddir:-.}
# Header names are unique (includes.sh): one include path does for all layers; of quotes
# only, because a name may be one of the C library too (link.h).
mapfile -t flags < <(
	printf '%s\n' -std=gnu11 -DKUKEON_SYSCONFDIR='"/etc/kukeon"' \
		-DKUKEON_BINDIR='"/usr/bin"' -DKUKEON_LIBEXECDIR='"/usr/libexec/kukeon"'
	product_files | sed -n 's,/[^/]*$,,p' | sort -u | grep -vx src/static | sed 's/^/-iquote/'
	sed -n 's/^[A-Z]*_CFLAGS = //p' "$build/Makefile" 2>/dev/null | tr ' ' '\n' | grep '^-I/' |
		sort -u
)

# findings FILE: what there is to say of it, by its name in the tree.
findings()
{
	local file=$1 config=$build

	shift
	# The static helpers have a config.h of their own.
	[[ $file != src/kukeshim/* && $file != src/kuketty/* ]] || config=src/static
	clang-tidy -quiet "$file" -- "-I$config" "$@" 2>/dev/null | sed "s,$PWD/,,g" |
		grep -E '(warning|error|note): '
}

export build
export -f findings
product_files | grep '\.c$' | grep -E -- "${FILES:-.}" |
	xargs -P "$(nproc)" -I{} bash -c 'findings "$@" || true' _ {} "${flags[@]}" |
	lint_rule "clang's analyzer and clang-tidy find nothing"

lint_done
