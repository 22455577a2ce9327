#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What layers come to, seen as a container sees it: through the mounted overlay. It is
# what applying them one after another to a plain directory gives.
#
# LAYERSEQ=COUNT and LAYERSEQ_SEED=N for more sequences than these.

load ../helpers/assert

setup_file()
{
	export IMGDRIVE=$top_builddir/imgdrive HELPERS=$top_srcdir/tests/helpers
	WORK=$(mktemp -d /dev/shm/kukeon-test-XXXXXX)
	export WORK
	mkdir "$WORK/root" "$WORK/seq"
}

teardown_file()
{
	rm -rf "$WORK"
}

@test "random sequences of layers" {
	unshare -m "$HELPERS/layerseq" "$IMGDRIVE" "$WORK/seq" "${LAYERSEQ:-300}" "${LAYERSEQ_SEED:-1}"
}

# In a mount namespace: names below the mounted root of an image.
mounted_names()
{
	"$IMGDRIVE" "$WORK/run" ns prepare "$1" "$1"
	"$IMGDRIVE" "$WORK/run" ns mount "$1" "$WORK/root"
	cd "$WORK/root" || return
	find . -ls >/dev/null
	cp -a . "$WORK/copy.$1"
	find . | LC_ALL=C sort
}

@test "whiteouts and symlinks below: no phantom, nothing comes back, as umoci has it" {
	local case dir
	"$HELPERS/imgcases" "$WORK/cases" whiteouts links
	export -f mounted_names
	for dir in "$WORK"/cases/*; do
		case=$(basename "$dir")
		[[ ! -e $dir/error && $case != odd-* ]] || continue
		echo "# $case"
		mkdir "$WORK/layout.$case"
		tar -C "$WORK/layout.$case" -xf "$dir/image.tar"
		umoci raw unpack --image "$WORK/layout.$case:$case" "$WORK/umoci.$case" >/dev/null
		"$IMGDRIVE" "$WORK/run" ns load "$dir/image.tar"
		unshare -m bash -eu -c 'mounted_names "$@"' - "$case" >"$WORK/ours"
		(cd "$WORK/umoci.$case" && find . | LC_ALL=C sort) | diff -u - "$WORK/ours"
	done
	assert [ "$(find "$WORK/cases" -maxdepth 1 -name 'whiteout-*' | wc -l)" -gt 15 ]
	assert [ "$(find "$WORK/cases" -maxdepth 1 -name 'link-*' | wc -l)" -gt 15 ]
}
