#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Odd and hostile image archives: each gives the right tree or the right
# refusal; nothing outside is touched and nothing of a refused one is left.

load ../helpers/assert

setup_file()
{
	export IMGDRIVE=$top_builddir/imgdrive HELPERS=$top_srcdir/tests/helpers
	"$HELPERS/imgcases" "$BATS_FILE_TMPDIR/cases"
}

setup()
{
	# In memory: every layer ends with a sync of its file system.
	shm=$(mktemp -d /dev/shm/kukeon-test-XXXXXX)
	# Where "../../canary" of a layer's root, of staging and of the run path would be.
	top=$shm/top
	run_path=$top/a/b/run
	mkdir -p "$run_path"
	for dir in "$top" "$top/a" "$top/a/b" "$run_path"; do
		mkdir -p "$dir/canary"
		echo secret >"$dir/canary/secret"
	done
	"$IMGDRIVE" "$run_path" ns collect
}

teardown()
{
	rm -rf "$shm"
}

@test "every case gives its tree or its refusal" {
	"$HELPERS/imgcheck" "$IMGDRIVE" "$BATS_FILE_TMPDIR/cases" "$top" "$run_path"
}

@test "the same through a pipe" {
	local case
	for case in gzip docker-symlinked implied-dir; do
		"$IMGDRIVE" "$run_path" ns load - < <(cat "$BATS_FILE_TMPDIR/cases/$case/image.tar")
	done
	assert_equal "$("$IMGDRIVE" "$run_path" ns list | wc -l)" 3
}

@test "200 layers make one root" {
	"$IMGDRIVE" "$run_path" ns load "$BATS_FILE_TMPDIR/cases/many-layers/image.tar"
	"$IMGDRIVE" "$run_path" ns prepare c many-layers
	mkdir "$shm/root"
	# shellcheck disable=SC2016 # the inner shell expands
	unshare -m sh -ec '"$1" "$2" ns mount c "$3"; ls "$3" | wc -l' - \
		"$IMGDRIVE" "$run_path" "$shm/root" >"$shm/count"
	assert_equal "$(cat "$shm/count")" 200
}

@test "images that share layers, loaded at the same time" {
	local i pids=() pid
	for i in 0 1 2 3 4 5; do
		"$HELPERS/imgcases" --shared "$i" "$shm/$i.tar"
	done
	for i in 0 1 2 3 4 5; do
		"$IMGDRIVE" "$run_path" ns load "$shm/$i.tar" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	"$IMGDRIVE" "$run_path" ns verify
	# six layers that all have, and one more of each
	assert_equal "$(find "$run_path/namespaces/ns/snapshots" -mindepth 1 -maxdepth 1 | wc -l)" 12
	assert_equal "$(ls "$run_path/namespaces/ns/staging")" ''
}
