# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # top_builddir is the script's
#
# What a benchmark needs, before it begins.
#
#   bench_build TARGET…                builds them in $top_builddir
#   bench_needs PROGRAM[:PACKAGE]…     that are installed; else one line says which are
#                                      missing and how they come, and the end is 2

bench_die()
{
	echo "${0##*/}: $*" >&2
	exit 2
}

bench_build()
{
	[ -e "$top_builddir/Makefile" ] ||
		bench_die "'$top_builddir' is no build tree: ./bootstrap build, then top_builddir=build/demo ${0##*/}"
	make -s -C "$top_builddir" all "$@" >/dev/null ||
		bench_die "cannot build $* in '$top_builddir': make -C '$top_builddir' all $*"
}

bench_needs()
{
	local need missing='' packages=''

	for need in "$@"; do
		PATH=$PATH:/usr/sbin:/sbin command -v "${need%:*}" >/dev/null && continue
		missing+=" ${need%:*}"
		packages+=" ${need#*:}"
	done
	[ -z "$missing" ] || bench_die "missing:$missing; sudo ./bootstrap deps bench installs them, or sudo apt-get install$packages"
	[ "$(id -u)" -eq 0 ] || bench_die "root is needed"
}
